// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @notice A round number of lots: `mantissa · exponent 3`, the mantissa times 10^exponent. A mantissa has 13 bits, of a tier 10.
/// @dev Limits have to fit into words that a batch reads anyway.
type Bound is uint256;

/// @notice Thrown when a number of lots is zero, or not at most `mantissa` times a power of ten up to 10^7.
error Bound_NotRepresentable(uint256 lots, uint256 mantissa);

using Bounds for Bound global;

/// @notice Packs and reads a bound.
library Bounds {
    /// @dev The powers of ten from 10^0 (lowest) to 10^7, 32 bits each: a shift costs a fifth of an exponentiation.
    uint256 private constant POWERS = 0x00989680000f4240000186a000002710000003e8000000640000000a00000001;

    /// @notice Largest mantissa of a cap, and of a tier.
    uint256 internal constant CAP = 8191;
    uint256 internal constant TIER = 1023;

    /// @notice The bound that stands for exactly `lots_`, or `Bound_NotRepresentable`.
    /// @param most Largest mantissa.
    function pack(uint256 lots_, uint256 most) internal pure returns (Bound) {
        (uint256 mantissa, uint256 exponent) = (lots_, 0);
        while (exponent < 7 && mantissa != 0 && mantissa % 10 == 0)
            (mantissa, exponent) = (mantissa / 10, exponent + 1);
        if (mantissa == 0 || mantissa > most) revert Bound_NotRepresentable(lots_, most);
        return Bound.wrap((mantissa << 3) | exponent);
    }

    /// @notice The smallest bound that stands for at least `lots_`, which are at most `most` times 10^7.
    /// @param most Largest mantissa.
    function packUp(uint256 lots_, uint256 most) internal pure returns (Bound) {
        (uint256 mantissa, uint256 power) = (lots_, 1);
        while (mantissa > most) (mantissa, power) = (Math.ceilDiv(lots_, power * 10), power * 10);
        return pack(mantissa * power, most);
    }

    /// @notice The number of lots.
    function lots(Bound self) internal pure returns (uint256) {
        unchecked {
            return (Bound.unwrap(self) >> 3) * uint32(POWERS >> ((Bound.unwrap(self) & 7) << 5));
        }
    }
}

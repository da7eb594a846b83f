// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice A number of lots in 16 bits: `mantissa 13 · exponent 3`, the mantissa times 10^exponent.
/// @dev Limits are round numbers; three of them have to fit beside what a batch writes anyway.
type Bound is uint256;

/// @notice Thrown when a number of lots is zero, or not at most 8,191 times a power of ten up to 10^7.
error Bound_NotRepresentable(uint256 lots);

using Bounds for Bound global;

/// @notice Packs and reads a bound.
library Bounds {
    /// @dev The powers of ten from 10^0 (lowest) to 10^7, 32 bits each: a shift costs a fifth of an exponentiation.
    uint256 private constant POWERS = 0x00989680000f4240000186a000002710000003e8000000640000000a00000001;

    /// @notice The bound that stands for exactly `lots_`, or `Bound_NotRepresentable`.
    function pack(uint256 lots_) internal pure returns (Bound) {
        (uint256 mantissa, uint256 exponent) = (lots_, 0);
        while (exponent < 7 && mantissa != 0 && mantissa % 10 == 0) (mantissa, exponent) = (mantissa / 10, exponent + 1);
        if (mantissa == 0 || mantissa > 8191) revert Bound_NotRepresentable(lots_);
        return Bound.wrap((mantissa << 3) | exponent);
    }

    /// @notice The number of lots.
    function lots(Bound self) internal pure returns (uint256) {
        unchecked {
            return (Bound.unwrap(self) >> 3) * uint32(POWERS >> ((Bound.unwrap(self) & 7) << 5));
        }
    }
}

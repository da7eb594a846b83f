// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice How units of a foreign price become ticks: `ticks = units · multiplier / divisor`.
struct Scale {
    uint64 multiplier;
    uint64 divisor;
}

using TickScale for Scale global;

/// @title TickScale
/// @notice Foreign prices in ticks, rounded to the nearest one, half a tick up.
library TickScale {
    /// @dev Beyond it a product with two factors of 64 bits would not fit.
    uint256 private constant LARGEST = type(uint128).max;

    /// @notice ⌊units · multiplier · up / (divisor · down) + 1/2⌋, or 0 when that does not fit a price.
    /// @param units The foreign price.
    /// @param up A further factor, below 2^64.
    /// @param down A further divisor, from 1 to 2^64 − 1.
    function nearest(Scale memory self, uint256 units, uint256 up, uint256 down) internal pure returns (uint32) {
        unchecked {
            if (units > LARGEST) return 0;
            uint256 divisor = self.divisor * down;
            uint256 product = units * self.multiplier * up;
            uint256 ticks = product / divisor;
            // The rest is below the divisor, which has 128 bits.
            if (2 * (product % divisor) >= divisor) ++ticks;
            return ticks > type(uint32).max ? 0 : uint32(ticks);
        }
    }
}

// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice What a forced request costs: twice as much for each `DOUBLING` requests of late, up to a cap.
///
///   pressure       requests of late, each forgotten by half within `HALF_LIFE`, times 2^32
///   decayed(s)   = p − ⌊p · r / (2 · HALF_LIFE)⌋,  p = ⌊pressure / 2^k⌋,  s = k · HALF_LIFE + r
///   fee          = min(cap, b + ⌊b · t / step⌋),  b = base · 2^d,  pressure = d · step + t,  step = DOUBLING · 2^32
///
/// Between the powers of two both go along a line. The cap keeps the way out open for who is honest: however many requests others pay
/// for, his costs no more, and his time does not change.
/// @dev Unchecked: a base and a cap are at most 2^96, and pressure stays below 2^128, since each request costs gas.
library RequestPricing {
    /// @notice One request.
    uint256 internal constant ONE = 1 << 32;

    /// @notice Seconds within which pressure halves.
    uint256 internal constant HALF_LIFE = 1 hours;

    /// @notice Requests that double the fee.
    uint256 internal constant DOUBLING = 32;

    uint256 private constant STEP = DOUBLING * ONE;

    /// @notice What is left of pressure after some seconds.
    function decayed(uint256 pressure, uint256 passed) internal pure returns (uint256) {
        unchecked {
            uint256 left = pressure >> (passed / HALF_LIFE);
            return left - (left * (passed % HALF_LIFE)) / (2 * HALF_LIFE);
        }
    }

    /// @notice What the next request costs, in wei.
    /// @param base The fee without pressure, below 2^96.
    /// @param cap The highest fee.
    function fee(uint256 base, uint256 cap, uint256 pressure) internal pure returns (uint256) {
        unchecked {
            // The base is not zero: so many doublings are more than any cap.
            if (pressure / STEP >= 96) return cap;
            uint256 whole = base << (pressure / STEP);
            uint256 price = whole + (whole * (pressure % STEP)) / STEP;
            return price < cap ? price : cap;
        }
    }
}

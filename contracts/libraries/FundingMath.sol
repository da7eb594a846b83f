// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Index, Price} from "../types/Quantities.sol";
import {ActivityWord} from "../types/ActivityWord.sol";
import {Course} from "../types/Course.sol";

/// @notice The mathematics of funding, one function per term. All rates are parts of 10^9.
///
///   premium  p = (Σ size·price − volume·m) / (volume·m), clamped to ±5 %
///   average  a = Σ p·held / I, time without a sample counts as zero
///   aim      r' = clamp(a + clamp(interest − a, ±damp), ±cap), per 8 hours
///   rate     r = r_last + clamp(r' − r_last, ±step)
///   index   += r · m · unit · c · 2^32 / 8 h
///
///   m mark in ticks, I interval in seconds, held the seconds a sample counts (15 minutes at most, within its period), c the
///   seconds of the period in which the chain was up, r_last the rate charged last.
/// @dev Divisions truncate towards zero. Longs and shorts read one index, so that favours neither; the rounding that
/// touches money is in `PositionWords.quoteAfterFundingDown`. Unchecked: rates have 32 bits, a mark 32, a unit 23 and seconds 17.
library FundingMath {
    int256 internal constant SCALE = 1e9;
    int256 internal constant PREMIUM_CLAMP = 50_000_000;
    uint256 internal constant MAX_HOLD = 15 minutes;
    int256 private constant RATE_PERIOD = 8 hours;

    /// @notice Premium of a batch's volume-weighted price over the mark, clamped.
    /// @param volume Lots settled, not zero.
    /// @param value Sum of size × price over the settled fills.
    /// @param mark Mark price in ticks, not zero.
    function premium(uint256 volume, uint256 value, Price mark) internal pure returns (int256) {
        unchecked {
            uint256 atMark = volume * Price.unwrap(mark);
            return clamp(((int256(value) - int256(atMark)) * SCALE) / int256(atMark), PREMIUM_CLAMP);
        }
    }

    /// @notice Premium × seconds of the period up to `time`, the latest sample included.
    function weightedUntil(ActivityWord activity, uint256 time) internal pure returns (int256) {
        unchecked {
            uint256 held = time - activity.sampledAt();
            if (held > MAX_HOLD) held = MAX_HOLD;
            return activity.weighted() + activity.premium() * int256(held);
        }
    }

    /// @notice Average premium of a period whose premiums add up to `weighted`.
    function average(int256 weighted, Course memory course) internal pure returns (int256) {
        unchecked {
            return weighted / int256(course.length());
        }
    }

    /// @notice Funding rate per 8 hours of a period with this average premium, at most a step from the rate before it.
    function rate(int256 average_, Course memory course) internal pure returns (int256) {
        unchecked {
            int256 pulled = average_ + clamp(int256(course.interest) - average_, int256(uint256(course.damp)));
            int256 aim = clamp(pulled, int256(uint256(course.cap)));
            int256 last = course.lastRate;
            return last + clamp(aim - last, int256(uint256(course.step)));
        }
    }

    /// @notice What a period at `rate_` adds to the index, `charged` seconds of it.
    function indexMove(int256 rate_, Price mark, uint256 unit, uint256 charged) internal pure returns (Index) {
        unchecked {
            int256 perLot = int256(Price.unwrap(mark) * unit * charged) << 32;
            return Index.wrap((rate_ * perLot) / (RATE_PERIOD * SCALE));
        }
    }

    /// @notice `value`, but not beyond ±`bound`.
    function clamp(int256 value, int256 bound) internal pure returns (int256) {
        unchecked {
            if (value > bound) return bound;
            return value < -bound ? -bound : value;
        }
    }
}

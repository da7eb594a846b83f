// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Bound} from "./Bound.sol";

/// @notice How much may be open, and what batches did in it since its funding period began, in one storage word:
/// `sampled at 32 · premium int32 · weighted int56 · open interest cap 16 · open interest 40 · fees 80`.
/// @dev Premium samples, lots that are open and that may be, and the fees that await collection. A premium of 5 % held for a
/// day has 43 bits with its sign. Fees are paid out of equity: 80 bits hold what 2^24 accounts can have.
type ActivityWord is uint256;

using ActivityWords for ActivityWord global;

/// @notice Reads an activity word and moves it on.
library ActivityWords {
    uint256 private constant SAMPLED = 224;
    uint256 private constant PREMIUM = 192;
    uint256 private constant WEIGHTED = 136;
    uint256 private constant INTEREST_CAP = 120;
    uint256 private constant INTEREST = 80;
    uint256 private constant KEPT = (1 << WEIGHTED) - 1;

    /// @notice The same activity with a sample taken now: the one before it has counted for `weighted_` in all.
    function withSample(ActivityWord self, int256 premium_, int256 weighted_) internal view returns (ActivityWord) {
        uint256 sample =
            (uint256(premium_ & int256((1 << 32) - 1)) << PREMIUM) |
                (uint256(weighted_ & int256((1 << 56) - 1)) << WEIGHTED);
        return ActivityWord.wrap((block.timestamp << SAMPLED) | sample | (ActivityWord.unwrap(self) & KEPT));
    }

    /// @notice The same activity without samples, as a period begins. A premium of nothing since now keeps the word non-zero, so
    /// that the next sample does not pay for a new slot.
    function withoutSamples(ActivityWord self) internal view returns (ActivityWord) {
        return withSample(self, 0, 0);
    }

    /// @notice The same activity under another open interest cap.
    function withCap(ActivityWord self, Bound cap) internal pure returns (ActivityWord) {
        uint256 kept = ActivityWord.unwrap(self) & ~(uint256(type(uint16).max) << INTEREST_CAP);
        return ActivityWord.wrap(kept | (Bound.unwrap(cap) << INTEREST_CAP));
    }

    /// @notice The same activity with more (or fewer) lots open, and more fees; the caller has checked that both fit.
    function plus(ActivityWord self, int256 lots, uint256 fees_) internal pure returns (ActivityWord) {
        unchecked {
            return ActivityWord.wrap(uint256(int256(ActivityWord.unwrap(self)) + (lots << INTEREST)) + fees_);
        }
    }

    /// @notice The same activity with `amount` of the fees taken away; the caller has checked that they are there.
    function withoutFees(ActivityWord self, uint256 amount) internal pure returns (ActivityWord) {
        unchecked {
            return ActivityWord.wrap(ActivityWord.unwrap(self) - amount);
        }
    }

    /// @notice Second of the latest sample, or of the accrual that began the period.
    function sampledAt(ActivityWord self) internal pure returns (uint256) {
        return ActivityWord.unwrap(self) >> SAMPLED;
    }

    /// @notice Latest premium, parts of 10^9.
    function premium(ActivityWord self) internal pure returns (int256) {
        return int256(ActivityWord.unwrap(self) << 32) >> 224;
    }

    /// @notice Sum of premium × seconds held, of the samples before the latest.
    function weighted(ActivityWord self) internal pure returns (int256) {
        return int256(ActivityWord.unwrap(self) << 64) >> 200;
    }

    /// @notice Most lots that may be open.
    function openInterestCap(ActivityWord self) internal pure returns (Bound) {
        return Bound.wrap(uint16(ActivityWord.unwrap(self) >> INTEREST_CAP));
    }

    /// @notice Lots that are open: the sum of all long positions, and of all short ones.
    function openInterest(ActivityWord self) internal pure returns (uint256) {
        return uint40(ActivityWord.unwrap(self) >> INTEREST);
    }

    /// @notice Fees that await collection, quote units.
    function fees(ActivityWord self) internal pure returns (uint256) {
        return uint80(ActivityWord.unwrap(self));
    }
}

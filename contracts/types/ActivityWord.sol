// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice What batches did in a market since its funding period began, in one storage word:
/// `sampled at 32 · premium int32 · weighted int64 · fees 128`.
/// @dev Premium samples, and the fees that await collection. A premium of 5 % held for a day has 43 bits.
type ActivityWord is uint256;

using ActivityWords for ActivityWord global;

/// @notice Reads an activity word and moves it on.
library ActivityWords {
    uint256 private constant SAMPLED = 224;
    uint256 private constant PREMIUM = 192;
    uint256 private constant WEIGHTED = 128;

    /// @notice The same activity with a sample taken now: the one before it has counted for `weighted_` in all.
    function withSample(ActivityWord self, int256 premium_, int256 weighted_) internal view returns (ActivityWord) {
        uint256 sample =
            (uint256(uint32(int32(premium_))) << PREMIUM) | (uint256(uint64(int64(weighted_))) << WEIGHTED);
        return ActivityWord.wrap((block.timestamp << SAMPLED) | sample | fees(self));
    }

    /// @notice The same activity without samples, as a period begins. A premium of nothing since now keeps the word non-zero, so
    /// that the next sample does not pay for a new slot.
    function withoutSamples(ActivityWord self) internal view returns (ActivityWord) {
        return withSample(self, 0, 0);
    }

    /// @notice The same activity with more fees.
    function withFees(ActivityWord self, uint256 more) internal pure returns (ActivityWord) {
        unchecked {
            return ActivityWord.wrap(ActivityWord.unwrap(self) + more);
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
        return int32(uint32(ActivityWord.unwrap(self) >> PREMIUM));
    }

    /// @notice Sum of premium × seconds held, of the samples before the latest.
    function weighted(ActivityWord self) internal pure returns (int256) {
        return int64(uint64(ActivityWord.unwrap(self) >> WEIGHTED));
    }

    /// @notice Fees that await collection, quote units.
    function fees(ActivityWord self) internal pure returns (uint256) {
        return uint128(ActivityWord.unwrap(self));
    }
}

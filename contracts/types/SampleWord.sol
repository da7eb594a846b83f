// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice The premium samples of the running funding period, in one storage word:
/// `last rate int32 · period start 32 · sampled at 32 · premium int32 · weighted int96 · zero 32`.
type SampleWord is uint256;

using SampleWords for SampleWord global;

/// @notice Reads and packs a sample word.
library SampleWords {
    /// @notice Packs the five fields.
    function pack(
        int256 rate,
        uint256 start,
        uint256 sampledAt_,
        int256 premium_,
        int256 weighted_
    ) internal pure returns (SampleWord) {
        uint256 head = (uint256(uint32(int32(rate))) << 224) | (start << 192) | (sampledAt_ << 160);
        return
            SampleWord.wrap(
                head | (uint256(uint32(int32(premium_))) << 128) | (uint256(uint96(int96(weighted_))) << 32)
            );
    }

    /// @notice Rate of the last period that ended, parts of 10^9 per 8 hours.
    function lastRate(SampleWord self) internal pure returns (int256) {
        return int32(uint32(SampleWord.unwrap(self) >> 224));
    }

    /// @notice First second of the running period.
    function periodStart(SampleWord self) internal pure returns (uint256) {
        return uint32(SampleWord.unwrap(self) >> 192);
    }

    /// @notice Second of the latest sample; zero while the period has none.
    function sampledAt(SampleWord self) internal pure returns (uint256) {
        return uint32(SampleWord.unwrap(self) >> 160);
    }

    /// @notice Latest premium, parts of 10^9.
    function premium(SampleWord self) internal pure returns (int256) {
        return int32(uint32(SampleWord.unwrap(self) >> 128));
    }

    /// @notice Sum of premium × seconds held, of the samples before the latest.
    function weighted(SampleWord self) internal pure returns (int256) {
        return int96(uint96(SampleWord.unwrap(self) >> 32));
    }
}

// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {MarketId} from "./Ids.sol";

/// @notice What a batch settled in one market: `market 16 · volume 112 · value 128`.
/// @dev A batch has fewer than 2^16 fills of less than 2^64 tick-lots each, so neither field can overflow.
type BatchVolume is uint256;

using BatchVolumes for BatchVolume global;

/// @notice Packs and reads a batch volume.
library BatchVolumes {
    /// @notice Packs a market with its settled lots and its sum of size × price.
    function pack(MarketId market_, uint256 volume_, uint256 value_) internal pure returns (BatchVolume) {
        return BatchVolume.wrap((uint256(MarketId.unwrap(market_)) << 240) | (volume_ << 128) | value_);
    }

    /// @notice The market.
    function market(BatchVolume self) internal pure returns (MarketId) {
        return MarketId.wrap(uint16(BatchVolume.unwrap(self) >> 240));
    }

    /// @notice Settled lots.
    function volume(BatchVolume self) internal pure returns (uint256) {
        return uint112(BatchVolume.unwrap(self) >> 128);
    }

    /// @notice Sum of size × price over the settled fills, in tick-lots.
    function value(BatchVolume self) internal pure returns (uint256) {
        return uint128(BatchVolume.unwrap(self));
    }
}

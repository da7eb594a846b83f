// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Index, Price} from "./Quantities.sol";

/// @notice What settlement needs of a market, in one storage word:
/// `mark 32 · unit 32 · index int80 · initial bps 16 · maintenance bps 16 · taker fee 16 · maker fee 16 · interval 16 · time 32`.
type MarketWord is uint256;

using MarketWords for MarketWord global;

/// @notice Reads and replaces the fields of a market word.
library MarketWords {
    uint256 private constant MARK = 224;
    uint256 private constant UNIT = 192;
    uint256 private constant INDEX = 112;
    uint256 private constant INITIAL = 96;
    uint256 private constant MAINTENANCE = 80;
    uint256 private constant TAKER = 64;
    uint256 private constant MAKER = 48;
    uint256 private constant INTERVAL = 32;

    /// @notice The funding index moved beyond 80 bits.
    /// @dev Thrown when a cumulative index no longer fits; ten years at the cap of the largest lot stay below it.
    error Market_IndexOutOfRange(int256 index);

    /// @notice A new market word without a mark.
    function listed(
        uint32 unit_,
        Index index_,
        uint16 initialBps_,
        uint16 maintenanceBps_,
        uint16 takerFee_,
        uint16 makerFee_,
        uint16 intervalMinutes
    ) internal pure returns (MarketWord) {
        uint256 fees = (uint256(takerFee_) << TAKER) | (uint256(makerFee_) << MAKER);
        uint256 margins = (uint256(initialBps_) << INITIAL) | (uint256(maintenanceBps_) << MAINTENANCE);
        uint256 word = (uint256(unit_) << UNIT) | margins | fees | (uint256(intervalMinutes) << INTERVAL);
        return withIndex(MarketWord.wrap(word), index_);
    }

    /// @notice Mark price in ticks; zero before the first price.
    function mark(MarketWord self) internal pure returns (Price) {
        return Price.wrap(MarketWord.unwrap(self) >> MARK);
    }

    /// @notice Quote units per tick and lot; zero for a market that is not listed.
    function unit(MarketWord self) internal pure returns (uint256) {
        return uint32(MarketWord.unwrap(self) >> UNIT);
    }

    /// @notice Cumulative funding index.
    function index(MarketWord self) internal pure returns (Index) {
        return Index.wrap(int80(uint80(MarketWord.unwrap(self) >> INDEX)));
    }

    /// @notice Initial margin in basis points of notional.
    function initialBps(MarketWord self) internal pure returns (uint256) {
        return uint16(MarketWord.unwrap(self) >> INITIAL);
    }

    /// @notice Maintenance margin in basis points of notional.
    function maintenanceBps(MarketWord self) internal pure returns (uint256) {
        return uint16(MarketWord.unwrap(self) >> MAINTENANCE);
    }

    /// @notice Taker fee in parts of 10^6 of notional.
    function takerFee(MarketWord self) internal pure returns (uint256) {
        return uint16(MarketWord.unwrap(self) >> TAKER);
    }

    /// @notice Maker fee in parts of 10^6 of notional.
    function makerFee(MarketWord self) internal pure returns (uint256) {
        return uint16(MarketWord.unwrap(self) >> MAKER);
    }

    /// @notice Funding interval in seconds.
    function interval(MarketWord self) internal pure returns (uint256) {
        unchecked {
            return uint256(uint16(MarketWord.unwrap(self) >> INTERVAL)) * 60;
        }
    }

    /// @notice Publication time of the mark.
    function time(MarketWord self) internal pure returns (uint256) {
        return uint32(MarketWord.unwrap(self));
    }

    /// @notice Whether the mark is at most `maxAge` seconds old.
    function isFresh(MarketWord self, uint256 maxAge) internal view returns (bool) {
        unchecked {
            return block.timestamp <= time(self) + maxAge;
        }
    }

    /// @notice The same market at another mark.
    function withMark(MarketWord self, uint32 mark_, uint32 time_) internal pure returns (MarketWord) {
        uint256 kept = MarketWord.unwrap(self) & ~((uint256(type(uint32).max) << MARK) | type(uint32).max);
        return MarketWord.wrap(kept | (uint256(mark_) << MARK) | time_);
    }

    /// @notice The same market at another funding index.
    function withIndex(MarketWord self, Index index_) internal pure returns (MarketWord) {
        int256 raw = Index.unwrap(index_);
        if (raw != int80(raw)) revert Market_IndexOutOfRange(raw);
        uint256 kept = MarketWord.unwrap(self) & ~(uint256(type(uint80).max) << INDEX);
        return MarketWord.wrap(kept | (uint256(uint80(int80(raw))) << INDEX));
    }
}

// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Bound} from "../types/Bound.sol";
import {MarketId} from "../types/Ids.sol";
import {MarketWord} from "../types/MarketWord.sol";

/// @title MarketWords
/// @notice Where the words of the markets lie: in `PerpPositions`, so that a batch reads them without a call. What stands in a
/// market word is decided by `FundingIndex` alone; what stands in an activity word is added by batches, and only a new
/// funding period clears its samples.
interface IMarketWords {
    /// @notice Thrown when a caller other than `FundingIndex` writes a market.
    error Market_CallerNotIndex(address caller, address index);

    /// @notice Replaces a market word. Only `FundingIndex`.
    /// @param market The market.
    /// @param word Its new word.
    function setMarket(MarketId market, MarketWord word) external;

    /// @notice Replaces a market word as a funding period begins: the samples of the period before are dropped. Only
    /// `FundingIndex`.
    /// @param market The market.
    /// @param word Its new word.
    function beginPeriod(MarketId market, MarketWord word) external;

    /// @notice Replaces the open interest cap of a market. Only `FundingIndex`.
    /// @param market The market.
    /// @param cap Most lots that may be open.
    function setOpenInterestCap(MarketId market, Bound cap) external;

    /// @notice A stored word by its slot, which `WordSlots` names.
    /// @param slot The storage slot.
    function load(uint256 slot) external view returns (uint256 word);
}

// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ActivityWord} from "../types/ActivityWord.sol";
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

    /// @notice The stored word of a market, without funding that is due; zero for one that is not listed.
    /// @param market The market.
    function marketWord(MarketId market) external view returns (MarketWord);

    /// @notice The stored premium samples and fees of a market.
    /// @param market The market.
    function activityWord(MarketId market) external view returns (ActivityWord);

    /// @notice Seconds after its publication at which a mark that enters now grows stale.
    function maxPriceAge() external view returns (uint32);
}

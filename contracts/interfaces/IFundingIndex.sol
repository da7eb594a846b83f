// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {MarketId} from "../types/Ids.sol";
import {Interim} from "../types/Interim.sol";
import {MarketWord} from "../types/MarketWord.sol";
import {IGuardianPause} from "./IGuardianPause.sol";
import {IMarketTerms} from "./IMarketTerms.sol";
import {IMarketWords} from "./IMarketWords.sol";
import {IPriceSource} from "./IPriceSource.sol";
import {ISequencerWatch} from "./ISequencerWatch.sol";

/// @notice A market as people read it.
struct MarketView {
    uint32 mark;
    // When the mark was published, and until when it is fresh.
    uint32 time;
    uint32 freshUntil;
    uint24 unit;
    // Whether exposure may not be raised although the mark may be fresh.
    bool held;
    int72 index;
    uint16 initialBps;
    uint16 maintenanceBps;
    uint16 takerFee;
    uint16 makerFee;
    uint32 interval;
    int32 lastRate;
    uint32 periodStart;
    // Terms of funding, parts of 10^9 per 8 hours.
    int32 interest;
    uint32 cap;
    uint32 damp;
    uint32 step;
    // First minutes of the running period that were charged on other terms.
    uint16 chargedBefore;
}

/// @title FundingIndex
/// @notice Owns the market words: mark price, cumulative funding, risk and fee parameters. The words lie in `PerpPositions`,
/// where batches read them; only this contract writes them. It computes funding from what was settled; nobody's word is
/// taken for the premium.
/// @dev Depends on one price source. A source that reports a wrong price breaks correctness (margins and funding follow
/// it); a source that stops breaks liveness only: marks grow stale, exposure can be lowered but not raised, and periods
/// without a price charge nothing. Depends on one watch, which can say that time passed uncharged and nothing else.
interface IFundingIndex is IMarketTerms, IGuardianPause {
    /// @notice A refresh changed a market: a newer mark, a market held or no longer held, margins on their way.
    /// @param market The market.
    /// @param price Mark price in ticks.
    /// @param time When the price was published.
    /// @param held Whether exposure may not be raised: the price was held back by its source, or a pause lasts.
    event MarkUpdated(MarketId indexed market, uint32 price, uint32 time, bool held);

    /// @notice A funding period ended and was charged.
    /// @param market The market.
    /// @param start First second of the period.
    /// @param end The second after it.
    /// @param charged Seconds that were charged: those in which the chain was up.
    /// @param rate Rate per 8 hours, parts of 10^9; positive: longs pay shorts.
    /// @param premium Average premium, parts of 10^9.
    /// @param interest Interest, parts of 10^9 per 8 hours.
    /// @param index Cumulative index after it, quote units per lot times 2^32.
    /// @param mark Mark price that was used, in ticks.
    event FundingAccrued(
        MarketId indexed market,
        uint32 start,
        uint32 end,
        uint32 charged,
        int32 rate,
        int32 premium,
        int32 interest,
        int72 index,
        uint32 mark
    );

    /// @notice A period ended and was not charged: no price was published in it, the chain was down, or the index would not fit
    /// its word.
    /// @param market The market.
    /// @param start First second of the first such period.
    event FundingSkipped(MarketId indexed market, uint32 start);

    /// @notice Pulls the latest prices from the source; anyone may call. Periods that ended are accrued first, at the old mark.
    /// @dev Beats the watch. Emits `MarkUpdated` for each market that changes, and what `accrue` emits.
    /// @param markets Markets to refresh.
    function refresh(MarketId[] calldata markets) external;

    /// @notice Accrues funding that is due; anyone may call.
    /// @dev Emits `FundingAccrued` or `FundingSkipped`. Costs the same however many periods were missed.
    /// @param market The market.
    function accrue(MarketId market) external;

    /// @notice Accrues what is due and returns the market word, for a batch; anyone may call.
    /// @param market The market.
    /// @return word Its word.
    function prepare(MarketId market) external returns (MarketWord word);

    /// @notice What `prepare` would return, without changing anything.
    /// @param market The market.
    /// @return word Its word.
    function peek(MarketId market) external view returns (MarketWord word);

    /// @notice A market as people read it.
    /// @param market The market.
    function marketOf(MarketId market) external view returns (MarketView memory);

    /// @notice What holds in a market for the time being: margins on their way, and a pause.
    /// @param market The market.
    function interimOf(MarketId market) external view returns (Interim memory);

    /// @notice Number of listed markets; they are numbered from 1.
    function marketCount() external view returns (uint16);

    /// @notice Rate at which the running period would close if nothing more were settled in it.
    /// @param market The market.
    /// @return rate Parts of 10^9 per 8 hours; positive: longs pay shorts.
    function predictedRate(MarketId market) external view returns (int256 rate);

    /// @notice Where prices come from.
    function SOURCE() external view returns (IPriceSource);

    /// @notice Where the market words lie.
    function POSITIONS() external view returns (IMarketWords);

    /// @notice Tells outages.
    function WATCH() external view returns (ISequencerWatch);
}

// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {MarketId} from "../types/Ids.sol";
import {MarketWord} from "../types/MarketWord.sol";

/// @notice Parameters of a new market.
struct Listing {
    // Quote units of one tick on one lot, at most 2^23 − 1.
    uint24 unit;
    // Initial margin, basis points of notional.
    uint16 initialBps;
    // Maintenance margin, basis points of notional, below the initial margin.
    uint16 maintenanceBps;
    // Taker fee, parts of 10^6 of notional.
    uint16 takerFee;
    // Maker fee, parts of 10^6 of notional.
    uint16 makerFee;
    // Funding interval in minutes.
    uint16 interval;
    // Interest, parts of 10^9 per 8 hours.
    int32 interest;
    // Largest funding rate in either direction, parts of 10^9 per 8 hours.
    uint32 cap;
    // How far interest may pull the rate away from the average premium, parts of 10^9 per 8 hours.
    uint32 damp;
}

/// @notice A market as people read it.
struct MarketView {
    uint32 mark;
    // When the mark was published, and until when it is fresh.
    uint32 time;
    uint32 freshUntil;
    uint24 unit;
    // Whether exposure may not be raised although the mark may be fresh.
    bool held;
    int80 index;
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
}

/// @title FundingIndex
/// @notice Owns the market words: mark price, cumulative funding, risk and fee parameters. The words lie in `PerpPositions`,
/// where batches read them; only this contract writes them. It computes funding from what was settled; nobody's word is
/// taken for the premium.
/// @dev Depends on one price source. A source that reports a wrong price breaks correctness (margins and funding follow
/// it); a source that stops breaks liveness only: marks grow stale, exposure can be lowered but not raised, and periods
/// without a price charge nothing.
interface IFundingIndex {
    /// @notice A market was listed.
    /// @param market Its number.
    /// @param symbol Its name for people, such as `BTC-PERP`.
    /// @param listing Its parameters.
    event MarketListed(MarketId indexed market, string symbol, Listing listing);

    /// @notice A new mark price entered.
    /// @param market The market.
    /// @param price Mark price in ticks.
    /// @param time When the price was published.
    event MarkUpdated(MarketId indexed market, uint32 price, uint32 time);

    /// @notice A funding period ended and was charged.
    /// @param market The market.
    /// @param periodStart First second of the period.
    /// @param rate Rate per 8 hours, parts of 10^9; positive: longs pay shorts.
    /// @param index Cumulative index after it, quote units per lot times 2^32.
    /// @param mark Mark price that was used, in ticks.
    event FundingAccrued(MarketId indexed market, uint32 periodStart, int32 rate, int80 index, uint32 mark);

    /// @notice A period ended and was not charged: no price was published in it, or the index would not fit its word.
    /// @param market The market.
    /// @param periodStart First second of the first such period.
    event FundingSkipped(MarketId indexed market, uint32 periodStart);

    /// @notice Thrown when a market number is not listed.
    error Market_NotListed(MarketId market);

    /// @notice Thrown when a unit is zero or does not fit its 23 bits.
    error Market_UnitOutOfRange(uint24 unit, uint24 limit);

    /// @notice Thrown unless 0 < maintenance < initial <= 10,000 basis points.
    error Market_MarginsInconsistent(uint16 initialBps, uint16 maintenanceBps);

    /// @notice Thrown when a fee exceeds 1 % of notional.
    error Market_FeeTooHigh(uint16 fee, uint16 limit);

    /// @notice Thrown when an interval is zero or longer than a day.
    error Market_IntervalOutOfRange(uint16 intervalMinutes);

    /// @notice Thrown when the cap exceeds 5 % per 8 hours, or interest or damp exceed the cap.
    error Market_TermsOutOfRange(int32 interest, uint32 cap, uint32 damp);

    /// @notice Thrown when a constructor argument is the zero address.
    error Market_AddressZero();

    /// @notice Lists a market; it trades once its first mark has entered.
    /// @dev Emits `MarketListed`. Only the governor.
    /// @param symbol Name for people.
    /// @param listing Parameters.
    /// @return market Its number, counted from 1.
    function listMarket(string calldata symbol, Listing calldata listing) external returns (MarketId market);

    /// @notice Pulls the latest prices from the source; anyone may call. Periods that ended are accrued first, at the old mark.
    /// @dev Emits `MarkUpdated` for each market whose price is newer, and what `accrue` emits.
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

    /// @notice Number of listed markets; they are numbered from 1.
    function marketCount() external view returns (uint16);

    /// @notice Rate at which the running period would close if nothing more were settled in it.
    /// @param market The market.
    /// @return rate Parts of 10^9 per 8 hours; positive: longs pay shorts.
    function predictedRate(MarketId market) external view returns (int256 rate);
}

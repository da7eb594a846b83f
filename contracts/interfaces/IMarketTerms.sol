// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {MarketId} from "../types/Ids.sol";

/// @notice How funding is charged. Rates are parts of 10^9 per 8 hours.
struct FundingTerms {
    // Funding interval in minutes.
    uint16 interval;
    // Interest.
    int32 interest;
    // Largest funding rate in either direction.
    uint32 cap;
    // How far interest may pull the rate away from the average premium.
    uint32 damp;
    // Largest change of the rate from one charged period to the next.
    uint32 step;
}

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
    // Funding.
    FundingTerms terms;
    // How much it bears.
    Limits limits;
}

/// @notice How much a market bears, in lots: round numbers, see `Bound`.
struct Limits {
    // Each further tier of a position needs another initial margin more; the eighth is the last.
    uint40 tier;
    // Most lots that may be open.
    uint40 openInterestCap;
}

/// @title MarketTerms
/// @notice What the governor may say of markets.
interface IMarketTerms {
    /// @notice A market was listed.
    /// @param market Its number.
    /// @param symbol Its name for people, such as `BTC-PERP`.
    /// @param listing Its parameters.
    event MarketListed(MarketId indexed market, string symbol, Listing listing);

    /// @notice Margins begin to move; a lower one is in force already.
    /// @param market The market.
    /// @param initialBps Initial margin at the end of the way.
    /// @param maintenanceBps Maintenance margin at the end of the way.
    event MarginsChanged(MarketId indexed market, uint16 initialBps, uint16 maintenanceBps);

    /// @notice Fees changed.
    /// @param market The market.
    /// @param takerFee Taker fee, parts of 10^6.
    /// @param makerFee Maker fee, parts of 10^6.
    event FeesChanged(MarketId indexed market, uint16 takerFee, uint16 makerFee);

    /// @notice Funding is charged on other terms from this second.
    /// @param market The market.
    /// @param terms The new terms.
    event TermsChanged(MarketId indexed market, FundingTerms terms);

    /// @notice The limits of a market changed.
    /// @param market The market.
    /// @param limits The new limits.
    event LimitsChanged(MarketId indexed market, Limits limits);

    /// @notice Thrown when a tier is larger than the open interest cap.
    error Market_LimitsInconsistent(uint40 tier, uint40 openInterestCap);

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

    /// @notice Thrown when the step exceeds twice the cap, or is zero although the cap is not.
    error Market_StepOutOfRange(uint32 step, uint32 cap);

    /// @notice Thrown when a constructor argument is the zero address.
    error Market_AddressZero();

    /// @notice Lists a market; it trades once its first mark has entered.
    /// @dev Emits `MarketListed`. Only the governor.
    /// @param symbol Name for people.
    /// @param listing Parameters.
    /// @return market Its number, counted from 1.
    function listMarket(string calldata symbol, Listing calldata listing) external returns (MarketId market);

    /// @notice Changes margins. A lower one acts at once; a higher one is reached along a line within a day, at each refresh and
    /// accrual, so nobody falls below it in the block of the change. A change on the way begins a new way from where the
    /// margin stands.
    /// @dev Emits `MarginsChanged`. Only the governor.
    /// @param market The market.
    /// @param initialBps Initial margin, basis points of notional.
    /// @param maintenanceBps Maintenance margin, basis points of notional, below the initial margin.
    function setMargins(MarketId market, uint16 initialBps, uint16 maintenanceBps) external;

    /// @notice Changes fees at once.
    /// @dev Emits `FeesChanged`. Only the governor.
    /// @param market The market.
    /// @param takerFee Taker fee, parts of 10^6 of notional.
    /// @param makerFee Maker fee, parts of 10^6 of notional.
    function setFees(MarketId market, uint16 takerFee, uint16 makerFee) external;

    /// @notice Replaces the limits of a market at once, but for a smaller tier, which is reached along a line within a day, at each
    /// refresh and accrual, as a higher margin is. Positions and lots beyond the limits may only shrink. Maintenance margin does
    /// not follow the tiers, so nobody falls below it.
    /// @dev Emits `LimitsChanged`. Only the governor.
    /// @param market The market.
    /// @param limits The new limits.
    function setLimits(MarketId market, Limits calldata limits) external;

    /// @notice Changes the terms of funding at once. The running period ends now and is charged on the old terms for the
    /// seconds that have passed; the period of the new cadence charges from now on.
    /// @dev Emits `TermsChanged`, and for each period that ends what `accrue` emits. Only the governor.
    /// @param market The market.
    /// @param terms The new terms.
    function setTerms(MarketId market, FundingTerms calldata terms) external;
}

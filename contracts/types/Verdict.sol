// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice What became of a fill. Everything but `Settled` and `Liquidated` means skipped; the numbers stand in the packed event.
enum Verdict {
    Settled,
    BadSignature,
    Expired,
    IncompleteAccount,
    Replaced,
    Cancelled,
    Spent,
    SizeZero,
    MarketMismatch,
    SameSide,
    SelfTrade,
    MakerImmediate,
    TakerPostOnly,
    NotCrossing,
    OutsideBand,
    Overfill,
    ReduceOnly,
    TooManyMarkets,
    Bankrupt,
    StalePrice,
    BelowInitialMargin,
    PositionTooLarge,
    Liquidated,
    NotLiquidatable,
    GracePeriod,
    MoreThanNeeded
}

/// @dev Added to a verdict that is the maker's fault.
uint256 constant MAKER_SIDE = 64;

/// @dev Added to a verdict that is the taker's fault.
uint256 constant TAKER_SIDE = 128;

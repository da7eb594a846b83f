// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AccountId, MarketId} from "../types/Ids.sol";
import {IFundingIndex} from "./IFundingIndex.sol";
import {IInsuranceFund} from "./IInsuranceFund.sol";
import {IPerpPositions} from "./IPerpPositions.sol";
import {IPositionLens} from "./IPositionLens.sol";
import {ISequencerWatch} from "./ISequencerWatch.sol";

/// @title Liquidations
/// @notice What anyone may do with an account below its maintenance margin; see docs/liquidation.md. Steps, in this order:
///
///   1. the operator fills it on the book (a liquidation order of a batch, see docs/batch.md);
///   2. `takeOver`: another account, or the insurance fund, takes positions over at the mark less a discount;
///   3. the fund pays what a bankrupt account lacks, as part of 2 or 4, up to the loss cap of the market;
///   4. `deleverage`: what the fund cannot bear is closed against opposite positions in profit, at the bankruptcy price.
///
/// An account is judged by its equity and margins at the marks. A position whose mark is stale counts in its favour: at the last
/// mark plus its initial margin, and it needs no margin itself.
///
/// Discount and penalty come out of what the account still has and never make it bankrupt. Nobody gains by liquidating an account
/// of his own: all that one side receives the other has paid, and the penalty is lost to both.
/// @dev It holds nothing. It reads the words of `PerpPositions` and has them moved.
interface ILiquidations {
    /// @notice Positions were taken over.
    /// @param account Whose they were.
    /// @param by Who has them now.
    /// @param equity What the account had at the marks before, as it is judged.
    /// @param maintenance What it needed, as it is judged.
    /// @param shortfall What the insurance fund paid for it.
    event TakenOver(
        AccountId indexed account,
        AccountId indexed by,
        int256 equity,
        int256 maintenance,
        uint256 shortfall
    );

    /// @notice A bankrupt position, or a part of it, was closed against opposite positions.
    /// @param account Whose it was; 0 for the fund's own.
    /// @param market The market.
    /// @param lots Lots closed.
    /// @param covered What the fund paid of the shortfall.
    /// @param borne What the opposite positions gave up.
    event Deleveraged(AccountId indexed account, MarketId indexed market, uint256 lots, uint256 covered, uint256 borne);

    /// @notice Thrown when a constructor argument is the zero address.
    error Liquidation_AddressZero();

    /// @notice Thrown when a caller is neither owner nor trading key of the account that takes over.
    error Liquidation_CallerNotTaker(AccountId by, address caller);

    /// @notice Thrown when an account would take over from itself, or the fund's own account would be taken over.
    error Liquidation_PairRefused(AccountId account, AccountId by);

    /// @notice Thrown when the sequencer was just down.
    error Liquidation_GracePeriod();

    /// @notice Thrown when the account is at or above its maintenance margin.
    error Liquidation_AccountSound(AccountId account, int256 equity, int256 maintenance);

    /// @notice Thrown when the markets given do not name every open position, each once, ascending.
    error Liquidation_PositionsIncomplete(AccountId account, uint256 named, uint256 open);

    /// @notice Thrown when lots would move at a mark that is stale, or who takes over has a position with one.
    error Liquidation_PriceStale(AccountId account, MarketId market, uint256 freshUntil);

    /// @notice Thrown when lists that belong together differ in length.
    error Liquidation_LengthsDiffer(uint256 first, uint256 second);

    /// @notice Thrown when more lots are named than the position has.
    error Liquidation_LotsTooMany(AccountId account, MarketId market, uint256 lots, uint256 held);

    /// @notice Thrown when a bankrupt account would keep a position.
    error Liquidation_BankruptKeepsPosition(AccountId account, MarketId market, uint256 lots);

    /// @notice Thrown when who takes over would be below its initial margin.
    error Liquidation_TakerBelowMargin(AccountId by, int256 equity, int256 initial);

    /// @notice Thrown when who takes over would have a position beyond the last tier.
    error Liquidation_TakerTooLarge(AccountId by, MarketId market, uint256 lots, uint256 cap);

    /// @notice Thrown when who takes over would have positions in more markets than an account may.
    error Liquidation_TakerTooManyMarkets(AccountId by, uint256 open, uint256 most);

    /// @notice Thrown when the account is not bankrupt, or the fund within its loss cap.
    error Deleverage_NotBankrupt(AccountId account, MarketId market, int256 equity);

    /// @notice Thrown when the insurance fund can take the account over whole and pay all that it lacks.
    error Deleverage_FundCanCarry(AccountId account, MarketId market, uint256 shortfall);

    /// @notice Thrown when a counterparty does not follow the one before it: each may be named once.
    error Deleverage_CounterpartiesNotAscending(uint256 place);

    /// @notice Thrown when a position is not on the opposite side, or smaller than the lots named.
    error Deleverage_NotOpposite(AccountId counterparty, MarketId market, int256 size, uint256 lots);

    /// @notice Thrown when a position is not in profit at the price of the deleveraging.
    error Deleverage_NotInProfit(AccountId counterparty, MarketId market, int256 value, uint256 borne);

    /// @notice Thrown when a position would give up more than its bounded share.
    error Deleverage_ShareExceeded(AccountId counterparty, MarketId market, uint256 lots, uint256 most);

    /// @notice Thrown when a counterparty would have less than nothing after what it gives up, or has so already.
    error Deleverage_EquityTooSmall(AccountId counterparty, MarketId market, int256 equity, uint256 borne);

    /// @notice Takes over positions, or parts of them, of an account below its maintenance margin: at the mark less the discount, as
    /// far as needed to bring it back to initial margin. Owner or trading key of `by`; for the fund (0) anyone.
    /// @dev Emits `TakenOver`, and `PositionMoved` for each. A bankrupt account must be taken over whole; the fund pays what it
    /// lacks. Funding that is due is accrued first.
    /// @param account Whose positions.
    /// @param by Who takes over.
    /// @param markets Every market with an open position of `account`, ascending.
    /// @param lots The most lots to take over in each, without sign, 0 for none: where fewer bring the account back, fewer move.
    /// @param byMarkets Every market in which `by` has an open position afterwards, ascending; others are passed over.
    function takeOver(
        AccountId account,
        AccountId by,
        MarketId[] calldata markets,
        uint256[] calldata lots,
        MarketId[] calldata byMarkets
    ) external;

    /// @notice Closes a position of a bankrupt account that the fund cannot take over against opposite positions in profit, at the price
    /// at which its share of the account's equity is zero; anyone may call. For account 0: a position of the fund whose loss
    /// exceeds the cap of its market, at the price at which it does not.
    /// @dev Emits `Deleveraged`, and `PositionMoved` for each. No counterparty gives up more than its profit or its equity at the
    /// last marks, nor more lots than `SHARE` times its pro-rata share of the open interest; another call has a bound of its own.
    /// @param account The bankrupt account.
    /// @param market The market to close in.
    /// @param markets Every market with an open position of `account`, ascending.
    /// @param counterparties Accounts on the opposite side, ascending.
    /// @param lots Lots to close against each.
    function deleverage(
        AccountId account,
        MarketId market,
        MarketId[] calldata markets,
        AccountId[] calldata counterparties,
        uint256[] calldata lots
    ) external;

    /// @notice How many times its pro-rata share a counterparty may have to give up in one deleveraging.
    function SHARE() external view returns (uint256);

    /// @notice The contract whose positions are moved.
    function POSITIONS() external view returns (IPerpPositions);

    /// @notice Its funding index.
    function INDEX() external view returns (IFundingIndex);

    /// @notice The insurance fund.
    function FUND() external view returns (IInsuranceFund);

    /// @notice Whether the chain was just down.
    function WATCH() external view returns (ISequencerWatch);

    /// @notice How a counterparty is weighed: its open markets are looked up, so nobody needs to name them.
    function LENS() external view returns (IPositionLens);
}

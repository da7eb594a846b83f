// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {LiveAccount} from "../types/LiveAccount.sol";
import {LiveMarket} from "../types/LiveMarket.sol";
import {FLAG_BUY, FLAG_IMMEDIATE, LiveOrder} from "../types/LiveOrder.sol";
import {LivePosition, STATE_CHANGED, STATE_EMPTY} from "../types/LivePosition.sol";
import {Price, Quote, Size} from "../types/Quantities.sol";
import {MAKER_SIDE, TAKER_SIDE, Verdict} from "../types/Verdict.sol";

/// @notice Whether a fill is legal, and what it does to its two sides. Rules in the order of the verdicts.
library FillRules {
    uint256 private constant FEE_SCALE = 1_000_000;

    /// @notice Verdict on the pair of orders alone, before margin: zero when they may meet.
    function pairVerdict(
        LiveOrder maker,
        LiveOrder taker,
        LiveMarket market,
        uint256 size
    ) internal pure returns (uint256) {
        if (size == 0) return _meetingVerdict(maker, taker, size);
        if (!maker.meets(taker)) return _meetingVerdict(maker, taker, size);
        Price price = maker.price();
        if (taker.has(FLAG_BUY)) {
            if (price > taker.price()) return uint256(Verdict.NotCrossing);
        } else {
            if (price < taker.price()) return uint256(Verdict.NotCrossing);
        }
        if (price < market.low()) return uint256(Verdict.OutsideBand);
        if (price > market.high()) return uint256(Verdict.OutsideBand);
        if (size > maker.left()) return uint256(Verdict.Overfill) | MAKER_SIDE;
        if (size > taker.left()) return uint256(Verdict.Overfill) | TAKER_SIDE;
        return 0;
    }

    /// @dev Why two orders may not meet, when `LiveOrders.meets` says so.
    function _meetingVerdict(LiveOrder maker, LiveOrder taker, uint256 size) private pure returns (uint256) {
        if (maker.status() != 0) return maker.status() | MAKER_SIDE;
        if (taker.status() != 0) return taker.status() | TAKER_SIDE;
        if (size == 0) return uint256(Verdict.SizeZero);
        if (maker.market() != taker.market()) return uint256(Verdict.MarketMismatch);
        if (maker.has(FLAG_BUY) == taker.has(FLAG_BUY)) return uint256(Verdict.SameSide);
        if (maker.account() == taker.account()) return uint256(Verdict.SelfTrade);
        if (maker.has(FLAG_IMMEDIATE)) return uint256(Verdict.MakerImmediate);
        return uint256(Verdict.TakerPostOnly);
    }

    /// @notice Works out equity and margin of an account after one side of a fill, and whether it may have it.
    /// @param traded Lots bought (positive) or sold (negative).
    /// @param paid Notional and fee, positive is paid.
    /// @return verdict Zero when it may.
    /// @return equity Equity after the fill.
    /// @return margin Initial margin after the fill.
    function sideVerdict(
        LivePosition position,
        LiveMarket market,
        Size traded,
        Quote paid,
        bool reduceOnly,
        uint256 maxMarkets
    ) internal pure returns (uint256 verdict, Quote equity, Quote margin) {
        unchecked {
            LiveAccount account = position.account();
            Size before = position.size();
            Size next = before + traded;
            int256 grown = int256(next.abs()) - int256(before.abs());
            equity = account.equity() + traded.times(market.lotValue()) - paid;
            margin = account.initialMargin() + Size.wrap(grown).times(market.lotMarginUp());
            // Lowering: closer to zero on the same side. A flip through zero opens risk on the other side.
            if (grown < 0) {
                if (!next.isFlipOf(before)) {
                    if (equity.isNegative()) {
                        if (equity < account.equity()) verdict = uint256(Verdict.Bankrupt);
                    }
                    return (verdict, equity, margin);
                }
            }
            if (reduceOnly) return (uint256(Verdict.ReduceOnly), equity, margin);
            if (position.state() == STATE_EMPTY) {
                if (account.openMarkets() >= maxMarkets) return (uint256(Verdict.TooManyMarkets), equity, margin);
            }
            if (!account.fresh()) return (uint256(Verdict.StalePrice), equity, margin);
            if (equity < margin) verdict = uint256(Verdict.BelowInitialMargin);
        }
    }

    /// @notice Applies a side that `sideVerdict` allowed.
    function commit(LivePosition position, Size traded, Quote paid, Quote equity, Quote margin) internal pure {
        unchecked {
            LiveAccount account = position.account();
            uint256 state = position.state();
            if (state == STATE_EMPTY) account.setOpenMarkets(account.openMarkets() + 1);
            position.setState(state | STATE_CHANGED);
            position.setSize(position.size() + traded);
            position.setQuote(position.quote() - paid);
            account.setEquity(equity);
            account.setInitialMargin(margin);
        }
    }

    /// @notice Fee of a notional, rounded up against the account.
    /// @param rate Parts of 10^6.
    function feeUp(uint256 notional, uint256 rate) internal pure returns (uint256) {
        unchecked {
            return (notional * rate + (FEE_SCALE - 1)) / FEE_SCALE;
        }
    }
}

// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {LiveAccount} from "../types/LiveAccount.sol";
import {LiveMarket} from "../types/LiveMarket.sol";
import {FLAG_BUY, FLAG_IMMEDIATE, FLAG_POST_ONLY, LiveOrder} from "../types/LiveOrder.sol";
import {LivePosition, STATE_CHANGED, STATE_EMPTY} from "../types/LivePosition.sol";
import {Price, Quote, Size} from "../types/Quantities.sol";
import {MAKER_SIDE, TAKER_SIDE, Verdict} from "../types/Verdict.sol";

/// @notice Whether a fill is legal, and what it does to its two sides. Rules in the order of the verdicts.
library FillRules {
    uint256 private constant FEE_SCALE = 1_000_000;

    /// @notice Whether the pair of orders alone, before margin, allows the fill.
    /// @dev Each term is negative when a rule is broken, so that one sign bit answers for all of them; `pairVerdict` then says
    /// which it was. All terms are below 2^200, so none can overflow into another's sign.
    function allows(LiveOrder maker, LiveOrder taker, LiveMarket market, uint256 size) internal pure returns (bool) {
        unchecked {
            uint256 price = Price.unwrap(maker.price());
            uint256 mask = taker.sellMask();
            uint256 terms = 0 - maker.against(taker);
            terms |= maker.apart(taker) - 1;
            terms |= ((Price.unwrap(taker.price()) - price) ^ mask) - mask;
            terms |= price - Price.unwrap(market.low());
            terms |= Price.unwrap(market.high()) - price;
            terms |= (maker.left() - size) | (taker.left() - size) | (size - 1);
            return int256(terms) >= 0;
        }
    }

    /// @notice Why `allows` refused: the first broken rule, in the order of the verdicts.
    function pairVerdict(
        LiveOrder maker,
        LiveOrder taker,
        LiveMarket market,
        uint256 size
    ) internal pure returns (uint256) {
        if (maker.status() != 0) return maker.status() | MAKER_SIDE;
        if (taker.status() != 0) return taker.status() | TAKER_SIDE;
        if (size == 0) return uint256(Verdict.SizeZero);
        if (maker.market() != taker.market()) return uint256(Verdict.MarketMismatch);
        if (maker.has(FLAG_BUY) == taker.has(FLAG_BUY)) return uint256(Verdict.SameSide);
        if (maker.account() == taker.account()) return uint256(Verdict.SelfTrade);
        if (maker.has(FLAG_IMMEDIATE)) return uint256(Verdict.MakerImmediate);
        if (taker.has(FLAG_POST_ONLY)) return uint256(Verdict.TakerPostOnly);
        Price price = maker.price();
        if (taker.has(FLAG_BUY) ? price > taker.price() : price < taker.price()) return uint256(Verdict.NotCrossing);
        if (price < market.low() || price > market.high()) return uint256(Verdict.OutsideBand);
        return uint256(Verdict.Overfill) | (size > maker.left() ? MAKER_SIDE : TAKER_SIDE);
    }

    /// @notice Applies one side of a fill, if its account may have it; otherwise nothing changes.
    /// @param traded Lots bought (positive) or sold (negative).
    /// @param paid Notional and fee, positive is paid.
    /// @return Zero when it was applied.
    function take(
        LivePosition position,
        LiveMarket market,
        Size traded,
        Quote paid,
        bool reduceOnly,
        uint256 maxMarkets
    ) internal pure returns (uint256) {
        unchecked {
            LiveAccount account = position.account();
            Size before = position.size();
            Size next = before + traded;
            int256 grown = int256(next.abs()) - int256(before.abs());
            Quote equity = account.equity() + traded.times(market.lotValue()) - paid;
            Quote margin = account.initialMargin() + Size.wrap(grown).times(market.lotMarginUp());
            // Lowering: closer to zero on the same side. A flip through zero opens risk on the other side.
            bool lowers = grown < 0;
            if (lowers) lowers = !next.isFlipOf(before);
            if (lowers) {
                if (equity.isNegative()) {
                    if (equity < account.equity()) return uint256(Verdict.Bankrupt);
                }
            } else {
                if (reduceOnly) return uint256(Verdict.ReduceOnly);
                if (position.state() != STATE_EMPTY) {
                    if (equity < margin) return _shortVerdict(account);
                } else {
                    uint256 open = account.openMarkets();
                    if (open >= maxMarkets) return uint256(Verdict.TooManyMarkets);
                    if (equity < margin) return _shortVerdict(account);
                    account.setOpenMarkets(open + 1);
                }
            }
            position.setState(position.state() | STATE_CHANGED);
            position.setSize(next);
            position.setQuote(position.quote() - paid);
            account.setEquity(equity);
            account.setInitialMargin(margin);
            return 0;
        }
    }

    /// @notice Takes back a side that was applied last: exactly what `take` did is undone.
    /// @param state State of the position before.
    function undo(LivePosition position, LiveMarket market, Size traded, Quote paid, uint256 state) internal pure {
        unchecked {
            LiveAccount account = position.account();
            Size after_ = position.size();
            Size before = after_ - traded;
            int256 grown = int256(after_.abs()) - int256(before.abs());
            if (state == STATE_EMPTY) account.setOpenMarkets(account.openMarkets() - 1);
            position.setState(state);
            position.setSize(before);
            position.setQuote(position.quote() + paid);
            account.setEquity(account.equity() - traded.times(market.lotValue()) + paid);
            account.setInitialMargin(account.initialMargin() - Size.wrap(grown).times(market.lotMarginUp()));
        }
    }

    /// @notice Fee of a notional, rounded up against the account.
    /// @param rate Parts of 10^6.
    function feeUp(uint256 notional, uint256 rate) internal pure returns (uint256) {
        unchecked {
            return (notional * rate + (FEE_SCALE - 1)) / FEE_SCALE;
        }
    }

    /// @dev Why equity does not reach margin: a stale account's margin is out of reach.
    function _shortVerdict(LiveAccount account) private pure returns (uint256) {
        return uint256(account.fresh() ? Verdict.BelowInitialMargin : Verdict.StalePrice);
    }
}

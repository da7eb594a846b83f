// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {LiquidationRules} from "./LiquidationRules.sol";
import {Margin} from "./Margin.sol";
import {LiveAccount} from "../types/LiveAccount.sol";
import {LiveMarket} from "../types/LiveMarket.sol";
import {FLAG_BUY, FLAG_IMMEDIATE, FLAG_POST_ONLY, FLAG_REDUCE_ONLY, FORCED, LiveOrder} from "../types/LiveOrder.sol";
import {Holding, LivePosition} from "../types/LivePosition.sol";
import {Price, Quote, Size} from "../types/Quantities.sol";
import {MAKER_SIDE, TAKER_SIDE, Verdict} from "../types/Verdict.sol";

/// @notice Whether a fill is legal, and what it does to its two sides. Rules in the order of the verdicts.
library FillRules {
    uint256 private constant FEE_SCALE = 1_000_000;

    /// @notice Whether the pair of orders alone, before margin, allows the fill, and leaves both positions within their first tier.
    /// @dev Each term is negative when a rule is broken or a position may be large, so that one sign bit answers for all of them;
    /// `pairVerdict` then says which it was.
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
            uint256 room = market.tier() - size;
            terms |= maker.position().holding().within(room) | taker.position().holding().within(room);
            return int256(terms) >= 0;
        }
    }

    /// @notice The first broken rule, in the order of the verdicts; zero when there is none.
    function pairVerdict(
        LiveOrder maker,
        LiveOrder taker,
        LiveMarket market,
        uint256 size
    ) internal pure returns (uint256) {
        // A liquidation order that may fill has no verdict of its own; as a maker it is refused for being immediate.
        if (maker.status() != 0 && maker.status() != FORCED) return maker.status() | MAKER_SIDE;
        if (taker.status() != 0) return taker.status() | TAKER_SIDE;
        if (size == 0) return uint256(Verdict.SizeZero);
        uint256 verdict = _meetingVerdict(maker, taker);
        if (verdict != 0) return verdict;
        Price price = maker.price();
        if (taker.has(FLAG_BUY) ? price > taker.price() : price < taker.price()) return uint256(Verdict.NotCrossing);
        if (price < market.low() || price > market.high()) return uint256(Verdict.OutsideBand);
        if (size > maker.left()) return uint256(Verdict.Overfill) | MAKER_SIDE;
        return size > taker.left() ? uint256(Verdict.Overfill) | TAKER_SIDE : 0;
    }

    /// @notice Applies one side of a fill, if its account may have it; otherwise nothing changes.
    /// @param traded Lots bought (positive) or sold (negative).
    /// @param gain What the side gains at the mark: value of its lots, less what it pays for them, fee included.
    /// @param need Initial margin of the lots if the position grows by all of them.
    /// @return closed Lots by which the position moved towards zero: none, some (through zero) or all; when the side
    /// may not have the fill, the verdict, negated.
    function take(LiveOrder order, Size traded, Quote gain, Quote need) internal pure returns (int256 closed) {
        unchecked {
            LivePosition position = order.position();
            LiveAccount account = position.account();
            Holding before = position.holding();
            Size held = before.size();
            Quote excess = account.excess() + gain - need;
            // As in `allows`, one sign answers for all rules: what reduces only may not raise, and the margin must be there.
            int256 objections = order.reduceOnlySign();
            if (held.opposes(traded)) {
                // Closed lots give back the margin that they bound, and need none of their own. Beyond them is a flip through
                // zero, which opens risk on the other side.
                (uint256 open, uint256 lots) = (held.abs(), traded.abs());
                if (open < lots) {
                    closed = int256(open);
                } else {
                    closed = int256(lots);
                    objections = 0;
                }
                excess = excess + Size.wrap(2 * closed).times(position.market().lotMarginUp());
            }
            if (objections | Quote.unwrap(excess) < 0) {
                int256 refused = _sideVerdict(order, closed < int256(traded.abs()), gain);
                if (refused < 0) return refused;
            }
            position.setHolding(before.plus(traded, gain));
            account.setExcess(excess);
        }
    }

    /// @notice Takes back a side that was applied last: exactly what `take` did is undone.
    /// @param before What the position held before.
    function undo(LivePosition position, Holding before, Quote gain) internal pure {
        unchecked {
            LiveAccount account = position.account();
            LiveMarket market = position.market();
            Quote more = market.margin(position.holding().size()) - market.margin(before.size());
            position.setHolding(before);
            account.setExcess(account.excess() - gain + more);
        }
    }

    /// @notice As `take`, for a position of any size.
    function takeAny(LiveOrder order, Size traded, Quote gain) internal pure returns (int256 closed) {
        LivePosition position = order.position();
        if (isTooLarge(position, traded)) return _refused(Verdict.PositionTooLarge);
        Quote need = Margin.required(traded.abs(), position.market().lotMarginUp());
        return take(order, traded, gain, need + surcharge(position, traded));
    }

    /// @notice Penalty of a liquidation: a part of the notional, but no more than the account has, and what it would gain over the
    /// mark.
    /// @param gain What the account gains at the mark.
    /// @param ratio Parts of 10^6.
    function penalty(LiveAccount account, Quote gain, uint256 notional, uint256 ratio) internal pure returns (uint256) {
        unchecked {
            uint256 above = gain.isNegative() ? 0 : uint256(Quote.unwrap(gain));
            int256 left = Quote.unwrap(account.equity() + gain.minZero());
            if (left <= 0) return above;
            uint256 part = LiquidationRules.partUp(notional, ratio);
            return above + (part < uint256(left) ? part : uint256(left));
        }
    }

    /// @notice What a trade of a large position needs beyond `need`, which counts its lots as if all were in the first tier;
    /// negative where it gives back more.
    function surcharge(LivePosition position, Size traded) internal pure returns (Quote) {
        unchecked {
            LiveMarket market = position.market();
            Size held = position.holding().size();
            Size left = held + traded;
            int256 plain = int256(left.abs()) - int256(held.abs());
            return market.margin(left) - market.margin(held) - Size.wrap(plain).times(market.lotMarginUp());
        }
    }

    /// @notice Whether a trade would raise a position beyond its last tier.
    function isTooLarge(LivePosition position, Size traded) internal pure returns (bool) {
        unchecked {
            uint256 held = position.holding().size().abs();
            uint256 left = (position.holding().size() + traded).abs();
            return left > held && left > Margin.MOST_TIERS * position.market().tier();
        }
    }

    /// @notice Fee of a notional, rounded up against the account.
    /// @param rate Parts of 10^6.
    function feeUp(uint256 notional, uint256 rate) internal pure returns (uint256) {
        unchecked {
            return (notional * rate + (FEE_SCALE - 1)) / FEE_SCALE;
        }
    }

    /// @dev Whether two live orders may meet at any price.
    function _meetingVerdict(LiveOrder maker, LiveOrder taker) private pure returns (uint256) {
        if (maker.market() != taker.market()) return uint256(Verdict.MarketMismatch);
        if (maker.has(FLAG_BUY) == taker.has(FLAG_BUY)) return uint256(Verdict.SameSide);
        if (maker.account() == taker.account()) return uint256(Verdict.SelfTrade);
        if (maker.has(FLAG_IMMEDIATE)) return uint256(Verdict.MakerImmediate);
        return taker.has(FLAG_POST_ONLY) ? uint256(Verdict.TakerPostOnly) : 0;
    }

    /// @dev Whether an account below its initial margin ends at negative equity. Then it keeps its position, however good the
    /// price: once it has none, nobody could be made to bear what it lacks.
    function _bankrupts(LiveAccount account, Quote gain) private pure returns (bool) {
        return (account.equity() + gain).isNegative();
    }

    /// @dev Why a side is refused, negated; zero when it only lowers the position and may.
    function _sideVerdict(LiveOrder order, bool raises, Quote gain) private pure returns (int256) {
        LiveAccount account = order.position().account();
        if (!raises) return _bankrupts(account, gain) ? _refused(Verdict.Bankrupt) : int256(0);
        if (order.has(FLAG_REDUCE_ONLY)) return _refused(Verdict.ReduceOnly);
        // Equity does not reach margin: a stale account is out of reach.
        return _refused(account.isFresh() ? Verdict.BelowInitialMargin : Verdict.StalePrice);
    }

    function _refused(Verdict verdict) private pure returns (int256) {
        unchecked {
            return -int256(uint256(verdict));
        }
    }
}

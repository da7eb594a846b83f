// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {LiveAccount} from "../types/LiveAccount.sol";
import {LiveMarket} from "../types/LiveMarket.sol";
import {FLAG_BUY, FLAG_IMMEDIATE, FLAG_POST_ONLY, FLAG_REDUCE_ONLY, LiveOrder} from "../types/LiveOrder.sol";
import {LivePosition, Lots} from "../types/LivePosition.sol";
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
    /// @param gain What the side gains at the mark: value of its lots, less what it pays for them, fee included.
    /// @param need Initial margin of the lots.
    /// @return Zero when it was applied.
    function take(LiveOrder order, Size traded, Quote gain, Quote need) internal pure returns (uint256) {
        unchecked {
            LivePosition position = order.position();
            LiveAccount account = position.account();
            Lots before = position.lots();
            Size held = before.size();
            Quote excess = account.excess() + gain - need;
            bool lowers = held.opposes(traded);
            if (lowers) {
                // Closed lots give back the margin that they bound, and need none of their own.
                excess = excess + _released(held, traded, position.market());
                // Closer to zero on the same side. A flip through zero opens risk on the other side.
                lowers = traded.abs() <= held.abs();
            }
            if (!lowers) {
                if (order.has(FLAG_REDUCE_ONLY)) return uint256(Verdict.ReduceOnly);
                if (before.isUntouched()) {
                    int256 room = account.room();
                    if (room <= 0) return uint256(Verdict.TooManyMarkets);
                    if (excess.isNegative()) return _shortVerdict(account);
                    account.setRoom(room - 1);
                }
            }
            if (excess.isNegative()) {
                if (!lowers) return _shortVerdict(account);
                if (_bankrupts(account, gain)) return uint256(Verdict.Bankrupt);
            }
            position.setLots(before.plus(traded));
            position.setWorth(position.worth() + gain);
            account.setExcess(excess);
            return 0;
        }
    }

    /// @notice Takes back a side that was applied last: exactly what `take` did is undone.
    /// @param before Lots of the position before.
    function undo(LivePosition position, Lots before, Quote gain) internal pure {
        unchecked {
            LiveAccount account = position.account();
            int256 grown = int256(position.lots().size().abs()) - int256(before.size().abs());
            Quote margin = Size.wrap(grown).times(position.market().lotMarginUp());
            if (before.isUntouched()) account.setRoom(account.room() + 1);
            position.setLots(before);
            position.setWorth(position.worth() - gain);
            account.setExcess(account.excess() - gain + margin);
        }
    }

    /// @notice Fee of a notional, rounded up against the account.
    /// @param rate Parts of 10^6.
    function feeUp(uint256 notional, uint256 rate) internal pure returns (uint256) {
        unchecked {
            return (notional * rate + (FEE_SCALE - 1)) / FEE_SCALE;
        }
    }

    /// @dev Whether an account below its initial margin ends at negative equity, and below the equity before.
    function _bankrupts(LiveAccount account, Quote gain) private pure returns (bool) {
        return gain.isNegative() && (account.equity() + gain).isNegative();
    }

    /// @dev Twice the margin of the lots that a trade against a position closes.
    function _released(Size held, Size traded, LiveMarket market) private pure returns (Quote) {
        unchecked {
            uint256 closed = held.abs() < traded.abs() ? held.abs() : traded.abs();
            return Size.wrap(int256(2 * closed)).times(market.lotMarginUp());
        }
    }

    /// @dev Why equity does not reach margin: a stale account is out of reach.
    function _shortVerdict(LiveAccount account) private pure returns (uint256) {
        return uint256(account.isFresh() ? Verdict.BelowInitialMargin : Verdict.StalePrice);
    }
}

// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {LiveAccount, LiveMarket, LivePosition} from "../types/Live.sol";
import {FLAG_BUY, FLAG_IMMEDIATE, FLAG_POST_ONLY, FLAG_REDUCE_ONLY, LiveOrder} from "../types/LiveOrder.sol";
import {Price, Quote, Size} from "../types/Quantities.sol";
import {MAKER_SIDE, TAKER_SIDE, Verdict} from "../types/Verdict.sol";

/// @notice Whether a fill is legal, and what it does to its two sides. Rules in the order of the verdicts.
library FillRules {
    uint256 private constant FEE_SCALE = 1_000_000;

    /// @notice Verdict on the pair of orders alone, before margin: zero when they may meet.
    function pairVerdict(
        LiveOrder maker,
        LiveOrder taker,
        LivePosition memory makerPosition,
        LivePosition memory takerPosition,
        uint256 size
    ) internal pure returns (uint256) {
        if (maker.status() != 0) return maker.status() | MAKER_SIDE;
        if (taker.status() != 0) return taker.status() | TAKER_SIDE;
        if (size == 0) return uint256(Verdict.SizeZero);
        LiveMarket memory market = makerPosition.market;
        if (market.id != takerPosition.market.id) return uint256(Verdict.MarketMismatch);
        uint256 flags = taker.flags();
        if ((flags ^ maker.flags()) & FLAG_BUY == 0) return uint256(Verdict.SameSide);
        if (makerPosition.account.id == takerPosition.account.id) return uint256(Verdict.SelfTrade);
        if (maker.has(FLAG_IMMEDIATE)) return uint256(Verdict.MakerImmediate);
        if (flags & FLAG_POST_ONLY != 0) return uint256(Verdict.TakerPostOnly);
        Price price = maker.price();
        if (flags & FLAG_BUY != 0 ? price > taker.price() : price < taker.price()) return uint256(Verdict.NotCrossing);
        if (price < market.low || price > market.high) return uint256(Verdict.OutsideBand);
        if (size > maker.left()) return uint256(Verdict.Overfill) | MAKER_SIDE;
        if (size > taker.left()) return uint256(Verdict.Overfill) | TAKER_SIDE;
        return 0;
    }

    /// @notice Works out one side of a fill into the `next…` fields and says whether the account may have it.
    /// @param traded Lots bought (positive) or sold (negative).
    /// @param notional Size × price × unit, quote units.
    /// @param fee Fee of the side, quote units.
    function sideVerdict(
        LivePosition memory position,
        Size traded,
        uint256 notional,
        uint256 fee,
        uint256 flags,
        uint256 maxMarkets
    ) internal pure returns (Verdict) {
        LiveAccount memory account = position.account;
        LiveMarket memory market = position.market;
        Size before = position.size;
        Size next = before + traded;
        Quote paid = _signed(traded, notional) + Quote.wrap(int256(fee));
        position.nextSize = next;
        position.nextQuote = position.quote - paid;
        unchecked {
            int256 atMark = Size.unwrap(traded) * Quote.unwrap(market.lotValue);
            account.nextEquity = account.equity + Quote.wrap(atMark) - paid;
            int256 grown = int256(next.abs()) - int256(before.abs());
            account.nextMargin = account.initialMargin + Quote.wrap(grown * Quote.unwrap(market.lotMarginUp));
        }
        if (before.lowersTo(next)) {
            if (account.nextEquity.isNegative() && account.nextEquity < account.equity) return Verdict.Bankrupt;
            return Verdict.Settled;
        }
        if (flags & FLAG_REDUCE_ONLY != 0) return Verdict.ReduceOnly;
        if (_isEmpty(position) && account.openMarkets >= maxMarkets) return Verdict.TooManyMarkets;
        if (!account.fresh) return Verdict.StalePrice;
        if (account.nextEquity < account.nextMargin) return Verdict.BelowInitialMargin;
        return Verdict.Settled;
    }

    /// @notice Makes the `next…` fields of a checked side its state.
    function commit(LivePosition memory position) internal pure {
        LiveAccount memory account = position.account;
        if (_isEmpty(position)) {
            unchecked {
                ++account.openMarkets;
            }
        }
        position.size = position.nextSize;
        position.quote = position.nextQuote;
        position.touched = true;
        account.equity = account.nextEquity;
        account.initialMargin = account.nextMargin;
    }

    /// @notice Fee of a notional, rounded up against the account.
    /// @param rate Parts of 10^6.
    function feeUp(uint256 notional, uint256 rate) internal pure returns (uint256) {
        unchecked {
            return (notional * rate + (FEE_SCALE - 1)) / FEE_SCALE;
        }
    }

    /// @dev Notional with the sign of the trade: a buyer pays it, a seller receives it.
    function _signed(Size traded, uint256 notional) private pure returns (Quote) {
        unchecked {
            return Quote.wrap(Size.unwrap(traded) < 0 ? -int256(notional) : int256(notional));
        }
    }

    /// @dev Whether the account has nothing in the market yet.
    function _isEmpty(LivePosition memory position) private pure returns (bool) {
        return position.size.isZero() && position.quote.isZero();
    }
}

"""How a forced close is worked off: against resting orders, then against the insurance fund.

Twin of what ExitDesk does in `executeClose` (docs/exits.md).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from penstock.accounts import Position
from penstock.forced import Request, check_open
from penstock.limits import MOST_TIERS
from penstock.liquidation import band, part_up
from penstock.liquidations import loss_left, weigh
from penstock.margin import Priced, Weight, lowers
from penstock.messages import Order
from penstock.refusals import Refusal, Refused
from penstock.units import fee_up
from penstock.venue import VENUE_ACCOUNT, Venue


@dataclass(frozen=True, slots=True)
class Maker:
    """A resting order, or a level of a ladder, that takes lots over; `signer` is who signed it."""

    order: Order
    lots: int
    signer: int
    markets: Sequence[int] | None = None
    """Markets of its account's open positions; left out, they are."""


class Closing:
    """A forced close while it is worked on, in a venue that is thrown away when it is refused."""

    def __init__(
        self,
        venue: Venue,
        request: int,
        asked: Request,
        open_from: int,
        now: int,
        markets: Sequence[int] | None,
    ) -> None:
        self.venue, self.request, self.asked, self.now = venue, request, asked, now
        self.open_from = open_from
        self.done = 0
        if self.asked.left == 0:
            raise Refused(Refusal.CLOSE_NOTHING, request)
        account, market = self.asked.account, self.asked.market
        venue.accrue(market, now)
        self.priced: Priced = venue.priced(market, now)
        if now > self.priced.marked_until:
            raise Refused(Refusal.DESK_STALE, account, market, self.priced.marked_until)
        self.weight = weigh(venue, account, markets, now, Refusal.DESK_INCOMPLETE)

    def fill(self, maker: Maker) -> None:
        """Fill one resting order."""
        order, lots = maker.order, maker.lots
        self._check_lots(lots)
        if order.account == self.asked.account:
            raise Refused(Refusal.CLOSE_SELF, order.account)
        if order.buy != (self.asked.held > 0):
            raise Refused(Refusal.CLOSE_SIDE, order.account, order.nonce)
        filled = self._check_order(maker)
        held = self.venue.held(order.account)
        size = held.position(self.asked.market).size
        if order.reduce_only and not lowers(size, size + self.asked.signed(lots)):
            raise Refused(Refusal.ORDER_REDUCE_ONLY, order.account, order.nonce)
        price = self._fill_price(order.price)
        paid = self.asked.signed(lots) * price * self.priced.unit
        fee = fee_up(abs(paid), self.priced.taker_fee)
        self._move(order.account, maker.markets, lots, paid, fee)
        self.venue.set_filled(order.account, order.nonce, filled)

    def hand_to_fund(self, lots: int) -> None:
        """Have the insurance fund take lots over."""
        self._check_lots(lots)
        check_open(self.request, self.open_from, self.now)
        market, moved = self.asked.market, self.asked.signed(lots)
        size = self.venue.account(VENUE_ACCOUNT).position(market).size
        if not lowers(size, size + moved):
            need, left = self.priced.initial(size + moved), loss_left(self.venue, market, self.now)
            if left < need:
                raise Refused(Refusal.CLOSE_LOSS_CAP, market, need, left)
        discount = part_up(lots * self.priced.lot_value, self.priced.discount_ppm)
        paid = moved * self.priced.lot_value - discount
        paid = min(paid, moved * self.asked.mark * self.priced.unit)
        self._move(VENUE_ACCOUNT, None, lots, paid, 0)

    def _check_lots(self, lots: int) -> None:
        if not 0 < lots <= self.asked.left:
            raise Refused(Refusal.CLOSE_LOTS, self.request, lots, self.asked.left)

    def _check_order(self, maker: Maker) -> int:
        """Refuse a dead order; return what of it is filled afterwards."""
        order, held = maker.order, self.venue.held(maker.order.account)
        named = order.account, order.nonce
        if not maker.signer or maker.signer != held.signer:
            raise Refused(Refusal.ORDER_SIGNATURE, *named)
        if self.now > order.expiry:
            raise Refused(Refusal.ORDER_EXPIRED, *named, order.expiry)
        epoch, filled = held.slots.get(order.slot, (0, 0))
        if epoch > order.epoch or (held.floored and order.epoch <= held.floor):
            raise Refused(Refusal.ORDER_REPLACED, *named)
        filled = filled if epoch == order.epoch else 0
        left = max(0, order.size - filled)
        if not 0 < maker.lots <= left:
            raise Refused(Refusal.ORDER_OVERFILL, *named, maker.lots, left)
        return filled + maker.lots

    def _fill_price(self, price: int) -> int:
        """The maker's price, but never better than the mark for who leaves, nor out of bounds."""
        priced, mark = self.priced, self.priced.mark
        low, high = band(mark, priced.discount_ppm)
        low, high = max(low, priced.low), min(high, priced.high)
        if self.asked.held > 0:
            if price < low:
                raise Refused(Refusal.CLOSE_PRICE, price, low, mark)
            return min(price, mark)
        if price > high:
            raise Refused(Refusal.CLOSE_PRICE, price, mark, high)
        return max(price, mark)

    def _move(
        self, taker: int, markets: Sequence[int] | None, lots: int, paid: int, fee: int
    ) -> None:
        account, market, moved = self.asked.account, self.asked.market, self.asked.signed(lots)
        gain = moved * self.priced.lot_value - paid
        weight = weigh(self.venue, taker, markets, self.now, Refusal.DESK_INCOMPLETE)
        self._trade(taker, weight, moved, gain)
        self._trade(account, self.weight, -moved, -gain - fee)
        self.venue.move(account, taker, market, moved, paid, fee, self.now)
        self.asked = self.asked.reduced(lots)
        self.done += lots

    def _trade(self, account: int, weight: Weight, traded: int, gain: int) -> None:
        """Check one side of a fill, and move its weight on."""
        priced = self.priced
        before = self.venue.held(account).position(priced.market)
        after = before.size + traded
        weight.equity += gain
        weight.initial += priced.initial(after) - priced.initial(before.size)
        if not lowers(before.size, after):
            self._check_raise(account, weight, before, after)
        elif weight.equity < 0:
            raise Refused(Refusal.DESK_BANKRUPT, account, weight.equity)

    def _check_raise(self, account: int, weight: Weight, before: Position, after: int) -> None:
        priced, count = self.priced, len(self.venue.held(account).open_markets)
        if self.venue.market(priced.market).held:
            raise Refused(Refusal.DESK_HELD, priced.market)
        check_fresh(account, weight, self.now)
        cap, most = MOST_TIERS * priced.tier, self.venue.settings.max_markets
        if abs(after) > cap:
            raise Refused(Refusal.DESK_TOO_LARGE, account, priced.market, abs(after), cap)
        if not before.is_open and count >= most:
            raise Refused(Refusal.DESK_TOO_MANY, account, count, most)
        if weight.equity < weight.initial:
            raise Refused(Refusal.DESK_MARGIN, account, weight.equity, weight.initial)


def check_fresh(account: int, weight: Weight, now: int) -> None:
    """Refuse an account with an open position whose mark is stale."""
    if now > weight.fresh_until:
        raise Refused(Refusal.DESK_STALE, account, weight.oldest, weight.fresh_until)

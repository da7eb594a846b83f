"""Exits that somebody else carries: signed requests, forced withdrawals, forced closes.

Twin of ExitDesk (docs/exits.md). Operations change the desk and the venue as the contract does, or
raise Refused and change nothing. Signatures enter as recovered signers; addresses are integers,
times seconds, fees wei.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import Final

from penstock.accounts import Position
from penstock.limits import MOST_TIERS
from penstock.liquidation import part_up
from penstock.liquidations import adopt, loss_left, trial_of
from penstock.margin import ALWAYS, Priced, lowers
from penstock.messages import Order, Withdrawal
from penstock.refusals import Refusal, Refused
from penstock.units import BPS_SCALE, INT56_MAX, div_up, fee_up
from penstock.venue import VENUE_ACCOUNT, Venue, each_open
from penstock.views import account_of

ONE: Final = 2**32
"""Pressure of one request."""
HALF_LIFE: Final = 3_600
"""Seconds within which pressure halves."""
DOUBLING: Final = 32
"""Requests that double the fee."""
PPM: Final = 10**6


def decayed(pressure: int, passed: int) -> int:
    """What is left of pressure after some seconds."""
    halvings, rest = divmod(passed, HALF_LIFE)
    left = pressure >> halvings
    return left - left * rest // (2 * HALF_LIFE)


def fee_of(base: int, cap: int, pressure: int) -> int:
    """What the next request costs."""
    doublings, rest = divmod(pressure, DOUBLING * ONE)
    whole = base << min(doublings, 96)
    return min(cap, whole + whole * rest // (DOUBLING * ONE))


class Status(IntEnum):
    """Where a forced request stands."""

    UNKNOWN = 0
    PENDING = 1
    SERVED = 2
    DROPPED = 3


@dataclass(frozen=True, slots=True)
class Request:
    """A forced request; one that closes a position names its market."""

    account: int
    owner: int
    requested_at: int
    fee: int
    market: int = 0
    mark: int = 0
    amount: int = 0
    """Quote units that a withdrawal still asks for, at most."""
    held: int = 0
    """Signed size from which the lots of a close are to go."""
    left: int = 0
    """Lots still to close."""
    status: Status = Status.PENDING

    def progressed(self, size: int) -> "Request":
        """The same close, with what the position shrank by since it was looked at."""
        same_side = (size < 0) == (self.held < 0)
        kept = abs(size) if same_side else 0
        return self.reduced(abs(self.held) - kept) if kept < abs(self.held) else self

    def reduced(self, lots: int) -> "Request":
        """The same close, some of its lots on."""
        return replace(self, held=self.held - self.signed(lots), left=max(0, self.left - lots))

    def signed(self, lots: int) -> int:
        """Some of its lots, signed like the position."""
        return -lots if self.held < 0 else lots


NO_REQUEST: Final = Request(0, 0, 0, 0, status=Status.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Maker:
    """A resting order, or a level of a ladder, that takes lots over; `signer` is who signed it."""

    order: Order
    lots: int
    signer: int
    markets: Sequence[int] | None = None
    """Markets of its account's open positions; left out, they are."""


@dataclass(slots=True)
class Standing:
    """An account weighed at the last marks, quote units."""

    account: int
    equity: int
    initial: int
    spare: int
    open: int
    oldest: int = 0
    """The market whose mark grows stale first."""
    fresh_until: int = ALWAYS


@dataclass(slots=True)
class ExitDesk:
    """Requests, fees and used numbers of one desk."""

    window: int
    base_fee: int
    fee_cap: int
    pressure: int = 0
    """As of `seen_at`."""
    seen_at: int = 0
    requests: dict[int, Request] = field(default_factory=dict)
    credits: dict[int, int] = field(default_factory=dict)
    used: set[tuple[int, int]] = field(default_factory=set)

    # Signed requests.

    def request(
        self,
        venue: Venue,
        withdrawal: Withdrawal,
        signer: int,
        owner: int,
        now: int,
        markets: Sequence[int] | None = None,
    ) -> None:
        """Carry a signed withdrawal: `signer` signed it, `owner` owns the account."""
        account, nonce = withdrawal.account, withdrawal.nonce
        if now > withdrawal.deadline:
            raise Refused(Refusal.REQUEST_EXPIRED, account, nonce, withdrawal.deadline)
        if account == VENUE_ACCOUNT or account not in venue.accounts:
            raise Refused(Refusal.DESK_ACCOUNT, account)
        if signer != owner:
            raise Refused(Refusal.REQUEST_SIGNATURE, account, nonce, owner)
        self._check_unused(account, nonce)
        trial = trial_of(venue, [account])
        _check_fresh(weigh(trial, account, markets, now), now)
        trial.request_withdrawal(account, withdrawal.amount, now, markets)
        adopt(venue, trial)
        self.used.add((account, nonce))

    def revoke(self, account: int, nonce: int) -> None:
        """Make a number unusable."""
        self._check_unused(account, nonce)
        self.used.add((account, nonce))

    def _check_unused(self, account: int, nonce: int) -> None:
        if (account, nonce) in self.used:
            raise Refused(Refusal.REQUEST_USED, account, nonce)

    # Fees.

    def fee(self, now: int) -> int:
        """What a forced request costs now."""
        return fee_of(self.base_fee, self.fee_cap, decayed(self.pressure, now - self.seen_at))

    def collect(self, creditor: int) -> int:
        """Pay a credit out."""
        amount = self.credits.pop(creditor, 0)
        if not amount:
            raise Refused(Refusal.DESK_NOTHING, creditor)
        return amount

    def _credit(self, creditor: int, amount: int) -> None:
        if amount:
            self.credits[creditor] = self.credits.get(creditor, 0) + amount

    # Forced requests.

    def force_withdrawal(
        self, venue: Venue, account: int, amount: int, owner: int, paid: int, now: int
    ) -> int:
        """File a forced withdrawal and return its number."""
        _check_account(venue, account)
        if amount == 0:
            raise Refused(Refusal.DESK_AMOUNT)
        most = min(amount, INT56_MAX)
        return self._file(venue, Request(account, owner, now, 0, amount=most), paid, now)

    def force_close(
        self, venue: Venue, account: int, market: int, lots: int, owner: int, paid: int, now: int
    ) -> int:
        """File a forced close and return its number."""
        _check_account(venue, account)
        held = venue.account(account).position(market).size
        if not 0 < lots <= abs(held):
            raise Refused(Refusal.DESK_LOTS, account, market, lots, abs(held))
        mark = venue.market(market).mark
        asked = Request(account, owner, now, 0, market, mark, held=held, left=lots)
        return self._file(venue, asked, paid, now)

    def _file(self, venue: Venue, asked: Request, paid: int, now: int) -> int:
        if not venue.settings.operator:
            raise Refused(Refusal.DESK_FROZEN)
        fee = self.fee(now)
        if paid < fee:
            raise Refused(Refusal.DESK_FEE, paid, fee)
        self._credit(asked.owner, paid - fee)
        self.pressure, self.seen_at = decayed(self.pressure, now - self.seen_at) + ONE, now
        number = len(self.requests) + 1
        self.requests[number] = replace(asked, fee=fee)
        return number

    def drop(self, venue: Venue, request: int, now: int) -> None:
        """Have the owner take a request back; the fee is the operator's, but of a late close."""
        asked = self._pending(request)
        operator = venue.settings.operator
        self.requests[request] = replace(asked, status=Status.DROPPED)
        if asked.market:
            self._pay(request, operator, asked.fee, now)
        else:
            self._credit_part(request, operator or asked.owner, asked.fee)

    def is_overdue(self, asked: Request, now: int) -> bool:
        """Whether the time to serve a request is over."""
        return now >= asked.requested_at + 2 * self.window

    def progress(self, venue: Venue, request: int) -> Request:
        """A forced close as it is now."""
        asked = self.requests.get(request, NO_REQUEST)
        return asked.progressed(venue.held(asked.account).position(asked.market).size)

    def is_ignored(self, venue: Venue, request: int, now: int) -> bool:
        """Whether a close was left undone for twice the window, of an account not bankrupt."""
        asked = self.requests.get(request, NO_REQUEST)
        if asked.status is not Status.PENDING or not asked.market:
            return False
        if not self.is_overdue(asked, now) or self.progress(venue, request).left == 0:
            return False
        return account_of(venue, asked.account, now).equity >= 0

    def acknowledge(self, venue: Venue, requests: Sequence[int], now: int) -> None:
        """Write down how far closes came by what happened elsewhere."""
        for request in requests:
            asked = self.requests.get(request, NO_REQUEST)
            if asked.status is Status.PENDING and asked.market:
                self._keep(request, self.progress(venue, request), venue.settings.operator, now)

    def execute_withdrawal(
        self,
        venue: Venue,
        request: int,
        sender: int,
        now: int,
        markets: Sequence[int] | None = None,
    ) -> int:
        """Queue what the account can spare, as far as it was asked for; return the amount."""
        asked = self._executable(venue, request, sender, now, close=False)
        trial = trial_of(venue, [asked.account])
        spare = weigh(trial, asked.account, markets, now).spare
        if spare <= 0:
            raise Refused(Refusal.REQUEST_NOTHING, request, asked.account, spare)
        amount = min(asked.amount, spare)
        trial.request_withdrawal(asked.account, amount, now, markets, forced=True)
        adopt(venue, trial)
        self._pay(request, sender, asked.fee, now)
        rest = asked.amount - amount if venue.accounts[asked.account].open_markets else 0
        kept = replace(self.requests[request], amount=rest if rest else asked.amount)
        self.requests[request] = kept if rest else replace(kept, status=Status.SERVED)
        return amount

    def execute_close(
        self,
        venue: Venue,
        request: int,
        makers: Sequence[Maker],
        by_fund: int,
        sender: int,
        now: int,
        markets: Sequence[int] | None = None,
    ) -> None:
        """Close against resting orders, then against the fund; all or nothing."""
        asked = self._executable(venue, request, sender, now, close=True)
        trial = trial_of(venue, [asked.account, *(maker.order.account for maker in makers)])
        closing = Closing(self, trial, request, now, markets)
        for maker in makers:
            closing.fill(maker)
        if by_fund:
            closing.hand_to_fund(by_fund)
        adopt(venue, trial)
        left, done = closing.asked.left, closing.done
        if left and done:
            self._pay(request, sender, asked.fee * done // (left + done), now)
        kept = replace(closing.asked, fee=self.requests[request].fee)
        self._keep(request, kept, sender, now)

    def _pending(self, request: int) -> Request:
        asked = self.requests.get(request, NO_REQUEST)
        if asked.status is not Status.PENDING:
            raise Refused(Refusal.REQUEST_NOT_PENDING, request, asked.status)
        return asked

    def _executable(
        self, venue: Venue, request: int, sender: int, now: int, *, close: bool
    ) -> Request:
        asked = self._pending(request)
        if bool(asked.market) != close:
            raise Refused(Refusal.REQUEST_KIND, request)
        if sender != venue.settings.operator:
            self.check_open(request, now)
        return asked

    def check_open(self, request: int, now: int) -> None:
        """Refuse what only the operator may do before the window is over."""
        open_from = self.requests[request].requested_at + self.window
        if now < open_from:
            raise Refused(Refusal.REQUEST_EARLY, request, open_from)

    def _keep(self, request: int, kept: Request, by: int, now: int) -> None:
        if kept.left == 0:
            self._serve(request, by, now)
        elif kept.left != self.requests[request].left:
            self.requests[request] = kept

    def _serve(self, request: int, by: int, now: int) -> None:
        self._pay(request, by, self.requests[request].fee, now)
        self.requests[request] = replace(self.requests[request], status=Status.SERVED)

    def _pay(self, request: int, by: int, part: int, now: int) -> None:
        asked = self.requests[request]
        returned = not by or self.is_overdue(asked, now)
        self._credit_part(request, asked.owner if returned else by, part)

    def _credit_part(self, request: int, to: int, part: int) -> None:
        asked = self.requests[request]
        self.requests[request] = replace(asked, fee=asked.fee - part)
        self._credit(to, part)


class Closing:
    """A forced close while it is worked on, in a venue that is thrown away when it is refused."""

    def __init__(
        self, desk: ExitDesk, venue: Venue, request: int, now: int, markets: Sequence[int] | None
    ) -> None:
        self.desk, self.venue, self.request, self.now = desk, venue, request, now
        self.asked = desk.progress(venue, request)
        self.done = 0
        if self.asked.left == 0:
            raise Refused(Refusal.CLOSE_NOTHING, request)
        account, market = self.asked.account, self.asked.market
        venue.accrue(market, now)
        self.priced: Priced = venue.priced(market, now)
        if now > self.priced.marked_until:
            raise Refused(Refusal.DESK_STALE, account, market, self.priced.marked_until)
        self.standing = weigh(venue, account, markets, now)

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
        taker = weigh(self.venue, order.account, maker.markets, self.now)
        paid = self.asked.signed(lots) * price * self.priced.unit
        self._move(taker, lots, paid, fee_up(abs(paid), self.priced.taker_fee))
        self.venue.set_filled(order.account, order.nonce, filled)

    def hand_to_fund(self, lots: int) -> None:
        """Have the insurance fund take lots over."""
        self._check_lots(lots)
        self.desk.check_open(self.request, self.now)
        market, moved = self.asked.market, self.asked.signed(lots)
        size = self.venue.account(VENUE_ACCOUNT).position(market).size
        if not lowers(size, size + moved):
            need, left = self.priced.initial(size + moved), loss_left(self.venue, market, self.now)
            if left < need:
                raise Refused(Refusal.CLOSE_LOSS_CAP, market, need, left)
        discount = part_up(lots * self.priced.lot_value, self.priced.discount_ppm)
        paid = moved * self.priced.lot_value - discount
        paid = min(paid, moved * self.asked.mark * self.priced.unit)
        self._move(weigh(self.venue, VENUE_ACCOUNT, None, self.now), lots, paid, 0)

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
        low, mark, high = self._bounds()
        if self.asked.held > 0:
            if price < low:
                raise Refused(Refusal.CLOSE_PRICE, price, low, mark)
            return min(price, mark)
        if price > high:
            raise Refused(Refusal.CLOSE_PRICE, price, mark, high)
        return max(price, mark)

    def _bounds(self) -> tuple[int, int, int]:
        mark, ppm = self.priced.mark, self.priced.discount_ppm
        width = mark * self.venue.settings.band_bps // BPS_SCALE
        low, high = div_up(mark * (PPM - ppm), PPM), mark * (PPM + ppm) // PPM
        return max(low, mark - width), mark, min(high, mark + width)

    def _move(self, taker: Standing, lots: int, paid: int, fee: int) -> None:
        account, market, moved = self.asked.account, self.asked.market, self.asked.signed(lots)
        gain = moved * self.priced.lot_value - paid
        self._trade(taker, moved, gain)
        self._trade(self.standing, -moved, -gain - fee)
        self.venue.move(account, taker.account, market, moved, paid, fee, self.now)
        self.asked = self.asked.reduced(lots)
        self.done += lots

    def _trade(self, standing: Standing, traded: int, gain: int) -> None:
        """Weigh one side of a fill, and move its standing on."""
        account, priced = standing.account, self.priced
        before = self.venue.held(account).position(priced.market)
        after = before.size + traded
        standing.equity += gain
        standing.initial += priced.initial(after) - priced.initial(before.size)
        if not lowers(before.size, after):
            self._check_raise(standing, before, after)
        elif standing.equity < 0:
            raise Refused(Refusal.DESK_BANKRUPT, account, standing.equity)

    def _check_raise(self, standing: Standing, before: Position, after: int) -> None:
        account, priced = standing.account, self.priced
        if self.venue.market(priced.market).held:
            raise Refused(Refusal.DESK_HELD, priced.market)
        _check_fresh(standing, self.now)
        cap, most = MOST_TIERS * priced.tier, self.venue.settings.max_markets
        if abs(after) > cap:
            raise Refused(Refusal.DESK_TOO_LARGE, account, priced.market, abs(after), cap)
        if not before.is_open and standing.open >= most:
            raise Refused(Refusal.DESK_TOO_MANY, account, standing.open, most)
        if standing.equity < standing.initial:
            raise Refused(Refusal.DESK_MARGIN, account, standing.equity, standing.initial)


def weigh(venue: Venue, account: int, markets: Sequence[int] | None, now: int) -> Standing:
    """Weigh an account, funding accrued; `markets` names every open position, ascending."""
    held = venue.held(account)
    named = held.open_markets if markets is None else markets
    found = Standing(account, held.collateral, 0, held.collateral, len(held.open_markets))
    for market in each_open(held, named, Refusal.DESK_INCOMPLETE):
        venue.accrue(market, now)
        position, priced = held.positions[market], venue.priced(market, now)
        worth, initial = priced.worth(position), priced.initial(position.size)
        found.equity += worth
        found.initial += initial
        found.spare += (min(0, worth) if position.size else worth) - initial
        if position.size and priced.marked_until < found.fresh_until:
            found.oldest, found.fresh_until = market, priced.marked_until
    return found


def _check_account(venue: Venue, account: int) -> None:
    if account == VENUE_ACCOUNT or account not in venue.accounts:
        raise Refused(Refusal.DESK_ACCOUNT, account)


def _check_fresh(standing: Standing, now: int) -> None:
    if now > standing.fresh_until:
        fresh_until = standing.fresh_until
        raise Refused(Refusal.DESK_STALE, standing.account, standing.oldest, fresh_until)

"""The engine's gate: what the chain would say of a fill, before it is matched.

The gate's view is the venue's state plus the fills applied since, weighed by the functions that
settle batches, so an honest batch has no skipped fill. Equity and margin of an account run along:
a fill costs O(1). Whoever changes the venue calls `rebase`, or `settled` after a batch.

What owners asked for, signed or forced, counts as gone (`Venue.reserves`): whenever it leaves,
every fill still has its margin.

NOTE: what happens between matching and settlement can still make a fill illegal: a mark that moves,
a mark that grows stale, a trading key that is rotated. `lead` seconds of margin cover the expiries
and the age of marks; `rebase` names the fills that the chain would skip now. Leave those out of the
batch and `drop` them: a stale market that they bring along would stop other fills of the account.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from typing import Final, TypeAlias

from penstock import liquidation
from penstock.accounts import CANCELLED, Account
from penstock.events import RejectReason
from penstock.gate import Fault
from penstock.margin import (
    ALWAYS,
    Holding,
    Priced,
    Standing,
    cash,
    hold,
    lowers,
    raised,
    trade,
    weigh,
)
from penstock.messages import Order, Side, Verdict
from penstock.units import UINT32_MAX
from penstock.venue import Venue

Matched: TypeAlias = tuple[Order, Order, int]
"""Maker, taker and lots of a fill."""

MAX_SWEEP: Final = 200
"""Fills of one immediate order: they must all fit one batch."""

_REASONS: Final = {
    Verdict.EXPIRED: RejectReason.EXPIRED,
    Verdict.REPLACED: RejectReason.STALE_EPOCH,
    Verdict.CANCELLED: RejectReason.CANCELLED_EPOCH,
    Verdict.SPENT: RejectReason.STALE_NUMBER,
    Verdict.OVERFILL: RejectReason.NOTHING_LEFT,
    Verdict.TOO_MANY_MARKETS: RejectReason.TOO_MANY_MARKETS,
    Verdict.POSITION_TOO_LARGE: RejectReason.POSITION_TOO_LARGE,
    Verdict.STALE_PRICE: RejectReason.STALE_PRICE,
    Verdict.BELOW_INITIAL_MARGIN: RejectReason.BELOW_INITIAL_MARGIN,
}


@dataclass(slots=True)
class _Seat:
    """An account after the applied fills."""

    account: Account
    standing: Standing
    holdings: dict[int, Holding] = field(default_factory=dict)
    slots: dict[int, tuple[int, int]] = field(default_factory=dict)
    """Slots that applied fills wrote; the others are the account's."""

    def copy(self) -> "_Seat":
        """Copy what a fill may change."""
        standing = replace(self.standing)
        holdings = {m: replace(h, standing=standing) for m, h in self.holdings.items()}
        return _Seat(self.account, standing, holdings, dict(self.slots))

    def slot(self, nonce: int) -> tuple[int, int]:
        """Epoch and filled lots of the slot of a resting nonce."""
        slot = nonce >> 32
        found = self.slots.get(slot)
        return found if found is not None else self.account.slots.get(slot, (0, 0))

    def fault(self, order: Order, size: int, time: int) -> Verdict:
        """Checks of the order alone, as the batch makes them."""
        if time > order.expiry:
            return Verdict.EXPIRED
        if order.liquidation:
            return Verdict.SETTLED
        if order.immediate:
            # A lower number than one that filled may no longer be in the same batch.
            spent = order.nonce <= self.account.nonce or order.nonce < self.standing.nonce
            return Verdict.SPENT if spent else Verdict.SETTLED
        epoch = order.nonce & UINT32_MAX
        highest, filled = self.slot(order.nonce)
        if highest > epoch or (self.account.floored and epoch <= self.account.floor):
            return Verdict.REPLACED
        if highest < epoch:
            filled = 0
        elif filled == CANCELLED:
            return Verdict.CANCELLED
        return Verdict.SETTLED if filled + size <= order.size else Verdict.OVERFILL

    def fill(self, order: Order, size: int) -> None:
        """Remember that `size` lots of the order filled."""
        if order.liquidation:
            return
        if order.immediate:
            self.standing.nonce = max(self.standing.nonce, order.nonce)
            return
        epoch = order.nonce & UINT32_MAX
        highest, filled = self.slot(order.nonce)
        self.slots[order.nonce >> 32] = (epoch, size + (filled if highest == epoch else 0))


class RiskGate:
    """The engine's view of every account: the venue plus the fills applied since.

    `now` is the time of the engine, `lead` how many seconds later a fill is settled at worst.
    """

    __slots__ = (
        *("_due", "_open", "_priced", "_seats", "_sweep", "_swept"),
        *("lead", "now", "pending", "venue"),
    )

    def __init__(self, venue: Venue, now: int = 0, lead: int = 0) -> None:
        self.venue: Venue = venue
        self.lead: Final = lead
        self.now: int = now
        self.pending: list[Matched] = []
        """Fills that were applied and not settled yet, in order."""
        self._seats: dict[int, _Seat] = {}
        self._priced: dict[int, Priced] = {}
        self._open: dict[int, int] = {}
        self._due: int = ALWAYS
        self._sweep: tuple[int, int] = (0, 0)
        self._swept: int = 0
        self.rebase()

    # What the engine asks.

    def admit(self, order: Order) -> RejectReason | None:
        """Say why `order` may not enter matching, or None.

        Margin must bear the whole order, filled at the worst price that it allows.
        """
        reason = self._refuse_unknown(order)
        if reason is not None:
            return reason
        # What reduces only is cut to the position.
        if self._reopens(order, 1 if order.reduce_only else order.size):
            return RejectReason.CLOSE_PENDING
        seat, market = self._seat(order.account), self._market(order.market)
        reason = _REASONS.get(seat.fault(order, 1, self.now + self.lead))
        if reason is None and not order.immediate and not market.low <= order.price <= market.high:
            reason = RejectReason.OUTSIDE_BAND
        return reason or self._admit_margin(order, market)

    def admit_liquidation(self, order: Order) -> RejectReason | None:
        """Say why an account may not be liquidated by `order`, which nobody signed, or None.

        The account must be below its maintenance margin, the mark of the market fresh, the chain
        calm, and the price within the discount. How many lots are needed is asked fill by fill.
        """
        reason = self._refuse_unknown(order)
        if reason is not None:
            return reason
        seat, market = self._seat(order.account), self._market(order.market)
        time, holdings = self.now + self.lead, list(seat.holdings.values())
        if liquidation.is_stale(market, time):
            return RejectReason.STALE_PRICE
        if not liquidation.is_within(order.price, order.buy, market):
            return RejectReason.OUTSIDE_BAND
        if not order.account:
            return None
        calm = self.venue.watch.is_calm(self.now)
        below = liquidation.is_liquidatable(holdings, seat.standing.equity, time)
        return None if calm and below else RejectReason.NOT_LIQUIDATABLE

    def check(self, maker: Order, taker: Order, size: int) -> Fault | None:
        """Say why this fill is not to be, or None. Changes nothing.

        Beyond what the contract would skip: a position that is to be closed is not raised.
        """
        for order, side in ((maker, Side.MAKER), (taker, Side.TAKER)):
            if self._reopens(order, size):
                return Verdict.REDUCE_ONLY, side
        return self.fault(maker, taker, size)

    def fault(self, maker: Order, taker: Order, size: int) -> Fault | None:
        """Say why the contract would skip this fill, or None. Changes nothing."""
        time = self.now + self.lead
        for order, side in ((maker, Side.MAKER), (taker, Side.TAKER)):
            verdict = self._seat(order.account).fault(order, size, time)
            if verdict is not Verdict.SETTLED:
                return verdict, side
        if taker.immediate and self._swept >= MAX_SWEEP and _sweep_of(taker) == self._sweep:
            return Verdict.OVERFILL, Side.NONE
        market = self._market(maker.market)
        if not market.low <= maker.price <= market.high:
            # A maker that the mark has left behind must go, or it would stop every taker.
            return Verdict.OUTSIDE_BAND, Side.MAKER
        if taker.liquidation:
            _, verdict, side = self._weigh_forced(maker, taker, size)
            return None if verdict is Verdict.SETTLED else (verdict, side)
        fault = self._check_margin(maker, taker, size, market)
        if fault is None and self._fills_market(maker, taker, size, market):
            # Nobody's fault: a batch that leaves more open than the cap would revert.
            return Verdict.POSITION_TOO_LARGE, Side.NONE
        return fault

    def rehearse(self, taker: Order, makers: list[tuple[Order, int]]) -> tuple[int, Fault] | None:
        """Check fills one after the other as if each had happened, and leave no trace."""
        accounts = {taker.account, *(maker.account for maker, _ in makers)}
        saved = {account: self._seat(account).copy() for account in accounts}
        sweep, interest = (self._sweep, self._swept), dict(self._open)
        try:
            for index, (maker, size) in enumerate(makers):
                fault = self.check(maker, taker, size)
                if fault is not None:
                    return index, fault
                self._take(maker, taker, size)
            return None
        finally:
            self._seats.update(saved)
            (self._sweep, self._swept), self._open = sweep, interest

    def apply(self, maker: Order, taker: Order, size: int) -> None:
        """Take a checked fill into the positions of both sides."""
        self.pending.append((maker, taker, size))
        self._take(maker, taker, size)

    def position(self, account: int, market: int) -> int:
        """Read the position of an account after all applied fills."""
        if account not in self.venue.accounts:
            return 0
        holding = self._seat(account).holdings.get(market)
        return holding.size if holding is not None else 0

    def equity(self, account: int) -> int:
        """Read the equity of an account after all applied fills."""
        return self._seat(account).standing.equity

    def margin(self, account: int) -> int:
        """Read the initial margin of an account after all applied fills."""
        return self._seat(account).standing.margin

    def withdrawable(self, account: int) -> int:
        """Read what of an account is money after all applied fills, quote units.

        Equity above initial margin without the profit of open positions and what was asked for.
        """
        seat = self._seat(account)
        standing, open_ = seat.standing, (h for h in seat.holdings.values() if h.size)
        profit = sum(max(0, h.quote + h.size * h.market.lot_value) for h in open_)
        return standing.equity - standing.margin - profit - standing.reserved

    # What happens to the venue.

    def advance(self, now: int) -> list[int]:
        """Let time pass; funding that falls due rebases the gate. Returns what `rebase` does."""
        self.now = now
        return self.rebase() if now >= self._due else []

    def settled(self, fills: int) -> list[int]:
        """Forget the first `fills` applied fills: the venue has settled (or skipped) them."""
        del self.pending[:fills]
        return self.rebase()

    def restart(self, venue: Venue, pending: Iterable[Matched]) -> list[int]:
        """Begin again from a venue that has not settled these fills. Returns what `rebase` does."""
        self.venue, self.pending = venue, list(pending)
        return self.rebase()

    def drop(self, fills: Collection[int]) -> None:
        """Forget pending fills, by index, that will not be settled."""
        dropped = set(fills)
        self.pending = [fill for i, fill in enumerate(self.pending) if i not in dropped]
        self.rebase()

    def rebase(self) -> list[int]:
        """Start again from the venue and apply what is pending.

        Returns the indexes of the pending fills that the chain would skip as things stand; the view
        leaves them out. Without them, all others settle.
        """
        self._seats, self._priced, self._open = {}, {}, {}
        markets = self.venue.markets.values()
        ends = (market.due_at for market in markets)
        self._due = min((end for end in ends if end > self.now), default=ALWAYS)
        self._sweep, self._swept = (0, 0), 0
        return [index for index, fill in enumerate(self.pending) if not self._replay(*fill)]

    def _replay(self, maker: Order, taker: Order, size: int) -> bool:
        # What was matched before a close was asked for is not taken back.
        if self.fault(maker, taker, size) is not None:
            return False
        self._take(maker, taker, size)
        return True

    # The running state.

    def _seat(self, account: int) -> _Seat:
        """Look up the running state of an account, or take it from the venue."""
        seat = self._seats.get(account)
        return seat if seat is not None else self._sit(account)

    def _sit(self, number: int) -> _Seat:
        account = self.venue.held(number)
        markets = account.open_markets
        standing = Standing(number, account.collateral, opened=len(markets), nonce=account.nonce)
        standing.reserved = self.venue.reserves.of(number)
        seat = self._seats[number] = _Seat(account, standing)
        for number_ in markets:
            market = self._market(number_)
            seat.holdings[number_] = hold(standing, market, account.positions[number_])
            standing.fresh_until = min(standing.fresh_until, market.fresh_until)
        return seat

    def _market(self, number: int) -> Priced:
        priced = self._priced.get(number)
        if priced is None:
            priced = self._priced[number] = self.venue.priced(number, self.now)
        return priced

    def _holding(self, account: int, market: Priced) -> Holding:
        seat = self._seat(account)
        holding = seat.holdings.get(market.market)
        if holding is None:
            holding = seat.holdings[market.market] = Holding(seat.standing, market)
        return holding

    def _refuse_unknown(self, order: Order) -> RejectReason | None:
        """Refuse an account or a market that is not there, or has no mark yet."""
        if order.account not in self.venue.accounts or not self._seat(order.account).account.signer:
            return RejectReason.UNKNOWN_ACCOUNT
        if order.market not in self.venue.markets:
            return RejectReason.UNKNOWN_MARKET
        return None if self._market(order.market).mark else RejectReason.STALE_PRICE

    def _reopens(self, order: Order, size: int) -> bool:
        """Whether it would not lower a position whose owner asked to be out of it."""
        account, market = order.account, order.market
        if not self.venue.reserves.is_closing(account, market):
            return False
        held = self.position(account, market)
        return not lowers(held, held + (size if order.buy else -size))

    def _admit_margin(self, order: Order, market: Priced) -> RejectReason | None:
        if order.reduce_only:
            return None
        # No fill is worse than the order's limit, nor worse than the band.
        price = min(order.price, market.high) if order.buy else max(order.price, market.low)
        return _REASONS.get(self._weigh(order, order.size, price, market, maker=False))

    def _check_margin(self, maker: Order, taker: Order, size: int, market: Priced) -> Fault | None:
        verdict = self._weigh(maker, size, maker.price, market, maker=True)
        if verdict is not Verdict.SETTLED:
            return verdict, Side.MAKER
        verdict = self._weigh(taker, size, maker.price, market, maker=False)
        return (verdict, Side.TAKER) if verdict is not Verdict.SETTLED else None

    def _weigh(
        self, order: Order, size: int, price: int, market: Priced, *, maker: bool
    ) -> Verdict:
        lots = size if order.buy else -size
        paid = cash(price, lots, market, maker=maker)
        limit, time = self.venue.settings.max_markets, self.now + self.lead
        side = self._holding(order.account, market)
        return weigh(side, lots, paid, order.reduce_only, limit, time)

    def _weigh_forced(
        self, maker: Order, taker: Order, size: int
    ) -> tuple[liquidation.Terms, Verdict, Side]:
        market, limit = self._market(maker.market), self.venue.settings.max_markets
        sides = self._holding(maker.account, market), self._holding(taker.account, market)
        bought, time = (size if taker.buy else -size), self.now + self.lead
        stale = liquidation.stale_margin(self._seat(taker.account).holdings.values(), time)
        terms = (*sides, maker.price, bought)
        return liquidation.weigh_forced(*terms, maker.reduce_only, limit, time, stale)

    def _paid(self, maker: Order, taker: Order, size: int, market: Priced) -> tuple[int, int]:
        """What maker and taker pay, fee or penalty included; negative: they receive."""
        if taker.liquidation:
            return self._weigh_forced(maker, taker, size)[0]
        bought = size if taker.buy else -size
        got = cash(maker.price, -bought, market, maker=True)
        return got, cash(maker.price, bought, market, maker=False)

    def _fills_market(self, maker: Order, taker: Order, size: int, market: Priced) -> bool:
        """Whether a fill leaves more lots open than before, and than the cap."""
        grown = self._grown(maker, taker, size, market)
        limits = self.venue.markets[market.market].listing.limits
        return grown > 0 and self._interest(market) + grown > limits.open_interest_cap

    def _grown(self, maker: Order, taker: Order, size: int, market: Priced) -> int:
        sides = ((order, size if order.buy else -size) for order in (maker, taker))
        return sum(raised(self._holding(o.account, market).size, lots) for o, lots in sides) - size

    def _interest(self, market: Priced) -> int:
        """Lots that are open after the applied fills."""
        found = self._open.get(market.market)
        return self.venue.markets[market.market].open_interest if found is None else found

    def _take(self, maker: Order, taker: Order, size: int) -> None:
        market = self._market(maker.market)
        grown = self._grown(maker, taker, size, market)
        self._open[market.market] = self._interest(market) + grown
        amounts = self._paid(maker, taker, size, market)
        for order, paid in zip((maker, taker), amounts, strict=True):
            lots = size if order.buy else -size
            trade(self._holding(order.account, market), lots, paid)
            self._seat(order.account).fill(order, size)
        if taker.immediate:
            sweep = _sweep_of(taker)
            self._swept = self._swept + 1 if sweep == self._sweep else 1
            self._sweep = sweep


def _sweep_of(order: Order) -> tuple[int, int]:
    return order.account, order.nonce

"""Commands in, events out: price-time matching over several markets (pure, no clock, no I/O).

The engine is a function of its command log: same log, same events, same state. Time comes with each
command. Nonces follow docs/batch.md and are checked before anything is matched, so that the
chain, looking at the same fills in the same order, finds nothing to skip.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from hashlib import blake2b
from typing import Final

from penstock.book import CANCELLED, Book, BookSide, Slot, remove
from penstock.commands import (
    Advance,
    Command,
    Direction,
    Group,
    Liquidate,
    Mark,
    Place,
    PlaceLadder,
    PlaceTrigger,
    RaiseFloor,
    Refresh,
    SelfTrade,
    TriggerCommand,
    Withdraw,
    WithdrawAll,
    WithdrawTrigger,
)
from penstock.errors import EngineError
from penstock.events import (
    Accepted,
    Cancelled,
    CancelReason,
    Event,
    Expired,
    Rejected,
    RejectReason,
    Triggered,
    Waiting,
)
from penstock.expiry import Expiries
from penstock.gate import Gate
from penstock.ladders import Ladders
from penstock.matcher import Matcher, end
from penstock.messages import SLOTS, Cancel, Order, SignedLadder, SignedOrder
from penstock.nonces import Nonces
from penstock.pace import Liquidations, Pace, forced_order
from penstock.takers import Takers
from penstock.triggers import MAX_WAITING, Held, Triggers, is_waiting
from penstock.units import UINT32_MAX

# NOTE: Python 3.11 takes 200 ns to look up a member of an enum, more than a cancel's queue work.
_REQUESTED: Final = CancelReason.REQUESTED
NO_PACES: Final[Mapping[int, Pace]] = {}


class Engine:
    """The books of all markets, the order slots of all accounts, and the rules between them.

    Every command returns what happened, in order. A command whose time goes back raises
    EngineError; nothing that a trader can sign raises.
    """

    __slots__ = (
        "_books",
        "_expiries",
        "_floors",
        "_gate",
        "_laddered",
        "_ladders",
        "_liquidations",
        "_matcher",
        "_nonces",
        "_slots",
        "_takers",
        "_triggers",
        "now",
    )

    def __init__(
        self,
        gate: Gate,
        markets: Iterable[int],
        *,
        max_waiting: int = MAX_WAITING,
        paces: Mapping[int, Pace] = NO_PACES,
    ) -> None:
        """Open empty books. An account may have `max_waiting` orders waiting for a mark.

        `paces` says by market how fast it may be liquidated. Raises RangeError for a bad one.
        """
        self.now: int = 0
        self._gate: Final = gate
        self._matcher: Final = Matcher(gate)
        self._books: Final = {market: Book(market) for market in markets}
        self._slots: Final = defaultdict[int, Slot](Slot)
        self._nonces: Final = Nonces(self._matcher)
        self._floors: Final = self._nonces.floors
        self._expiries: Final = Expiries()
        self._ladders: Final = Ladders(self._slots)
        self._triggers: Final = Triggers(max_waiting)
        self._liquidations: Final = Liquidations(self._books, paces)
        rules = (self._nonces, self._triggers, self._liquidations)
        self._takers: Final = Takers(gate, self._matcher, *rules)
        # Without a ladder there is nothing to look after but the order's own slot.
        self._laddered: bool = False

    def execute(self, command: Command) -> list[Event]:
        """Carry out one entry of a command log."""
        now = command.now
        match command:
            case Place(order=order, all_or_none=all_or_none, self_trade=mode):
                return self.place(order, now, all_or_none, mode)
            case PlaceLadder(ladder=ladder, self_trade=mode):
                return self.place_ladder(ladder, now, mode)
            case PlaceTrigger() | Mark() | WithdrawTrigger() | Liquidate():
                return self._execute_other(command)
            case Withdraw(cancel=cancel):
                return self.cancel(cancel, now)
            case WithdrawAll(account=account):
                return self.cancel_all(account, now)
            case RaiseFloor(account=account, floor=floor, number=number):
                return self.raise_floor(account, floor, number, now)
            case Refresh(account=account, market=market):
                return self.refresh(account, market, now)
            case Group(account=account, owner=owner):
                return self.group(account, owner, now)
            case Advance():
                return self.advance(now)

    def place(
        self,
        signed: SignedOrder,
        now: int,
        all_or_none: bool = False,
        self_trade: SelfTrade = SelfTrade.CANCEL_OLDEST,
    ) -> list[Event]:
        """Match an order and let the rest of a resting one rest.

        Levels of a ladder come through `place_ladder`.
        """
        # NOTE: one long function because it is the hot path of a maker; calls would cost a tenth.
        out: list[Event] = []
        if now != self.now:
            self._advance(now, out)
        order = signed.order
        book = self._books.get(order.market)
        if book is None or order.immediate or all_or_none or order.expiry < now:
            return self._place_other(book, signed, all_or_none, self_trade, out)
        nonce = order.nonce
        key = order.account << 8 | nonce >> 32
        slot = self._slots[key]
        left = order.size
        reason = None
        if nonce <= slot.nonce or order.reduce_only or self._floors or not left:
            left, reason = self._nonces.limit(order, slot)
        own, other = book.sides[order.buy]
        limit = order.price if order.buy else -order.price
        crosses = other.best <= limit
        reason = reason or self._gate.admit(order)
        if reason or (crosses and order.post_only):
            out.append(Rejected(signed, reason or RejectReason.WOULD_CROSS))
            return out
        if slot.level is not None or self._laddered:
            self._ladders.replace(slot, signed.ladder, out)
        # The same epoch comes back when the engine took it out; its fills count on.
        if nonce != slot.nonce:
            slot.nonce = nonce
            slot.filled = 0
        slot.signed = signed
        out.append(Accepted(signed, left))
        if crosses:
            left = self._take(slot, other, limit, left, self_trade, out)
        if left:
            own.add(slot, -limit, left)
            if slot.expiry != order.expiry or order.reduce_only:
                self._watch(slot, order)
        return out

    def place_ladder(
        self,
        signed: SignedLadder,
        now: int,
        self_trade: SelfTrade = SelfTrade.CANCEL_OLDEST,
    ) -> list[Event]:
        """Place the levels one after the other; each is accepted or rejected on its own.

        The first one that is accepted takes all the ladder's slots: whatever else rests in them
        goes before anything matches, other ladders as a whole. A ladder is refused as a whole when
        one of its slots has seen a higher epoch.
        """
        out = self.advance(now)
        levels = signed.levels()
        self._laddered = True
        if self._ladders.is_stale(signed.ladder):
            out += [Rejected(level, RejectReason.STALE_EPOCH) for level in levels]
            return out
        for level in levels:
            out += self.place(level, now, False, self_trade)
        return out

    def place_trigger(
        self,
        signed: SignedOrder,
        trigger_price: int,
        direction: Direction,
        now: int,
        all_or_none: bool = False,
        self_trade: SelfTrade = SelfTrade.CANCEL_OLDEST,
    ) -> list[Event]:
        """Hold an order back until the mark crosses `trigger_price`, then place it.

        A mark that stands there already lets it go at once. A resting order takes its slot while it
        waits, as if it rested. The gate is asked when the order is let go, and not before.
        """
        out = self.advance(now)
        slot, left, reason = self._home(signed.order, all_or_none)
        held = Held(slot, signed, trigger_price, direction, all_or_none, self_trade)
        mark = self._triggers.met(held)
        if reason is None and mark:
            self._let_go(held, mark, out)
            return out
        if reason is None and self._triggers.is_full(signed.order):
            reason = RejectReason.TOO_MANY_TRIGGERS
        if reason is None:
            self._wait(held, left, out)
        else:
            out.append(Rejected(signed, reason))
        return out

    def mark(self, market: int, mark: int, now: int) -> list[Event]:
        """Move a mark, in ticks, and place what waited for it, the nearest trigger first.

        Fills do not move the mark, so what is placed lets nothing else go. Raises EngineError for
        a market that the engine does not hold, or a mark below one tick.
        """
        self.book(market)
        if mark < 1:
            raise EngineError(f"mark of market {market} is {mark}, but it must be at least 1 tick")
        out = self.advance(now)
        self._triggers.move(market, mark)
        while (held := self._triggers.pop(market)) is not None:
            self._let_go(held, mark, out)
        return out

    def liquidate(self, account: int, market: int, lots: int, price: int, now: int) -> list[Event]:
        """Take lots off a position at `price` (ticks) or better, without the trader's signature.

        First go the account's orders in that market, so that it cannot meet itself, and all others
        that could raise its risk. Raises EngineError for a market that the engine does not hold,
        or a price that no order can have.
        """
        book = self.book(market)
        if not 1 <= price <= UINT32_MAX:
            raise EngineError(f"price is {price}, but it must be from 1 to {UINT32_MAX} ticks")
        out = self.advance(now)
        position = self._gate.position(account, market)
        size, number = min(lots, abs(position) or lots), self._liquidations.next_number()
        signed = forced_order(account, market, position < 0, size, price, number)
        reason = self._takers.refuse_liquidation(signed.order)
        if reason is not None:
            out.append(Rejected(signed, reason))
            return out
        end(self._risky(account, market), CancelReason.LIQUIDATED, out)
        self._takers.liquidate(book, signed.order, now, out)
        return out

    def cancel_trigger(self, account: int, number: int, now: int) -> list[Event]:
        """End the immediate order that waits under a number, if one does."""
        out = self.advance(now)
        end(self._triggers.numbered(account, number, number), _REQUESTED, out)
        return out

    def cancel(self, cancel: Cancel, now: int) -> list[Event]:
        """Kill an epoch and all below it in its slot, whether an order rests there or not."""
        out: list[Event] = []
        if now != self.now:
            self._advance(now, out)
        nonce = cancel.nonce
        key = cancel.account << 8 | nonce >> 32
        slot = self._slots[key]
        if nonce < slot.nonce:
            out.append(Rejected(cancel, RejectReason.STALE_EPOCH))
            return out
        if slot.level is not None:
            remove(slot)
            out.append(Cancelled(slot.signed, slot.left, _REQUESTED))
        slot.nonce = nonce
        slot.filled = CANCELLED
        return out

    def cancel_all(self, account: int, now: int) -> list[Event]:
        """End all resting and waiting orders of an account; their nonces stay usable."""
        return self._cancel_up_to(account, UINT32_MAX, UINT32_MAX, now)

    def raise_floor(self, account: int, floor: int, number: int, now: int) -> list[Event]:
        """Kill epochs up to `floor` and immediate numbers up to `number`, as the chain has done."""
        self._nonces.lift(account, floor, number)
        return self._cancel_up_to(account, floor, number, now)

    def refresh(self, account: int, market: int, now: int) -> list[Event]:
        """Trim reduce-only orders after a position changed outside of matching."""
        out = self.advance(now)
        self._matcher.trim(account, market, out)
        return out

    def group(self, account: int, owner: int, now: int) -> list[Event]:
        """Treat `account` and account number `owner` as one owner in self-trade prevention."""
        out = self.advance(now)
        self._matcher.group(account, owner)
        return out

    def advance(self, now: int) -> list[Event]:
        """Let time pass. Orders live up to and including their expiry second."""
        out: list[Event] = []
        if now != self.now:
            self._advance(now, out)
        return out

    def book(self, market: int) -> Book:
        """Show a market's book. Raises EngineError when the engine does not hold it."""
        book = self._books.get(market)
        if book is None:
            raise EngineError(f"market is {market}, but the engine holds {sorted(self._books)}")
        return book

    def markets(self) -> list[int]:
        """List the markets, ascending."""
        return sorted(self._books)

    def slots(self, account: int) -> list[tuple[int, Slot]]:
        """List the slots that an account has used, by number."""
        found = ((n, self._slots.get(account << 8 | n)) for n in range(SLOTS))
        return [(n, slot) for n, slot in found if slot is not None]

    def is_resting(self, account: int, nonce: int) -> bool:
        """Say whether the resting order with this nonce stands in a book now."""
        slot = self._slots.get(account << 8 | nonce >> 32)
        if slot is None or slot.level is None or is_waiting(slot):
            return False
        return slot.signed.order.nonce == nonce

    def fingerprint(self) -> str:
        """Hash the whole state: equal logs give equal fingerprints on any machine."""
        digest = blake2b(digest_size=16)
        digest.update(repr((self.now, sorted(self._nonces.numbers.items()))).encode())
        digest.update(repr(sorted(self._floors.items())).encode())
        digest.update(repr(self._triggers.state()).encode())
        digest.update(repr(self._liquidations.state(self.now)).encode())
        for key in sorted(self._slots):
            slot = self._slots[key]
            digest.update(repr((key, slot.epoch, slot.filled)).encode())
        for market in sorted(self._books):
            book = self._books[market]
            for side in (book.bids, book.asks):
                queue = [(s.signed.order.key, s.left) for s in side.queue(UINT32_MAX)]
                digest.update(repr((market, queue)).encode())
        return digest.hexdigest()

    def _place_other(
        self,
        book: Book | None,
        signed: SignedOrder,
        all_or_none: bool,
        mode: SelfTrade,
        out: list[Event],
    ) -> list[Event]:
        """Place what does not rest: immediate orders, and those that cannot be placed at all."""
        reason: RejectReason | None
        if book is None:
            reason = RejectReason.UNKNOWN_MARKET
        elif signed.order.expiry < self.now:
            reason = RejectReason.EXPIRED
        elif signed.order.immediate:
            reason = self._takers.place(book, signed, all_or_none, mode, out)
        else:
            reason = RejectReason.NOT_IMMEDIATE
        if reason is not None:
            out.append(Rejected(signed, reason))
        return out

    def _risky(self, account: int, market: int) -> list[Slot]:
        """Find what must go before an account is liquidated in a market."""
        slots = [slot for _, slot in self.slots(account) if slot.level is not None]
        slots += self._triggers.numbered(account, 0, UINT32_MAX)
        return [
            slot
            for slot in slots
            if not slot.signed.order.reduce_only
            or (slot.signed.order.market == market and not is_waiting(slot))
        ]

    def _execute_other(self, command: TriggerCommand | Liquidate) -> list[Event]:
        now = command.now
        match command:
            case PlaceTrigger(order=order, trigger_price=price, direction=direction):
                options = (command.all_or_none, command.self_trade)
                return self.place_trigger(order, price, direction, now, *options)
            case Mark(market=market, mark=mark):
                return self.mark(market, mark, now)
            case WithdrawTrigger(account=account, number=number):
                return self.cancel_trigger(account, number, now)
            case Liquidate(account=account, market=market, lots=lots, price=price):
                return self.liquidate(account, market, lots, price, now)

    def _home(self, order: Order, all_or_none: bool) -> tuple[Slot, int, RejectReason | None]:
        """Find where an order may wait and with how many lots, or why it may not wait."""
        if order.immediate:
            slot, left = Slot(), order.size
            reason = self._nonces.limit_immediate(order)[1]
            if self._triggers.numbered(order.account, order.nonce, order.nonce):
                reason = reason or RejectReason.DUPLICATE
        else:
            slot = self._slots[order.account << 8 | order.nonce >> 32]
            left = order.size - (slot.filled if order.nonce == slot.nonce else 0)
            reason = self._nonces.limit(order, slot)[1]
            reason = RejectReason.NOT_IMMEDIATE if all_or_none else reason
        if order.market not in self._books:
            reason = RejectReason.UNKNOWN_MARKET
        elif order.expiry < self.now:
            reason = RejectReason.EXPIRED
        return slot, left, reason

    def _wait(self, held: Held, left: int, out: list[Event]) -> None:
        slot, order = held.slot, held.signed.order
        if not order.immediate:
            self._ladders.replace(slot, None, out)
        if order.nonce != slot.nonce:
            slot.nonce, slot.filled = order.nonce, 0
        self._triggers.add(held, left)
        self._watch(slot, order)
        out.append(Waiting(held.signed, left, held.trigger_price, held.direction))

    def _let_go(self, held: Held, mark: int, out: list[Event]) -> None:
        out.append(Triggered(held.signed, mark))
        out += self.place(held.signed, self.now, held.all_or_none, held.self_trade)

    def _take(
        self,
        slot: Slot,
        other: BookSide,
        limit: int,
        size: int,
        mode: SelfTrade,
        out: list[Event],
    ) -> int:
        """Match a resting order that crosses. Returns what is to rest, in lots."""
        left, stop = self._matcher.match(other, limit, slot.signed, size, mode, out)
        slot.filled += size - left
        if stop is not None:
            out.append(stop)
            return 0
        return left

    def _watch(self, slot: Slot, order: Order) -> None:
        if slot.expiry != order.expiry:
            self._expiries.add(slot, order.expiry)
        if order.reduce_only:
            self._matcher.watch(slot, order)

    def _cancel_up_to(self, account: int, epoch: int, number: int, now: int) -> list[Event]:
        out = self.advance(now)
        found = [slot for _, slot in self.slots(account) if slot.epoch <= epoch]
        found += self._triggers.numbered(account, 0, number)
        end(found, CancelReason.CANCELLED_ALL, out)
        return out

    def _advance(self, now: int, out: list[Event]) -> None:
        if now < self.now:
            raise EngineError(
                f"time is {now}, but it was {self.now} already; keep the log in order"
            )
        self.now = now
        for slot in self._expiries.before(now):
            # An order that was quoted back and forth can stand in one bucket twice.
            if slot.level is not None:
                remove(slot)
                out.append(Expired(slot.signed, slot.left))

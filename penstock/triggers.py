"""Orders that wait for the mark: a book beside the book, which nobody can trade with (pure).

A waiting order stands in its slot as a resting one does, but its level belongs to a `Queue`, keyed
by trigger price. So whatever ends a resting order (cancel, replacement, expiry, floor, a position
that is gone) ends a waiting one by the same code, and both kinds have price-time order:

    the mark rises to m   at_or_above: trigger prices up to m, lowest first, then first come
    the mark falls to m   at_or_below: trigger prices down to m, highest first, then first come

That is the order in which a mark that moved tick by tick would have met them. The first mark of a
market came from nowhere: it lets those at or above go first.
"""

from typing import Final, NamedTuple

from penstock.book import BookSide, Slot, remove
from penstock.commands import Direction, SelfTrade
from penstock.messages import Order, SignedOrder
from penstock.units import UINT32_MAX

MAX_WAITING: Final = 32
"""Orders of one account that may wait at a time, all markets together."""


class Queue(BookSide):
    """Waiting orders of one market and direction. The trigger met first has the lowest key."""

    __slots__ = ()


class Held(NamedTuple):
    """An order that waits in `slot`, and how it is to be placed once the mark is there."""

    slot: Slot
    signed: SignedOrder
    trigger_price: int
    direction: Direction
    all_or_none: bool
    self_trade: SelfTrade

    def is_met(self, mark: int) -> bool:
        """Say whether this mark lets the order go."""
        if self.direction is Direction.AT_OR_ABOVE:
            return mark >= self.trigger_price
        return mark <= self.trigger_price


class Triggers:
    """The orders of all accounts that wait, and the marks that they wait for.

    A resting order waits in its own slot; an immediate one, which has none, in a slot made for it.
    """

    __slots__ = ("_held", "_limit", "_marks", "_queues")

    def __init__(self, limit: int) -> None:
        self._limit: Final = limit
        self._marks: Final[dict[int, int]] = {}
        self._queues: Final[dict[int, tuple[Queue, Queue]]] = {}
        # By account and place. Who went away otherwise is forgotten when the account comes again.
        self._held: Final[dict[int, dict[int, Held]]] = {}

    def met(self, held: Held) -> int:
        """Read the mark that lets the order go at once; 0 when there is none and it must wait."""
        mark = self._marks.get(held.signed.order.market, 0)
        return mark if mark and held.is_met(mark) else 0

    def is_full(self, order: Order) -> bool:
        """Say whether the account has as many orders waiting as it may, without this place."""
        held = self._of(order.account)
        return len(held) - (place(order) in held) >= self._limit

    def add(self, held: Held, left: int) -> None:
        """Let an order with `left` lots wait, as the last one at its trigger price."""
        rising = held.direction is Direction.AT_OR_ABOVE
        key = held.trigger_price if rising else -held.trigger_price
        order = held.signed.order
        queues = self._queues.setdefault(order.market, (Queue(), Queue()))
        held.slot.signed = held.signed
        queues[not rising].add(held.slot, key, left)
        self._held.setdefault(order.account, {})[place(order)] = held

    def move(self, market: int, mark: int) -> None:
        """Set the mark of a market, in ticks."""
        self._marks[market] = mark

    def pop(self, market: int) -> Held | None:
        """Give up the next order whose trigger the mark has met, or None."""
        mark = self._marks[market]
        for queue, limit in zip(self._queues.get(market, ()), (mark, -mark), strict=False):
            if queue.top is not None and queue.best <= limit:
                slot = queue.top.head
                assert slot is not None, "the best level holds an order"
                remove(slot)
                order = slot.signed.order
                return self._held[order.account].pop(place(order))
        return None

    def numbered(self, account: int, first: int, last: int) -> list[Slot]:
        """List the waiting immediate orders of an account by number, from `first` to `last`."""
        held = self._of(account)
        return [held[at].slot for at in sorted(held, reverse=True) if first <= ~at <= last]

    def state(self) -> list[tuple[object, ...]]:
        """List everything that decides what happens next: marks, then who waits, in turn."""
        found: list[tuple[object, ...]] = sorted(self._marks.items())
        for market in sorted(self._queues):
            for queue in self._queues[market]:
                found += [self._describe(slot) for slot in queue.queue(UINT32_MAX)]
        return found

    def _describe(self, slot: Slot) -> tuple[object, ...]:
        order = slot.signed.order
        held = self._held[order.account][place(order)]
        options = (held.all_or_none, int(held.self_trade), slot.left)
        return order.key, held.trigger_price, held.direction.value, *options

    def _of(self, account: int) -> dict[int, Held]:
        """Look up what waits, and forget what does not wait any more."""
        held = self._held.get(account, {})
        if not held:
            return held
        held = {at: one for at, one in held.items() if is_waiting(one.slot)}
        if held:
            self._held[account] = held
        else:
            del self._held[account]
        return held


def place(order: Order) -> int:
    """Where an order waits among those of its account: its slot, or below zero its number."""
    return ~order.nonce if order.immediate else order.nonce >> 32


def is_waiting(slot: Slot) -> bool:
    """Say whether the order in a slot waits for a mark and does not rest in a book."""
    return slot.level is not None and isinstance(slot.level.side, Queue)

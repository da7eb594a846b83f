"""One market's price-time book: levels of queues, two sides (pure).

A side keys its levels so that the best price is always the lowest key: asks by price, bids by
minus price. A taker crosses a level when the level's key is at most the taker's key on that side.
"""

from collections.abc import Iterator
from heapq import heapify, heappop, heappush
from typing import Final

from penstock.messages import SignedLadder, SignedOrder
from penstock.units import UINT32_MAX

CANCELLED: Final = UINT32_MAX
"""The `filled` of a cancelled epoch, here as in the chain's slot word."""

NONE: Final = 2**33
"""The best key of an empty side: no limit reaches it."""


class Slot:
    """One order slot of one account, twin of the chain's slot word, and a link of its queue.

    It outlives its orders: `nonce`, the highest one seen, and `filled` (lots) are remembered for
    ever. `signed`, `left` (lots) and `expiry` (seconds) mean something only while an order rests,
    that is has a `level`. `ladder` holds the slot, also when none of its own levels rests there.
    """

    __slots__ = ("expiry", "filled", "ladder", "left", "level", "next", "nonce", "prev", "signed")

    signed: SignedOrder
    left: int

    def __init__(self) -> None:
        self.nonce: int = 0
        self.filled: int = 0
        self.expiry: int = -1
        self.ladder: SignedLadder | None = None
        self.level: Level | None = None
        self.prev: Slot | None = None
        self.next: Slot | None = None

    @property
    def epoch(self) -> int:
        """The highest epoch that the slot has seen."""
        return self.nonce & UINT32_MAX


class Level:
    """The orders at one price, first in, first out."""

    __slots__ = ("head", "key", "side", "tail")

    def __init__(self, key: int, side: "BookSide") -> None:
        self.key: Final = key
        self.side: Final = side
        self.head: Slot | None = None
        self.tail: Slot | None = None


class BookSide:
    """All levels of one side. `top` is the best level that holds an order, `best` its key.

    The heap holds each key of the levels exactly once. Emptied levels stay until they reach the
    top of the heap: prices come and go far more often than new ones are seen.
    """

    __slots__ = ("_heap", "_levels", "_limit", "best", "top")

    def __init__(self) -> None:
        self.best: int = NONE
        self.top: Level | None = None
        self._levels: dict[int, Level] = {}
        self._heap: list[int] = []
        self._limit: int = 1024

    def add(self, slot: Slot, key: int, left: int) -> None:
        """Queue `slot` with `left` lots as the last one of its level."""
        level = self._levels.get(key)
        if level is None:
            level = self._open(key)
        tail = level.tail
        if tail is None:
            level.head = slot
            if key < self.best:
                self.best = key
                self.top = level
        else:
            tail.next = slot
            slot.prev = tail
        level.tail = slot
        slot.level = level
        slot.left = left

    def drop_top(self) -> None:
        """Go on to the next level that holds an order; the top one no longer does."""
        heap = self._heap
        levels = self._levels
        while heap:
            level = levels[heap[0]]
            if level.head is not None:
                self.best = level.key
                self.top = level
                return
            del levels[heappop(heap)]
        self.best = NONE
        self.top = None

    def queue(self, limit: int) -> Iterator[Slot]:
        """Walk the orders in the order in which a taker with key `limit` would meet them."""
        for key in sorted(self._levels):
            if key > limit:
                return
            slot = self._levels[key].head
            while slot is not None:
                yield slot
                slot = slot.next

    def depth(self, count: int) -> list[tuple[int, int]]:
        """Show the best `count` levels as (price in ticks, lots)."""
        levels: list[tuple[int, int]] = []
        for key in sorted(self._levels):
            if len(levels) == count:
                break
            lots = _lots(self._levels[key])
            if lots:
                levels.append((abs(key), lots))
        return levels

    def _open(self, key: int) -> Level:
        if len(self._heap) > self._limit:
            self._sweep()
        level = self._levels[key] = Level(key, self)
        heappush(self._heap, key)
        return level

    def _sweep(self) -> None:
        # Far from the top, emptied levels never surface; without this a drifting price leaks.
        self._levels = {k: level for k, level in self._levels.items() if level.head is not None}
        self._heap = list(self._levels)
        heapify(self._heap)
        self._limit = 2 * len(self._heap) + 1024


class Book:
    """One market's resting orders."""

    __slots__ = ("asks", "bids", "market", "sides")

    def __init__(self, market: int) -> None:
        self.market: Final = market
        self.bids: Final = BookSide()
        self.asks: Final = BookSide()
        self.sides: Final = ((self.asks, self.bids), (self.bids, self.asks))
        """Where an order rests and what it meets: of one that sells, of one that buys."""


def remove(slot: Slot) -> None:
    """Take a resting order out of its queue; what the slot remembers stays."""
    level = slot.level
    assert level is not None, "only a resting order can be removed"
    before = slot.prev
    after = slot.next
    if before is None:
        level.head = after
    else:
        before.next = after
    if after is not None:
        after.prev = before
    else:
        level.tail = before
        if before is None and level.side.top is level:
            level.side.drop_top()
    # Links of the dead would keep chains of dead orders alive.
    slot.level = slot.prev = slot.next = None


def _lots(level: Level) -> int:
    lots = 0
    slot = level.head
    while slot is not None:
        lots += slot.left
        slot = slot.next
    return lots

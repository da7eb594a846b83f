"""When resting orders die of age: slots bucketed by expiry second (pure)."""

from heapq import heappop, heappush
from itertools import chain
from typing import Final

from penstock.book import Slot
from penstock.units import UINT32_MAX

NEVER: Final = UINT32_MAX
"""An expiry that no engine lives to see; such orders are not kept track of."""


class Expiries:
    """Slots by the second after which their order is dead.

    An order that goes away early leaves its slot in the bucket; whoever opens the bucket looks
    whether the slot still holds an order of that expiry.
    """

    __slots__ = ("_buckets", "_kept", "_limit", "_seconds")

    def __init__(self) -> None:
        self._buckets: dict[int, list[Slot]] = {}
        self._seconds: list[int] = []
        self._kept: int = 0
        self._limit: int = 4096

    def add(self, slot: Slot, expiry: int) -> None:
        """Set the expiry second of a slot whose order rests from now on.

        Whoever quotes anew up to the same second is in the bucket already and need not come.
        """
        slot.expiry = expiry
        if expiry == NEVER:
            return
        bucket = self._buckets.get(expiry)
        if bucket is None:
            bucket = self._buckets[expiry] = []
            heappush(self._seconds, expiry)
        bucket.append(slot)
        self._kept += 1
        if self._kept > self._limit:
            self._rebuild()

    def before(self, now: int) -> list[Slot]:
        """Give up all slots whose order died before `now`, by second, then by time of arrival."""
        dead: list[Slot] = []
        while self._seconds and self._seconds[0] < now:
            second = heappop(self._seconds)
            bucket = self._buckets.pop(second)
            self._kept -= len(bucket)
            dead += [slot for slot in bucket if slot.level is not None and slot.expiry == second]
        return dead

    def _rebuild(self) -> None:
        # Orders that go away early leave their slots behind; a long expiry would collect them.
        slots = dict.fromkeys(chain.from_iterable(self._buckets.values()))
        self._buckets = {}
        self._kept = 0
        self._limit = len(slots)
        for slot in slots:
            expiry, slot.expiry = slot.expiry, -1
            if slot.level is not None:
                self.add(slot, expiry)
        self._seconds = sorted(self._buckets)
        self._limit = 2 * self._kept + 4096

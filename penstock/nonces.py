"""Which nonces are fresh and which are dead, as docs/batch.md has it (pure).

Slots remember the resting ones; here are the numbers of immediate orders and the floors.
"""

from typing import Final

from penstock.book import CANCELLED, Slot
from penstock.events import RejectReason
from penstock.matcher import Matcher
from penstock.messages import Order


class Nonces:
    """By account: the highest immediate number that was accepted, and the floor under epochs."""

    __slots__ = ("_matcher", "floors", "numbers")

    def __init__(self, matcher: Matcher) -> None:
        self._matcher: Final = matcher
        self.numbers: Final[dict[int, int]] = {}
        self.floors: Final[dict[int, int]] = {}

    def lift(self, account: int, floor: int, number: int) -> None:
        """Kill epochs up to `floor` and numbers up to `number`; neither ever goes back."""
        self.floors[account] = max(floor, self.floors.get(account, 0))
        self.numbers[account] = max(number, self.numbers.get(account, 0))

    def limit(self, order: Order, slot: Slot) -> tuple[int, RejectReason | None]:
        """Say how many lots of a resting order may match now, or why none may."""
        left = order.size
        if order.nonce <= slot.nonce:
            reason = _refuse_epoch(slot, order.nonce)
            if reason is not None:
                return 0, reason
            left -= slot.filled
        if order.epoch <= self.floors.get(order.account, -1):
            return 0, RejectReason.BELOW_FLOOR
        if left <= 0:
            return 0, RejectReason.NOTHING_LEFT
        if order.reduce_only:
            left = min(left, self._matcher.reducible(order))
            if left <= 0:
                return 0, RejectReason.WOULD_NOT_REDUCE
        return left, None

    def limit_immediate(self, order: Order) -> tuple[int, RejectReason | None]:
        """Say how many lots of an immediate order may match now, or why none may."""
        fresh = self.numbers.get(order.account, 0) < order.nonce
        # Nobody can save an account from liquidation by using its numbers up.
        if not fresh and not order.liquidation:
            return 0, RejectReason.STALE_NUMBER
        if order.size <= 0:
            return 0, RejectReason.NOTHING_LEFT
        left = order.size
        if order.reduce_only:
            left = min(left, self._matcher.reducible(order))
        return left, None if left else RejectReason.WOULD_NOT_REDUCE


def _refuse_epoch(slot: Slot, nonce: int) -> RejectReason | None:
    """Say why an epoch not above the slot's may not be used (again)."""
    if nonce < slot.nonce:
        return RejectReason.STALE_EPOCH
    if slot.level is not None:
        return RejectReason.DUPLICATE
    if slot.filled == CANCELLED:
        return RejectReason.CANCELLED_EPOCH
    return None

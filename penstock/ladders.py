"""Whole ladders replace whole ladders: who holds which slots (pure).

A batch can list two papers of an account only when one lies above the other, and a taker's fills
must all fit one batch. So a ladder never rests beside another paper that shares a slot with it.
"""

from collections import defaultdict
from typing import Final

from penstock.book import Slot, remove
from penstock.events import Cancelled, CancelReason, Event
from penstock.messages import Ladder, SignedLadder

# NOTE: looking the member up each time would cost more than the queue work; see engine.
_REPLACED: Final = CancelReason.REPLACED


class Ladders:
    """The slots of all accounts, as the ladders see them.

    A ladder holds all its slots from its first accepted level on, until it is replaced: also those
    whose level was refused, filled or cancelled.
    """

    __slots__ = ("_slots",)

    def __init__(self, slots: defaultdict[int, Slot]) -> None:
        self._slots: Final = slots

    def is_stale(self, ladder: Ladder) -> bool:
        """Say whether one of the ladder's slots has seen a higher epoch."""
        return any(nonce < self._slot(ladder, nonce).nonce for nonce in ladder.nonces)

    def replace(self, slot: Slot, ladder: SignedLadder | None, out: list[Event]) -> None:
        """Make room for the ladder, or for the order without one, that was accepted in `slot`."""
        if ladder is None:
            self._free(slot, out)
        # NOTE: one that is sent again brings back the levels that are gone beside those that rest.
        elif ladder != slot.ladder:
            for nonce in ladder.ladder.nonces:
                self._hold(self._slot(ladder.ladder, nonce), nonce, ladder, out)

    def _hold(self, slot: Slot, nonce: int, ladder: SignedLadder, out: list[Event]) -> None:
        self._free(slot, out)
        slot.ladder = ladder
        if nonce != slot.nonce:
            slot.nonce = nonce
            slot.filled = 0

    def _free(self, slot: Slot, out: list[Event]) -> None:
        """End what rests in a slot, and the whole ladder that holds it."""
        held = slot.ladder
        if held is None:
            _end(slot, out)
            return
        for nonce in held.ladder.nonces:
            rung = self._slot(held.ladder, nonce)
            rung.ladder = None
            _end(rung, out)

    def _slot(self, ladder: Ladder, nonce: int) -> Slot:
        return self._slots[ladder.account << 8 | nonce >> 32]


def _end(slot: Slot, out: list[Event]) -> None:
    if slot.level is not None:
        remove(slot)
        out.append(Cancelled(slot.signed, slot.left, _REPLACED))

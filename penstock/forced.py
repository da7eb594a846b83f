"""A forced request: who asked, what is left of it, where it stands (pure)."""

from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Final

from penstock.refusals import Refusal, Refused


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

    def ignored_from(self, window: int, paused_until: int) -> int:
        """When a close that nobody served counts as ignored: a window after anybody could do so.

        While its market is paused nobody can. Seconds.
        """
        return max(self.requested_at + window, paused_until) + window

    def reduced(self, lots: int) -> "Request":
        """The same close, some of its lots on."""
        return replace(self, held=self.held - self.signed(lots), left=max(0, self.left - lots))

    def signed(self, lots: int) -> int:
        """Some of its lots, signed like the position."""
        return -lots if self.held < 0 else lots


NO_REQUEST: Final = Request(0, 0, 0, 0, status=Status.UNKNOWN)


def check_open(request: int, open_from: int, now: int) -> None:
    """Refuse what only the operator may do before the window is over."""
    if now < open_from:
        raise Refused(Refusal.REQUEST_EARLY, request, open_from)

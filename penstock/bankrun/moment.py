"""What a run leaves on record: the line after each round, and the end (pure)."""

from msgspec import Struct

from penstock.bankrun.plan import Plan
from penstock.bankrun.promise import Promise
from penstock.bankrun.shares import Share
from penstock.invariants import Check


class Moment(Struct, frozen=True):
    """The line after a round; money in quote units."""

    time: int
    phase: str
    mark: int
    asked: int
    """Tickets so far."""
    waiting: int
    """Tickets in line."""
    amount: int
    """What they are still to be paid."""
    level: int
    """Of the bucket."""
    capacity: int
    booked: int
    """By the vault."""
    paid: int
    """Quote units that left through the line so far."""
    forced: int
    """Requests so far that L1 took."""


class Arrived(Struct, frozen=True):
    """What went through the doors to L1."""

    doors: int
    sent: int
    received: int
    """By its recipients on L1."""
    seconds: int
    """From the first message over the bridge to the last payment."""


class Outcome(Struct, frozen=True):
    """What happened; all of it follows from the plan."""

    plan: Plan
    moments: list[Moment]
    promises: list[Promise]
    shares: list[Share]
    """What accounts of a frozen venue were paid; none where it was not frozen."""
    pot: int
    """What a frozen venue had for its accounts; 0 where it was not frozen."""
    arrived: Arrived
    gap: int
    """The most seconds from one push of the line to the next."""
    broken: list[Check]
    """Checks that failed in some audit; none is the goal."""
    checks: list[Check]
    """The last audit."""
    audits: int
    state: str
    """Root of L2's state at the end: of every storage word of every contract."""
    between: list[Check]
    """Checks between the chains at the end."""

    @property
    def late(self) -> int:
        """How much later than promised the worst ticket was served; 0 when none was."""
        return max([0, *(one.late for one in self.promises if one.served_at)])

    @property
    def holds(self) -> bool:
        """Whether every audit and every check at the end was good."""
        return not self.broken and all(check.holds for check in self.between)

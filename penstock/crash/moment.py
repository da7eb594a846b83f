"""What a crash leaves on record: the venue after each round, and the end (pure)."""

from msgspec import Struct

from penstock.crash.ending import Ending
from penstock.crash.plan import Plan
from penstock.crash.topup import TopUp
from penstock.invariants import Check
from penstock.keepers.notes import Note
from penstock.ledger import Ledger
from penstock.stages import Stages


class Moment(Struct, frozen=True):
    """The venue after a round; money in quote units, sizes in lots, prices in ticks."""

    time: int
    phase: str
    price: int
    """What the world pays."""
    mark: int
    open_interest: int
    equity: int
    """Of all accounts but the fund's."""
    insurance: int
    below: int
    """Accounts below maintenance margin."""
    bankrupt: int
    liquidated: int
    """Lots so far: on the book, taken over by keepers, by the fund, deleveraged."""
    taken: int
    absorbed: int
    deleveraged: int
    covered: int
    """What the fund paid for others so far."""
    added: int
    """Margin that people in trouble brought so far."""
    forced: int
    """Messages forced from L1 that landed so far."""
    makers: int
    """Who quoted last, and how far from the mark, as a share of it."""
    width: float
    rate: int
    """Last funding rate, parts of 10^9 per 8 hours."""


class Outcome(Struct, frozen=True):
    """What happened; `stages` is the machine's, all else follows from the plan."""

    plan: Plan
    moments: list[Moment]
    notes: list[Note]
    broken: list[Check]
    """Checks that failed in some audit; none is the goal."""
    checks: list[Check]
    """The last audit."""
    audits: int
    stages: Stages
    ledger: Ledger
    fingerprint: str
    """Digest of every storage word at the end."""
    top_ups: list[TopUp]
    endings: list[Ending]
    between: list[Check]
    """Checks between the chains at the end; none where there is one."""

    @property
    def holds(self) -> bool:
        """Whether every audit and every check at the end was good."""
        return not self.broken and all(check.holds for check in self.between)

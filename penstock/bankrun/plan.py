"""What a run is made of: the venue's numbers, who wants out, when the chain stutters (pure)."""

from enum import StrEnum
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from penstock.crash.plan import DOLLAR, People
from penstock.crash.plan import PARAMETERS as CRASH

PARAMETERS: Final = replace(
    CRASH,
    withdrawal_delay=60,
    outflow_floor=50_000 * DOLLAR,
    outflow_share=1_000,
    outflow_window=300,
    settlement_window=600,
)
PUSH: Final = 60
"""Somebody pushes the line at least every so many seconds: no promise is broken by more."""
ROUND: Final = 30
"""Seconds from one round to the next."""
CALM: Final = 50
"""The same when nobody asks any more."""
SHOCK: Final = 0.88
"""The price after the shock, as a share of the first."""
PARTS: Final = 2
"""One of so many traders closes the position before asking for money."""
DOORS: Final = 8
"""One of so many is paid on L1."""
FORCED: Final = 2
"""Requests that L1 takes at each stop of an outage."""
SHARE: Final = 0.9
"""What an insolvent venue has for each unit of its claims."""


class Variant(StrEnum):
    """How the run ends."""

    PLAIN = "plain"
    """The line is paid to its end."""
    VANISH = "vanish"
    """The operator is gone when three quarters have asked."""
    INSOLVENT = "insolvent"
    """The same, and a tenth of what accounts have is not there."""


class Plan(Struct, frozen=True):
    """Who takes part, and for how many rounds."""

    seed: int = 7
    variant: Variant = Variant.PLAIN
    makers: int = 8
    savers: int = 180
    """Accounts without a position."""
    traders: int = 120
    gamblers: int = 20
    """Levered six times, when the venue is to become insolvent."""
    waves: int = 12
    """Rounds within which everybody asks."""
    drain: int = 140
    """Rounds after them, at most."""
    fund: int = 20_000 * DOLLAR
    """What the insurance fund begins with."""
    stutters: tuple[tuple[int, int], ...] = ((2, 90), (5, 90), (8, 200))
    """Waves before which the sequencer stands still, and for how many seconds."""

    @property
    def leavers(self) -> int:
        """How many want out."""
        return self.savers + self.traders

    @property
    def people(self) -> People:
        """Everybody; makers are rich, gamblers are there when the venue is to become insolvent."""
        gamblers = self.gamblers if self.variant is Variant.INSOLVENT else 0
        return (
            ("maker", self.makers, (250, 250)),
            ("saver", self.savers, (5, 50)),
            ("trader", self.traders, (5, 50)),
            ("gambler", gamblers, (60, 90)),
        )

    @property
    def asking(self) -> int:
        """Waves that ask before the operator vanishes, or all of them."""
        return self.waves if self.variant is Variant.PLAIN else self.waves * 3 // 4


SMALL: Final = Plan(
    seed=2, makers=4, savers=18, traders=12, gamblers=4, waves=6, fund=5_000 * DOLLAR,
    stutters=((1, 90), (4, 200)),
)  # fmt: skip
"""A tenth of the people, all the rest the same."""

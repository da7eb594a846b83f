"""What a crash is made of: the venue's numbers, who takes part, the path of the price (pure)."""

from decimal import Decimal
from itertools import pairwise
from typing import Final, TypeAlias

from msgspec import Struct

from penstock.deploy import MarketParameters, Parameters

MARKET: Final = 1
FIRST: Final = 600_000
"""First price, in ticks of 0.1."""
DOLLAR: Final = 10**6
PARAMETERS: Final = Parameters(
    markets=(
        MarketParameters(
            "BTC-PERP",
            Decimal("0.1"),
            Decimal("0.001"),
            initial_bps=500,
            maintenance_bps=250,
            taker_fee=500,
            maker_fee=200,
            interval=5,
            cap=2_000_000,
            damp=500_000,
            step=2_000_000,
            tier=20_000,
            open_interest_cap=2_000_000,
            loss_cap=600_000 * DOLLAR,
        ),
    ),
    max_speed_ppm=10_000,
    outage_after=120,
    grace=180,
)
PATH: Final = ((0, 1.0), (8, 0.93), (11, 0.95), (25, 0.80), (28, 0.82), (55, 0.60), (70, 0.60),
               (90, 0.63), (400, 0.66))  # fmt: skip
"""Seconds of the fall, and the price as a share of the first; straight lines between."""
OUTAGE_AT: Final = 25
OUTAGE: Final = 1_200
"""When the sequencer stops, in seconds of the fall, and for how long."""
SLICES: Final = 3
"""A liquidation on the book comes in so many parts, because the price of each decides the next."""


People: TypeAlias = tuple[tuple[str, int, tuple[int, int]], ...]
"""Kind, number and thousands of dollars of those who take part."""


class Plan(Struct, frozen=True):
    """Who takes part, and for how many rounds."""

    seed: int = 7
    makers: int = 12
    longs: int = 110
    shorts: int = 74
    keepers: int = 4
    build: int = 14
    """Rounds before the fall, a minute each."""
    after: int = 40
    """Rounds from the beginning of the fall on, at most."""
    fund: int = 150_000 * DOLLAR
    """What the insurance fund begins with."""

    @property
    def people(self) -> People:
        """Everybody; makers and keepers are rich, traders have little."""
        return (
            ("maker", self.makers, (20_000, 20_000)),
            ("long", self.longs, (5, 50)),
            ("short", self.shorts, (5, 50)),
            ("keeper", self.keepers, (1_500, 1_500)),
        )

    @property
    def accounts(self) -> int:
        """How many accounts trade."""
        return self.makers + self.longs + self.shorts + self.keepers

    @property
    def steps(self) -> int:
        """Accounts to open and rounds to play: the steps of a run."""
        return self.accounts + self.build + self.after


SMALL: Final = Plan(
    seed=2, makers=6, longs=26, shorts=16, keepers=2, after=34, fund=20_000 * DOLLAR
)
"""A quarter of the people, all the rest the same."""


def price_at(seconds: float) -> float:
    """The price as a share of the first, so many seconds into the fall."""
    for (start, low), (end, high) in pairwise(PATH):
        if seconds < end:
            return low + (high - low) * (seconds - start) / (end - start)
    return PATH[-1][1]

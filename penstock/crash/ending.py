"""How each account ended: what liquidation took from it, and what is left (pure).

A liquidation has four steps, and each takes only what the one before left:

    liquidated    on the book, with a penalty
    taken         by keepers, at a discount
    absorbed      by the insurance fund, which pays what a bankrupt account lacks
    deleveraged   closed against profitable opposite positions, at the price of bankruptcy
"""

from collections import Counter
from collections.abc import Collection, Iterable
from typing import Final

from msgspec import Struct

from penstock.ledger import Ledger
from penstock.messages import Verdict
from penstock.records import decode_records
from penstock.remote import Log
from penstock.venue import VENUE_ACCOUNT

STEPS: Final = ("liquidated", "taken", "absorbed", "deleveraged")
FATES: Final = (
    "never traded",
    "closed by itself",
    "holds its position",
    "gave up profit in deleveraging",
    "liquidated on the book",
    "taken over by keepers",
    "absorbed by the fund",
    "bankrupt, deleveraged",
)
"""From mild to grave; an account counts under the gravest that it met."""


class Ending(Struct, frozen=True):
    """An account at the end; money in quote units."""

    kind: str
    """Maker, long, short or keeper."""
    account: int
    fate: str
    deposited: int
    lots: int
    equity: int


class Toll:
    """Lots that each step of liquidation took, by account, from the venue's events."""

    def __init__(self, keepers: Collection[int]) -> None:
        self.keepers: Final = keepers
        self.lost: Final[dict[str, Counter[int]]] = {step: Counter() for step in STEPS}
        self.given: Final[Counter[int]] = Counter()
        """Lots that profitable accounts gave up in deleveraging."""

    def read(self, logs: Iterable[Log]) -> None:
        """Take up events."""
        for log in logs:
            match log.name, log.arguments:
                case "PositionMoved", (giver, taker, _, lots, _, _):
                    self._move(giver, taker, abs(lots))
                case "BatchSettled", (_, data):
                    for record in decode_records(data):
                        if record.verdict is Verdict.LIQUIDATED:
                            self.lost["liquidated"][record.taker] += record.size

    @property
    def lots(self) -> dict[str, int]:
        """All that each step took."""
        return {step: lost.total() for step, lost in self.lost.items()}

    def fate(self, account: int, ledger: Ledger, market: int) -> str:
        """What became of an account."""
        for step, fate in zip(reversed(STEPS), reversed(FATES), strict=False):
            if self.lost[step][account]:
                return fate
        line = ledger.lines.get((account, market))
        if self.given[account]:
            return FATES[3]
        return FATES[0] if line is None else FATES[2] if line.size else FATES[1]

    def _move(self, giver: int, taker: int, lots: int) -> None:
        if taker == VENUE_ACCOUNT:
            self.lost["absorbed"][giver] += lots
        elif taker in self.keepers:
            self.lost["taken"][giver] += lots
        else:
            self.lost["deleveraged"][giver] += lots
            self.given[taker] += lots

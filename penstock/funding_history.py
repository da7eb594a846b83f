"""Every funding period that was charged, one row each, out of the venue's events (pure).

A period that is missing was not charged: no price was published in it, or the chain was down.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from penstock.remote import Log


@dataclass(frozen=True, slots=True)
class FundingRow:
    """One charged period of one market; rates are parts of 10^9, a funding rate per 8 hours."""

    market: int
    start: int
    """First second of the period."""
    end: int
    """The second after it."""
    charged: int
    """Seconds that were charged: those in which the chain was up."""
    rate: int
    """Positive: longs pay shorts."""
    premium: int
    """Average premium of the period."""
    interest: int
    index: int
    """Cumulative index after it, quote units per lot times 2^32."""
    mark: int
    """In ticks."""


def funding_rows(logs: Iterable[Log], market: int | None = None) -> Iterator[FundingRow]:
    """Read the charged periods of a market, or of all, in the order of the events."""
    for log in logs:
        if log.name == "FundingAccrued" and market in (None, log.arguments[0]):
            yield FundingRow(*log.arguments)

"""Which signed reports make a price (pure).

A quorum of publishers, each with its newest report, none too old, none from the future, all newer
than the price before. The contract takes the lower middle and the oldest of their times, so reports
that lag behind the newest are left out where a quorum stands without them.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from penstock.messages import SignedReport


class Seen(NamedTuple):
    """A report, and the address (20 bytes) whose key signed it."""

    publisher: bytes
    signed: SignedReport


class Window(NamedTuple):
    """What the feed takes: times in seconds, `last` that of the price before."""

    last: int
    now: int
    max_age: int
    quorum: int


def choose(
    seen: Iterable[Seen], publishers: Iterable[bytes], window: Window, slack: int
) -> list[SignedReport]:
    """Choose the reports of one market, in ascending order of price; [] when no quorum is there.

    A report more than `slack` seconds older than the newest counts only where it is needed.
    """
    known, newest = set(publishers), dict[bytes, SignedReport]()
    for publisher, signed in seen:
        if publisher in known and _is_taken(signed, window):
            before = newest.get(publisher)
            if before is None or before.report.time < signed.report.time:
                newest[publisher] = signed
    by_time = sorted(newest.values(), key=lambda signed: -signed.report.time)
    if len(by_time) < window.quorum:
        return []
    edge = by_time[0].report.time - slack
    chosen = [s for i, s in enumerate(by_time) if i < window.quorum or s.report.time >= edge]
    return sorted(chosen, key=lambda signed: signed.report.price)


def median(reports: Sequence[SignedReport]) -> int:
    """The lower middle of reports in ascending order of price, in ticks."""
    return reports[(len(reports) - 1) // 2].report.price


def _is_taken(signed: SignedReport, window: Window) -> bool:
    price, time = signed.report.price, signed.report.time
    oldest = max(window.last + 1, window.now - window.max_age)
    return price > 0 and oldest <= time <= window.now

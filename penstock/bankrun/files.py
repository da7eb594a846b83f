"""What a run leaves on disk: a line for each ticket, and a picture."""

import csv
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from penstock.bankrun.moment import Moment, Outcome
from penstock.bankrun.promise import Promise

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MILLION: Final = 10**12
"""A million dollars, in quote units."""
COLUMNS: Final = (
    "ticket", "account", "recipient", "way", "to", "amount", "asked_at", "ready_at", "promised",
    "served_at", "late", "parts",
)  # fmt: skip
SHADES: Final = {"outage": "0.75", "forced": "0.92", "ignored": "0.85"}


def write_tickets(promises: Sequence[Promise], place: Path) -> None:
    """Write every ticket: seconds of the chain, quote units."""
    with place.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(COLUMNS)
        rows.writerows([getattr(one, name) for name in COLUMNS] for one in promises)


def plot(outcome: Outcome, place: Path) -> None:
    """Save the picture; the ending of the name says which kind (.png, .svg, .pdf)."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 13), layout="constrained")
    axes: list[Any] = list(figure.subplots(4, 1))
    line, amount, bucket, promises = axes
    moments = outcome.moments
    start = next(m.time for m in moments if m.phase == "shock")
    _lines(line, moments, start, 1, waiting="tickets in line", asked="tickets so far")
    _lines(amount, moments, start, MILLION, amount="waiting", paid="paid", booked="in the vault")
    _lines(bucket, moments, start, MILLION, level="in the bucket", capacity="capacity")
    _promises(promises, outcome.promises, start)
    for axis, unit in zip(axes, ("tickets", "million", "million", "seconds"), strict=True):
        axis.set_ylabel(unit)
        axis.legend(loc="best", fontsize="small")
        axis.grid(visible=True, alpha=0.3)
    for axis in axes[:3]:
        _shade(axis, moments, start)
        axis.set_xlabel("seconds since the shock")
    line.set_title(f"A run on the venue: {outcome.plan.variant}")
    figure.savefig(place)


def _lines(axis: "Axes", moments: Sequence[Moment], start: int, unit: int, **names: str) -> None:
    seconds = [m.time - start for m in moments]
    for name, label in names.items():
        values = [getattr(m, name) / unit for m in moments]
        axis.step(seconds, values, where="post", label=label)


def _promises(axis: "Axes", promises: Sequence[Promise], start: int) -> None:
    """Each ticket by its number: promised, and served."""
    served = [one for one in promises if one.served_at]
    numbers = [one.ticket for one in served]
    for name, label in (("asked_at", "asked"), ("promised", "promised"), ("served_at", "served")):
        values = [getattr(one, name) - start for one in served]
        axis.plot(numbers, values, ".", markersize=3, label=label)
    axis.set_xlabel("ticket")


def _shade(axis: "Axes", moments: Sequence[Moment], start: int) -> None:
    """Grey where the sequencer stood still, or the operator was gone and nobody could act."""
    for one, other in pairwise(moments):
        if other.phase in SHADES:
            axis.axvspan(one.time - start, other.time - start, color=SHADES[other.phase], zorder=0)

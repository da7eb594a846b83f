"""A crash as a person reads it: a timeline, who bore what, and a picture."""

from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from rich.console import Group
from rich.table import Table

from penstock.crash.moment import Moment, Outcome
from penstock.crash.plan import FIRST
from penstock.reports import figures, invariants, money, table

if TYPE_CHECKING:
    from matplotlib.axes import Axes

EVERY: Final = 3
"""One line of the timeline for so many quiet rounds; every other round has one of its own."""
MILLION: Final = 10**12
"""A million dollars, in quote units."""
SHADES: Final = {"outage": "0.75", "grace": "0.9"}


def show(outcome: Outcome) -> Group:
    """Everything that the run ends with."""
    parts = (
        timeline(outcome.moments),
        burden(outcome),
        stages(outcome),
        invariants(outcome.checks),
    )
    return Group(*(part for made in parts for part in ("", made)))


def timeline(moments: list[Moment]) -> Table:
    """Rounds in their order: prices, what was liquidated how, the fund."""
    columns = ("phase", "second", "price", "mark", "open", "below", "bankrupt", "book", "keepers",
               "fund", "ADL", "insurance", "paid")  # fmt: skip
    made = table("Timeline (lots; insurance and what it paid in dollars)", *columns)
    first = moments[0].time
    for m in _telling(moments):
        lots = (m.open_interest, m.below, m.bankrupt, m.liquidated, m.taken, m.absorbed)
        made.add_row(
            *(m.phase, str(m.time - first), f"{m.price / 10:,.0f}", f"{m.mark / 10:,.0f}"),
            *(f"{value:,}" for value in (*lots, m.deleveraged)),
            *(money(m.insurance), money(m.covered)),
        )
    return made


def _telling(moments: list[Moment]) -> Iterator[Moment]:
    """Rounds in which something changed, and a few of the others."""
    last: tuple[object, ...] = ()
    for number, m in enumerate(moments):
        seen = (m.phase, m.liquidated, m.taken, m.absorbed, m.deleveraged, m.covered, m.below)
        if seen != last or number % EVERY == 0:
            yield m
        last = seen


def burden(outcome: Outcome) -> Table:
    """Who bore the loss."""
    end, start = outcome.moments[-1], outcome.moments[0]
    low = min(m.mark for m in outcome.moments)
    return figures("Who bore it", (
        ("accounts", f"{outcome.plan.accounts}"),
        ("lowest mark", f"{low / 10:,.1f} ({low / FIRST - 1:+.1%})"),
        ("lots liquidated on the book, with penalty", f"{end.liquidated:,}"),
        ("lots taken over by keepers", f"{end.taken:,}"),
        ("lots taken over by the insurance fund", f"{end.absorbed:,}"),
        ("lots deleveraged", f"{end.deleveraged:,}"),
        ("paid by the fund for bankrupt accounts", money(end.covered)),
        ("insurance, first and last", f"{money(start.insurance)} → {money(end.insurance)}"),
        ("accounts that owe at the end", f"{end.bankrupt}"),
        ("audits, and checks that failed", f"{outcome.audits}, {len(outcome.broken)}"),
        ("fingerprint of the final state", outcome.fingerprint[:16]),
    ))  # fmt: skip


def stages(outcome: Outcome) -> Table:
    """Fills settled a second in the whole loop, and where the time went."""
    seconds = outcome.stages.seconds
    total = sum(seconds.values())
    rows = [("fills settled", f"{outcome.ledger.fills:,}"),
            ("fills a second, whole loop", f"{outcome.ledger.fills / total:,.1f}")]  # fmt: skip
    rows += [(f"share of {name}", f"{part / total:.0%}") for name, part in seconds.items()]
    return figures("The loop", rows)


def plot(moments: list[Moment], place: Path) -> None:
    """Save the picture; the ending of the name says which kind (.png, .svg, .pdf)."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 13), layout="constrained")
    axes: list[Any] = list(figure.subplots(5, 1, sharex=True))
    start = next(m.time for m in moments if m.phase != "build")
    seconds = [m.time - start for m in moments]
    prices, interest, owned, insured, lots = axes
    seen, marks = [m.price / 10 for m in moments], [m.mark / 10 for m in moments]
    _lines(prices, seconds, price=seen, mark=marks)
    _lines(interest, seconds, open_interest=[m.open_interest for m in moments])
    _lines(owned, seconds, equity=[m.equity / MILLION for m in moments])
    insurance, paid = [m.insurance / MILLION for m in moments], [m.covered for m in moments]
    _lines(insured, seconds, insurance=insurance, paid_for_others=[p / MILLION for p in paid])
    ways = ("liquidated", "taken", "absorbed", "deleveraged")
    _lines(lots, seconds, **{way: [getattr(m, way) for m in moments] for way in ways})
    for axis, unit in zip(axes, ("dollars", "lots", "million", "million", "lots"), strict=True):
        axis.set_ylabel(unit)
        _shade(axis, moments, start)
    lots.set_xlabel("seconds since the fall began")
    prices.set_title("A market falls while its chain stands still")
    figure.savefig(place)


def _lines(axis: "Axes", seconds: Iterable[int], **values: list[float]) -> None:
    for name, row in values.items():
        axis.step(list(seconds), row, where="post", label=name.replace("_", " "))
    axis.legend(loc="best", fontsize="small")
    axis.grid(visible=True, alpha=0.3)


def _shade(axis: "Axes", moments: list[Moment], start: int) -> None:
    """Grey where the chain stood still, light grey where nobody may be liquidated."""
    for one, other in pairwise(moments):
        shade = SHADES.get(other.phase)
        if shade:
            axis.axvspan(one.time - start, other.time - start, color=shade, zorder=0)

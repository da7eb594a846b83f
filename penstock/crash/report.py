"""A crash as a person reads it: a timeline, who bore what, and a picture."""

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from rich.console import Group
from rich.table import Table

from penstock.crash.ending import FATES, Ending
from penstock.crash.moment import Moment, Outcome
from penstock.crash.plan import DOLLAR, FIRST, MARKET
from penstock.reports import figures, invariants, money, table
from penstock.rollup_reports import BETWEEN

if TYPE_CHECKING:
    from matplotlib.axes import Axes

EVERY: Final = 3
"""One line of the timeline for so many quiet rounds; every other round has one of its own."""
MILLION: Final = 10**12
"""A million dollars, in quote units."""
KINDS: Final = ("maker", "long", "short", "keeper")
SHADES: Final = {"outage": "0.75", "grace": "0.9"}


def show(outcome: Outcome) -> Group:
    """Everything that the run ends with."""
    parts = [
        timeline(outcome.moments),
        margin(outcome),
        endings(outcome.endings),
        burden(outcome),
        stages(outcome),
        invariants(outcome.checks),
    ]
    if outcome.between:
        parts.append(invariants(outcome.between, BETWEEN))
    return Group(*(part for made in parts for part in ("", made)))


def timeline(moments: list[Moment]) -> Table:
    """Rounds in their order: prices, what was liquidated how, the fund."""
    columns = ("phase", "second", "price", "mark", "open", "below", "bankrupt", "book", "keepers",
               "fund", "ADL", "insurance", "paid", "forced", "added")  # fmt: skip
    made = table("Timeline (lots; dollars; messages forced from L1)", *columns)
    first = moments[0].time
    for m in _telling(moments):
        lots = (m.open_interest, m.below, m.bankrupt, m.liquidated, m.taken, m.absorbed)
        made.add_row(
            *(m.phase, str(m.time - first), f"{m.price / 10:,.0f}", f"{m.mark / 10:,.0f}"),
            *(f"{value:,}" for value in (*lots, m.deleveraged)),
            *(money(m.insurance), money(m.covered), f"{m.forced}", f"{m.added / DOLLAR:,.0f}"),
        )
    return made


def _telling(moments: list[Moment]) -> Iterator[Moment]:
    """Rounds in which something changed, and a few of the others."""
    last: tuple[object, ...] = ()
    for number, m in enumerate(moments):
        seen = (m.phase, m.liquidated, m.taken, m.absorbed, m.deleveraged, m.covered, m.below,
                m.added)  # fmt: skip
        if seen != last or number % EVERY == 0:
            yield m
        last = seen


def margin(outcome: Outcome) -> Table:
    """Who brought margin in trouble, how it landed, and what it was good for."""
    columns = ("who", "phase", "sent", "way", "L1 blocks", "L2 blocks", "landed", "dollars",
               "before", "after", "lots then", "at the end")  # fmt: skip
    made = table("Margin brought in trouble (before, after: margin ratio at the mark)", *columns)
    first = outcome.moments[0].time
    for top_up in outcome.top_ups:
        landing, end = top_up.landing, outcome.ledger.line(top_up.account, MARKET).size
        made.add_row(
            *(top_up.name, top_up.phase, str(landing.sent - first)),
            "forced" if landing.l1_blocks else "sequencer",
            *(_blocks(landing.l1_blocks), _blocks(landing.l2_blocks), str(landing.landed - first)),
            *(f"{top_up.amount / DOLLAR:,.0f}", f"{top_up.before:.2f}", f"{top_up.after:.2f}"),
            *(f"{top_up.lots:,}", f"{end:,}"),
        )
    return made


def _blocks(numbers: Iterable[int]) -> str:
    return ", ".join(map(str, numbers)) or "–"


def endings(found: list[Ending]) -> Table:
    """How many accounts of each kind ended in which way, and with what."""
    columns = ("fate", *(f"{kind}s" for kind in KINDS), "deposited", "equity", "lots")
    made = table("How the accounts ended (dollars)", *columns)
    for fate in FATES:
        those = [one for one in found if one.fate == fate]
        counts = Counter(one.kind for one in those)
        sums = (money(sum(getattr(one, n) for one in those)) for n in ("deposited", "equity"))
        lots = sum(abs(one.lots) for one in those)
        made.add_row(fate, *(f"{counts[kind]}" for kind in KINDS), *sums, f"{lots:,}")
    return made


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

"""A run as a person reads it: a timeline, promised against served, who got what."""

from collections.abc import Sequence
from typing import Final

from rich.console import Group
from rich.table import Table

from penstock.bankrun.moment import Moment, Outcome
from penstock.bankrun.plan import PUSH
from penstock.bankrun.promise import QUANTILES, Promise, quantile
from penstock.bankrun.shares import Share
from penstock.reports import figures, invariants, money, table
from penstock.rollup_reports import BETWEEN

EVERY: Final = 4
"""One line of the timeline for so many rounds of a phase, and one for the first of each."""
WORST: Final = 5
"""Tickets that are told one by one: those that were nearest to a broken promise."""


def show(outcome: Outcome) -> Group:
    """Everything that the run ends with."""
    served = [one for one in outcome.promises if one.served_at]
    parts = [timeline(outcome.moments), kept(served), worst(served)]
    if outcome.shares:
        parts.append(shared(outcome.shares))
    parts += [summary(outcome), invariants(outcome.checks), invariants(outcome.between, BETWEEN)]
    return Group(*(part for made in parts for part in ("", made)))


def timeline(moments: Sequence[Moment]) -> Table:
    """Rounds in their order: the line, the bucket, what left."""
    columns = ("phase", "second", "mark", "asked", "forced", "waiting", "amount", "level",
               "capacity", "in the vault", "paid")  # fmt: skip
    made = table("Timeline (tickets; dollars)", *columns)
    first, phase = moments[0].time, ""
    for number, m in enumerate(moments):
        if m.phase != phase or number % EVERY == 0 or number == len(moments) - 1:
            made.add_row(
                *(m.phase, str(m.time - first), f"{m.mark / 10:,.0f}", f"{m.asked}"),
                *(f"{m.forced}", f"{m.waiting}", money(m.amount), money(m.level)),
                *(money(m.capacity), money(m.booked), money(m.paid)),
            )
        phase = m.phase
    return made


def kept(served: Sequence[Promise]) -> Table:
    """How long people were told to wait, how long they waited, and how far that is apart."""
    names = ("fastest", *(f"{share:.0%}" for share in QUANTILES[1:-1]), "slowest")
    made = table(f"Promised and served, {len(served)} tickets (seconds)", "", *names)
    rows = (
        ("promised, after the request", [one.span for one in served]),
        ("served, after the request", [one.waited for one in served]),
        ("served, after the promise", [one.late for one in served]),
    )
    for name, values in rows:
        made.add_row(name, *(f"{quantile(values, share):,}" for share in QUANTILES))
    return made


def worst(served: Sequence[Promise]) -> Table:
    """The tickets that came nearest to a broken promise."""
    columns = ("ticket", "account", "way", "to", "dollars", "promised", "served", "late", "parts")
    made = table("Latest of all (seconds after the request)", *columns)
    for one in sorted(served, key=lambda one: (-one.late, one.ticket))[:WORST]:
        made.add_row(
            *(f"{one.ticket}", f"{one.account}", one.way, one.to, money(one.amount)),
            *(f"{one.span:,}", f"{one.waited:,}", f"{one.late:+,}", f"{one.parts}"),
        )
    return made


def shared(shares: Sequence[Share]) -> Table:
    """What a frozen venue paid."""
    claims, paid = sum(one.claim for one in shares), sum(one.paid for one in shares)
    return figures("Shares of the frozen venue", (
        ("accounts with a claim", f"{sum(one.claim > 0 for one in shares)}"),
        ("accounts that were paid", f"{sum(one.paid > 0 for one in shares)}"),
        ("claims", money(claims)),
        ("paid", money(paid)),
        ("paid for each unit of claims", f"{paid / claims:.6f}"),
        ("accounts paid another unit than the model's", f"{_wrong(shares)}"),
    ))  # fmt: skip


def _wrong(shares: Sequence[Share]) -> int:
    return sum(one.paid != one.due for one in shares)


def summary(outcome: Outcome) -> Table:
    """The run in figures."""
    left = sum(one.paid for one in outcome.promises)
    to_l1, longest = outcome.arrived, max(outcome.moments, key=lambda m: m.waiting)
    gone = left + sum(one.paid for one in outcome.shares)
    return figures("The run", (
        ("people who want out", f"{outcome.plan.leavers}"),
        ("tickets, paid in parts, taken by L1", f"{len(outcome.promises)}, "
         f"{sum(one.parts > 1 for one in outcome.promises)}, {outcome.moments[-1].forced}"),
        ("longest line", f"{longest.waiting} tickets, {money(longest.amount)}"),
        ("paid by the line", money(left)),
        ("left to L1 through doors", f"{money(to_l1.received)} of {money(gone)} "
         f"({to_l1.received / gone:.1%}), {to_l1.doors} people, in {to_l1.seconds} s"),
        ("pushed", f"every {outcome.gap} s at worst, at most {PUSH}"),
        ("promise broken by", f"{outcome.late} s at worst, at most {PUSH}"),
        ("audits, and checks that failed", f"{outcome.audits}, {len(outcome.broken)}"),
        ("state root of L2 at the end", outcome.state),
    ))  # fmt: skip

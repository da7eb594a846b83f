"""Tables for a run on a rollup: the way to L1, what posting cost, what L1 says."""

from collections.abc import Iterable
from typing import Final

from rich.console import Group
from rich.table import Table

from penstock.devnet import ETHER, GWEI
from penstock.journey import Journey
from penstock.reports import figures, invariants, show, table
from penstock.rollup_demo import RollupOutcome

BETWEEN: Final = "Checked between the chains"


def show_rollup(outcome: RollupOutcome) -> Group:
    """Everything that the demo ends with."""
    tables = (way(outcome.journey), posted(outcome), invariants(outcome.checks, BETWEEN))
    return Group(show(outcome.venue), *(part for made in tables for part in ("", made)))


def way(journey: Journey) -> Table:
    """The stops from the venue to L1, each with the time since the first one."""
    made = table(f"How {journey.name} leaves, to L1", "stop", "after", "L1 gas")
    for stop in journey.stops:
        made.add_row(stop.what, _span(stop.after), f"{stop.gas:,}" if stop.gas else "")
    return made


def posted(outcome: RollupOutcome) -> Table:
    """What it took to have L1 know everything."""
    return figures("Posted to L1", _posted(outcome))


def _posted(outcome: RollupOutcome) -> Iterable[tuple[str, str]]:
    costs, fills = outcome.costs, max(1, outcome.venue.ledger.fills)
    settling = {settlement.transaction for settlement in outcome.venue.settlements}
    settled = [cost for cost in costs.transactions if cost.hash in settling]
    charged = sum(cost.charged for cost in settled)
    size, unpacked = (sum(getattr(b, n) for b in costs.batches) for n in ("size", "unpacked"))
    yield "batches of L2 blocks", f"{len(costs.batches):,}"
    yield "L2 transactions in them", f"{len(costs.transactions):,}"
    yield "bytes, compressed from", f"{size:,} from {unpacked:,}"
    yield "L1 gas per byte", f"{costs.gas_per_byte:.1f}"
    yield "charged on L2, paid on L1", f"{_ether(costs.charged)}, {_ether(costs.paid)}"
    yield "L1 fee of a settled fill", f"{charged / fills / GWEI:,.0f} gwei"
    yield "L1 fee of settlement in all", f"{_ether(charged)} for {len(settled)} batches"


def _ether(wei: int) -> str:
    return f"{wei / ETHER:.4f} ETH"


def _span(seconds: int) -> str:
    days, rest = divmod(seconds, 86_400)
    hours, rest = divmod(rest, 3_600)
    clock = f"{hours:02}:{rest // 60:02}:{rest % 60:02}"
    return f"{days} d {clock}" if days else clock

"""The whole loop in a falling market: fills settled a second, and where the time goes.

A crash of about a hundred accounts: orders through the engine, batches on a chain, the model that
follows them, keepers, and an audit of all books after each batch. Opening accounts is left out.
"""

from time import perf_counter
from typing import Final

from benchmarks.measure import Measure
from penstock.anvil import Anvil
from penstock.crash.moment import Outcome
from penstock.crash.network import Network
from penstock.crash.plan import DOLLAR, Plan
from penstock.crash.run import Crash

MODERATE: Final = Plan(makers=8, longs=50, shorts=34, keepers=3, fund=60_000 * DOLLAR)


def play(plan: Plan) -> tuple[Outcome, float]:
    """Play a crash; return what happened and the seconds of its rounds."""
    with Anvil() as anvil:
        crash = Crash(Network.start(anvil), plan)
        start = perf_counter()
        outcome = crash.run()
        return outcome, perf_counter() - start


def run() -> list[Measure]:
    """Measure one crash. Raises AssertionError when an audit of it failed."""
    outcome, seconds = play(MODERATE)
    if not outcome.holds:
        raise AssertionError(f"an audit failed: {outcome.broken[0]}")
    parts = outcome.stages.seconds
    # Rounds also draw orders, wait for the chain's clock and weigh everybody for the record.
    parts = {**parts, "the rest": seconds - sum(parts.values())}
    return [
        _report("crash: fills settled, whole loop", outcome.ledger.fills / seconds, "fills/s"),
        *(_report(f"crash: share of {n}", 100 * s / seconds, "%") for n, s in parts.items()),
    ]


def _report(name: str, value: float, unit: str) -> Measure:
    return Measure(name, value, unit, "report", None)

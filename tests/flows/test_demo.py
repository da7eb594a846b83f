"""The demo in a small size: same seed same numbers, everything holds, nothing is left behind.

├── run                                 every invariant holds, withdrawals are paid
├── run twice                           the same figures
├── another seed                        other figures
└── Ctrl-C, SIGTERM                     no anvil stays
"""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from penstock.anvil import Anvil
from penstock.localvenue import LocalVenue
from penstock.settings import read_parameters
from penstock.simulation import Outcome, Plan, Simulation
from tests.helpers.processes import wait_for_end

ROOT = Path(__file__).resolve().parents[2]
SMALL = Plan(rounds=14, step=600, takes=16)


def play(plan: Plan) -> Outcome:
    with Anvil() as anvil:
        return Simulation(LocalVenue.start(anvil, read_parameters()), plan).run()


def figures(outcome: Outcome) -> tuple[object, ...]:
    settled = [(s.number, s.transaction, s.gas, s.size, s.fills) for s in outcome.settlements]
    return outcome.orders, outcome.rejections, settled, outcome.ledger.funding_totals()


def test_simulation__small_plan__everything_holds() -> None:
    outcome = play(SMALL)
    assert [check for check in outcome.checks if not check.holds] == []
    assert [payment.paid for payment in outcome.payments] == [True, True]
    assert (outcome.ledger.skipped, outcome.dropped) == (0, 0)
    assert all(terms.accruals >= 2 for terms in outcome.ledger.markets.values())
    assert outcome.holds


def test_simulation__same_seed__same_numbers() -> None:
    assert figures(play(SMALL)) == figures(play(SMALL))


def test_simulation__other_seed__other_numbers() -> None:
    assert figures(play(SMALL)) != figures(play(Plan(8, rounds=14, step=600, takes=16)))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_demo__interrupted__leaves_no_anvil(number: signal.Signals) -> None:
    script = "from scripts.demo import cli; cli(['--rounds', '5000'])"
    child = subprocess.Popen(
        [sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    try:
        anvils = wait_for_children(child.pid)
        child.send_signal(number)
        child.communicate(timeout=30)
    finally:
        child.kill()
        child.wait()
    assert child.returncode != 0
    # The kernel ends what the program did not live to end, a moment after it.
    wait_for_end(anvils)


def wait_for_children(parent: int) -> list[int]:
    """The two chains that the demo started, once they are there and answer for themselves."""
    deadline = time.monotonic() + 30
    children = Path(f"/proc/{parent}/task/{parent}/children")
    while time.monotonic() < deadline:
        found = [int(pid) for pid in children.read_text().split() if is_anvil(pid)]
        if len(found) == 2:
            return found
    raise AssertionError("the demo started no two anvils")


def is_anvil(pid: str) -> bool:
    """Whether a process runs anvil by now."""
    try:
        return os.path.basename(os.readlink(f"/proc/{pid}/exe")).startswith("anvil")
    except FileNotFoundError:
        return False

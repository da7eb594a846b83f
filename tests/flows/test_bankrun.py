"""A run on the venue, small: paid to its end, without an operator, and without a tenth of it.

├── each variant    audits hold, tickets are paid once and in order, no promise broken by over PUSH
├── plain           everybody is served; the sequencer stutters; a share of the money is on L1
├── vanish          frozen by those who are left: who has a claim is paid it, from the vault alone
├── insolvent       the same share of each claim, to the unit
├── same seed       the command gives the same tables, tickets and storage
└── report          tables, a picture, a line for each ticket
"""

import csv
from itertools import pairwise
from pathlib import Path

import pytest
from click.testing import CliRunner
from msgspec.structs import replace
from rich.console import Console

from penstock.bankrun.files import plot, write_tickets
from penstock.bankrun.moment import Outcome
from penstock.bankrun.plan import PARAMETERS, PUSH, SHARE, SMALL, Variant
from penstock.bankrun.report import show
from penstock.bankrun.run import BankRun
from penstock.crash.network import SETTINGS, RollupNetwork
from penstock.devnet import Devnet
from scripts import bankrun

GONE = (Variant.VANISH, Variant.INSOLVENT)


def play(variant: Variant) -> Outcome:
    with Devnet.start(SETTINGS) as net:
        network = RollupNetwork.launch(net, PARAMETERS)
        return BankRun(network, replace(SMALL, variant=variant)).run()


@pytest.fixture(scope="module")
def outcomes() -> dict[Variant, Outcome]:
    return {variant: play(variant) for variant in Variant}


@pytest.fixture(params=Variant)
def outcome(request: pytest.FixtureRequest, outcomes: dict[Variant, Outcome]) -> Outcome:
    return outcomes[request.param]


@pytest.fixture
def plain(outcomes: dict[Variant, Outcome]) -> Outcome:
    return outcomes[Variant.PLAIN]


@pytest.fixture(params=GONE)
def gone(request: pytest.FixtureRequest, outcomes: dict[Variant, Outcome]) -> Outcome:
    return outcomes[request.param]


def test_bankrun__every_audit__holds(outcome: Outcome) -> None:
    assert outcome.broken == []
    assert outcome.audits >= len(outcome.moments)
    assert outcome.holds


def test_s8__every_ticket__is_paid_once_in_order(outcome: Outcome) -> None:
    assert [one.paid for one in outcome.promises] == [one.amount for one in outcome.promises]
    served = [one.served_at for one in outcome.promises]
    assert served == sorted(served)
    assert min(served) > 0


def test_eta__somebody_pushes_every_push__no_promise_is_broken_by_more(outcome: Outcome) -> None:
    assert 0 < outcome.gap <= PUSH
    assert all(one.promised >= one.ready_at for one in outcome.promises)
    assert outcome.late <= PUSH


def test_doors__paid_tickets_and_shares__are_on_l1(outcome: Outcome) -> None:
    to_l1 = sum(one.paid for one in outcome.promises if one.to == "L1")
    assert outcome.arrived.doors > 0
    assert outcome.arrived.received == outcome.arrived.sent >= to_l1 > 0


def test_bankrun__at_the_end__l1_gives_every_block(outcome: Outcome) -> None:
    assert [check.name for check in outcome.between if check.holds] == [
        "L2 = L2 rebuilt from L1",
        "locked on L1 = supply on L2",
    ]


def test_plain__everybody__has_left(plain: Outcome) -> None:
    assert len({one.account for one in plain.promises}) == SMALL.leavers
    assert plain.moments[-1].waiting == 0
    assert max(m.waiting for m in plain.moments) > SMALL.leavers // 4
    assert plain.shares == []


def test_plain__a_line_longer_than_the_bucket__is_paid_in_parts(plain: Outcome) -> None:
    assert max(m.amount - m.level for m in plain.moments) > 0
    assert any(one.parts > 1 for one in plain.promises)


def test_plain__while_the_sequencer_stutters__l1_takes_requests_and_pushes(plain: Outcome) -> None:
    outages = [m for m in plain.moments if m.phase == "outage"]
    assert len(outages) == 4 * len(SMALL.stutters)
    assert plain.moments[-1].forced == sum(one.way == "L1" for one in plain.promises) > 0
    assert any(later.paid > sooner.paid for sooner, later in pairwise(outages))


def test_s9__operator_gone__everybody_with_a_claim_is_paid(gone: Outcome) -> None:
    claimed = {one.account for one in gone.shares if one.claim}
    assert {one.account for one in gone.shares if one.paid} == claimed
    frozen = [m for m in gone.moments if m.phase == "frozen"][-1]
    assert sum(one.paid for one in gone.shares) <= gone.pot == frozen.booked - frozen.amount
    assert any(one.way == "desk" for one in gone.promises)


def test_s9__solvent__each_claim_is_paid_in_full(outcomes: dict[Variant, Outcome]) -> None:
    shares = outcomes[Variant.VANISH].shares
    assert [one.paid for one in shares] == [one.claim for one in shares]


def test_s9__a_tenth_is_missing__each_account_has_the_same_ratio(
    outcomes: dict[Variant, Outcome],
) -> None:
    shares = outcomes[Variant.INSOLVENT].shares
    claims, paid = sum(one.claim for one in shares), sum(one.paid for one in shares)
    pot = outcomes[Variant.INSOLVENT].pot
    assert paid <= pot <= claims
    assert abs(pot / claims - SHARE) < 1e-4
    assert [one.paid for one in shares] == [one.claim * pot // claims for one in shares]


def test_bankrun__drawn__is_a_picture(gone: Outcome, tmp_path: Path) -> None:
    place = tmp_path / "bankrun.png"
    plot(gone, place)
    assert place.read_bytes().startswith(b"\x89PNG")


def test_bankrun__written__has_a_line_for_each_ticket(plain: Outcome, tmp_path: Path) -> None:
    place = tmp_path / "tickets.csv"
    write_tickets(plain.promises, place)
    rows = list(csv.DictReader(place.open()))
    assert [int(row["late"]) for row in rows] == [one.late for one in plain.promises]


def test_bankrun__shown__has_the_quantiles_and_the_share_of_l1(outcome: Outcome) -> None:
    shown = told(outcome)
    assert "served, after the promise" in shown
    assert "left to L1 through doors" in shown
    assert ("Shares of the frozen venue" in shown) == bool(outcome.shares)


def test_bankrun__same_seed__same_tables_tickets_and_storage(
    plain: Outcome, tmp_path: Path
) -> None:
    place, before = tmp_path / "run.png", tmp_path / "before.csv"
    write_tickets(plain.promises, before)
    seed = ["--seed", str(SMALL.seed)]
    done = CliRunner().invoke(bankrun.cli, ["--small", *seed, "--plot", str(place)])
    assert done.exit_code == 0, done.output
    # The last of the tables has the root of all storage on L2.
    assert told(plain) in done.output
    assert place.with_suffix(".csv").read_text() == before.read_text()
    assert place.stat().st_size > 10_000


def told(outcome: Outcome) -> str:
    console = Console(width=150)
    with console.capture() as capture:
        console.print(show(outcome))
    return capture.get()

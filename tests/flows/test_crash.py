"""A crash with everything that can bear a loss: small, on both networks, twice from one seed.

├── either network     audits hold, nobody owes anything, each step bears its part, the same again
├── outage and grace   nobody is liquidated in them
├── rollup             L2 makes blocks of deposits alone; margin lands in them; L1 gives all of L2
└── report             a picture, and a line for each top-up and each fate
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from rich.console import Console

from penstock.anvil import Anvil
from penstock.crash.ending import FATES
from penstock.crash.moment import Outcome
from penstock.crash.network import SETTINGS, STOPS, Network, RollupNetwork
from penstock.crash.plan import FIRST, PARAMETERS, SMALL
from penstock.crash.report import plot, show
from penstock.crash.run import Crash
from penstock.devnet import Devnet


@contextmanager
def single() -> Iterator[Network]:
    with Anvil() as anvil:
        yield Network.start(anvil)


@contextmanager
def rollup() -> Iterator[RollupNetwork]:
    with Devnet.start(SETTINGS) as net:
        yield RollupNetwork.launch(net)


NETWORKS = {"single": single, "rollup": rollup}
ON_ROLLUP = pytest.mark.parametrize("name", ["rollup"], indirect=True)


@pytest.fixture(scope="module", params=NETWORKS)
def name(request: pytest.FixtureRequest) -> str:
    """Of the network that the crash is on."""
    return str(request.param)


@pytest.fixture(scope="module")
def outcome(name: str) -> Outcome:
    with NETWORKS[name]() as network:
        return Crash(network, SMALL).run()


def test_crash__every_audit__holds(outcome: Outcome) -> None:
    assert outcome.broken == []
    assert outcome.audits > 2 * SMALL.after
    assert outcome.ledger.skipped == 0
    assert outcome.holds


def test_crash__two_fifths_and_an_outage__leave_nobody_in_debt(outcome: Outcome) -> None:
    assert min(m.mark for m in outcome.moments) < FIRST * 61 // 100
    assert any(m.phase == "outage" for m in outcome.moments)
    assert outcome.moments[-1].bankrupt == 0
    # The fund bore what it could, to its last unit.
    assert max(m.insurance for m in outcome.moments) > 0
    assert (outcome.moments[-1].insurance, outcome.moments[-1].covered > 0) == (0, True)


def test_crash__as_it_falls__makers_widen_and_leave(outcome: Outcome) -> None:
    fall = [m for m in outcome.moments if m.phase == "fall"]
    assert fall[-1].makers < fall[0].makers
    assert fall[-1].width > 2 * fall[0].width
    assert outcome.moments[-1].makers == 2


def test_crash__each_step_of_the_ladder__bore_its_part(outcome: Outcome) -> None:
    end = outcome.moments[-1]
    assert min(end.liquidated, end.taken, end.absorbed, end.deleveraged) > 0
    assert max(m.rate for m in outcome.moments) == PARAMETERS.markets[0].cap


def test_crash__every_account__ends_without_debt_and_with_a_fate(outcome: Outcome) -> None:
    assert len(outcome.endings) == SMALL.accounts
    assert min(ending.equity for ending in outcome.endings) >= 0
    left = [e for e in outcome.endings if e.fate == "bankrupt, deleveraged"]
    assert [(ending.lots, ending.equity) for ending in left] == [(0, 0)] * len(left)


def test_seq_1__outage_and_grace__nobody_is_liquidated_in_them(outcome: Outcome) -> None:
    quiet = [m for m in outcome.moments if m.phase in ("outage", "grace")]
    lots = [(m.liquidated, m.taken, m.absorbed, m.deleveraged) for m in quiet]
    # The grace ends within its last round, when the keepers have their turn.
    assert len(set(lots[:-1])) == 1


def test_crash__same_seed__same_moments_and_storage(name: str, outcome: Outcome) -> None:
    with NETWORKS[name]() as network:
        again = Crash(network, SMALL).run()
    assert again.moments == outcome.moments
    assert again.top_ups == outcome.top_ups
    assert again.fingerprint == outcome.fingerprint


def test_crash__drawn__is_a_picture(outcome: Outcome, tmp_path: Path) -> None:
    place = tmp_path / "crash.png"
    plot(outcome.moments, place)
    assert place.read_bytes().startswith(b"\x89PNG")


def test_crash__shown__has_a_line_for_each_top_up_and_fate(outcome: Outcome) -> None:
    console = Console(width=150)
    with console.capture() as capture:
        console.print(show(outcome))
    told = capture.get()
    assert [fate for fate in FATES if fate not in told] == []
    assert [t.name for t in outcome.top_ups if f"{t.name} " not in told] == []


@ON_ROLLUP
def test_crash__in_the_outage__l1_takes_margin_that_saves(name: str, outcome: Outcome) -> None:
    forced = [top_up for top_up in outcome.top_ups if top_up.phase == "outage"]
    outage = [m.time for m in outcome.moments if m.phase == "outage"]
    assert forced
    assert all(len(top_up.landing.l1_blocks) == 2 for top_up in forced)
    assert max(top_up.landing.landed for top_up in forced) < outage[-1]
    assert {_fate(outcome, top_up.account) for top_up in forced} == {"holds its position"}
    assert outcome.moments[-1].forced == 2 * len(forced)


@ON_ROLLUP
def test_crash__in_grace__the_sequencer_takes_margin(name: str, outcome: Outcome) -> None:
    brought = [top_up for top_up in outcome.top_ups if top_up.phase == "grace"]
    assert brought
    assert {top_up.landing.l1_blocks for top_up in brought} == {()}


@ON_ROLLUP
def test_crash__at_the_end__l1_gives_every_block(name: str, outcome: Outcome) -> None:
    assert [check.name for check in outcome.between if check.holds] == [
        "L2 = L2 rebuilt from L1",
        "locked on L1 = supply on L2",
    ]


def test_stand_still__on_a_rollup__makes_blocks_of_deposits_alone() -> None:
    with rollup() as network:
        net, began = network.rollup.net, network.venue.chain.time()
        height = len(net.blocks)
        assert sum(1 for _ in network.stand_still(600)) == STOPS
        assert all(block.forced and not block.users for block in net.blocks[height:])
        assert network.venue.chain.time() >= began + 600
        assert net.sequencer.running


def test_stand_still__on_a_single_chain__gives_nobody_a_chance() -> None:
    with single() as network:
        began = network.venue.chain.time()
        assert list(network.stand_still(600)) == []
        assert network.venue.chain.time() > began + 600


def _fate(outcome: Outcome, account: int) -> str:
    return next(ending.fate for ending in outcome.endings if ending.account == account)

"""A venue on the rollup devnet, from collateral on L1 to collateral on L1.

├── run                        everything holds on both chains, L1 rebuilds L2
├── run twice                  the same hashes
├── collateral                 bridged, never minted on L2
├── a receipt asked for        makes the block that holds it; the sequencer down, it does not
├── a deposit forced from L1    lands while the sequencer is down; refused, it is named
└── leaving to L1              each stop in order, money only after the window
"""

from collections.abc import Iterator

import pytest
from msgspec.structs import replace

from penstock.devnet import Config, Devnet, balance_of
from penstock.devnet.errors import DepositFailedError
from penstock.invariants import EQUITY
from penstock.journey import Traveller
from penstock.rollup import RollupVenue
from penstock.rollup_checks import check_chains
from penstock.rollup_demo import SETTINGS, RollupDemo, RollupOutcome
from penstock.settings import DEFAULTS
from penstock.simulation import Plan

SMALL = Plan(rounds=6, step=900, takes=12, leave=0.5)
DEPOSIT = 10**9


def play(plan: Plan) -> tuple[RollupOutcome, str]:
    """Run the demo; also the hash of the last L2 block."""
    with Devnet.start(SETTINGS) as net:
        return RollupDemo(net, plan).run(), net.blocks[-1].hash


@pytest.fixture
def venue() -> Iterator[RollupVenue]:
    """A fresh venue on a fresh devnet with a window of a minute."""
    with Devnet.start(Config(window=60)) as net:
        yield RollupVenue.launch(net, DEFAULTS)


def test_rollup_demo__small_plan__everything_holds_on_both_chains() -> None:
    outcome, _ = play(SMALL)
    assert [check for check in (*outcome.venue.checks, *outcome.checks) if not check.holds] == []
    assert outcome.holds
    assert outcome.report.transactions == len(outcome.costs.transactions) > 0
    settled = {settlement.transaction for settlement in outcome.venue.settlements}
    assert settled <= {cost.hash for cost in outcome.costs.transactions}


def test_rollup_demo__same_seed__same_hashes() -> None:
    assert play(SMALL)[1] == play(SMALL)[1]


def test_open__on_the_rollup__locks_on_l1_what_it_deposits_on_l2(venue: RollupVenue) -> None:
    venue.open(["ann", "ben"], DEPOSIT)
    token = venue.collateral
    assert balance_of(venue.net.l1, token.l1, venue.net.addresses.bridge) == 2 * DEPOSIT
    assert balance_of(venue.net.l2, token.l2, venue.remote.vault.address) == 2 * DEPOSIT
    venue.net.sync()
    assert venue.net.verify().agrees


def test_batch__receipt_that_is_not_there__makes_its_block(venue: RollupVenue) -> None:
    sent = venue.operator.send(venue.operator.address, b"", 50_000)
    height = venue.net.l2.height()
    assert venue.operator.wait(sent).block == height + 1 == venue.net.l2.height()


def test_batch__sequencer_down__does_not_hold_the_transaction(venue: RollupVenue) -> None:
    venue.net.sequencer.pause()
    sent = venue.operator.send(venue.operator.address, b"", 50_000)
    assert venue.chain.rpc.call("eth_getTransactionReceipt", sent) is None
    venue.net.sequencer.resume()
    assert venue.operator.wait(sent).succeeded


def test_force_deposit__sequencer_down__lands_in_blocks_of_deposits(venue: RollupVenue) -> None:
    (ann,) = venue.open(["ann"], DEPOSIT)
    venue.net.sequencer.pause()
    arrivals = venue.force_deposit(ann, DEPOSIT)
    assert [venue.net.blocks[arrival.l2.block].forced for arrival in arrivals] == [True, True]
    assert venue.remote.lens.ask("accountOf", ann.account)[EQUITY] == 2 * DEPOSIT
    venue.net.sequencer.resume()
    assert venue.deposit(ann.owner, ann.account, DEPOSIT).succeeded
    assert [check for check in check_chains(venue) if not check.holds] == []


def test_force_deposit__no_such_account__is_named(venue: RollupVenue) -> None:
    (ann,) = venue.open(["ann"], DEPOSIT)
    nobody = replace(ann, account=ann.account + 1)
    with pytest.raises(DepositFailedError, match="its call failed on L2"):
        venue.force_deposit(nobody, DEPOSIT)


def test_travel__free_collateral__arrives_on_l1_after_the_window(venue: RollupVenue) -> None:
    (ann,) = venue.open(["ann"], DEPOSIT)
    journey = Traveller(venue, ann).travel()
    assert journey.complete
    assert (journey.forced, journey.burned, journey.paid) == (DEPOSIT, DEPOSIT, DEPOSIT)
    after = [stop.after for stop in journey.stops]
    assert after == sorted(after)
    stops = {stop.what: stop for stop in journey.stops}
    proven, paid = stops["proven on L1"], stops["paid on L1"]
    assert paid.after - proven.after >= 60
    assert 0 < proven.gas < 300_000
    assert 0 < paid.gas < 300_000

"""L1 is reorganised after the venue has settled a batch: L2 goes back, and the off-chain side too.

a batch on lost blocks
├── mined again by itself           found settled, not sent twice
├── SEQ-3 gone from the pool, too   sent again as it was, same result, nonce that of the chain
├── mined again without its margin  its fills are skipped with their verdict, and given up
└── waits in an outage              nothing is sent until its fate is known
a rollback that nobody was told of  named at the next look, once the chain is longer too
"""

from collections.abc import Callable, Iterator
from copy import deepcopy
from random import Random
from typing import NamedTuple

import pytest

from penstock.accounts import Position
from penstock.devnet import Config, Devnet
from penstock.invariants import EQUITY
from penstock.messages import Order
from penstock.mirror import RolledBackError
from penstock.operations import next_number
from penstock.rollup import RollupVenue
from penstock.sender import ReceiptMissingError
from penstock.settings import DEFAULTS
from penstock.submitter import Submitter
from tests.flows.desk import Desk
from tests.flows.sums import check_venue


@pytest.fixture
def desk() -> Iterator[Desk]:
    """A venue on a devnet of its own, with L1 blocks above its deployment."""
    with Devnet.start(Config(window=60)) as net:
        found = Desk(RollupVenue.launch(net, DEFAULTS), Random(1))
        for _ in range(3):
            net.sync()
        yield found


def prepare_a_batch(desk: Desk) -> Submitter:
    """Let fills wait for a block of its own L1 origin."""
    desk.quote()
    desk.venue.net.sync()
    return desk.submitter


def settle_a_batch(desk: Desk) -> int:
    """Settle one batch in such a block; how many fills it has."""
    (done,) = prepare_a_batch(desk).settle()
    return done.fills


def test_settle__batch_was_rolled_back__is_named_and_sends_nothing(desk: Desk) -> None:
    settle_a_batch(desk)
    mirror, nonce = desk.submitter.mirror, desk.venue.operator.nonce
    lost = mirror.block, mirror.hash
    desk.venue.net.l1_reorg(1)
    desk.venue.net.step(5)
    with pytest.raises(RolledBackError) as caught:
        desk.submitter.settle()
    assert (caught.value.block, caught.value.hash) == lost
    assert desk.venue.operator.nonce == nonce
    assert not mirror.stands()


def test_resume__batch_mined_again__is_found_settled(desk: Desk) -> None:
    fills = settle_a_batch(desk)
    desk.venue.net.l1_reorg(1)
    desk.recover()
    assert desk.submitter.pending == []
    assert desk.submitter.settle() == []
    assert next_number(desk.venue.remote) == 2
    assert desk.ledger.fills == fills
    check_venue(desk)


def lose_the_batch(desk: Desk, gone: Callable[[Desk], None] = Desk.outbid) -> None:
    """Roll L2 back in an outage, and let the batch that waits be gone."""
    desk.venue.net.sequencer.pause()
    desk.venue.net.l1_reorg(1)
    assert desk.venue.operator.waiting() == 1
    gone(desk)
    desk.venue.net.sequencer.resume()
    desk.venue.net.step()


def forget(desk: Desk) -> None:
    """Have the node's pool lose what waits, as one does that is restarted."""
    net = desk.venue.net
    net.node.state.waiting.clear()
    net.l2.rpc.call("anvil_dropAllTransactions")


class Result(NamedTuple):
    """A settled batch: its calldata, what the chain said of it, and every position after it."""

    call: str
    said: tuple[object, ...]
    positions: dict[int, dict[int, Position]]


def result(desk: Desk, transaction: str) -> Result:
    call = desk.venue.remote.rpc.call("eth_getTransactionByHash", transaction)["input"]
    (said,) = (log.arguments for log in desk.venue.remote.logs(0) if log.name == "BatchSettled")
    accounts = desk.submitter.mirror.venue.accounts
    return Result(call, said, {n: deepcopy(accounts[n].positions) for n in desk.traders})


@pytest.mark.parametrize("gone", [Desk.outbid, forget], ids=["replaced", "forgotten"])
def test_seq_3__reorg_removes_a_settled_batch__is_sent_again_as_it_was_with_the_chains_nonce(
    desk: Desk, gone: Callable[[Desk], None]
) -> None:
    (done,) = prepare_a_batch(desk).settle()
    before, nonce = result(desk, done.transaction), desk.venue.operator.nonce
    lose_the_batch(desk, gone)
    assert next_number(desk.venue.remote) == 1
    assert desk.venue.net.l2.receipt(done.transaction) is None
    desk.recover()
    assert desk.venue.operator.nonce == nonce - (gone is forget)
    (again,) = desk.submitter.settle()
    assert (again.number, again.fills, again.skipped) == (1, done.fills, [])
    assert result(desk, again.transaction) == before
    assert desk.venue.operator.counts() == (desk.venue.operator.nonce,) * 2
    check_venue(desk)


def test_resume__batch_lost_and_another_matched__settles_both_in_order(desk: Desk) -> None:
    settle_a_batch(desk)
    lose_the_batch(desk)
    desk.recover()
    desk.quote()
    desk.submitter.settle()
    assert desk.ledger.fills == len(desk.fills)
    check_venue(desk)


def test_resume__batch_waits_in_an_outage__is_not_sent_again(desk: Desk) -> None:
    fills = settle_a_batch(desk)
    desk.venue.net.sequencer.pause()
    desk.venue.net.l1_reorg(1)
    with pytest.raises(ReceiptMissingError):
        desk.recover()
    desk.venue.net.sequencer.resume()
    desk.venue.net.step()
    desk.recover()
    assert (desk.submitter.pending, desk.ledger.fills) == ([], fills)
    check_venue(desk)


def buy(desk: Desk, account: int) -> None:
    """Take a lot of the first market from whoever offers it."""
    asset, now = desk.assets[0], desk.venue.chain.time()
    price = round(desk.prices.ticks[asset.spec.market] * 1.01)
    order = Order(account, asset.spec.market, True, True, False, False, price, 1, now + 600, 1)
    desk.send(order, now)


def test_resume__batch_mined_again_without_its_margin__gives_the_fill_up(desk: Desk) -> None:
    settle_a_batch(desk)
    net = desk.venue.net
    before = net.l1.height()
    (zoe,) = desk.venue.open(["zoe"], 10**9)
    desk.traders[zoe.account] = zoe
    desk.submitter.follow()
    buy(desk, zoe.account)
    (done,) = desk.submitter.settle()
    assert (done.number, done.fills, done.skipped) == (2, 1, [])
    net.l1_reorg(net.l1.height() - before)
    desk.recover()
    assert int(desk.venue.remote.lens.ask("accountOf", zoe.account)[EQUITY]) == 0
    assert (desk.ledger.batches, desk.ledger.skipped) == (2, 1)
    assert desk.submitter.settle() == []
    check_venue(desk)

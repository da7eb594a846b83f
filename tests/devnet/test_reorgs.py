"""L1 reorgs: what stood on lost blocks is given up on L2 and derived anew, or waits again.

deposit      gone on both chains · back again when L1's transactions are replayed
user         his transaction waits again, and is mined in a later block
withdrawal   its output, its proof on L1 or its payout is lost, and the step is taken again
batch        lost ones are posted again
limits       too deep · no depth · behind the node's back
"""

from contextlib import ExitStack
from pathlib import Path

import pytest

from penstock.devnet import Config, Devnet, Key
from penstock.devnet.errors import ReorgDepthError
from tests.devnet.world import (
    check_ether,
    check_verified,
    deploy,
    landed,
    paid,
    provable,
    proven,
)


def settle(net: Devnet) -> None:
    """A few blocks under what follows."""
    for _ in range(3):
        net.sync()


def test_l1_reorg__of_a_deposits_block__takes_the_money_back_on_both_chains(
    devnet: Devnet, alice: Key
) -> None:
    settle(devnet)
    before = devnet.l2.balance(alice.address)
    arrival = devnet.deposit_eth(alice, 1_000)
    devnet.l1_reorg(1)
    assert devnet.l2.balance(alice.address) == before
    assert devnet.l1.receipt(arrival.l1.hash) is None
    assert devnet.l2.receipt(arrival.l2.hash) is None
    check_ether(devnet)
    check_verified(devnet)


def test_l1_reorg__with_replay__brings_the_deposit_back_as_another_transaction(
    devnet: Devnet, alice: Key
) -> None:
    settle(devnet)
    before = devnet.l2.balance(alice.address)
    arrival = devnet.deposit_eth(alice, 1_000)
    devnet.l1_reorg(1, replay=True)
    again = devnet.bridge.arrival(arrival.l1.hash)
    assert again.l2.hash != arrival.l2.hash
    assert devnet.l2.balance(alice.address) == before + 1_000
    check_ether(devnet)
    check_verified(devnet)


def test_l1_reorg__of_three_blocks__has_users_transactions_mined_again(
    devnet: Devnet, alice: Key, bob: Key
) -> None:
    settle(devnet)
    hashes = []
    for key in (alice, bob, alice):
        hashes.append(devnet.l2.send(key, bob.address, value=1))
        devnet.sync()
    old = [landed(devnet.l2, hash).block_hash for hash in hashes]
    devnet.l1_reorg(3)
    devnet.step()
    new = [landed(devnet.l2, hash).block_hash for hash in hashes]
    assert all(landed(devnet.l2, hash).succeeded for hash in hashes)
    assert set(old).isdisjoint(new)
    check_verified(devnet)


def test_l1_reorg__of_a_user_who_spent_a_lost_deposit__drops_him_with_a_reason(
    devnet: Devnet, alice: Key
) -> None:
    settle(devnet)
    poor = devnet.accounts[9]
    rest = devnet.l2.balance(poor.address)
    devnet.deposit_eth(alice, 10**20, poor.address)
    sent = devnet.l2.send(poor, alice.address, value=rest + 10**18)
    devnet.sync()
    assert landed(devnet.l2, sent).succeeded
    devnet.l1_reorg(2)
    devnet.sync()
    assert devnet.l2.receipt(sent) is None
    assert "nsufficient funds" in devnet.node.state.dropped[sent]
    check_ether(devnet)
    check_verified(devnet)


def test_l1_reorg__of_the_output__has_it_proposed_again_before_the_proof(
    devnet: Devnet, alice: Key
) -> None:
    found = provable(devnet, devnet.withdraw_eth(alice, 1))
    devnet.l1_reorg(1)
    # The withdrawal's own block stands, or its transaction was mined again in a later one.
    again = provable(devnet, _same(devnet, found.message.nonce))
    again.prove()
    check_verified(devnet)


def test_l1_reorg__of_the_proof__lets_it_be_given_again(devnet: Devnet, alice: Key) -> None:
    found = proven(devnet, devnet.withdraw_eth(alice, 1))
    devnet.l1_reorg(1)
    assert found.status in {"provable", "waiting"}
    again = proven(devnet, _same(devnet, found.message.nonce))
    devnet.warp(devnet.config.window)
    assert again.finalize().succeeded


def test_l1_reorg__of_the_payout__lets_it_be_paid_once_more_and_no_more(
    devnet: Devnet, alice: Key
) -> None:
    to = "0x" + "a1" * 20
    found = paid(devnet, devnet.withdraw_eth(alice, 7, to))
    assert devnet.l1.balance(to) == 7
    devnet.l1_reorg(1)
    assert devnet.l1.balance(to) == 0
    assert found.status == "ready"
    assert found.finalize().succeeded
    assert devnet.l1.balance(to) == 7
    check_ether(devnet)


def test_l1_reorg__of_posted_batches__posts_their_blocks_again(devnet: Devnet) -> None:
    devnet.step(10)
    safe = devnet.safe
    devnet.l1_reorg(3)
    assert devnet.safe < safe
    check_verified(devnet)
    assert devnet.safe >= safe


def test_l1_reorg__in_an_outage__keeps_deriving_deposits(devnet: Devnet, alice: Key) -> None:
    settle(devnet)
    devnet.sequencer.pause()
    devnet.deposit_eth(alice, 5)
    devnet.l1_reorg(1)
    assert devnet.deposit_eth(alice, 6).succeeded
    devnet.sequencer.resume()
    check_ether(devnet)
    check_verified(devnet)


def test_l1_reorg__behind_the_nodes_back__is_noticed_at_the_next_block(
    devnet: Devnet, alice: Key
) -> None:
    settle(devnet)
    before = devnet.l2.balance(alice.address)
    devnet.deposit_eth(alice, 5)
    devnet.l1.rpc.call("anvil_setCoinbase", "0x" + "0c" * 20)
    devnet.l1.rpc.call("anvil_reorg", 1, [])
    devnet.sync()
    devnet.sync()
    assert devnet.l2.balance(alice.address) == before
    check_verified(devnet)


@pytest.mark.parametrize("depth", [-1, 0, 1_000])
def test_l1_reorg__of_an_impossible_depth__names_what_is_possible(
    devnet: Devnet, depth: int
) -> None:
    devnet.sync()
    with pytest.raises(ReorgDepthError) as caught:
        devnet.l1_reorg(depth)
    # The block that the snapshot of this test was taken at stays.
    assert caught.value.most == 1


def test_l1_reorg__as_deep_as_possible__leaves_the_accounts_their_ether() -> None:
    with Devnet.start(Config(accounts=2)) as net:
        settle(net)
        net.l1_reorg(net.l1.height() - net.node.floor)
        assert [net.l2.balance(key.address) for key in net.accounts] == [net.config.balance] * 2
        assert net.deposit_eth(net.accounts[0], 1).succeeded
        check_verified(net)


def _same(net: Devnet, nonce: int) -> str:
    """The L2 transaction that holds a message now."""
    for block in reversed(net.blocks):
        for hash in net.l2.block(block.number)["transactions"]:
            receipt = landed(net.l2, hash)
            topics = [log["topics"] for log in receipt.logs]
            if any(len(t) > 1 and int(t[1], 16) == nonce for t in topics):
                return str(hash)
    net.step()
    return _same(net, nonce)


def test_l1_reorg__of_a_deletion__has_the_false_output_back_and_deletes_it_again(
    devnet: Devnet, alice: Key
) -> None:
    settle(devnet)
    devnet.lie()
    found = devnet.withdrawal(devnet.withdraw_eth(alice, 1))
    while found.status == "waiting":
        devnet.sync()
    index = devnet.challenge()
    assert index is not None
    devnet.l1_reorg(1)
    assert devnet.challenge() == index
    again = proven(devnet, _same(devnet, found.message.nonce))
    devnet.warp(devnet.config.window)
    assert again.finalize().succeeded


def test_l1_reorg__with_a_transaction_behind_a_gap__leaves_it_there(
    devnet: Devnet, bob: Key
) -> None:
    settle(devnet)
    nonce = devnet.l2.nonce(bob.address)
    late = devnet.l2.send(bob, bob.address, gas=100_000, nonce=nonce + 1)
    devnet.l1_reorg(2)
    early = devnet.l2.send(bob, bob.address, gas=100_000, nonce=nonce)
    devnet.step()
    assert landed(devnet.l2, early).block == landed(devnet.l2, late).block


READ_AND_FAIL = bytes.fromhex("6005545060006000fd")
"""Code that reads slot 5, which is empty, and reverts."""


@pytest.mark.parametrize("fault", ["none", "reorg", "revert", "load"])
def test_verify__after_a_failed_read_of_an_empty_slot__agrees_whatever_came_before(
    fault: str, tmp_path: Path
) -> None:
    with Devnet.start(Config(accounts=1)) as net, ExitStack() as stack:
        alice = net.accounts[0]
        target = deploy(net, net.l2, alice, READ_AND_FAIL)
        settle(net)
        if fault == "reorg":
            net.l1_reorg(2)
        if fault == "revert":
            mark = net.snapshot()
            net.sync()
            net.revert(mark)
        if fault == "load":
            net.dump(tmp_path / "saved.json")
            net = stack.enter_context(Devnet.load(tmp_path / "saved.json"))
        for _ in range(2):
            sent = net.l2.send(alice, target, gas=100_000)
            net.sync()
            assert not landed(net.l2, sent).succeeded
        check_verified(net)

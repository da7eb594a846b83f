"""Sequencing: what users send, in which order, and what happens while nobody sequences.

pool          order of arrival · gap in the nonce · same nonce, more fee · too little fee
policy        another order · one left out
outage        deposits go on · users wait and come afterwards · forced blocks are not posted
blocks        base fee by the rule · time · rules of the machine
"""

from collections.abc import Sequence
from itertools import pairwise

import pytest

from penstock.devnet import ETHER, Devnet, Key
from penstock.devnet.accounts import Transaction, transaction_hash
from penstock.devnet.engine import Header, next_base_fee, read_header
from penstock.devnet.errors import NodeRefusedError
from penstock.devnet.hashing import hexed
from penstock.devnet.predeploys import GAS_ORACLE
from tests.devnet.world import check_ether, check_verified, deploy, landed, word


def transfer(net: Devnet, key: Key, ahead: int = 0, cap: int = 0, value: int = 1) -> bytes:
    """A signed transfer, `ahead` nonces after the next."""
    nonce = net.l2.rpc.number("eth_getTransactionCount", key.address, "latest") + ahead
    price = cap or 4 * net.l2.base_fee()
    return Transaction(901, nonce, 100_000, key.address, b"", value, price).sign(key)


def send(net: Devnet, signed: bytes) -> str:
    """Put it into the L2 node's pool."""
    return str(net.l2.rpc.call("eth_sendRawTransaction", hexed(signed)))


def order(net: Devnet) -> list[str]:
    """Users' transactions of the latest block."""
    return [transaction_hash(signed) for signed in net.blocks[-1].users]


def test_step__several_transactions__are_mined_in_order_of_arrival(devnet: Devnet) -> None:
    keys = devnet.accounts[5:0:-1]
    sent = [send(devnet, transfer(devnet, key)) for key in keys]
    devnet.step()
    assert order(devnet) == sent
    check_verified(devnet)


def test_step__thirty_transactions__are_mined_in_order_of_arrival(devnet: Devnet) -> None:
    sent = [
        send(devnet, transfer(devnet, key, ahead)) for key in devnet.accounts for ahead in range(3)
    ]
    devnet.step()
    assert order(devnet) == sent
    check_verified(devnet)


def test_step__a_gap_in_the_nonce__waits_until_it_is_closed(devnet: Devnet, bob: Key) -> None:
    late = send(devnet, transfer(devnet, bob, 1))
    devnet.step()
    assert devnet.l2.receipt(late) is None
    early = send(devnet, transfer(devnet, bob, 0))
    devnet.step()
    assert order(devnet) == [early, late]


def test_step__the_same_nonce_with_more_fee__replaces(devnet: Devnet, bob: Key) -> None:
    fee = devnet.l2.base_fee()
    old = send(devnet, transfer(devnet, bob, cap=2 * fee))
    devnet.sequencer.pause()
    devnet.step(2)
    new = send(devnet, transfer(devnet, bob, cap=4 * fee, value=2))
    devnet.sequencer.resume()
    devnet.step()
    assert order(devnet) == [new]
    assert devnet.node.state.dropped == {old: "replaced by another with the same nonce"}


def test_step__a_fee_below_the_base_fee__is_refused_by_the_node(devnet: Devnet, bob: Key) -> None:
    with pytest.raises(NodeRefusedError, match="less than block base fee"):
        send(devnet, transfer(devnet, bob, cap=1))


def test_policy__newest_first__is_the_order_of_the_block(devnet: Devnet) -> None:
    sequencer = devnet.node.sequencer
    first_come = sequencer.policy
    sequencer.policy = lambda waiting: waiting[::-1]
    try:
        sent = [send(devnet, transfer(devnet, key)) for key in devnet.accounts[:4]]
        devnet.step()
        assert order(devnet) == sent[::-1]
    finally:
        sequencer.policy = first_come
    check_verified(devnet)


def test_policy__that_leaves_somebody_out__keeps_him_waiting(
    devnet: Devnet, alice: Key, bob: Key
) -> None:
    sequencer = devnet.node.sequencer
    first_come = sequencer.policy
    censored = send(devnet, transfer(devnet, bob))
    other = send(devnet, transfer(devnet, alice))
    sequencer.policy = lambda waiting: [s for s in waiting if transaction_hash(s) != censored]
    try:
        devnet.step(3)
    finally:
        sequencer.policy = first_come
    assert devnet.l2.receipt(censored) is None
    assert landed(devnet.l2, other).succeeded
    devnet.step()
    assert order(devnet) == [censored]


def test_pause__with_a_waiting_transaction__it_comes_after_the_outage(
    devnet: Devnet, bob: Key
) -> None:
    devnet.sequencer.pause()
    sent = send(devnet, transfer(devnet, bob))
    devnet.step(6)
    assert devnet.l2.receipt(sent) is None
    assert devnet.l2.rpc.call("eth_getTransactionByHash", sent)["blockNumber"] is None
    devnet.sequencer.resume()
    devnet.step()
    assert order(devnet) == [sent]
    check_verified(devnet)


def test_pause__with_a_deposit__it_is_forced_in_and_nothing_is_posted(
    devnet: Devnet, bob: Key
) -> None:
    devnet.sync()
    devnet.sequencer.pause()
    before = len(devnet.node.state.postings)
    assert devnet.force(bob, bob.address, mint=5, value=1).succeeded
    devnet.step(4)
    outage = [block for block in devnet.blocks if block.forced]
    assert [len(block.users) for block in outage] == [0] * len(outage)
    assert {block.sequence for block in outage} == {0}
    # What was sequenced before the outage may still be posted in it, but none of its blocks.
    posted = devnet.node.state.postings[before:]
    assert all(posting.last < outage[0].number for posting in posted)
    assert devnet.safe == devnet.blocks[-1].number
    assert devnet.verify().agrees
    devnet.sequencer.resume()
    check_ether(devnet)
    check_verified(devnet)


def test_pause__twice__is_as_good_as_once(devnet: Devnet) -> None:
    devnet.sequencer.pause()
    devnet.sequencer.pause()
    assert not devnet.sequencer.running
    devnet.sequencer.resume()
    assert devnet.sequencer.running


@pytest.mark.parametrize(
    ("used", "expected"),
    [
        (0, 996_000_000),
        (5_000_000, 10**9),
        (10_000_000, 1_004_000_000),
        (30_000_000, 1_020_000_000),
    ],
)
def test_next_base_fee__by_the_gas_used__is_the_protocols(used: int, expected: int) -> None:
    assert next_base_fee(Header(1, "", 0, 10**9, used, 30_000_000)) == expected


def test_next_base_fee__of_a_tiny_fee__rises_by_one_at_least() -> None:
    assert next_base_fee(Header(1, "", 0, 7, 5_000_001, 30_000_000)) == 8


def test_blocks__one_after_another__follow_the_base_fee_rule(devnet: Devnet) -> None:
    devnet.step(4)
    headers = [read_header(devnet.l2.block(n)) for n in range(len(devnet.blocks))][1:]
    assert [h.base_fee for h in headers[1:]] == [next_base_fee(h) for h in headers[:-1]]


def test_blocks__one_after_another__never_go_back_in_time_or_pass_an_origin_over(
    devnet: Devnet,
) -> None:
    devnet.step(5)
    devnet.warp(1_000)
    devnet.step(5)
    blocks = devnet.blocks
    for parent, block in pairwise(blocks):
        assert block.time > parent.time
        assert block.time >= block.origin.time
        assert block.origin.number - parent.origin.number in (0, 1)


def test_call__without_a_sender__works_although_it_is_charged_an_l1_fee(devnet: Devnet) -> None:
    assert devnet.l2.read(GAS_ORACLE, "GasPriceOracle", "isFjord") is True


def test_call__of_somebody_without_ether__works_with_his_balance_overridden(
    devnet: Devnet,
) -> None:
    poor = "0x" + "55" * 20
    question = {"from": poor, "to": GAS_ORACLE, "data": "0x519b4bd3"}
    with pytest.raises(NodeRefusedError, match=r"(?i)insufficient funds"):
        devnet.l2.rpc.call("eth_call", question, "latest")
    answer = devnet.l2.rpc.call("eth_call", question, "latest", {poor: {"balance": hex(ETHER)}})
    assert int(answer, 16) == devnet.blocks[-1].origin.base_fee


def test_deploy__code_with_push0_and_transient_storage__runs_on_l2(
    devnet: Devnet, alice: Key
) -> None:
    # TSTORE(0, 7), SSTORE(0, TLOAD(0)): what compilers emit for `cancun` and `prague`.
    code = bytes.fromhex("60075f5d5f5c5f5500")
    target = deploy(devnet, devnet.l2, alice, code)
    devnet.l2.send(alice, target)
    devnet.step()
    assert word(devnet.l2, target) == 7


def test_safe__by_the_node__is_what_is_posted_and_not_what_anvil_guesses(devnet: Devnet) -> None:
    devnet.sync()
    devnet.step()
    guessed = devnet.l2.rpc.call("eth_getBlockByNumber", "safe", False)
    assert devnet.safe == devnet.node.state.postings[-1].last
    assert int(guessed["number"], 16) != devnet.safe


@pytest.mark.parametrize("deposits", [0, 2])
def test_step__a_transaction_at_the_last_moment__comes_after_the_deposits(
    devnet: Devnet, alice: Key, bob: Key, deposits: int
) -> None:
    late: list[str] = []
    sequencer = devnet.node.sequencer
    first_come = sequencer.policy

    def slow(waiting: Sequence[bytes]) -> Sequence[bytes]:
        """Let somebody send between the look at the pool and the block."""
        if not late:
            late.append(send(devnet, transfer(devnet, bob)))
        return waiting

    sent = send(devnet, transfer(devnet, alice))
    for _ in range(deposits):
        devnet.bridge.send_down(devnet.accounts[7], devnet.addresses.bridge, b"", 1)
    sequencer.policy = slow
    try:
        devnet.sync()
    finally:
        sequencer.policy = first_come
    assert len(devnet.l2.block()["transactions"]) == 3 + deposits
    assert sorted(order(devnet)) == sorted([sent, *late])
    check_verified(devnet)

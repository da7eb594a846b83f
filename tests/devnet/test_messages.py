"""SEQ-9: messages between the chains, duplicated and re-ordered; test_faults.py delays them

duplicated
├── down, relayed again by anybody ...... refused; tokens minted once
├── up, proven and paid again ........... refused by the portal, in the same block too
└── up, relayed again by anybody ........ refused
re-ordered
├── up, finalised in any order .......... each applied once, in that order
├── failed, replayed backwards, twice ... each applied once, in both directions
└── down, lost in a reorg, sent anew .... each applied once, in L1's new order
"""

from collections.abc import Callable
from random import Random
from typing import Final, TypeAlias

import pytest

from penstock.devnet import Chain, Devnet, Key, Token, Withdrawal, balance_of
from penstock.devnet.abi import contract
from penstock.devnet.deposits import from_logs
from penstock.devnet.errors import CallRevertedError
from penstock.devnet.predeploys import MESSENGER
from tests.devnet.world import (
    COUNT,
    check_ether,
    check_tokens,
    check_verified,
    counted,
    deploy,
    landed,
    proven,
    shut_until,
)

Fail: TypeAlias = Callable[[Devnet, Key, bytes], tuple[Chain, str, list[bytes]]]
"""Sends three messages to a target with that code, in vain: where it is, and the relaying calls."""
GAS: Final = 1_000_000
NOT_FAILED: Final = "message cannot be replayed"
"""It went well at once, or never came."""
AGAIN: Final = "message has already been relayed"
"""It failed, and a replay went well."""
LATE: Final = 3_600
"""Seconds until a target opens that fails before."""


def down(net: Devnet, key: Key, target: str, number: int) -> bytes:
    """Send a message to L2; what the messenger there is called with."""
    arrival = net.bridge.deposit_message(key, target, number.to_bytes(32, "big"))
    (deposit,) = from_logs(arrival.l1.logs)
    return deposit.data


def up(net: Devnet, key: Key, target: str, number: int) -> str:
    """Start a message to L1; the L2 transaction."""
    return net.withdraw_message(key, target, number.to_bytes(32, "big"))


def relay(net: Devnet, chain: Chain, key: Key, data: bytes) -> bool:
    """Call a chain's messenger, as anybody can; whether that went well."""
    messenger = MESSENGER if chain is net.l2 else net.addresses.messenger
    hash = chain.send(key, messenger, data, gas=GAS)
    net.sync()
    return landed(chain, hash).succeeded


def check_refused(net: Devnet, chain: Chain, key: Key, data: bytes, why: str) -> None:
    """The messenger undoes the call, for that reason."""
    assert not relay(net, chain, key, data)
    messenger = MESSENGER if chain is net.l2 else net.addresses.messenger
    with pytest.raises(CallRevertedError, match=why):
        chain.send(key, messenger, data)


def finalization(found: Withdrawal) -> bytes:
    """What the portal is called with."""
    return contract("OptimismPortal").encode("finalizeWithdrawalTransaction", found.message.fields)


def test_seq_9__message_down_relayed_again_by_anybody__is_applied_once(
    devnet: Devnet, alice: Key, bob: Key
) -> None:
    target = deploy(devnet, devnet.l2, alice, COUNT)
    sent = [down(devnet, alice, target, 7) for _ in range(2)]
    for data in sent:
        check_refused(devnet, devnet.l2, bob, data, NOT_FAILED)
    # Two messages alike are two messages.
    assert counted(devnet.l2, target) == [7, 7]


def test_seq_9__tokens_down_relayed_again__are_minted_once(
    devnet: Devnet, alice: Key, bob: Key, token: Token
) -> None:
    arrival = devnet.deposit_erc20(alice, token, 9, bob.address)
    (deposit,) = from_logs(arrival.l1.logs)
    check_refused(devnet, devnet.l2, bob, deposit.data, NOT_FAILED)
    # Not even L1 itself can do so: forced, the call comes from nobody whom the messenger knows.
    assert not devnet.force(bob, MESSENGER, deposit.data, gas=GAS).succeeded
    assert balance_of(devnet.l2, token.l2, bob.address) == 9
    check_tokens(devnet, token)


def test_seq_9__message_up_finalised_twice_in_a_block__is_applied_once(
    devnet: Devnet, alice: Key, bob: Key
) -> None:
    target = deploy(devnet, devnet.l1, alice, COUNT)
    found = proven(devnet, up(devnet, alice, target, 7))
    devnet.warp(devnet.config.window + 1)
    portal, data = devnet.addresses.portal, finalization(found)
    hashes = [devnet.l1.send(key, portal, data, gas=GAS) for key in (alice, bob)]
    devnet.sync()
    first, second = (landed(devnet.l1, hash) for hash in hashes)
    assert (first.block, first.succeeded, second.succeeded) == (second.block, True, False)
    assert counted(devnet.l1, target) == [7]
    check_refused(devnet, devnet.l1, bob, found.message.data, NOT_FAILED)


@pytest.mark.parametrize("seed", range(4))
def test_seq_9__messages_up_finalised_in_any_order__are_each_applied_once_in_that_order(
    devnet: Devnet, alice: Key, seed: int
) -> None:
    target = deploy(devnet, devnet.l1, alice, COUNT)
    found = {number: up(devnet, alice, target, number) for number in range(1, 6)}
    order, shown = Random(seed).sample(sorted(found), len(found)), dict[int, Withdrawal]()
    for number in reversed(order):
        shown[number] = proven(devnet, found[number])
    devnet.warp(devnet.config.window + 1)
    for number in order:
        assert shown[number].finalize().succeeded
        check_refused(devnet, devnet.l1, alice, shown[number].message.data, NOT_FAILED)
    assert counted(devnet.l1, target) == order
    check_verified(devnet)


def fail_down(net: Devnet, key: Key, code: bytes) -> tuple[Chain, str, list[bytes]]:
    target = deploy(net, net.l2, key, code)
    return net.l2, target, [down(net, key, target, number) for number in (1, 2, 3)]


def fail_up(net: Devnet, key: Key, code: bytes) -> tuple[Chain, str, list[bytes]]:
    target = deploy(net, net.l1, key, code)
    found = [proven(net, up(net, key, target, number)) for number in (1, 2, 3)]
    net.warp(net.config.window + 1)
    assert [one.finalize().succeeded for one in found] == [False] * 3
    return net.l1, target, [one.message.data for one in found]


@pytest.mark.parametrize("fail", [fail_down, fail_up])
def test_seq_9__failed_messages_replayed_backwards_and_twice__are_each_applied_once(
    devnet: Devnet, alice: Key, bob: Key, fail: Fail
) -> None:
    chain, target, sent = fail(devnet, alice, shut_until(devnet.node.state.now + LATE))
    for data in sent:
        # A replay that fails again uses nothing up.
        relay(devnet, chain, bob, data)
    assert counted(chain, target) == []
    devnet.warp(LATE)
    for data in reversed(sent):
        assert relay(devnet, chain, bob, data)
        check_refused(devnet, chain, bob, data, AGAIN)
    assert counted(chain, target) == [3, 2, 1]
    check_verified(devnet)


def test_seq_9__messages_down_lost_and_sent_anew_in_another_order__are_each_applied_once(
    devnet: Devnet, alice: Key, bob: Key
) -> None:
    target = deploy(devnet, devnet.l2, alice, COUNT)
    for _ in range(3):
        devnet.sync()
    height = devnet.l1.height()
    lost = [down(devnet, alice, target, 1), down(devnet, bob, target, 2)]
    assert counted(devnet.l2, target) == [1, 2]
    devnet.l1_reorg(devnet.l1.height() - height)
    assert counted(devnet.l2, target) == []
    check_refused(devnet, devnet.l2, alice, lost[0], NOT_FAILED)
    assert [down(devnet, bob, target, 2), down(devnet, alice, target, 1)] != lost
    assert counted(devnet.l2, target) == [2, 1]
    check_ether(devnet)
    check_verified(devnet)

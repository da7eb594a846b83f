"""SEQ-9: messages between the chains that are delayed by any fault: nothing is lost or paid twice

fault        sequencer down · batcher down · proposer down · false output · L1 reorg · days pass ·
             saved and loaded
under way    a deposit in L1's pool · a withdrawal started, provable, proven or ready
"""

from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from penstock.devnet import Config, Devnet, Withdrawal
from penstock.devnet.abi import contract
from penstock.devnet.errors import WindowOpenError
from tests.devnet.world import check_ether, check_verified, provable, proven, ripen

RECEIVER: Final = "0x" + "c7" * 20
AMOUNT: Final = 7_000


def _pause(name: str) -> Callable[[Devnet], None]:
    def fault(net: Devnet) -> None:
        part = getattr(net, name)
        part.pause()
        net.step(8)
        part.resume()

    return fault


def _lie(net: Devnet) -> None:
    net.lie()
    before = len(net.node.state.outputs)
    while len(net.node.state.outputs) == before:
        net.sync()
    net.sync()
    assert net.challenge() is not None


def _reorg(net: Devnet) -> None:
    net.l1_reorg(3, replay=True)


def _days(net: Devnet) -> None:
    net.warp(3 * 86_400)


FAULTS: Final = {
    "sequencer": _pause("sequencer"),
    "batcher": _pause("batcher"),
    "proposer": _pause("proposer"),
    "lie": _lie,
    "reorg": _reorg,
    "days": _days,
}


def start(net: Devnet) -> str:
    """Let some blocks be, then start a withdrawal."""
    for _ in range(4):
        net.sync()
    return net.withdraw_eth(net.accounts[0], AMOUNT, RECEIVER)


def bring_to(net: Devnet, hash: str, stage: str) -> None:
    """Take the steps before a stage."""
    if stage == "provable":
        provable(net, hash)
    if stage in {"proven", "ready"}:
        found = proven(net, hash)
    if stage == "ready":
        ripen(net, found)
    # A reorg of three blocks must not take more than these.
    for _ in range(0 if stage == "ready" else 3):
        net.sync()


def finish(net: Devnet, hash: str) -> None:
    """Take whatever steps are left, then see that the money came once."""
    for _ in range(60):
        found = _found(net, hash)
        if found is not None and found.status == "final":
            break
        if found is None or not _one_step(net, found):
            net.sync()
    assert net.l1.balance(RECEIVER) == AMOUNT


def pay_through(net: Devnet, fault: str, stage: str) -> None:
    """Have a fault come at some stage of a withdrawal, and the money all the same."""
    hash = start(net)
    bring_to(net, hash, stage)
    FAULTS[fault](net)
    finish(net, hash)
    check_ether(net)
    check_verified(net)


def _found(net: Devnet, hash: str) -> Withdrawal | None:
    return net.withdrawal(hash) if net.l2.receipt(hash) else None


def _one_step(net: Devnet, found: Withdrawal) -> bool:
    if found.status == "provable":
        found.prove()
    elif found.status == "proven":
        with pytest.raises(WindowOpenError):
            found.finalize()
        ripen(net, found)
    elif found.status == "ready":
        assert found.finalize().succeeded
    else:
        return False
    return True


@pytest.mark.parametrize("stage", ["started", "provable", "proven", "ready"])
@pytest.mark.parametrize("fault", FAULTS)
def test_seq_9__withdrawal_delayed_by_a_fault__is_paid_exactly_once(
    devnet: Devnet, fault: str, stage: str
) -> None:
    pay_through(devnet, fault, stage)


@pytest.mark.parametrize("fault", FAULTS)
def test_seq_9__deposit_delayed_in_l1s_pool_by_a_fault__arrives_exactly_once(
    devnet: Devnet, fault: str
) -> None:
    for _ in range(4):
        devnet.sync()
    to = "0x" + "d7" * 20
    data = contract("L1StandardBridge").encode("depositETHTo", to, 200_000, b"")
    hash = devnet.bridge.send_down(devnet.accounts[0], devnet.addresses.bridge, data, AMOUNT)
    FAULTS[fault](devnet)
    devnet.sync()
    assert devnet.l1.receipt(hash) is not None
    assert devnet.l2.balance(to) == AMOUNT
    check_ether(devnet)
    check_verified(devnet)


@pytest.mark.parametrize("stage", ["started", "provable", "proven", "ready"])
def test_load__while_a_withdrawal_is_under_way__it_is_paid_exactly_once(
    stage: str, tmp_path: Path
) -> None:
    with Devnet.start(Config(accounts=1, window=120)) as net:
        hash = start(net)
        bring_to(net, hash, stage)
        net.dump(tmp_path / "saved.json")
    with Devnet.load(tmp_path / "saved.json") as net:
        finish(net, hash)
        check_ether(net)
        check_verified(net)


@pytest.mark.parametrize("fault", FAULTS)
def test_fault__with_a_users_transaction_waiting__it_is_mined_in_the_end(
    devnet: Devnet, fault: str
) -> None:
    for _ in range(4):
        devnet.sync()
    bob = devnet.accounts[1]
    hash = devnet.l2.send(bob, RECEIVER, value=3)
    FAULTS[fault](devnet)
    devnet.sync()
    assert devnet.l2.balance(RECEIVER) == 3
    assert devnet.l2.receipt(hash) is not None
    check_verified(devnet)

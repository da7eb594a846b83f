"""Going back: snapshots of both chains and the node, and devnets saved into a file."""

from pathlib import Path

import pytest

from penstock.devnet import ETHER, Config, Devnet, Key
from penstock.devnet.errors import SavedStateError, SnapshotError
from tests.devnet.world import check_ether, check_verified, landed, provable, proven


def story(net: Devnet) -> list[str]:
    """Some of everything; the hashes of both heads."""
    alice, bob = net.accounts[:2]
    net.deposit_eth(alice, ETHER)
    net.l2.send(bob, alice.address, value=3)
    net.withdraw_eth(alice, 5)
    net.step(5)
    net.warp(200)
    return [net.l1.block()["hash"], net.l2.block()["hash"]]


def test_revert__and_the_same_again__gives_the_same_hashes_on_both_chains(
    devnet: Devnet,
) -> None:
    mark = devnet.snapshot()
    first = story(devnet)
    devnet.revert(mark)
    assert story(devnet) == first
    check_verified(devnet)


def test_revert__with_a_pending_withdrawal__forgets_its_proof(devnet: Devnet, alice: Key) -> None:
    found = provable(devnet, devnet.withdraw_eth(alice, 1))
    mark = devnet.snapshot()
    found.prove()
    devnet.warp(1_000)
    assert found.status == "ready"
    devnet.revert(mark)
    assert found.status == "provable"
    found.prove()


def test_revert__with_a_waiting_transaction__has_it_mined_afterwards(
    devnet: Devnet, bob: Key
) -> None:
    devnet.sequencer.pause()
    sent = devnet.l2.send(bob, bob.address)
    devnet.step(2)
    mark = devnet.snapshot()
    devnet.sequencer.resume()
    devnet.step()
    assert landed(devnet.l2, sent).succeeded
    devnet.revert(mark)
    assert devnet.l2.receipt(sent) is None
    assert not devnet.sequencer.running
    devnet.sequencer.resume()
    devnet.step()
    assert landed(devnet.l2, sent).succeeded


def test_revert__to_an_outer_snapshot__uses_the_inner_one_up(devnet: Devnet) -> None:
    outer = devnet.snapshot()
    inner = devnet.snapshot()
    devnet.revert(outer)
    for number in (inner, outer, 0):
        with pytest.raises(SnapshotError, match=str(number)):
            devnet.revert(number)


def test_load__of_a_saved_devnet__goes_on_with_the_same_hashes(
    devnet: Devnet, alice: Key, tmp_path: Path
) -> None:
    found = proven(devnet, devnet.withdraw_eth(alice, 5))
    path = tmp_path / "saved.json"
    devnet.dump(path)
    first = story(devnet)
    with Devnet.load(path) as other:
        again = other.withdrawal_of(found.message, found.block)
        assert again.status == "proven"
        assert story(other) == first
        assert again.finalize().succeeded
        check_ether(other)
        check_verified(other)


def test_load__with_a_pending_deposit__derives_it(tmp_path: Path) -> None:
    with Devnet.start(Config(accounts=1)) as net:
        alice = net.accounts[0]
        net.batcher.pause()
        net.sequencer.pause()
        net.deposit_eth(alice, 5, "0x" + "bb" * 20)
        net.dump(tmp_path / "saved.json")
    with Devnet.load(tmp_path / "saved.json") as net:
        assert net.l2.balance("0x" + "bb" * 20) == 5
        assert not net.sequencer.running
        net.sequencer.resume()
        net.batcher.resume()
        check_verified(net)


@pytest.mark.parametrize("text", ["", "{}", '{"format": 1}', "not json"])
def test_load__of_another_file__says_what_is_wrong_with_it(tmp_path: Path, text: str) -> None:
    path = tmp_path / "other.json"
    path.write_text(text)
    with pytest.raises(SavedStateError, match=r"other\.json is no saved devnet"):
        Devnet.load(path)


def test_load__of_no_file__says_so(tmp_path: Path) -> None:
    with pytest.raises(SavedStateError, match="No such file"):
        Devnet.load(tmp_path / "missing.json")

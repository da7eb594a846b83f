"""The pytest plugin: what one test does is not there for the next."""

from penstock.devnet import Devnet, Key

STRANGER = "0x" + "d1" * 20


def test_devnet__first_test__changes_both_chains_and_the_node(devnet: Devnet, alice: Key) -> None:
    devnet.deposit_eth(alice, 5, STRANGER)
    devnet.sequencer.pause()
    devnet.warp(1_000_000)
    assert devnet.l2.balance(STRANGER) == 5


def test_devnet__second_test__sees_nothing_of_it(devnet: Devnet) -> None:
    assert devnet.l2.balance(STRANGER) == 0
    assert devnet.sequencer.running
    assert devnet.node.state.now < devnet.config.start + 1_000_000


def test_devnet__of_the_session__is_the_same_process(
    devnet: Devnet, devnet_session: Devnet
) -> None:
    assert devnet is devnet_session

"""Outputs: proposed on time, false ones challenged, and withdrawals in between.

propose     every interval · not before its blocks are on L1 · none while the proposer is down
false       disputed · cannot be proven against · deleted with all after it · proposed anew
replaced    a proven withdrawal whose output was deleted: proven again, paid once
"""

import pytest

from penstock.devnet import Devnet, Key
from penstock.devnet.abi import contract
from penstock.devnet.errors import CallRevertedError, FalseOutputError, OutputReplacedError
from tests.devnet.world import check_verified, provable, proven


def outputs(net: Devnet) -> list[int]:
    """L2 blocks of the outputs that L1 holds."""
    oracle = net.addresses.oracle
    count = net.l1.read(oracle, "L2OutputOracle", "nextOutputIndex")
    return [net.node.ledger.claim(index).block for index in range(count)]


def run_until_output(net: Devnet, block: int) -> None:
    """Let the chains go on until an output covers a block."""
    for _ in range(4 * net.config.output_interval):
        if outputs(net) and outputs(net)[-1] >= block:
            return
        net.sync()
    raise AssertionError(f"no output covers block {block}")


def test_propose__as_blocks_are_posted__takes_every_fifth_and_no_unsafe_one(
    devnet: Devnet,
) -> None:
    devnet.step(40)
    interval = devnet.config.output_interval
    found = outputs(devnet)
    assert found == list(range(interval, found[-1] + 1, interval))
    assert found[-1] <= devnet.safe
    assert devnet.challenge() is None


def test_pause__of_the_proposer__stops_withdrawals_until_it_resumes(
    devnet: Devnet, alice: Key
) -> None:
    devnet.proposer.pause()
    before = outputs(devnet)
    found = devnet.withdrawal(devnet.withdraw_eth(alice, 1))
    devnet.step(30)
    assert outputs(devnet) == before
    assert found.status == "waiting"
    devnet.proposer.resume()
    devnet.sync()
    assert found.status == "provable"
    found.prove()


def test_lie__with_a_pending_withdrawal__is_disputed_until_challenged(
    devnet: Devnet, alice: Key
) -> None:
    devnet.lie()
    found = devnet.withdrawal(devnet.withdraw_eth(alice, 1))
    run_until_output(devnet, found.block)
    assert found.status == "disputed"
    with pytest.raises(FalseOutputError) as caught:
        found.prove()
    assert devnet.challenge() == caught.value.index
    run_until_output(devnet, found.block)
    found.prove()
    devnet.warp(devnet.config.window)
    assert found.finalize().succeeded
    check_verified(devnet)


def test_lie__with_a_pending_deposit__does_not_touch_it(devnet: Devnet, alice: Key) -> None:
    devnet.lie()
    assert devnet.deposit_eth(alice, 8).succeeded
    devnet.step(20)
    assert devnet.challenge() is not None
    assert devnet.deposit_eth(alice, 8).succeeded
    check_verified(devnet)


def test_challenge__of_an_earlier_output__stops_a_proven_withdrawal_until_it_is_back(
    devnet: Devnet, alice: Key
) -> None:
    devnet.lie()
    devnet.step(12)
    lies = len(outputs(devnet)) - 1
    found = proven(devnet, devnet.withdraw_eth(alice, 1))
    assert len(outputs(devnet)) - 1 > lies
    devnet.proposer.pause()
    assert devnet.challenge() is not None
    assert found.status == "replaced"
    with pytest.raises(OutputReplacedError):
        found.finalize()
    devnet.proposer.resume()
    earlier = found.earliest
    run_until_output(devnet, found.block)
    # The same root is back at its index: the proof holds, the wait begins anew.
    assert found.status == "proven"
    assert found.earliest is not None
    assert earlier is not None
    assert found.earliest >= earlier - 1
    devnet.warp(devnet.config.window)
    assert found.finalize().succeeded
    assert found.status == "final"


def test_challenge__after_the_window__comes_too_late(devnet: Devnet) -> None:
    devnet.lie()
    devnet.step(12)
    held = outputs(devnet)
    devnet.warp(devnet.config.window + 1)
    assert devnet.challenge() is None
    assert outputs(devnet)[: len(held)] == held


def test_delete__by_a_stranger__is_refused_by_the_oracle(devnet: Devnet, alice: Key) -> None:
    devnet.step(12)
    data = contract("L2OutputOracle").encode("deleteL2Outputs", 0)
    with pytest.raises(CallRevertedError, match="only the challenger"):
        devnet.l1.send(alice, devnet.addresses.oracle, data)


def test_propose__a_block_that_is_not_next__is_refused_by_the_oracle(devnet: Devnet) -> None:
    devnet.step(12)
    data = contract("L2OutputOracle").encode("proposeL2Output", b"\1" * 32, 3, bytes(32), 0)
    question = {
        "from": devnet.node.proposer.party.key.address,
        "to": devnet.addresses.oracle,
        "data": "0x" + data.hex(),
    }
    with pytest.raises(CallRevertedError, match="must be equal to next expected"):
        devnet.l1.rpc.call("eth_call", question, "latest")


def test_provable__in_an_outage__a_forced_withdrawal_is_proposed_and_paid(
    devnet: Devnet, bob: Key
) -> None:
    devnet.sync()
    devnet.sequencer.pause()
    to, nothing = "0x" + "44" * 20, b""
    data = contract("L2ToL1MessagePasser").encode("initiateWithdrawal", to, 100_000, nothing)
    passer = "0x4200000000000000000000000000000000000016"
    arrival = devnet.force(bob, passer, data, mint=6, value=6, gas=500_000)
    found = provable(devnet, arrival.l2.hash)
    found.prove()
    devnet.warp(devnet.config.window)
    assert found.finalize().succeeded
    assert devnet.l1.balance(to) == 6

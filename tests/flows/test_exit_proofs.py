"""An exit is proven and paid on L1 from public data: two nodes, the addresses of the bridge, a key.

├── nobody listens ...... a fresh process, oracle or games, and no server that could be asked
├── a false output ...... is named, and nothing is sent, though somebody proved against it; a true
│                         one is proven afterwards
├── state that is gone .. is named; a newer output does
└── a stranger's proof .. is paid on by anybody
"""

from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import msgspec
import pytest

from penstock.devnet import Config, balance_of
from penstock.devnet.client import read_descriptor
from penstock.devnet.config import Proofs
from penstock.devnet.proposer import look
from penstock.devnet.withdrawals import proving
from penstock.follow.proof import Bridge
from penstock.localvenue import signer_of
from penstock.settings import DEFAULTS
from tests.flows.leaver import DELAY, DEPOSIT, WINDOW, Leaver, RollupLeaver, on_rollup

TICKET = ("--ticket", 1)
AMOUNT = 600


def terms(proofs: Proofs, history: int = 500) -> Config:
    """A devnet that pays a minute after a proof."""
    return Config(window=WINDOW, proofs=proofs, maturity=10, finality=5, history=history)


def leave(leaver: RollupLeaver) -> None:
    """Take ticket 1 over the bridge, until L1 can be shown."""
    burn(leaver)
    leaver.await_output(*TICKET)


def burn(leaver: RollupLeaver) -> None:
    """Take ticket 1 as far as the bridge."""
    leaver.venue.open(["ann"], DEPOSIT)
    leaver.step("request", AMOUNT, "--account", 1, "--to-l1", key="owner ann")
    leaver.pass_time(DELAY)
    for step in ("release", "send"):
        leaver.step(step, *TICKET)


def deceive(leaver: RollupLeaver) -> None:
    """Have L1 told a lie by the first output that covers what was burned."""
    net, (leg,) = leaver.net, leaver.ask(*TICKET)["exits"][0]["legs"]
    block, outputs = net.withdrawal(leg["transaction"]).block, net.node.state.outputs
    while outputs[-1].block + net.config.output_interval < block:
        net.sync()
    net.lie()
    leaver.await_output(*TICKET)


def prove_the_lie(leaver: RollupLeaver) -> None:
    """Have the portal believe that the lie holds what was burned, which is true of the lie, too."""
    net, (leg,) = leaver.net, leaver.ask(*TICKET)["exits"][0]["legs"]
    bridge, output = (
        Bridge(read_descriptor(leaver.folder / "devnet.json")),
        net.node.state.outputs[-1],
    )
    message = bridge.passage(leg["transaction"], leg["index"]).message
    _, proofs = look(bridge.l2.rpc, output.block, [message.hash])
    known = bridge.ledger.count() - 1, output.parts.falsified, proofs[message.hash]
    call, portal = proving(bridge.ledger.portal, message, *known), bridge.found.addresses.portal
    sent = net.l1.send(net.accounts[0], portal, call, gas=10**6)
    net.sync()
    receipt = net.l1.receipt(sent)
    assert receipt is not None
    assert receipt.succeeded


def paid(leaver: RollupLeaver) -> int:
    """What ann has on L1."""
    owner = leaver.venue.trader("ann", 1).owner.address
    return balance_of(leaver.net.l1, leaver.venue.collateral.l1, owner)


def await_payday(leaver: RollupLeaver) -> None:
    """Let time pass until L1 can pay."""
    told = leaver.ask(*TICKET)
    leaver.net.warp(told["exits"][0]["progress"]["earliest"] - told["now"])


@pytest.fixture(params=get_args(Proofs))
def bridged(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[RollupLeaver]:
    """Somebody whose money is on the bridge."""
    with on_rollup(tmp_path, DEFAULTS, terms(request.param)) as leaver:
        leave(leaver)
        yield leaver


def forget_control(leaver: Leaver) -> None:
    """Leave nothing in the descriptor but chains and contracts."""
    file = leaver.folder / "devnet.json"
    found = msgspec.structs.replace(read_descriptor(file), control="", accounts=[], contracts="")
    found.write(file)


def nonce_on_l1(leaver: RollupLeaver, name: str) -> int:
    return leaver.net.l1.nonce("0x" + signer_of(name).address.hex())


def test_prove__nobody_listens__two_nodes_are_enough(bridged: RollupLeaver) -> None:
    listening = read_descriptor(bridged.folder / "devnet.json")
    # Whoever has the key has ether on L1, too.
    payer = "0x" + signer_of("passer-by").address.hex()
    bridged.net.l1.send(bridged.net.accounts[0], payer, value=10**19)
    bridged.net.sync()
    key = (*TICKET, "--development", "passer-by")
    forget_control(bridged)
    proven = bridged.meanwhile("prove", *key)
    assert (proven.code, "ticket 1: proven" in proven.said) == (0, True), proven
    listening.write(bridged.folder / "devnet.json")
    await_payday(bridged)
    assert paid(bridged) == 0
    forget_control(bridged)
    done = bridged.meanwhile("finalise", *key)
    assert (done.code, "ticket 1: final" in done.said) == (0, True), done
    assert paid(bridged) == AMOUNT * 10**6


def test_finalise__proven_by_a_stranger__is_paid_on_by_anybody(bridged: RollupLeaver) -> None:
    assert "proven" in bridged.step("prove", *TICKET, key="a stranger").said
    assert "done already" in bridged.step("prove", *TICKET).said
    assert nonce_on_l1(bridged, "passer-by") == 0
    early = bridged.step("finalise", *TICKET)
    assert (early.code, "the challenge window" in early.said) == (3, True), early
    await_payday(bridged)
    assert "ticket 1: final" in bridged.step("finalise", *TICKET).said
    assert paid(bridged) == AMOUNT * 10**6


@pytest.mark.parametrize("proofs", get_args(Proofs))
@pytest.mark.parametrize("accomplice", [False, True], ids=["nobody", "an accomplice"])
def test_prove__false_output__is_named_and_nothing_is_sent(
    tmp_path: Path, proofs: Proofs, accomplice: bool
) -> None:
    with on_rollup(tmp_path, DEFAULTS, terms(proofs)) as leaver:
        burn(leaver)
        deceive(leaver)
        if accomplice:
            prove_the_lie(leaver)
        assert "a false output" in leaver.run("watch", *TICKET, "--once").said
        refused = leaver.step("prove", *TICKET)
        assert (refused.code, "is not the root of this chain" in refused.said) == (1, True), refused
        assert nonce_on_l1(leaver, "passer-by") == 0
        leaver.net.challenge()
        leaver.await_output(*TICKET)
        assert "ticket 1: proven" in leaver.step("prove", *TICKET).said


def test_prove__state_that_is_gone__is_named_until_a_newer_output(tmp_path: Path) -> None:
    with on_rollup(tmp_path, DEFAULTS, terms("oracle", history=50)) as leaver:
        leave(leaver)
        leaver.net.proposer.pause()
        leaver.net.step(100)
        refused = leaver.step("prove", *TICKET)
        assert (refused.code, "has no state of block" in refused.said) == (1, True), refused
        assert "prove against a newer output" in refused.said
        leaver.net.proposer.resume()
        for _ in range(3):
            leaver.net.sync()
        assert "ticket 1: proven" in leaver.step("prove", *TICKET).said

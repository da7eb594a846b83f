"""The submitter settles each fill once, whatever dies in between.

crash
├── before the batch is sent            the fills are settled after the restart
├── after it is sent, before it is mined the restart waits for the pool, then finds it settled
└── after it is mined, before its receipt the restart finds it settled
the same process goes on after a lost receipt   it looks the batch up
another submitter                       see test_failover.py
└── settled other fills                 named at the restart
a fill that the chain will not take
├── known before                        dropped, with its verdict
├── seen in the simulation              nothing is sent
└── too late                            skipped, with its verdict
"""

from collections.abc import Callable

import pytest

from penstock.anvil import Anvil
from penstock.artifacts import ContractRevert
from penstock.batch import encode
from penstock.console import LEAD, Session
from penstock.messages import Fill, Side, Verdict
from penstock.mirror import Mirror
from penstock.operations import next_number
from penstock.risk import RiskGate
from penstock.sender import Receipt, ReceiptMissingError, Sender
from penstock.submitter import (
    SETTLE_GAS,
    DisagreementError,
    HistoryError,
    Submitter,
)


class Killed(Exception):
    """The process ended here."""


def kill(*_: object) -> Receipt:
    raise Killed


def trade(session: Session, fills: int = 3) -> list[Fill]:
    """Make fills that wait to be settled."""
    alice, bob, *_ = session.traders
    session.order(alice, "buy", "1", "60000")
    for _ in range(fills):
        session.order(bob, "sell", "0.1")
    return list(session.submitter.pending)


def restarted(session: Session, rehearse: bool = True, patience: float = 30) -> Submitter:
    """A new process: nothing is kept but the operator's key and the fills of the command log."""
    mirror = Mirror(session.devnet.remote)
    mirror.follow()
    sender = Sender(session.devnet.chain.rpc, session.devnet.operator.signer)
    gate = RiskGate(mirror.venue, session.devnet.chain.time(), LEAD)
    return Submitter(mirror, gate, sender, rehearse=rehearse, patience=patience)


def assert_settled_once(session: Session, submitter: Submitter, fills: int) -> None:
    """Nothing waits, and the chain has each fill once."""
    assert submitter.settle() == []
    assert next_number(session.devnet.remote) == 2
    assert submitter.mirror.differences() == []
    assert abs(submitter.mirror.venue.account(1).positions[1].size) == 100 * fills


def test_resume__killed_before_sending__settles_after_the_restart(session: Session) -> None:
    fills = trade(session)
    submitter = restarted(session)
    assert submitter.resume(fills) == 0
    assert [done.fills for done in submitter.settle()] == [3]
    assert_settled_once(session, submitter, 3)


def test_resume__killed_between_mining_and_receipt__sends_nothing_again(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    fills = trade(session)
    monkeypatch.setattr(session.submitter.sender, "wait", kill)
    with pytest.raises(Killed):
        session.submitter.settle()
    submitter = restarted(session)
    assert submitter.resume(fills) == 3
    assert_settled_once(session, submitter, 3)


def test_resume__killed_before_mining__waits_for_the_pool(
    anvil: Anvil, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    fills = trade(session)
    monkeypatch.setattr(session.submitter.sender, "wait", kill)
    session.submitter.follow()
    anvil.rpc.call("evm_setAutomine", False)
    with pytest.raises(Killed):
        session.submitter.settle()
    impatient = restarted(session, patience=0.05)
    with pytest.raises(ReceiptMissingError):
        impatient.resume(fills)
    anvil.mine()
    anvil.rpc.call("evm_setAutomine", True)
    submitter = restarted(session)
    assert submitter.resume(fills) == 3
    assert_settled_once(session, submitter, 3)


def test_settle__receipt_lost__looks_the_batch_up(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    trade(session)
    with monkeypatch.context() as patch:
        patch.setattr(session.submitter.sender, "wait", kill)
        with pytest.raises(Killed):
            session.submitter.settle()
    assert_settled_once(session, session.submitter, 3)


def test_settle__same_batch_twice__batch_number_wrong(session: Session) -> None:
    trade(session)
    session.submitter.follow()
    data = encode(session.submitter.prepare()[0])
    positions, operator = session.devnet.remote.positions, session.devnet.operator
    positions.transact(operator, "settle", data, gas=SETTLE_GAS)
    with pytest.raises(ContractRevert) as caught:
        positions.transact(operator, "settle", data, gas=SETTLE_GAS)
    assert (caught.value.name, caught.value.arguments) == ("Batch_NumberWrong", (1, 2))


def test_resume__chain_settled_other_fills__history_error(session: Session) -> None:
    fills = trade(session)
    session.settle()
    with pytest.raises(HistoryError) as caught:
        restarted(session).resume(fills[1:])
    assert (caught.value.number, caught.value.index) == (1, 0)


def cancel_maker(session: Session) -> None:
    """Have the maker kill all its orders on the chain."""
    alice = session.traders[0]
    positions = session.devnet.remote.positions
    positions.transact(alice.owner, "cancelAll", alice.account, 1_000, 1_000)


def test_settle__maker_cancelled_on_chain__fills_are_dropped_with_their_verdict(
    session: Session,
) -> None:
    fills = trade(session, 2)
    cancel_maker(session)
    assert session.settle() == []
    told = [(s.fill, s.verdict, s.side) for s in session.submitter.dropped]
    assert told == [(fill, Verdict.REPLACED, Side.MAKER) for fill in fills]


def interfere(submitter: Submitter, deed: Callable[[], None]) -> Callable[[], object]:
    """Prepare a batch, and let something happen on the chain before it is sent."""
    prepare = submitter.prepare

    def prepared() -> object:
        found = prepare()
        deed()
        return found

    return prepared


def test_settle__simulation_differs_from_the_model__nothing_is_sent(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    trade(session, 1)
    submitter = session.submitter
    monkeypatch.setattr(submitter, "prepare", interfere(submitter, lambda: cancel_maker(session)))
    with pytest.raises(DisagreementError) as caught:
        session.submitter.settle()
    assert (caught.value.number, caught.value.index) == (1, 0)
    assert next_number(session.devnet.remote) == 1


def test_settle__fill_became_illegal_on_the_way__is_reported_as_skipped(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    fills = trade(session, 1)
    submitter = restarted(session, rehearse=False)
    submitter.resume(fills)
    monkeypatch.setattr(submitter, "prepare", interfere(submitter, lambda: cancel_maker(session)))
    (done,) = submitter.settle()
    told = [(skip.fill, skip.verdict, skip.side) for skip in done.skipped]
    assert told == [(fills[0], Verdict.REPLACED, Side.MAKER)]
    assert submitter.mirror.differences() == []

"""A signed withdrawal goes through the operator, and no fill is lost by it.

take
├── good                              reserved at once: the engine lets nobody use it twice
├── the desk would refuse it          the desk's error, and nothing is reserved
├── handed in twice                   Request_NonceUsed
├── of nobody, or one too many        the desk's error, CrowdedError
└── fills that wait need the amount   PromisedError
carry, after the batch
├── good                              debited once, a ticket in line; several pages
├── refused in the meantime           skipped by name, free again
├── carried by somebody else          not sent again
└── revoked by its owner              not sent
restart, rollback
└── resume                            what the chain does not know is reserved and carried
"""

from decimal import Decimal

import pytest

from penstock.artifacts import ContractRevert
from penstock.carrier import MOST_WAITING, PAGE, Carrier, CrowdedError, PromisedError
from penstock.console import LEAD, Session
from penstock.errors import DecodeError
from penstock.events import RejectReason
from penstock.messages import SignedWithdrawal, Withdrawal
from penstock.mirror import Mirror
from penstock.risk import RiskGate
from penstock.sender import Sender
from penstock.signing import Domain
from penstock.submitter import Submitter
from penstock.wire import encode_withdrawal

DOLLAR = 10**6
ALL = 100_000 * DOLLAR


def signed(session: Session, who: int, amount: int, nonce: int = 1, **o: int) -> SignedWithdrawal:
    """A withdrawal as its owner signs it; `by` names another signer."""
    trader, desk = session.traders[who], session.devnet.remote.desk.address
    deadline = o.get("deadline", session.devnet.chain.time() + 3_600)
    asked = Withdrawal(trader.account, trader.owner.address, amount, nonce, deadline)
    signer = session.traders[o.get("by", who)].owner.signer
    return signer.sign_withdrawal(Domain(trader.owner.chain_id, desk), asked)


def hand_in(session: Session, who: int, amount: int, nonce: int = 1, **o: int) -> SignedWithdrawal:
    return session.carrier.take(encode_withdrawal(signed(session, who, amount, nonce, **o)))


def trade(session: Session) -> None:
    """Alice buys a coin from bob; the fill waits for its batch."""
    session.order(session.traders[0], "buy", "1", "60000")
    session.order(session.traders[1], "sell", "1")


def reserved(session: Session, who: int) -> int:
    return session.gate.venue.reserves.of(session.traders[who].account)


def owed(session: Session) -> int:
    """What is in line, quote units."""
    return int(session.devnet.remote.queue.ask("owed"))


def assert_equal(session: Session) -> None:
    """The model has every word of the chain, and nothing waits or is reserved."""
    assert session.submitter.mirror.differences() == []
    assert (session.carrier.pending, session.submitter.pending) == ([], [])
    assert [reserved(session, who) for who in range(len(session.traders))] == [0, 0, 0, 0]


# --- take -----------------------------------------------------------------------------------------


def test_take__good__is_gone_for_the_engine_at_once(session: Session) -> None:
    alice, bob, *_ = session.traders
    session.request(bob, "99000")
    assert reserved(session, 1) == 99_000 * DOLLAR
    session.order(alice, "buy", "1", "60000")
    # A coin needs 3,000 of margin, and 1,000 is left.
    (refused,) = session.order(bob, "sell", "1")
    assert refused.note == RejectReason.BELOW_INITIAL_MARGIN.name
    session.order(bob, "sell", "0.15")
    (batch,) = session.settle()
    assert (batch.fills, batch.skipped) == (1, [])
    assert [(one.ticket, one.refusal) for one in session.carried] == [(1, None)]
    assert owed(session) == 99_000 * DOLLAR
    assert_equal(session)


@pytest.mark.parametrize(
    ("how", "error"),
    [
        ({"by": 1}, "Request_SignatureWrong"),
        ({"deadline": 1}, "Request_Expired"),
        ({"amount": ALL + 1}, "Withdrawal_ExceedsWithdrawable"),
    ],
)
def test_take__the_desk_would_refuse_it__reserves_nothing(
    session: Session, how: dict[str, int], error: str
) -> None:
    with pytest.raises(ContractRevert) as caught:
        hand_in(session, 0, **{"amount": 5, **how})
    assert caught.value.name == error
    assert_equal(session)


def test_take__handed_in_twice__counts_once(session: Session) -> None:
    hand_in(session, 0, 5)
    with pytest.raises(ContractRevert) as caught:
        hand_in(session, 0, 5)
    assert (caught.value.name, caught.value.arguments) == ("Request_NonceUsed", (1, 1))
    assert reserved(session, 0) == 5


def test_take__account_of_nobody__is_the_desks_to_refuse(session: Session) -> None:
    asked = Withdrawal(99, session.traders[0].owner.address, 5, 1, 2**32)
    with pytest.raises(ContractRevert) as caught:
        session.carrier.take(encode_withdrawal(SignedWithdrawal(asked, bytes(64))))
    assert (caught.value.name, caught.value.arguments) == ("Desk_AccountRefused", (99,))


def test_take__one_too_many__waits_for_the_batch(session: Session) -> None:
    for nonce in range(MOST_WAITING):
        hand_in(session, 0, 5, nonce)
    with pytest.raises(CrowdedError, match="ask again after the next batch"):
        hand_in(session, 0, 5, MOST_WAITING)
    hand_in(session, 1, 5)
    session.settle()
    hand_in(session, 0, 5, MOST_WAITING)
    assert reserved(session, 0) == 5


def test_take__unreadable__is_named(session: Session) -> None:
    with pytest.raises(DecodeError):
        session.carrier.take(b"{}")


def test_take__fills_that_wait_need_the_amount__is_refused_until_they_need_less(
    session: Session,
) -> None:
    trade(session)
    # The chain does not know of the fill yet, and would give everything.
    with pytest.raises(PromisedError) as caught:
        hand_in(session, 1, ALL)
    free = ALL - (3_000 + 30) * DOLLAR
    assert (caught.value.amount, caught.value.free) == (ALL, free)
    assert reserved(session, 1) == 0
    hand_in(session, 1, free)
    (batch,) = session.settle()
    assert (batch.fills, batch.skipped, session.carried[0].ticket) == (1, [], 1)
    assert session.account(session.traders[1]).withdrawable == 0
    assert_equal(session)


# --- carry ----------------------------------------------------------------------------------------


def test_carry__more_than_a_page__carries_all_in_order(session: Session) -> None:
    for nonce in range(PAGE + 3):
        hand_in(session, nonce % 4, 1_000 + nonce, nonce)
    done = session.carrier.carry()
    assert [(one.withdrawal.nonce, one.ticket) for one in done] == [
        (nonce, nonce + 1) for nonce in range(PAGE + 3)
    ]
    assert owed(session) == sum(1_000 + nonce for nonce in range(PAGE + 3))
    assert_equal(session)


def test_carry__margin_rose_in_the_meantime__skips_by_name_and_frees_the_amount(
    session: Session,
) -> None:
    trade(session)
    session.settle()
    bob = session.traders[1]
    session.request(bob, session.account(bob).withdrawable)
    hand_in(session, 2, 7)
    session.price("60600")
    session.settle()
    first, second = session.carried
    assert first.refusal is not None
    assert (first.ticket, first.refusal.name) == (None, "Withdrawal_ExceedsWithdrawable")
    assert (second.ticket, second.refusal) == (1, None)
    assert owed(session) == 7
    assert_equal(session)


def test_carry__somebody_else_did__is_debited_once(session: Session) -> None:
    taken = hand_in(session, 0, ALL)
    desk, asked = session.devnet.remote.desk, taken.withdrawal
    parts = (asked.account, asked.recipient, asked.amount, asked.nonce, asked.deadline)
    desk.transact(session.traders[3].owner, "request", parts, [], taken.signature)
    assert session.carrier.carry() == []
    assert owed(session) == ALL
    assert_equal(session)


def test_carry__owner_revoked__sends_nothing(session: Session) -> None:
    hand_in(session, 0, ALL)
    owner, desk = session.traders[0].owner, session.devnet.remote.desk
    desk.transact(owner, "revoke", session.traders[0].account, 1)
    assert session.carrier.carry() == []
    assert owed(session) == 0
    assert_equal(session)


# --- restart, rollback ----------------------------------------------------------------------------


def test_resume__new_process__carries_what_the_chain_does_not_know(session: Session) -> None:
    first = hand_in(session, 0, 11)
    session.settle()
    second = hand_in(session, 1, 22)
    mirror = Mirror(session.devnet.remote)
    mirror.follow()
    gate = RiskGate(mirror.venue, session.devnet.chain.time(), LEAD)
    sender = Sender(session.devnet.chain.rpc, session.devnet.operator.signer)
    submitter = Submitter(mirror, gate, sender)
    carrier = Carrier(submitter)
    submitter.resume([])
    carrier.resume([first, second])
    assert (gate.venue.reserves.of(1), gate.venue.reserves.of(2)) == (0, 22)
    assert [one.ticket for one in carrier.carry()] == [2]
    assert owed(session) == 33
    assert mirror.differences() == []


def test_resume__chain_went_back__carries_again_what_was_lost(session: Session) -> None:
    taken = hand_in(session, 0, 11)
    rpc = session.devnet.chain.rpc
    kept = rpc.call("evm_snapshot")
    session.settle()
    assert owed(session) == 11
    assert rpc.call("evm_revert", kept)
    session.submitter.resume([])
    session.carrier.resume([taken])
    assert reserved(session, 0) == 11
    session.settle()
    assert owed(session) == 11
    assert session.account(session.traders[0]).withdrawable == Decimal("99999.999989")
    assert_equal(session)

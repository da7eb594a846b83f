"""Forced exits on a node: asked for on the chain, executed by the operator, followed by the mirror.

a position, and somebody who rests .. forced close, the operator executes it against the order
├── the mirror ...................... has moved the lots and filled the order, word by word
├── the gate ........................ counts a forced withdrawal as gone until it is executed,
│                                     and lets nobody raise the position until it is closed
└── a batch ......................... finds nothing left of the order
"""

from typing import Final

from penstock.console import Session
from penstock.events import RejectReason
from penstock.messages import Order
from penstock.units import UINT32_MAX
from tests.helpers.nodes import force

GAS: Final = 2_000_000
AMOUNT: Final = 10**9
SLOT: Final = 9 << 32 | 1


def test_forced_exits__on_a_node__mirror_and_gate_follow_them(session: Session) -> None:
    alice, bob, carol = session.traders[:3]
    session.order(alice, "buy", "1", "60000")
    session.order(bob, "sell", "1")
    session.settle()
    mirror, gate = session.submitter.mirror, session.submitter.gate
    mirror.follow()
    remote, operator = session.devnet.remote, session.devnet.operator
    size, mark = mirror.venue.held(alice.account).position(1).size, mirror.venue.market(1).mark

    # The owner asks to be out of the position, and for money.
    force(remote, "forceClose", alice.owner.address, alice.account, 1, size)
    owner = alice.owner.address
    force(remote, "forceWithdrawal", owner, alice.account, owner, AMOUNT)
    mirror.follow()
    gate.rebase()
    assert mirror.venue.reserves.of(alice.account) == AMOUNT
    (refused,) = session.order(alice, "buy", "0.1", "60000")
    assert refused.note == RejectReason.CLOSE_PENDING.name

    # The operator serves both: the close against an order that rests with it.
    order = Order(carol.account, 1, True, False, False, False, mark, size, UINT32_MAX, SLOT)
    signature = carol.signer.sign_order(session.devnet.domain, order).signature
    said = (carol.account, True, False, False, mark, size, UINT32_MAX, SLOT)
    makers = [(said, size, (), 0, b"", signature)]
    operator.resync()
    remote.desk.transact(operator, "executeClose", 1, [1], makers, 0, gas=GAS)
    remote.desk.transact(operator, "executeWithdrawal", 2, [1], gas=GAS)
    mirror.follow()
    assert mirror.venue.held(alice.account).position(1).size == 0
    assert mirror.venue.held(carol.account).position(1).size == size
    assert mirror.venue.held(carol.account).slots[9] == (1, size)
    assert mirror.venue.reserves.of(alice.account) == 0
    (accepted,) = session.order(alice, "buy", "0.1", "59000")
    assert accepted.what != refused.what
    assert mirror.differences() == []

"""A signed order becomes a position, and every figure on the way follows from it.

order → book → fill → batch → settlement → position
├── resting and market order cross      both positions, quotes and fees to the unit
├── wrong signer                        refused before matching, nothing changes
└── beyond margin                       refused before matching, with the reason
"""

from decimal import Decimal

from penstock.console import Session
from penstock.events import Rejected, RejectReason
from penstock.messages import Order
from penstock.units import UINT32_MAX
from penstock.wire import encode_order


def test_order__crosses_and_settles__positions_and_fees_are_exact(session: Session) -> None:
    alice, bob, *_ = session.traders
    session.order(alice, "buy", "0.5", "60000")
    session.order(bob, "sell", "0.2")
    (done,) = session.settle()
    assert (done.number, done.fills, done.skipped) == (1, 1, [])
    assert session.position(alice).size == Decimal("0.2")
    assert session.position(bob).size == Decimal("-0.2")
    # 0.2 × 60,000 is 12,000: the maker pays 200 and the taker 500 parts of a million.
    assert session.position(alice).value == Decimal("-2.4")
    assert session.position(bob).value == Decimal(-6)
    assert session.account(alice).equity == Decimal("99997.6")
    assert session.submitter.mirror.differences() == []


def test_order__partly_filled__the_rest_stays_in_the_book(session: Session) -> None:
    alice, bob, *_ = session.traders
    session.order(alice, "buy", "0.5", "60000")
    session.order(bob, "sell", "0.2")
    assert session.book() == [("bid", Decimal(60000), Decimal("0.3"))]


def test_order__signed_by_a_stranger__is_refused(session: Session) -> None:
    alice, bob, *_ = session.traders
    order = Order(alice.account, 1, True, False, False, False, 600_000, 1, UINT32_MAX, 1)
    signed = bob.signer.sign_order(session.devnet.domain, order)
    events = session.gateway.place(encode_order(signed), session.engine.now)
    assert events == [Rejected(signed, RejectReason.BAD_SIGNATURE)]
    assert session.settle() == []


def test_order__beyond_margin__is_refused_with_the_reason(session: Session) -> None:
    alice = session.traders[0]
    (told,) = session.order(alice, "buy", "100", "60000")
    assert (told.what, told.note) == ("rejected", "BELOW_INITIAL_MARGIN")

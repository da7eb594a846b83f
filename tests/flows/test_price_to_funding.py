"""Reports of publishers become a mark, fills a premium, and time a payment.

price → mark → premium → rate → index → payment
├── quorum's median                     is the mark
├── two periods pass                    longs pay, shorts receive, the difference is dust
└── a period without a price            charges nothing
"""

from decimal import Decimal

from penstock.console import Session


def hold(session: Session, price: str) -> None:
    """Have alice long and bob short, at a price that makes a premium."""
    alice, bob, *_ = session.traders
    session.order(bob, "sell", "0.5", price)
    session.order(alice, "buy", "0.5", price)
    session.settle()


def test_post__four_reports__their_lower_middle_is_the_mark(session: Session) -> None:
    session.price("60000")
    session.devnet.chain.warp(session.devnet.chain.time() + 50)
    session.devnet.post(1, [600_300, 600_100, 600_200, 600_400])
    session.devnet.refresh()
    session.submitter.follow()
    assert session.gate.venue.market(1).mark == 600_200


def test_accrue__two_periods__longs_pay_what_shorts_receive(session: Session) -> None:
    alice, bob, *_ = session.traders
    hold(session, "60120")
    for _ in range(2):
        session.warp(3600)
    paid, received = session.ledger.funding_totals()
    assert session.position(alice).funding < 0 < session.position(bob).funding
    assert 0 <= paid - received <= 2
    assert len(session.ledger.markets[1].rates) == 2
    assert session.submitter.mirror.differences() == []


def test_accrue__rate_of_the_interest__is_charged_to_the_unit(session: Session) -> None:
    alice, bob, *_ = session.traders
    hold(session, "60000")
    session.warp(3600)
    # 0.01 % of 30,000 in 8 hours is 3; one hour of it is 0.375.
    assert session.ledger.markets[1].rates == [100_000]
    assert session.position(alice).funding == Decimal("-0.375000")
    assert session.position(bob).funding == Decimal("0.375000")


def test_accrue__hours_without_a_price__are_charged_once(session: Session) -> None:
    alice, *_ = session.traders
    hold(session, "60000")
    session.warp(10 * 3600)
    assert len(session.ledger.markets[1].rates) == 1
    assert session.position(alice).funding == Decimal("-0.375000")

"""Money leaves by the queue, after the delay, and never what backs a position.

request → ticket → delay → release
├── without positions                   paid in full after the delay, not before
├── closed position                     is swept by the request
├── open position                       what backs it stays
└── profit on paper                     is not money
"""

from decimal import Decimal

import pytest

from penstock.artifacts import ContractRevert
from penstock.console import Session


def balance(session: Session, name: str) -> int:
    trader = next(t for t in session.traders if t.name == name)
    return int(session.devnet.remote.token.ask("balanceOf", trader.owner.address))


def test_withdraw__delay_not_over__pays_nothing_yet(session: Session) -> None:
    carol = session.traders[2]
    assert session.withdraw(carol, "100000") == 1
    assert session.release() == 0
    session.warp(300)
    assert session.release() == Decimal(100_000)
    assert balance(session, "carol") == 100_000 * 10**6
    assert session.account(carol).equity == 0


def test_withdraw__closed_position__is_swept_by_the_request(session: Session) -> None:
    alice, bob, *_ = session.traders
    session.order(alice, "buy", "0.2", "60000")
    session.order(bob, "sell", "0.2")
    session.order(bob, "buy", "0.2", "60000")
    session.order(alice, "sell", "0.2")
    session.settle()
    spare = session.account(bob).withdrawable
    session.withdraw(bob, spare)
    assert session.ledger.line(bob.account, 1).swept == -(8_400_000)
    assert session.account(bob).equity == 0
    assert session.submitter.mirror.differences() == []


def test_withdraw__open_position__keeps_its_initial_margin(session: Session) -> None:
    alice, bob, *_ = session.traders
    session.order(alice, "buy", "1", "60000")
    session.order(bob, "sell", "1")
    session.settle()
    spare = session.account(bob).withdrawable
    assert spare == Decimal(100_000 - 30 - 3_000)
    with pytest.raises(ContractRevert) as caught:
        session.withdraw(bob, spare + Decimal("0.000001"))
    quote = int(spare * 10**6)
    assert caught.value.name == "Withdrawal_ExceedsWithdrawable"
    assert caught.value.arguments == (bob.account, quote + 1, quote)
    assert session.withdraw(bob, spare) == 1


def test_withdraw__profit_on_paper__is_margin_and_not_money(session: Session) -> None:
    alice, bob, *_ = session.traders
    session.order(alice, "buy", "1", "60000")
    session.order(bob, "sell", "1")
    session.settle()
    before = session.account(alice).withdrawable
    assert session.price("60600") == 60_600
    after = session.account(alice)
    assert after.equity == Decimal(100_000 - 12 + 600)
    # The mark rose, and the margin by 30; the loss of 12 is gone, the profit backs nothing.
    assert after.withdrawable == before + 12 - 30

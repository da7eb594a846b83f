"""Shrunk failures of the past, each as a test of its own."""

from penstock import strategy
from tests.helpers.liquidator import deleverage
from tests.helpers.trouble import SIZE, hedge
from tests.helpers.twin import DONE
from tests.onchain.settlement.desk import OK, Desk


def test_request_withdrawal__closed_position_and_funding_due__accrues_nothing() -> None:
    # The model accrued every market that was named, the chain only those with a size.
    desk = Desk()
    desk.trade(1)
    desk.trade(-1)
    desk.pass_time(3_600)
    assert desk.withdraw(1, 1) is DONE
    desk.compare()


def test_request_withdrawal__names_a_market_that_is_not_listed__counts_it_as_not_open() -> None:
    # The model looked the market up first and refused with another error.
    desk = Desk()
    assert desk.withdraw(1, 1, [3]) == ("Withdrawal_PositionsIncomplete", (1, 0, 0))


def test_deleverage__counterparty_lost_elsewhere_what_it_gained__debt_stays_with_its_holder() -> (
    None
):
    # Only the profit of its position was looked at, never what else it had: the debt of account 1
    # went to account 2, which had no position left, so nobody could be made to bear it.
    desk, left = Desk(), 10**9
    hedge(desk, left)
    price = desk.model.market(2).mark
    assert desk.verdicts(desk.cross(4, 2, desk.size(2, 2), price=price, market=2)) == [OK]
    lack, left = -desk.equity(1), desk.equity(2)
    assert 0 < left < lack
    refused = ("Deleverage_EquityTooSmall", (2, 1, left, lack))
    assert deleverage(desk, 1, 1, [(2, SIZE)]) == refused
    # What it can bear it gives up.
    plan = strategy.deleverage(desk.model, 1, 1, desk.now)
    assert plan is not None
    assert plan.lots == ((2, left * SIZE // lack),)
    assert deleverage(desk, 1, 1, plan.lots) is DONE
    assert 0 <= desk.equity(2) < lack // SIZE + 1
    desk.compare()

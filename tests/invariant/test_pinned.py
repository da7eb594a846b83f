"""Shrunk failures of the past, each as a test of its own."""

from tests.helpers.twin import DONE
from tests.onchain.settlement.desk import Desk


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

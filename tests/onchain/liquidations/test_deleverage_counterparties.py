"""deleverage: the counterparties, and what each of them bears

not ascending ............................ Deleverage_CounterpartiesNotAscending
not opposite, or smaller ................. Deleverage_NotOpposite
not in profit ............................ Deleverage_NotInProfit
more than its bounded share .............. Deleverage_ShareExceeded
more than its equity ..................... Deleverage_EquityTooSmall
otherwise ................................ gives up by lots what the fund does not pay
"""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.helpers.liquidator import deleverage, set_loss_cap
from tests.helpers.trouble import (
    FUND,
    SIZE,
    bankrupt,
    endow,
    fall,
    hedge,
    let_stale,
    move,
    open_long,
    spend,
)
from tests.helpers.twin import DONE, undoing
from tests.onchain.settlement.desk import MARK, Desk


def test_share__of_a_counterparty__is_ten_times_pro_rata(desk: Desk) -> None:
    assert desk.venue.liquidations.call("SHARE") == 10


@pytest.mark.parametrize(("who", "own"), [(1, SIZE), (3, 0), (4, 10), (99, 0), (FUND, 0)])
@undoing
def test_deleverage__counterparty_not_opposite__reverts(desk: Desk, who: int, own: int) -> None:
    open_long(desk, 10, account=4, other=2)
    bankrupt(desk)
    refused = ("Deleverage_NotOpposite", (who, 1, own, 1))
    assert deleverage(desk, 1, 1, [(who, 1)]) == refused


@undoing
def test_deleverage__no_lots_of_a_counterparty__reverts(desk: Desk) -> None:
    open_long(desk, 10, account=1, other=3)
    bankrupt(desk, SIZE - 10)
    refused = ("Deleverage_NotOpposite", (3, 1, -10, 0))
    assert deleverage(desk, 1, 1, [(2, 1), (3, 0)]) == refused
    assert deleverage(desk, 1, 1, [(3, 0)]) == ("Deleverage_NotOpposite", (3, 1, -10, 0))


@given(more=st.integers(1, SIZE - 10))
@undoing
def test_deleverage__more_than_the_counterparty_has__reverts(desk: Desk, more: int) -> None:
    open_long(desk, 10, account=1, other=3)
    open_long(desk, SIZE - 10)
    fall(desk, 80)
    refused = ("Deleverage_NotOpposite", (3, 1, -10, 10 + more))
    assert deleverage(desk, 1, 1, [(3, 10 + more)]) == refused


@given(lots=st.integers(1, 500))
@undoing
def test_deleverage__counterparty_sold_below_the_mark__not_in_profit(desk: Desk, lots: int) -> None:
    bankrupt(desk)
    # Account 3 sells at the mark of now: it has lost its fee.
    open_long(desk, lots, account=4, other=3)
    value = desk.venue.lens.call("positionOf", 3, 1)[3]
    assert value < 0
    share = -(desk.equity(1) * lots // SIZE)
    refused = ("Deleverage_NotInProfit", (3, 1, value, share))
    assert deleverage(desk, 1, 1, [(3, lots)]) == refused


@given(tenth=st.integers(1, 30))
@undoing
def test_deleverage__profit_smaller_than_what_it_would_bear__reverts(
    desk: Desk, tenth: int
) -> None:
    # Account 3 sold half way down: its profit per lot is less than the lack per lot, or not.
    open_long(desk)
    fall(desk, 80)
    move(desk, MARK * 92 // 100 + tenth * 100)
    open_long(desk, 100, account=4, other=3)
    fall(desk, 110)
    value = desk.venue.lens.call("positionOf", 3, 1)[3]
    share = -(desk.equity(1) * 100 // SIZE)
    outcome = deleverage(desk, 1, 1, [(3, 100)])
    expected = DONE if share <= value else ("Deleverage_NotInProfit", (3, 1, value, share))
    assert outcome == expected
    desk.compare()


def small_share(desk: Desk) -> int:
    """100 of 2,100 lots are bankrupt against account 2; returns how many it bears at most."""
    open_long(desk, 100, account=1, other=2)
    open_long(desk, 2_000, account=3, other=4)
    spend(desk, 1)
    fall(desk, 80)
    assert desk.equity(1) < 0
    return -(-10 * 100 * 100 // 2_100)


@given(lots=st.integers(1, 100))
@undoing
def test_deleverage__more_than_ten_times_its_share__reverts(desk: Desk, lots: int) -> None:
    most = small_share(desk)
    refused = ("Deleverage_ShareExceeded", (2, 1, lots, most))
    assert deleverage(desk, 1, 1, [(2, lots)]) == (refused if lots > most else DONE)
    desk.compare()


@given(first=st.integers(25, 48))
@undoing
def test_deleverage__counterparty_named_twice__bears_no_second_share(
    desk: Desk, first: int
) -> None:
    # Each part alone is within the bound, and both together are beyond it.
    assert small_share(desk) == 48 < first + 24
    refused = ("Deleverage_CounterpartiesNotAscending", (1,))
    assert deleverage(desk, 1, 1, [(2, first), (2, 24)]) == refused
    assert (desk.size(1), desk.size(2)) == (100, -100)


@given(order=st.permutations((2, 3, 4)))
@undoing
def test_deleverage__counterparties_in_any_order__only_ascending(
    desk: Desk, order: list[int]
) -> None:
    for account in (2, 3, 4):
        open_long(desk, SIZE // 3, other=account)
    fall(desk, 80)
    place = 1 if order[1] < order[0] else 2
    refused = ("Deleverage_CounterpartiesNotAscending", (place,))
    outcome = deleverage(desk, 1, 1, [(account, 10) for account in order])
    assert outcome == (DONE if order == [2, 3, 4] else refused)
    desk.compare()


@undoing
def test_deleverage__called_again__has_a_bound_of_what_is_left(desk: Desk) -> None:
    most = small_share(desk)
    assert deleverage(desk, 1, 1, [(2, most)]) is DONE
    most = -(-10 * 52 * 52 // 2_052)
    assert most == 14
    refused = ("Deleverage_ShareExceeded", (2, 1, 15, most))
    assert deleverage(desk, 1, 1, [(2, 15)]) == refused
    assert deleverage(desk, 1, 1, [(2, most)]) is DONE
    desk.compare()


@given(lots=st.integers(1, SIZE), more=st.integers(-2, 2))
@undoing
def test_deleverage__equity_about_what_it_would_bear__exact(
    desk: Desk, lots: int, more: int
) -> None:
    hedge(desk, 0)
    share = -(desk.equity(1) * lots // SIZE)
    left = share + more
    assert desk.deposit(2, left) is DONE if left > 0 else left <= 0
    refused = ("Deleverage_EquityTooSmall", (2, 1, max(0, left), share))
    assert deleverage(desk, 1, 1, [(2, lots)]) == (refused if more < 0 else DONE)
    assert desk.equity(2) == (max(0, left) if more < 0 else more)
    desk.compare()


@given(lack=st.integers(1, 4 * 10**8), lots=st.integers(1, SIZE))
@undoing
def test_deleverage__counterparty_is_bankrupt_itself__reverts_though_the_fund_pays_all(
    desk: Desk, lack: int, lots: int
) -> None:
    hedge(desk, -lack)
    assert set_loss_cap(desk, 1, 10**10) is DONE
    endow(desk, 10**10)
    refused = ("Deleverage_EquityTooSmall", (2, 1, -lack, 0))
    assert deleverage(desk, 1, 1, [(2, lots)]) == refused


@given(
    left=st.integers(-4 * 10**8, 10**10),
    money=st.integers(0, 10**9),
    lots=st.tuples(st.integers(0, SIZE), st.integers(0, SIZE)),
)
@example(left=0, money=0, lots=(SIZE, 0))
@example(left=10**10, money=0, lots=(SIZE, 0))
@undoing
def test_deleverage__whoever_was_solvent__is_not_bankrupt_afterwards(
    desk: Desk, left: int, money: int, lots: tuple[int, int]
) -> None:
    hedge(desk, left)
    open_long(desk, 10, account=4, other=3)
    if money:
        endow(desk, money)
    before = [desk.equity(account) for account in range(5)]
    pairs = [(who, many) for who, many in ((2, lots[0]), (3, min(10, lots[1]))) if many]
    outcome = deleverage(desk, 1, 1, pairs)
    if pairs == [(2, SIZE)]:
        assert (outcome is DONE) == (left >= max(0, -before[1] - money))
    for account, had in enumerate(before):
        assert desk.equity(account) >= min(0, had)
    desk.compare()


@given(stale=st.booleans(), part=st.integers(1, 99))
@undoing
def test_deleverage__counterpartys_mark_elsewhere_is_stale__counts_at_the_last_one(
    desk: Desk, stale: bool, part: int
) -> None:
    hedge(desk, 0)
    assert desk.deposit(2, -desk.equity(1) * part // 100) is DONE
    if stale:
        let_stale(desk, 2)
    left, lack = desk.equity(2), -desk.equity(1)
    refused = ("Deleverage_EquityTooSmall", (2, 1, left, lack))
    assert deleverage(desk, 1, 1, [(2, SIZE)]) == refused

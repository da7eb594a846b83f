"""executeClose(request, markets, makers, byFund): the request and whose it is

Orders: test_execute_close_orders.py; makers and the fund: test_execute_close_takers.py

no such request, or it is done ............. Request_NotPending
it is a withdrawal ......................... Request_KindWrong
before the window, not by the operator ..... Request_TooEarly
the position shrank by itself .............. Close_NothingLeft
the market's mark is stale ................. Desk_PriceStale
open markets not named each once ........... Desk_PositionsIncomplete
lots
  none, or more than are left .............. Close_LotsOutOfRange
who is left without equity ................. Desk_Bankrupt
the fee
  until two windows are over ............... to whoever executes, by the lots
  later .................................... the owner's again
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.forced import Status
from penstock.units import div_up
from tests.helpers.closes import LOTS, asked, bid, close, wait
from tests.helpers.exits import (
    Taking,
    age_mark,
    compare_exits,
    execute_close,
    force_withdrawal,
    number,
    status,
)
from tests.helpers.trouble import SIZE, WRONG_MARKETS, fall
from tests.helpers.twin import DONE, undoing
from tests.helpers.venue import OPERATOR, STRANGER
from tests.onchain.settlement.desk import DEPOSIT, OK, UNIT, Desk


@pytest.mark.parametrize("late", [-1, 0, 1])
@pytest.mark.parametrize("who", [STRANGER, OPERATOR])
@undoing
def test_wdq_8__execute_close_about_the_window__anybody_from_its_end_on(
    desk: Desk, late: int, who: object
) -> None:
    asked(desk)
    wait(desk, late=late)
    opens = desk.now - late
    early = late < 0 and who is not OPERATOR
    outcome = execute_close(desk, 1, bid(desk), sender=who)  # type: ignore[arg-type]
    assert outcome == (("Request_TooEarly", (1, opens)) if early else DONE)
    compare_exits(desk)
    desk.compare()


@given(request=st.integers(0, 2**256 - 1).filter(lambda n: n != 1))
@undoing
def test_execute_close__no_such_request__reverts(desk: Desk, request: int) -> None:
    refused = ("Request_NotPending", (request, 0))
    assert execute_close(desk, request, sender=OPERATOR) == refused


@undoing
def test_execute_close__of_a_withdrawal__reverts(desk: Desk) -> None:
    assert force_withdrawal(desk) is DONE
    assert close(desk) == ("Request_KindWrong", (1,))


@undoing
def test_execute_close__position_shrank_by_itself__reverts(desk: Desk) -> None:
    asked(desk, 100, 40)
    assert desk.verdicts(desk.cross(3, 1, 40)) == [OK]
    assert close(desk, bid(desk, 10)) == ("Close_NothingLeft", (1,))


@pytest.mark.parametrize("late", [-1, 0, 1])
@undoing
def test_execute_close__mark_about_its_age_limit__stale_only_beyond(desk: Desk, late: int) -> None:
    asked(desk)
    expected = age_mark(desk, late)
    assert close(desk, bid(desk)) == expected


@pytest.mark.parametrize(("markets", "named"), WRONG_MARKETS)
@undoing
def test_execute_close__markets_not_the_open_ones__reverts(
    desk: Desk, markets: list[int], named: int
) -> None:
    asked(desk)
    refused = ("Desk_PositionsIncomplete", (1, named, 1))
    assert execute_close(desk, 1, bid(desk), sender=OPERATOR, markets=markets) == refused
    theirs = Taking(bid(desk).signed, 100, (1,))
    assert close(desk, theirs) == ("Desk_PositionsIncomplete", (3, 0, 0))


@given(lots=st.integers(0, 200), asks=LOTS)
@undoing
def test_execute_close__any_lots__no_more_than_are_left(desk: Desk, lots: int, asks: int) -> None:
    asked(desk, 100, asks)
    outcome = close(desk, bid(desk, lots, size=200))
    if 0 < lots <= asks:
        assert outcome is DONE
        assert desk.size(1) == 100 - lots
    else:
        assert outcome == ("Close_LotsOutOfRange", (1, lots, asks))
    desk.compare()
    compare_exits(desk)


@given(per_mille=st.integers(40, 70), lots=st.integers(1, SIZE), off=st.integers(0, 120))
@undoing
def test_execute_close__account_near_bankruptcy__is_never_made_bankrupt(
    desk: Desk, per_mille: int, lots: int, off: int
) -> None:
    asked(desk, SIZE)
    fall(desk, per_mille)
    assert desk.deposit(3, 100 * DEPOSIT) is DONE
    mark = desk.model.market(1).mark
    price = mark - mark * off // 10_000
    before = desk.equity(1)
    cost = (mark - price) * lots * UNIT + div_up(lots * price * UNIT * 500, 10**6)
    outcome = close(desk, bid(desk, lots, price=price))
    left = before - cost
    assert outcome == (DONE if left >= 0 else ("Desk_Bankrupt", (1, left)))
    desk.compare()


@given(first=st.integers(1, 99))
@undoing
def test_execute_close__in_two_parts__each_has_its_part_of_the_fee(desk: Desk, first: int) -> None:
    fee = asked(desk)
    assert close(desk, bid(desk, first)) is DONE
    wait(desk)
    assert execute_close(desk, 1, bid(desk, 100 - first, 4), sender=STRANGER) is DONE
    shares = [desk.exits.credits.get(number(who), 0) for who in (OPERATOR, STRANGER)]
    assert shares == [fee * first // 100, fee - fee * first // 100]
    assert status(desk) is Status.SERVED
    compare_exits(desk)


@pytest.mark.parametrize("late", [-1, 0, 1])
@undoing
def test_wdq_8__executed_about_two_windows__too_late_for_the_fee(desk: Desk, late: int) -> None:
    fee = asked(desk)
    wait(desk, windows=2, late=late)
    assert execute_close(desk, 1, bid(desk), sender=STRANGER) is DONE
    assert desk.exits.credits.get(number(STRANGER), 0) == (fee if late < 0 else 0)
    compare_exits(desk)

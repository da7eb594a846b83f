"""forceClose(account, market, lots), acknowledge(requests), drop(request), isIgnored(request)

asked
  account not registered, or the fund's .... Desk_AccountRefused
  no lots, or more than the position has ... Desk_LotsOutOfRange
  less was paid than the fee ............... Desk_FeeTooLow
acknowledged
  not a pending close ...................... nothing
  the position shrank by the lots .......... served, the fee to the operator
  it shrank by some of them ................ these are not asked for again
dropped
  by somebody else ......................... Desk_CallerNotOwner
  it is done ............................... Request_NotPending
  otherwise ................................ the fee to the operator, of an overdue close
                                             to the owner
ignored .................................... a close, pending, two windows old, with lots left, of
                                             an account that is not bankrupt; to the second
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.forced import Status
from tests.helpers.closes import asked, bid
from tests.helpers.exits import (
    acknowledge,
    compare_exits,
    drop,
    execute_close,
    execute_withdrawal,
    force_close,
    force_withdrawal,
    is_ignored,
    number,
    pass_window,
    status,
)
from tests.helpers.liquidator import take_over
from tests.helpers.revm import reverts
from tests.helpers.trouble import FUND, SIZE, endow, fall, move, open_long, seen
from tests.helpers.twin import DONE, OWNER, undoing
from tests.helpers.venue import OPERATOR, STRANGER
from tests.onchain.settlement.desk import DEPOSIT, MARKS, OK, SIZES, Desk

SIGNED = st.integers(-1_000, 1_000).filter(bool)


def shift(desk: Desk, lots: int) -> None:
    """Have account 1 trade at the mark, with a batch."""
    if lots:
        price = desk.model.market(1).mark
        assert desk.verdicts(desk.cross(1, 3, lots, price=price)) == [OK]


@given(size=SIGNED, lots=st.integers(0, 1_100))
@undoing
def test_force_close__lots_within_the_position__waits(desk: Desk, size: int, lots: int) -> None:
    open_long(desk, size)
    outcome = force_close(desk, lots=lots)
    if not 0 < lots <= abs(size):
        assert outcome == ("Desk_LotsOutOfRange", (1, 1, lots, abs(size)))
        return
    assert outcome is DONE
    assert desk.logs[-1][1].arguments == (1, 1, 1, lots, MARKS[0])
    assert desk.venue.desk.call("closeOf", 1) == (size, lots)
    compare_exits(desk)


@pytest.mark.parametrize("account", [FUND, 99])
@undoing
def test_wdq_17__force_close_of_the_fund_or_of_nobody__reverts(desk: Desk, account: int) -> None:
    assert force_close(desk, account) == ("Desk_AccountRefused", (account,))


@given(market=st.integers(2, 2**16 - 1))
@undoing
def test_force_close__where_nothing_is_open__reverts(desk: Desk, market: int) -> None:
    open_long(desk)
    assert force_close(desk, 1, market, 1) == ("Desk_LotsOutOfRange", (1, market, 1, 0))


@given(size=SIGNED, part=st.integers(1, 100), traded=st.integers(-2_000, 2_000))
@undoing
def test_acknowledge__after_any_trade__counts_what_the_position_shrank_by(
    desk: Desk, size: int, part: int, traded: int
) -> None:
    lots = max(1, abs(size) * part // 100)
    fee = asked(desk, size, lots)
    shift(desk, traded)
    kept = max(0, size + traded if size > 0 else -size - traded)
    left = max(0, lots - max(0, abs(size) - kept))
    assert acknowledge(desk, 1) is DONE
    assert status(desk) is (Status.PENDING if left else Status.SERVED)
    assert desk.exits.credits.get(number(OPERATOR), 0) == (0 if left else fee)
    compare_exits(desk)


@given(size=st.integers(2, 1_000), closed=st.integers(1, 999), again=SIZES)
@undoing
def test_acknowledge__position_grows_again__what_was_closed_is_not_asked_for_twice(
    desk: Desk, size: int, closed: int, again: int
) -> None:
    closed = min(closed, size - 1)
    asked(desk, size)
    shift(desk, -closed)
    assert acknowledge(desk, 1) is DONE
    shift(desk, again)
    assert desk.venue.desk.call("closeOf", 1) == (size - closed, size - closed)
    # Who serves the rest is done, however large the position is by then.
    shift(desk, -again)
    shift(desk, closed - size)
    assert acknowledge(desk, 1) is DONE
    assert status(desk) is Status.SERVED
    shift(desk, again)
    pass_window(desk, 1, 2)
    assert not is_ignored(desk, 1)


@undoing
def test_acknowledge__what_is_no_pending_close__is_passed_over(desk: Desk) -> None:
    asked(desk, 10)
    assert force_withdrawal(desk) is DONE
    shift(desk, -10)
    assert acknowledge(desk, 0, 1, 1, 2, 3, 2**255) is DONE
    assert (status(desk, 1), status(desk, 2)) == (Status.SERVED, Status.PENDING)
    compare_exits(desk)


@given(per_mille=st.integers(50, 100))
@undoing
def test_acknowledge__position_was_taken_over__is_served(desk: Desk, per_mille: int) -> None:
    asked(desk, SIZE, 100)
    endow(desk, 10 * DEPOSIT)
    fall(desk, per_mille)
    lots = 3_000 if desk.equity(1) < 0 else 100
    assert take_over(desk, 1, FUND, {1: lots}) is DONE
    assert acknowledge(desk, 1) is DONE
    assert status(desk) is Status.SERVED


@given(windows=st.integers(0, 3))
@undoing
def test_drop__by_the_owner__the_fee_is_the_operators_but_of_a_close_that_is_overdue(
    desk: Desk, windows: int
) -> None:
    fee = asked(desk, 10)
    second = desk.exits.fee(desk.now)
    assert force_withdrawal(desk) is DONE
    pass_window(desk, 1, windows)
    extra = desk.exits.credits[number(OWNER)]
    assert drop(desk, 1) is DONE
    assert drop(desk, 2) is DONE
    overdue = windows >= 2
    assert desk.exits.credits[number(OPERATOR)] == second + (0 if overdue else fee)
    assert desk.exits.credits[number(OWNER)] == extra + (fee if overdue else 0)
    assert status(desk) is status(desk, 2) is Status.DROPPED
    assert drop(desk, 1) == ("Request_NotPending", (1, Status.DROPPED))
    assert not is_ignored(desk, 1)
    compare_exits(desk)


@undoing
def test_drop__by_somebody_else__reverts(desk: Desk) -> None:
    assert force_withdrawal(desk) is DONE
    for who in (STRANGER, OPERATOR):
        with reverts("Desk_CallerNotOwner", 1, who.address, OWNER.address):
            desk.venue.desk.transact("drop", 1, sender=who.address)


@pytest.mark.parametrize("late", [-1, 0, 1])
@undoing
def test_wdq_8__is_ignored_about_two_windows__from_that_second_on(desk: Desk, late: int) -> None:
    asked(desk, 10)
    pass_window(desk, 1, 2, late)
    assert is_ignored(desk, 1) == (late >= 0)


@pytest.mark.parametrize("late", [-1, 0, 1])
@undoing
def test_wdq_8__served_at_the_last_second_or_after_it__is_not_ignored(
    desk: Desk, late: int
) -> None:
    fee = asked(desk, 10)
    pass_window(desk, 1, 2, late)
    desk.marks(*MARKS)
    shift(desk, -10)
    assert not is_ignored(desk, 1)
    extra = desk.exits.credits[number(OWNER)]
    assert acknowledge(desk, 1) is DONE
    returned = desk.exits.credits[number(OWNER)] - extra
    assert returned == (fee if late >= 0 else 0)
    compare_exits(desk)


@undoing
def test_wdq_8__junk_of_every_kind_for_ever__is_never_ignored(desk: Desk) -> None:
    open_long(desk, 100)
    open_long(desk, 100, account=3, other=4)
    assert force_withdrawal(desk) is DONE
    assert force_close(desk, 1, 1, 100) is DONE
    assert force_close(desk, 3, 1, 100) is DONE
    assert force_close(desk, 4, 1, 100) is DONE
    # One is taken back, one position flips, and one is closed while nobody looks.
    assert drop(desk, 2) is DONE
    assert desk.verdicts(desk.cross(4, 3, 150)) == [OK]
    pass_window(desk, 1, 3)
    assert [is_ignored(desk, request) for request in range(6)] == [False] * 6
    assert not desk.venue.desk.call("isIgnored", 2**256 - 1)


@given(per_mille=st.integers(60, 72))
@undoing
def test_is_ignored__of_an_account_about_bankruptcy__only_while_it_is_solvent(
    desk: Desk, per_mille: int
) -> None:
    asked(desk, SIZE, 100)
    fall(desk, per_mille)
    pass_window(desk, 1, 2)
    move(desk, desk.model.market(1).mark)
    assert is_ignored(desk, 1) == (desk.equity(1) >= 0)


@given(parts=st.lists(st.integers(1, 40), min_size=1, max_size=6))
@undoing
def test_wdq_8__the_owner_raises_its_position_again_and_again__cannot_freeze(
    desk: Desk, parts: list[int]
) -> None:
    asked(desk)
    for epoch, lots in enumerate(parts, 1):
        left = desk.exits.requests[1].left
        # What is closed at the desk counts, whatever the owner does in between.
        maker = bid(desk, min(lots, left), 2, size=lots, epoch=epoch)
        assert execute_close(desk, 1, maker, sender=OPERATOR) is DONE
        if lots >= left:
            break
        assert desk.exits.requests[1].left == left - lots
        shift(desk, lots)
    pass_window(desk, 1, 2)
    assert is_ignored(desk, 1) == (sum(parts) < 100)


@undoing
def test_is_ignored__a_withdrawal_that_nobody_executes__is_no_reason(desk: Desk) -> None:
    assert force_withdrawal(desk) is DONE
    pass_window(desk, 1, 5)
    assert not is_ignored(desk, 1)
    assert execute_withdrawal(desk) is DONE


@undoing
def test_is_ignored__prices_have_stopped__counts_all_the_same(desk: Desk) -> None:
    asked(desk, 10)
    assert seen(desk, 1).equity > 0
    desk.chain.time += 10 * desk.exits.window
    assert is_ignored(desk, 1)

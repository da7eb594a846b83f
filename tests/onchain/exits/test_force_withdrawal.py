"""forceWithdrawal(account, recipient, amount), executeWithdrawal(request, markets)

asked
  account not registered, or the fund's .... Desk_AccountRefused
  caller is not its owner .................. Desk_CallerNotOwner
  to the zero address, or for nothing ...... Desk_RecipientZero, Desk_AmountZero
  less was paid than the fee ............... Desk_FeeTooLow
  otherwise ................................ pending, what was paid too much is credited
executed
  no such request, or it is done ........... Request_NotPending
  it closes a position ..................... Request_KindWrong
  before the window, not by the operator ... Request_TooEarly
  open markets not named each once ......... Desk_PositionsIncomplete
  nothing to spare ......................... Request_NothingToSpare
  otherwise ................................ what the account can spare is queued, whatever
                                             the age of the marks; the rest stays asked
                                             for while positions are open
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.forced import Status
from tests.helpers.exits import (
    WEALTH,
    cap,
    compare_exits,
    execute_withdrawal,
    force_close,
    force_withdrawal,
    pass_window,
    status,
)
from tests.helpers.revm import reverts
from tests.helpers.trouble import FUND, SIZE, WRONG_MARKETS, bankrupt, fall, open_long, seen, spend
from tests.helpers.twin import DONE, OWNER, undoing
from tests.helpers.venue import OPERATOR, STRANGER
from tests.onchain.settlement.desk import DEPOSIT, OK, Desk

AMOUNTS = st.integers(1, 2 * DEPOSIT)
MOST = 2**55 - 1


@given(account=st.integers(1, 4), amount=st.integers(1, 2**256 - 1), more=st.integers(0, 10**18))
@undoing
def test_force_withdrawal__by_the_owner__waits_for_whoever_executes_it(
    desk: Desk, account: int, amount: int, more: int
) -> None:
    fee = desk.venue.desk.call("requestFee")
    assert force_withdrawal(desk, account, amount, paid=fee + more) is DONE
    request, who, to, asked = desk.logs[-1][1].arguments
    assert (request, who, to, asked) == (1, account, OWNER.address, min(amount, MOST))
    assert desk.venue.desk.call("creditOf", OWNER.address) == more
    compare_exits(desk)


@pytest.mark.parametrize("account", [FUND, 99])
@undoing
def test_wdq_17__force_withdrawal_of_the_fund_or_of_nobody__reverts(
    desk: Desk, account: int
) -> None:
    assert force_withdrawal(desk, account) == ("Desk_AccountRefused", (account,))


@undoing
def test_force_withdrawal__by_the_trading_key_or_a_stranger__reverts(desk: Desk) -> None:
    for who in ("0x" + desk.keys[1].address.hex(), STRANGER.address):
        desk.chain.evm.set_balance(who, WEALTH)
        with reverts("Desk_CallerNotOwner", 1, who, OWNER.address):
            call = (1, who, 5)
            desk.venue.desk.transact("forceWithdrawal", *call, sender=who, value=cap(desk))


@undoing
def test_force_withdrawal__to_nobody_or_for_nothing__reverts(desk: Desk) -> None:
    assert force_withdrawal(desk, 1, 0) == ("Desk_AmountZero", ())
    with reverts("Desk_RecipientZero"):
        call = (1, "0x" + "00" * 20, 5)
        desk.venue.desk.transact("forceWithdrawal", *call, sender=OWNER.address)


@given(less=st.integers(1, 10**14))
@undoing
def test_force_withdrawal__less_than_the_fee__reverts(desk: Desk, less: int) -> None:
    fee = desk.exits.fee(desk.now)
    assert force_withdrawal(desk, paid=fee - less) == ("Desk_FeeTooLow", (fee - less, fee))
    assert force_withdrawal(desk, paid=fee) is DONE


@given(amount=AMOUNTS, size=st.integers(0, SIZE), per_mille=st.integers(-60, 60))
@undoing
def test_execute_withdrawal__after_the_window__pays_what_the_account_can_spare(
    desk: Desk, amount: int, size: int, per_mille: int
) -> None:
    if size:
        open_long(desk, size)
    assert force_withdrawal(desk, 1, amount) is DONE
    pass_window(desk, 1)
    fall(desk, per_mille)
    spare, owed = seen(desk, 1).withdrawable, desk.venue.queue.call("owed")
    outcome = execute_withdrawal(desk)
    if spare <= 0:
        assert outcome == ("Request_NothingToSpare", (1, 1, spare))
    else:
        assert outcome is DONE
        assert desk.venue.queue.call("owed") - owed == min(amount, spare)
        done = amount <= spare or size == 0
        assert status(desk) is (Status.SERVED if done else Status.PENDING)
    desk.compare()
    compare_exits(desk)


@pytest.mark.parametrize("late", [-1, 0, 1])
@pytest.mark.parametrize("who", [STRANGER, OWNER, OPERATOR])
@undoing
def test_wdq_8__execute_withdrawal_about_the_window__anybody_from_its_end_on(
    desk: Desk, late: int, who: object
) -> None:
    assert force_withdrawal(desk) is DONE
    pass_window(desk, 1, more=late)
    refused = ("Request_TooEarly", (1, desk.now - late))
    early = late < 0 and who is not OPERATOR
    assert execute_withdrawal(desk, sender=who) == (refused if early else DONE)  # type: ignore[arg-type]
    compare_exits(desk)


@given(age=st.integers(0, 10**6), per_mille=st.integers(0, 40))
@undoing
def test_execute_withdrawal__marks_stale_for_any_time__at_the_last_ones(
    desk: Desk, age: int, per_mille: int
) -> None:
    open_long(desk, 1_000)
    assert force_withdrawal(desk, 1, MOST) is DONE
    fall(desk, per_mille)
    spare = seen(desk, 1).withdrawable
    pass_window(desk, 1, more=age)
    # Funding for the hours in which there was no mark is not charged.
    owed = desk.venue.queue.call("owed")
    assert execute_withdrawal(desk) is DONE
    assert 0 <= spare - (desk.venue.queue.call("owed") - owed) <= spare // 1_000
    desk.compare()


@undoing
def test_execute_withdrawal__at_a_bad_moment__the_rest_is_not_lost(desk: Desk) -> None:
    open_long(desk, 2_000)
    spend(desk, 1, left=1)
    assert force_withdrawal(desk, 1, DEPOSIT) is DONE
    assert execute_withdrawal(desk, sender=OPERATOR) is DONE
    assert desk.venue.desk.call("paymentOf", 1)[1] == DEPOSIT - 1
    assert execute_withdrawal(desk, sender=OPERATOR) == ("Request_NothingToSpare", (1, 1, 0))
    # Once it is out of its position all that is left comes out, though nobody pays again.
    assert desk.verdicts(desk.cross(2, 1, 2_000)) == [OK]
    pass_window(desk, 1)
    assert execute_withdrawal(desk) is DONE
    assert (desk.collateral(1), status(desk)) == (0, Status.SERVED)
    compare_exits(desk)


@given(size=st.integers(1, SIZE), per_mille=st.integers(1, 100))
@undoing
def test_execute_withdrawal__profit_of_an_open_position__stays_where_it_is(
    desk: Desk, size: int, per_mille: int
) -> None:
    open_long(desk, size)
    fall(desk, -per_mille)
    before, held = seen(desk, 1), desk.collateral(1)
    assert force_withdrawal(desk, 1, MOST) is DONE
    outcome = execute_withdrawal(desk, sender=OPERATOR)
    spare = max(0, held - before.initial_margin)
    assert (outcome is DONE) == (spare > 0)
    assert desk.collateral(1) == held - spare


@undoing
def test_execute_withdrawal__of_a_bankrupt_account__reverts(desk: Desk) -> None:
    assert force_withdrawal(desk, 1, MOST) is DONE
    bankrupt(desk)
    spare = seen(desk, 1).withdrawable
    assert spare < 0
    refused = ("Request_NothingToSpare", (1, 1, spare))
    assert execute_withdrawal(desk, sender=OPERATOR) == refused


@given(request=st.integers(0, 2**256 - 1).filter(lambda n: n not in (1, 2)))
@undoing
def test_execute_withdrawal__no_such_request__reverts(desk: Desk, request: int) -> None:
    assert execute_withdrawal(desk, request) == ("Request_NotPending", (request, 0))


@undoing
def test_execute_withdrawal__twice__reverts(desk: Desk) -> None:
    assert force_withdrawal(desk) is DONE
    assert execute_withdrawal(desk, sender=OPERATOR) is DONE
    assert execute_withdrawal(desk, sender=OPERATOR) == ("Request_NotPending", (1, 2))


@undoing
def test_execute_withdrawal__of_a_close__reverts(desk: Desk) -> None:
    open_long(desk)
    assert force_close(desk) is DONE
    assert execute_withdrawal(desk, sender=OPERATOR) == ("Request_KindWrong", (1,))


@pytest.mark.parametrize(("markets", "named"), WRONG_MARKETS)
@undoing
def test_execute_withdrawal__markets_not_the_open_ones__reverts(
    desk: Desk, markets: list[int], named: int
) -> None:
    open_long(desk)
    assert force_withdrawal(desk) is DONE
    refused = ("Desk_PositionsIncomplete", (1, named, 1))
    assert execute_withdrawal(desk, sender=OPERATOR, markets=markets) == refused


@given(left=st.integers(1, DEPOSIT - 1))
@undoing
def test_execute_withdrawal__owner_withdrew_meanwhile__only_what_is_left(
    desk: Desk, left: int
) -> None:
    assert force_withdrawal(desk, 1, DEPOSIT) is DONE
    spend(desk, 1, left)
    assert execute_withdrawal(desk, sender=OPERATOR) is DONE
    assert (desk.collateral(1), status(desk)) == (0, Status.SERVED)
    desk.compare()

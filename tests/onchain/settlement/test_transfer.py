"""transfer(from, to, amount, markets)

caller is not the owner .............. Account_CallerNotOwner
`to` is not registered ............... Account_NotRegistered
amount zero or above int56 ........... Collateral_AmountOutOfRange
open positions not all named ......... Withdrawal_PositionsIncomplete
a mark is stale ...................... Withdrawal_PriceStale
more than can be spared .............. Withdrawal_ExceedsWithdrawable: profit is margin, not money
otherwise ............................ closed positions swept, the amount moved, one event
"""

from hypothesis import given
from hypothesis import strategies as st

from tests.helpers.actors import Actor
from tests.helpers.amounts import PEOPLE
from tests.helpers.revm import reverts
from tests.helpers.trouble import FUND, endow, fall, open_long, seen
from tests.helpers.twin import DONE, OWNER, undoing
from tests.onchain.settlement.desk import ACCOUNTS, DEPOSIT, SIZES, Desk

AMOUNTS = st.one_of(st.integers(0, 2 * DEPOSIT), st.integers(0, 2**55 + 1))


@given(who=PEOPLE.filter(lambda who: who != OWNER))
@undoing
def test_transfer__not_the_owner__reverts(desk: Desk, who: Actor) -> None:
    with reverts("Account_CallerNotOwner", 1, who.address, OWNER.address):
        desk.venue.positions.transact("transfer", 1, 2, 1, [], sender=who.address)


@undoing
def test_transfer__out_of_the_funds_account__only_the_fund(desk: Desk) -> None:
    endow(desk, DEPOSIT)
    fund = desk.venue.fund.address
    with reverts("Account_CallerNotOwner", FUND, OWNER.address, fund):
        desk.venue.positions.transact("transfer", FUND, 1, 1, [], sender=OWNER.address)


@given(to=st.integers(5, 2**32 - 1))
@undoing
def test_transfer__to_an_account_not_there__reverts(desk: Desk, to: int) -> None:
    assert desk.transfer(1, to, 1) == ("Account_NotRegistered", (to,))


@given(amount=AMOUNTS, to=st.sampled_from((FUND, *ACCOUNTS)))
@undoing
def test_transfer__any_amount__moves_or_is_refused(desk: Desk, amount: int, to: int) -> None:
    before = desk.collateral(1), desk.collateral(to)
    outcome = desk.transfer(1, to, amount)
    if not 0 < amount < 2**55:
        assert outcome == ("Collateral_AmountOutOfRange", (amount,))
    elif amount > DEPOSIT:
        assert outcome == ("Withdrawal_ExceedsWithdrawable", (1, amount, DEPOSIT))
    elif to != 1:
        assert (desk.collateral(1), desk.collateral(to)) == (before[0] - amount, before[1] + amount)
        assert desk.logs[-1][1].arguments == (1, to, amount)
    else:
        assert desk.collateral(1) == before[0]
    desk.compare()


@given(size=SIZES, per_mille=st.integers(-100, 40), more=st.integers(-1, 1))
@undoing
def test_transfer__about_what_can_be_spared__exact_and_profit_is_none(
    desk: Desk, size: int, per_mille: int, more: int
) -> None:
    open_long(desk, size)
    fall(desk, per_mille)
    spare = seen(desk, 1).withdrawable
    refused = ("Withdrawal_ExceedsWithdrawable", (1, spare + more, spare))
    assert desk.transfer(1, 3, spare + more) == (refused if more > 0 else DONE)
    desk.compare()


@given(size=SIZES)
@undoing
def test_transfer__open_positions_left_out_or_stale__reverts(desk: Desk, size: int) -> None:
    open_long(desk, size)
    assert desk.transfer(1, 3, 1, []) == ("Withdrawal_PositionsIncomplete", (1, 0, 1))
    desk.pass_time(61)
    until = desk.model.market(1).fresh_until
    assert desk.transfer(1, 3, 1) == ("Withdrawal_PriceStale", (1, 1, until))
    # Who has no position needs no mark.
    assert desk.transfer(3, 1, 1) is DONE


@given(size=SIZES, hours=st.integers(0, 3))
@undoing
def test_transfer__closed_position_and_funding_due__is_swept_with_it(
    desk: Desk, size: int, hours: int
) -> None:
    open_long(desk, size)
    open_long(desk, -size)
    open_long(desk, 1, market=2)
    desk.pass_time(1 + 3_600 * hours)
    desk.marks(*(desk.model.market(market).mark for market in (1, 2)))
    assert desk.transfer(1, 3, 1) is DONE
    assert desk.model.account(1).open_markets == [2]
    desk.compare()


@given(first=st.integers(1, DEPOSIT), second=st.integers(1, DEPOSIT))
@undoing
def test_sol_11__the_same_collateral_in_two_accounts_and_the_queue__counts_once(
    desk: Desk, first: int, second: int
) -> None:
    total = sum(desk.collateral(account) for account in (1, 3))
    sent = desk.transfer(1, 3, first) is DONE
    asked = desk.withdraw(1, second) is DONE
    assert asked == (first + second <= DEPOSIT)
    queued = desk.venue.queue.call("owed")
    assert desk.collateral(1) + desk.collateral(3) + queued == total
    assert desk.collateral(3) == DEPOSIT + first * sent

"""cover, withdraw, setLossCap, setReserve of InsuranceFund, and its constructor

an address is zero ............. Fund_AddressZero
cover: not Liquidations ........ Fund_CallerNotLiquidations
others: not the governor ....... AccessManagedUnauthorized
withdraw: reserve not left ..... Fund_ReserveNotLeft, positions counted at loss and margin
          otherwise ............ a ticket joins the queue
setLossCap, setReserve ......... in force at once, one event
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.deploy import ZERO_ADDRESS
from tests.helpers.actors import Actor
from tests.helpers.amounts import PEOPLE
from tests.helpers.liquidator import (
    set_loss_cap,
    set_reserve,
    take_over,
    withdraw_from_fund,
)
from tests.helpers.revm import RevmChain, reverts
from tests.helpers.trouble import FUND, bankrupt, endow, fall, open_long
from tests.helpers.twin import DONE, OWNER, undoing
from tests.onchain.settlement.desk import DEPOSIT, Desk

SOMEBODY = Actor("somebody").address
MONEY = st.integers(1, 10 * DEPOSIT)


@pytest.mark.parametrize("place", [0, 1, 2, 3])
def test_constructor__an_address_is_zero__reverts(place: int) -> None:
    parts = [SOMEBODY] * 4
    parts[place] = ZERO_ADDRESS
    chain = RevmChain()
    manager = chain.create("Manager", SOMEBODY)
    with reverts("Fund_AddressZero"):
        chain.create("InsuranceFund", *parts, manager)


@given(who=PEOPLE)
@undoing
def test_cover__not_liquidations__reverts(desk: Desk, who: Actor) -> None:
    named = desk.venue.liquidations.address
    with reverts("Fund_CallerNotLiquidations", who.address, named):
        desk.venue.fund.transact("cover", 1, [1], [1], sender=who.address)


@pytest.mark.parametrize(
    ("function", "arguments"),
    [("withdraw", (SOMEBODY, 1)), ("setLossCap", (1, 1)), ("setReserve", (1,))],
)
@undoing
def test_sol_13__fund_by_another_than_the_governor__reverts(
    desk: Desk, function: str, arguments: tuple[object, ...]
) -> None:
    for who in (OWNER.address, SOMEBODY, desk.venue.system.operator):
        with reverts("AccessManagedUnauthorized", who.lower()):
            desk.venue.fund.transact(function, *arguments, sender=who)


@given(money=MONEY, reserve=MONEY, amount=MONEY)
@undoing
def test_withdraw__about_the_reserve__exact(
    desk: Desk, money: int, reserve: int, amount: int
) -> None:
    endow(desk, money)
    assert set_reserve(desk, reserve) is DONE
    outcome = withdraw_from_fund(desk, amount)
    if money < amount + reserve:
        assert outcome == ("Fund_ReserveNotLeft", (amount, money, reserve))
    else:
        assert outcome is DONE
        assert desk.collateral(FUND) == money - amount
    desk.compare()


@undoing
def test_withdraw__nothing__reverts(desk: Desk) -> None:
    assert withdraw_from_fund(desk, 0) == ("Collateral_AmountOutOfRange", (0,))


@given(per_mille=st.integers(43, 60), lots=st.integers(1, 1_000), more=st.integers(-1, 1))
@undoing
def test_withdraw__fund_carries_a_position__its_margin_and_loss_stay(
    desk: Desk, per_mille: int, lots: int, more: int
) -> None:
    endow(desk, 2 * DEPOSIT)
    open_long(desk)
    fall(desk, 43)
    assert take_over(desk, 1, FUND, {1: lots}) is DONE
    fall(desk, per_mille)
    spare = desk.venue.fund.call("spare")
    assert spare < 2 * DEPOSIT
    outcome = withdraw_from_fund(desk, spare + more)
    assert outcome == (DONE if more <= 0 else ("Fund_ReserveNotLeft", (spare + 1, spare, 0)))
    desk.compare()


@given(market=st.integers(1, 2), cap=st.integers(0, 2**96 - 1))
@undoing
def test_set_loss_cap__any__in_force(desk: Desk, market: int, cap: int) -> None:
    assert set_loss_cap(desk, market, cap) is DONE
    assert desk.logs[-1][1].arguments == (market, cap)
    assert desk.venue.fund.call("lossCap", market) == cap
    assert desk.venue.fund.call("lossLeft", market) == cap
    desk.compare()


@given(reserve=st.integers(0, 2**254))
@undoing
def test_set_reserve__any__in_force(desk: Desk, reserve: int) -> None:
    assert set_reserve(desk, reserve) is DONE
    assert desk.logs[-1][1].arguments == (reserve,)
    desk.compare()


@given(passed=st.integers(0, 100_000), money=MONEY)
@undoing
def test_loss_left__after_a_payment__is_forgotten_along_a_line_in_a_day(
    desk: Desk, passed: int, money: int
) -> None:
    bankrupt(desk)
    endow(desk, money)
    lack, cap = -desk.equity(1), 10**12
    if take_over(desk, 1, 3, {1: 3_000}) is not DONE:
        assert take_over(desk, 1, 4, {1: 3_000}) is not DONE
        return
    assert desk.venue.fund.call("lossLeft", 1) == cap - lack
    desk.chain.time += passed
    counted = -(-lack * max(0, 86_400 - passed) // 86_400)
    assert desk.venue.fund.call("lossLeft", 1) == cap - counted
    assert desk.venue.fund.call("lossLeft", 2) == cap


@given(money=MONEY, cap=st.integers(0, 10 * DEPOSIT))
@undoing
def test_capacity__with_any_money_and_cap__is_the_smaller(desk: Desk, money: int, cap: int) -> None:
    endow(desk, money)
    assert set_loss_cap(desk, 1, cap) is DONE
    assert desk.venue.fund.call("capacity", 1) == min(money, cap)
    assert desk.venue.fund.call("spare") == money

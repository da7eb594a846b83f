"""executeClose: who takes over, a maker or the fund

who takes over, if it raises exposure
  the market is held ....................... Desk_MarketHeld
  one of its marks is stale ................ Desk_PriceStale
  beyond its last tier ..................... Desk_PositionTooLarge
  in one market too many ................... Desk_TooManyMarkets
  below its initial margin ................. Desk_BelowMargin
the fund
  before the window, even by the operator .. Request_TooEarly
  would risk more than its loss cap ........ Close_LossCapReached
  otherwise ................................ at the mark less the discount, at the mark of
                                             the request where that is worse
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.units import div_up
from tests.helpers.closes import LOTS, SIDES, asked, bid, close, wait
from tests.helpers.exits import compare_exits, execute_close, force_close
from tests.helpers.liquidator import set_loss_cap
from tests.helpers.trouble import (
    FUND,
    allow_markets,
    endow,
    fall,
    fees,
    open_long,
    set_tier,
    spend,
    wealth,
)
from tests.helpers.twin import DONE, undoing
from tests.onchain.settlement.desk import DEPOSIT, MARK, UNIT, Desk

# --- a maker --------------------------------------------------------------------------------------


@given(more=st.integers(-2, 2))
@undoing
def test_execute_close__maker_about_its_initial_margin__exact(desk: Desk, more: int) -> None:
    asked(desk)
    margin = 100 * MARK * UNIT * 5 // 100
    spend(desk, 3, margin + more)
    refused = ("Desk_BelowMargin", (3, margin + more, margin))
    assert close(desk, bid(desk)) == (refused if more < 0 else DONE)


@given(tier=st.integers(1, 20), lots=LOTS)
@undoing
def test_execute_close__maker_about_its_last_tier__exact(desk: Desk, tier: int, lots: int) -> None:
    asked(desk)
    set_tier(desk, tier)
    refused = ("Desk_PositionTooLarge", (3, 1, lots, 8 * tier))
    assert close(desk, bid(desk, lots)) == (refused if lots > 8 * tier else DONE)
    desk.compare()


@undoing
def test_execute_close__maker_in_one_market_too_many__reverts(desk: Desk) -> None:
    open_long(desk, 1, account=3, other=4, market=2)
    asked(desk)
    allow_markets(desk, 1)
    assert close(desk, bid(desk)) == ("Desk_TooManyMarkets", (3, 1, 1))
    # Account 2 has a position there already.
    assert close(desk, bid(desk, 100, 2)) is DONE


@given(own=st.integers(-150, 150), lots=LOTS)
@undoing
def test_execute_close__market_is_held__only_against_who_lowers(
    desk: Desk, own: int, lots: int
) -> None:
    asked(desk)
    if own:
        open_long(desk, own, account=3, other=4)
    assert desk.pause(1) is DONE
    outcome = close(desk, bid(desk, lots, epoch=9))
    lowered = own < 0 and lots <= -own
    assert outcome == (DONE if lowered else ("Desk_MarketHeld", (1,)))


@given(lots=LOTS, own=st.integers(1, 150))
@undoing
def test_execute_close__another_mark_of_the_maker_is_stale__only_when_it_lowers(
    desk: Desk, lots: int, own: int
) -> None:
    open_long(desk, 10, account=3, other=4, market=2)
    open_long(desk, -own, account=3, other=4)
    asked(desk)
    until = desk.model.market(2).fresh_until
    desk.pass_time(61)
    assert desk.refresh(1, MARK) is DONE
    outcome = close(desk, bid(desk, lots, epoch=9))
    assert outcome == (DONE if lots <= own else ("Desk_PriceStale", (3, 2, until)))


@given(size=SIDES, own=st.integers(-300, 300), lots=LOTS, per_mille=st.integers(-30, 30))
@undoing
def test_execute_close__whatever_happens__nothing_is_made_or_lost(
    desk: Desk, size: int, own: int, lots: int, per_mille: int
) -> None:
    if own:
        open_long(desk, own, account=3, other=4)
    asked(desk, size)
    fall(desk, per_mille)
    mark = desk.model.market(1).mark
    before = wealth(desk, *range(5)) + fees(desk)
    close(desk, bid(desk, lots, sells=size < 0, price=mark, epoch=9))
    assert wealth(desk, *range(5)) + fees(desk) == before
    assert sum(desk.size(account) for account in range(5)) == 0
    desk.compare()


# --- the fund -------------------------------------------------------------------------------------


@given(size=SIDES, lots=LOTS, per_mille=st.integers(-30, 30))
@undoing
def test_wdq_5__fund_takes_over__at_the_worse_of_the_mark_less_the_discount_and_the_mark_then(
    desk: Desk, size: int, lots: int, per_mille: int
) -> None:
    endow(desk, DEPOSIT)
    asked(desk, size)
    wait(desk)
    fall(desk, per_mille)
    mark, long = desk.model.market(1).mark, size > 0
    before, fund, pot = desk.equity(1), desk.equity(FUND), fees(desk)
    assert execute_close(desk, 1, by_fund=lots) is DONE
    discount = div_up(lots * mark * UNIT * 12_500, 10**6)
    since = (mark - MARK if long else MARK - mark) * lots * UNIT
    loss = max(discount, since)
    assert desk.equity(1) == before - loss
    assert desk.equity(FUND) == fund + loss
    assert fees(desk) == pot
    desk.compare()
    compare_exits(desk)


@pytest.mark.parametrize("late", [-1, 0, 1])
@undoing
def test_execute_close__fund_about_the_window__not_even_by_the_operator_before(
    desk: Desk, late: int
) -> None:
    endow(desk, DEPOSIT)
    asked(desk)
    wait(desk, late=late)
    opens = desk.now - late
    assert close(desk, by_fund=10) == (("Request_TooEarly", (1, opens)) if late < 0 else DONE)


@given(more=st.integers(-2, 2))
@undoing
def test_execute_close__fund_about_its_initial_margin__exact(desk: Desk, more: int) -> None:
    asked(desk)
    wait(desk)
    margin = 100 * MARK * UNIT * 5 // 100
    gain = 100 * MARK * UNIT * 125 // 10_000
    endow(desk, margin - gain + more)
    refused = ("Desk_BelowMargin", (FUND, margin + more, margin))
    assert execute_close(desk, 1, by_fund=100) == (refused if more < 0 else DONE)
    desk.compare()


@given(more=st.integers(-2, 2))
@undoing
def test_execute_close__fund_about_its_loss_cap__risks_no_more(desk: Desk, more: int) -> None:
    asked(desk)
    wait(desk)
    endow(desk, DEPOSIT)
    margin = 100 * MARK * UNIT * 5 // 100
    assert set_loss_cap(desk, 1, margin + more) is DONE
    refused = ("Close_LossCapReached", (1, margin, margin + more))
    assert execute_close(desk, 1, by_fund=100) == (refused if more < 0 else DONE)


@undoing
def test_execute_close__fund_has_the_opposite__takes_over_without_a_cap(desk: Desk) -> None:
    # The fund is short: what account 1 wants to be out of takes it out as well.
    endow(desk, DEPOSIT)
    open_long(desk, 100, account=4, other=2)
    assert force_close(desk, 4, 1, 100) is DONE
    open_long(desk, 100, account=1, other=2)
    wait(desk)
    assert execute_close(desk, 1, by_fund=100) is DONE
    assert desk.size(FUND) == 100
    assert force_close(desk, 2, 1, 100) is DONE
    assert set_loss_cap(desk, 1, 0) is DONE
    wait(desk, 2)
    assert execute_close(desk, 2, by_fund=100) is DONE
    assert desk.size(FUND) == 0
    desk.compare()


@undoing
def test_execute_close__market_is_held__the_fund_raises_nothing(desk: Desk) -> None:
    endow(desk, DEPOSIT)
    asked(desk)
    wait(desk)
    assert desk.pause(1) is DONE
    assert execute_close(desk, 1, by_fund=100) == ("Desk_MarketHeld", (1,))


@given(by_order=st.integers(1, 100), by_fund=st.integers(0, 100))
@undoing
def test_execute_close__with_orders_and_the_fund__orders_come_first(
    desk: Desk, by_order: int, by_fund: int
) -> None:
    endow(desk, DEPOSIT)
    asked(desk)
    wait(desk)
    outcome = execute_close(desk, 1, bid(desk, by_order), by_fund=by_fund)
    if by_order + by_fund > 100:
        assert outcome == ("Close_LotsOutOfRange", (1, by_fund, 100 - by_order))
    else:
        assert outcome is DONE
        assert (desk.size(3), desk.size(FUND)) == (by_order, by_fund)
    desk.compare()
    compare_exits(desk)

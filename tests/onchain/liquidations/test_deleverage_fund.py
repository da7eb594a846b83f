"""deleverage: the fund, before the counterparties and as the account itself

the fund can take the account over ....... Deleverage_FundCanCarry
otherwise ................................ the fund pays what it can, counterparties the rest
account 0 ................................ a position whose loss is beyond the cap, or of a fund
                                           that has lost everything
  neither ................................ Deleverage_NotBankrupt
"""

from hypothesis import given
from hypothesis import strategies as st

from penstock.units import div_up
from tests.helpers.liquidator import deleverage, set_loss_cap, take_over
from tests.helpers.trouble import (
    FUND,
    SIZE,
    allow_markets,
    bankrupt,
    endow,
    fall,
    let_stale,
    move,
    open_long,
    seen,
    set_tier,
    spend,
)
from tests.helpers.twin import DONE, undoing
from tests.onchain.settlement.desk import DEPOSIT, Desk


@given(money=st.integers(1, 10**9))
@undoing
def test_deleverage__fund_has_something__pays_first_and_counterparties_the_rest(
    desk: Desk, money: int
) -> None:
    bankrupt(desk, per_mille=90)
    lack, other = -desk.equity(1), desk.equity(2)
    assert lack > 10**9
    endow(desk, money)
    assert deleverage(desk, 1, 1, [(2, SIZE)]) is DONE
    assert desk.logs[-1][1].arguments[3:] == (money, lack - money)
    assert (desk.collateral(FUND), desk.equity(1)) == (0, 0)
    assert desk.equity(2) == other - (lack - money)
    desk.compare()


@undoing
def test_deleverage__fund_can_pay_and_carry__it_must_take_over(desk: Desk) -> None:
    bankrupt(desk)
    lack = -desk.equity(1)
    endow(desk, 10 * DEPOSIT)
    assert deleverage(desk, 1, 1, [(2, SIZE)]) == ("Deleverage_FundCanCarry", (1, 1, lack))
    assert take_over(desk, 1, FUND, {1: SIZE}) is DONE


@given(spare=st.integers(-3, 3))
@undoing
def test_deleverage__fund_can_pay_but_not_carry__it_pays(desk: Desk, spare: int) -> None:
    bankrupt(desk)
    lack, margin = -desk.equity(1), seen(desk, 1).initial_margin
    # After it has paid it must have margin for the position and nothing more: that is the rule.
    endow(desk, margin + lack + spare)
    outcome = deleverage(desk, 1, 1, [(2, SIZE)])
    if spare >= 0:
        assert outcome == ("Deleverage_FundCanCarry", (1, 1, lack))
    else:
        assert outcome is DONE
        assert desk.logs[-1][1].arguments[3:] == (lack, 0)
    desk.compare()


@given(lots=st.integers(1, 100))
@undoing
def test_deleverage__fund_can_carry_a_piece_but_not_the_whole__pays_for_the_piece(
    desk: Desk, lots: int
) -> None:
    # Only account 2 is in profit, with a hundred lots: that piece the fund could carry, and once it
    # was refused for that, while the whole could neither be carried nor closed.
    bankrupt(desk)
    open_long(desk, SIZE - 100, account=2, other=4)
    lack, margin = -desk.equity(1), seen(desk, 1).initial_margin
    endow(desk, margin // 2)
    assert margin // 2 > lack + margin * 100 // SIZE
    refused, spare = "Withdrawal_ExceedsWithdrawable", margin // 2 - margin
    assert take_over(desk, 1, FUND, {1: SIZE}) == (refused, (FUND, lack, spare))
    value = desk.venue.lens.call("positionOf", 4, 1)[3]
    assert value < 0
    assert deleverage(desk, 1, 1, [(4, 1)]) == ("Deleverage_NotInProfit", (4, 1, value, 0))
    assert deleverage(desk, 1, 1, [(2, lots)]) is DONE
    share = -(-lack * lots // SIZE)
    assert desk.logs[-1][1].arguments[2:] == (lots, share, 0)
    desk.compare()


@undoing
def test_deleverage__fund_can_carry_each_market_but_not_both__pays_for_the_piece(
    desk: Desk,
) -> None:
    open_long(desk, 300, market=2)
    open_long(desk, SIZE // 2)
    spend(desk, 1)
    fall(desk, 80)
    lack, margin = -desk.equity(1), seen(desk, 1).initial_margin
    assert lack > 0
    endow(desk, lack + margin - 1)
    for market, lots in ((1, SIZE // 2), (2, 300)):
        with desk.undone():
            outcome = deleverage(desk, 1, market, [(2, lots)])
            # Account 2 has no profit in market 2.
            said = outcome and outcome[0]
            assert said == (DONE if market == 1 else "Deleverage_NotInProfit")
    endow(desk, 1)
    for market, lots in ((1, SIZE // 2), (2, 300)):
        refused = ("Deleverage_FundCanCarry", (1, market, lack))
        assert deleverage(desk, 1, market, [(2, lots)]) == refused


@given(
    size=st.integers(0, 200),
    money=st.integers(0, 2 * DEPOSIT),
    cap=st.sampled_from((10**8, 10**9, 10**12)),
    tier=st.sampled_from((300, 400, 10_000)),
    most=st.sampled_from((1, 16)),
)
@undoing
def test_deleverage__refused_because_the_fund_can_carry__and_only_then_it_can(
    desk: Desk, size: int, money: int, cap: int, tier: int, most: int
) -> None:
    if size:
        open_long(desk, size, market=2)
    bankrupt(desk)
    endow(desk, money + 1)
    assert set_loss_cap(desk, 1, cap) is DONE
    set_tier(desk, tier)
    allow_markets(desk, most)
    lack = -desk.equity(1)
    with desk.undone():
        taken = take_over(desk, 1, FUND, {1: SIZE, 2: size})
    outcome = deleverage(desk, 1, 1, [(2, 1)])
    refused = ("Deleverage_FundCanCarry", (1, 1, lack))
    assert outcome == (refused if taken is DONE else DONE)
    desk.compare()


# --- the fund's own positions ---------------------------------------------------------------------


def carry(desk: Desk, cap: int, money: int = 10 * DEPOSIT) -> None:
    """The fund takes over all of account 1 in time; its loss in market 1 is capped."""
    endow(desk, money)
    open_long(desk)
    spend(desk, 1)
    fall(desk, 40)
    assert set_loss_cap(desk, 1, cap) is DONE
    assert take_over(desk, 1, FUND, {1: SIZE}) is DONE


@given(cap=st.integers(0, 10**9), lots=st.integers(1, SIZE))
@undoing
def test_deleverage__fund_beyond_the_loss_cap__closed_at_the_price_of_the_cap(
    desk: Desk, cap: int, lots: int
) -> None:
    carry(desk, cap)
    fall(desk, 60)
    over = -desk.venue.fund.call("lossLeft", 1)
    assert over > 0
    fund, other = desk.equity(FUND), desk.equity(2)
    share = -(-over * lots // SIZE)
    assert deleverage(desk, FUND, 1, [(2, lots)]) is DONE
    assert (desk.equity(FUND), desk.equity(2)) == (fund + share, other - share)
    assert desk.logs[-1][1].arguments[2:] == (lots, 0, share)
    desk.compare()


@given(spare=st.integers(0, 10**9))
@undoing
def test_deleverage__fund_within_the_loss_cap__reverts(desk: Desk, spare: int) -> None:
    carry(desk, 10**9)
    fall(desk, 60)
    loss = 10**9 - desk.venue.fund.call("lossLeft", 1)
    assert set_loss_cap(desk, 1, loss + spare) is DONE
    refused = ("Deleverage_NotBankrupt", (FUND, 1, desk.equity(FUND)))
    assert deleverage(desk, FUND, 1, [(2, 1)]) == refused


@given(lots=st.integers(1, SIZE))
@undoing
def test_deleverage__fund_beyond_the_loss_cap_with_a_stale_mark_elsewhere__closed_all_the_same(
    desk: Desk, lots: int
) -> None:
    open_long(desk, 100, account=3, other=4, market=2)
    spend(desk, 3)
    carry(desk, 10**6)
    move(desk, desk.model.market(1).mark, 300_000 * 955 // 1_000)
    assert take_over(desk, 3, FUND, {2: 50}) is DONE
    fall(desk, 60)
    let_stale(desk, 2)
    fund, over = desk.equity(FUND), -desk.venue.fund.call("lossLeft", 1)
    assert deleverage(desk, FUND, 1, [(2, lots)]) is DONE
    assert desk.equity(FUND) == fund + div_up(over * lots, SIZE)
    desk.compare()


@given(lots=st.integers(1, SIZE))
@undoing
def test_deleverage__fund_has_lost_everything_within_the_cap__is_bankrupt_like_any_other(
    desk: Desk, lots: int
) -> None:
    # The cap says what may be lost, not what there is.
    carry(desk, 10**12, money=8 * 10**9)
    fall(desk, 110)
    lack, other = -desk.equity(FUND), desk.equity(2)
    assert lack > 0
    assert deleverage(desk, FUND, 1, [(2, lots)]) is DONE
    share = -(-lack * lots // SIZE)
    assert (desk.equity(FUND), desk.equity(2)) == (share - lack, other - share)
    desk.compare()

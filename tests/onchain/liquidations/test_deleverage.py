"""deleverage(account, market, markets, counterparties, lots)

the chain was just down .................. Liquidation_GracePeriod
lists of two lengths ..................... Liquidation_LengthsDiffer
open markets not named each once ......... Liquidation_PositionsIncomplete
more lots than the position has .......... Liquidation_LotsTooMany
the market's mark is stale ............... Liquidation_PriceStale
equity not below zero .................... Deleverage_NotBankrupt
the fund can take the account over ....... Deleverage_FundCanCarry
counterparties not ascending ............. Deleverage_CounterpartiesNotAscending
counterparty not opposite, or smaller .... Deleverage_NotOpposite
counterparty not in profit ............... Deleverage_NotInProfit
more than its bounded share .............. Deleverage_ShareExceeded
otherwise ................................ closed at the bankruptcy price: the fund pays what it
                                           can, counterparties give up the rest, by lots
account 0 ................................ a position whose loss is beyond the cap, or of a fund
                                           that has lost everything
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.limits import Limits
from penstock.units import div_up
from tests.helpers.liquidator import deleverage, set_loss_cap, take_over
from tests.helpers.revm import reverts
from tests.helpers.trouble import (
    FUND,
    SIZE,
    WRONG_MARKETS,
    after_outage,
    allow_markets,
    bankrupt,
    endow,
    fall,
    fees,
    let_stale,
    move,
    open_long,
    seen,
    spend,
    stale_margin,
    wealth,
)
from tests.helpers.twin import DONE, OWNER, undoing
from tests.onchain.settlement.desk import DEPOSIT, MARK, UNIT, Desk


def test_share__of_a_counterparty__is_ten_times_pro_rata(desk: Desk) -> None:
    assert desk.venue.liquidations.call("SHARE") == 10


@given(passed=st.integers(1, 1_200))
@undoing
def test_deleverage__after_an_outage__only_once_the_grace_is_over(desk: Desk, passed: int) -> None:
    late = after_outage(desk, 80, passed)
    expected = DONE if late else ("Liquidation_GracePeriod", ())
    assert deleverage(desk, 1, 1, [(2, SIZE)]) == expected
    desk.compare()


@undoing
def test_deleverage__lists_of_two_lengths__reverts(desk: Desk) -> None:
    with reverts("Liquidation_LengthsDiffer", 2, 1):
        call = (1, 1, [1], [2, 3], [1])
        desk.venue.liquidations.transact("deleverage", *call, sender=OWNER.address)


@pytest.mark.parametrize(("markets", "named"), WRONG_MARKETS)
@undoing
def test_deleverage__markets_not_the_open_ones__reverts(
    desk: Desk, markets: list[int], named: int
) -> None:
    bankrupt(desk)
    refused = ("Liquidation_PositionsIncomplete", (1, named, 1))
    assert deleverage(desk, 1, 1, [(2, 1)], markets=markets) == refused


@undoing
def test_deleverage__mark_is_stale__reverts(desk: Desk) -> None:
    bankrupt(desk)
    desk.pass_time(61)
    until = desk.model.market(1).fresh_until
    assert deleverage(desk, 1, 1, [(2, 1)]) == ("Liquidation_PriceStale", (1, 1, until))


@given(lots=st.lists(st.integers(1, SIZE), max_size=3), size=st.integers(1, 50))
@undoing
def test_deleverage__position_elsewhere_at_a_stale_mark__piece_by_piece_and_the_fund_pays(
    desk: Desk, lots: list[int], size: int
) -> None:
    # The account cannot go whole, so a fund that could carry it does not stand in the way.
    open_long(desk, size, market=2)
    bankrupt(desk)
    endow(desk, 10 * DEPOSIT)
    let_stale(desk, 2)
    left, part = SIZE, size * 300_000 * UNIT
    lot = desk.model.market(1).mark * UNIT
    for wanted in [*lots, SIZE]:
        piece = min(wanted, left)
        if not piece:
            break
        lack = -desk.equity(1) - stale_margin(size)
        share = div_up(lack * piece * lot, left * lot + part)
        assert deleverage(desk, 1, 1, [(2, piece)]) is DONE
        assert desk.logs[-1][1].arguments[2:] == (piece, share, 0)
        left -= piece
    desk.compare()
    # The mark comes back, and the rest can go.
    move(desk, desk.model.market(1).mark)
    assert take_over(desk, 1, FUND, {2: size}) is DONE
    assert desk.equity(1) == 0
    desk.compare()


@given(size=st.integers(1, 600), more=st.integers(-1, 1))
@undoing
def test_deleverage__position_elsewhere_at_a_stale_mark__bankrupt_only_beyond_its_margin(
    desk: Desk, size: int, more: int
) -> None:
    open_long(desk, size, market=2)
    open_long(desk)
    fall(desk, 100)
    let_stale(desk, 2)
    gap = -desk.equity(1) - stale_margin(size)
    assert desk.deposit(1, gap + more) is DONE
    refused = ("Deleverage_NotBankrupt", (1, 1, more))
    assert deleverage(desk, 1, 1, [(2, 1)]) == (DONE if more < 0 else refused)
    desk.compare()


@given(more=st.integers(1, 100))
@undoing
def test_deleverage__more_lots_than_there_are__reverts(desk: Desk, more: int) -> None:
    bankrupt(desk)
    refused = ("Liquidation_LotsTooMany", (1, 1, SIZE + more, SIZE))
    assert deleverage(desk, 1, 1, [(2, SIZE), (3, more)]) == refused


@given(missing=st.integers(0, 3))
@undoing
def test_deleverage__equity_about_zero__only_below(desk: Desk, missing: int) -> None:
    bankrupt(desk)
    assert desk.deposit(1, -desk.equity(1) + 1) is DONE
    assert desk.equity(1) == 1
    fallen = desk.model.market(1).mark - 1
    assert deleverage(desk, 1, 1, [(2, 1)]) == ("Deleverage_NotBankrupt", (1, 1, 1))
    move(desk, fallen)
    assert deleverage(desk, 1, 1, [(2, 1)]) is DONE
    desk.compare()


@given(per_mille=st.integers(70, 110), lots=st.integers(1, SIZE))
@undoing
def test_deleverage__fund_is_empty__counterparty_gives_up_the_share_of_its_lots(
    desk: Desk, per_mille: int, lots: int
) -> None:
    bankrupt(desk, per_mille=per_mille)
    lack, other = -desk.equity(1), desk.equity(2)
    share = -(-lack * lots // SIZE)
    assert deleverage(desk, 1, 1, [(2, lots)]) is DONE
    assert desk.equity(1) == share - lack
    assert desk.equity(2) == other - share
    assert (desk.size(1), desk.size(2)) == (SIZE - lots, lots - SIZE)
    assert desk.logs[-1][1].arguments[2:] == (lots, 0, share)
    desk.compare()


@given(parts=st.lists(st.integers(1, SIZE), min_size=1, max_size=6), short=st.booleans())
@undoing
def test_deleverage__piece_by_piece__ends_at_nothing_and_nobody_below_the_mark_of_the_bankrupt(
    desk: Desk, parts: list[int], short: bool
) -> None:
    open_long(desk, -SIZE if short else SIZE)
    fall(desk, -80 if short else 80)
    left = SIZE
    for part in [*parts, SIZE]:
        lots = min(part, left)
        if lots:
            assert deleverage(desk, 1, 1, [(2, lots)]) is DONE
            left -= lots
    assert 0 <= desk.equity(1) <= len(parts) + 1
    assert desk.model.market(1).open_interest == 0
    desk.compare()


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
            assert outcome is DONE or (market, outcome[0]) == (2, "Deleverage_NotInProfit")
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
    assert desk.set_limits(1, Limits(tier, 10_000)) is DONE
    allow_markets(desk, most)
    lack = -desk.equity(1)
    with desk.undone():
        taken = take_over(desk, 1, FUND, {1: SIZE, 2: size})
    outcome = deleverage(desk, 1, 1, [(2, 1)])
    refused = ("Deleverage_FundCanCarry", (1, 1, lack))
    assert outcome == (refused if taken is DONE else DONE)
    desk.compare()


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
    mark = desk.model.market(1).mark
    # Account 3 sells at the mark of now: it has lost its fee.
    open_long(desk, lots, account=4, other=3)
    value = desk.venue.lens.call("positionOf", 3, 1)[3]
    assert value < 0
    share = -(desk.equity(1) * lots // SIZE)
    refused = ("Deleverage_NotInProfit", (3, 1, value, share))
    assert deleverage(desk, 1, 1, [(3, lots)]) == refused
    assert desk.model.market(1).mark == mark


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


@given(
    size=st.integers(1, 200),
    per_mille=st.integers(60, 110),
    lots=st.tuples(st.integers(0, SIZE), st.integers(0, SIZE)),
    money=st.sampled_from((0, 1, 10**8, 10**9, 10**11)),
)
@undoing
def test_deleverage__two_markets_two_counterparties__as_the_model_says(
    desk: Desk, size: int, per_mille: int, lots: tuple[int, int], money: int
) -> None:
    open_long(desk, size, market=2)
    open_long(desk, SIZE // 2)
    open_long(desk, SIZE // 2, other=3)
    fall(desk, per_mille)
    if money:
        endow(desk, money)
    before = wealth(desk, *range(5)) + fees(desk)
    deleverage(desk, 1, 1, [(2, lots[0]), (3, lots[1])])
    assert wealth(desk, *range(5)) + fees(desk) == before
    desk.compare()
    desk.compare_views()


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

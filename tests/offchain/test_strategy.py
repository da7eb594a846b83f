"""What a keeper proposes is what the venue accepts.

take_over
├── any crowd                       is accepted as proposed, gains what it says
├── sound account                   nothing
├── rich taker                      just as many lots as are needed, one more changes nothing
├── poor taker                      just as many as it carries, one more is refused
├── two markets                     the second only when the first does not suffice
├── bankrupt                        whole, by the fund; nobody gains by it
├── fund that cannot pay            nothing
├── stale mark, unknown taker       nothing
├── dust at a stale mark            the others go
└── closed positions with a debt    the fund pays
deleverage
├── any crowd                       is accepted as proposed
├── bankrupt, no fund               against the highest score first, within its share
├── several counterparties          as many as needed, at most so many at a time
├── profit too small for the price  passed over
├── equity too small for the price  as many lots as it can bear, none without equity
├── not bankrupt, fund can carry    nothing
└── the fund beyond its loss cap, or bankrupt   its own position
in_need    the least equity first; the fund is left out, stale positions count for the account
narrow     shares nothing that a trial changes
"""

from copy import deepcopy
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock import liquidations
from penstock.liquidations import SHARE, weigh
from penstock.refusals import Refusal, Refused
from penstock.strategy import (
    Takeover,
    deleverage,
    in_need,
    most_accepted,
    narrow,
    ranks,
    take_over,
    with_fees,
)
from penstock.units import div_up
from penstock.venue import Venue
from penstock.views import words
from tests.helpers.crowds import crowd_venue, crowds, fresh, trade
from tests.helpers.model import LOT, MARK, START, UNIT

NOW = START + 2


def enact(venue: Venue, plan: Takeover, **more: int) -> int:
    """Do on the whole venue what was proposed, with more lots in some markets."""
    lots = dict(zip(plan.markets, plan.lots, strict=True))
    for market, extra in more.items():
        lots[int(market[1:])] += extra
    named = {"markets": plan.markets, "by_markets": plan.by_markets}
    return liquidations.take_over(venue, plan.account, plan.by, lots, NOW, **named)


def equity(venue: Venue, account: int) -> int:
    """At the marks; the venue accrues."""
    return weigh(venue, account, venue.accounts[account].open_markets, NOW).equity


def long_account(lots: int = 100, fall: int = 300, deposit: int = 250_000) -> Venue:
    """Account 1 is long against account 2, and the mark has fallen by so many ticks."""
    venue = crowd_venue(deposit=deposit)
    venue.deposit(2, 10**9)
    venue.deposit(3, 10**9)
    trade(venue, 1, 2, lots, MARK)
    fresh(venue, 1, MARK - fall, START + 1)
    fresh(venue, 2, MARK, START + 1)
    return venue


# --- takeover -------------------------------------------------------------------------------------


@given(crowds(), st.integers(0, 5))
def test_take_over__any_crowd__is_accepted_as_proposed(venue: Venue, by: int) -> None:
    for account, _ in in_need(venue, NOW):
        before = words(venue)
        plan = take_over(venue, account, by, NOW)
        assert words(venue) == before
        if plan is None:
            continue
        had = equity(venue, by)
        assert enact(venue, plan) == plan.shortfall
        assert equity(venue, by) - had == plan.gain
        assert tuple(venue.accounts[by].open_markets) == plan.by_markets


@given(crowds(), st.integers(1, 5))
def test_strategy__while_funding_is_due__leaves_the_venue_as_it_is(
    venue: Venue, account: int
) -> None:
    now = venue.markets[1].due_at + 30
    for market in (1, 2):
        venue.markets[market].fresh_until = now
    before = words(venue)
    for number, _ in in_need(venue, now):
        take_over(venue, number, account, now)
        deleverage(venue, number, 1, now)
    deleverage(venue, 0, 1, now)
    with_fees(venue, now)
    assert words(venue) == before


@given(crowds(), st.integers(1, 5))
def test_take_over__for_a_trader__never_costs_him_anything(venue: Venue, account: int) -> None:
    plans = [take_over(venue, account, by, NOW) for by in range(1, 6) if by != account]
    assert all(plan.gain >= 0 for plan in plans if plan)


def test_take_over__sound_account__nothing() -> None:
    venue = long_account(fall=0)
    assert take_over(venue, 1, 3, NOW) is None
    assert in_need(venue, NOW) == []


def test_take_over__rich_taker__takes_what_is_needed_and_not_a_lot_more() -> None:
    venue = long_account(fall=120)
    assert in_need(venue, NOW) == []
    venue = long_account(fall=130)
    ((account, found),) = in_need(venue, NOW)
    assert (account, found.equity < found.maintenance) == (1, True)
    plan = take_over(venue, 1, 3, NOW)
    assert plan is not None
    assert 0 < plan.lots[0] < 100
    more = deepcopy(venue)
    enact(more, plan, m1=1)
    enact(venue, plan)
    assert words(more) == words(venue)
    assert in_need(venue, NOW) == []
    # 1.25 % of the notional is the discount.
    assert plan.gain == div_up(plan.lots[0] * (MARK - 130) * UNIT * 125, 10_000)


def test_take_over__poor_taker__takes_what_it_carries_and_not_a_lot_more() -> None:
    venue = long_account(fall=130)
    venue.accounts[3].collateral = 30 * LOT // 20
    plan = take_over(venue, 1, 3, NOW)
    assert plan is not None
    assert 30 <= plan.lots[0] < 60
    with pytest.raises(Refused) as raised:
        enact(venue, plan, m1=1)
    assert raised.value.refusal is Refusal.TAKER_BELOW_MARGIN


def test_take_over__one_market_suffices__the_other_stays() -> None:
    venue = long_account(lots=80, fall=110, deposit=198_000)
    trade(venue, 1, 2, 10, MARK + 1, market=2)
    plan = take_over(venue, 1, 3, NOW)
    assert plan is not None
    assert sorted(map(bool, plan.lots)) == [False, True]
    enact(venue, plan)
    assert in_need(venue, NOW) == []


def test_take_over__first_market_does_not_suffice__the_second_goes_too() -> None:
    venue = long_account(lots=40, fall=110, deposit=130_000)
    trade(venue, 1, 2, 30, MARK + 1, market=2)
    plan = take_over(venue, 1, 3, NOW)
    assert plan is not None
    assert all(plan.lots)
    enact(venue, plan)
    assert in_need(venue, NOW) == []


def test_take_over__bankrupt__whole_by_a_fund_that_pays() -> None:
    venue = long_account(fall=300)
    venue.accounts[0].credit(10**9)
    plan, lacks = take_over(venue, 1, 0, NOW), -equity(venue, 1)
    assert plan is not None
    assert (plan.lots, plan.shortfall, plan.gain) == ((100,), lacks, -lacks)
    taker = take_over(venue, 1, 3, NOW)
    assert taker is not None
    assert (taker.gain, taker.shortfall) == (0, lacks)


LATER = START + 100


def with_stale(venue: Venue, lots: int = 1) -> Venue:
    """Account 1 also has lots in market 2, the one whose mark is stale by `LATER`."""
    trade(venue, 1, 2, lots, MARK, market=2)
    fresh(venue, 1, venue.markets[1].mark, LATER)
    assert venue.markets[2].fresh_until < LATER
    return venue


def test_take_over__dust_at_a_stale_mark__the_other_position_goes() -> None:
    venue = with_stale(long_account(fall=135))
    ((account, found),) = in_need(venue, LATER)
    assert (account, found.stale_margin) == (1, LOT // 20)
    plan = take_over(venue, 1, 3, LATER)
    assert plan is not None
    assert (plan.markets, plan.lots[0] > 0, plan.lots[1]) == ((1, 2), True, 0)
    named = {"markets": plan.markets, "by_markets": plan.by_markets}
    liquidations.take_over(venue, 1, 3, {1: plan.lots[0]}, LATER, **named)
    assert in_need(venue, LATER) == []


def test_in_need__margin_of_a_position_at_a_stale_mark__counts_for_the_account() -> None:
    # Nothing is needed for 30 lots of market 2, and 75,000 of their margin are there instead.
    venue = long_account(fall=130)
    assert len(in_need(venue, NOW)) == 1
    assert in_need(with_stale(venue, 30), LATER) == []


def test_deleverage__dust_at_a_stale_mark__the_fund_that_could_carry_pays() -> None:
    venue = with_stale(ruined((100, 1_001)))
    venue.accounts[0].credit(10**9)
    assert take_over(venue, 1, 0, LATER) is None
    plan = deleverage(venue, 1, 1, LATER)
    assert plan is not None
    assert (plan.lots, plan.borne) == (((2, 100),), 0)
    assert deleverage(venue, 1, 2, LATER) is None


@pytest.mark.parametrize("fault", ["poor", "capped"])
def test_take_over__fund_cannot_pay__nothing(fault: str) -> None:
    venue = long_account(fall=300)
    venue.accounts[0].credit(10 if fault == "poor" else 10**9)
    venue.fund.set_cap(1, 10**12 if fault == "poor" else 10)
    assert take_over(venue, 1, 0, NOW) is None


def test_take_over__stale_mark_or_unknown_taker__nothing() -> None:
    venue = long_account(fall=130)
    assert take_over(venue, 1, 99, NOW) is None
    assert take_over(venue, 1, 1, NOW) is None
    assert take_over(venue, 1, 3, NOW + 3_600) is None
    assert in_need(venue, NOW + 3_600) == []


def test_take_over__closed_position_with_a_debt__the_fund_pays_it() -> None:
    venue = long_account(fall=300)
    trade(venue, 2, 1, 100, MARK - 300)
    venue.accounts[0].credit(10**9)
    plan = take_over(venue, 1, 0, NOW)
    assert plan is not None
    assert plan.lots == (0,)
    assert enact(venue, plan) == 100 * 300 * UNIT - 250_000 == plan.shortfall
    assert in_need(venue, NOW) == []


def test_with_fees__of_all_markets__are_the_funds_and_stay_where_they_are() -> None:
    venue = long_account()
    venue.markets[1].fees, venue.markets[2].fees = 5, 7
    before = words(venue)
    assert with_fees(venue, NOW).accounts[0].collateral == 12
    assert words(venue) == before


@given(st.integers(0, 1000), st.integers(0, 1000))
def test_most_accepted__of_a_range__is_its_end(most: int, end: int) -> None:
    assert most_accepted(most, lambda count: count <= end) == min(most, end)


def test_narrow__a_trial_on_it__changes_nothing_else() -> None:
    venue = long_account(fall=130)
    before = words(venue)
    liquidations.take_over(narrow(venue, (1, 3), NOW), 1, 3, {1: 1}, NOW)
    assert words(venue) == before


# --- deleveraging ---------------------------------------------------------------------------------


@given(crowds(), st.integers(1, 2), st.integers(1, 5))
def test_deleverage__any_crowd__is_accepted_as_proposed(
    venue: Venue, market: int, most: int
) -> None:
    for account in range(6):
        plan = deleverage(venue, account, market, NOW, most)
        if plan is None:
            continue
        assert 0 < len(plan.lots) <= most
        named = list(plan.markets)
        done = liquidations.deleverage(venue, account, market, plan.lots, NOW, markets=named)
        assert done == (plan.covered, plan.borne)


@given(crowds(), st.integers(1, 2))
def test_deleverage__refused_because_the_fund_can_carry__it_can(venue: Venue, market: int) -> None:
    for account in range(1, 6):
        if not refused_for_the_fund(venue, account, market):
            continue
        held = venue.accounts[account]
        whole = {m: abs(held.positions[m].size) for m in held.open_markets}
        liquidations.take_over(venue, account, 0, whole, NOW)
        assert equity(venue, account) == 0


def refused_for_the_fund(venue: Venue, account: int, market: int) -> bool:
    try:
        liquidations.deleverage(venue, account, market, [], NOW)
    except Refused as refused:
        return refused.refusal is Refusal.FUND_CAN_CARRY
    return False


def ruined(*held: tuple[int, int], deposit: int = 10**9) -> Venue:
    """Account 1 is long and lacks 10,000 a lot; the others, from 2 on, are short against it with
    so many lots, sold at so many ticks above the mark."""
    venue = crowd_venue(deposit=1)
    for account, (lots, ticks) in enumerate(held, 2):
        venue.accounts[account].credit(deposit - 1)
        trade(venue, 1, account, lots, MARK - 1_000 + ticks)
    total = sum(lots for lots, _ in held)
    lost = sum(lots * ticks for lots, ticks in held) * UNIT
    venue.accounts[1].collateral = lost - 10_000 * total
    fresh(venue, 1, MARK - 1_000, START + 1)
    fresh(venue, 2, MARK, START + 1)
    return venue


def test_deleverage__one_counterparty__closes_all_at_the_bankruptcy_price() -> None:
    venue = ruined((100, 1_001))
    plan = deleverage(venue, 1, 1, NOW)
    assert plan is not None
    assert (plan.lots, plan.covered, plan.borne) == (((2, 100),), 0, 10_000 * 100)
    liquidations.deleverage(venue, 1, 1, plan.lots, NOW)
    assert equity(venue, 1) == 0
    assert venue.accounts[2].positions[1].size == 0


def test_deleverage__funds_money__goes_first() -> None:
    venue = ruined((100, 1_001))
    venue.accounts[0].credit(400_000)
    plan = deleverage(venue, 1, 1, NOW)
    assert plan is not None
    assert (plan.covered, plan.borne) == (400_000, 600_000)


def test_deleverage__several__the_highest_score_first() -> None:
    venue = ruined((60, 1_100), (60, 1_300), (60, 1_200))
    ranked = ranks(venue, 1, False, NOW)
    assert [rank.account for rank in ranked] == [3, 4, 2]
    plan = deleverage(venue, 1, 1, NOW, most=2)
    assert plan is not None
    assert plan.lots == ((3, 60), (4, 60))
    whole = deleverage(venue, 1, 1, NOW)
    assert whole is not None
    assert whole.lots == ((2, 60), (3, 60), (4, 60))


def test_deleverage__rank_against_number__chosen_by_the_one_and_named_by_the_other() -> None:
    venue = ruined((60, 1_200), (60, 1_300), (60, 1_100))
    assert [rank.account for rank in ranks(venue, 1, False, NOW)] == [3, 2, 4]
    plan = deleverage(venue, 1, 1, NOW, most=2)
    assert plan is not None
    assert plan.lots == ((2, 60), (3, 60))


def test_deleverage__several_with_little__none_gives_more_than_its_share() -> None:
    venue = ruined((5, 1_100), (5, 1_200))
    for account in (4, 5):
        venue.accounts[account].credit(10**9)
    trade(venue, 4, 5, 200, MARK)
    trade(venue, 4, 3, 100, MARK + 300)
    plan = deleverage(venue, 1, 1, NOW)
    assert plan is not None
    for counterparty, lots in plan.lots:
        own = abs(venue.accounts[counterparty].positions[1].size)
        most = div_up(SHARE * own * 10, venue.markets[1].open_interest)
        assert 0 < lots <= min(own, most)


def test_deleverage__profit_below_the_price__is_passed_over() -> None:
    venue = ruined((50, 1_900), (50, 100))
    assert [rank.account for rank in ranks(venue, 1, False, NOW)] == [2, 3]
    plan = deleverage(venue, 1, 1, NOW)
    assert plan is not None
    assert plan.lots == ((2, 50),)


@pytest.mark.parametrize("borne", [0, 9_999, 10_000, 299_999, 500_000])
def test_deleverage__equity_below_the_price__gives_up_what_it_can_bear(borne: int) -> None:
    # The smallest equity has the highest leverage, so it comes first; it lacks 10,000 a lot.
    venue = ruined((50, 1_900), (50, 1_800))
    venue.accounts[2].collateral += borne - equity(venue, 2)
    if borne:
        assert [rank.account for rank in ranks(venue, 1, False, NOW)] == [2, 3]
    plan = deleverage(venue, 1, 1, NOW)
    assert plan is not None
    lots = borne // 10_000
    assert plan.lots == (((2, lots), (3, 50)) if lots else ((3, 50),))
    liquidations.deleverage(venue, 1, 1, plan.lots, NOW)
    assert equity(venue, 2) == borne - 10_000 * lots


def test_deleverage__nobody_in_profit_enough__nothing() -> None:
    assert deleverage(ruined((50, 500)), 1, 1, NOW) is None


def test_deleverage__fund_can_carry_or_account_is_sound__nothing() -> None:
    venue = ruined((100, 1_001))
    venue.accounts[0].credit(10**9)
    assert deleverage(venue, 1, 1, NOW) is None
    assert take_over(venue, 1, 0, NOW) is not None
    assert deleverage(venue, 2, 1, NOW) is None
    assert deleverage(venue, 1, 2, NOW) is None


def test_deleverage__fund_beyond_its_loss_cap__gives_up_its_own_position() -> None:
    venue = crowd_venue(deposit=10**9, cap=100_000)
    venue.accounts[0].credit(10**9)
    trade(venue, 0, 2, 50, MARK)
    fresh(venue, 1, MARK - 200, START + 1)
    fresh(venue, 2, MARK, START + 1)
    # It has lost 50 · 200 · 10 and may lose 100,000.
    assert deleverage(venue, 0, 1, NOW) is None
    fresh(venue, 1, MARK - 300, START + 2)
    plan = deleverage(venue, 0, 1, NOW)
    assert plan is not None
    assert (plan.lots, plan.covered, plan.borne) == (((2, 50),), 0, 50_000)


def test_deleverage__bankrupt_fund_within_its_caps__gives_up_its_own_position() -> None:
    venue = crowd_venue(deposit=10**9)
    venue.accounts[0].credit(100_000)
    trade(venue, 0, 2, 50, MARK)
    fresh(venue, 1, MARK - 300, START + 1)
    fresh(venue, 2, MARK, START + 1)
    plan = deleverage(venue, 0, 1, NOW)
    assert plan is not None
    assert (plan.lots, plan.covered, plan.borne) == (((2, 50),), 0, 50_000)


def test_ranks__by_profit_times_leverage__exactly() -> None:
    venue = ruined((100, 1_001), deposit=10**8)
    (rank,) = ranks(venue, 1, False, NOW)
    notional = 100 * (MARK - 1_000) * UNIT
    profit = 100 * 1_001 * UNIT
    assert (rank.account, rank.size, rank.profit, rank.notional) == (2, -100, profit, notional)
    assert rank.leverage == Fraction(notional, 10**8 + profit)
    assert rank.score == Fraction(profit, 10**8 + profit)
    assert ranks(venue, 1, True, NOW) == []


@pytest.mark.parametrize("equity", [-1, 0, 1])
def test_ranks__account_without_equity__is_left_out(equity: int) -> None:
    venue = ruined((50, 1_100), (50, 1_200))
    had = weigh(venue, 3, None, NOW).equity
    venue.accounts[3].collateral += equity - had
    ranked = [rank.account for rank in ranks(venue, 1, False, NOW)]
    assert ranked == ([3, 2] if equity > 0 else [2])

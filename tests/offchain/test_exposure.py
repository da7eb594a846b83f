"""How far accounts are from their end, proven by going there.

account_risk
├── at the liquidation price        the account is liquidatable, one tick nearer to the mark not
├── N periods at the cap            it lives, N + 1 it does not
├── no cap, no position             for ever
├── below maintenance already       no period, no distance
└── two positions                   each alone outlives both together
position_risk   its place in the order of deleveraging
fund_risk       caps, what counts against them, what is left
"""

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.exposure import account_risk, fund_risk, position_risk
from penstock.funding import Terms
from penstock.liquidations import cover
from penstock.refusals import Refusal, Refused
from penstock.strategy import in_need, weighed
from penstock.units import UINT32_MAX
from penstock.venue import Venue
from penstock.views import account_of
from penstock.watch import Watch
from tests.helpers.crowds import crowd_venue, crowds, fresh, trade
from tests.helpers.model import MARK, START, UNIT

NOW = START + 2
CAP = 7_500_000


def at_mark(venue: Venue, market: int, mark: int) -> Venue:
    """The same venue, which is not needed any more, with another mark."""
    venue.markets[market] = replace(venue.markets[market], mark=mark)
    return venue


def is_below(venue: Venue, account: int) -> bool:
    seen = account_of(venue, account, NOW)
    return seen.equity < seen.maintenance_margin


def charging(venue: Venue, against: int) -> Venue:
    """Let every period be charged at the cap: against longs when `against` is 1."""
    for market in venue.markets.values():
        terms = Terms(interest=against * CAP, cap=CAP, damp=CAP, step=2 * CAP)
        market.listing = replace(market.listing, terms=terms)
    return venue


def holding(lots: int = 100, deposit: int = 400_000) -> Venue:
    """Account 1 is long, account 2 short."""
    venue = crowd_venue(deposit=deposit)
    trade(venue, 1, 2, lots, MARK)
    for market in (1, 2):
        fresh(venue, market, MARK, START + 1)
    return venue


@given(crowds())
def test_account_risk__at_the_liquidation_price__and_one_tick_before(venue: Venue) -> None:
    for account in range(1, 6):
        for risk in account_risk(venue, account, NOW).positions:
            price, mark = risk.liquidation_price, risk.mark
            if price is None:
                continue
            safer = price + (1 if risk.size > 0 else -1)
            assert is_below(at_mark(venue, risk.market, price), account)
            if 0 < safer <= UINT32_MAX:
                assert not is_below(at_mark(venue, risk.market, safer), account)
            at_mark(venue, risk.market, mark)
            assert risk.distance is not None
            assert (risk.distance <= 0) == is_below(venue, account)


@given(st.integers(1, 500), st.integers(1, 2), st.integers(0, 10**6))
def test_periods__so_many_at_the_cap__are_survived_and_one_more_is_not(
    lots: int, account: int, more: int
) -> None:
    venue = charging(holding(lots, lots * 1_250 + more), 1 if account == 1 else -1)
    venue.watch = Watch(limit=10**9, last=START)
    risk = account_risk(venue, account, NOW)
    assert risk.periods is not None
    assert risk.periods == risk.positions[0].periods
    if risk.periods > 200:
        return
    time = START
    for _ in range(risk.periods):
        time = pay(venue, time)
    assert not is_needy(venue, account, time)
    assert is_needy(venue, account, pay(venue, time))


def pay(venue: Venue, time: int) -> int:
    """Let a period go by, and give it a price."""
    time += 3_600
    fresh(venue, 1, MARK, time)
    fresh(venue, 2, MARK, time)
    return time


def is_needy(venue: Venue, account: int, time: int) -> bool:
    return account in {number for number, _ in in_need(venue, time)}


def test_periods__of_a_market_without_a_cap__are_for_ever() -> None:
    venue = holding()
    terms = Terms(interest=0, cap=0, damp=0, step=0)
    venue.markets[1].listing = replace(venue.markets[1].listing, terms=terms)
    assert account_risk(venue, 1, NOW).periods is None


def test_account_risk__no_position__has_no_ratio_and_lives_for_ever() -> None:
    risk = account_risk(holding(), 3, NOW)
    assert (risk.ratio, risk.periods, risk.positions) == (None, None, ())


def test_account_risk__below_maintenance__has_no_time_left() -> None:
    venue = holding(deposit=250_000)
    fresh(venue, 1, MARK - 130, START + 2)
    risk = account_risk(venue, 1, NOW)
    assert (risk.periods, risk.positions[0].periods) == (0, 0)
    assert risk.ratio is not None
    assert risk.ratio < 1
    distance = risk.positions[0].distance
    assert distance is not None
    assert distance < 0


def test_account_risk__golden__by_hand() -> None:
    risk = account_risk(holding(), 1, NOW)
    # 100 lots of 50,000; margins of 5 and 2.5 per cent.
    assert (risk.equity, risk.initial_margin, risk.maintenance_margin) == (
        400_000,
        250_000,
        125_000,
    )
    assert risk.ratio == Fraction(16, 5)
    (position,) = risk.positions
    # 400,000 − 1,000 x < 100 · ⌈(5,000 − x) / 4⌉ first at x = 283.
    assert (position.liquidation_price, position.distance) == (4_717, 283)
    assert position.move == Fraction(283, 5_000)
    # An hour at 0.75 per cent in 8 hours is 4,687.5; 275,000 are there to lose.
    assert risk.periods == 58


def test_account_risk__two_positions__each_alone_lives_longer() -> None:
    venue = holding(deposit=10**6)
    trade(venue, 1, 2, 100, MARK, market=2)
    risk = account_risk(venue, 1, NOW)
    assert risk.periods is not None
    assert all(one.periods is not None and one.periods > risk.periods for one in risk.positions)


def test_account_risk__unknown_account__is_refused() -> None:
    with pytest.raises(Refused) as raised:
        account_risk(holding(), 99, NOW)
    assert raised.value.refusal is Refusal.NOT_REGISTERED


def test_position_risk__place__is_that_of_its_side() -> None:
    venue = holding()
    trade(venue, 3, 4, 50, MARK - 100)
    first, second = (position_risk(venue, account, 1, NOW) for account in (3, 1))
    assert (first.place, second.place) == (1, None)
    assert first.rank is not None
    assert first.rank.profit == 50 * 100 * UNIT
    assert second.move is not None


def test_position_risk__nothing_can_hurt_it__has_no_distance() -> None:
    venue = holding(lots=1, deposit=10**9)
    risk = position_risk(venue, 1, 1, NOW)
    assert (risk.liquidation_price, risk.distance, risk.move) == (None, None, None)


def test_fund_risk__after_a_payment__says_what_is_left() -> None:
    venue = crowd_venue(deposit=10**9, cap=10**6)
    venue.accounts[0].credit(10**7)
    trade(venue, 0, 2, 10, MARK)
    fresh(venue, 1, MARK - 100, START + 1)
    fresh(venue, 2, MARK, START + 1)
    cover(venue, 3, {1: 200_000}, NOW)
    venue.markets[1].fees = 7
    fund = fund_risk(venue, NOW)
    margin = 10 * (MARK - 100) * UNIT // 20
    assert (fund.collateral, fund.uncollected, fund.reserve) == (10**7 - 200_000, 7, 0)
    assert fund.spare == 10**7 - 200_000 - 10_000 - margin
    one, other = fund.caps
    assert (one.cap, one.paid, one.size, one.left) == (10**6, 200_000, 10, 790_000)
    assert one.capacity == 790_000
    assert (other.paid, other.size, other.left) == (0, 0, 10**6)
    assert weighed(venue, 0, NOW) is not None

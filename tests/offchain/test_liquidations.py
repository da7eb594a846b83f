"""What the model refuses when somebody liquidates, each by its name and values; nothing changes.

take_over
├── in grace · a pair that is none · sound · positions not all named · a stale mark
├── more lots than held · a bankrupt account in part
├── taker below margin · too large · in too many markets · with its markets not named
└── more lots than needed: fewer move
cover, withdraw   the loss cap, the reserve
deleverage
├── in grace · more lots than held · not bankrupt · the fund can carry it
└── not ascending · not opposite · not in profit · more than its share · than its equity
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.limits import Limits
from penstock.liquidation import is_needed
from penstock.liquidations import (
    capacity,
    cover,
    deleverage,
    loss_left,
    take_over,
    weigh,
    withdraw,
)
from penstock.refusals import Refusal, Refused
from penstock.units import div_up
from penstock.venue import Venue
from penstock.views import words
from penstock.watch import Watch
from tests.helpers.crowds import TIER, crowd_venue, fresh, trade
from tests.helpers.model import MARK, START, UNIT

NOW = START + 2


def long_account(fall: int = 130, lots: int = 100) -> Venue:
    """Account 1 is long against 2 and in need, 3 is rich."""
    venue = crowd_venue(deposit=250_000)
    for account in (2, 3):
        venue.deposit(account, 10**9)
    trade(venue, 1, 2, lots, MARK)
    fresh(venue, 1, MARK - fall, START + 1)
    fresh(venue, 2, MARK, START + 1)
    return venue


def refused(venue: Venue, deed: Callable[[], object]) -> tuple[Refusal, tuple[int, ...]]:
    """What a deed is refused with; it must leave the venue as it was."""
    venue.accrue(1, NOW)
    before = words(venue)
    with pytest.raises(Refused) as raised:
        deed()
    assert words(venue) == before
    return raised.value.refusal, raised.value.values


def test_liquidations__in_grace__touch_nobody() -> None:
    venue = long_account()
    venue.watch = Watch(limit=600, grace=900, last=NOW - 601)
    assert refused(venue, lambda: take_over(venue, 1, 3, {1: 1}, NOW)) == (
        Refusal.LIQUIDATION_GRACE,
        (),
    )
    assert refused(venue, lambda: deleverage(venue, 1, 1, [(2, 1)], NOW)) == (
        Refusal.LIQUIDATION_GRACE,
        (),
    )


@pytest.mark.parametrize(("account", "by"), [(1, 1), (0, 3)])
def test_take_over__a_pair_that_is_none__is_refused(account: int, by: int) -> None:
    venue = long_account()
    told = refused(venue, lambda: take_over(venue, account, by, {1: 1}, NOW))
    assert told == (Refusal.LIQUIDATION_PAIR, (account, by))


def test_take_over__sound_account__is_refused() -> None:
    venue = long_account(fall=0)
    told = refused(venue, lambda: take_over(venue, 1, 3, {1: 1}, NOW))
    assert told == (Refusal.LIQUIDATION_SOUND, (1, 250_000, 125_000))


@pytest.mark.parametrize(("named", "at"), [([], 0), ([2], 0), ([1, 1], 1), ([1, 2], 1)])
def test_take_over__positions_not_named_as_they_are__is_refused(named: list[int], at: int) -> None:
    venue = long_account()
    told = refused(venue, lambda: take_over(venue, 1, 3, {}, NOW, markets=named))
    assert told == (Refusal.LIQUIDATION_INCOMPLETE, (1, at, 1))


def test_take_over__stale_mark__is_refused() -> None:
    venue = long_account()
    late = venue.markets[1].fresh_until + 1
    told = refused(venue, lambda: take_over(venue, 1, 3, {1: 1}, late))
    assert told == (Refusal.LIQUIDATION_STALE, (1, 1, late - 1))


def test_take_over__more_lots_than_held__is_refused() -> None:
    venue = long_account()
    told = refused(venue, lambda: take_over(venue, 1, 3, {1: 101}, NOW))
    assert told == (Refusal.LOTS_TOO_MANY, (1, 1, 101, 100))


@given(
    fall=st.integers(110, 249),
    tier=st.sampled_from((10, 30, 100)),
    size=st.integers(1, 80),
    share=st.one_of(st.integers(0, 999), st.just(999)),
    asked=st.integers(1, 700),
)
def test_take_over__more_lots_than_needed__takes_the_last_that_was_needed(
    fall: int, tier: int, size: int, share: int, asked: int
) -> None:
    # In any of the eight tiers.
    lots = size * tier // 10
    venue = long_account(fall, lots)
    limits = Limits(tier=tier, open_interest_cap=10**6)
    venue.markets[1].listing = replace(venue.markets[1].listing, limits=limits)
    # Anywhere between bankruptcy and its maintenance margin.
    seen = weigh(venue, 1, None, NOW)
    venue.accounts[1].credit(seen.maintenance * share // 1_000 - seen.equity)
    before = weigh(venue, 1, None, NOW)
    venue.accounts[3].credit(10**12)
    take_over(venue, 1, 3, {1: min(asked, lots)}, NOW)
    moved, after = venue.accounts[3].positions[1].size, weigh(venue, 1, None, NOW)
    assert 0 < moved <= min(asked, lots)
    assert is_needed(moved, before.excess, after.excess)
    # And what was needed was done, as far as it was asked for and there was money for its price.
    assert moved == min(asked, lots) or after.excess >= 0 or not after.equity


def test_take_over__takers_markets__others_are_passed_over_and_none_is_left_out() -> None:
    venue = long_account()
    trade(venue, 3, 4, 1, MARK, market=2)
    for named, counted in (((1,), 1), ((2,), 1), ((), 0), ((2, 1), 1), ((1, 1, 2), 1)):
        call = partial(take_over, venue, 1, 3, {1: 1}, NOW, by_markets=named)
        told = refused(venue, call)
        assert told == (Refusal.LIQUIDATION_INCOMPLETE, (3, counted, 2))
    take_over(venue, 1, 3, {1: 1}, NOW, by_markets=(0, 1, 2, 99))


def test_take_over__bankrupt_in_part__is_refused() -> None:
    venue = long_account(fall=300)
    told = refused(venue, lambda: take_over(venue, 1, 3, {1: 99}, NOW))
    assert told == (Refusal.KEEPS_POSITION, (1, 1, 1))


def test_take_over__taker_below_margin__is_refused() -> None:
    venue = long_account()
    venue.accounts[4].credit(-200_000)
    refusal, values = refused(venue, lambda: take_over(venue, 1, 4, {1: 60}, NOW))
    assert (refusal, values[0]) == (Refusal.TAKER_BELOW_MARGIN, 4)


def test_take_over__taker_beyond_the_last_tier__is_refused() -> None:
    venue = long_account()
    trade(venue, 3, 2, 8 * TIER - 3, MARK - 130)
    told = refused(venue, lambda: take_over(venue, 1, 3, {1: 5}, NOW))
    assert told == (Refusal.TAKER_TOO_LARGE, (3, 1, 802, 800))


def test_take_over__taker_in_too_many_markets__is_refused() -> None:
    venue = long_account()
    trade(venue, 3, 2, 1, MARK, market=2)
    venue.settings = replace(venue.settings, max_markets=1)
    told = refused(venue, lambda: take_over(venue, 1, 3, {1: 1}, NOW))
    assert told == (Refusal.TAKER_TOO_MANY_MARKETS, (3, 2, 1))


def test_cover__beyond_the_loss_cap__is_refused() -> None:
    venue = long_account()
    venue.deposit(0, 10**6)
    venue.fund.set_cap(1, 100)
    cover(venue, 1, {1: 60, 2: 0}, NOW)
    assert (loss_left(venue, 1, NOW), capacity(venue, 1, NOW)) == (40, 40)
    told = refused(venue, lambda: cover(venue, 1, {1: 41}, NOW))
    assert told == (Refusal.LOSS_CAP, (1, 41, 40))
    cover(venue, 1, {}, NOW)


def test_withdraw__what_the_reserve_leaves__and_not_more() -> None:
    venue = long_account()
    venue.deposit(0, 1_000)
    venue.fund.reserve = 400
    told = refused(venue, lambda: withdraw(venue, 601, NOW))
    assert told == (Refusal.RESERVE, (601, 1_000, 400))
    withdraw(venue, 600, NOW)
    assert venue.tickets == [(0, 600)]


def test_deleverage__more_than_held_or_not_bankrupt__is_refused() -> None:
    venue = long_account(fall=300)
    told = refused(venue, lambda: deleverage(venue, 1, 1, [(2, 101)], NOW))
    assert told == (Refusal.LOTS_TOO_MANY, (1, 1, 101, 100))
    sound = long_account()
    told = refused(sound, lambda: deleverage(sound, 1, 1, [(2, 1)], NOW))
    assert told == (Refusal.NOT_BANKRUPT, (1, 1, 120_000))


def test_deleverage__fund_can_carry_it__is_refused() -> None:
    venue = long_account(fall=300)
    venue.deposit(0, 10**9)
    told = refused(venue, lambda: deleverage(venue, 1, 1, [(2, 100)], NOW))
    assert told == (Refusal.FUND_CAN_CARRY, (1, 1, 50_000))


def test_deleverage__fund_beyond_its_last_tier__goes_on() -> None:
    venue = long_account(fall=300)
    venue.deposit(0, 10**9)
    limits = Limits(tier=10, open_interest_cap=10**6)
    venue.markets[1].listing = replace(venue.markets[1].listing, limits=limits)
    assert deleverage(venue, 1, 1, [(2, 100)], NOW) == (50_000, 0)


@pytest.mark.parametrize("lots", [[(3, 1)], [(99, 1)]])
def test_deleverage__not_on_the_other_side__is_refused(lots: list[tuple[int, int]]) -> None:
    venue = long_account(fall=300)
    ((account, count),) = lots
    told = refused(venue, lambda: deleverage(venue, 1, 1, lots, NOW))
    assert told == (Refusal.NOT_OPPOSITE, (account, 1, 0, count))


@pytest.mark.parametrize("again", [1, 2])
def test_deleverage__counterparty_that_does_not_follow__is_refused(again: int) -> None:
    venue = long_account(fall=300)
    told = refused(venue, lambda: deleverage(venue, 1, 1, [(2, 10), (again, 10)], NOW))
    assert told == (Refusal.NOT_ASCENDING, (1,))


def test_deleverage__not_in_profit_at_the_price__is_refused() -> None:
    venue = long_account(fall=300)
    trade(venue, 4, 5, 50, MARK - 290)
    told = refused(venue, lambda: deleverage(venue, 1, 1, [(5, 10)], NOW))
    # It would have to give up 500 a lot of a profit of 100.
    assert told == (Refusal.NOT_IN_PROFIT, (5, 1, 50 * 10 * UNIT, 5_000))


def test_deleverage__more_than_its_share__is_refused() -> None:
    venue = long_account(fall=300, lots=5)
    venue.accounts[1].collateral = 10_000
    trade(venue, 4, 5, 995, MARK)
    told = refused(venue, lambda: deleverage(venue, 1, 1, [(2, 5)], NOW))
    most = div_up(10 * 5 * 5, 1_000)
    assert told == (Refusal.SHARE_EXCEEDED, (2, 1, 5, most))


@pytest.mark.parametrize("equity", [-1, 0, 49_999, 50_000])
def test_deleverage__more_than_the_counterpartys_equity__is_refused(equity: int) -> None:
    # In profit by 300,000 in this market: what it lost elsewhere counts too.
    venue = long_account(fall=300)
    venue.accounts[2].credit(equity - weigh(venue, 2, None, NOW).equity)
    if equity < 50_000:
        told = refused(venue, lambda: deleverage(venue, 1, 1, [(2, 100)], NOW))
        assert told == (Refusal.EQUITY_TOO_SMALL, (2, 1, equity, 50_000))
    else:
        assert deleverage(venue, 1, 1, [(2, 100)], NOW) == (0, 50_000)
        assert weigh(venue, 2, None, NOW).equity == 0


LITTLE = st.integers(-10, 2_000_000)


@given(
    held=st.lists(st.tuples(st.integers(1, 100), st.integers(1, 100), LITTLE), min_size=1),
    lack=st.integers(1, 20_000),
    money=st.sampled_from((0, 1_000)),
)
def test_deleverage__whoever_was_solvent__is_not_bankrupt_afterwards(
    held: list[tuple[int, int, int]], lack: int, money: int
) -> None:
    # Each counterparty has some lots, gives up some, and has lost elsewhere what it gained here:
    # 25,000 a lot, which is more than account 1 lacks.
    venue = crowd_venue(accounts=1 + len(held))
    for account, (own, _, _) in enumerate(held, 2):
        trade(venue, 1, account, own, MARK)
    fresh(venue, 1, MARK - 2_500, START + 1)
    total = sum(own for own, _, _ in held)
    for account, equity in enumerate((-lack * total, *(equity for _, _, equity in held)), 1):
        venue.accounts[account].credit(equity - weigh(venue, account, None, NOW).equity)
    venue.accounts[0].credit(money)
    lots = [(n, min(own, given_up)) for n, (own, given_up, _) in enumerate(held, 2)]
    told = None
    try:
        deleverage(venue, 1, 1, lots, NOW)
    except Refused as refused:
        told = refused
    if told is None:
        assert all(weigh(venue, n, None, NOW).equity >= 0 for n, _ in lots)
    else:
        who, _, equity, borne = told.values
        assert (told.refusal, equity) == (Refusal.EQUITY_TOO_SMALL, held[who - 2][2])
        assert equity < borne

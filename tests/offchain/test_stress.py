"""What a jump of a price would do, compared with the jump itself.

stress
├── any crowd, any move     the accounts in need, the shortfall and the fund's share are right
├── no move                 the market as it is
├── a price                 as the move that leads there, among the others by its mark
├── by hand                 who lacks what, who pays, who gives up profit, what is left over
└── unknown market          refused
"""

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from penstock.liquidations import capacity
from penstock.refusals import Refusal, Refused
from penstock.strategy import in_need
from penstock.stress import MOVES, Amount, at_price, moved, scenario, stress
from penstock.units import UINT32_MAX
from penstock.venue import Venue
from penstock.views import words
from tests.helpers.crowds import crowd_venue, crowds, fresh, trade
from tests.helpers.model import MARK, START, UNIT

NOW = START + 2


@given(crowds(), st.integers(1, 2), st.integers(-99, 300))
def test_scenario__any_crowd_and_move__is_what_happens(
    venue: Venue, market: int, move: int
) -> None:
    before = words(venue)
    told = scenario(venue, market, move, NOW)
    assert words(venue) == before
    venue.markets[market] = replace(venue.markets[market], mark=told.mark)
    holders = {
        number
        for number, account in venue.accounts.items()
        if market in account.positions and account.positions[market].size
    }
    needy = {number: w.equity for number, w in in_need(venue, NOW) if number in holders}
    assert set(told.liquidatable) == set(needy)
    lacks = {number: -equity for number, equity in needy.items() if equity < 0}
    assert {one.account: one.quote for one in told.bankrupt} == lacks
    assert told.covered == min(sum(lacks.values()), capacity(venue, market, NOW))
    assert told.shortfall == told.covered + told.borne + told.nobodys
    assert told.nobodys >= 0
    assert not {one.account for one in told.bearers} & set(lacks)


def test_stress__of_a_market__goes_from_half_to_half_more() -> None:
    venue = ruin()
    told = stress(venue, 1, NOW)
    assert [one.move for one in told] == list(MOVES)
    assert [one.mark for one in told][::5] == [2_500, 5_000, 7_500]
    calm = told[5]
    assert (calm.liquidatable, calm.bankrupt, calm.shortfall) == ((), (), 0)


@given(crowds(), st.integers(1, 2), st.integers(-99, 300))
def test_at_price__any_crowd_and_price__is_the_move_that_leads_there(
    venue: Venue, market: int, move: int
) -> None:
    told = scenario(venue, market, move, NOW)
    named = at_price(venue, market, told.mark, NOW)
    assert structs.replace(named, move=told.move) == told
    mark = venue.markets[market].mark
    assert mark + mark * named.move / 100 == told.mark


def test_stress__at_a_price_between__stands_between_the_moves() -> None:
    told = stress(ruin(), 1, NOW, prices=(4_321, 9_999_999))
    assert [one.mark for one in told][1:4] == [3_000, 3_500, 4_000]
    assert (told[4].mark, told[4].move, told[-1].mark) == (4_321, Fraction(-1_358, 100), 9_999_999)
    assert len(told) == len(MOVES) + 2


def test_moved__to_nothing_and_beyond__stays_a_price() -> None:
    venue = ruin()
    assert moved(venue, 1, -100, NOW).markets[1].mark == 1
    assert moved(venue, 1, 10**9, NOW).markets[1].mark == UINT32_MAX


def ruin() -> Venue:
    """Account 1 is long 100 lots with 400,000; 2 and 3 are short 60 and 40 of them."""
    venue = crowd_venue(deposit=400_000)
    trade(venue, 1, 2, 60, MARK)
    trade(venue, 1, 3, 40, MARK)
    for market in (1, 2):
        fresh(venue, market, MARK, START + 1)
    return venue


def test_scenario__a_fall__says_who_lacks_and_who_pays() -> None:
    venue = ruin()
    venue.accounts[0].credit(30_000)
    told = scenario(venue, 1, -10, NOW)
    assert (told.mark, told.liquidatable) == (4_500, (1,))
    assert told.bankrupt == (Amount(1, 100_000),)
    assert (told.shortfall, told.covered, told.borne, told.nobodys) == (100_000, 30_000, 70_000, 0)
    # Account 2 has the higher score; its profit of 300,000 is more than what is left.
    assert told.bearers == (Amount(2, 70_000),)


def test_scenario__a_deeper_fall__goes_on_to_the_next_in_rank() -> None:
    told = scenario(ruin(), 1, -20, NOW)
    assert told.bearers == (Amount(2, 600_000),)
    assert told.shortfall == 100 * 1_000 * UNIT - 400_000 == told.borne


def test_scenario__bearer_with_losses_elsewhere__gives_up_its_equity_and_no_more() -> None:
    venue = ruin()
    venue.accounts[2].collateral -= 660_000
    told = scenario(venue, 1, -10, NOW)
    # Account 2 has a profit of 300,000 here, and 40,000 in all.
    assert told.bearers == (Amount(2, 40_000), Amount(3, 60_000))
    venue.accounts[2].collateral -= 40_000
    assert scenario(venue, 1, -10, NOW).bearers == (Amount(3, 100_000),)


def test_scenario__loss_cap__bounds_what_the_fund_pays() -> None:
    venue = ruin()
    venue.accounts[0].credit(10**9)
    venue.fund.set_cap(1, 25_000)
    assert scenario(venue, 1, -10, NOW).covered == 25_000


def test_scenario__profit_that_was_taken_elsewhere__leaves_something_over() -> None:
    venue = ruin()
    for account, lots in ((2, 60), (3, 40)):
        trade(venue, account, 4, lots, MARK)
    venue.accounts[4].collateral = -(10**7)
    told = scenario(venue, 1, -10, NOW)
    assert told.shortfall > told.covered + told.borne
    assert told.nobodys == told.shortfall - told.covered - told.borne


def test_stress__unknown_market__is_refused() -> None:
    with pytest.raises(Refused) as raised:
        stress(ruin(), 9, NOW)
    assert raised.value.refusal is Refusal.NOT_LISTED

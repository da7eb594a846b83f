"""setTerms(market, terms), and markets of different cadences

caller is not the governor ..... AccessManagedUnauthorized
terms out of their ranges ...... Market_…
otherwise ...................... what has passed is charged on the old terms, the rest on the new
several cadences ............... each market closes its own periods
the step ....................... bounds the change from one charged period to the next
"""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from penstock import funding
from penstock.accounts import Listing, Market
from penstock.funding import Sample, Terms
from penstock.watch import Watch
from tests.helpers.actors import Actor
from tests.helpers.amounts import PEOPLE
from tests.helpers.revm import reverts
from tests.helpers.twin import DONE, undoing
from tests.helpers.venue import GOVERNOR, PARAMETERS
from tests.onchain.settlement.desk import MARK, SIZES, UNIT, Desk

GOOD = (60, 100_000, 7_500_000, 500_000, 3_750_000)
FLAT = Terms(interest=100_000, cap=100_000, damp=100_000, step=200_000)
"""Whatever is traded, interest and nothing else: the premium cannot outweigh the cap."""


@pytest.fixture(scope="module")
def paces() -> Desk:
    """Markets that close every quarter of an hour and every eight hours."""
    quick, slow = (replace(market, interval=minutes) for market, minutes in
                   zip(PARAMETERS.markets, (15, 480), strict=True))  # fmt: skip
    return Desk(replace(PARAMETERS, markets=(quick, slow)))


def accruals(desk: Desk, market: int = 1) -> list[tuple[int, ...]]:
    """What was charged in a market: start, end, seconds, rate, premium, interest, index, mark."""
    logs = (log for _, log in desk.logs if log.name == "FundingAccrued")
    return [log.arguments[1:] for log in logs if log.arguments[0] == market]


@given(who=PEOPLE)
@undoing
def test_set_terms__not_the_governor__reverts(desk: Desk, who: Actor) -> None:
    with reverts("AccessManagedUnauthorized", who.address):
        desk.venue.index.transact("setTerms", 1, GOOD, sender=who.address)


@pytest.mark.parametrize(
    ("place", "value", "name", "values"),
    [
        (0, 0, "Market_IntervalOutOfRange", (0,)),
        (0, 1_441, "Market_IntervalOutOfRange", (1_441,)),
        (1, 7_500_001, "Market_TermsOutOfRange", (7_500_001, 7_500_000, 500_000)),
        (2, 50_000_001, "Market_TermsOutOfRange", (100_000, 50_000_001, 500_000)),
        (3, 7_500_001, "Market_TermsOutOfRange", (100_000, 7_500_000, 7_500_001)),
        (4, 15_000_001, "Market_StepOutOfRange", (15_000_001, 7_500_000)),
        (4, 0, "Market_StepOutOfRange", (0, 7_500_000)),
    ],
)
def test_fun_5__terms_out_of_range_or_of_another_scale__revert(
    desk: Desk, place: int, value: int, name: str, values: tuple[int, ...]
) -> None:
    terms = (*GOOD[:place], value, *GOOD[place + 1 :])
    with reverts(name, *values):
        desk.venue.index.transact("setTerms", 1, terms, sender=GOVERNOR)


@given(
    into=st.integers(0, 3_599),
    interval=st.integers(1, 1_440),
    size=SIZES,
    premium=st.integers(-2_000, 2_000),
)
@undoing
def test_set_terms__within_a_period__charges_each_second_once(
    desk: Desk, into: int, interval: int, size: int, premium: int
) -> None:
    desk.trade(size, price=MARK + premium)
    began = desk.model.markets[1].sample.period_start
    desk.pass_time(began + into - desk.now if began + into > desk.now else 0)
    assert desk.set_terms(1, interval, FLAT) is DONE
    desk.compare()
    changed_at = desk.now
    desk.pass_time(interval * 60)
    assert desk.accrue(1) is DONE
    desk.compare()
    charged = [(start, end, seconds) for start, end, seconds, *_ in accruals(desk)]
    # Before the change to the second, after it to the minute, and never twice.
    first = [row for row in charged if row[1] == changed_at]
    assert sum(row[2] for row in first) in (0, changed_at - began)
    for _, end, seconds in charged:
        assert seconds <= end - (changed_at if end > changed_at else began)


@given(cap=st.integers(1, 50_000_000), size=SIZES)
@undoing
def test_set_terms__a_lower_cap__bounds_the_next_rate(desk: Desk, cap: int, size: int) -> None:
    desk.trade(size, price=MARK + 20_000)
    desk.pass_time(3_600)
    assert desk.set_terms(1, 60, Terms(0, cap, 0, 2 * cap)) is DONE
    assert abs(desk.model.markets[1].sample.last_rate) <= cap
    desk.compare()


@given(hours=st.integers(1, 20), size=SIZES)
@undoing
def test_accrue__markets_of_different_cadence__each_closes_its_own_periods(
    paces: Desk, hours: int, size: int
) -> None:
    paces.trade(size)
    paces.trade(size, market=2)
    for quarter in range(4 * hours):
        paces.pass_time(900)
        paces.marks(MARK + quarter % 7, 300_000)
    paces.compare()
    assert len(accruals(paces, 1)) == 4 * hours
    assert len(accruals(paces, 2)) == hours // 8
    assert all(row[1] - row[0] == 900 for row in accruals(paces, 1))


@given(premiums=st.lists(st.sampled_from([-25_000, 0, 25_000]), min_size=2, max_size=6))
@undoing
def test_accrue__the_premium_jumps__the_rate_follows_by_a_step_at_most(
    paces: Desk, premiums: list[int]
) -> None:
    for premium in premiums:
        paces.trade(1, price=MARK + premium)
        predicted = paces.venue.index.call("predictedRate", 1)
        paces.pass_time(900)
        paces.marks(MARK, 300_000)
        assert accruals(paces)[-1][3] == predicted
    rates = [0, *(row[3] for row in accruals(paces))]
    steps = [abs(after - before) for before, after in pairwise(rates)]
    assert max(steps) <= 3_750_000
    assert len(rates) == len(premiums) + 1


@given(size=SIZES, into=st.integers(0, 3_598))
@undoing
def test_fun_8__opened_just_before_the_tick_and_closed_just_after__pays_one_period(
    desk: Desk, size: int, into: int
) -> None:
    # A position pays for the periods that end while it is open, whole; none within a period.
    desk.pass_time(3_599)
    desk.marks(MARK)
    desk.trade(size)
    desk.pass_time(1)
    desk.trade(-size)
    paid = desk.model.accounts[1].positions[1].snapshot - 2**32
    assert paid == funding.index_move(100_000, MARK, UNIT, 3_600)
    with desk.undone():
        desk.pass_time(into)
        desk.marks(MARK + 1)
        desk.trade(size, price=MARK)
        desk.trade(-size, price=MARK)
        assert desk.model.accounts[1].positions[1].snapshot - 2**32 == paid


@given(size=SIZES)
@undoing
def test_fun_10__positive_premium__longs_pay_shorts(desk: Desk, size: int) -> None:
    desk.trade(size, price=MARK + 10_000)
    desk.pass_time(3_600)
    assert desk.accrue(1) is DONE
    (rate,) = (row[3] for row in accruals(desk))
    long, short = (desk.venue.lens.call("positionOf", account, 1)[2] for account in (1, 2))
    assert rate > 0
    assert long < 0 <= short <= -long


def test_fun_11__dearest_lot_at_the_largest_rate__is_skipped_and_others_last_ten_years() -> None:
    dearest = Market(1, Listing(unit=2**23 - 1), Sample(period_start=1), mark=2**32 - 1, time=1)
    dearest.sample = dearest.sample._replace(last_rate=7_500_000, premium=50_000_000, sampled_at=1)
    dearest.index = 2**71 - 1
    seen = dearest.seen(3_601, Watch(limit=10**9))
    assert (seen.index, seen.sample.last_rate) == (2**71 - 1, 7_500_000)
    # 2^29 quote units are 536 tokens of 6 decimals for one lot.
    a_day = 3 * funding.index_move(50_000_000, 2**15, 2**14, 28_800)
    assert a_day * 3_653 < 2**71

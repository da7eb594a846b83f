"""Funding, term by term, and what an interval charges.

funding
├── premium      relative distance of fills from the mark, truncated, clamped
├── rate         average premium pulled towards interest, clamped
├── index        moves once per priced period, whatever was missed
└── payment      the payer rounds up, the receiver down
"""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from penstock import funding
from penstock.accounts import Listing, Market, Position
from penstock.funding import FIRST_INDEX, Sample, Terms
from penstock.units import INT96_MAX, UINT32_MAX
from penstock.watch import Watch
from tests.helpers.model import START, model_venue

HOUR = 3_600
UP = Watch(limit=10**9, last=START)
"""A chain that never was down."""
lots = st.integers(-(2**40), 2**40)
moves = st.integers(-(2**79), 2**79)
premiums = st.integers(-funding.PREMIUM_CLAMP, funding.PREMIUM_CLAMP)


def market(mark: int = 50_000, time: int = START, terms: Terms | None = None) -> Market:
    listing = Listing(unit=10, terms=terms or Terms())
    return Market(1, listing, Sample(period_start=START), mark=mark, time=time)


# --- premium --------------------------------------------------------------------------------------


def test_premium__ten_lots_one_per_cent_above_the_mark__is_one_per_cent() -> None:
    assert funding.premium(volume=10, value=10 * 101, mark=100) == 10_000_000


def test_premium__a_third_of_a_part__truncates_towards_zero_on_both_signs() -> None:
    # 1 / (1 × 3·10^8) × 10^9 = 3.33…
    assert funding.premium(1, 300_000_001, 300_000_000) == 3
    assert funding.premium(1, 299_999_999, 300_000_000) == -3


def test_premium__beyond_five_per_cent__is_clamped() -> None:
    assert funding.premium(1, 200, 100) == 50_000_000
    assert funding.premium(1, 0, 100) == -50_000_000


@given(st.lists(st.tuples(st.integers(1, 10**6), st.integers(1, 10**6)), min_size=1, max_size=9))
def test_premium__any_fills__has_the_sign_of_their_average_distance(
    fills: list[tuple[int, int]],
) -> None:
    volume, value = sum(size for size, _ in fills), sum(size * price for size, price in fills)
    found, distance = funding.premium(volume, value, 1_000), value - volume * 1_000
    assert found * distance >= 0
    assert abs(found) <= abs(Fraction(distance * 10**9, volume * 1_000))


# --- rate -----------------------------------------------------------------------------------------


def rate(weighted: int, last: int = 0, terms: Terms | None = None) -> int:
    """The rate of an hour."""
    return funding.rate(funding.average(weighted, HOUR), last, terms or Terms())


def test_rate__a_jump_of_the_premium__is_reached_step_by_step() -> None:
    assert rate(50_000_000 * HOUR) == 3_750_000
    assert rate(50_000_000 * HOUR, 3_750_000) == 7_500_000
    assert rate(-50_000_000 * HOUR, 7_500_000) == 3_750_000


@given(premiums, st.integers(-7_500_000, 7_500_000), st.integers(1, 15_000_000))
def test_rate__any_step__bounds_the_change_and_stays_within_the_cap(
    premium: int, last: int, step: int
) -> None:
    found = rate(premium * HOUR, last, Terms(step=step))
    aim = rate(premium * HOUR, last, Terms(step=15_000_000))
    assert abs(found - last) <= step
    assert abs(found) <= 7_500_000
    assert found == aim or abs(found - last) == step


def test_rate__no_sample__is_interest() -> None:
    assert rate(0) == 100_000


def test_rate__one_per_cent_held_for_a_quarter_hour__is_a_fifth_of_a_per_cent() -> None:
    # average 10^7 × 900 / 3600 = 2_500_000; interest pulls it down by the damp, 500_000.
    assert rate(10_000_000 * 900) == 2_000_000


def test_rate__a_small_premium__is_pulled_all_the_way_to_interest() -> None:
    assert rate(-300_000 * HOUR) == 100_000


def test_rate__a_large_premium__stops_at_the_cap() -> None:
    assert rate(50_000_000 * HOUR, 7_000_000) == 7_500_000
    assert rate(-50_000_000 * HOUR, -7_000_000) == -7_500_000


def test_weighted__a_sample__counts_for_fifteen_minutes_at_most() -> None:
    sample = Sample(0, START, START + 10, 7, 5)
    assert funding.weighted_until(sample, START + 10) == 5
    assert funding.weighted_until(sample, START + 11) == 5 + 7
    assert funding.weighted_until(sample, START + 5_000) == 5 + 7 * 900


def test_weighted__a_late_sample__never_counts_beyond_its_period() -> None:
    listed = market(terms=Terms(interest=0, cap=50_000_000, damp=0, step=100_000_000))
    listed.sample = funding.sampled(listed.sample, 36_000_000, START + HOUR - 10)
    assert listed.charge(START + 5 * HOUR, UP).rate == 36_000_000 * 10 // HOUR


@given(premiums, st.integers(0, HOUR - 1), st.integers(0, HOUR - 1))
def test_sampled__twice__counts_each_premium_from_its_second_to_the_next(
    premium: int, a: int, b: int
) -> None:
    first, second = sorted((START + a, START + b))
    sample = funding.sampled(Sample(period_start=START), premium, first)
    sample = funding.sampled(sample, 0, second)
    assert funding.weighted_until(sample, START + HOUR) == premium * min(second - first, 900)


# --- index ----------------------------------------------------------------------------------------


def test_index__a_fifth_of_a_per_cent_for_one_hour__charges_an_eighth_of_it() -> None:
    # 0.002 × 50_000 × 10 / 8 = 125 quote units per lot.
    assert funding.index_move(2_000_000, 50_000, 10, HOUR) == 125 << 32
    assert funding.index_move(-2_000_000, 50_000, 10, HOUR) == -(125 << 32)


def test_index__at_the_highest_cap_of_a_large_lot_for_ten_years__fits_its_word() -> None:
    # unit × mark is the value of a lot; 2^29 quote units are 536 tokens of 6 decimals.
    move = funding.index_move(50_000_000, 2**15, 2**14, HOUR)
    assert abs(move) * 24 * 3_653 < 2**71


def test_accrue__within_the_period__changes_nothing() -> None:
    listed = market()
    listed.accrue(START + HOUR - 1, UP)
    assert (listed.index, listed.sample) == (FIRST_INDEX, Sample(period_start=START))


def test_accrue__a_priced_period_without_fills__charges_interest() -> None:
    listed = market()
    listed.accrue(START + HOUR, UP)
    assert listed.index == FIRST_INDEX + funding.index_move(100_000, 50_000, 10, HOUR)
    assert listed.sample == Sample(100_000, START + HOUR, START + HOUR)


def test_accrue__a_period_without_a_price__charges_nothing() -> None:
    listed = market(time=START - 1)
    listed.accrue(START + HOUR, UP)
    assert (listed.index, listed.sample) == (FIRST_INDEX, Sample(0, START + HOUR, START + HOUR))


@given(st.integers(1, 1_000), st.integers(0, HOUR - 1))
def test_accrue__after_an_outage__charges_the_first_period_only(missed: int, late: int) -> None:
    once, again = market(), market()
    once.accrue(START + HOUR, UP)
    again.accrue(START + missed * HOUR + late, UP)
    assert again.index == once.index
    now = START + missed * HOUR + late
    assert again.sample == Sample(100_000, START + missed * HOUR, now)
    again.accrue(now, UP)
    assert again.index == once.index


@given(premiums, st.integers(0, HOUR - 1), st.integers(0, HOUR - 1))
def test_predicted_rate__nothing_more_settled__is_what_the_period_charges(
    premium: int, a: int, b: int
) -> None:
    first, later = sorted((START + a, START + b))
    venue = model_venue()
    venue.markets[1].sample = funding.sampled(venue.markets[1].sample, premium, first)
    predicted = venue.predicted_rate(1, later)
    venue.accrue(1, START + HOUR)
    assert venue.markets[1].sample.last_rate == predicted


def test_predicted_rate__period_ended_and_not_accrued__is_that_of_the_running_one() -> None:
    venue = model_venue()
    venue.markets[1].sample = funding.sampled(venue.markets[1].sample, 50_000_000, START)
    assert venue.predicted_rate(1, START + HOUR) == 100_000


@given(st.integers(-7_500_000, 7_500_000), st.integers(0, UINT32_MAX), st.integers(0, UINT32_MAX))
def test_index__any_rate__is_truncated_alike_on_both_signs(rate: int, mark: int, unit: int) -> None:
    move = funding.index_move(rate, mark, unit, HOUR)
    assert funding.index_move(-rate, mark, unit, HOUR) == -move
    assert abs(move) == abs(rate) * mark * unit * HOUR * 2**32 // (8 * HOUR * 10**9)


# --- payment --------------------------------------------------------------------------------------


def test_payment__the_index_rises__longs_pay_shorts() -> None:
    assert funding.received_down(3, FIRST_INDEX + (125 << 32), FIRST_INDEX) == -375
    assert funding.received_down(-3, FIRST_INDEX + (125 << 32), FIRST_INDEX) == 375


def test_payment__a_part_of_a_unit__is_paid_in_full_and_received_not_at_all() -> None:
    assert funding.received_down(1, 1, 0) == -1
    assert funding.received_down(-1, 1, 0) == 0
    assert funding.received_down(1, -1, 0) == 0
    assert funding.received_down(-1, -1, 0) == -1


@given(lots, moves)
def test_payment__any_size__is_never_better_than_exact_and_less_than_a_unit_off(
    size: int, move: int
) -> None:
    exact = Fraction(-size * move, 2**32)
    assert 0 <= exact - funding.received_down(size, move, 0) < 1


@given(st.lists(lots, min_size=1, max_size=20), moves)
def test_payment__sizes_that_add_up_to_zero__leave_dust_with_the_venue(
    sizes: list[int], move: int
) -> None:
    sizes.append(-sum(sizes))
    received = sum(funding.received_down(size, move, 0) for size in sizes)
    assert -len(sizes) < received <= 0


@given(st.integers(-INT96_MAX, INT96_MAX), st.integers(1, 10**12))
def test_truncated__any_sign__rounds_towards_zero(numerator: int, denominator: int) -> None:
    assert funding.truncated(numerator, denominator) == int(Fraction(numerator, denominator))


def test_fun_2__a_million_settles__less_than_a_unit_each_and_never_against_the_pool() -> None:
    sizes, rounds = (1, -7, 999, -(10**6) + 1, 999_006), 200_000
    assert sum(sizes) == 0
    held = [Position(size) for size in sizes]
    index = 0
    for step in range(1, rounds + 1):
        # Of either sign, and hardly ever a whole unit.
        index += (step * 2_654_435_761) % (1 << 34) - (1 << 33)
        for position in held:
            position.quote, position.snapshot = position.quote_down(index), index
    for position in held:
        assert 0 <= Fraction(-position.size * index, 1 << 32) - position.quote < rounds
    kept = -sum(position.quote for position in held)
    assert 0 < kept < len(held) * rounds

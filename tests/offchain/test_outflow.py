"""The bucket: what flows in is what may leave, to the unit and the second

served_at ... the first second at which an amount has flown in
draw ........ paid in parts, nothing is gained, lost or paid in crumbs; when does not matter
set_terms ... the level stays
"""

from hypothesis import given
from hypothesis import strategies as st

from penstock.outflow import LEAST_PART, Outflow

FLOORS = st.integers(10**10, 10**13)
SHARES = st.integers(1_000, 10_000)
WINDOWS = st.integers(60, 7 * 86_400)
BUCKETS = st.builds(Outflow, FLOORS, SHARES, WINDOWS)
BOOKED = st.integers(0, 10**15)
AMOUNTS = st.one_of(st.integers(1, 10**10), st.integers(1, 10**14))
START = 1_800_000_000


@given(bucket=BUCKETS, booked=BOOKED, amount=AMOUNTS, wait=st.integers(0, 10**6))
def test_served_at__any_bucket__is_the_first_second_with_enough(
    bucket: Outflow, booked: int, amount: int, wait: int
) -> None:
    capacity = bucket.capacity(booked)
    served = bucket.served_at(capacity, START, amount)
    credit, at = bucket.filled(capacity, START)
    assert credit + (served - at) * capacity >= amount * bucket.window
    if served > START:
        assert credit + (served - 1 - at) * capacity < amount * bucket.window
    assert bucket.served_at(capacity, START + wait, amount) <= served + wait


@given(
    bucket=BUCKETS,
    booked=BOOKED,
    amount=AMOUNTS,
    pauses=st.lists(st.integers(0, 10**5), max_size=8),
)
def test_draw__at_any_times__is_done_at_the_second_at_which_one_draw_would_be(
    bucket: Outflow, booked: int, amount: int, pauses: list[int]
) -> None:
    capacity = bucket.capacity(booked)
    served, now, left = bucket.served_at(capacity, START, amount), START, amount
    for pause in pauses:
        if now + pause >= served:
            break
        now += pause
        part = bucket.draw(capacity, START, left, now)
        left -= part
        assert left
        assert part == 0 or min(part, left) >= LEAST_PART
        assert bucket.served_at(capacity, START, left) == served
    assert bucket.draw(capacity, START, left, served) == left


@given(bucket=BUCKETS, booked=BOOKED, amounts=st.lists(AMOUNTS, min_size=2, max_size=6))
def test_draw__one_after_the_other__ends_when_one_draw_of_all_would(
    bucket: Outflow, booked: int, amounts: list[int]
) -> None:
    capacity = bucket.capacity(booked)
    served = bucket.served_at(capacity, START, sum(amounts))
    assert [bucket.draw(capacity, START, amount, served) for amount in amounts] == amounts


@given(
    bucket=BUCKETS,
    booked=BOOKED,
    amounts=st.lists(AMOUNTS, min_size=1, max_size=6),
    passed=st.integers(0, 10**6),
)
def test_draw__whatever_is_asked__never_more_than_flowed_in(
    bucket: Outflow, booked: int, amounts: list[int], passed: int
) -> None:
    capacity, now = bucket.capacity(booked), START + passed
    drawn = sum(bucket.draw(capacity, START, amount, now) for amount in amounts)
    assert drawn * bucket.window <= capacity * (bucket.window + passed)


@given(bucket=BUCKETS, booked=BOOKED, drawn=AMOUNTS, floor=FLOORS, share=SHARES, window=WINDOWS)
def test_set_terms__midway__keeps_the_level(
    bucket: Outflow, booked: int, drawn: int, floor: int, share: int, window: int
) -> None:
    bucket.draw(bucket.capacity(booked), START, drawn, START)
    level = bucket.credit // bucket.window
    bucket.set_terms(floor, share, window)
    assert bucket.credit // bucket.window == level


@given(bucket=BUCKETS, booked=st.integers(0, 2**200))
def test_capacity__any_vault__is_the_floor_and_a_share_and_fits_its_bits(
    bucket: Outflow, booked: int
) -> None:
    capacity = bucket.capacity(booked)
    assert bucket.floor <= capacity < 2**88
    if booked < 2**80:
        assert capacity == bucket.floor + booked * bucket.share // 10_000

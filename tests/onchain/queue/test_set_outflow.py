"""setOutflow(terms), and outflow()

caller is not the governor ................................... AccessManagedUnauthorized
floor, share or window outside their bounds .................. Queue_OutflowOutOfBounds
otherwise .................................................... the level stays, the terms change
"""

from hypothesis import assume, given
from hypothesis import strategies as st

from penstock.deploy import (
    MAX_FLOOR,
    MAX_SHARE,
    MAX_WINDOW,
    MIN_FLOOR,
    MIN_SHARE,
    MIN_WINDOW,
)
from penstock.outflow import Outflow
from tests.helpers.actors import Actor
from tests.helpers.amounts import PEOPLE
from tests.helpers.revm import reverts
from tests.helpers.venue import GOVERNOR, WIDE, make_custody, make_queue

ALICE = Actor("alice").address
DAY = 86_400
FLOORS = st.integers(MIN_FLOOR, MAX_FLOOR)
SHARES = st.integers(MIN_SHARE, MAX_SHARE)
WINDOWS = st.integers(MIN_WINDOW, MAX_WINDOW)
TERMS = st.tuples(FLOORS, SHARES, WINDOWS)
ANY = st.tuples(st.integers(0, MAX_FLOOR), st.integers(0, 2**16 - 1), st.integers(0, 2**24 - 1))


@given(who=PEOPLE, terms=TERMS)
def test_set_outflow__caller_is_not_the_governor__reverts(
    who: Actor, terms: tuple[int, int, int]
) -> None:
    with reverts("AccessManagedUnauthorized", who.address):
        make_queue().transact("setOutflow", terms, sender=who.address)


@given(terms=ANY)
def test_set_outflow__outside_the_bounds__reverts(terms: tuple[int, int, int]) -> None:
    floor, share, window = terms
    inside = floor >= MIN_FLOOR and MIN_SHARE <= share <= MAX_SHARE
    assume(not (inside and MIN_WINDOW <= window <= MAX_WINDOW))
    with reverts("Queue_OutflowOutOfBounds", terms):
        make_queue().transact("setOutflow", terms, sender=GOVERNOR)
    with reverts("Queue_OutflowOutOfBounds", terms):
        make_queue(terms=terms)


def test_set_outflow__at_the_bounds__is_taken() -> None:
    queue = make_queue()
    for terms in ((MIN_FLOOR, MIN_SHARE, MIN_WINDOW), (MAX_FLOOR, MAX_SHARE, MAX_WINDOW)):
        queue.transact("setOutflow", terms, sender=GOVERNOR)
        said = queue.chain.logs()[-1]
        assert (said.name, said.arguments) == ("OutflowChanged", (terms,))
    bounds = [queue.call(name) for name in ("MIN_FLOOR", "MIN_SHARE_BPS")]
    assert bounds == [MIN_FLOOR, MIN_SHARE]
    windows = [queue.call(name) for name in ("MIN_WINDOW", "MAX_WINDOW")]
    assert windows == [MIN_WINDOW, MAX_WINDOW]


@given(
    first=TERMS,
    second=TERMS,
    fund=st.integers(1, 10**15),
    drawn=st.integers(1, 10**13),
    pause=st.integers(0, 2 * DAY),
)
def test_set_outflow__midway__leaves_the_level_that_the_model_leaves(
    first: tuple[int, int, int], second: tuple[int, int, int], fund: int, drawn: int, pause: int
) -> None:
    custody, model = make_custody(terms=first), Outflow(*first)
    custody.fund(fund)
    custody.owe(ALICE, min(drawn, fund))
    custody.pass_delay()
    now = custody.chain.time
    part = model.draw(model.capacity(fund), now, min(drawn, fund), now)
    assert custody.release() == part
    custody.queue.transact("setOutflow", second, sender=GOVERNOR)
    model.set_terms(*second)
    custody.chain.time += pause
    booked = fund - part
    expected = (*second, model.capacity(booked), model.level(booked, custody.chain.time))
    assert custody.queue.call("outflow") == expected


def test_outflow__at_first__is_full() -> None:
    custody = make_custody(terms=(MIN_FLOOR, 2_500, DAY))
    custody.fund(8 * MIN_FLOOR)
    assert custody.queue.call("outflow") == (MIN_FLOOR, 2_500, DAY, 3 * MIN_FLOOR, 3 * MIN_FLOOR)


@given(booked=st.integers(0, 2**55 - 1))
def test_outflow__as_wide_as_it_can_be__holds_all_that_there_is(booked: int) -> None:
    custody = make_custody(terms=WIDE)
    if booked:
        custody.fund(booked)
    assert custody.queue.call("outflow")[4] >= booked + 2**72 - 1

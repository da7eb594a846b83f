"""What an outage of the chain does to funding and to batches

the chain was down within a period ...... its seconds are not charged
it was down again and again ............. what was up is charged, however late it is asked for
it was down for all of it ............... nothing is charged, nothing in a lump on resume
it comes back within the next period .... that one charges what is left of it
the watch is asked by nobody who leaves . exits do not stop
"""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from penstock import funding
from penstock.funding import Terms
from tests.helpers.twin import DONE, undoing
from tests.helpers.venue import PARAMETERS
from tests.onchain.settlement.desk import MARK, MARKS, OK, SIZES, UNIT, Desk
from tests.onchain.settlement.test_terms import accruals

HOUR = 3_600
LIMIT = 600
TERMS = Terms()


@pytest.fixture(scope="module")
def watched() -> Desk:
    """A desk on a chain whose silence counts after ten minutes."""
    return Desk(replace(PARAMETERS, outage_after=LIMIT))


def go_down(desk: Desk, seconds: int) -> None:
    """Nobody beats, because nothing does."""
    desk.chain.time += seconds


@given(up=st.integers(0, HOUR - 1), down=st.integers(LIMIT + 1, 100 * HOUR), size=SIZES)
@undoing
def test_fun_4__sequencer_down__no_lump_on_resume(
    watched: Desk, up: int, down: int, size: int
) -> None:
    watched.trade(size)
    watched.pass_time(up)
    assert watched.beat() is DONE
    go_down(watched, down)
    watched.marks(*MARKS)
    watched.compare()
    if up + down < HOUR:
        assert accruals(watched) == []
        return
    # The seconds in which it was up, and nothing for the hours after them.
    assert [row[2] for row in accruals(watched)] == ([up] if up else [])
    moved = funding.index_move(100_000, MARK, UNIT, up)
    assert watched.model.markets[1].index == 2**32 + moved


@given(down=st.integers(HOUR + 1, 24 * HOUR))
@undoing
def test_fun_4__back_within_a_period__charges_what_is_left_of_it(watched: Desk, down: int) -> None:
    go_down(watched, down)
    watched.marks(*MARKS)
    start = funding.period_start(watched.now, HOUR)
    lost = watched.now - start
    watched.pass_time(start + HOUR - watched.now)
    assert watched.accrue(1) is DONE
    watched.compare()
    expected = [(start, start + HOUR, HOUR - lost)] if lost < HOUR else []
    assert [row[:3] for row in accruals(watched)] == expected


@undoing
def test_fun_4__a_quarter_of_an_hour_down__three_quarters_are_charged(watched: Desk) -> None:
    watched.pass_time(LIMIT)
    watched.marks(*MARKS)
    go_down(watched, 900)
    watched.marks(*MARKS)
    watched.pass_time(HOUR - LIMIT - 900)
    assert watched.accrue(1) is DONE
    ((_, _, seconds, rate, *_),) = accruals(watched)
    assert (seconds, rate) == (2_700, 100_000)
    moved = funding.index_move(100_000, MARK, UNIT, 2_700)
    assert watched.model.markets[1].index == 2**32 + moved
    watched.compare()


class Outages:
    """What the watch should know: when the chain was down, to the second."""

    def __init__(self, desk: Desk) -> None:
        self.desk: Desk = desk
        self.down: list[tuple[int, int]] = []

    def stay_up(self, seconds: int) -> None:
        self.desk.pass_time(seconds)
        assert self.desk.beat() is DONE

    def go_down(self, seconds: int) -> None:
        """Go down with a beat and come back with one; longer than the limit."""
        start = self.desk.now
        go_down(self.desk, seconds)
        assert self.desk.beat() is DONE
        self.down.append((start, self.desk.now))

    def up_between(self, start: int, end: int) -> int:
        lost = sum(max(0, min(end, b) - max(start, a)) for a, b in self.down)
        return max(0, end - start - lost)


TOUCHES: dict[str, Callable[[Desk], object]] = {
    "nothing": lambda desk: None,
    "mark": lambda desk: desk.refresh(1, MARK),
    "accrue": lambda desk: desk.accrue(1),
}
COURSE = st.lists(
    st.tuples(st.booleans(), st.integers(1, 3 * LIMIT), st.sampled_from(sorted(TOUCHES))),
    min_size=2,
    max_size=12,
)


def live_through(
    desk: Desk, course: list[tuple[bool, int, str]], touches: dict[str, Callable[[Desk], object]]
) -> Outages:
    """Have the chain go up and down, and touch the market in between."""
    outages = Outages(desk)
    for down, seconds, touch in course:
        if down:
            outages.go_down(LIMIT + seconds)
        else:
            outages.stay_up(seconds)
        touches[touch](desk)
    outages.stay_up(1)
    desk.marks(*MARKS)
    outages.stay_up(HOUR)
    desk.accrue(1)
    desk.compare()
    return outages


@given(course=COURSE, size=SIZES)
@undoing
def test_fun_4__down_again_and_again__just_what_was_up_is_charged(
    watched: Desk, course: list[tuple[bool, int, str]], size: int
) -> None:
    watched.trade(size)
    outages = live_through(watched, course, TOUCHES)
    for start, end, charged, *_ in accruals(watched):
        assert charged == outages.up_between(start, end)


@given(course=COURSE, minutes=st.integers(1, 90))
@undoing
def test_fun_4__down_again_and_again_under_changing_terms__no_second_is_charged_twice(
    watched: Desk, course: list[tuple[bool, int, str]], minutes: int
) -> None:
    touches = {**TOUCHES, "nothing": lambda desk: desk.set_terms(1, minutes, TERMS)}
    outages, done = live_through(watched, course, touches), 0
    for start, end, charged, *_ in accruals(watched):
        # Less where a minute had begun when the terms changed.
        assert charged <= outages.up_between(max(start, done), end)
        done = end


@undoing
def test_fun_4__two_outages_before_the_market_is_touched__half_an_hour_is_charged(
    watched: Desk,
) -> None:
    outages, start = Outages(watched), funding.period_start(watched.now, HOUR) + HOUR
    outages.stay_up(start - watched.now - 1)
    watched.marks(*MARKS)
    outages.stay_up(1)
    for _ in range(2):
        outages.stay_up(300)
        outages.go_down(900)
    outages.stay_up(60)
    watched.marks(*MARKS)
    outages.stay_up(start + HOUR - watched.now)
    assert watched.accrue(1) is DONE
    rows = [row[:3] for row in accruals(watched)]
    assert rows == [(start - HOUR, start, HOUR), (start, start + HOUR, HOUR // 2)]
    watched.compare()
    watched.compare_storage()


@undoing
def test_fun_4__oracle_dead__periods_without_a_price_charge_nothing(watched: Desk) -> None:
    watched.pass_time(3 * HOUR)
    assert watched.accrue(1) is DONE
    assert len(accruals(watched)) == 1
    watched.pass_time(3 * HOUR)
    assert watched.accrue(1) is DONE
    assert len(accruals(watched)) == 1
    watched.compare()


@given(hours=st.integers(1, 30), premium=st.integers(-25_000, 25_000), size=SIZES)
@undoing
def test_fun_4__paused__funding_goes_on_and_no_lump_follows(
    desk: Desk, hours: int, premium: int, size: int
) -> None:
    # A pause keeps out new exposure; who is in pays on, period by period, within step and cap.
    desk.trade(size, price=MARK + premium)
    assert desk.pause(1, 2) is DONE
    for _ in range(hours):
        desk.pass_time(HOUR)
        desk.marks(*MARKS)
    rows = accruals(desk)
    assert [row[2] for row in rows] == [HOUR] * hours
    assert all(abs(row[3]) <= TERMS.cap for row in rows)
    # Nobody can trade, so no premium is left after the first period.
    steps = [abs(row[3] - TERMS.interest) for row in rows[1:]]
    assert steps == sorted(steps, reverse=True)
    desk.compare()


@given(hours=st.integers(2, 30))
@undoing
def test_fun_4__paused_without_a_price__nothing_is_charged(desk: Desk, hours: int) -> None:
    assert desk.pause(1, 2) is DONE
    desk.pass_time(HOUR)
    assert desk.accrue(1) is DONE
    desk.pass_time(hours * HOUR)
    assert desk.accrue(1) is DONE
    desk.marks(*MARKS)
    assert len(accruals(desk)) == 1
    desk.compare()


@given(missed=st.integers(1, 1_000))
@undoing
def test_fun_7__any_time_later__the_index_goes_on_from_where_it_stood(
    desk: Desk, missed: int
) -> None:
    before = desk.model.markets[1].index
    desk.pass_time(missed * HOUR)
    assert desk.accrue(1) is DONE
    move = funding.index_move(100_000, MARK, UNIT, HOUR)
    assert desk.model.markets[1].index == before + move
    desk.compare()


@given(size=SIZES, amount=st.integers(1, 10**9))
@undoing
def test_seq_1__down_for_a_day__funding_freezes_and_exits_go_on(
    watched: Desk, size: int, amount: int
) -> None:
    watched.trade(size)
    go_down(watched, 24 * HOUR)
    assert watched.venue.watch.call("isCalm") is False
    assert watched.venue.watch.call("graceEndsAt") == watched.now + PARAMETERS.grace
    # Who has no position leaves at once, before anybody beat or published a price.
    assert watched.withdraw(3, amount) is DONE
    assert watched.verdicts(watched.cross(buyer=2, seller=1, size=size)) == [OK]
    assert watched.withdraw(1, amount) is DONE
    assert accruals(watched) == []
    watched.marks(*MARKS)
    assert watched.venue.watch.call("isCalm") is False
    watched.pass_time(PARAMETERS.grace)
    assert watched.beat() is DONE
    assert watched.venue.watch.call("isCalm") is True

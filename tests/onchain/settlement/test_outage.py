"""What an outage of the chain does to funding and to batches

the chain was down within a period ...... its minutes are not charged
it was down for all of it ............... nothing is charged, nothing in a lump on resume
it comes back within the next period .... that one charges what is left of it
the watch is asked by nobody who leaves . exits do not stop
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from penstock import funding
from tests.helpers.twin import DONE, undoing
from tests.helpers.venue import PARAMETERS
from tests.onchain.settlement.desk import MARK, MARKS, OK, SIZES, UNIT, Desk
from tests.onchain.settlement.test_terms import accruals

HOUR = 3_600
LIMIT = 600


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
    # The minutes in which it was up, and nothing for the hours after them.
    lost = -(-down // 60) - -(-(up + down - HOUR) // 60)
    lived = max(0, HOUR - 60 * lost)
    assert [row[2] for row in accruals(watched)] == ([lived] if lived else [])
    assert abs(lived - up) < 120
    moved = funding.index_move(100_000, MARK, UNIT, lived)
    assert watched.model.markets[1].index == 2**32 + moved


@given(down=st.integers(HOUR + 1, 24 * HOUR))
@undoing
def test_fun_4__back_within_a_period__charges_what_is_left_of_it(watched: Desk, down: int) -> None:
    go_down(watched, down)
    watched.marks(*MARKS)
    start = funding.period_start(watched.now, HOUR)
    lost = -(-(watched.now - start) // 60) * 60
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


@undoing
def test_fun_4__oracle_dead__periods_without_a_price_charge_nothing(watched: Desk) -> None:
    watched.pass_time(3 * HOUR)
    assert watched.accrue(1) is DONE
    assert len(accruals(watched)) == 1
    watched.pass_time(3 * HOUR)
    assert watched.accrue(1) is DONE
    assert len(accruals(watched)) == 1
    watched.compare()


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

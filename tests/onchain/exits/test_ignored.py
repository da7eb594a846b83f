"""isIgnored(request), of a close that waits with lots left: reason to freeze, or none.

its market was never paused ............... from two windows after the request (test_force_close.py)
a pause ended within its first window ..... the same
a pause ended later ....................... from a window after the pause
the guardian pauses whenever it may ....... once longer, by a pause and a window at most
the owner lowers and raises the position
  in one batch, or nobody looks between ... asked for as before: whoever executes it ends it
  somebody acknowledges between ........... served
"""

from collections.abc import Callable
from functools import lru_cache

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from penstock.forced import Status
from penstock.markets import PAUSE, REST
from tests.helpers.closes import asked, bid
from tests.helpers.escapee import freeze_ignored, stay_up
from tests.helpers.exits import acknowledge, compare_exits, execute_close, is_ignored, status
from tests.helpers.trouble import endow
from tests.helpers.twin import DONE, Outcome, undoing
from tests.helpers.venue import OPERATOR, PARAMETERS, STRANGER
from tests.onchain.settlement.desk import DEPOSIT, MARKS, OK, Desk

DAY = 86_400
WINDOW = PARAMETERS.settlement_window
LONGEST_WINDOW = 6 * DAY
LOTS = 100


def filed(desk: Desk) -> int:
    """Account 1 asks to be out of 100 lots, which the fund could carry; returns when."""
    asked(desk, LOTS)
    endow(desk, 100 * DEPOSIT)
    return desk.exits.requests[1].requested_at


def go(desk: Desk, time: int) -> None:
    """Go to a second, unless it is gone by; the chain was up, and the marks are fresh."""
    if time > desk.now:
        stay_up(desk, time - desk.now)
        desk.marks(*MARKS)


def can_be_served(desk: Desk) -> bool:
    """Whether a stranger could close it now, with the fund; nothing is done."""
    with desk.undone():
        return execute_close(desk, 1, by_fund=LOTS) is DONE


# --- WDQ-8: the guardian --------------------------------------------------------------------------


@undoing
def test_wdq_8__paused_in_the_second_in_which_the_window_ends__is_a_window_late(desk: Desk) -> None:
    go(desk, filed(desk) + WINDOW)
    assert desk.pause(1) is DONE
    ends = desk.now + PAUSE
    go(desk, ends - 1)
    assert not can_be_served(desk)
    assert freeze_ignored(desk, 1) == ("Hatch_RequestNotIgnored", (1,))
    go(desk, ends)
    assert can_be_served(desk)
    assert freeze_ignored(desk, 1) == ("Hatch_RequestNotIgnored", (1,))
    go(desk, ends + WINDOW - 1)
    assert can_be_served(desk)
    assert freeze_ignored(desk, 1) == ("Hatch_RequestNotIgnored", (1,))
    go(desk, ends + WINDOW)
    assert freeze_ignored(desk, 1) is DONE


@pytest.mark.parametrize("market", [1, 2])
@given(
    begins=st.one_of(
        st.integers(0, 2 * WINDOW - 1), st.sampled_from((0, WINDOW - 1, WINDOW, 2 * WINDOW - 1))
    )
)
@undoing
def test_wdq_8__paused_once_at_any_time__is_ignored_after_a_window_in_which_it_could_be_served(
    desk: Desk, market: int, begins: int
) -> None:
    since = filed(desk)
    go(desk, since + begins)
    assert desk.pause(market) is DONE
    ends = since + begins + PAUSE if market == 1 else 0
    due = max(since + WINDOW, ends) + WINDOW
    # All of the last window could be used.
    go(desk, due - WINDOW)
    assert desk.now < since + WINDOW or can_be_served(desk)
    go(desk, due - 1)
    assert can_be_served(desk)
    assert not is_ignored(desk, 1)
    go(desk, due)
    assert is_ignored(desk, 1)
    assert freeze_ignored(desk, 1) is DONE


@undoing
def test_wdq_8__pause_over_before_the_request__changes_nothing(desk: Desk) -> None:
    assert desk.pause(1) is DONE
    go(desk, desk.now + PAUSE)
    due = filed(desk) + 2 * WINDOW
    go(desk, due - 1)
    assert not is_ignored(desk, 1)
    go(desk, due)
    assert is_ignored(desk, 1)


@lru_cache(maxsize=2)
def patient(window: int) -> Desk:
    """A desk with another settlement window."""
    return Desk(replace(PARAMETERS, settlement_window=window, timelock_delay=90 * DAY))


@pytest.mark.parametrize("window", [60, LONGEST_WINDOW])
@pytest.mark.parametrize("first", [-REST, -PAUSE, -1, 0, 1, WINDOW])
def test_wdq_8__guardian_pauses_as_often_as_it_may__freeze_is_late_once_at_most(
    window: int, first: int
) -> None:
    desk = patient(window)
    with desk.undone():
        since = filed(desk)
        go(desk, since + 2 * window + first)
        assert desk.pause(1) is DONE
        # Whoever is late with the freeze, too, waits for one pause more and no longer.
        longest = max(since + 2 * window, desk.now) + PAUSE + window
        while not is_ignored(desk, 1) and desk.now < longest:
            go(desk, next_step(desk, since))
            # The guardian is the first in every block in which it may pause at all.
            desk.pause(1)
        assert desk.now <= longest
        assert freeze_ignored(desk, 1) is DONE


def next_step(desk: Desk, since: int) -> int:
    """The next second at which the guardian may pause, or the close counts as ignored."""
    window, paused_until = desk.exits.window, desk.model.paused_until
    steps = paused_until + REST, max(since + window, paused_until) + window
    return min(step for step in steps if step > desk.now)


# --- WDQ-8: the owner -----------------------------------------------------------------------------


def in_one_batch(desk: Desk) -> None:
    """Sell all and buy it back in one batch: no word in between."""
    sold, bought = (desk.cross(1, 3, lots, price=MARKS[0]) for lots in (-LOTS, LOTS))
    assert desk.verdicts(sold, bought) == [OK, OK]


def in_two_batches(desk: Desk) -> None:
    """Sell all and buy it back, and nobody writes down what happened in between."""
    for lots in (-LOTS, LOTS):
        assert desk.verdicts(desk.cross(1, 3, lots, price=MARKS[0])) == [OK]


def by_operator(desk: Desk) -> Outcome:
    """The operator, at once, against a resting order."""
    return execute_close(desk, 1, bid(desk, LOTS, 4), sender=OPERATOR)


def by_maker(desk: Desk) -> Outcome:
    """A stranger, at the last second, against a resting order."""
    go(desk, desk.exits.requests[1].requested_at + 2 * WINDOW - 1)
    return execute_close(desk, 1, bid(desk, LOTS, 4), sender=STRANGER)


def by_fund(desk: Desk) -> Outcome:
    """A stranger, at the last second, with the insurance fund."""
    go(desk, desk.exits.requests[1].requested_at + 2 * WINDOW - 1)
    return execute_close(desk, 1, by_fund=LOTS, sender=STRANGER)


@pytest.mark.parametrize("trick", [in_one_batch, in_two_batches])
@pytest.mark.parametrize("served", [by_operator, by_maker, by_fund])
@undoing
def test_wdq_8__owner_sells_and_buys_back_unseen__the_close_stands_until_anybody_executes_it(
    desk: Desk, trick: Callable[[Desk], None], served: Callable[[Desk], Outcome]
) -> None:
    since = filed(desk)
    go(desk, since + 60)
    trick(desk)
    assert acknowledge(desk, 1) is DONE
    assert desk.venue.desk.call("closeOf", 1) == (LOTS, LOTS)
    assert served(desk) is DONE
    assert status(desk) is Status.SERVED
    # With the lots gone at the desk, no trade of the owner brings the request back.
    assert desk.verdicts(desk.cross(1, 3, LOTS, price=MARKS[0])) == [OK]
    go(desk, since + 2 * WINDOW)
    assert freeze_ignored(desk, 1) == ("Hatch_RequestNotIgnored", (1,))
    compare_exits(desk)


@pytest.mark.parametrize("trick", [in_one_batch, in_two_batches])
@undoing
def test_wdq_8__owner_sells_and_buys_back_and_nobody_executes__is_ignored(
    desk: Desk, trick: Callable[[Desk], None]
) -> None:
    since = filed(desk)
    go(desk, since + 60)
    trick(desk)
    go(desk, since + 2 * WINDOW)
    assert freeze_ignored(desk, 1) is DONE


@undoing
def test_wdq_8__acknowledged_between_sale_and_purchase__is_served(desk: Desk) -> None:
    since = filed(desk)
    assert desk.verdicts(desk.cross(1, 3, -LOTS, price=MARKS[0])) == [OK]
    assert acknowledge(desk, 1) is DONE
    assert desk.verdicts(desk.cross(1, 3, LOTS, price=MARKS[0])) == [OK]
    assert status(desk) is Status.SERVED
    go(desk, since + 2 * WINDOW)
    assert not is_ignored(desk, 1)

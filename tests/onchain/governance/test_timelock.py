"""schedule, execute, cancel: a parameter changes when its time has come, and never before

before its second ............ TimelockUnexpectedOperationState
cancelled .................... TimelockUnexpectedOperationState
asked for with too short a delay TimelockInsufficientDelay
the delay made shorter ....... Timelock_DelayTooShort
nonsense, when its time comes  the contract's own error, and nothing has changed
at its second ................ the change
"""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.helpers.actors import Actor
from tests.helpers.governance import CANCELLABLE, READY, Operation, operation
from tests.helpers.revm import Revert, reverts
from tests.helpers.venue import PARAMETERS, Venue, isolated
from tests.onchain.governance.changes import BTC, CHANGES, Change
from tests.onchain.governance.offices import GOVERNS, GUARDS

DELAY = PARAMETERS.timelock_delay
EITHER = st.sampled_from([GOVERNS, GUARDS])
CHANGE = st.sampled_from(CHANGES)


@given(change=CHANGE, late=st.integers(0, 10**6))
@isolated
def test_s10__a_second_early__reverts__at_its_second__changes(
    governed: Venue, change: Change, late: int
) -> None:
    before, wanted = change.seen(governed), change.operation(governed)
    wanted.schedule(GOVERNS.address, DELAY + late)
    governed.chain.time += DELAY + late - 1
    with reverts("TimelockUnexpectedOperationState", wanted.id, READY):
        wanted.execute(GOVERNS.address)
    assert change.seen(governed) == before
    governed.chain.time += 1
    wanted.execute(GOVERNS.address)
    assert change.seen(governed) != before


@given(change=CHANGE, short=st.integers(0, DELAY - 1))
@isolated
def test_s10__asked_for_with_less_than_the_delay__reverts(
    governed: Venue, change: Change, short: int
) -> None:
    with reverts("TimelockInsufficientDelay", short, DELAY):
        change.operation(governed).schedule(GOVERNS.address, short)


@given(change=CHANGE, who=EITHER, passed=st.integers(0, 2 * DELAY))
@isolated
def test_s10__cancelled__is_executed_at_no_time(
    governed: Venue, change: Change, who: Actor, passed: int
) -> None:
    before, wanted = change.seen(governed), change.operation(governed)
    wanted.schedule(GOVERNS.address)
    governed.chain.time += passed
    wanted.cancel(who.address)
    governed.chain.time += 2 * DELAY
    with reverts("TimelockUnexpectedOperationState", wanted.id, READY):
        wanted.execute(GOVERNS.address)
    assert change.seen(governed) == before


@given(change=CHANGE, who=EITHER)
@isolated
def test_cancel__executed_already__reverts(governed: Venue, change: Change, who: Actor) -> None:
    wanted = change.operation(governed)
    wanted.schedule(GOVERNS.address)
    governed.chain.time += DELAY
    wanted.execute(GOVERNS.address)
    with reverts("TimelockUnexpectedOperationState", wanted.id, CANCELLABLE):
        wanted.cancel(who.address)


Step = tuple[str, int, int]
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["schedule", "execute", "execute", "cancel", "at once", "wait"]),
        st.integers(0, len(CHANGES) - 1),
        st.integers(0, DELAY),
    ),
    max_size=25,
)


@given(steps=STEPS)
@isolated
def test_s10__any_history__no_parameter_changes_before_its_time(
    governed: Venue, steps: Sequence[Step]
) -> None:
    expected = [change.seen(governed) for change in CHANGES]
    due: dict[int, int] = {}
    for salt, (act, number, seconds) in enumerate(steps):
        came = _act(governed, act, number, seconds, due, salt)
        if came:
            expected[number] = CHANGES[number].seen(governed)
        assert [change.seen(governed) for change in CHANGES] == expected


def _act(venue: Venue, act: str, number: int, seconds: int, due: dict[int, int], salt: int) -> bool:
    """Do one thing; return whether a change of this number was to come."""
    change, waiting = CHANGES[number], due.get(number)
    wanted = change.operation(venue)
    try:
        if act == "wait":
            venue.chain.time += seconds
        elif act == "at once":
            venue.chain.send(GOVERNS.address, wanted.target, wanted.data)
        elif act == "schedule":
            wanted.schedule(GOVERNS.address, DELAY + seconds)
            assert waiting is None
            due[number] = venue.chain.time + DELAY + seconds
        elif act == "cancel":
            wanted.cancel((GOVERNS, GUARDS)[salt % 2].address)
            assert due.pop(number) > 0
        else:
            wanted.execute(GOVERNS.address)
            assert waiting is not None
            assert waiting <= venue.chain.time
            # It was done: the timelock never takes the same operation again.
            due[number] = 2**63
            return True
    except Revert as refused:
        if not refused.name.startswith(("Timelock", "AccessMan")):
            raise
    return False


def ripe_delay(venue: Venue, delay: int) -> Operation:
    """Another delay, asked for, and its time has come."""
    wanted = operation(venue.timelock, venue.timelock, "updateDelay", delay)
    wanted.schedule(GOVERNS.address)
    venue.chain.time += DELAY
    return wanted


@given(delay=st.integers(0, DELAY - 1))
@isolated
def test_adm_4__delay_made_shorter__reverts_when_its_time_comes(
    governed: Venue, delay: int
) -> None:
    wanted = ripe_delay(governed, delay)
    with reverts("Timelock_DelayTooShort", delay, DELAY):
        wanted.execute(GOVERNS.address)
    assert governed.timelock.call("getMinDelay") == DELAY


@given(delay=st.integers(DELAY, 10**8))
@isolated
def test_update_delay__longer__holds_for_what_is_asked_for_later(
    governed: Venue, delay: int
) -> None:
    wanted = ripe_delay(governed, delay)
    wanted.execute(GOVERNS.address)
    assert governed.timelock.call("getMinDelay") == delay


@pytest.mark.parametrize(
    ("part", "function", "arguments", "error"),
    [
        ("index", "setMargins", (1, 500, 500), ("Market_MarginsInconsistent", 500, 500)),
        ("index", "setMargins", (1, 250, 500), ("Market_MarginsInconsistent", 250, 500)),
        ("index", "setMargins", (1, 10_001, 5), ("Market_MarginsInconsistent", 10_001, 5)),
        ("index", "setFees", (1, 10_001, 0), ("Market_FeeTooHigh", 10_001, 10_000)),
        ("index", "setLimits", (1, (2, 1)), ("Market_LimitsInconsistent", 2, 1)),
        ("index", "setTerms", (1, (0, 0, 9, 9, 9)), ("Market_IntervalOutOfRange", 0)),
        ("index", "setTerms", (1, (60, 0, 9, 10, 9)), ("Market_TermsOutOfRange", 0, 9, 10)),
        ("feed", "setGuards", (0, 1), ("Feed_MaxAgeOutOfBounds", 0, 3_600)),
        ("feed", "setPublishers", ((), 3), ("Feed_QuorumOutOfBounds", 3, 3, 0)),
        ("queue", "setOutflow", ((1, 2, 3),), ("Queue_OutflowOutOfBounds", (1, 2, 3))),
        ("queue", "setDelay", (2 * 86_400 + 1,), ("Queue_DelayOutOfBounds", 172_801, 60, 172_800)),
    ],
)
@isolated
def test_adm_7__numbers_that_do_not_fit__are_refused_when_their_time_comes(
    governed: Venue, part: str, function: str, arguments: tuple[object, ...], error: tuple[Any, ...]
) -> None:
    wanted = operation(governed.timelock, getattr(governed, part), function, *arguments)
    wanted.schedule(GOVERNS.address)
    governed.chain.time += DELAY
    with reverts(*error):
        wanted.execute(GOVERNS.address)
    assert governed.index.call("marketOf", 1)[6:8] == (BTC.initial_bps, BTC.maintenance_bps)

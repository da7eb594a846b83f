"""look, freezeSilent, freezeIgnored, freezableAt, and the constructor

an address is zero ............... Hatch_AddressZero
window out of bounds ............. Hatch_LivenessOutOfBounds
look: a new number ............... noted with the time, and the watch hears it
      a number noted before ...... keeps its time
freezeSilent: not noted .......... Hatch_NumberNotNoted
      a batch landed since ....... Hatch_NumberNotNoted, even if it was empty
      a second too early ......... Hatch_SilenceTooShort
      within the grace ........... Hatch_GraceLasts, whatever the uptime feed says
      otherwise .................. frozen
freezeIgnored: the desk says no .. Hatch_RequestNotIgnored
twice ............................ Hatch_AlreadyFrozen
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock import escape as model
from penstock.deploy import ZERO_ADDRESS
from tests.helpers.actors import Actor
from tests.helpers.closes import asked
from tests.helpers.escapee import (
    compare,
    freeze,
    freeze_ignored,
    freeze_silent,
    look,
    stay_up,
)
from tests.helpers.revm import RevmChain, reverts
from tests.helpers.trouble import open_long
from tests.helpers.twin import DONE, undoing
from tests.onchain.settlement.desk import Desk

SOMEBODY = Actor("somebody").address
HOUR, MONTH = 3_600, 30 * 86_400


@pytest.mark.parametrize("place", range(5))
def test_constructor__an_address_is_zero__reverts(place: int) -> None:
    parts = [SOMEBODY] * 5
    parts[place] = ZERO_ADDRESS
    with reverts("Hatch_AddressZero"):
        RevmChain().create("EscapeHatch", *parts, HOUR)


@pytest.mark.parametrize("liveness", [0, HOUR - 1, MONTH + 1, 2**32 - 1])
def test_constructor__window_out_of_bounds__reverts(liveness: int) -> None:
    with reverts("Hatch_LivenessOutOfBounds", liveness, HOUR, MONTH):
        RevmChain().create("EscapeHatch", *[SOMEBODY] * 5, liveness)


@given(times=st.lists(st.integers(0, 10**6), min_size=1, max_size=5))
@undoing
def test_look__again_and_again__keeps_the_time_of_the_first(desk: Desk, times: list[int]) -> None:
    first = desk.now
    for passed in times:
        assert look(desk) is DONE
        assert desk.venue.hatch.call("silence") == (1, first)
        desk.chain.time += passed
    compare(desk)
    desk.compare()


@undoing
def test_look__anybody__beats_the_watch(desk: Desk) -> None:
    desk.chain.time += 100
    assert look(desk) is DONE
    assert desk.venue.watch.call("beats")[0] == desk.now


@given(before=st.integers(0, 10**5), after=st.integers(0, 10**5))
@undoing
def test_look__after_a_batch__notes_the_next_number(desk: Desk, before: int, after: int) -> None:
    assert look(desk) is DONE
    desk.chain.time += before
    assert desk.settle(desk.batch()) is DONE
    desk.chain.time += after
    assert look(desk) is DONE
    assert desk.venue.hatch.call("silence") == (2, desk.now)
    assert [log.arguments for _, log in desk.logs if log.name == "NumberNoted"] == [(1,), (2,)]


@given(off=st.integers(-2, 2))
@undoing
def test_wdq_8__silence_one_second_short_or_not__freezes_at_the_exact_second(
    desk: Desk, off: int
) -> None:
    assert look(desk) is DONE
    noted, due = desk.now, desk.now + desk.hatch.liveness
    stay_up(desk, desk.hatch.liveness + off)
    outcome = freeze_silent(desk)
    assert outcome == (DONE if off >= 0 else ("Hatch_SilenceTooShort", (desk.now, due)))
    if outcome is DONE:
        assert desk.logs[-1][1].name == "FrozenForSilence"
        assert desk.logs[-1][1].arguments == (1, noted)
        assert desk.venue.hatch.call("count") == (desk.now, 4, 0, 0)
    compare(desk)
    desk.compare()


@undoing
def test_freeze_silent__nobody_looked__reverts(desk: Desk) -> None:
    stay_up(desk, 2 * desk.hatch.liveness)
    assert freeze_silent(desk) == ("Hatch_NumberNotNoted", (1, 0))


@given(at=st.integers(0, 3 * 86_400))
@undoing
def test_freeze_silent__even_an_empty_batch_landed__reverts(desk: Desk, at: int) -> None:
    assert look(desk) is DONE
    stay_up(desk, at)
    assert desk.settle(desk.batch()) is DONE
    stay_up(desk, desk.hatch.liveness - at)
    assert freeze_silent(desk) == ("Hatch_NumberNotNoted", (2, 1))


@undoing
def test_freeze_silent__batch_lands_first_in_the_same_second__venue_goes_on(desk: Desk) -> None:
    assert look(desk) is DONE
    stay_up(desk, desk.hatch.liveness)
    with desk.undone():
        assert freeze_silent(desk) is DONE
        assert desk.settle(desk.batch()) == ("Positions_Frozen", ())
    assert desk.settle(desk.batch()) is DONE
    assert freeze_silent(desk) == ("Hatch_NumberNotNoted", (2, 1))
    desk.compare()


@given(down=st.integers(601, 10**6), off=st.integers(-2, 2))
@undoing
def test_freeze_silent__after_an_outage__operator_has_the_grace_to_the_second(
    desk: Desk, down: int, off: int
) -> None:
    assert look(desk) is DONE
    desk.chain.time += desk.model.watch.limit + down
    assert look(desk) is DONE
    over = desk.now + desk.model.watch.grace
    stay_up(desk, desk.model.watch.grace + off)
    live = desk.hatch.since + desk.hatch.liveness
    outcome = freeze_silent(desk)
    if desk.now < over:
        assert outcome == ("Hatch_GraceLasts", (desk.now, over))
    elif desk.now < live:
        assert outcome == ("Hatch_SilenceTooShort", (desk.now, live))
    else:
        assert outcome is DONE


@given(passed=st.integers(0, 5 * 86_400), beats=st.booleans())
@undoing
def test_freezable_at__whenever__is_what_freezing_asks(
    desk: Desk, passed: int, beats: bool
) -> None:
    assert desk.venue.hatch.call("freezableAt") == 0
    assert look(desk) is DONE
    if beats:
        stay_up(desk, passed)
    else:
        desk.chain.time += passed
    at = model.freezable_at(desk.hatch, desk.model, desk.now)
    assert desk.venue.hatch.call("freezableAt") == at
    assert (freeze_silent(desk) is DONE) == (desk.now >= at)
    if desk.hatch.frozen_at:
        assert desk.venue.hatch.call("freezableAt") == 0


@given(request=st.integers(0, 2**64 - 1))
@undoing
def test_wdq_8__request_that_is_none__does_not_freeze(desk: Desk, request: int) -> None:
    stay_up(desk, 10 * 86_400)
    assert freeze_ignored(desk, request) == ("Hatch_RequestNotIgnored", (request,))
    desk.compare()


@given(off=st.integers(-2, 2), lots=st.integers(1, 100))
@undoing
def test_wdq_8__forced_close_ignored__freezes_at_twice_the_window_to_the_second(
    desk: Desk, off: int, lots: int
) -> None:
    asked(desk, 100, lots)
    stay_up(desk, 2 * desk.exits.window + off)
    outcome = freeze_ignored(desk, 1)
    assert outcome == (DONE if off >= 0 else ("Hatch_RequestNotIgnored", (1,)))
    if outcome is DONE:
        assert desk.logs[-1][1].name == "FrozenForRequest"
        assert desk.logs[-1][1].arguments == (1,)
    compare(desk)
    desk.compare()


@given(lots=st.integers(1, 100), late=st.integers(0, 10**6))
@undoing
def test_wdq_8__forced_close_served_at_the_last_second__does_not_freeze(
    desk: Desk, lots: int, late: int
) -> None:
    asked(desk, 100, lots)
    stay_up(desk, 2 * desk.exits.window - 1)
    mark = desk.model.market(1).mark
    desk.marks(mark, desk.model.market(2).mark)
    open_long(desk, -lots)
    stay_up(desk, 1 + late)
    assert freeze_ignored(desk, 1) == ("Hatch_RequestNotIgnored", (1,))


@given(down=st.integers(90_000, 10**6), off=st.integers(-1, 1))
@undoing
def test_freeze_ignored__after_an_outage__operator_has_the_grace_to_the_second(
    desk: Desk, down: int, off: int
) -> None:
    asked(desk)
    desk.chain.time += 2 * desk.exits.window + down
    assert desk.beat() is DONE
    over = desk.now + desk.model.watch.grace
    stay_up(desk, desk.model.watch.grace + off)
    outcome = freeze_ignored(desk, 1)
    assert outcome == (DONE if off >= 0 else ("Hatch_GraceLasts", (desk.now, over)))


@undoing
def test_freeze__replayed__reverts(desk: Desk) -> None:
    freeze(desk)
    at = desk.now
    for _ in range(2):
        assert freeze_silent(desk) == ("Hatch_AlreadyFrozen", (at,))
        assert freeze_ignored(desk, 1) == ("Hatch_AlreadyFrozen", (at,))
        stay_up(desk, desk.hatch.liveness)
        assert look(desk) is DONE
    compare(desk)


@undoing
def test_freeze__done__closes_positions_and_queue(desk: Desk) -> None:
    freeze(desk)
    assert desk.venue.queue.call("isLifted") is True
    assert desk.settle(desk.batch()) == ("Positions_Frozen", ())
    assert desk.deposit(1, 1) == ("Positions_Frozen", ())
    assert desk.withdraw(1, 1) == ("Queue_Closed", ())
    desk.compare()


@pytest.mark.parametrize("who", ["operator", "governor", "fund", "desk", "index", "liquidations"])
@undoing
def test_freeze__of_positions_by_another_than_the_hatch__reverts(desk: Desk, who: str) -> None:
    address = str(getattr(desk.venue.system, who)).lower()
    with desk.chain.impersonated(address) as sender:
        with reverts("Positions_CallerRefused", sender):
            desk.venue.positions.transact("freeze", sender=sender)
        with reverts("Queue_CallerNotHatch", sender, desk.venue.hatch.address):
            desk.venue.queue.transact("lift", sender=sender)

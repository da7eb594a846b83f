"""Where an exit is, by the second: every stage, its boundary, who steps next and what blocks it.

signed ....... requested until its deadline, which counts; used, revoked or neither
forced ....... its window, executable, ignored; served, dropped, frozen
hold ......... until its second
ticket ....... delay, gate, line, bucket, nothing; aside; paid
leg .......... at the door; each word of the devnet
silence ...... nobody looked, silent, grace, freezable, frozen, tallied, paid
again ........ which exit a wish, or a demand, is already; for how long after its end
exit ......... what came last decides; the least advanced leg is where it is
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from penstock.follow.forced import EVERYTHING, Demand
from penstock.follow.progress import (
    LIFE,
    ORDER,
    Exit,
    Forced,
    Hold,
    Leg,
    Obstacle,
    Progress,
    Signed,
    Silence,
    Stage,
    Step,
    Ticket,
    Who,
    forced_progress,
    hold_progress,
    is_recent,
    leg_progress,
    progress,
    progress_to,
    signed_progress,
    silence_progress,
    ticket_progress,
)
from penstock.follow.requests import Wish

T = 1_000_000
SIGNED = Signed(1, 7, T, is_used=False)
FORCED = Forced(3, 1, "pending", T, window=100)
CLOSE = Forced(3, 1, "pending", T, window=100, market=2, left=5)
HOLD = Hold(2, 1, "0xaa", 50, until=T)
TICKET = Ticket(5, 1, "0xaa", 50, T, "line", 50, eta=T)
WAIT = (-1, 0, 1)


# --- signed, forced, held -------------------------------------------------------------------------


@pytest.mark.parametrize("after", WAIT)
def test_signed_progress__around_its_deadline__expires_after_it(after: int) -> None:
    found = signed_progress(SIGNED, T + after)
    assert found.stage is (Stage.EXPIRED if after > 0 else Stage.REQUESTED)
    assert found.step is (Step.NONE if after > 0 else Step.CARRY)


def test_signed_progress__used__is_carried_for_ever() -> None:
    assert signed_progress(Signed(1, 7, T, is_used=True), T + 9) == Progress(Stage.CARRIED)


def test_signed_progress__revoked__is_an_end_of_its_own() -> None:
    revoked = Signed(1, 7, T, is_used=True, is_revoked=True)
    assert signed_progress(revoked, T) == Progress(Stage.REVOKED)


@pytest.mark.parametrize("part", [FORCED, CLOSE])
@pytest.mark.parametrize("after", WAIT)
def test_forced_progress__around_its_window__is_executable_from_its_end(
    part: Forced, after: int
) -> None:
    now = T + 100 + after
    found = forced_progress(part, now)
    assert found.is_due(now) is (after >= 0)
    assert found.stage is (Stage.EXECUTABLE if after >= 0 else Stage.REQUESTED)
    assert found.obstacle is (Obstacle.NONE if after >= 0 else Obstacle.WINDOW)
    assert (found.step, found.who, found.earliest) == (Step.EXECUTE, Who.ANYONE, T + 100)


@pytest.mark.parametrize("after", WAIT)
def test_forced_progress__ignored_close__freezes_from_the_end_of_the_grace(after: int) -> None:
    part = replace(CLOSE, is_ignored=True, grace_ends_at=T + 250)
    found = forced_progress(part, T + 250 + after)
    assert (found.stage, found.step, found.earliest) == (Stage.IGNORED, Step.FREEZE, T + 250)
    assert found.obstacle is (Obstacle.NONE if after >= 0 else Obstacle.GRACE)
    assert found.is_due(T + 250 + after) is (after >= 0)


def test_forced_progress__ignored_without_grace__is_due_when_overdue() -> None:
    assert forced_progress(replace(CLOSE, is_ignored=True), T + 200).earliest == T + 200


@pytest.mark.parametrize(("until", "begins"), [(T + 99, 200), (T + 101, 201), (T + 250, 350)])
def test_forced_progress__paused_meanwhile__is_ignored_a_window_after(
    until: int, begins: int
) -> None:
    part = replace(CLOSE, is_ignored=True, paused_until=until)
    assert forced_progress(part, T + begins).earliest == T + begins


def test_forced_progress__withdrawal_overdue__stays_executable() -> None:
    assert forced_progress(FORCED, T + 10_000).stage is Stage.EXECUTABLE
    assert (FORCED.is_close, CLOSE.is_close) == (False, True)


def test_forced_progress__venue_frozen__leads_to_the_hatch() -> None:
    found = forced_progress(replace(FORCED, is_frozen=True), T + 500)
    assert (found.stage, found.step, found.who) == (Stage.FROZEN, Step.ESCAPE, Who.OWNER)
    assert not found.is_due(T + 500)


@pytest.mark.parametrize("status", ["served", "dropped"])
def test_forced_progress__done__has_no_next_step(status: str) -> None:
    assert forced_progress(replace(CLOSE, status=status), T) == Progress(Stage(status))


@pytest.mark.parametrize("after", WAIT)
def test_hold_progress__around_its_second__may_be_admitted_from_it(after: int) -> None:
    found = hold_progress(HOLD, T + after)
    assert (found.stage, found.step, found.earliest) == (Stage.HELD, Step.ADMIT, T)
    assert found.is_due(T + after) is (after >= 0)
    assert found.obstacle is (Obstacle.NONE if after >= 0 else Obstacle.HELD)


# --- in line --------------------------------------------------------------------------------------


@pytest.mark.parametrize("after", WAIT)
def test_ticket_progress__around_its_delay__is_ready_from_its_end(after: int) -> None:
    found = ticket_progress(TICKET, T + after)
    assert found.stage is (Stage.READY if after >= 0 else Stage.QUEUED)
    assert found.obstacle is (Obstacle.NONE if after >= 0 else Obstacle.DELAY)
    assert found.is_due(T + after) is (after >= 0)
    assert found.eta == max(T, T + after)


@pytest.mark.parametrize("after", WAIT)
def test_ticket_progress__around_the_gate__may_be_released_from_its_end(after: int) -> None:
    found = ticket_progress(replace(TICKET, gate_ends_at=T + 60, eta=T + 60), T + 60 + after)
    assert (found.stage, found.earliest) == (Stage.READY, T + 60)
    assert found.obstacle is (Obstacle.NONE if after >= 0 else Obstacle.GATE)
    assert found.is_due(T + 60 + after) is (after >= 0)


@pytest.mark.parametrize("after", WAIT)
def test_ticket_progress__around_the_promised_time__bucket_until_then(after: int) -> None:
    found = ticket_progress(replace(TICKET, eta=T + 60), T + 60 + after)
    assert found.obstacle is (Obstacle.NONE if after >= 0 else Obstacle.BUCKET)
    assert found.is_due(T + 60 + after)  # its head may be paid in part


@pytest.mark.parametrize("after", WAIT)
def test_ticket_progress__around_the_time_of_those_ahead__line_and_then_bucket(after: int) -> None:
    found = ticket_progress(replace(TICKET, eta=T + 90, eta_ahead=T + 60), T + 60 + after)
    assert found.obstacle is (Obstacle.BUCKET if after >= 0 else Obstacle.LINE)


def test_ticket_progress__promise_in_the_past__is_for_now() -> None:
    assert ticket_progress(TICKET, T + 500).eta == T + 500


@pytest.mark.parametrize("gate", [0, T])
@pytest.mark.parametrize("after", WAIT)
def test_ticket_progress__aside__may_be_claimed_from_its_second(gate: int, after: int) -> None:
    part = replace(TICKET, status="aside", claimable_from=T, gate_ends_at=gate)
    found = ticket_progress(part, T + after)
    assert (found.stage, found.step, found.earliest) == (Stage.ASIDE, Step.CLAIM, T)
    blocked = Obstacle.GATE if gate else Obstacle.BUCKET
    assert found.obstacle is (Obstacle.NONE if after >= 0 else blocked)
    assert found.is_due(T + after) is (after >= 0)


def test_ticket_progress__paid__is_released() -> None:
    assert ticket_progress(replace(TICKET, status="paid"), T) == Progress(Stage.RELEASED)


# --- to L1 ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "stage", "step", "obstacle"),
    [
        ("", Stage.BRIDGED, Step.PROVE, Obstacle.UNSEEN),
        ("waiting", Stage.BRIDGED, Step.PROVE, Obstacle.OUTPUT),
        ("replaced", Stage.BRIDGED, Step.PROVE, Obstacle.OUTPUT),
        ("disputed", Stage.BRIDGED, Step.PROVE, Obstacle.DISPUTE),
        ("provable", Stage.BRIDGED, Step.PROVE, Obstacle.NONE),
        ("proven", Stage.PROVEN, Step.FINALISE, Obstacle.CHALLENGE),
        ("ready", Stage.PROVEN, Step.FINALISE, Obstacle.NONE),
        ("final", Stage.FINAL, Step.NONE, Obstacle.NONE),
    ],
)
def test_leg_progress__each_word_of_l1__has_its_step(
    status: str, stage: Stage, step: Step, obstacle: Obstacle
) -> None:
    found = leg_progress(Leg(50, T, "0xbb", 0, status, T + 60), T + 5)
    assert (found.stage, found.step, found.obstacle) == (stage, step, obstacle)
    assert found.is_due(T + 5) is (status in ("provable", "ready"))


def test_leg_progress__at_the_door__may_be_sent_by_anyone() -> None:
    found = leg_progress(Leg(50, T), T)
    assert (found.stage, found.step, found.who) == (Stage.AT_THE_DOOR, Step.SEND, Who.ANYONE)
    assert found.is_due(T)


@pytest.mark.parametrize("after", WAIT)
def test_leg_progress__proven__is_due_when_l1_can_pay(after: int) -> None:
    found = leg_progress(Leg(50, T, "0xbb", 0, "proven", T + 60), T + 60 + after)
    assert found.is_due(T + 60 + after) is (after >= 0)


# --- an escape ------------------------------------------------------------------------------------


def test_silence_progress__nobody_looked__somebody_has_to() -> None:
    found = silence_progress(Silence(1), T)
    assert (found.stage, found.step, found.obstacle) == (Stage.LIVE, Step.LOOK, Obstacle.BATCHES)
    assert found.is_due(T)


@pytest.mark.parametrize("grace", [0, T])
@pytest.mark.parametrize("after", WAIT)
def test_silence_progress__around_the_window__is_freezable_from_its_end(
    grace: int, after: int
) -> None:
    found = silence_progress(Silence(1, freezable_at=T, grace_ends_at=grace), T + after)
    assert found.stage is (Stage.FREEZABLE if after >= 0 else Stage.SILENT)
    blocked = Obstacle.GRACE if grace else Obstacle.SILENCE
    assert found.obstacle is (Obstacle.NONE if after >= 0 else blocked)
    assert (found.step, found.is_due(T + after)) == (Step.FREEZE, after >= 0)


def test_silence_progress__frozen__is_tallied_then_paid() -> None:
    frozen = Silence(1, frozen_at=T, accounts=2, counted=1)
    found = silence_progress(frozen, T)
    assert (found.stage, found.step, found.obstacle) == (Stage.FROZEN, Step.TALLY, Obstacle.COUNT)
    done = replace(frozen, counted=2, fixed_at=T + 1)
    found = silence_progress(replace(done, share=9), T + 1)
    assert (found.stage, found.step, found.who) == (Stage.TALLIED, Step.ESCAPE, Who.OWNER)
    found = silence_progress(done, T + 1)
    assert (found.step, found.obstacle) == (Step.NONE, Obstacle.SHARE)
    found = silence_progress(replace(done, share=9, is_paid=True), T + 1)
    assert found == Progress(Stage.PAID)


# --- a whole exit ---------------------------------------------------------------------------------


def test_progress__what_came_last__decides() -> None:
    parts: dict[str, object] = {"signed": SIGNED}
    stages = [progress(Exit(1, signed=SIGNED), T).stage]
    for name, part in (("forced", FORCED), ("hold", HOLD), ("ticket", TICKET)):
        parts[name] = part
        stages.append(progress(Exit(1, **parts), T).stage)  # type: ignore[arg-type]
    assert stages == [Stage.REQUESTED, Stage.REQUESTED, Stage.HELD, Stage.READY]
    assert progress(Exit(1), T).step is Step.NONE
    silent = Exit(1, ticket=TICKET, silence=Silence(1, frozen_at=T))
    assert progress(silent, T).stage is Stage.FROZEN


def test_progress__paid_to_a_door__is_where_its_last_leg_is() -> None:
    legs = (Leg(1, T, "0xbb", 0, "final"), Leg(2, T, "0xcc", 0, "ready"), Leg(3, T))
    paid = Exit(1, ticket=replace(TICKET, status="paid"), door="0xaa", legs=legs)
    assert progress(paid, T).stage is Stage.AT_THE_DOOR
    assert progress(Exit(1, ticket=TICKET, door="0xaa", legs=legs), T).stage is Stage.READY
    escaped = Exit(1, silence=Silence(1, T, 0, T, 1, 1, T, 9, is_paid=True), legs=legs[:2])
    assert progress(escaped, T).step is Step.FINALISE


def test_progress_to__paid_in_part__may_be_ahead_of_the_rest() -> None:
    legs = (Leg(1, T, "0xbb", 0, "ready"), Leg(2, T, "0xcc", 0, "provable"), Leg(3, T))
    exit = Exit(1, ticket=TICKET, door="0xaa", legs=legs)
    for step in (Step.SEND, Step.PROVE, Step.FINALISE):
        assert progress_to(exit, step, T).step is step
    assert progress_to(exit, Step.RELEASE, T).stage is Stage.READY
    assert progress_to(replace(exit, legs=()), Step.SEND, T).stage is Stage.READY


PAID = replace(TICKET, status="paid")
DOOR = (Leg(50, T, "0xbb", 0, "final", ended_at=T),)


@pytest.mark.parametrize(
    "ended",
    [
        Exit(1, ticket=PAID, paid_at=T),
        Exit(1, ticket=PAID, paid_at=T - 9, legs=DOOR),
        Exit(1, forced=replace(CLOSE, status="served", ended_at=T)),
        Exit(1, forced=replace(FORCED, status="served", ended_at=T - 9), ticket=PAID, paid_at=T),
    ],
)
@pytest.mark.parametrize("after", WAIT)
def test_is_recent__ended__until_a_day_after_the_last_of_it(ended: Exit, after: int) -> None:
    assert is_recent(ended, T + LIFE + after) is (after < 0)


@pytest.mark.parametrize("way", [Exit(1, ticket=TICKET), Exit(1, hold=HOLD), Exit(1, forced=CLOSE)])
def test_is_recent__under_way__for_as_long_as_it_is(way: Exit) -> None:
    assert is_recent(way, T + 1_000 * LIFE)


# --- the same again -------------------------------------------------------------------------------


def pending(asked: int, left: int, market: int = 0) -> Forced:
    """A request of account 7 that waits."""
    return Forced(2, 7, "pending", T, 100, market, left, "" if market else "0xa", asked=asked)


@pytest.mark.parametrize(
    ("waits", "met_by"),
    [
        (pending(10, 10), {10}),
        (pending(10, 4), {10}),
        (pending(EVERYTHING, EVERYTHING), {"all"}),
        (pending(EVERYTHING, EVERYTHING - 10), {"all"}),
        (replace(pending(10, 10), status="dropped"), set()),
        (replace(pending(10, 10), status="served"), {10}),
        (replace(pending(10, 10), recipient="0xb"), set()),
    ],
)
def test_is_met_by__withdrawal__by_the_same_number_or_by_all(
    waits: Forced, met_by: set[int | str]
) -> None:
    wanted: dict[int | str, Demand] = {n: Demand(7, 0, n, "0xa") for n in (4, 6, 10)}
    wanted["all"] = Demand(7, 0, 500, "0xa", is_all=True)
    assert {name for name, demand in wanted.items() if demand.is_met_by(waits)} == met_by


@pytest.mark.parametrize(
    ("waits", "met_by"),
    [
        (pending(100, 100, 1), {100}),
        (pending(1_000, 1_000, 1), {1_000, "all"}),
        (pending(1_200, 1_000, 1), {"all"}),
        (pending(1_000, 999, 1), {1_000}),
        (pending(1_000, 1_000, 2), set()),
        (replace(pending(1_000, 0, 1), status="served"), {1_000}),
    ],
)
def test_is_met_by__close_of_a_thousand_lots__by_the_same_lots_or_by_all_that_is_held(
    waits: Forced, met_by: set[int | str]
) -> None:
    wanted: dict[int | str, Demand] = {n: Demand(7, 1, n) for n in (100, 1_000)}
    wanted["all"] = Demand(7, 1, 1_000, is_all=True)
    assert {name for name, demand in wanted.items() if demand.is_met_by(waits)} == met_by


def test_is_met_by__served_and_nothing_left__is_all_that_there_was() -> None:
    close = replace(pending(100, 0, 1), status="served")
    assert Demand(7, 1, 0, is_all=True).is_met_by(close)
    everything = replace(pending(EVERYTHING, 0), status="served")
    assert Demand(7, 0, 0, "0xa", is_all=True).is_met_by(everything)
    assert not Demand(7, 0, 0, "0xa", is_all=True).is_met_by(replace(everything, asked=10))
    assert not Demand(7, 0, 5, "0xa", is_all=True).is_met_by(everything)


@pytest.mark.parametrize(
    ("wish", "met"),
    [
        (Wish(1, "0xaa", 50), True),
        (Wish(1, "0xaa", 49), False),
        (Wish(1, "0xbb", 50), False),
        (Wish(1, "0xaa", 50, is_all=True), False),
        (Wish(1, "0xaa", 0, is_all=True), True),
    ],
)
def test_is_met_by__wish__by_recipient_and_amount_and_all_by_any_when_nothing_is_left(
    wish: Wish, met: bool
) -> None:
    assert wish.is_met_by(Exit(1, ticket=TICKET)) is met
    assert wish.is_met_by(Exit(1, hold=HOLD)) is met
    assert not wish.is_met_by(Exit(1, forced=FORCED))


@given(st.sampled_from(ORDER), st.sampled_from(ORDER))
def test_is_past__any_two_steps__is_the_order_in_which_they_come(one: Step, other: Step) -> None:
    assert Progress(Stage.READY, one).is_past(other) is (ORDER.index(one) > ORDER.index(other))


@given(st.integers(T - 300, T + 300), st.integers(T - 300, T + 300), st.integers(T - 300, T + 300))
def test_ticket_progress__any_times__blocks_nothing_exactly_from_the_promise_on(
    ready_at: int, gate: int, now: int
) -> None:
    eta = max(ready_at, gate)
    found = ticket_progress(replace(TICKET, ready_at=ready_at, gate_ends_at=gate, eta=eta), now)
    assert (found.obstacle is Obstacle.NONE) is (now >= eta)
    assert found.is_due(now) is (now >= eta)

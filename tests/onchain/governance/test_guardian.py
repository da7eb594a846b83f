"""pause, cancel, dismissal: what a guardian can do, for how long, and how it ends

pauses ................ new exposure for a day in eight, whoever is guardian; every exit goes on
cancels ............... any operation but its own dismissal
shortens .............. nothing: it neither proposes nor executes
dismissed ............. a stranger
"""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from penstock.governance import GUARDIAN
from tests.helpers.actors import Actor
from tests.helpers.governance import NOTHING, Operation, operation
from tests.helpers.revm import reverts
from tests.helpers.venue import PARAMETERS, Venue, isolated
from tests.onchain.governance.changes import CHANGES, Change
from tests.onchain.governance.offices import GOVERNS, GUARDS

DELAY = PARAMETERS.timelock_delay
DAY = 86_400
REST = 7 * DAY
LEAVER, SUCCESSOR = Actor("leaver"), Actor("next guardian")
DEPOSIT = 10**9
MARKS = (500_000, 300_000)


def pause(venue: Venue, who: Actor = GUARDS, market: int = 1) -> None:
    venue.index.transact("pause", [market], sender=who.address)


def done(wanted: Operation) -> None:
    """Have the governor wait for it."""
    wanted.schedule(GOVERNS.address)
    wanted.timelock.chain.time += DELAY
    wanted.execute(GOVERNS.address)


def dismiss(venue: Venue) -> None:
    """Have the governor dismiss the guardian, which cannot be cancelled."""
    call = (*venue.timelock.call("dismissal", GUARDS.address), NOTHING, NOTHING)
    venue.timelock.transact("scheduleBatch", *call, DELAY, sender=GOVERNS.address)
    dismissal = venue.timelock.call("dismissalOf", GUARDS.address)
    with reverts("Timelock_OwnDismissal", GUARDS.address):
        venue.timelock.transact("cancel", dismissal, sender=GUARDS.address)
    venue.chain.time += DELAY
    venue.timelock.transact("executeBatch", *call, sender=GOVERNS.address)


@given(amount=st.integers(1, DEPOSIT), again=st.integers(0, DAY - 1))
@isolated
def test_adm_6__paused__an_account_leaves_with_everything_it_asks_for(
    governed: Venue, amount: int, again: int
) -> None:
    leaver = LEAVER.address
    account = governed.positions.transact("register", leaver, sender=leaver)
    governed.mint(leaver, DEPOSIT)
    governed.positions.transact("deposit", account, DEPOSIT, sender=leaver)
    governed.refresh(MARKS)
    for market in (1, 2):
        pause(governed, market=market)
    exit_ = (account, leaver, amount, ())
    governed.positions.transact("requestWithdrawal", *exit_, sender=leaver)
    governed.chain.time += max(again, PARAMETERS.withdrawal_delay)
    if governed.chain.time < governed.index.call("pausedUntil"):
        pause(governed)
    assert governed.vault.transact("release", 1, sender=GOVERNS.address) == amount
    assert governed.token.call("balanceOf", leaver) == amount


@given(attempts=st.lists(st.integers(0, 2 * DAY), min_size=1, max_size=30))
@isolated
def test_adm_6__any_guardian_at_any_times__pauses_a_day_in_eight(
    governed: Venue, attempts: list[int]
) -> None:
    ends: list[int] = []
    for passed in attempts:
        governed.chain.time += passed
        until = governed.index.call("pausedUntil")
        if ends and until <= governed.chain.time < until + REST:
            with reverts("Pause_Resting", governed.chain.time, until + REST):
                pause(governed)
            continue
        pause(governed)
        end = governed.index.call("pausedUntil")
        if not ends or end != ends[-1]:
            ends.append(end)
    gaps = [later - sooner for sooner, later in pairwise(ends)]
    assert all(gap >= DAY + REST for gap in gaps)


@isolated
def test_adm_6__another_guardian__inherits_the_rest(governed: Venue) -> None:
    named = (GUARDIAN, SUCCESSOR.address, 0)
    wanted = operation(governed.timelock, governed.manager, "grantRole", *named)
    wanted.schedule(GOVERNS.address)
    governed.chain.time += DELAY
    pause(governed)
    end = governed.index.call("pausedUntil")
    wanted.execute(GOVERNS.address)
    pause(governed, SUCCESSOR, market=2)
    assert governed.index.call("pausedUntil") == end
    governed.chain.time = end
    with reverts("Pause_Resting", end, end + REST):
        pause(governed, SUCCESSOR)


@isolated
def test_adm_6__dismissed__neither_pauses_nor_cancels(governed: Venue) -> None:
    pause(governed)
    dismiss(governed)
    governed.chain.time += 2 * REST
    with reverts("AccessManagedUnauthorized", GUARDS.address):
        pause(governed)
    wanted = CHANGES[0].operation(governed)
    wanted.schedule(GOVERNS.address)
    role = governed.timelock.call("CANCELLER_ROLE")
    with reverts("AccessControlUnauthorizedAccount", GUARDS.address, role):
        wanted.cancel(GUARDS.address)


@isolated
def test_cancel__dismissal_of_a_guardian__the_governor_may(governed: Venue) -> None:
    call = (*governed.timelock.call("dismissal", GUARDS.address), NOTHING, NOTHING)
    governed.timelock.transact("scheduleBatch", *call, DELAY, sender=GOVERNS.address)
    dismissal = governed.timelock.call("dismissalOf", GUARDS.address)
    governed.timelock.transact("cancel", dismissal, sender=GOVERNS.address)
    assert not governed.timelock.call("isOperation", dismissal)


@given(change=st.sampled_from(CHANGES), passed=st.integers(0, 3 * DELAY))
@isolated
def test_adm_4__guardian__neither_proposes_nor_executes(
    governed: Venue, change: Change, passed: int
) -> None:
    wanted = change.operation(governed)
    proposer, executor = (
        governed.timelock.call(name) for name in ("PROPOSER_ROLE", "EXECUTOR_ROLE")
    )
    with reverts("AccessControlUnauthorizedAccount", GUARDS.address, proposer):
        wanted.schedule(GUARDS.address)
    wanted.schedule(GOVERNS.address)
    governed.chain.time += passed
    with reverts("AccessControlUnauthorizedAccount", GUARDS.address, executor):
        wanted.execute(GUARDS.address)

"""announceGuard, applyGuard, withdrawGuardChange, and what a guard does

caller is not the owner ............................. Guard_CallerNotOwner
more than 30 days, or more than 16 destinations ..... Guard_DelayTooLong, Guard_TooManyDestinations
nothing or something else was announced ............. Guard_NotAnnounced
announced less than the extra delay in force ago .... Guard_NotApplicable
announced with no extra delay in force .............. holds at once
a request to somebody who is not on the list ........ Guard_DestinationRefused
a transfer from a guarded account ................... Account_Guarded
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.helpers.actors import Actor
from tests.helpers.amounts import PEOPLE
from tests.helpers.revm import reverts
from tests.helpers.venue import POSITIONS, STRANGER, Venue, isolated, make_queue

ALICE, BOB = Actor("alice").address, Actor("bob").address
MONTH = 30 * 86_400
DELAYS = st.integers(1, MONTH)
LISTS = st.lists(PEOPLE.map(lambda who: who.address), max_size=3)
COLD = Actor("cold wallet").address


def announce(venue: Venue, delay: int, destinations: list[str], sender: str = ALICE) -> None:
    venue.queue.transact("announceGuard", 1, delay, destinations, sender=sender)


def request(venue: Venue, to: str, amount: int = 5) -> int:
    positions = venue.positions
    return int(positions.transact("requestWithdrawal", 1, to, amount, [], sender=ALICE))


@pytest.mark.parametrize(
    ("function", "rest"),
    [("announceGuard", (5, ())), ("applyGuard", (5, ())), ("withdrawGuardChange", ())],
)
@given(who=st.sampled_from([BOB, STRANGER.address]))
@isolated
def test_guard__caller_is_not_the_owner__reverts(
    inhabited: Venue, function: str, rest: tuple[object, ...], who: str
) -> None:
    with reverts("Guard_CallerNotOwner", 1, who, ALICE):
        inhabited.queue.transact(function, 1, *rest, sender=who)


@given(delay=st.integers(MONTH + 1, 2**32 - 1), count=st.integers(17, 40))
@isolated
def test_announce_guard__beyond_the_bounds__reverts(
    inhabited: Venue, delay: int, count: int
) -> None:
    with reverts("Guard_DelayTooLong", delay, MONTH):
        announce(inhabited, delay, [])
    with reverts("Guard_TooManyDestinations", count, 16):
        announce(inhabited, 0, [BOB] * count)


@given(delay=st.integers(0, MONTH), destinations=LISTS)
@isolated
def test_announce_guard__nothing_in_force__holds_at_once(
    inhabited: Venue, delay: int, destinations: list[str]
) -> None:
    announce(inhabited, delay, destinations)
    said = [(log.name, log.arguments) for log in inhabited.chain.logs()]
    terms = (1, delay, tuple(destinations))
    assert said == [
        ("GuardAnnounced", (*terms, inhabited.chain.time)),
        ("GuardChanged", terms),
    ]
    assert inhabited.queue.call("guardOf", 1) == (delay, bool(destinations), 0)
    assert inhabited.queue.call("isGuarded", 1) == bool(delay or destinations)
    assert not inhabited.queue.call("isGuarded", 2)


@given(first=DELAYS, second=st.integers(0, MONTH), early=st.integers(0, 1), destinations=LISTS)
@isolated
def test_apply_guard__a_second_early__reverts__at_its_second__holds(
    inhabited: Venue, first: int, second: int, early: int, destinations: list[str]
) -> None:
    announce(inhabited, first, [COLD])
    announce(inhabited, second, destinations)
    due = inhabited.chain.time + first
    assert inhabited.queue.call("guardOf", 1) == (first, True, due)
    inhabited.chain.time = due - early
    change = (1, second, destinations)
    if early:
        with reverts("Guard_NotApplicable", 1, due):
            inhabited.queue.transact("applyGuard", *change, sender=ALICE)
        return
    inhabited.queue.transact("applyGuard", *change, sender=ALICE)
    assert inhabited.queue.call("guardOf", 1) == (second, bool(destinations), 0)
    # The old list is void, and what was announced is used up.
    assert inhabited.queue.call("allows", 1, COLD) == (not destinations)
    with reverts("Guard_NotAnnounced", 1):
        inhabited.queue.transact("applyGuard", *change, sender=ALICE)


@given(delay=DELAYS, other=st.integers(0, MONTH), destinations=LISTS)
@isolated
def test_apply_guard__another_than_announced__reverts(
    inhabited: Venue, delay: int, other: int, destinations: list[str]
) -> None:
    announce(inhabited, delay, [])
    announce(inhabited, other, destinations)
    inhabited.chain.time += delay
    for change in ((other, [*destinations, STRANGER.address]), (other ^ 1, destinations)):
        with reverts("Guard_NotAnnounced", 1):
            inhabited.queue.transact("applyGuard", 1, *change, sender=ALICE)


@given(delay=DELAYS)
@isolated
def test_withdraw_guard_change__announced__can_no_longer_be_applied(
    inhabited: Venue, delay: int
) -> None:
    with reverts("Guard_NotAnnounced", 1):
        inhabited.queue.transact("withdrawGuardChange", 1, sender=ALICE)
    announce(inhabited, delay, [])
    announce(inhabited, 0, [])
    inhabited.queue.transact("withdrawGuardChange", 1, sender=ALICE)
    assert [log.name for log in inhabited.chain.logs()] == ["GuardChangeWithdrawn"]
    inhabited.chain.time += delay
    with reverts("Guard_NotAnnounced", 1):
        inhabited.queue.transact("applyGuard", 1, 0, [], sender=ALICE)


@given(first=DELAYS, pause=st.integers(1, MONTH))
@isolated
def test_announce_guard__again__waits_anew(inhabited: Venue, first: int, pause: int) -> None:
    announce(inhabited, first, [])
    announce(inhabited, 0, [COLD])
    inhabited.chain.time += pause
    announce(inhabited, 0, [BOB])
    due = inhabited.chain.time + first
    assert inhabited.queue.call("guardOf", 1)[2] == due
    with reverts("Guard_NotAnnounced", 1):
        inhabited.queue.transact("applyGuard", 1, 0, [COLD], sender=ALICE)


@given(destinations=LISTS.filter(bool), to=PEOPLE)
@isolated
def test_push__confined_account__pays_whom_the_list_names_and_nobody_else(
    inhabited: Venue, destinations: list[str], to: Actor
) -> None:
    announce(inhabited, 0, destinations)
    allowed = to.address in destinations
    assert inhabited.queue.call("allows", 1, to.address) == allowed
    if allowed:
        assert request(inhabited, to.address) == 1
        return
    with reverts("Guard_DestinationRefused", 1, to.address):
        request(inhabited, to.address)


@given(delay=st.integers(0, MONTH), destinations=LISTS)
@isolated
def test_transfer__from_a_guarded_account__reverts(
    inhabited: Venue, delay: int, destinations: list[str]
) -> None:
    announce(inhabited, delay, destinations)
    if not (delay or destinations):
        inhabited.positions.transact("transfer", 1, 2, 5, [], sender=ALICE)
        return
    with reverts("Account_Guarded", 1):
        inhabited.positions.transact("transfer", 1, 2, 5, [], sender=ALICE)


@isolated
def test_guard__of_account_0_and_of_nobody__is_the_funds_and_nobodys(inhabited: Venue) -> None:
    for account, owner in ((0, inhabited.fund.address), (3, "0x" + "00" * 20)):
        with reverts("Guard_CallerNotOwner", account, ALICE, owner):
            inhabited.queue.transact("announceGuard", account, 5, [], sender=ALICE)


def test_allows__no_guard__everybody() -> None:
    assert make_queue().call("allows", 1, POSITIONS.address)


@given(delay=DELAYS)
@isolated
def test_guard__thief_with_the_key__moves_nothing_before_the_delay_is_over(
    inhabited: Venue, delay: int
) -> None:
    announce(inhabited, delay, [COLD])
    thief = STRANGER.address
    announce(inhabited, 0, [thief])
    inhabited.chain.time += delay - 1
    with reverts("Guard_DestinationRefused", 1, thief):
        request(inhabited, thief)
    with reverts("Account_Guarded", 1):
        inhabited.positions.transact("transfer", 1, 2, 5, [], sender=ALICE)
    # Meanwhile the owner takes it home, or takes the change back.
    inhabited.queue.transact("withdrawGuardChange", 1, sender=ALICE)
    assert request(inhabited, COLD) == 0

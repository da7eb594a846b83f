"""push(account, recipient, amount)

caller is not PerpPositions .... Queue_CallerNotPositions
the venue is frozen ............ Queue_Closed
the guard does not list it ..... Guard_DestinationRefused (test_guards)
the account has an extra delay . held (test_holds)
otherwise ...................... the next number, ready after the delay, never before an earlier one

what changes the line otherwise, for all but the vault ... Queue_CallerNotVault
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.helpers.actors import Actor
from tests.helpers.amounts import ACCOUNTS, AMOUNTS, PEOPLE
from tests.helpers.revm import START, reverts
from tests.helpers.venue import GOVERNOR, HATCH, POSITIONS, VAULT, make_queue

WAITING = 1
ALICE = Actor("alice").address
DELAYS = st.integers(60, 2 * 86_400)


@given(who=PEOPLE)
@pytest.mark.parametrize(
    ("function", "arguments"), [("pop", (1,)), ("setAside", (1, 1, 1)), ("settleAside", (1,))]
)
def test_queue__caller_is_not_the_vault__reverts(
    function: str, arguments: tuple[object, ...], who: Actor
) -> None:
    queue = make_queue()
    for caller in (who.address, GOVERNOR, POSITIONS.address):
        with reverts("Queue_CallerNotVault", caller, VAULT.address):
            queue.transact(function, *arguments, sender=caller)


@given(who=PEOPLE, amount=AMOUNTS)
def test_push__caller_is_not_positions__reverts(who: Actor, amount: int) -> None:
    queue = make_queue()
    for caller in (who.address, GOVERNOR, VAULT.address):
        with reverts("Queue_CallerNotPositions", caller, POSITIONS.address):
            queue.transact("push", 1, ALICE, amount, sender=caller)


@given(account=ACCOUNTS, amount=AMOUNTS)
def test_push__venue_is_frozen__reverts(account: int, amount: int) -> None:
    queue = make_queue()
    queue.transact("lift", sender=HATCH.address)
    with reverts("Queue_Closed"):
        queue.transact("push", account, ALICE, amount, sender=POSITIONS.address)


@given(tickets=st.lists(st.tuples(ACCOUNTS, PEOPLE, AMOUNTS), min_size=1, max_size=6))
def test_push__several__numbers_from_one_and_knows_who_is_ahead(
    tickets: list[tuple[int, Actor, int]],
) -> None:
    queue = make_queue()
    for number, (account, who, amount) in enumerate(tickets, 1):
        pushed = queue.transact("push", account, who.address, amount, sender=POSITIONS.address)
        assert pushed == number
        issued = (number, account, who.address, amount, START + 300)
        assert [log.arguments for log in queue.chain.logs()] == [issued]
        assert queue.call("ticket", number) == (*issued[1:], WAITING)
        before = sum(amount for _, _, amount in tickets[: number - 1])
        assert queue.call("aheadOf", number) == (number - 1, before)
        assert queue.call("leftOf", number) == amount
    assert (queue.call("head"), queue.call("tail")) == (1, len(tickets) + 1)
    assert queue.call("owed") == sum(amount for _, _, amount in tickets)


@given(first=DELAYS, second=DELAYS, pause=st.integers(0, 7 * 86_400))
def test_push__delay_changed_between__is_never_ready_before_an_earlier_one(
    first: int, second: int, pause: int
) -> None:
    queue = make_queue(first)
    queue.transact("push", 1, ALICE, 5, sender=POSITIONS.address)
    queue.chain.time += pause
    queue.transact("setDelay", second, sender=GOVERNOR)
    queue.transact("push", 1, ALICE, 5, sender=POSITIONS.address)
    assert queue.call("ticket", 1)[3] == START + first
    assert queue.call("ticket", 2)[3] == max(START + first, START + pause + second)

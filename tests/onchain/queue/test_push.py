"""push(account, recipient, amount)

    caller is not the vault ... Queue_CallerNotVault
    otherwise ................. the next number, ready after the delay, never before an earlier one

pop(), setAside(ticket), settleAside(ticket)

    caller is not the vault ... Queue_CallerNotVault
    head is not ready ......... 0
    otherwise ................. the head, which is paid unless it is set aside
    not the last one popped ... Queue_TicketNotPopped
    not aside ................. Queue_TicketNotAside
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.helpers.actors import Actor
from tests.helpers.amounts import ACCOUNTS, AMOUNTS, PEOPLE
from tests.helpers.revm import START, Contract, RevmChain, reverts
from tests.helpers.venue import GOVERNOR

UNKNOWN, WAITING, READY, PAID, ASIDE = range(5)
DAY = 86_400
VAULT, ALICE = Actor("vault").address, Actor("alice").address
DELAYS = st.integers(60, 7 * DAY)


def make_queue(delay: int = 300) -> Contract:
    """A queue whose vault is a key."""
    chain = RevmChain()
    return chain.at("WithdrawalQueue", chain.create("WithdrawalQueue", VAULT, GOVERNOR, delay))


@given(who=PEOPLE)
@pytest.mark.parametrize(
    ("function", "arguments"),
    [("push", (1, ALICE, 1)), ("pop", ()), ("setAside", (1,)), ("settleAside", (1,))],
)
def test_queue__caller_is_not_the_vault__reverts(
    function: str, arguments: tuple[object, ...], who: Actor
) -> None:
    queue = make_queue()
    for caller in (who.address, GOVERNOR):
        with reverts("Queue_CallerNotVault", caller, VAULT):
            queue.transact(function, *arguments, sender=caller)


@given(tickets=st.lists(st.tuples(ACCOUNTS, PEOPLE, AMOUNTS), min_size=1, max_size=6))
def test_push__several__numbers_from_one_and_knows_who_is_ahead(
    tickets: list[tuple[int, Actor, int]],
) -> None:
    queue = make_queue()
    for number, (account, who, amount) in enumerate(tickets, 1):
        assert queue.transact("push", account, who.address, amount, sender=VAULT) == number
        issued = (number, account, who.address, amount, START + 300)
        assert [log.arguments for log in queue.chain.logs()] == [issued]
        assert queue.call("ticket", number) == (*issued[1:], WAITING)
        before = sum(amount for _, _, amount in tickets[: number - 1])
        assert queue.call("aheadOf", number) == (number - 1, before)
    assert (queue.call("head"), queue.call("tail")) == (1, len(tickets) + 1)
    assert queue.call("owed") == sum(amount for _, _, amount in tickets)


@given(first=DELAYS, second=DELAYS, pause=st.integers(0, 7 * DAY))
def test_push__delay_changed_between__is_never_ready_before_an_earlier_one(
    first: int, second: int, pause: int
) -> None:
    queue = make_queue(first)
    queue.transact("push", 1, ALICE, 5, sender=VAULT)
    queue.chain.time += pause
    queue.transact("setDelay", second, sender=GOVERNOR)
    queue.transact("push", 1, ALICE, 5, sender=VAULT)
    assert queue.call("ticket", 1)[3] == START + first
    assert queue.call("ticket", 2)[3] == max(START + first, START + pause + second)


@given(early=st.integers(-2, 2))
def test_pop__around_the_second__is_ready_from_it_on(early: int) -> None:
    queue = make_queue()
    queue.transact("push", 1, ALICE, 5, sender=VAULT)
    queue.chain.time += 300 - early
    assert queue.call("ticket", 1)[4] == (WAITING if early > 0 else READY)
    popped = queue.transact("pop", sender=VAULT)
    if early > 0:
        assert tuple(popped) == (0, "0x" + "00" * 20, 0)
        assert queue.call("head") == 1
    else:
        assert tuple(popped) == (1, ALICE, 5)
        assert queue.call("ticket", 1)[4] == PAID
        assert (queue.call("head"), queue.call("owed")) == (2, 0)


def test_pop__nobody_in_line__is_zero() -> None:
    assert make_queue().transact("pop", sender=VAULT)[0] == 0


@given(amounts=st.lists(AMOUNTS, min_size=2, max_size=6), aside=st.sets(st.integers(1, 6)))
def test_set_aside__some_of_many__are_owed_until_settled(
    amounts: list[int], aside: set[int]
) -> None:
    queue = make_queue()
    for amount in amounts:
        queue.transact("push", 1, ALICE, amount, sender=VAULT)
    queue.chain.time += 300
    left = dict(enumerate(amounts, 1))
    for number in list(left):
        queue.transact("pop", sender=VAULT)
        if number in aside:
            queue.transact("setAside", number, sender=VAULT)
        else:
            del left[number]
        assert queue.call("ticket", number)[4] == (ASIDE if number in aside else PAID)
        assert queue.call("owed") == sum(left.values())
        assert queue.call("aheadOf", number) == (0, 0)
    for number, amount in left.items():
        assert queue.transact("settleAside", number, sender=VAULT) == (ALICE, amount)
        with reverts("Queue_TicketNotAside", number, PAID):
            queue.transact("settleAside", number, sender=VAULT)
    assert queue.call("owed") == 0


@given(number=st.integers(0, 5))
def test_set_aside__not_the_last_popped__reverts(number: int) -> None:
    queue = make_queue()
    for _ in range(4):
        queue.transact("push", 1, ALICE, 5, sender=VAULT)
    queue.chain.time += 300
    for _ in range(2):
        queue.transact("pop", sender=VAULT)
    if number != 2:
        with reverts("Queue_TicketNotPopped", number, 2):
            queue.transact("setAside", number, sender=VAULT)
        return
    queue.transact("setAside", 2, sender=VAULT)
    with reverts("Queue_TicketNotPopped", 2, 2):
        queue.transact("setAside", 2, sender=VAULT)


def test_set_aside__nobody_was_popped__reverts() -> None:
    queue = make_queue()
    queue.transact("push", 1, ALICE, 5, sender=VAULT)
    for number in (0, 1):
        with reverts("Queue_TicketNotPopped", number, 0):
            queue.transact("setAside", number, sender=VAULT)


@given(number=st.integers(0, 2**64 - 1))
def test_ticket__unknown__is_zero(number: int) -> None:
    queue = make_queue()
    assert queue.call("ticket", number) == (0, "0x" + "00" * 20, 0, 0, UNKNOWN)
    assert queue.call("aheadOf", number) == (0, 0)

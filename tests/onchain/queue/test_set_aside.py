"""setAside(ticket, amount, booked)

    not the last one popped, or aside already ... Queue_TicketNotPopped
    all of it was popped ........................ owed until it is settled, claimable at once
    a part of it was popped ..................... the rest leaves the line, too; claimable when the
                                                  bucket would have given it, in a lane of its own

settleAside(ticket)

    not aside ................................... Queue_TicketNotAside
    too early, or the gate is shut .............. Queue_TicketNotClaimable
    otherwise ................................... paid
"""

from hypothesis import given
from hypothesis import strategies as st

from penstock.units import div_up
from tests.helpers.actors import Actor
from tests.helpers.amounts import AMOUNTS
from tests.helpers.revm import Contract, reverts
from tests.helpers.venue import HATCH, POSITIONS, VAULT, make_queue

PAID, ASIDE = 3, 4
ALICE = Actor("alice").address
FLOOR, DAY = 10**10, 86_400
TERMS = (FLOOR, 1_000, DAY)


def pushed(amounts: list[int], terms: tuple[int, int, int] = TERMS) -> Contract:
    """A queue with these tickets, all of them ready."""
    queue = make_queue(terms=terms)
    for amount in amounts:
        queue.transact("push", 1, ALICE, amount, sender=POSITIONS.address)
    queue.chain.time += 300
    return queue


def pop(queue: Contract) -> int:
    return int(queue.transact("pop", 0, sender=VAULT.address)[2])


def set_aside(queue: Contract, number: int, amount: int) -> int:
    return int(queue.transact("setAside", number, amount, 0, sender=VAULT.address))


@given(amounts=st.lists(AMOUNTS, min_size=2, max_size=6), aside=st.sets(st.integers(1, 6)))
def test_set_aside__some_of_many__are_owed_until_settled(
    amounts: list[int], aside: set[int]
) -> None:
    queue = pushed(amounts, (2**72 - 1, 10_000, 60))
    left = dict(enumerate(amounts, 1))
    for number in list(left):
        pop(queue)
        if number in aside:
            assert set_aside(queue, number, left[number]) == left[number]
        else:
            del left[number]
        assert queue.call("ticket", number)[4] == (ASIDE if number in aside else PAID)
        assert queue.call("owed") == sum(left.values())
        assert queue.call("aheadOf", number) == (0, 0)
        assert queue.call("leftOf", number) == left.get(number, 0)
    for number, amount in left.items():
        assert queue.transact("settleAside", number, sender=VAULT.address) == (ALICE, amount)
        with reverts("Queue_TicketNotAside", number, PAID):
            queue.transact("settleAside", number, sender=VAULT.address)
    assert queue.call("owed") == 0


@given(number=st.integers(0, 5))
def test_set_aside__not_the_last_popped__reverts(number: int) -> None:
    queue = pushed([5] * 4)
    for _ in range(2):
        pop(queue)
    if number != 2:
        with reverts("Queue_TicketNotPopped", number, 2):
            set_aside(queue, number, 5)
        return
    set_aside(queue, 2, 5)
    with reverts("Queue_TicketNotPopped", 2, 2):
        set_aside(queue, 2, 5)


def test_set_aside__nobody_was_popped__reverts() -> None:
    queue = pushed([5])
    for number in (0, 1, 2):
        with reverts("Queue_TicketNotPopped", number, 0):
            set_aside(queue, number, 5)


@given(amounts=st.lists(st.integers(2 * FLOOR, 2**55 - 1), min_size=1, max_size=4))
def test_set_aside__popped_in_part__the_rest_waits_in_a_lane_of_its_own(amounts: list[int]) -> None:
    queue = pushed([*amounts, 7])
    end = 0
    for number, amount in enumerate(amounts, 1):
        part = pop(queue)
        assert 0 < part < amount
        assert set_aside(queue, number, part) == amount
        end = max(queue.chain.time, end) + div_up((amount - part) * DAY, FLOOR)
        said = queue.chain.logs()[-1]
        assert (said.name, said.arguments) == ("TicketSetAside", (number, amount, end))
        assert queue.call("claimableFrom", number) == end
        with reverts("Queue_TicketNotClaimable", number, end):
            queue.transact("settleAside", number, sender=VAULT.address)
        # The bucket has given all it had; until it has something again nobody is popped.
        assert pop(queue) == 0
        assert queue.call("head") == number + 1
        queue.chain.time += DAY
    # What is behind waits for nothing but the bucket.
    assert pop(queue) == 7
    assert queue.call("owed") == sum(amounts)


@given(amount=st.integers(2 * FLOOR, 10**12), early=st.integers(0, 1))
def test_settle_aside__around_the_second__is_claimable_from_it_on(amount: int, early: int) -> None:
    queue = pushed([amount])
    set_aside(queue, 1, pop(queue))
    queue.chain.time = end = int(queue.call("claimableFrom", 1))
    queue.chain.time -= early
    if early:
        with reverts("Queue_TicketNotClaimable", 1, end):
            queue.transact("settleAside", 1, sender=VAULT.address)
    else:
        assert queue.transact("settleAside", 1, sender=VAULT.address) == (ALICE, amount)


@given(amount=st.integers(2 * FLOOR, 10**13))
def test_settle_aside__venue_is_frozen__waits_for_nothing(amount: int) -> None:
    queue = pushed([amount])
    set_aside(queue, 1, pop(queue))
    queue.transact("lift", sender=HATCH.address)
    assert queue.call("claimableFrom", 1) == 0
    assert queue.transact("settleAside", 1, sender=VAULT.address) == (ALICE, amount)

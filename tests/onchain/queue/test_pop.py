"""pop(booked)

head is not ready, or nobody is in line ... 0
the gate is shut .......................... 0 (test_gate)
the bucket holds enough ................... the head, which counts as paid from now on
the bucket holds a part ................... that part, unless it or what it leaves is a crumb
the venue is frozen ....................... the head, whatever the bucket holds (test_lift)
"""

from hypothesis import given
from hypothesis import strategies as st

from penstock.outflow import LEAST_PART, Outflow
from penstock.queue import Queue
from tests.helpers.actors import Actor
from tests.helpers.revm import START
from tests.helpers.venue import POSITIONS, VAULT, make_queue

WAITING, READY, PAID = 1, 2, 3
ALICE = Actor("alice").address
NOTHING = (0, "0x" + "00" * 20, 0)
DAY = 86_400
FLOOR = 10**10
TERMS = (FLOOR, 1_000, DAY)
# As many units as stand against one another in a bucket of this floor.
SUMS = st.integers(1, 5 * FLOOR)


@given(early=st.integers(-2, 2))
def test_pop__around_the_second__is_ready_from_it_on(early: int) -> None:
    queue = make_queue()
    queue.transact("push", 1, ALICE, 5, sender=POSITIONS.address)
    queue.chain.time += 300 - early
    assert queue.call("ticket", 1)[4] == (WAITING if early > 0 else READY)
    popped = queue.transact("pop", 5, sender=VAULT.address)
    if early > 0:
        assert tuple(popped) == NOTHING
        assert queue.call("head") == 1
    else:
        assert tuple(popped) == (1, ALICE, 5)
        assert queue.call("ticket", 1)[4] == PAID
        assert (queue.call("head"), queue.call("owed")) == (2, 0)


def test_pop__nobody_in_line__is_zero() -> None:
    assert make_queue().transact("pop", 0, sender=VAULT.address)[0] == 0


@given(
    amounts=st.lists(SUMS, min_size=1, max_size=5),
    booked=st.integers(0, 50 * FLOOR),
    pauses=st.lists(st.integers(0, 2 * DAY), min_size=1, max_size=6),
)
def test_pop__any_line_and_times__gives_what_the_model_gives(
    amounts: list[int], booked: int, pauses: list[int]
) -> None:
    queue, model = make_queue(terms=TERMS), Queue(Outflow(*TERMS), 300, booked)
    for amount in amounts:
        queue.transact("push", 1, ALICE, amount, sender=POSITIONS.address)
        model.push(1, 0, amount, START)
    for pause in pauses:
        queue.chain.time += pause
        for _ in range(2):
            expected = model.pop(queue.chain.time)
            assert queue.transact("pop", booked, sender=VAULT.address)[2] == expected
            assert queue.call("head") == model.head
            assert queue.call("owed") == model.owed


@given(amount=st.integers(2 * LEAST_PART, 10**13), pause=st.integers(1, DAY))
def test_pop__however_often__never_pays_nor_leaves_a_crumb(amount: int, pause: int) -> None:
    queue = make_queue(terms=TERMS)
    queue.transact("push", 1, ALICE, amount, sender=POSITIONS.address)
    queue.chain.time += 300
    left = amount
    for _ in range(6):
        _, _, part = queue.transact("pop", 0, sender=VAULT.address)
        left -= part
        assert part in (0, amount) or part >= LEAST_PART
        assert left == 0 or left >= LEAST_PART
        queue.chain.time += pause


@given(amount=st.integers(1, 2 * LEAST_PART - 1), ahead=st.integers(0, 10**9))
def test_pop__small_ticket_behind_an_empty_bucket__is_never_split(amount: int, ahead: int) -> None:
    queue = make_queue(terms=TERMS)
    for size in (FLOOR - ahead, amount):
        queue.transact("push", 1, ALICE, size, sender=POSITIONS.address)
    queue.chain.time += 300
    queue.transact("pop", 0, sender=VAULT.address)
    for _ in range(30):
        part = queue.transact("pop", 0, sender=VAULT.address)[2]
        assert part in (0, amount)
        queue.chain.time += 977
    assert queue.call("head") == 3

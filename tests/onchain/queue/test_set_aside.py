"""setAside(ticket)

    not the last one popped, or aside already ... Queue_TicketNotPopped
    otherwise ................................... owed until it is settled

settleAside(ticket)

    not aside ................................... Queue_TicketNotAside
    otherwise ................................... paid
"""

from hypothesis import given
from hypothesis import strategies as st

from tests.helpers.actors import Actor
from tests.helpers.amounts import AMOUNTS
from tests.helpers.revm import reverts
from tests.helpers.venue import VAULT, make_queue

PAID, ASIDE = 3, 4
ALICE = Actor("alice").address


@given(amounts=st.lists(AMOUNTS, min_size=2, max_size=6), aside=st.sets(st.integers(1, 6)))
def test_set_aside__some_of_many__are_owed_until_settled(
    amounts: list[int], aside: set[int]
) -> None:
    queue = make_queue()
    for amount in amounts:
        queue.transact("push", 1, ALICE, amount, sender=VAULT.address)
    queue.chain.time += 300
    left = dict(enumerate(amounts, 1))
    for number in list(left):
        queue.transact("pop", sender=VAULT.address)
        if number in aside:
            queue.transact("setAside", number, sender=VAULT.address)
        else:
            del left[number]
        assert queue.call("ticket", number)[4] == (ASIDE if number in aside else PAID)
        assert queue.call("owed") == sum(left.values())
        assert queue.call("aheadOf", number) == (0, 0)
    for number, amount in left.items():
        assert queue.transact("settleAside", number, sender=VAULT.address) == (ALICE, amount)
        with reverts("Queue_TicketNotAside", number, PAID):
            queue.transact("settleAside", number, sender=VAULT.address)
    assert queue.call("owed") == 0


@given(number=st.integers(0, 5))
def test_set_aside__not_the_last_popped__reverts(number: int) -> None:
    queue = make_queue()
    for _ in range(4):
        queue.transact("push", 1, ALICE, 5, sender=VAULT.address)
    queue.chain.time += 300
    for _ in range(2):
        queue.transact("pop", sender=VAULT.address)
    if number != 2:
        with reverts("Queue_TicketNotPopped", number, 2):
            queue.transact("setAside", number, sender=VAULT.address)
        return
    queue.transact("setAside", 2, sender=VAULT.address)
    with reverts("Queue_TicketNotPopped", 2, 2):
        queue.transact("setAside", 2, sender=VAULT.address)


def test_set_aside__nobody_was_popped__reverts() -> None:
    queue = make_queue()
    queue.transact("push", 1, ALICE, 5, sender=VAULT.address)
    for number in (0, 1):
        with reverts("Queue_TicketNotPopped", number, 0):
            queue.transact("setAside", number, sender=VAULT.address)

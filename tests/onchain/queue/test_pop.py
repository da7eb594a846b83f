"""pop()

head is not ready, or nobody is in line ... 0
otherwise ................................. the head, which counts as paid from now on
"""

from hypothesis import given
from hypothesis import strategies as st

from tests.helpers.actors import Actor
from tests.helpers.venue import VAULT, make_queue

WAITING, READY, PAID = 1, 2, 3
ALICE = Actor("alice").address


@given(early=st.integers(-2, 2))
def test_pop__around_the_second__is_ready_from_it_on(early: int) -> None:
    queue = make_queue()
    queue.transact("push", 1, ALICE, 5, sender=VAULT.address)
    queue.chain.time += 300 - early
    assert queue.call("ticket", 1)[4] == (WAITING if early > 0 else READY)
    popped = queue.transact("pop", sender=VAULT.address)
    if early > 0:
        assert tuple(popped) == (0, "0x" + "00" * 20, 0)
        assert queue.call("head") == 1
    else:
        assert tuple(popped) == (1, ALICE, 5)
        assert queue.call("ticket", 1)[4] == PAID
        assert (queue.call("head"), queue.call("owed")) == (2, 0)


def test_pop__nobody_in_line__is_zero() -> None:
    assert make_queue().transact("pop", sender=VAULT.address)[0] == 0

"""setDelay(delay), and the constructor

caller is not the governor ... AccessManagedUnauthorized
outside 1 minute … 2 days .... Queue_DelayOutOfBounds
a part is zero ............... Queue_AddressZero
otherwise .................... tickets to come wait for so long, those in line as before
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.deploy import MAX_DELAY, MIN_DELAY, ZERO_ADDRESS
from tests.helpers.actors import Actor
from tests.helpers.amounts import PEOPLE
from tests.helpers.revm import RevmChain, reverts
from tests.helpers.venue import GOVERNOR, STRANGER, WIDE, make_queue, queue_parts

OUTSIDE = st.one_of(st.integers(0, MIN_DELAY - 1), st.integers(MAX_DELAY + 1, 2**32 - 1))


@given(who=PEOPLE)
def test_set_delay__caller_is_not_the_governor__reverts(who: Actor) -> None:
    with reverts("AccessManagedUnauthorized", who.address):
        make_queue().transact("setDelay", 600, sender=who.address)


@given(delay=OUTSIDE)
def test_set_delay__outside_the_bounds__reverts(delay: int) -> None:
    with reverts("Queue_DelayOutOfBounds", delay, MIN_DELAY, MAX_DELAY):
        make_queue().transact("setDelay", delay, sender=GOVERNOR)
    with reverts("Queue_DelayOutOfBounds", delay, MIN_DELAY, MAX_DELAY):
        make_queue(delay)


@given(delay=st.integers(MIN_DELAY, MAX_DELAY))
def test_set_delay__within_the_bounds__changes_it(delay: int) -> None:
    queue = make_queue()
    queue.transact("setDelay", delay, sender=GOVERNOR)
    assert [log.arguments for log in queue.chain.logs()] == [(delay,)]
    assert queue.call("delay") == delay


@pytest.mark.parametrize("place", range(5))
def test_constructor__a_part_is_zero__reverts(place: int) -> None:
    chain, parts = RevmChain(), list(queue_parts())
    manager = chain.create("Manager", GOVERNOR)
    parts[place] = ZERO_ADDRESS
    with reverts("Queue_AddressZero"):
        chain.create("WithdrawalQueue", tuple(parts), manager, 300, WIDE)


@pytest.mark.parametrize("manager", [ZERO_ADDRESS, STRANGER.address])
def test_constructor__manager_has_no_code__reverts(manager: str) -> None:
    with reverts("AccessManagedInvalidAuthority", manager):
        RevmChain().create("WithdrawalQueue", queue_parts(), manager, 300, WIDE)


def test_constructor__legal__names_its_neighbours() -> None:
    queue, names = make_queue(), ("VAULT", "POSITIONS", "INDEX", "FUND", "HATCH")
    assert tuple(queue.call(name) for name in names) == queue_parts()

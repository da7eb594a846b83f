"""setDelay(delay), and the constructor

caller is not the governor ... AccessManagedUnauthorized
outside 1 minute … 7 days .... Queue_DelayOutOfBounds
vault is zero ................ Queue_VaultZero
otherwise .................... tickets to come wait for so long, those in line as before
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.deploy import MAX_DELAY, MIN_DELAY, ZERO_ADDRESS
from tests.helpers.actors import Actor
from tests.helpers.amounts import PEOPLE
from tests.helpers.revm import RevmChain, reverts
from tests.helpers.venue import GOVERNOR, STRANGER, VAULT, make_queue

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


def test_constructor__vault_is_zero__reverts() -> None:
    chain = RevmChain()
    manager = chain.create("Manager", GOVERNOR)
    with reverts("Queue_VaultZero"):
        chain.create("WithdrawalQueue", ZERO_ADDRESS, manager, 300)


@pytest.mark.parametrize("manager", [ZERO_ADDRESS, STRANGER.address])
def test_constructor__manager_has_no_code__reverts(manager: str) -> None:
    with reverts("AccessManagedInvalidAuthority", manager):
        RevmChain().create("WithdrawalQueue", VAULT.address, manager, 300)

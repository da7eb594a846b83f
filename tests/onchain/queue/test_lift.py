"""lift()

caller is not EscapeHatch ... Queue_CallerNotHatch
otherwise ................... no bucket, no gate, no new ticket; delays and holds stay
"""

from hypothesis import given
from hypothesis import strategies as st

from tests.helpers.actors import Actor
from tests.helpers.amounts import PEOPLE
from tests.helpers.revm import reverts
from tests.helpers.venue import GOVERNOR, HATCH, STRANGER, VAULT, Custody, isolated, make_custody

ALICE = Actor("alice").address
FLOOR, DAY = 10**10, 86_400


@given(who=PEOPLE)
@isolated
def test_lift__caller_is_not_the_hatch__reverts(custody: Custody, who: Actor) -> None:
    for caller in (who.address, GOVERNOR, VAULT.address):
        with reverts("Queue_CallerNotHatch", caller, HATCH.address):
            custody.queue.transact("lift", sender=caller)


@given(amounts=st.lists(st.integers(1, 10**13), min_size=1, max_size=5))
def test_lift__a_long_line__is_paid_once_it_is_ready(amounts: list[int]) -> None:
    custody = make_custody(terms=(FLOOR, 1_000, 7 * DAY))
    custody.fund(sum(amounts))
    for amount in amounts:
        custody.owe(ALICE, amount)
    assert not custody.queue.call("isLifted")
    custody.queue.transact("lift", sender=HATCH.address)
    assert [log.name for log in custody.chain.logs()] == ["Lifted"]
    assert custody.queue.call("isLifted")
    assert custody.queue.call("eta", 1) == 0
    custody.chain.time += 299
    assert custody.release() == 0
    custody.chain.time += 1
    assert custody.release() == sum(amounts)


@given(amount=st.integers(2 * FLOOR, 10**13), part=st.integers(0, DAY))
def test_lift__head_paid_in_part__pays_the_rest(amount: int, part: int) -> None:
    custody = make_custody(terms=(FLOOR, 1_000, 7 * DAY))
    custody.fund(amount)
    custody.owe(ALICE, amount)
    custody.chain.time += 300 + part
    paid = custody.release()
    assert 0 < paid <= amount
    custody.queue.transact("lift", sender=HATCH.address)
    assert paid + custody.release() == amount
    assert custody.balance(ALICE) == amount
    assert custody.vault.transact("release", 1, sender=STRANGER.address) == 0

"""release(max)

nobody in line, or the head is not ready . pays nothing
    ready tickets ............................ at most max, in order, each exactly once
    a payment fails .......................... PaymentFailed, aside, the next are paid
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.helpers.actors import Actor
from tests.helpers.amounts import AMOUNTS, PEOPLE
from tests.helpers.venue import STRANGER, Custody, isolated

PAID, ASIDE = 3, 4
TICKETS = st.lists(st.tuples(PEOPLE, AMOUNTS), min_size=1, max_size=6)


@isolated
def test_release__nobody_in_line__pays_nothing(custody: Custody) -> None:
    assert custody.release() == 0
    assert custody.chain.logs() == []


@given(amount=AMOUNTS, early=st.integers(1, 300))
@isolated
def test_release__head_not_ready__pays_nothing(custody: Custody, amount: int, early: int) -> None:
    custody.fund(amount)
    custody.owe(Actor("alice").address, amount)
    custody.pass_delay()
    custody.chain.time -= early
    assert custody.release() == 0
    custody.chain.time += early
    assert custody.release() == amount


@given(tickets=TICKETS, first=st.integers(0, 6))
@isolated
def test_release__in_two_calls__pays_all_in_order_and_once(
    custody: Custody, tickets: list[tuple[Actor, int]], first: int
) -> None:
    custody.fund(sum(amount for _, amount in tickets))
    for who, amount in tickets:
        custody.owe(who.address, amount)
    custody.pass_delay()
    paid = custody.release(first)
    order = [log.arguments for log in custody.chain.logs() if log.name == "TicketPaid"]
    paid += custody.release()
    order += [log.arguments for log in custody.chain.logs() if log.name == "TicketPaid"]
    assert order == [(n, who.address, amount) for n, (who, amount) in enumerate(tickets, 1)]
    assert paid == sum(amount for _, amount in tickets)
    assert custody.release() == 0
    assert custody.vault.call("booked") == custody.balance(custody.vault.address) == 0


@given(amounts=st.lists(AMOUNTS, min_size=3, max_size=3))
@pytest.mark.parametrize("habit", ["blocked", "burns_gas"])
@isolated
def test_release__one_recipient_cannot_be_paid__others_are(
    odd_custody: Custody, habit: str, amounts: list[int]
) -> None:
    people = [Actor(name).address for name in ("alice", "mallory", "carol")]
    odd_custody.fund(sum(amounts))
    for who, amount in zip(people, amounts, strict=True):
        odd_custody.owe(who, amount)
    switch = "setBlocked" if habit == "blocked" else "setBurnsGas"
    odd_custody.token.transact(switch, people[1], True, sender=people[1])
    odd_custody.pass_delay()
    # Little enough that a recipient who burns all it is given would leave nothing for the next.
    paid = odd_custody.vault.transact("release", 3, sender=STRANGER.address, gas=1_000_000)
    assert paid == amounts[0] + amounts[2]
    assert [odd_custody.balance(who) for who in people] == [amounts[0], 0, amounts[2]]
    assert odd_custody.queue.call("ticket", 2)[4] == ASIDE
    assert odd_custody.queue.call("owed") == odd_custody.vault.call("booked") == amounts[1]


@given(amount=AMOUNTS)
@pytest.mark.parametrize("answer", [2, 3], ids=["false", "bomb"])
@isolated
def test_release__token_refuses__sets_aside(odd_custody: Custody, answer: int, amount: int) -> None:
    odd_custody.fund(amount)
    alice = Actor("alice").address
    odd_custody.owe(alice, amount)
    odd_custody.pass_delay()
    odd_custody.token.transact("setAnswer", answer, sender=alice)
    assert odd_custody.release() == 0
    failed = [log.arguments for log in odd_custody.chain.logs() if log.name == "PaymentFailed"]
    assert failed == [(1, alice, amount)]
    assert odd_custody.vault.call("booked") == odd_custody.balance(odd_custody.vault.address)


@isolated
def test_release__token_pretends__sets_aside(odd_custody: Custody) -> None:
    odd_custody.fund(7)
    odd_custody.owe(Actor("alice").address, 7)
    odd_custody.pass_delay()
    odd_custody.token.transact("setIdle", True, sender=STRANGER.address)
    assert odd_custody.release() == 0
    assert odd_custody.queue.call("ticket", 1)[4] == ASIDE


@given(amount=st.integers(1, 10**12), surcharge=st.integers(1, 1_000))
@isolated
def test_release__token_takes_more_than_the_ticket__sets_aside(
    odd_custody: Custody, amount: int, surcharge: int
) -> None:
    odd_custody.fund(amount + surcharge)
    odd_custody.owe(Actor("alice").address, amount)
    odd_custody.pass_delay()
    odd_custody.token.transact("setFees", 0, surcharge, sender=STRANGER.address)
    assert odd_custody.release() == 0
    assert odd_custody.balance(odd_custody.vault.address) == amount + surcharge


@given(amount=AMOUNTS)
@isolated
def test_release__token_answers_nothing__pays(odd_custody: Custody, amount: int) -> None:
    alice = Actor("alice").address
    odd_custody.fund(amount)
    odd_custody.owe(alice, amount)
    odd_custody.pass_delay()
    odd_custody.token.transact("setAnswer", 1, sender=alice)
    assert odd_custody.release() == amount
    assert odd_custody.queue.call("ticket", 1)[4] == PAID


@given(gas=st.integers(60_000, 500_000))
@isolated
def test_release__too_little_gas__sets_nobody_aside(custody: Custody, gas: int) -> None:
    custody.fund(5)
    custody.owe(Actor("alice").address, 5)
    custody.pass_delay()
    try:
        custody.vault.transact("release", 1, sender=STRANGER.address, gas=gas)
    except Exception:
        assert custody.queue.call("head") == 1
    else:
        assert custody.queue.call("ticket", 1)[4] == PAID


@given(amount=AMOUNTS)
@isolated
def test_release__more_owed_than_held__waits_aside_and_the_next_is_paid(
    custody: Custody, amount: int
) -> None:
    custody.fund(amount)
    custody.owe(Actor("alice").address, amount + 1)
    custody.owe(Actor("bob").address, amount)
    custody.pass_delay()
    assert custody.release() == amount

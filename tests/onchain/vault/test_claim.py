"""claim(ticket)

ticket unknown, waiting, ready or paid . Queue_TicketNotAside
payment fails again .................... Vault_PaymentFailed, still aside
otherwise .............................. pays the recipient, whoever calls
"""

from hypothesis import given
from hypothesis import strategies as st

from tests.helpers.actors import Actor
from tests.helpers.amounts import AMOUNTS
from tests.helpers.revm import reverts
from tests.helpers.venue import STRANGER, Custody, isolated, set_aside

UNKNOWN, WAITING, READY, PAID, ASIDE = range(5)
ALICE, BOB = Actor("alice").address, Actor("bob").address


@given(ticket=st.integers(0, 2**64 - 1))
@isolated
def test_claim__ticket_unknown__reverts(custody: Custody, ticket: int) -> None:
    with reverts("Queue_TicketNotAside", ticket, UNKNOWN):
        custody.vault.transact("claim", ticket, sender=STRANGER.address)


@given(amount=AMOUNTS)
@isolated
def test_claim__ticket_in_line_or_paid__reverts(custody: Custody, amount: int) -> None:
    custody.fund(amount)
    ticket = custody.owe(ALICE, amount)
    with reverts("Queue_TicketNotAside", ticket, WAITING):
        custody.vault.transact("claim", ticket, sender=ALICE)
    custody.pass_delay()
    with reverts("Queue_TicketNotAside", ticket, READY):
        custody.vault.transact("claim", ticket, sender=ALICE)
    custody.release()
    with reverts("Queue_TicketNotAside", ticket, PAID):
        custody.vault.transact("claim", ticket, sender=ALICE)


@given(amount=AMOUNTS)
@isolated
def test_claim__payment_fails_again__reverts_and_stays_aside(
    odd_custody: Custody, amount: int
) -> None:
    set_aside(odd_custody, ALICE, amount)
    with reverts("Vault_PaymentFailed", ALICE, amount):
        odd_custody.vault.transact("claim", 1, sender=STRANGER.address)
    assert odd_custody.queue.call("ticket", 1)[4] == ASIDE
    assert odd_custody.queue.call("owed") == odd_custody.vault.call("booked") == amount


@given(amount=AMOUNTS)
@isolated
def test_claim__by_a_stranger__pays_the_recipient_once(odd_custody: Custody, amount: int) -> None:
    set_aside(odd_custody, ALICE, amount)
    odd_custody.token.transact("setBlocked", ALICE, False, sender=ALICE)
    odd_custody.vault.transact("claim", 1, sender=STRANGER.address)
    assert odd_custody.balance(ALICE) == amount
    assert odd_custody.queue.call("owed") == odd_custody.vault.call("booked") == 0
    with reverts("Queue_TicketNotAside", 1, PAID):
        odd_custody.vault.transact("claim", 1, sender=ALICE)

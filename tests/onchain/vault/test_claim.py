"""claim(ticket)

    ticket unknown, waiting, ready or paid . Queue_TicketNotAside
    payment fails again .................... Vault_PaymentFailed, still aside
    otherwise .............................. pays the recipient, whoever calls

claimTo(ticket, to)

    as claim, and
    caller is not the recipient ............ Vault_CallerNotRecipient
    to is zero or the vault ................ Vault_RecipientRefused
    otherwise .............................. pays `to`
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.deploy import ZERO_ADDRESS
from tests.helpers.actors import Actor
from tests.helpers.amounts import AMOUNTS
from tests.helpers.revm import reverts
from tests.helpers.venue import STRANGER, Custody, isolated

UNKNOWN, WAITING, READY, PAID, ASIDE = range(5)
ALICE, BOB = Actor("alice").address, Actor("bob").address


def set_aside(custody: Custody, amount: int) -> None:
    """Ticket 1 of Alice, whom the token has blocked, is aside."""
    custody.fund(amount)
    custody.owe(ALICE, amount)
    custody.token.transact("setBlocked", ALICE, True, sender=ALICE)
    custody.pass_delay()
    assert custody.release() == 0


def unblock(custody: Custody) -> None:
    custody.token.transact("setBlocked", ALICE, False, sender=ALICE)


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
    set_aside(odd_custody, amount)
    with reverts("Vault_PaymentFailed", ALICE, amount):
        odd_custody.vault.transact("claim", 1, sender=STRANGER.address)
    assert odd_custody.queue.call("ticket", 1)[4] == ASIDE
    assert odd_custody.queue.call("owed") == odd_custody.vault.call("booked") == amount


@given(amount=AMOUNTS)
@isolated
def test_claim__by_a_stranger__pays_the_recipient_once(odd_custody: Custody, amount: int) -> None:
    set_aside(odd_custody, amount)
    unblock(odd_custody)
    odd_custody.vault.transact("claim", 1, sender=STRANGER.address)
    assert odd_custody.balance(ALICE) == amount
    assert odd_custody.queue.call("owed") == odd_custody.vault.call("booked") == 0
    with reverts("Queue_TicketNotAside", 1, PAID):
        odd_custody.vault.transact("claim", 1, sender=ALICE)


@given(amount=AMOUNTS)
@isolated
def test_claim_to__by_the_recipient__pays_elsewhere_once(odd_custody: Custody, amount: int) -> None:
    set_aside(odd_custody, amount)
    odd_custody.vault.transact("claimTo", 1, BOB, sender=ALICE)
    assert (odd_custody.balance(ALICE), odd_custody.balance(BOB)) == (0, amount)
    with reverts("Queue_TicketNotAside", 1, PAID):
        odd_custody.vault.transact("claimTo", 1, BOB, sender=ALICE)


@given(amount=AMOUNTS)
@isolated
def test_claim_to__by_a_stranger__reverts(odd_custody: Custody, amount: int) -> None:
    set_aside(odd_custody, amount)
    with reverts("Vault_CallerNotRecipient", 1, STRANGER.address, ALICE):
        odd_custody.vault.transact("claimTo", 1, BOB, sender=STRANGER.address)


@pytest.mark.parametrize("whose", ["zero", "vault"])
@isolated
def test_claim_to__to_nobody__reverts(odd_custody: Custody, whose: str) -> None:
    set_aside(odd_custody, 5)
    to = ZERO_ADDRESS if whose == "zero" else odd_custody.vault.address
    with reverts("Vault_RecipientRefused", to):
        odd_custody.vault.transact("claimTo", 1, to, sender=ALICE)


@given(amount=AMOUNTS)
@isolated
def test_claim_to__payment_fails_again__reverts(odd_custody: Custody, amount: int) -> None:
    set_aside(odd_custody, amount)
    odd_custody.token.transact("setBlocked", BOB, True, sender=ALICE)
    with reverts("Vault_PaymentFailed", BOB, amount):
        odd_custody.vault.transact("claimTo", 1, BOB, sender=ALICE)

"""claimTo(ticket, to)

as claim, and
caller is not the recipient ............ Vault_CallerNotRecipient
to is zero or the vault ................ Vault_RecipientRefused
otherwise .............................. pays `to`
"""

import pytest
from hypothesis import given

from penstock.deploy import ZERO_ADDRESS
from tests.helpers.actors import Actor
from tests.helpers.amounts import AMOUNTS
from tests.helpers.revm import reverts
from tests.helpers.venue import STRANGER, Custody, isolated, set_aside

UNKNOWN, WAITING, READY, PAID, ASIDE = range(5)
ALICE, BOB = Actor("alice").address, Actor("bob").address


@given(amount=AMOUNTS)
@isolated
def test_claim_to__by_the_recipient__pays_elsewhere_once(odd_custody: Custody, amount: int) -> None:
    set_aside(odd_custody, ALICE, amount)
    odd_custody.vault.transact("claimTo", 1, BOB, sender=ALICE)
    assert (odd_custody.balance(ALICE), odd_custody.balance(BOB)) == (0, amount)
    with reverts("Queue_TicketNotAside", 1, PAID):
        odd_custody.vault.transact("claimTo", 1, BOB, sender=ALICE)


@given(amount=AMOUNTS)
@isolated
def test_claim_to__by_a_stranger__reverts(odd_custody: Custody, amount: int) -> None:
    set_aside(odd_custody, ALICE, amount)
    with reverts("Vault_CallerNotRecipient", 1, STRANGER.address, ALICE):
        odd_custody.vault.transact("claimTo", 1, BOB, sender=STRANGER.address)


@pytest.mark.parametrize("whose", ["zero", "vault"])
@isolated
def test_claim_to__to_nobody__reverts(odd_custody: Custody, whose: str) -> None:
    set_aside(odd_custody, ALICE, 5)
    to = ZERO_ADDRESS if whose == "zero" else odd_custody.vault.address
    with reverts("Vault_RecipientRefused", to):
        odd_custody.vault.transact("claimTo", 1, to, sender=ALICE)


@given(amount=AMOUNTS)
@isolated
def test_claim_to__payment_fails_again__reverts(odd_custody: Custody, amount: int) -> None:
    set_aside(odd_custody, ALICE, amount)
    odd_custody.token.transact("setBlocked", BOB, True, sender=ALICE)
    with reverts("Vault_PaymentFailed", BOB, amount):
        odd_custody.vault.transact("claimTo", 1, BOB, sender=ALICE)

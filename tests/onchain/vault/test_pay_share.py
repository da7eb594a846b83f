"""payShare(recipient, amount)

caller is not EscapeHatch .......... Vault_CallerNotHatch
recipient is zero or the vault ..... Vault_RecipientRefused
more than is booked ................ Panic
the token refuses .................. the token's error
otherwise .......................... pays, and books it
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.deploy import ZERO_ADDRESS
from tests.helpers.actors import Actor
from tests.helpers.amounts import AMOUNTS, PEOPLE
from tests.helpers.revm import reverts
from tests.helpers.venue import GOVERNOR, HATCH, POSITIONS, Custody, isolated

ALICE = Actor("alice").address


def pay_share(custody: Custody, recipient: str, amount: int, sender: str = HATCH.address) -> None:
    custody.vault.transact("payShare", recipient, amount, sender=sender)


@given(who=PEOPLE, amount=AMOUNTS)
@isolated
def test_pay_share__caller_is_not_the_hatch__reverts(
    custody: Custody, who: Actor, amount: int
) -> None:
    custody.fund(amount)
    for caller in (who.address, GOVERNOR, POSITIONS.address):
        with reverts("Vault_CallerNotHatch", caller, HATCH.address):
            pay_share(custody, who.address, amount, caller)


@pytest.mark.parametrize("whose", ["zero", "vault"])
@isolated
def test_pay_share__to_nobody__reverts(custody: Custody, whose: str) -> None:
    custody.fund(5)
    to = ZERO_ADDRESS if whose == "zero" else custody.vault.address
    with reverts("Vault_RecipientRefused", to):
        pay_share(custody, to, 5)


@given(who=PEOPLE, amount=AMOUNTS, more=AMOUNTS)
@isolated
def test_pay_share__within_what_is_booked__pays_and_books(
    custody: Custody, who: Actor, amount: int, more: int
) -> None:
    custody.fund(amount + more)
    pay_share(custody, who.address, amount)
    said = [log.arguments for log in custody.chain.logs() if log.name == "SharePaid"]
    assert said == [(who.address, amount)]
    assert custody.balance(who.address) == amount
    assert custody.vault.call("booked") == custody.balance(custody.vault.address) == more


@given(amount=AMOUNTS, more=st.integers(1, 10**9))
@isolated
def test_pay_share__more_than_is_booked__reverts(custody: Custody, amount: int, more: int) -> None:
    custody.fund(amount)
    custody.token.transact("mint", custody.vault.address, more, sender=ALICE)
    with reverts("Panic", 0x11):
        pay_share(custody, ALICE, amount + more)


@given(amount=AMOUNTS)
@isolated
def test_pay_share__token_refuses__reverts(odd_custody: Custody, amount: int) -> None:
    odd_custody.fund(amount)
    odd_custody.token.transact("setBlocked", ALICE, True, sender=ALICE)
    with reverts("Blocked", ALICE):
        pay_share(odd_custody, ALICE, amount)
    assert odd_custody.vault.call("booked") == amount

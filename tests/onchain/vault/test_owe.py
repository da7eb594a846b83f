"""owe(account, recipient, amount)

caller is not PerpPositions ...... Vault_CallerNotPositions
amount is zero ................... Vault_AmountZero
amount above 128 bits ............ SafeCastOverflowedUintDowncast
recipient is zero or the vault ... Vault_RecipientRefused
otherwise ........................ a ticket at the end of the queue; no token moves
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.deploy import ZERO_ADDRESS
from tests.helpers.actors import Actor
from tests.helpers.amounts import ACCOUNTS, AMOUNTS, PEOPLE, UINT128_MAX
from tests.helpers.revm import reverts
from tests.helpers.venue import POSITIONS, Custody, isolated


@given(who=PEOPLE, amount=AMOUNTS)
@isolated
def test_owe__caller_is_not_positions__reverts(custody: Custody, who: Actor, amount: int) -> None:
    with reverts("Vault_CallerNotPositions", who.address, POSITIONS.address):
        custody.vault.transact("owe", 1, who.address, amount, sender=who.address)


@isolated
def test_owe__amount_is_zero__reverts(custody: Custody) -> None:
    with reverts("Vault_AmountZero"):
        custody.owe(Actor("alice").address, 0)


@given(amount=st.integers(UINT128_MAX + 1, 2**256 - 1))
@isolated
def test_owe__amount_above_128_bits__reverts(custody: Custody, amount: int) -> None:
    with reverts("SafeCastOverflowedUintDowncast", 128, amount):
        custody.owe(Actor("alice").address, amount)


@pytest.mark.parametrize("whose", ["zero", "vault"])
@isolated
def test_owe__recipient_is_nobody__reverts(custody: Custody, whose: str) -> None:
    recipient = ZERO_ADDRESS if whose == "zero" else custody.vault.address
    with reverts("Vault_RecipientRefused", recipient):
        custody.owe(recipient, 1)


@given(who=PEOPLE, account=ACCOUNTS, amount=AMOUNTS)
@isolated
def test_owe__legal__issues_a_ticket_and_moves_no_token(
    custody: Custody, who: Actor, account: int, amount: int
) -> None:
    number = custody.owe(who.address, amount, account)
    ready_at = custody.chain.time + 300
    waiting = (account, who.address, amount, ready_at, 1)
    assert custody.queue.call("ticket", number) == waiting
    assert custody.queue.call("owed") == amount
    assert custody.vault.call("booked") == custody.balance(custody.vault.address) == 0

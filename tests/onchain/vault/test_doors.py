"""The constructor, and pay(recipient, amount), which only the vault may call

a constructor address is zero .... Vault_AddressZero
caller is not the vault .......... Vault_CallerNotVault
"""

import pytest
from hypothesis import given

from penstock.deploy import ZERO_ADDRESS
from tests.helpers.actors import Actor
from tests.helpers.amounts import AMOUNTS, PEOPLE
from tests.helpers.revm import artifacts, reverts
from tests.helpers.venue import HATCH, POSITIONS, Custody, isolated


@pytest.mark.parametrize("place", range(4))
@isolated
def test_constructor__an_address_is_zero__reverts(custody: Custody, place: int) -> None:
    arguments = [Actor(str(i)).address for i in range(4)]
    arguments[place] = ZERO_ADDRESS
    with reverts("Vault_AddressZero"):
        custody.chain.create("CollateralVault", *arguments)


@isolated
def test_constructor__legal__names_its_neighbours(custody: Custody) -> None:
    assert custody.vault.call("TOKEN") == custody.token.address
    assert custody.vault.call("POSITIONS") == POSITIONS.address
    assert custody.vault.call("QUEUE") == custody.queue.address
    assert custody.vault.call("HATCH") == HATCH.address


@given(who=PEOPLE, amount=AMOUNTS)
@isolated
def test_pay__caller_is_not_the_vault__reverts(custody: Custody, who: Actor, amount: int) -> None:
    custody.fund(amount)
    for caller in (who.address, POSITIONS.address):
        with reverts("Vault_CallerNotVault", caller):
            custody.vault.transact("pay", who.address, amount, sender=caller)


def test_vault__every_function__is_one_of_these() -> None:
    # Whoever adds a door must add its tests, and say here that it is one.
    views = {"PAYMENT_GAS", "TOKEN", "POSITIONS", "QUEUE", "HATCH", "booked"}
    doors = {"take", "payShare", "release", "claim", "claimTo", "pay"}
    assert set(artifacts()["CollateralVault"].functions) == views | doors

"""Vault and queue on ape's network: anvil, or ape's own chain."""

from typing import TYPE_CHECKING, Any

import ape
import pytest

from penstock.contracts import ApeDeployer, Handles, container
from tests.helpers.venue import WIDE

if TYPE_CHECKING:
    from ape.api import AccountAPI
    from ape.managers.chain import ChainManager

DELAY = 300
UNKNOWN, WAITING, READY, PAID, ASIDE = range(5)


@pytest.fixture
def custody(owner: "AccountAPI", operator: "AccountAPI", alice: "AccountAPI") -> Any:
    """Vault, queue and an odd token; the operator's key stands in for `PerpPositions`."""
    deployer = ApeDeployer(owner)
    manager = deployer.create("Manager", owner.address)
    token, vault, queue = (deployer.predict(offset) for offset in range(3))
    deployer.create("OddTokenMock")
    key = operator.address
    deployer.create("CollateralVault", token, key, queue, key)
    deployer.create("WithdrawalQueue", (vault, *[key] * 4), manager, DELAY, WIDE)
    coin = container("OddTokenMock").at(token)
    coin.mint(alice, 1_000, sender=alice)
    coin.approve(vault, 2**256 - 1, sender=alice)
    return (
        coin,
        container("CollateralVault").at(vault),
        container("WithdrawalQueue").at(queue),
    )


def test_deploy__whole_venue__knows_its_neighbours(handles: Handles) -> None:
    assert handles.vault.TOKEN() == handles.token.address
    assert handles.vault.POSITIONS() == handles.positions.address
    assert handles.vault.QUEUE() == handles.queue.address
    assert handles.queue.VAULT() == handles.vault.address
    assert handles.index.SOURCE() == handles.feed.address
    assert handles.index.marketCount() == 2
    assert handles.queue.authority() == handles.feed.authority() == handles.manager.address


def test_take__by_a_stranger__reverts_with_both_addresses(
    custody: Any, carol: "AccountAPI", operator: "AccountAPI"
) -> None:
    _, vault, _ = custody
    expected = {"caller": carol.address, "positions": operator.address}
    with ape.reverts(vault.Vault_CallerNotPositions, error_inputs=expected):
        vault.take(carol, 1, sender=carol)


def test_release__two_tickets__waits_pays_in_order_and_goes_round_the_blocked(
    custody: Any,
    chain: "ChainManager",
    operator: "AccountAPI",
    alice: "AccountAPI",
    bob: "AccountAPI",
    carol: "AccountAPI",
) -> None:
    coin, vault, queue = custody
    vault.take(alice, 1_000, sender=operator)
    queue.push(1, bob, 300, sender=operator)
    queue.push(2, alice, 200, sender=operator)
    vault.release(10, sender=carol)
    assert vault.booked() == 1_000

    coin.setBlocked(bob, True, sender=carol)
    chain.pending_timestamp += DELAY
    receipt = vault.release(10, sender=carol)
    assert [log.ticket for log in receipt.events.filter(vault.PaymentFailed)] == [1]
    assert [log.ticket for log in receipt.events.filter(vault.TicketPaid)] == [2]
    assert (coin.balanceOf(bob), coin.balanceOf(alice), vault.booked()) == (0, 200, 800)
    assert (queue.ticket(1).status, queue.ticket(2).status) == (ASIDE, PAID)

    with ape.reverts(
        vault.Vault_PaymentFailed, error_inputs={"recipient": bob.address, "amount": 300}
    ):
        vault.claim(1, sender=carol)
    vault.claimTo(1, carol, sender=bob)
    assert (coin.balanceOf(carol), vault.booked(), queue.owed()) == (300, 500, 0)

"""A venue with a governor and a guardian of its own, in the process and on a node."""

from collections.abc import Iterator

import pytest

from penstock.anvil import Anvil
from penstock.deploy import Parties, deploy
from penstock.localvenue import LocalVenue, development_publishers, signer_of
from penstock.powers import Powers
from penstock.probing import Probe
from penstock.remote import RpcDeployer
from penstock.sender import Sender
from tests.helpers.nodes import force
from tests.helpers.venue import PARAMETERS, Venue, make_venue
from tests.onchain.governance.offices import GOVERNS, GUARDS

DEPOSIT = 10**9


@pytest.fixture(scope="session")
def governed() -> Venue:
    """In the process."""
    return make_venue(governor=GOVERNS.address, guardian=GUARDS.address)


@pytest.fixture(scope="session")
def anvil() -> Iterator[Anvil]:
    """A node."""
    with Anvil() as chain:
        yield chain


@pytest.fixture(scope="session")
def inhabited(anvil: Anvil) -> LocalVenue:
    """On a node: two accounts with owners of their own, a ticket that is set aside, and a forced
    request."""
    sender = Sender(anvil.rpc, signer_of("deployer"))
    for name in ("deployer", "operator"):
        anvil.fund("0x" + signer_of(name).address.hex())
    deployer = RpcDeployer(sender)
    operator = "0x" + signer_of("operator").address.hex()
    names = (operator, development_publishers(), GOVERNS.address)
    parties = Parties(*names, deployer.create("OddTokenMock"), GUARDS.address)
    venue = LocalVenue.join(anvil, deploy(deployer, PARAMETERS, parties))
    leaver, _ = venue.open(["leaver", "stayer"], DEPOSIT)
    _set_aside(venue, sender, leaver.owner)
    force(venue.remote, "forceWithdrawal", leaver.owner.address, 1, leaver.owner.address, 5)
    return venue


def _set_aside(venue: LocalVenue, issuer: Sender, leaver: Sender) -> None:
    """Have the token refuse the owner of account 1 while its ticket is released."""
    remote = venue.remote
    recipient = "0x" + signer_of("recipient").address.hex()
    remote.positions.transact(leaver, "requestWithdrawal", 1, recipient, DEPOSIT // 2, [])
    odd = RpcDeployer(issuer)
    odd.transact(remote.token.address, "OddTokenMock", "setBlocked", recipient, True)
    venue.chain.warp(venue.chain.time() + PARAMETERS.withdrawal_delay)
    odd.transact(remote.vault.address, "CollateralVault", "release", 1)


@pytest.fixture(scope="session")
def powers(inhabited: LocalVenue) -> Powers:
    """Who may do what there, as the contracts say."""
    return Probe(inhabited.remote).powers()

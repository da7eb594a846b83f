"""Roles and factories, no more. Two kinds of chain:

`venue`, `custody`, `make_venue`  in the process (pyrevm): fuzzing, invariants, parity
`system`, `handles`               on ape's network (anvil, or ape's own chain): behaviour

A test that uses the first kind decorates itself with `isolated`; ape isolates the second kind.
"""

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from penstock.contracts import ApeDeployer, Handles
from penstock.contracts import handles as bind
from penstock.deploy import Parties, deploy
from penstock.system import System
from tests.helpers import venue as venues
from tests.helpers.actors import publishers
from tests.helpers.venue import PARAMETERS, Custody, Venue

if TYPE_CHECKING:
    from ape.api import AccountAPI
    from ape.managers.accounts import TestAccountManager

# Deadlines measure the machine, not the contracts.
settings.register_profile("fast", deadline=None, max_examples=50)
settings.register_profile(
    "deep", deadline=None, max_examples=2_000, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile(os.environ.get("PENSTOCK_FUZZ", "fast"))


# --- in the process -------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def make_venue() -> Callable[..., Venue]:
    """Deploy a venue of one's own."""
    return venues.make_venue


@pytest.fixture(scope="session")
def venue() -> Venue:
    """A venue whose collateral behaves."""
    return venues.make_venue()


@pytest.fixture(scope="session")
def custody() -> Custody:
    """Vault and queue alone, with a token that behaves."""
    return venues.make_custody()


@pytest.fixture(scope="session")
def odd_custody() -> Custody:
    """Vault and queue alone, with a token whose bad habits a test switches on."""
    return venues.make_custody(odd_token=True)


# --- on ape's network -----------------------------------------------------------------------------


@pytest.fixture(scope="session")
def owner(accounts: "TestAccountManager") -> "AccountAPI":
    """Deploys and governs."""
    return accounts[0]


@pytest.fixture(scope="session")
def operator(accounts: "TestAccountManager") -> "AccountAPI":
    """Settles batches."""
    return accounts[1]


@pytest.fixture(scope="session")
def alice(accounts: "TestAccountManager") -> "AccountAPI":
    """A trader."""
    return accounts[2]


@pytest.fixture(scope="session")
def bob(accounts: "TestAccountManager") -> "AccountAPI":
    """Another trader."""
    return accounts[3]


@pytest.fixture(scope="session")
def carol(accounts: "TestAccountManager") -> "AccountAPI":
    """A stranger."""
    return accounts[4]


@pytest.fixture(scope="session")
def system(owner: "AccountAPI", operator: "AccountAPI") -> System:
    """Where the parts of the venue on ape's network are."""
    names = tuple(publisher.address for publisher in publishers())
    parties = Parties(operator=str(operator.address), publishers=names)
    return deploy(ApeDeployer(owner), PARAMETERS, parties)


@pytest.fixture(scope="session")
def handles(system: System) -> Handles:
    """The contracts of that venue."""
    return bind(system)

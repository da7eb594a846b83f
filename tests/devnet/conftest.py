"""Roles and a token on the session's devnet. Time is virtual: no test waits for a clock."""

import pytest

from penstock.devnet import Config, Devnet, Key, Token


@pytest.fixture(scope="session")
def devnet_config() -> Config:
    """A window that is long enough to challenge in, and history for a whole session."""
    return Config(window=120, history=20_000)


@pytest.fixture
def alice(devnet: Devnet) -> Key:
    """Has ether on both chains, and ten thousand tokens on L1."""
    return devnet.accounts[0]


@pytest.fixture
def bob(devnet: Devnet) -> Key:
    """Has ether on both chains."""
    return devnet.accounts[1]


@pytest.fixture(scope="session")
def token(devnet_session: Devnet) -> Token:
    """A token of six decimals on both chains."""
    alice = devnet_session.accounts[0]
    made = devnet_session.bridge.create_token(alice, "Gold", "GLD", 6)
    devnet_session.bridge.mint(alice, made, alice.address, 10_000_000_000)
    return made


@pytest.fixture(autouse=True, scope="session")
def prepared(token: Token) -> None:
    """Have the token made before the first snapshot, so that every test sees it."""

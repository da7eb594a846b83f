"""Roles and a token on the session's devnet. Time is virtual: no test waits for a clock."""

from collections.abc import Iterator

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
    return gold(devnet_session)


@pytest.fixture
def devnet(token: Token, devnet: Devnet) -> Devnet:
    """The session's devnet, turned back after each test to where it has the token."""
    return devnet


def gold(net: Devnet) -> Token:
    """Make the token, and ten thousand of it for the first account."""
    alice = net.accounts[0]
    made = net.bridge.create_token(alice, "Gold", "GLD", 6)
    net.bridge.mint(alice, made, alice.address, 10_000_000_000)
    return made


@pytest.fixture(scope="session")
def games_session() -> Iterator[Devnet]:
    """A devnet that keeps its outputs as dispute games."""
    config = Config(proofs="games", window=120, maturity=50, finality=30, history=20_000)
    with Devnet.start(config) as net:
        yield net


@pytest.fixture(scope="session")
def games_token(games_session: Devnet) -> Token:
    """The token there."""
    return gold(games_session)


@pytest.fixture
def games(games_session: Devnet, games_token: Token) -> Iterator[Devnet]:
    """The same devnet, turned back after each test."""
    mark = games_session.snapshot()
    yield games_session
    games_session.revert(mark)


@pytest.fixture(autouse=True, scope="session")
def prepared(token: Token) -> None:
    """Have the token made before the first snapshot, so that every test sees it."""

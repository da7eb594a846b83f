"""A pytest plugin: one devnet a session, and for each test both chains and the node as they were.

devnet_config    session   override it to have other settings
devnet_session   session   the running devnet; what is done to it stays
devnet           function  the same, turned back after the test
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from penstock.devnet import Config, Devnet


@pytest.fixture(scope="session")
def devnet_config() -> "Config":
    """Settings of the session's devnet: virtual time, free ports, history for many tests.

    NOTE: anvil counts every state ever made, those that were turned back included, and a block that
    is made again after a snapshot is forgotten with its first copy. So a session needs more than a
    single devnet: about 60 kB for each block of all its tests.
    """
    from penstock.devnet import Config

    return Config(history=20_000)


@pytest.fixture(scope="session")
def devnet_session(devnet_config: "Config") -> Iterator["Devnet"]:
    """A devnet for all tests, ended after the last."""
    from penstock.devnet import Devnet

    with Devnet.start(devnet_config) as net:
        yield net


@pytest.fixture
def devnet(devnet_session: "Devnet") -> Iterator["Devnet"]:
    """The session's devnet; the next test does not see what this one does to it."""
    mark = devnet_session.snapshot()
    yield devnet_session
    devnet_session.revert(mark)

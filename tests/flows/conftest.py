"""A chain of its own for each test, ended with it."""

from collections.abc import Iterator

import pytest

from penstock.anvil import Anvil
from penstock.console import Session
from penstock.localvenue import LocalVenue
from penstock.settings import DEFAULTS


@pytest.fixture
def anvil() -> Iterator[Anvil]:
    """A running chain."""
    with Anvil() as chain:
        yield chain


@pytest.fixture
def session(anvil: Anvil) -> Session:
    """A venue on it, with people who have money."""
    return Session(LocalVenue.start(anvil, DEFAULTS))

"""A chain of its own for each test, ended with it; and who leaves a venue there."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from penstock.anvil import Anvil
from penstock.console import Session
from penstock.localvenue import LocalVenue
from penstock.settings import DEFAULTS
from tests.flows.leaver import DEPOSIT, LIVENESS, Leaver, RollupLeaver, on_rollup


@pytest.fixture
def anvil() -> Iterator[Anvil]:
    """A running chain."""
    with Anvil() as chain:
        yield chain


@pytest.fixture
def session(anvil: Anvil) -> Session:
    """A venue on it, with people who have money."""
    return Session(LocalVenue.start(anvil, DEFAULTS))


@pytest.fixture
def rollup(tmp_path: Path) -> Iterator[RollupLeaver]:
    """A venue on a rollup; ann has account 1, ben 2."""
    with on_rollup(tmp_path) as leaver:
        leaver.venue.open(["ann", "ben"], DEPOSIT)
        yield leaver


@pytest.fixture
def plain(anvil: Anvil, tmp_path: Path) -> Leaver:
    """The same on a single chain, which is frozen after an hour of silence."""
    venue = LocalVenue.start(anvil, replace(DEFAULTS, liveness=LIVENESS))
    venue.open(["ann", "ben"], DEPOSIT)
    return Leaver(venue, tmp_path, "--rpc", anvil.url)


@pytest.fixture
def trading(session: Session, anvil: Anvil, tmp_path: Path) -> Leaver:
    """A venue in which alice is long and bob short."""
    alice, bob, *_ = session.traders
    session.order(bob, "sell", "1", "60000")
    session.order(alice, "buy", "1", "60000")
    session.settle()
    return Leaver(session.devnet, tmp_path, "--rpc", anvil.url)


@pytest.fixture
def narrow(anvil: Anvil, tmp_path: Path) -> Leaver:
    """A venue with the narrowest bucket: 10,000 and a tenth in a day."""
    terms = replace(DEFAULTS, outflow_floor=10**10, outflow_share=1_000)
    venue = LocalVenue.start(anvil, terms)
    venue.open(["ann"], DEPOSIT * 40)
    return Leaver(venue, tmp_path, "--rpc", anvil.url)

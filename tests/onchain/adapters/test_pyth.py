"""PythPriceSource: setFeed, latest

setFeed: caller is not the governor ......... AccessManagedUnauthorized
         feed, scale or confidence wrong .... Source_…
latest:  no feed, or Pyth misbehaves ........ no price
         not above zero, from the future .... no price
         confidence wider than the bound .... no price
         exponent beyond ±19 ................ no price
         otherwise .......................... the nearest tick, at the time of the price
"""

from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.deploy import ZERO_ADDRESS
from tests.helpers.actors import Actor
from tests.helpers.amounts import PEOPLE
from tests.helpers.revm import START, Contract, RevmChain, reverts
from tests.helpers.venue import GOVERNOR, STRANGER
from tests.onchain.adapters.test_chainlink import NONE, nearest

ID = b"\x01" * 32
TOP = 2**63 - 1
FACTORS = st.integers(1, 2**64 - 1)


@dataclass
class Setup:
    """The adapter on a chain of its own; market 1 has a tick of 0.1 and allows 1 %."""

    chain: RevmChain
    source: Contract
    pyth: Contract

    def set_feed(self, *, conf: int = 100, scale: tuple[int, int] = (10, 1)) -> None:
        self.source.transact("setFeed", 1, (ID, conf, scale), sender=GOVERNOR)

    def price(self, price: int, *, conf: int = 0, expo: int = -8, at: int = START) -> Any:
        """What the adapter says when Pyth says this."""
        with self.chain.undone():
            said = (price, conf, expo, at)
            self.pyth.transact("setPrice", ID, said, sender=STRANGER.address)
            return self.source.call("latest", 1)


@pytest.fixture(scope="module")
def setup() -> Setup:
    chain = RevmChain()
    pyth = chain.at("PythMock", chain.create("PythMock"))
    place = chain.create("PythPriceSource", pyth.address, chain.create("Manager", GOVERNOR))
    found = Setup(chain, chain.at("PythPriceSource", place), pyth)
    found.set_feed()
    return found


def ticks(price: int, expo: int, scale: tuple[int, int] = (10, 1)) -> int:
    """The nearest tick; 0 for none."""
    up, down = scale
    return nearest(price, up * 10 ** max(0, expo), down * 10 ** max(0, -expo))


def test_constructor__pyth_is_zero__reverts() -> None:
    chain = RevmChain()
    manager = chain.create("Manager", GOVERNOR)
    with reverts("Source_PythZero"):
        chain.create("PythPriceSource", ZERO_ADDRESS, manager)


@given(who=PEOPLE)
def test_set_feed__not_the_governor__reverts(setup: Setup, who: Actor) -> None:
    with reverts("AccessManagedUnauthorized", who.address):
        setup.source.transact("setFeed", 1, (ID, 1, (1, 1)), sender=who.address)


@pytest.mark.parametrize(
    ("feed", "name", "values"),
    [
        ((bytes(32), 1, (1, 1)), "Source_FeedZero", ()),
        ((ID, 1, (0, 1)), "Source_ScaleZero", ()),
        ((ID, 1, (1, 0)), "Source_ScaleZero", ()),
        ((ID, 0, (1, 1)), "Source_ConfidenceOutOfBounds", (0, 10_000)),
        ((ID, 10_001, (1, 1)), "Source_ConfidenceOutOfBounds", (10_001, 10_000)),
    ],
)
def test_set_feed__wrong__reverts(setup: Setup, feed: Any, name: str, values: Any) -> None:
    with reverts(name, 3, *values):
        setup.source.transact("setFeed", 3, feed, sender=GOVERNOR)


def test_set_feed__again__replaces(setup: Setup) -> None:
    with setup.chain.undone():
        setup.set_feed(conf=5, scale=(3, 4))
        assert setup.source.call("feedOf", 1) == (ID, 5, (3, 4))
        assert [log.name for log in setup.chain.logs()] == ["FeedChanged"]


@given(market=st.integers(2, 2**16 - 1))
def test_latest__market_without_a_feed__no_price(setup: Setup, market: int) -> None:
    assert setup.source.call("latest", market) == NONE


@given(price=st.integers(1, TOP), age=st.integers(0, START - 1))
def test_latest__sound_price__is_the_nearest_tick_at_its_time(
    setup: Setup, price: int, age: int
) -> None:
    expected = ticks(price, -8)
    seen = setup.price(price, at=START - age)
    assert seen == ((expected, START - age, False) if expected else NONE)


def test_latest__half_a_tick__goes_up(setup: Setup) -> None:
    assert setup.price(60_000 * 10**8 + 5 * 10**6) == (600_001, START, False)
    assert setup.price(60_000 * 10**8 + 5 * 10**6 - 1) == (600_000, START, False)


@given(price=st.integers(1, TOP), expo=st.integers(-25, 25), up=FACTORS, down=FACTORS)
def test_latest__any_exponent_and_scale__is_exact_or_no_price(
    setup: Setup, price: int, expo: int, up: int, down: int
) -> None:
    with setup.chain.undone():
        setup.set_feed(scale=(up, down))
        expected = ticks(price, expo, (up, down)) if -19 <= expo <= 19 else 0
        assert setup.price(price, expo=expo) == ((expected, START, False) if expected else NONE)


@given(price=st.integers(-(2**63), 0))
def test_latest__not_above_zero__no_price(setup: Setup, price: int) -> None:
    assert setup.price(price) == NONE


@given(
    price=st.integers(10**8, 10**14), conf=st.integers(0, 2**64 - 1), most=st.integers(1, 10_000)
)
def test_ora_9__confidence_wider_than_the_bound__no_price(
    setup: Setup, price: int, conf: int, most: int
) -> None:
    with setup.chain.undone():
        setup.set_feed(conf=most)
        edge = price * most // 10_000
        for width in (conf, edge, edge + 1):
            known = width * 10_000 <= price * most
            expected = (ticks(price, -8), START, False) if known else NONE
            assert setup.price(price, conf=width) == expected


@given(at=st.one_of(st.just(0), st.integers(START + 1, 2**256 - 1)))
def test_ora_4__from_the_future_or_never__no_price(setup: Setup, at: int) -> None:
    assert setup.price(10**12, at=at) == NONE


@pytest.mark.parametrize("fault", range(1, 5))
def test_ora_10__pyth_misbehaves__no_price(setup: Setup, fault: int) -> None:
    with setup.chain.undone():
        setup.pyth.transact("setFault", fault, sender=STRANGER.address)
        assert setup.price(10**12) == NONE


def test_ora_10__pyth_has_no_code__no_price() -> None:
    chain = RevmChain()
    manager = chain.create("Manager", GOVERNOR)
    place = chain.create("PythPriceSource", STRANGER.address, manager)
    source = chain.at("PythPriceSource", place)
    source.transact("setFeed", 1, (ID, 100, (10, 1)), sender=GOVERNOR)
    assert source.call("latest", 1) == NONE

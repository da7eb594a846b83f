"""ChainlinkPriceSource: setFeed, latest

setFeed: caller is not the governor ......... AccessManagedUnauthorized
         aggregator, scale or bounds wrong .. Source_…
latest:  no feed, or it misbehaves .......... no price
         the round is incomplete, carried
         over or from the future ............ no price
         the answer is not above zero, or at
         a bound, or no price of 32 bits .... no price
         otherwise .......................... the nearest tick, at the time of the answer
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.deploy import ZERO_ADDRESS
from tests.helpers.actors import Actor
from tests.helpers.amounts import PEOPLE
from tests.helpers.revm import START, Contract, RevmChain, reverts
from tests.helpers.venue import GOVERNOR, STRANGER

NONE = (0, 0, False)
NO_BOUND = 2**128 - 1
FACTORS = st.integers(1, 2**64 - 1)
ANSWERS = st.one_of(st.integers(-10, 10**13), st.integers(-(2**255), 2**255 - 1))


@dataclass
class Setup:
    """The adapter on a chain of its own; market 1 has a tick of 0.1 and a feed of 8 decimals."""

    chain: RevmChain
    source: Contract
    feed: Contract

    def set_feed(self, *, low: int = 0, high: int = NO_BOUND, scale: Any = (1, 10**7)) -> None:
        feed = (self.feed.address, low, high, scale)
        self.source.transact("setFeed", 1, feed, sender=GOVERNOR)

    def answer(self, answer: int, at: int = START, *, number: int = 7, made_in: int = 7) -> Any:
        """What the adapter says when the aggregator says this."""
        with self.chain.undone():
            round_ = (number, answer, at, at, made_in)
            self.feed.transact("setRound", round_, sender=STRANGER.address)
            return self.source.call("latest", 1)


@pytest.fixture(scope="module")
def setup() -> Setup:
    chain = RevmChain()
    place = chain.create("ChainlinkPriceSource", chain.create("Manager", GOVERNOR))
    source = chain.at("ChainlinkPriceSource", place)
    found = Setup(chain, source, chain.at("AggregatorMock", chain.create("AggregatorMock")))
    found.set_feed()
    return found


def nearest(units: int, up: int, down: int) -> int:
    """Half a tick goes up; what is no price of 32 bits is 0."""
    ticks = int(Fraction(units * up, down) + Fraction(1, 2))
    return ticks if ticks < 2**32 else 0


@given(who=PEOPLE)
def test_set_feed__not_the_governor__reverts(setup: Setup, who: Actor) -> None:
    feed = (setup.feed.address, 0, 1, (1, 1))
    with reverts("AccessManagedUnauthorized", who.address):
        setup.source.transact("setFeed", 1, feed, sender=who.address)


@pytest.mark.parametrize(
    ("feed", "name", "values"),
    [
        ((ZERO_ADDRESS, 0, 1, (1, 1)), "Source_FeedZero", ()),
        ((STRANGER.address, 0, 1, (0, 1)), "Source_ScaleZero", ()),
        ((STRANGER.address, 0, 1, (1, 0)), "Source_ScaleZero", ()),
        ((STRANGER.address, 5, 5, (1, 1)), "Source_BoundsCrossed", (5, 5)),
    ],
)
def test_set_feed__wrong__reverts(setup: Setup, feed: Any, name: str, values: Any) -> None:
    with reverts(name, 3, *values):
        setup.source.transact("setFeed", 3, feed, sender=GOVERNOR)


def test_set_feed__again__replaces(setup: Setup) -> None:
    with setup.chain.undone():
        setup.set_feed(low=1, high=2, scale=(3, 4))
        assert setup.source.call("feedOf", 1) == (setup.feed.address, 1, 2, (3, 4))
        assert [log.name for log in setup.chain.logs()] == ["FeedChanged"]


@given(market=st.integers(2, 2**16 - 1))
def test_latest__market_without_a_feed__no_price(setup: Setup, market: int) -> None:
    assert setup.source.call("latest", market) == NONE


@given(answer=st.integers(1, 10**16), age=st.integers(0, START - 1))
def test_latest__sound_round__is_the_nearest_tick_at_its_time(
    setup: Setup, answer: int, age: int
) -> None:
    price = nearest(answer, 1, 10**7)
    expected = (price, START - age, False) if price else NONE
    assert setup.answer(answer, START - age) == expected


def test_latest__half_a_tick__goes_up(setup: Setup) -> None:
    assert setup.answer(60_000 * 10**8) == (600_000, START, False)
    assert setup.answer(60_000 * 10**8 + 5 * 10**6) == (600_001, START, False)
    assert setup.answer(60_000 * 10**8 + 5 * 10**6 - 1) == (600_000, START, False)


@given(answer=ANSWERS, up=FACTORS, down=FACTORS)
def test_latest__any_answer_and_scale__is_exact_or_no_price(
    setup: Setup, answer: int, up: int, down: int
) -> None:
    with setup.chain.undone():
        setup.set_feed(scale=(up, down))
        price = nearest(answer, up, down) if 0 < answer < NO_BOUND else 0
        assert setup.answer(answer) == ((price, START, False) if price else NONE)


@given(answer=st.integers(-(2**255), 0))
def test_ora_9__answer_not_above_zero__no_price(setup: Setup, answer: int) -> None:
    assert setup.answer(answer) == NONE


@given(low=st.integers(10**8, 10**11), width=st.integers(2, 10**12), data=st.data())
def test_ora_9__answer_at_a_bound_of_the_aggregator__no_price(
    setup: Setup, low: int, width: int, data: st.DataObject
) -> None:
    high = low + width
    answer = data.draw(st.one_of(st.sampled_from([low, high]), st.integers(1, 2 * high)))
    with setup.chain.undone():
        setup.set_feed(low=low, high=high)
        seen = setup.answer(answer)
    within = low < answer < high and nearest(answer, 1, 10**7)
    assert seen == ((nearest(answer, 1, 10**7), START, False) if within else NONE)


@given(at=st.one_of(st.just(0), st.integers(START + 1, 2**256 - 1)))
def test_ora_4__round_incomplete_or_from_the_future__no_price(setup: Setup, at: int) -> None:
    assert setup.answer(10**12, at) == NONE


@given(number=st.integers(0, 2**80 - 1), made_in=st.integers(0, 2**80 - 1))
def test_ora_4__answer_carried_over_from_an_older_round__no_price(
    setup: Setup, number: int, made_in: int
) -> None:
    seen = setup.answer(10**12, number=number, made_in=made_in)
    assert seen == ((10**5, START, False) if made_in >= number else NONE)


@pytest.mark.parametrize("fault", range(1, 5))
def test_ora_10__aggregator_misbehaves__no_price(setup: Setup, fault: int) -> None:
    with setup.chain.undone():
        setup.feed.transact("setFault", fault, sender=STRANGER.address)
        assert setup.answer(10**12) == NONE
        assert setup.chain.result is not None
        assert setup.chain.result.gas_used < 500_000


def test_ora_10__aggregator_has_no_code__no_price(setup: Setup) -> None:
    with setup.chain.undone():
        feed = (STRANGER.address, 0, 1, (1, 1))
        setup.source.transact("setFeed", 1, feed, sender=GOVERNOR)
        assert setup.source.call("latest", 1) == NONE

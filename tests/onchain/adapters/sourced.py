"""A desk whose funding index asks an adapter, and the adapter a foreign feed.

index ── latest ──▶ adapter ── latestRoundData, getPriceUnsafe ──▶ feed that says what it is told
"""

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

from penstock.deploy import Parameters
from tests.helpers.governance import operation
from tests.helpers.revm import DEPLOYER, Contract, RevmChain, RevmDeployer
from tests.helpers.twin import Outcome
from tests.helpers.venue import GOVERNOR, STRANGER, Venue, make_venue
from tests.onchain.settlement.desk import Desk

NO_BOUND = 2**128 - 1
TICKS = (1, 1)
"""The foreign feeds count in ticks."""


@dataclass(frozen=True)
class AdapterDeployer(RevmDeployer):
    """Deploys an adapter where the plan has `PriceFeed`."""

    adapter: Callable[[str], str]
    """Deploys it with a manager; returns where."""

    def create(self, contract: str, *arguments: object) -> str:
        if contract == "PriceFeed":
            return self.adapter(str(arguments[0]))
        return super().create(contract, *arguments)


class Sourced(Desk):
    """A desk on an adapter."""

    adapter: str
    faults: tuple[str, ...]
    """What may happen to the feed of market 1 and to no other."""

    def _deploy(self, parameters: Parameters, *, odd_token: bool) -> Venue:
        chain = RevmChain()
        self._make_feeds(chain)
        deployer = AdapterDeployer(chain, DEPLOYER, lambda manager: self._adapt(chain, manager))
        venue = make_venue(parameters, chain=chain, deployer=deployer)
        for market in (1, 2):
            self._wire(venue, market)
        return venue

    def _wire(self, venue: Venue, market: int) -> None:
        """Have the timelock name the feed of a market; asked for early enough to act now."""
        adapter, delay = venue.chain.at(self.adapter, venue.feed.address), 10 * 86_400
        wired = operation(venue.timelock, adapter, "setFeed", market, self._feed_of(market))
        venue.chain.time -= delay
        wired.schedule(GOVERNOR)
        venue.chain.time += delay
        wired.execute(GOVERNOR)

    def refresh(self, market: int, price: int, time: int | None = None) -> Outcome:
        """Have the foreign feed say a price and let it become the mark."""
        self.say(market, price, self.now if time is None else time)
        return self.enter(market)

    @abstractmethod
    def _make_feeds(self, chain: RevmChain) -> None:
        """Deploy what the adapter asks."""

    @abstractmethod
    def _adapt(self, chain: RevmChain, manager: str) -> str:
        """Deploy the adapter."""

    @abstractmethod
    def _feed_of(self, market: int) -> tuple[object, ...]:
        """What the adapter is told of a market."""

    @abstractmethod
    def say(self, market: int, price: int, at: int) -> None:
        """Have the feed of a market say a price, in ticks."""

    @abstractmethod
    def fail(self, fault: str) -> None:
        """Let the feed of market 1 fail."""

    @abstractmethod
    def mend(self) -> None:
        """Let it work again; what it says is as old as it was."""


class ChainlinkDesk(Sourced):
    """An aggregator for each market."""

    adapter = "ChainlinkPriceSource"
    faults = ("silent", "reverts", "burns gas", "answers short", "answers endlessly")

    def _make_feeds(self, chain: RevmChain) -> None:
        self.aggregators: list[Contract] = [
            chain.at("AggregatorMock", chain.create("AggregatorMock")) for _ in range(2)
        ]

    def _adapt(self, chain: RevmChain, manager: str) -> str:
        return chain.create(self.adapter, manager)

    def _feed_of(self, market: int) -> tuple[object, ...]:
        return (self.aggregators[market - 1].address, 0, NO_BOUND, TICKS)

    def say(self, market: int, price: int, at: int) -> None:
        self._tell(market, "setRound", (at, price, at, at, at))

    def fail(self, fault: str) -> None:
        self._tell(1, "setFault", self.faults.index(fault))

    def mend(self) -> None:
        self._tell(1, "setFault", 0)

    def _tell(self, market: int, function: str, argument: object) -> None:
        self.aggregators[market - 1].transact(function, argument, sender=STRANGER.address)


class PythDesk(Sourced):
    """One Pyth, with an identifier for each market."""

    adapter = "PythPriceSource"
    faults = ("silent", "knows no such feed", "is unsure", "is ahead of time")

    def _make_feeds(self, chain: RevmChain) -> None:
        self.pyth: Contract = chain.at("PythMock", chain.create("PythMock"))

    def _adapt(self, chain: RevmChain, manager: str) -> str:
        return chain.create(self.adapter, self.pyth.address, manager)

    def _feed_of(self, market: int) -> tuple[object, ...]:
        return (bytes([market]) * 32, 100, TICKS)

    def say(self, market: int, price: int, at: int) -> None:
        self._tell(market, (price, 0, 0, at))

    def fail(self, fault: str) -> None:
        price, now = 500_000, self.now
        said = {
            "knows no such feed": (price, 0, 0, 0),
            "is unsure": (price, price // 100 + 1, 0, now),
            "is ahead of time": (price, 0, 0, now + 3_600),
        }
        if fault in said:
            self._tell(1, said[fault])

    def mend(self) -> None:
        mark = self.model.market(1)
        self.say(1, mark.mark, mark.time)

    def _tell(self, market: int, said: tuple[int, ...]) -> None:
        place = bytes([market]) * 32
        self.pyth.transact("setPrice", place, said, sender=STRANGER.address)

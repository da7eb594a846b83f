"""Edge: moves the fees of markets to account 0, where the insurance fund can use them."""

from collections.abc import Iterable
from typing import Final

from penstock.keepers.costs import Costs
from penstock.keepers.keeper import Call, Decision
from penstock.keepers.notes import Values
from penstock.keepers.station import Post, Station

COLLECT_GAS: Final = 100_000
"""Limit of one collection; it takes half of it."""


class FeeCollector(Post):
    """Anybody may run it; it earns nothing and pays gas."""

    name = "fees"

    def __init__(
        self, station: Station, *, costs: Costs | None = None, least: int = 1, times: int = 20
    ) -> None:
        """A market is worth a collection from `least` quote units on, and from so many `times` the
        cost of the gas."""
        super().__init__(station)
        self.costs: Final = costs or Costs()
        self.least: Final = least
        self.times: Final = times

    def decide(self, now: int) -> Decision | None:
        """Choose the markets that are worth it. Raises RpcError."""
        venue = self.look(now)
        worth = max(self.least, self.times * self.costs.quote_up(COLLECT_GAS))
        fees = {market: venue.markets[market].fees for market in sorted(venue.markets)}
        chosen = [market for market, amount in fees.items() if amount >= worth]
        if not chosen:
            self.left("no market is worth it", most=max(fees.values(), default=0), worth=worth)
            return None
        amount = sum(fees[market] for market in chosen)
        values: Values = {"markets": ",".join(map(str, chosen)), "amount": amount, "worth": worth}
        return Decision("collected fees", "it is worth it", values, collect(chosen))


def collect(markets: Iterable[int]) -> tuple[Call, ...]:
    """Calls that collect the fees of markets."""
    return tuple(Call("positions", "collectFees", (market,), COLLECT_GAS) for market in markets)

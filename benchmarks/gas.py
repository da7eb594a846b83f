"""Gas and bytes of a settled fill, on a real node, by the definitions of the peers' table.

    A       every order unique: 20 accounts with 2 open markets quote and take in turns
    B       10 resting orders are swept by 100 takers with 2 open markets each
    D       one resting order is taken by accounts that never traded before
    large   one resting order is taken by accounts of B; its maker is beyond the first tier
    single  case A with one fill, alone in its transaction

Both signatures of every fill are verified and margin is checked fill by fill. Accounts of A and B
have traded before, so that their words exist, but are cold when the transaction begins.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from benchmarks.measure import Measure
from benchmarks.node import PRICES, TIER, Site, site
from penstock.builder import build
from penstock.messages import Fill, Order, SignedOrder

EXPIRY: Final = 2**32 - 1
QUOTERS, TAKERS, SWEPT = 20, 100, 10
FILLS: Final = 400
ALIVE: Final = 80_000
"""Seconds between two beats, fewer than make an outage."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one fill of a batch cost."""

    gas: float
    size: float


@dataclass(slots=True)
class Cases:
    """Draws the batches and settles them; nonces and open markets run along."""

    site: Site
    number: int = 1
    quoters: list[int] = field(default_factory=list)
    takers: list[int] = field(default_factory=list)
    _epochs: dict[tuple[int, int], int] = field(default_factory=dict)
    _numbers: dict[int, int] = field(default_factory=dict)
    _markets: dict[int, set[int]] = field(default_factory=dict)

    def warm_up(self) -> None:
        """Give every account of A and B positions in both markets, and used slots."""
        self.quoters = self.site.open_accounts(QUOTERS)
        self.takers = self.site.open_accounts(TAKERS)
        for market in (2, 1):
            self.unique(FILLS, market)
            self.swept(FILLS, market)
        self.unique(100)

    def unique(self, fills: int, market: int = 1) -> Cost:
        """Case A."""
        return self._settle(self._draw_unique(fills, market))

    def _draw_unique(self, fills: int, market: int) -> list[Fill]:
        used: dict[int, int] = {}
        batch = []
        for i in range(fills):
            maker = self.quoters[i % QUOTERS]
            taker = self.quoters[(i + 1 + i // QUOTERS % (QUOTERS - 1)) % QUOTERS]
            slot = used.get(maker, 0)
            used[maker] = slot + 1
            buy = i // QUOTERS % 2 == 1
            resting = self._rest(maker, market, not buy, slot, 10)
            batch.append(Fill(resting, self._take(taker, market, buy, 10), 7))
        return batch

    def swept(self, fills: int, market: int = 1) -> Cost:
        """Case B."""
        makers = [self._rest(maker, market, True, 0, 10_000) for maker in self.quoters[:SWEPT]]
        return self._settle(
            [
                Fill(makers[i % SWEPT], self._take(taker, market, False, 10), 10)
                for i, taker in enumerate(self._cycle(fills))
            ]
        )

    def newcomers(self, fills: int) -> Cost:
        """Case D."""
        maker = self._rest(self.quoters[0], 1, True, 1, fills * 10)
        accounts = self.site.open_accounts(fills)
        return self._settle([Fill(maker, self._take(a, 1, False, 10), 10) for a in accounts])

    def large(self, fills: int) -> Cost:
        """A maker beyond the first tier, whose margin rises faster than its position."""
        maker, whole = self.quoters[1], TIER + 10
        sold = self._take(self.quoters[2], 1, False, whole)
        self._settle([Fill(self._rest(maker, 1, True, 2, whole), sold, whole)])
        rest = self._rest(maker, 1, True, 2, fills * 10)
        takes = (self._take(taker, 1, False, 10) for taker in self._cycle(fills))
        return self._settle([Fill(rest, take, 10) for take in takes])

    def _cycle(self, count: int) -> list[int]:
        return [self.takers[i % TAKERS] for i in range(count)]

    def _rest(self, account: int, market: int, buy: bool, slot: int, size: int) -> SignedOrder:
        epoch = self._epochs[account, slot] = self._epochs.get((account, slot), 0) + 1
        price = self.site.prices[market - 1]
        return self._sign(account, market, buy, False, price, size, slot << 32 | epoch)

    def _take(self, account: int, market: int, buy: bool, size: int) -> SignedOrder:
        number = self._numbers[account] = self._numbers.get(account, 0) + 1
        price = self.site.prices[market - 1] + (100 if buy else -100)
        return self._sign(account, market, buy, True, price, size, number)

    def _sign(
        self,
        account: int,
        market: int,
        buy: bool,
        immediate: bool,
        price: int,
        size: int,
        nonce: int,
    ) -> SignedOrder:
        flags = (buy, immediate, False, False)
        order = Order(account, market, *flags, price, size, EXPIRY, nonce)
        return self.site.keys[account].sign_order(self.site.domain, order)

    def _settle(self, fills: Sequence[Fill]) -> Cost:
        batch = build(self.number, fills, (), lambda a: self._markets.get(a, ()))
        gas, size, records = self.site.settle(batch)
        skipped = [record for record in records if not record.verdict.moved]
        if skipped or len(records) != len(fills):
            raise AssertionError(f"{len(skipped)} of {len(fills)} fills skipped: {skipped[:3]}")
        self.number += 1
        for fill in fills:
            for order in (fill.maker.order, fill.taker.order):
                self._markets.setdefault(order.account, set()).add(order.market)
        return Cost(gas / len(fills), size / len(fills))


def accrue_after(site: Site, periods: int) -> int:
    """Gas of an accrual that charges, `periods` after the last mark; the chain was up meanwhile."""
    node, period = site.anvil, 3_600
    site.post(1, PRICES[0] + periods)
    site.call("FundingIndex", "refresh", [1])
    until = node.time() - node.time() % period + periods * period + 1
    while node.time() + ALIVE < until:
        node.warp(node.time() + ALIVE)
        site.call("SequencerWatch", "beat")
    node.warp(until)
    receipt = site.call("FundingIndex", "accrue", 1)
    # One event of the index, with more in it than the start of a skipped period.
    if len(receipt.logs) != 1 or len(receipt.logs[0]["data"]) < 2 + 64 * 8:
        raise AssertionError(f"nothing was charged: {receipt.logs}")
    return receipt.gas


def run() -> list[Measure]:
    """Measure the cases at 400 fills, and the single fill."""
    with site() as venue:
        cases = Cases(venue)
        cases.warm_up()
        single, unique = cases.unique(1), cases.unique(FILLS)
        swept, newcomers = cases.swept(FILLS), cases.newcomers(FILLS)
        large = cases.large(FILLS)
        once, late = accrue_after(venue, 1), accrue_after(venue, 1_000)
        posted = venue.post_five(1, PRICES[0]).gas
    return [
        _bounded("gas per fill, A: all orders unique", unique.gas, "gas", 17_000),
        _bounded("gas per fill, B: 10 orders swept by 100 takers", swept.gas, "gas", 12_500),
        _bounded("gas per fill, D: one maker, new accounts", newcomers.gas, "gas", 38_000),
        _bounded("gas of a single fill in its own transaction", single.gas, "gas", 90_000),
        _bounded("calldata per fill, A", unique.size, "bytes", 177),
        _bounded("gas of an accrual, one period due", once, "gas", 60_000),
        _bounded("gas of an accrual, 1,000 periods due", late, "gas", 80_000),
        _bounded("gas of a price, quorum of five", posted, "gas", 90_000),
        Measure("gas per fill, a maker beyond the first tier", large.gas, "gas", "", None),
        Measure("calldata per fill, B", swept.size, "bytes", "", None),
        Measure("calldata per fill, D", newcomers.size, "bytes", "", None),
    ]


def _bounded(name: str, value: float, unit: str, most: int) -> Measure:
    return Measure(name, value, unit, f"≤ {most:,}", value <= most)

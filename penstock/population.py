"""Market makers and takers whose every order follows from a seed (pure).

Makers quote ladders and single post-only orders around the price and lean against what they hold.
Takers follow a slow tide of buying and selling, so that the premium, and with it the funding rate,
has a sign for a while and then the other.
"""

import math
from collections.abc import Callable, Iterator
from random import Random
from typing import Final, TypeAlias

from msgspec import Struct

from penstock.messages import Cancel, Ladder, Order
from penstock.units import UINT32_MAX, MarketSpec

Positions: TypeAlias = Callable[[int, int], int]
"""Lots of an account in a market."""

LADDER_LEVELS: Final = 4
SINGLE_LEVELS: Final = 3
SLOTS_PER_SIDE: Final = 16
NEVER: Final = UINT32_MAX


class Asset(Struct, frozen=True):
    """A market and the scale of what is traded in it: lots of a typical order."""

    spec: MarketSpec
    price: int
    lots: int


class Immediate(Struct, frozen=True):
    """A taker's order, and whether it is filled whole or not at all."""

    order: Order
    all_or_none: bool = False


class Prices:
    """A random walk for each market, in ticks."""

    def __init__(self, rng: Random, assets: list[Asset]) -> None:
        self._rng: Final = rng
        self.ticks: Final = {asset.spec.market: float(asset.price) for asset in assets}

    def step(self, market: int, publishers: int) -> list[int]:
        """Move on, and say what each publisher saw."""
        self.ticks[market] *= math.exp(self._rng.gauss(0, 0.0012))
        spot = self.ticks[market]
        return [round(spot * (1 + self._rng.gauss(0, 0.00005))) for _ in range(publishers)]


class Maker:
    """Quotes both sides of every market in fixed slots, each round with the next epoch."""

    def __init__(self, rng: Random, account: int, laddered: bool) -> None:
        self._rng: Final = rng
        self.laddered: Final = laddered
        self.account: Final = account
        self.epoch: int = 0

    def quote(self, asset: Asset, spot: float, positions: Positions) -> Iterator[Order | Ladder]:
        """Quote one market. A new epoch replaces the quote before it."""
        held = positions(self.account, asset.spec.market)
        lean = -held / (asset.lots * 60) * 0.0006
        for buy in (True, False):
            half = 0.0005 + self._rng.random() * 0.0007
            yield from self._side(asset, buy, spot * (1 + lean + (-half if buy else half)))

    def cancel(self, asset: Asset) -> Cancel:
        """Take the outermost level of the last quote back."""
        slot = self._slot(asset, self._rng.random() < 0.5)
        return Cancel(self.account, (slot + SINGLE_LEVELS - 1) << 32 | self.epoch)

    def _side(self, asset: Asset, buy: bool, best: float) -> Iterator[Order | Ladder]:
        levels = LADDER_LEVELS if self.laddered else SINGLE_LEVELS
        steps = [best * (1 + (-k if buy else k) * 0.0004) for k in range(levels)]
        prices = tuple(math.floor(p) if buy else math.ceil(p) for p in steps)
        sizes = tuple(asset.lots * (k + 2) + self._rng.randrange(asset.lots) for k in range(levels))
        market, nonce = asset.spec.market, self._slot(asset, buy) << 32 | self.epoch
        if self.laddered:
            yield Ladder(self.account, market, buy, True, False, NEVER, nonce, prices, sizes)
            return
        for k, (price, size) in enumerate(zip(prices, sizes, strict=True)):
            place = nonce + (k << 32)
            account = self.account
            yield Order(account, market, buy, False, True, False, price, size, NEVER, place)

    def _slot(self, asset: Asset, buy: bool) -> int:
        return ((asset.spec.market - 1) * 2 + (not buy)) * SLOTS_PER_SIDE


class Taker:
    """Sends immediate orders: market, limited, or all or none; closes what has grown large."""

    def __init__(self, rng: Random, account: int) -> None:
        self._rng: Final = rng
        self.account: Final = account
        self.number: int = 0

    def take(
        self, asset: Asset, spot: float, tide: float, positions: Positions, now: int
    ) -> Immediate:
        """Draw an order."""
        held = positions(self.account, asset.spec.market)
        if abs(held) > asset.lots * 60:
            return Immediate(self._order(asset, held < 0, spot, abs(held) // 2, now, reduce=True))
        buy = self._rng.random() < 0.5 + 0.45 * tide
        size = 1 + int(asset.lots * self._rng.lognormvariate(0, 0.8))
        return Immediate(self._order(asset, buy, spot, size, now), self._rng.random() < 0.15)

    def close(self, asset: Asset, spot: float, positions: Positions, now: int) -> Immediate | None:
        """Close the position, if there is one."""
        held = positions(self.account, asset.spec.market)
        if not held:
            return None
        return Immediate(self._order(asset, held < 0, spot, abs(held), now, reduce=True))

    def _order(
        self, asset: Asset, buy: bool, spot: float, size: int, now: int, reduce: bool = False
    ) -> Order:
        self.number += 1
        slack = 0.02 if reduce or self._rng.random() < 0.6 else 0.0015
        price = round(spot * (1 + (slack if buy else -slack)))
        market, account = asset.spec.market, self.account
        return Order(account, market, buy, True, False, reduce, price, size, now + 60, self.number)

"""How fast a market may be liquidated, and the orders that do it (pure).

A market has a bucket of whole tokens, one for each lot. Every liquidated lot takes one, and it
comes back `interval` seconds later, so that no `interval` seconds see more than `lots` lots:

    allowed at t = lots − Σ lots liquidated in (t − interval, t]
"""

from collections import deque
from collections.abc import Iterable, Mapping
from typing import Final

from msgspec import Struct

from penstock.messages import UNSIGNED, Order, SignedOrder
from penstock.units import UINT32_MAX, check_range

FORCED_NUMBERS: Final = 2**20
"""How many numbers liquidation orders take in turn; a batch holds far fewer."""


class Pace(Struct, frozen=True):
    """At most `lots` lots of a market may be liquidated within any `interval` seconds."""

    lots: int = 10_000
    interval: int = 60


class Liquidations:
    """What was liquidated of late in each market, and what may follow. Time never goes back."""

    __slots__ = ("_count", "_paces", "_spent")

    def __init__(self, markets: Iterable[int], paces: Mapping[int, Pace]) -> None:
        """Give each market its pace, or the default one. Raises RangeError for one below 1."""
        self._paces: Final = {market: paces.get(market, Pace()) for market in markets}
        self._count: int = 0
        # Seconds and lots, oldest first; one entry a second at most.
        self._spent: Final = {market: deque[tuple[int, int]]() for market in self._paces}
        for pace in self._paces.values():
            check_range("lots", pace.lots, 1, UINT32_MAX)
            check_range("interval", pace.interval, 1, UINT32_MAX)

    def next_number(self) -> int:
        """Number the next liquidation order: from the top, where no trader counts yet.

        The chain spends no number of the account for it, so that its own orders stay live.
        """
        self._count += 1
        return UINT32_MAX - self._count % FORCED_NUMBERS

    def allowed(self, market: int, now: int) -> int:
        """Count the lots that may be liquidated now."""
        pace, spent = self._paces[market], self._spent[market]
        while spent and spent[0][0] + pace.interval <= now:
            spent.popleft()
        return pace.lots - sum(lots for _, lots in spent)

    def spend(self, market: int, lots: int, now: int) -> None:
        """Take the tokens of liquidated lots."""
        spent = self._spent[market]
        if spent and spent[-1][0] == now:
            lots += spent.pop()[1]
        if lots:
            spent.append((now, lots))

    def more_at(self, market: int, now: int) -> int:
        """Say from which second on more is allowed; that is now while there is a token."""
        if self.allowed(market, now):
            return now
        return self._spent[market][0][0] + self._paces[market].interval

    def state(self, now: int) -> list[tuple[int, int, list[tuple[int, int]]]]:
        """List by market what is allowed and when tokens come back."""
        return [(m, self.allowed(m, now), list(self._spent[m])) for m in sorted(self._paces)]


def forced_order(
    account: int, market: int, buy: bool, size: int, price: int, number: int
) -> SignedOrder:
    """Write the order, which nobody signs, that takes `size` lots at `price` (ticks) or better.

    It is immediate, so it needs no expiry.
    """
    order = Order(
        account=account,
        market=market,
        buy=buy,
        immediate=True,
        post_only=False,
        reduce_only=True,
        price=price,
        size=size,
        expiry=UINT32_MAX,
        nonce=number,
        liquidation=True,
    )
    return SignedOrder(order, UNSIGNED)

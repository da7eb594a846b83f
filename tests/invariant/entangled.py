"""Three accounts of which the middle one loses in one market what it gained in the other.

    first   long against the middle in market 1, bankrupt after the fall
    middle  short there and long in market 2, which falls too: solvent by little, or not at all
    last    the other side in market 2

Deleveraging the first against the middle must leave no debt with an account that cannot bear it.
"""

from functools import partial
from itertools import count
from random import Random
from typing import Final

from penstock import views
from penstock.messages import Fill, Order, SignedOrder
from tests.helpers import liquidator
from tests.helpers.twin import DONE, Outcome, trading_key
from tests.invariant.auditor import Auditor

FAR: Final = 2**32 - 1
MONEY: Final = 10**9
WORTH: Final = 10**8
"""Quote units of a position, about."""


class Entangled:
    """The accounts are opened when they are needed first."""

    def __init__(self, auditor: Auditor) -> None:
        self.auditor: Final = auditor
        self.twin: Final = auditor.twin
        self._names: Final = ("first", "middle", "last")
        self._accounts: tuple[int, ...] = ()
        self._numbers: Final = count(1)

    def deleverage(self, rng: Random) -> Outcome:
        """Open the positions, let both markets fall, and close a part or all of the first."""
        first, middle, last = self._open()
        ratio = rng.uniform(0.5, 1.5)
        self._trade(1, first, middle, WORTH)
        self._trade(2, middle, last, int(ratio * WORTH))
        for account in (first, middle):
            spare = views.account_of(self.twin.model, account, self.twin.now).withdrawable
            if spare > 0:
                self.auditor.do(partial(self.twin.withdraw, account, spare))
        self.twin.chain.time += 1
        self._fall(1, 0.15)
        self._fall(2, rng.uniform(0.1, 0.35) / ratio)
        size = self.twin.model.account(first).position(1).size
        lots = rng.choice((size, rng.randint(1, max(1, size))))
        pairs = [(middle, max(1, lots))]
        return self.auditor.do(lambda: liquidator.deleverage(self.twin, first, 1, pairs))

    def _open(self) -> tuple[int, ...]:
        """Give all of them money, and both markets a mark of now."""
        self._accounts = self._accounts or tuple(
            self.twin.register(trading_key(name)) for name in self._names
        )
        for account in self._accounts:
            assert self.twin.deposit(account, MONEY) is DONE
        for market in (1, 2):
            self._fall(market, 0)
        return self._accounts

    def _fall(self, market: int, part: float) -> None:
        mark = self.twin.model.market(market).mark
        price = max(1, int(mark * (1 - part)))
        self.auditor.do(lambda: self.twin.refresh(market, price))

    def _trade(self, market: int, buyer: int, seller: int, worth: int) -> None:
        """At the mark; the limits of the market, or a pause, may not allow it."""
        found = self.twin.model.market(market)
        lots = max(1, worth // (found.mark * found.listing.unit))
        number = next(self._numbers)
        maker = self._order(seller, market, lots, number << 8, immediate=False)
        taker = self._order(buyer, market, lots, number, immediate=True)
        self.auditor.settle(self.twin.batch(Fill(maker, taker, lots)))

    def _order(
        self, account: int, market: int, lots: int, nonce: int, *, immediate: bool
    ) -> SignedOrder:
        price = self.twin.model.market(market).mark
        flags = (immediate, immediate, False, False)
        order = Order(account, market, *flags, price, lots, FAR, nonce)
        return self.twin.keys[account].sign_order(self.twin.domain, order)

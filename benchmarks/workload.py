"""A seeded stream of orders for matching engines: 52 % new, 35 % cancel, 9 % crossing, 5 % replace.

Prices lie at geometric distances from a drifting mid, sizes are lognormal, cancels always hit a
live order. Accounts trade one side only, so that no engine has a self-trade to prevent. The stream
is resolved by our own engine once; peers that match differently show it in the traded quantity.
"""

import math
import random
from typing import Final, NamedTuple

from penstock.engine import Engine
from penstock.gate import OpenGate
from penstock.messages import Cancel, Fill, Order, SignedOrder

MARKET: Final = 1
ACCOUNTS: Final = 512
SLOTS: Final = 256
FLOOR: Final = 5_000
"""Below this many live orders, cancels and crossings become new orders: the book keeps its size."""
EXPIRY: Final = 2_000_000_000
SIGNATURE: Final = bytes(64)


class Row(NamedTuple):
    """One message in terms that fit every engine. Ids are 1, 2, 3… in order of arrival.

    A cancel has `id` 0 and a new order has `old` 0; a replacement has both. Price in ticks, size in
    lots; `account` and `nonce` are those of the order that is placed or cancelled.
    """

    id: int
    old: int
    buy: bool
    price: int
    size: int
    account: int
    nonce: int


def generate(messages: int, seed: int = 7) -> list[Row]:
    """Write `messages` rows. The same seed gives the same rows."""
    author = _Author(random.Random(seed))
    return [author.write() for _ in range(messages)]


class _Author:
    """Knows what is live while the stream is written, and where its orders stand."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.engine = Engine(OpenGate(), [MARKET])
        self.mid = 100_000.0
        self.ids = 0
        self.rows: dict[int, Row] = {}
        self.live: list[int] = []
        self.at: dict[int, int] = {}
        self.id_of: dict[tuple[int, int], int] = {}
        self.epochs: dict[int, int] = {}
        self.free = {
            side: [a << 8 | s for s in reversed(range(SLOTS)) for a in range(2 + side, ACCOUNTS, 2)]
            for side in (False, True)
        }

    def write(self) -> Row:
        """Draw one message and let it happen."""
        self.mid += self.rng.gauss(0, 0.15)
        draw = self.rng.random() if len(self.live) >= FLOOR else 0.0
        if draw < 0.45:
            return self._place(self.rng.random() < 0.5, -self._distance())
        if draw < 0.85:
            return self._cancel(self.rng.choice(self.live))
        if draw < 0.95:
            return self._place(self.rng.random() < 0.5, self._distance())
        return self._replace(self.rng.choice(self.live))

    def _distance(self) -> int:
        return 1 + int(math.log(1 - self.rng.random()) / math.log(0.95))

    def _place(self, buy: bool, towards: int) -> Row:
        place = self.free[buy].pop()
        return self._submit(0, buy, towards, place)

    def _replace(self, old: int) -> Row:
        row = self.rows[old]
        place = row.account << 8 | row.nonce >> 32
        self._forget(old)
        self.free[row.buy].pop()
        return self._submit(old, row.buy, -self._distance(), place)

    def _cancel(self, old: int) -> Row:
        row = self.rows[old]
        self.engine.cancel(Cancel(row.account, row.nonce), 1)
        self._forget(old)
        return Row(0, old, row.buy, row.price, row.size, row.account, row.nonce)

    def _submit(self, old: int, buy: bool, towards: int, place: int) -> Row:
        self.ids += 1
        epoch = self.epochs[place] = self.epochs.get(place, 0) + 1
        price = round(self.mid) + (towards if buy else -towards)
        size = 1 + int(self.rng.lognormvariate(3, 1))
        nonce = (place & 255) << 32 | epoch
        row = Row(self.ids, old, buy, price, size, place >> 8, nonce)
        self._remember(row)
        for event in self.engine.place(signed_order(row), 1):
            if isinstance(event, Fill):
                self._settle(event.maker.order)
        self._settle(signed_order(row).order)
        return row

    def _remember(self, row: Row) -> None:
        self.rows[row.id] = row
        self.at[row.id] = len(self.live)
        self.live.append(row.id)
        self.id_of[row.account, row.nonce] = row.id

    def _settle(self, order: Order) -> None:
        """Forget an order that has just been filled whole."""
        if not self.engine.is_resting(order.account, order.nonce):
            self._forget(self.id_of[order.account, order.nonce])

    def _forget(self, id: int) -> None:
        row = self.rows.pop(id)
        at = self.at.pop(id)
        last = self.live.pop()
        if last != id:
            self.live[at] = last
            self.at[last] = at
        self.free[row.buy].append(row.account << 8 | row.nonce >> 32)


def signed_order(row: Row) -> SignedOrder:
    """Build the order of a row, as decoding would."""
    return SignedOrder(
        Order(
            row.account,
            MARKET,
            row.buy,
            False,
            False,
            False,
            row.price,
            row.size,
            EXPIRY,
            row.nonce,
        ),
        SIGNATURE,
    )

"""Orders that people signed, and whether every settled fill obeys them (pure).

    S3   the last fill of an account in a batch lowered its exposure, or equity ≥ initial margin
    S4   filled ≤ signed size, over all batches
    S5   an immediate order fills in one batch
    S6   the price is the maker's, and no worse than the taker's limit

Of the fills before an account's last one in a batch, S3 is the mirror's: it gives each fill its own
verdict, and raises where the chain has another.
"""

from collections import Counter
from collections.abc import Iterable
from typing import Final, TypeAlias

from penstock import views
from penstock.invariants import Check
from penstock.messages import Order, Verdict
from penstock.records import FillRecord, decode_records
from penstock.remote import Log
from penstock.venue import Venue

Key: TypeAlias = tuple[int, bool, int]
"""Account, whether the order is immediate, nonce."""


class SignedOrders:
    """Remembers orders by what names them, and every fault."""

    def __init__(self) -> None:
        self.orders: Final[dict[Key, Order]] = {}
        self.filled: Final[Counter[Key]] = Counter()
        self.batches: Final[dict[Key, int]] = {}
        """Number of the batch that filled an immediate order."""
        self.fills: int = 0
        self.faults: Final[list[str]] = []

    def sign(self, order: Order) -> None:
        """Take up an order before it is sent."""
        self.orders[order.account, order.immediate, order.nonce] = order

    def read(self, logs: Iterable[Log], venue: Venue) -> None:
        """Hold batches against the orders; `venue` is the model after the last of them."""
        for log in logs:
            if log.name == "BatchSettled":
                number, data = log.arguments
                moved = [record for record in decode_records(data) if record.verdict.moved]
                for record in moved:
                    self._hold(number, record)
                self._weigh(moved, venue, log.time)

    def check(self) -> Check:
        """Whether no fill was at fault."""
        said = f"{self.fills:,} fills of {len(self.orders):,} orders"
        return Check("fills obey their orders", not self.faults, (self.faults or [said])[0])

    def _hold(self, number: int, record: FillRecord) -> None:
        self.fills += 1
        maker = self._fill(number, (record.maker, False, record.maker_nonce), record.size)
        self._expect(maker is None or record.price == maker.price, "S6", record)
        if record.verdict is Verdict.LIQUIDATED:
            return
        key = (record.taker, record.taker_immediate, record.taker_nonce)
        taker = self._fill(number, key, record.size)
        if taker is not None:
            better = taker.price - record.price if taker.buy else record.price - taker.price
            self._expect(better >= 0, "S6", record)

    def _fill(self, number: int, key: Key, size: int) -> Order | None:
        order = self.orders.get(key)
        self.filled[key] += size
        within = order is not None and self.filled[key] <= order.size
        self._expect(within, "S4", key)
        if key[1]:
            self._expect(self.batches.setdefault(key, number) == number, "S5", key)
        return order

    def _weigh(self, moved: list[FillRecord], venue: Venue, time: int) -> None:
        last: dict[int, tuple[int, int]] = {}
        for record in moved:
            bought = record.size if record.taker_buys else -record.size
            last[record.taker] = record.market, bought
            last[record.maker] = record.market, -bought
        for account, (market, lots) in last.items():
            size = venue.account(account).position(market).size
            if not _lowered(size - lots, size):
                seen = views.account_of(venue, account, time)
                self._expect(seen.equity >= seen.initial_margin, "S3", account)

    def _expect(self, holds: bool, rule: str, what: object) -> None:
        if not holds:
            self.faults.append(f"{rule}: {what}")


def _lowered(before: int, after: int) -> bool:
    """Whether a position moved towards zero and not beyond."""
    return abs(after) < abs(before) and before * after >= 0

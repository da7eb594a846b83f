"""Edge: prices, and enough trading for people to have positions when they want out."""

from random import Random
from typing import Final

from penstock.bankrun.plan import Plan
from penstock.bankrun.tickets import Tickets
from penstock.crash.plan import FIRST, MARKET
from penstock.engine import Engine
from penstock.events import Event
from penstock.gateway import Gateway
from penstock.ledger import Ledger
from penstock.localvenue import LocalVenue, Trader
from penstock.messages import Fill, Order
from penstock.mirror import Mirror
from penstock.remote import Log
from penstock.risk import RiskGate
from penstock.sender import Sender
from penstock.submitter import Submitter
from penstock.units import UINT32_MAX
from penstock.venue import Venue
from penstock.wire import encode_order

LEVERAGE: Final = {"trader": (1.0, 3.0), "gambler": (6.0, 6.5)}
WIDTH: Final = 0.001
"""Of makers' quotes, as a share of the mark, to either side."""
LOTS: Final = 12_000
"""Of one quote."""


class Trading:
    """The operator's engine, its books, and what people send to it."""

    def __init__(
        self, venue: LocalVenue, traders: dict[int, Trader], tickets: Tickets, rng: Random
    ) -> None:
        self.venue: Final = venue
        self.traders: Final = traders
        self.tickets: Final = tickets
        self.rng: Final = rng
        self.ledger: Final = Ledger()
        mirror = Mirror(venue.remote)
        self._watch(mirror.follow())
        self.gate: Final = RiskGate(mirror.venue, venue.chain.time(), lead=8)
        self.engine: Final = Engine(self.gate, [MARKET])
        self.gateway: Final = Gateway(self.engine, self.gate, venue.domain)
        self.submitter: Final = Submitter(
            mirror, self.gate, venue.operator, watch=self._watch, rehearse=False
        )
        self.numbers: Final[dict[int, int]] = {}
        self.rounds: int = 0

    @property
    def model(self) -> Venue:
        """The venue as the submitter's mirror has it."""
        return self.submitter.mirror.venue

    @property
    def mark(self) -> int:
        """The mark in ticks."""
        return self.model.market(MARKET).mark

    def named(self, kind: str) -> list[Trader]:
        """Everybody of a kind: maker, saver, trader, gambler."""
        return [trader for trader in self.traders.values() if trader.name.startswith(kind)]

    def size(self, trader: Trader) -> int:
        """Somebody's position in lots, fills that wait for settlement included."""
        return self.gate.position(trader.account, MARKET)

    def publish(self, share: float, carrier: Sender | None = None) -> None:
        """Bring a price, as a share of the first; without a carrier it is the operator."""
        seen = [round(FIRST * share * (1 + self.rng.gauss(0, 5e-5))) for _ in range(4)]
        self.publish_exactly(seen, carrier)

    def publish_exactly(self, prices: list[int], carrier: Sender | None = None) -> None:
        """Bring these prices, a publisher each."""
        self.venue.post(MARKET, prices, carrier)
        self.venue.refresh(carrier)
        self.submitter.follow()
        self._sort(self.gateway.advance(self.venue.chain.time()))

    def quote(self) -> None:
        """Every maker quotes both sides."""
        self.rounds += 1
        market = self.model.priced(MARKET, self.venue.chain.time())
        for place, maker in enumerate(self.named("maker")):
            for buy in (True, False):
                edge = WIDTH * (1 + place * 0.2)
                price = round(self.mark * (1 + (-edge if buy else edge)))
                price = min(max(price, market.low), market.high)
                nonce, flags = (not buy) << 32 | self.rounds, (buy, False, False, False)
                rest = (price, LOTS, UINT32_MAX, nonce)
                self._send(Order(maker.account, MARKET, *flags, *rest))

    def open(self, trader: Trader, buy: bool) -> None:
        """Take a position of a few times what the account has."""
        leverage = self.rng.uniform(*LEVERAGE[trader.name.split()[0]])
        unit = self.model.market(MARKET).listing.unit
        money = self.model.account(trader.account).collateral
        self._take(trader, buy, int(money * leverage / (self.mark * unit)), reduce_only=False)

    def close(self, trader: Trader) -> None:
        """Take the opposite of a position."""
        size = self.size(trader)
        self._take(trader, size < 0, abs(size), reduce_only=True)

    def settle(self) -> None:
        """Settle what was matched."""
        self.submitter.settle()

    def _take(self, trader: Trader, buy: bool, size: int, *, reduce_only: bool) -> None:
        market = self.model.priced(MARKET, self.venue.chain.time())
        number = self.numbers[trader.account] = self.numbers.get(trader.account, 0) + 1
        flags = (buy, True, False, reduce_only)
        price = market.high if buy else market.low
        if size:
            self._send(Order(trader.account, MARKET, *flags, price, size, UINT32_MAX, number))

    def _send(self, order: Order) -> None:
        signer = self.traders[order.account].signer
        data = encode_order(signer.sign_order(self.venue.domain, order))
        self._sort(self.gateway.place(data, self.venue.chain.time()))

    def _sort(self, events: list[Event]) -> None:
        self.submitter.take(event for event in events if isinstance(event, Fill))

    def _watch(self, logs: list[Log]) -> None:
        self.ledger.read(logs)
        self.tickets.read(logs)


def enrol(venue: LocalVenue, plan: Plan, rng: Random) -> dict[int, Trader]:
    """Open every account; makers are rich."""
    found = {}
    for name, count, thousands in plan.people:
        names = [f"{name} {n}" for n in range(1, count + 1)]
        money = [rng.randint(*thousands) * 1_000 * 10**6 for _ in names]
        for trader in venue.open(names, money) if names else ():
            found[trader.account] = trader
    return found

"""Edge: the operator's engine with its books, and people who send it orders in one market.

A crash is made of it, and so is a run on the venue (`bankrun`).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from random import Random
from typing import Final

from penstock.crash.plan import DOLLAR, FIRST, MARKET, People
from penstock.engine import Engine
from penstock.events import Event
from penstock.gateway import Gateway
from penstock.ledger import Ledger
from penstock.localvenue import LocalVenue, Trader
from penstock.messages import Fill, Order
from penstock.mirror import Mirror
from penstock.pace import Pace
from penstock.remote import Log
from penstock.risk import RiskGate
from penstock.sender import Sender
from penstock.stages import Stages
from penstock.submitter import Submitter
from penstock.units import UINT32_MAX
from penstock.venue import VENUE_ACCOUNT, Venue
from penstock.wire import encode_order

STAGES: Final = ("engine", "contract", "model")
STEP: Final = 0.2
"""By how much wider the quotes of each maker are than those of the first."""


class Trading:
    """Engine, gate, books and submitter of one venue; `watch` is told of its events."""

    def __init__(
        self,
        venue: LocalVenue,
        traders: dict[int, Trader],
        rng: Random,
        watch: Callable[[list[Log]], object],
        *,
        paces: Mapping[int, Pace] | None = None,
        stages: Stages | None = None,
        told: Callable[[Order], object] = lambda order: None,
    ) -> None:
        """Begin with a venue as it is; `told` hears of each order before it is sent."""
        self.venue: Final = venue
        self.traders: Final = traders
        self.rng: Final = rng
        self.ledger: Final = Ledger()
        self.stages: Final = stages or Stages(STAGES)
        self._told: Final = told
        self._watch: Final = watch
        mirror = Mirror(venue.remote)
        self.ledger.read(mirror.follow())
        self.gate: Final = RiskGate(mirror.venue, venue.chain.time(), lead=8)
        self.engine: Final = Engine(self.gate, [MARKET], paces=paces or {})
        self.gateway: Final = Gateway(self.engine, self.gate, venue.domain)
        self.submitter: Final = Submitter(
            mirror, self.gate, venue.operator, watch=self._read, rehearse=False
        )
        self.numbers: Final[dict[int, int]] = {}

    @property
    def model(self) -> Venue:
        """The venue as the submitter's mirror has it."""
        return self.submitter.mirror.venue

    @property
    def mark(self) -> int:
        """The mark in ticks."""
        return self.model.market(MARKET).mark

    def named(self, kind: str) -> list[Trader]:
        """Everybody of a kind, such as maker."""
        return [trader for trader in self.traders.values() if trader.name.startswith(kind)]

    def size(self, trader: Trader) -> int:
        """Somebody's position in lots, fills that wait for settlement included."""
        return self.gate.position(trader.account, MARKET)

    # Prices.

    def publish(self, share: float, carrier: Sender | None = None) -> None:
        """Bring a price, as a share of the first; without a carrier it is the operator."""
        seen = [round(FIRST * share * (1 + self.rng.gauss(0, 5e-5))) for _ in range(4)]
        self.publish_exactly(seen, carrier)

    def publish_exactly(self, prices: Sequence[int], carrier: Sender | None = None) -> None:
        """Bring these prices, a publisher each."""
        with self.stages.timed("contract"):
            self.venue.post(MARKET, prices, carrier)
            self.venue.refresh(carrier)
        self.follow()
        self.take_up(self.gateway.advance(self.venue.chain.time()))

    def follow(self) -> None:
        """Take up what happened on the chain."""
        with self.stages.timed("model"):
            self.submitter.follow()

    # Orders.

    def quote(
        self, maker: Trader, place: int, size: int, epoch: int, *, width: float, center: float = 1.0
    ) -> None:
        """Replace a maker's quotes on both sides of the mark; `width` is a share of it."""
        for buy in (True, False):
            edge = (-width if buy else width) * (1 + place * STEP)
            self._rest(maker, buy, round(self.mark * (center + edge)), size, epoch)

    def open(self, trader: Trader, buy: bool, leverage: float) -> None:
        """Take a position of a few times what the account has."""
        unit = self.model.market(MARKET).listing.unit
        money = self.model.account(trader.account).collateral
        self._take(trader, buy, int(money * leverage / (self.mark * unit)))

    def close(self, trader: Trader) -> None:
        """Take the opposite of a position."""
        size = self.size(trader)
        self._take(trader, size < 0, abs(size), reduce_only=True)

    def take_up(self, events: Iterable[Event]) -> None:
        """Have the submitter settle the fills among these."""
        self.submitter.take(event for event in events if isinstance(event, Fill))

    def settle(self) -> None:
        """Settle what was matched."""
        with self.stages.timed("contract", len(self.submitter.pending)):
            self.submitter.settle()

    def _rest(self, maker: Trader, buy: bool, price: int, size: int, epoch: int) -> None:
        market = self.model.priced(MARKET, self.venue.chain.time())
        price = min(max(price, market.low), market.high)
        nonce, flags = (not buy) << 32 | epoch, (buy, False, False, False)
        self._send(Order(maker.account, MARKET, *flags, price, size, UINT32_MAX, nonce))

    def _take(self, trader: Trader, buy: bool, size: int, *, reduce_only: bool = False) -> None:
        market = self.model.priced(MARKET, self.venue.chain.time())
        number = self.numbers[trader.account] = self.numbers.get(trader.account, 0) + 1
        flags = (buy, True, False, reduce_only)
        price = market.high if buy else market.low
        if size:
            self._send(Order(trader.account, MARKET, *flags, price, size, UINT32_MAX, number))

    def _send(self, order: Order) -> None:
        self._told(order)
        signer = self.traders[order.account].signer
        data = encode_order(signer.sign_order(self.venue.domain, order))
        with self.stages.timed("engine"):
            events = self.gateway.place(data, self.venue.chain.time())
        self.take_up(events)

    def _read(self, logs: list[Log]) -> None:
        self.ledger.read(logs)
        self._watch(logs)


def enrol(
    venue: LocalVenue,
    people: People,
    fund: int,
    rng: Random,
    progress: Callable[[], object] = lambda: None,
) -> dict[int, Trader]:
    """Open every account and endow the insurance fund; `progress` is told of each account."""
    found = {}
    for name, count, thousands in people:
        names = [f"{name} {n}" for n in range(1, count + 1)]
        money = [rng.randint(*thousands) * 1_000 * DOLLAR for _ in names]
        for trader in venue.open(names, money) if names else ():
            found[trader.account] = trader
            progress()
    donor = next(iter(found.values()))
    venue.deposit(donor.owner, VENUE_ACCOUNT, fund)
    return found

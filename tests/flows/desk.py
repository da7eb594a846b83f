"""Who trades on the rollup, and the off-chain side that an operator runs for them.

Everybody trades through the gateway; what the engine matched is remembered, as a command log would.
"""

from collections.abc import Callable
from random import Random
from typing import Final

from penstock.engine import Engine
from penstock.events import Event
from penstock.gateway import Gateway
from penstock.invariants import Check, check_books
from penstock.ledger import Ledger
from penstock.localvenue import CALL_GAS, Trader
from penstock.messages import Fill, Ladder, Order
from penstock.mirror import Mirror
from penstock.population import Asset, Maker, Prices, Taker
from penstock.remote import Contract, Log
from penstock.risk import RiskGate
from penstock.rollup import RollupVenue
from penstock.sender import Receipt, Sender
from penstock.simulation import LEAD, SCALES
from penstock.submitter import Submitter
from penstock.transactions import Fees
from penstock.wire import encode_ladder, encode_order

MAKERS: Final = ("mia", "max")
TAKERS: Final = ("tom", "tia", "ted")
DEPOSIT: Final = 2_000_000_000
"""Quote units, few enough for margins to bind."""


def office(venue: RollupVenue, watch: Callable[[list[Log]], None]) -> Submitter:
    """What settles for the operator, at the chain's newest block."""
    mirror = Mirror(venue.remote)
    watch(mirror.follow())
    gate = RiskGate(mirror.venue, venue.chain.time(), LEAD)
    # NOTE: no patience. A question for a receipt makes the block, or there is an outage.
    return Submitter(mirror, gate, venue.operator, patience=0, watch=watch)


class Desk:
    """Submitter, gate, engine and books of one venue, and its traders with money in it."""

    def __init__(self, venue: RollupVenue, dice: Random) -> None:
        self.venue: Final = venue
        self.dice: Final = dice
        opened = venue.open([*MAKERS, *TAKERS], DEPOSIT)
        self.traders: Final = {trader.account: trader for trader in opened}
        market = venue.remote.system.market
        self.assets: Final = [Asset(market(name), price, lots) for name, price, lots in SCALES]
        self.prices: Final = Prices(dice, self.assets)
        accounts = sorted(self.traders)
        self.makers: Final = [Maker(dice, a, a % 2 == 0) for a in accounts[: len(MAKERS)]]
        self.takers: Final = [Taker(dice, a) for a in accounts[len(MAKERS) :]]
        self.fills: Final[list[Fill]] = []
        """All that the engine ever matched."""
        self.bids: int = 0
        self.ledger = Ledger()
        self.submitter: Final[Submitter] = office(venue, self._read)
        gate = self.submitter.gate
        self.gateway: Final = Gateway(Engine(gate, sorted(gate.venue.markets)), gate, venue.domain)

    def _read(self, logs: list[Log]) -> None:
        self.ledger.read(logs)

    def quote(self) -> None:
        """Post prices and send orders; what is matched waits to be settled."""
        self.venue.operator.resync()
        for asset in self.assets:
            seen = self.prices.step(asset.spec.market, len(self.venue.publishers))
            self.venue.post(asset.spec.market, seen)
        self.venue.refresh()
        self.submitter.follow()
        now = self.venue.chain.time()
        self._take(self.gateway.advance(now))
        for asset in self.assets:
            self._meet(asset, now)

    def _meet(self, asset: Asset, now: int) -> None:
        """Makers quote a market, takers trade in it."""
        spot, positions = self.prices.ticks[asset.spec.market], self.gateway.gate.position
        for maker in self.makers:
            maker.epoch += 1
            for paper in maker.quote(asset, spot, positions):
                self.send(paper, now)
        for taker in self.takers:
            order = taker.take(asset, spot, self.dice.uniform(-1, 1), positions, now)
            self.send(order.order, now, order.all_or_none)

    def send(self, paper: Order | Ladder, now: int, all_or_none: bool = False) -> None:
        """Sign as the account's trader, and hand it to the gateway."""
        signer, domain = self.traders[paper.account].signer, self.venue.domain
        if isinstance(paper, Ladder):
            signed = encode_ladder(signer.sign_ladder(domain, paper))
            self._take(self.gateway.place_ladder(signed, now))
        else:
            data = encode_order(signer.sign_order(domain, paper))
            self._take(self.gateway.place(data, now, all_or_none))

    def _take(self, events: list[Event]) -> None:
        fills = [event for event in events if isinstance(event, Fill)]
        self.fills.extend(fills)
        self.submitter.take(fills)

    def recover(self) -> None:
        """Begin the books again, after the chain has gone back."""
        self.ledger = Ledger()
        self.submitter.resume(self.fills)

    def call(self, trader: Trader, contract: Contract, function: str, *values: object) -> str:
        """Send a transaction of an owner and do not wait for it."""
        # NOTE: the same key sends over the bridge, and a rollback can drop what it sent.
        trader.owner.resync()
        return trader.owner.send(contract.address, contract.encode(function, *values), CALL_GAS)

    def release(self) -> Receipt:
        """Have the queue pay what is ready."""
        self.venue.operator.resync()
        return self.venue.remote.vault.transact(self.venue.operator, "release", 100)

    def outbid(self) -> None:
        """Have the operator replace its last waiting transaction by nothing: a batch is lost."""
        operator = self.venue.operator
        if operator.waiting():
            self.bids += 1
            fees = Fees(cap=operator.fees.ceiling * (1 + self.bids))
            richer = Sender(operator.rpc, operator.signer, fees)
            richer.nonce -= 1
            richer.send(operator.address, b"", CALL_GAS)

    def broken(self) -> list[Check]:
        """The venue's own invariants that do not hold. Nothing may be pending."""
        return [check for check in check_books(self.submitter, self.ledger) if not check.holds]

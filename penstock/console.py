"""Edge: a venue at one's fingertips: decimals in, decimals out, one call for each thing to do.

    ConsoleError  RuntimeError  there is no venue here, or no chain that it could live on

The settlement path is the real one: signed JSON → gateway → engine → gate → submitter → chain.
"""

from decimal import Decimal
from typing import Any, Final, NamedTuple

from penstock.carrier import Carried, Carrier
from penstock.commands import Direction
from penstock.deployment import Deployment
from penstock.devnet.config import L1_CHAIN, L2_CHAIN
from penstock.engine import Engine
from penstock.errors import PenstockError
from penstock.events import (
    Accepted,
    Cancelled,
    Event,
    Expired,
    Rejected,
    Triggered,
    Trimmed,
    Waiting,
)
from penstock.exposure import account_risk, fund_risk
from penstock.follow.requests import Wish, sign_wish
from penstock.gateway import Gateway
from penstock.ledger import Ledger
from penstock.localchain import LocalChain
from penstock.localvenue import LocalVenue, Trader, signer_of
from penstock.margin import band
from penstock.messages import Fill, Order, SignedOrder, SignedWithdrawal
from penstock.mirror import Mirror
from penstock.risk import RiskGate
from penstock.risk_reports import Page, account_page, fund_table, rank_tables, stress_table
from penstock.rpc import Rpc
from penstock.settings import read_parameters
from penstock.signing import Domain
from penstock.strategy import ranks
from penstock.stress import stress
from penstock.submitter import Settlement, Submitter
from penstock.system import System
from penstock.units import UINT32_MAX, MarketSpec, show_quote
from penstock.venue import Venue
from penstock.wire import TriggerOrder, encode_order, encode_trigger, encode_withdrawal

NAMES: Final = ("alice", "bob", "carol", "dave")
DEPOSIT: Final = 100_000 * 10**6
PRICES: Final = ("60000", "3000")
LEAD: Final = 30
ROLLUP_CHAINS: Final = (L1_CHAIN, L2_CHAIN)
DEPTH: Final = 10
LASTING: Final = 86_400
"""Seconds for which a withdrawal that was handed in may be carried."""

Number = str | int | Decimal
"""What a person types for a price or a size; never a float, which would round."""


class ConsoleError(PenstockError, RuntimeError):
    """There is no venue here."""


class BookLevel(NamedTuple):
    """A price level, in decimals."""

    side: str
    price: Decimal
    size: Decimal


class Happened(NamedTuple):
    """One thing that an order caused."""

    what: str
    size: Decimal
    price: Decimal
    note: str


class PositionShown(NamedTuple):
    """A position as a person reads it."""

    size: Decimal
    value: Decimal
    funding: Decimal
    mark: Decimal
    liquidation_price: Decimal | None


class AccountShown(NamedTuple):
    """An account as a person reads it."""

    collateral: Decimal
    equity: Decimal
    initial_margin: Decimal
    maintenance_margin: Decimal
    free_collateral: Decimal
    withdrawable: Decimal


def provider_rpc(development: bool = True) -> Rpc:
    """The node that ape is connected to. Raises ConsoleError for ape's built-in chain."""
    import ape

    provider: Any = ape.networks.provider
    uri = getattr(provider, "uri", None) or getattr(provider, "http_uri", None)
    # ape's built-in chain has a uri that nobody answers.
    if provider.name == "test" or not str(uri).startswith("http"):
        raise ConsoleError("this network has no node to speak to; use anvil: `--network ::foundry`")
    if development and not (provider.network.is_local or provider.network.is_custom):
        raise ConsoleError(
            f"{provider.network.name} is no development network, and the publishers' keys here "
            f"are known to everybody; name your own with --publisher"
        )
    return Rpc(str(uri))


def open_session() -> "Session":
    """Load the venue on ape's network if one is on file, else deploy one there.

    Raises ConsoleError on a rollup, whose L1 would not know of money out of nothing.
    """
    rpc = provider_rpc()
    if int(rpc.call("eth_chainId"), 16) in ROLLUP_CHAINS:
        raise ConsoleError(
            "the verbs make money out of nothing, which L1 would not know of; use them on anvil "
            "(`--network ::foundry`), and `ape run deploy --bridged` for a venue on this rollup"
        )
    return Session.start(rpc)


def deployed_system() -> System | None:
    """Where the contracts on file are, if they are on ape's network."""
    try:
        return Deployment.read().check(provider_rpc()).system
    except PenstockError:
        return None


class Session:
    """A venue, its engine, and a few people with money."""

    def __init__(self, devnet: LocalVenue) -> None:
        self.devnet: Final = devnet
        self.ledger: Final = Ledger()
        mirror = Mirror(devnet.remote)
        self.ledger.read(mirror.follow())
        self.gate: Final = RiskGate(mirror.venue, devnet.chain.time(), LEAD)
        self.engine: Final = Engine(self.gate, sorted(mirror.venue.markets))
        self.gateway: Final = Gateway(self.engine, self.gate, devnet.domain)
        self.submitter: Final = Submitter(
            mirror, self.gate, devnet.operator, watch=self.ledger.read
        )
        self.carrier: Final = Carrier(self.submitter)
        self.carried: list[Carried] = []
        """What became of the withdrawals that the last `settle` carried."""
        self.markets: Final = {spec.symbol: spec for spec in devnet.remote.system.markets}
        self.traders: Final = self._people()
        self.submitter.follow()
        self._epochs: Final = {t.account: self._last_epoch(t.account) for t in self.traders}
        self._prices: Final[dict[int, int]] = {}
        for spec, price in zip(self.markets.values(), PRICES, strict=False):
            self._prices[spec.market] = mirror.venue.market(spec.market).mark or spec.to_ticks(
                Decimal(price)
            )

    @classmethod
    def start(cls, rpc: Rpc) -> "Session":
        """Join the venue that the descriptor names, or deploy one on this development chain."""
        chain = LocalChain(rpc)
        # Time stands still while a person thinks; `warp` lets it pass.
        chain.steady()
        try:
            return cls(LocalVenue.join(chain, Deployment.read().check(rpc).system))
        except LookupError:
            return cls(LocalVenue.start(chain, read_parameters()))

    # What a trader does.

    def order(
        self,
        trader: Trader,
        side: str,
        size: Number,
        price: Number | None = None,
        market: str | None = None,
        *,
        post_only: bool = False,
        reduce_only: bool = False,
        stop: Number | None = None,
        take_profit: Number | None = None,
    ) -> list[Happened]:
        """Sign an order and send it; without a price it is a market order. Returns what happened.

        With `stop` the operator holds it back until the mark is that bad, with `take_profit` until
        it is that good. Raises FieldError for what cannot be signed, ConsoleError for a side that
        is none or for both triggers.
        """
        if side not in ("buy", "sell"):
            raise ConsoleError(f"side is {side!r}, but it must be 'buy' or 'sell'")
        self._refresh()
        spec, buy = self._market(market), side == "buy"
        trigger = _trigger(spec, buy, stop, take_profit)
        # NOTE: every later market order would make a waiting one stale, so a trigger order rests.
        immediate = price is None and trigger is None
        mark = trigger[0] if trigger else self._mark(spec)
        ticks = self._worst(mark, buy) if price is None else spec.to_ticks(Decimal(price))
        signed = trader.signer.sign_order(
            self.devnet.domain,
            Order(
                account=trader.account,
                market=spec.market,
                buy=buy,
                immediate=immediate,
                post_only=post_only,
                reduce_only=reduce_only,
                price=ticks,
                size=spec.to_lots(Decimal(size)),
                expiry=UINT32_MAX,
                nonce=self._nonce(trader.account, immediate),
            ),
        )
        return [_happened(spec, event) for event in self._send(signed, trigger)]

    def withdraw(self, trader: Trader, amount: Number) -> int:
        """Ask for collateral back; returns the number of the ticket."""
        self._refresh()
        remote, account = self.devnet.remote, trader.account
        ticket = int(remote.queue.ask("tail"))
        markets = list(remote.lens.ask("openMarketsOf", account))
        owner, quote = trader.owner, self._market(None).to_quote(Decimal(amount))
        remote.positions.transact(
            owner, "requestWithdrawal", account, owner.address, quote, markets
        )
        self.submitter.follow()
        return ticket

    def request(self, trader: Trader, amount: Number) -> SignedWithdrawal:
        """Sign a withdrawal and hand it to the operator, who carries it after the next batch.

        From now on the engine counts it as gone. Raises PromisedError, or ContractRevert with what
        the exit desk has against it.
        """
        self._refresh()
        owner, quote = trader.owner, self._market(None).to_quote(Decimal(amount))
        domain = Domain(owner.chain_id, self.devnet.remote.desk.address)
        wish = Wish(trader.account, owner.address, quote)
        signed = sign_wish(domain, owner.signer, wish, self.devnet.chain.time() + LASTING)
        return self.carrier.take(encode_withdrawal(signed))

    def eta(self, amount: Number) -> int:
        """Seconds until as much would be paid at the latest, if somebody asked for it now."""
        quote = self._market(None).to_quote(Decimal(amount))
        return int(self.devnet.remote.queue.ask("eta", quote)) - self.devnet.chain.time()

    # What the operator, the publishers and time do.

    def settle(self) -> list[Settlement]:
        """Settle every fill that waits, then carry the withdrawals that were handed in."""
        self._refresh()
        settled = self.submitter.settle()
        self.carried = self.carrier.carry()
        return settled

    def price(self, value: Number, market: str | None = None) -> Decimal:
        """Let the publishers report a price; returns the mark, which the guard may have held."""
        spec = self._market(market)
        self._prices[spec.market] = spec.to_ticks(Decimal(value))
        self._refresh()
        return spec.show_price(self.submitter.mirror.venue.market(spec.market).mark)

    def warp(self, seconds: int) -> int:
        """Let time pass, and charge the funding that falls due; returns the time."""
        chain = self.devnet.chain
        self.devnet.live(chain.time() + seconds)
        self._refresh()
        return chain.time()

    def release(self, tickets: int = 100) -> Decimal:
        """Pay the tickets that are ready; returns how much was paid."""
        remote = self.devnet.remote
        before = self.ledger.paid
        remote.vault.transact(self.devnet.operator, "release", tickets)
        self.submitter.follow()
        return show_quote(self.ledger.paid - before, self._market(None).decimals)

    # What anyone can see.

    def book(self, market: str | None = None) -> list[BookLevel]:
        """Asks from the highest, then bids: as books are drawn."""
        spec = self._market(market)
        book = self.engine.book(spec.market)
        asks = [("ask", price, size) for price, size in book.asks.depth(DEPTH)]
        bids = [("bid", price, size) for price, size in book.bids.depth(DEPTH)]
        rows = [*reversed(asks), *bids]
        return [BookLevel(side, spec.show_price(p), spec.show_size(s)) for side, p, s in rows]

    def position(self, trader: Trader, market: str | None = None) -> PositionShown:
        """A settled position, as the chain has it."""
        spec = self._market(market)
        seen = self.devnet.remote.lens.ask("positionOf", trader.account, spec.market)
        size, _, funding, value, mark, liquidation = seen
        return PositionShown(
            spec.show_size(size),
            spec.show_quote(value),
            spec.show_quote(funding),
            spec.show_price(mark),
            spec.show_price(liquidation) if liquidation else None,
        )

    def account(self, trader: Trader) -> AccountShown:
        """An account, as the chain has it."""
        seen = self.devnet.remote.lens.ask("accountOf", trader.account)
        decimals = self._market(None).decimals
        return AccountShown(*(show_quote(quote, decimals) for quote in seen[5:]))

    def risk(self, trader: Trader) -> Page:
        """How far an account is from liquidation: prices, funding periods, rank."""
        specs = {spec.market: spec for spec in self.markets.values()}
        found = account_risk(self._seen(), trader.account, self.devnet.chain.time())
        return account_page(found, specs, trader.name)

    def stress(self, market: str | None = None, *, price: Number | None = None) -> Page:
        """What a jump of the mark would do, also to `price`: who falls, what is lacking, who
        bears it."""
        spec, venue, now = self._market(market), self._seen(), self.devnet.chain.time()
        prices = [] if price is None else [spec.to_ticks(Decimal(price))]
        told, fund = stress(venue, spec.market, now, prices=prices), fund_risk(venue, now)
        tables = fund_table(fund, {spec.market: spec}), stress_table(told, spec)
        return Page((told, fund), *tables)

    def ranks(self, market: str | None = None) -> Page:
        """Who would be deleveraged, the first in rank first."""
        spec, venue, now = self._market(market), self._seen(), self.devnet.chain.time()
        sides = [ranks(venue, spec.market, long, now) for long in (True, False)]
        return Page(sides, *rank_tables(sides, spec))

    # Inside.

    def _seen(self) -> Venue:
        """The venue as the chain has it now."""
        self.submitter.follow()
        return self.gate.venue

    def _people(self) -> list[Trader]:
        """Open an account with money for everybody who has none."""
        known = {a.signer: a.account for a in self.gate.venue.accounts.values()}
        signers = {name: int.from_bytes(signer_of(f"trader {name}").address) for name in NAMES}
        new = [name for name, signer in signers.items() if signer not in known]
        opened = {trader.name: trader for trader in self.devnet.open(new, DEPOSIT)}
        return [
            opened.get(name) or self.devnet.trader(name, known[signer])
            for name, signer in signers.items()
        ]

    def _market(self, symbol: str | None) -> MarketSpec:
        if symbol is None:
            return next(iter(self.markets.values()))
        if symbol not in self.markets:
            raise ConsoleError(f"market is {symbol!r}, but there are {', '.join(self.markets)}")
        return self.markets[symbol]

    def _refresh(self) -> None:
        """Have the publishers say their prices again: a mark is good for a minute only."""
        for market, price in self._prices.items():
            self.devnet.post(market, [price] * len(self.devnet.publishers))
        self.devnet.refresh()
        self.submitter.follow()
        self._settle_later(self.gateway.advance(self.devnet.chain.time()))

    def _send(self, signed: SignedOrder, trigger: tuple[int, Direction] | None) -> list[Event]:
        now = self.devnet.chain.time()
        if trigger is None:
            events = self.gateway.place(encode_order(signed), now)
        else:
            events = self.gateway.place_trigger(encode_trigger(TriggerOrder(signed, *trigger)), now)
        self._settle_later(events)
        return events

    def _settle_later(self, events: list[Event]) -> None:
        self.submitter.take(event for event in events if isinstance(event, Fill))

    def _mark(self, spec: MarketSpec) -> int:
        return self.gate.venue.market(spec.market).mark

    def _worst(self, mark: int, buy: bool) -> int:
        """The edge of the band around a mark: what a market order accepts."""
        low, high = band(mark, self.gate.venue.settings.band_bps)
        return high if buy else low

    def _last_epoch(self, account: int) -> int:
        held = self.gate.venue.account(account)
        return max([held.nonce, *(epoch for epoch, _ in held.slots.values())])

    def _nonce(self, account: int, immediate: bool) -> int:
        """A number never used: each resting order gets the next slot, all share one count."""
        count = self._epochs[account] = self._epochs[account] + 1
        return count if immediate else count % 256 << 32 | count


def _trigger(
    spec: MarketSpec, buy: bool, stop: Number | None, take_profit: Number | None
) -> tuple[int, Direction] | None:
    """The mark that an order waits for, in ticks, and from which side; None when it does not."""
    if stop is not None and take_profit is not None:
        raise ConsoleError("an order has one trigger: give stop or take_profit, or send two orders")
    price = take_profit if stop is None else stop
    if price is None:
        return None
    rises = buy == (stop is not None)
    direction = Direction.AT_OR_ABOVE if rises else Direction.AT_OR_BELOW
    return spec.to_ticks(Decimal(price)), direction


def _happened(spec: MarketSpec, event: Event) -> Happened:
    """Put an event into a person's words."""
    what = type(event).__name__.lower()
    match event:
        case Fill(maker=maker, size=size):
            price, note = event.price, f"maker is account {maker.order.account}"
        case Rejected(message=SignedOrder(order=Order(size=size, price=price)), reason=reason):
            note = reason.name
        case Cancelled(order=signed, size=size, reason=why):
            price, note = signed.order.price, why.name
        case Accepted(order=signed, size=size) | Expired(order=signed, size=size):
            price, note = signed.order.price, f"account {signed.order.account}"
        case Waiting(order=signed, size=size, trigger_price=trigger, direction=direction):
            where = direction.value.replace("_", " ")
            price, note = signed.order.price, f"for a mark {where} {spec.show_price(trigger)}"
        case Triggered(order=signed, mark=mark):
            size, price, note = signed.order.size, mark, f"account {signed.order.account}"
        case Trimmed(order=signed, left=size):
            price, note = signed.order.price, "reduce-only"
        case _:
            return Happened(what, Decimal(0), Decimal(0), "")
    return Happened(what, spec.show_size(size), spec.show_price(price), note)

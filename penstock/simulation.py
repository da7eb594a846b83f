"""Edge: the venue in motion: signed orders to fills, batches, funding and a paid withdrawal.

Everything follows from a seed: keys, prices, orders, the chain's clock. The same plan gives the
same fills, batches and gas on any machine; only the times in `Stages` are the machine's.
"""

import math
from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Final

from msgspec import Struct

from penstock.engine import Engine
from penstock.events import Event, Rejected, RejectReason
from penstock.gateway import Gateway
from penstock.invariants import EQUITY, Check, check_all
from penstock.ledger import Ledger
from penstock.localvenue import LocalVenue, Trader
from penstock.messages import Cancel, Fill, Ladder, Order, SignedCancel
from penstock.mirror import Mirror
from penstock.population import Asset, Maker, Prices, Taker
from penstock.risk import RiskGate
from penstock.stages import Stages
from penstock.submitter import Settlement, Submitter
from penstock.wire import encode_cancel, encode_ladder, encode_order

WITHDRAWABLE: Final = 10
"""Place of what a withdrawal may take in what `accountOf` returns."""
LEAD: Final = 30
"""Seconds between matching and settlement for which margins and expiries must hold."""
SCALES: Final = (("BTC-PERP", 600_000, 40), ("ETH-PERP", 300_000, 120))
"""Symbol, first price in ticks, and lots of a typical order."""


class Plan(Struct, frozen=True):
    """How much happens. Rounds are `step` seconds apart."""

    seed: int = 7
    rounds: int = 40
    step: int = 280
    makers: int = 4
    takers: int = 12
    takes: int = 48
    """Taker orders a round."""
    deposit: int = 250_000_000_000
    """Quote units of each account."""
    leave: float = 1.0
    """Share of what it can spare that the account takes which left the markets."""


class Payment(Struct, frozen=True):
    """A withdrawal, from asking to money."""

    name: str
    ticket: int
    amount: int
    waited: int
    """Seconds between request and payment."""
    paid: bool


class Outcome(Struct, frozen=True):
    """What happened. `stages` is the machine's; all else follows from the plan."""

    plan: Plan
    traders: list[Trader]
    ledger: Ledger
    stages: Stages
    settlements: list[Settlement]
    orders: int
    cancels: int
    rejections: Counter[RejectReason]
    dropped: int
    payments: list[Payment]
    checks: list[Check]
    statement_of: Trader
    equity: int
    """What the chain says that this trader has, in quote units."""
    seconds: int
    """How much of the chain's time passed."""

    @property
    def gas_per_fill(self) -> float:
        """Gas of all batches over their fills."""
        return sum(s.gas for s in self.settlements) / max(1, self.ledger.fills)

    @property
    def bytes_per_fill(self) -> float:
        """Bytes of all batches over their fills."""
        return sum(s.size for s in self.settlements) / max(1, self.ledger.fills)

    @property
    def holds(self) -> bool:
        """Whether every invariant held, no fill was skipped, and everybody was paid."""
        paid = all(payment.paid for payment in self.payments)
        return paid and not self.ledger.skipped and all(check.holds for check in self.checks)


class Simulation:
    """A fresh venue, its population, and the whole path between them."""

    def __init__(self, venue: LocalVenue, plan: Plan) -> None:
        self.plan: Final = plan
        self.venue: Final = venue
        self.chain: Final = venue.chain
        self.began: Final = self.chain.time()
        rng = Random(plan.seed)
        names = [f"maker {n}" for n in range(1, plan.makers + 1)]
        names += ["alice", "bob", "carol", "dave", "erin", "frank"][: plan.takers]
        names += [f"taker {n}" for n in range(7, plan.takers + 1)]
        self.traders: Final = {t.account: t for t in self.venue.open(names, plan.deposit)}
        market = self.venue.remote.system.market
        self.assets: Final = [Asset(market(name), price, lots) for name, price, lots in SCALES]
        self.prices: Final = Prices(Random(rng.random()), self.assets)
        accounts = sorted(self.traders)
        self.makers: Final = [
            Maker(Random(rng.random()), account, n % 2 == 0)
            for n, account in enumerate(accounts[: plan.makers])
        ]
        self.takers: Final = [Taker(Random(rng.random()), a) for a in accounts[plan.makers :]]
        self.rng: Final = rng
        self.ledger: Final = Ledger()
        self.stages: Final = Stages()
        mirror = Mirror(self.venue.remote)
        self.ledger.read(mirror.follow())
        self.gate: Final = RiskGate(mirror.venue, self.chain.time(), LEAD)
        self.gateway: Final = self._join(mirror)
        self.submitter: Final = Submitter(
            mirror, self.gate, self.venue.operator, stages=self.stages, watch=self.ledger.read
        )
        self.orders = self.cancels = 0
        self.rejections: Final[Counter[RejectReason]] = Counter()
        self.settlements: Final[list[Settlement]] = []

    @property
    def leaver(self) -> Trader:
        """The trader who closes its positions in the last round."""
        return self.traders[self.takers[0].account]

    def _join(self, mirror: Mirror) -> Gateway:
        """Put gateway, engine and gate in line."""
        engine = Engine(self.gate, sorted(mirror.venue.markets))
        return Gateway(engine, self.gate, self.venue.domain, self.stages)

    def run(self, progress: Callable[[int], object] = lambda done: None) -> Outcome:
        """Play every round, pay the withdrawals, check the invariants."""
        for number in range(self.plan.rounds):
            self._round(number)
            progress(number + 1)
        payments = self._withdraw()
        self.submitter.follow()
        stayer = self.traders[self.takers[1].account]
        return Outcome(
            plan=self.plan,
            traders=list(self.traders.values()),
            ledger=self.ledger,
            stages=self.stages,
            settlements=self.settlements,
            orders=self.orders,
            cancels=self.cancels,
            rejections=self.rejections,
            dropped=len(self.submitter.dropped),
            payments=payments,
            checks=check_all(self.submitter, self.ledger),
            statement_of=stayer,
            equity=int(self.venue.remote.lens.ask("accountOf", stayer.account)[EQUITY]),
            seconds=self.chain.time() - self.began,
        )

    # One round: prices, quotes, orders, a batch.

    def _round(self, number: int) -> None:
        now = self._open_round(number)
        for maker in self.makers:
            maker.epoch += 1
            for asset in self.assets:
                spot = self.prices.ticks[asset.spec.market]
                for paper in maker.quote(asset, spot, self.gate.position):
                    self._send(paper, now)
        last = number + 1 == self.plan.rounds
        cancels = [self._cancel(maker, now) for maker in self.makers if not maker.laddered]
        self._take(number, now)
        if last:
            self._close(self.takers[0], now)
        self.submitter.take([], cancels)
        self.settlements.extend(self.submitter.settle())

    def _open_round(self, number: int) -> int:
        """Let time pass, post prices, and tell everybody."""
        self.chain.warp(max(self.began + (number + 1) * self.plan.step, self.chain.time()))
        for asset in self.assets:
            seen = self.prices.step(asset.spec.market, len(self.venue.publishers))
            self.venue.post(asset.spec.market, seen)
        self.venue.refresh()
        self.submitter.follow()
        now = self.chain.time()
        self._sort(self.gateway.advance(now))
        return now

    def _take(self, number: int, now: int) -> None:
        for k in range(self.plan.takes):
            asset = self.assets[k % len(self.assets)]
            taker = self.rng.choice(self.takers)
            tide = math.sin(number / 7 + asset.spec.market)
            spot = self.prices.ticks[asset.spec.market]
            order = taker.take(asset, spot, tide, self.gate.position, now)
            self._send(order.order, now, order.all_or_none)

    def _close(self, taker: Taker, now: int) -> None:
        for asset in self.assets:
            spot = self.prices.ticks[asset.spec.market]
            order = taker.close(asset, spot, self.gate.position, now)
            if order is not None:
                self._send(order.order, now)

    # Everything that a trader sends is signed, written as JSON, and read back.

    def _send(self, paper: Order | Ladder, now: int, all_or_none: bool = False) -> None:
        signer, domain = self.traders[paper.account].signer, self.venue.domain
        if isinstance(paper, Ladder):
            self.orders += len(paper.prices)
            data = encode_ladder(signer.sign_ladder(domain, paper))
            events = self.gateway.place_ladder(data, now)
        else:
            self.orders += 1
            data = encode_order(signer.sign_order(domain, paper))
            events = self.gateway.place(data, now, all_or_none)
        self._sort(events)

    def _cancel(self, maker: Maker, now: int) -> SignedCancel:
        cancel: Cancel = maker.cancel(self.rng.choice(self.assets))
        signed = self.traders[maker.account].signer.sign_cancel(self.venue.domain, cancel)
        self.cancels += 1
        self._sort(self.gateway.cancel(encode_cancel(signed), now))
        return signed

    def _sort(self, events: list[Event]) -> None:
        """Fills go to the submitter, refusals are counted."""
        fills = [event for event in events if isinstance(event, Fill)]
        if fills:
            self.submitter.take(fills)
        for event in events:
            if isinstance(event, Rejected):
                self.rejections[event.reason] += 1

    # The way out.

    def _withdraw(self) -> list[Payment]:
        """Ask, wait for the delay, be paid: one trader who left the markets, one who stays."""
        asked = self.chain.time()
        leaver, stayer = (self.traders[taker.account] for taker in self.takers[:2])
        shares = {leaver: self.plan.leave, stayer: 0.25}
        requests = [(trader, self._request(trader, share)) for trader, share in shares.items()]
        remote = self.venue.remote
        before = {t.account: self._balance(t) for t, _ in requests}
        self.chain.warp(self.chain.time() + int(remote.queue.ask("delay")))
        remote.vault.transact(self.venue.operator, "release", len(requests))
        waited = self.chain.time() - asked
        return [
            Payment(
                trader.name,
                ticket,
                amount,
                waited,
                self._balance(trader) - before[trader.account] == amount,
            )
            for trader, (ticket, amount) in requests
        ]

    def _request(self, trader: Trader, share: float) -> tuple[int, int]:
        """Ask for a share of what the account can spare; closed positions are swept by that."""
        remote, account = self.venue.remote, trader.account
        markets = list(remote.lens.ask("openMarketsOf", account))
        spare = int(remote.lens.ask("accountOf", account)[WITHDRAWABLE])
        ticket, amount = int(remote.queue.ask("tail")), int(spare * share)
        owner = trader.owner
        remote.positions.transact(
            owner, "requestWithdrawal", account, owner.address, amount, markets
        )
        return ticket, amount

    def _balance(self, trader: Trader) -> int:
        return int(self.venue.remote.token.ask("balanceOf", trader.owner.address))

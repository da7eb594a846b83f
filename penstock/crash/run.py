"""Edge: a market that falls by two fifths while its chain stands still: who bears the loss.

    build    traders open levered positions against makers; longs pay, funding reaches its cap
    fall     a fifth within half a minute; the operator liquidates on the book, keepers take over
    outage   no transaction for twenty minutes, but what L1 forces: some bring margin from there
    grace    nobody is liquidated, some more bring margin; the fall becomes two fifths
    work-out keepers, then the insurance fund until it runs out, then deleveraging
    calm     the price recovers a little, and nobody owes anything

Everything follows from a seed, on each `Network`. After each batch, and after all that a round's
keepers did, the books are audited (`Audit`).
"""

from collections.abc import Callable
from hashlib import sha256
from random import Random
from typing import Final

from penstock import liquidation, strategy, views
from penstock.crash.audit import Audit
from penstock.crash.ending import Ending, Toll
from penstock.crash.moment import Moment, Outcome
from penstock.crash.network import Network
from penstock.crash.plan import DOLLAR, FIRST, MARKET, OUTAGE, OUTAGE_AT, SLICES, Plan, price_at
from penstock.crash.rescue import Rescue
from penstock.crash.signed import SignedOrders
from penstock.crash.trading import STAGES, Trading, enrol
from penstock.keepers.deleverager import Deleverager
from penstock.keepers.keeper import Keeper
from penstock.keepers.liquidator import Liquidator
from penstock.keepers.notes import Note
from penstock.keepers.station import Station
from penstock.keepers.wallet import Wallet
from penstock.localvenue import Trader
from penstock.mirror import Mirror
from penstock.pace import Pace
from penstock.remote import Log
from penstock.stages import Stages
from penstock.venue import VENUE_ACCOUNT, Venue


class Crash:
    """The venue, its people, its operator and its keepers."""

    def __init__(
        self, network: Network, plan: Plan, progress: Callable[[], object] = lambda: None
    ) -> None:
        """Open every account; `progress` is told of each."""
        self.plan: Final = plan
        self.network: Final = network
        self.venue: Final = network.venue
        self.rng: Final = Random(plan.seed)
        self.signed: Final = SignedOrders()
        self.notes: Final[list[Note]] = []
        self.moments: Final[list[Moment]] = []
        traders = enrol(self.venue, plan.people, plan.fund, self.rng, progress)
        self.trading: Final = Trading(
            self.venue,
            traders,
            self.rng,
            self._watch,
            paces={MARKET: Pace(150_000, 10)},
            stages=Stages((*STAGES, "keepers", "invariants")),
            told=self.signed.sign,
        )
        named, ledger = self.trading.named, self.trading.ledger
        self.toll: Final = Toll({trader.account for trader in named("keeper")})
        self.rescue: Final = Rescue(network, named("long"), self.rng)
        # One view of the chain for all keepers: they look one after the other, in this thread.
        self.lookout: Final = Mirror(self.venue.remote)
        self.keepers: Final = self._keepers()
        self.audit: Final = Audit(self.trading.submitter, ledger, self.signed)
        self.rounds: int = 0
        self.quoting: int = 0
        """Makers who quoted last, and how far from the mark, as a share of it."""
        self.width: float = 0
        self.began: int = 0
        """Second at which the fall began; 0 before it."""
        self.stopped: int = 0
        """Seconds that the outage took."""
        self.phase: str = "build"

    # Keepers.

    def _keepers(self) -> list[Keeper]:
        """Rivals with accounts of their own, one who works for the fund, and a deleverager."""
        made: list[Keeper] = []
        for trader in self.trading.named("keeper"):
            station = self._station(trader)
            made.append(Liquidator(station, trader.account, floor=50 * DOLLAR, for_fund=False))
        station = self._station(self.trading.named("keeper")[0])
        return [*made, Liquidator(station), Deleverager(station)]

    def _station(self, trader: Trader) -> Station:
        return Station(self.lookout, Wallet(trader.owner), self.notes.append)

    # A run.

    def run(self, progress: Callable[[], object] = lambda: None) -> Outcome:
        """Play everything. The same plan gives the same moments and the same fingerprint."""
        for done in range(self.plan.build):
            self._build_round(done)
            progress()
        self.began = self.venue.chain.time()
        for _ in range(self.plan.after):
            self._fall_round()
            progress()
        return Outcome(
            plan=self.plan,
            moments=self.moments,
            notes=self.notes,
            broken=self.audit.broken,
            checks=self.audit.last,
            audits=self.audit.count,
            stages=self.trading.stages,
            ledger=self.trading.ledger,
            fingerprint=fingerprint(self.trading.model),
            top_ups=self.rescue.top_ups,
            endings=self._endings(),
            between=self.network.checks(),
        )

    def _build_round(self, number: int) -> None:
        self.venue.live(self.venue.chain.time() + 60)
        self.trading.publish(1.0)
        self._quote(center=1.004, width=0.0006)
        if number < self.plan.build - 2:
            self._open_some(number)
        self._settle()
        self._close_round(FIRST)

    def _fall_round(self) -> None:
        share = self._advance()
        self.trading.publish(share)
        calm = self.trading.model.watch.is_calm(self.venue.chain.time())
        if not calm and self.rounds % 2:
            self._bring_margin(round(FIRST * share))
        self._quote(center=1.0, width=self._width())
        if calm:
            self._liquidate()
        self._panic()
        self._settle()
        self._work(calm)
        self._close_round(round(FIRST * share))

    def _advance(self) -> float:
        """Let a round pass; once, the chain stands still."""
        chain = self.venue.chain
        passed = chain.time() - self.began - self.stopped
        if passed >= OUTAGE_AT and not self.stopped:
            self._stand_still(round(FIRST * price_at(passed)))
        grace = self.stopped and not self.trading.model.watch.is_calm(chain.time())
        self.phase = "grace" if grace else "work-out" if self.stopped else "fall"
        # Within the fall a round is as long as its transactions; later it is given more time.
        self.venue.live(chain.time() + (1 if passed < 60 else 12))
        return price_at(chain.time() - self.began - self.stopped)

    def _stand_still(self, price: int) -> None:
        """The price of the world waits too: seconds of the fall are those of trading."""
        self.phase, start = "outage", self.venue.chain.time()
        for _ in self.network.stand_still(OUTAGE):
            self._bring_margin(price)
            self._close_round(price)
        self._close_round(price)
        self.stopped = self.venue.chain.time() - start

    # Orders.

    def _width(self) -> float:
        """Makers widen as the fall goes on."""
        return 0.002 + 0.012 * min(1.0, (1 - self.trading.mark / FIRST) / 0.4)

    def _quote(self, center: float, width: float) -> None:
        """Makers who are still there quote both sides; in the fall one after the other leaves."""
        self.rounds += 1
        makers = self.trading.named("maker")
        left = max(2, len(makers) - (self.rounds - self.plan.build) // 2)
        self.quoting, self.width = (left if self.began else len(makers)), width
        for place, maker in enumerate(makers):
            staying = place < self.quoting
            if not staying:
                now = self.venue.chain.time()
                self.trading.take_up(self.trading.engine.cancel_all(maker.account, now))
                continue
            size = self.rng.randint(2_000, 4_000)
            self.trading.quote(maker, place, size, self.rounds, width=width, center=center)

    def _open_some(self, number: int) -> None:
        """Some traders open what their money bears, from two to fifteen times."""
        traders = [*self.trading.named("long"), *self.trading.named("short")]
        for trader in traders[number :: self.plan.build - 2]:
            buy = trader.name.startswith("long")
            self.trading.open(trader, buy, self.rng.uniform(2, 15))

    def _panic(self) -> None:
        """A few close what they have, in trouble or not; who brought margin holds on."""
        people = [*self.trading.named("long"), *self.trading.named("short")]
        for trader in self.rng.sample(people, 4):
            if self.trading.size(trader) and trader.account not in self.rescue.accounts:
                self.trading.close(trader)

    # Who bears the loss.

    def _liquidate(self) -> None:
        """The operator fills accounts below maintenance on the book, in slices."""
        venue, now = self.trading.model, self.venue.chain.time()
        market = venue.priced(MARKET, now)
        low, high = liquidation.band(market.mark, market.discount_ppm)
        for account, found in strategy.in_need(venue, now):
            held = self.trading.gate.position(account, MARKET)
            if not held or found.equity <= 0:
                continue
            lots, price = max(1, abs(held) // (2 * SLICES)), high if held < 0 else low
            for _ in range(SLICES):
                with self.trading.stages.timed("engine"):
                    events = self.trading.engine.liquidate(account, MARKET, lots, price, now)
                self.trading.take_up(events)

    def _bring_margin(self, price: int) -> None:
        """Some who see their end coming bring margin, in whichever way is open."""
        self.rescue.bring(self.trading.model, price, self.phase)
        self.trading.follow()

    def _work(self, calm: bool) -> None:
        """Each keeper acts as long as it finds something, a few times a round."""
        rounds = 3 if not self.stopped else 12
        with self.trading.stages.timed("keepers"):
            for keeper in self.keepers:
                for _ in range(rounds if calm else 1):
                    decision = keeper.decide(self.venue.chain.time())
                    if decision is None:
                        break
                    keeper.act(decision)
        self.trading.follow()

    def _settle(self) -> None:
        self.trading.settle()
        self._audit()

    def _audit(self) -> None:
        with self.trading.stages.timed("invariants"):
            self.audit.check()

    def _watch(self, logs: list[Log]) -> None:
        """Keep the books of who lost what, and of who signed it."""
        self.toll.read(logs)
        self.signed.read(logs, self.trading.model)

    def _close_round(self, price: int) -> None:
        self._audit()
        self.moments.append(self._moment(price))

    def _moment(self, price: int) -> Moment:
        venue, now = self.trading.model, self.venue.chain.time()
        seen = {number: views.account_of(venue, number, now) for number in venue.accounts}
        market = venue.market(MARKET)
        insurance = seen.pop(VENUE_ACCOUNT).equity
        return Moment(
            time=now,
            phase=self.phase,
            price=price,
            mark=market.mark,
            open_interest=market.open_interest,
            equity=sum(view.equity for view in seen.values()),
            insurance=insurance,
            below=sum(view.equity < view.maintenance_margin for view in seen.values()),
            bankrupt=sum(view.equity < 0 for view in seen.values()),
            covered=self.trading.ledger.covered,
            added=self.rescue.added,
            forced=self.rescue.forced,
            makers=self.quoting,
            width=self.width,
            rate=market.sample.last_rate,
            **self.toll.lots,
        )

    def _endings(self) -> list[Ending]:
        """How everybody who trades ended."""
        now, made = self.venue.chain.time(), []
        ledger = self.trading.ledger
        for account, trader in self.trading.traders.items():
            fate = self.toll.fate(account, ledger, MARKET)
            deposited = ledger.deposits[account]
            lots = self.trading.model.account(account).position(MARKET).size
            equity = views.account_of(self.trading.model, account, now).equity
            kind = trader.name.split()[0]
            made.append(Ending(kind, account, fate, deposited, lots, equity))
        return made


def fingerprint(venue: Venue) -> str:
    """Digest of every storage word."""
    digest = sha256()
    for key, word in sorted(views.words(venue).items()):
        digest.update(f"{key}={word:x};".encode())
    return digest.hexdigest()

"""Edge: 300 accounts want out within minutes after a shock, while the sequencer stutters.

    build     traders open positions against makers
    shock     the price falls by an eighth
    run       wave after wave asks for all that it can spare; some close before
    outage    the sequencer stands still: L1 takes requests, and pushes of the line
    drain     the line is paid through the bucket to its end
    vanished  or: the operator is gone when three quarters have asked, and all leave without him

Everything follows from a seed. After each round the books are audited (`Audit`), and at the end
what was paid to doors is on L1.
"""

from collections.abc import Callable, Sequence
from random import Random
from typing import Final

from penstock.bankrun.audit import Audit
from penstock.bankrun.bridge import bring_to_l1
from penstock.bankrun.exodus import Exodus
from penstock.bankrun.line import Line, uses_door
from penstock.bankrun.moment import Moment, Outcome
from penstock.bankrun.plan import CALM, FORCED, PARTS, ROUND, SHOCK, Plan, Variant
from penstock.bankrun.shares import Share
from penstock.bankrun.tickets import Tickets
from penstock.bankrun.trading import Trading
from penstock.crash.network import RollupNetwork
from penstock.crash.trading import enrol
from penstock.localvenue import Trader

OPENING: Final = 3
"""Rounds in which traders open what they have."""


class BankRun:
    """The venue, those who leave it, and the line between."""

    def __init__(
        self, network: RollupNetwork, plan: Plan, progress: Callable[[], object] = lambda: None
    ) -> None:
        """Open every account; `progress` is told of each round."""
        self.plan: Final = plan
        self.network: Final = network
        self.venue: Final = network.rollup
        self.rng: Final = Random(plan.seed)
        self.progress: Final = progress
        self.tickets: Final = Tickets()
        traders = enrol(self.venue, plan.people, plan.fund, self.rng)
        self.trading: Final = Trading(self.venue, traders, self.tickets, self.rng)
        self.line: Final = Line(self.venue, self.trading)
        self.audit: Final = Audit(self.trading, self.line)
        self.moments: Final[list[Moment]] = []
        self.leavers: Final = self._leavers()
        self.pot: int = 0

    def _leavers(self) -> list[Trader]:
        found = [*self.trading.named("saver"), *self.trading.named("trader")]
        self.rng.shuffle(found)
        return found

    def run(self) -> Outcome:
        """Play everything. The same plan gives the same moments and the same state."""
        self._build()
        for number in range(self.plan.asking):
            self._wave(number)
        left = self.leavers[self._asked_by(self.plan.asking) :]
        shares = self._drain() if self.plan.variant is Variant.PLAIN else self._vanish(left)
        return self._conclude(shares)

    # Rounds.

    def _build(self) -> None:
        """Open positions: every other trader long, gamblers too."""
        people = [*self.trading.named("trader"), *self.trading.named("gambler")]
        for number in range(OPENING):
            self._advance(ROUND)
            self.trading.publish(1.0)
            self.trading.quote_all()
            for place, trader in list(enumerate(people))[number::OPENING]:
                self.trading.open_some(trader, trader.name.startswith("gambler") or place % 2 == 0)
            self.trading.settle()
            self._close_round("build")
        self._advance(ROUND)
        self.trading.publish(SHOCK)
        self.line.push()
        self._close_round("shock")

    def _wave(self, number: int) -> None:
        """One wave asks; before it the sequencer may stand still."""
        wave = self.leavers[self._asked_by(number) : self._asked_by(number + 1)]
        forced = self._stand_still(dict(self.plan.stutters).get(number, 0), wave)
        self._advance(ROUND)
        self.trading.publish(SHOCK)
        self.trading.quote_all()
        for trader in wave[::PARTS]:
            if self.trading.size(trader):
                self.trading.close(trader)
        self.trading.settle()
        self.line.ask([trader for trader in wave if trader not in forced])
        self.line.push()
        self._close_round("run")

    def _asked_by(self, wave: int) -> int:
        """How many have asked before a wave."""
        return len(self.leavers) * wave // self.plan.waves

    def _stand_still(self, seconds: int, wave: Sequence[Trader]) -> list[Trader]:
        """Stop the sequencer; L1 takes requests, of who needs no fresh mark, and pushes."""
        free = [trader for trader in wave if not self.trading.size(trader)]
        asked: list[Trader] = []
        for _ in self.network.stand_still(seconds) if seconds else ():
            people = free[len(asked) : len(asked) + FORCED]
            self.line.force(people)
            asked += people
            self.line.force_push()
            self._close_round("outage")
        if seconds:
            self.line.push()
        return asked

    def _drain(self) -> list[Share]:
        """Push until the line is empty. In the end nobody needs a price, so none comes."""
        for _ in range(self.plan.drain):
            if not self.line.waiting()[0]:
                break
            self._advance(CALM)
            self.line.push()
            self._close_round("drain")
        return []

    def _vanish(self, left: Sequence[Trader]) -> list[Share]:
        """Go on without the operator."""
        exodus = Exodus(self.trading, self.line, self.audit, self._moment)
        shares = exodus.run(left, insolvent=self.plan.variant is Variant.INSOLVENT)
        self.pot = exodus.hatch.pot
        return shares

    def _advance(self, seconds: int) -> None:
        self.venue.live(self.venue.chain.time() + seconds)

    # What is kept.

    def _close_round(self, phase: str) -> None:
        self.audit.check()
        self._moment(phase)

    def _moment(self, phase: str) -> None:
        """Note how the line stands."""
        self.progress()
        (waiting, amount), (capacity, level) = self.line.waiting(), self.line.bucket()
        self.moments.append(Moment(
            time=self.venue.net.blocks[-1].time,
            phase=phase,
            mark=self.trading.mark,
            asked=len(self.tickets.promises),
            waiting=waiting,
            amount=amount,
            level=level,
            capacity=capacity,
            booked=int(self.venue.remote.vault.ask("booked")),
            paid=self.tickets.paid,
            forced=self.line.forced,
        ))  # fmt: skip

    def _conclude(self, shares: list[Share]) -> Outcome:
        people = [one for one in self.trading.traders.values() if uses_door(one)]
        return Outcome(
            plan=self.plan,
            moments=self.moments,
            promises=list(self.tickets.promises.values()),
            shares=shares,
            pot=self.pot,
            arrived=bring_to_l1(self.venue, people),
            gap=self.line.gap,
            broken=self.audit.broken,
            checks=self.audit.last,
            audits=self.audit.count,
            state=str(self.venue.net.l2.block()["stateRoot"]),
            between=self.network.checks(),
        )

"""The whole system under random use: people, engine, gate, batches, an operator who cheats.

Honest accounts trade through the engine with the gate, so that nothing of theirs may be skipped.
Accounts of a cheat settle batches full of faults past the engine, and leave in every way there is.
Every run ends with a freeze after which everybody is paid.
"""

from functools import lru_cache
from random import Random

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule
from msgspec.structs import replace

from penstock import views
from penstock.builder import build, split
from penstock.commands import SelfTrade
from penstock.engine import Engine
from penstock.messages import Fill, Order, Verdict
from penstock.risk import RiskGate
from tests.helpers import escapee
from tests.helpers.twin import DONE, Twin, trading_key
from tests.invariant.auditor import Auditor
from tests.invariant.entangled import Entangled
from tests.parity.exodus import Exodus, claims
from tests.parity.history import FIRST_PRICES, MARKETS, PARAMETERS, History
from tests.parity.leaving import Leaving
from tests.parity.line import Line

HONEST = (1, 2, 3)
FAR = 2**32 - 1
KINDS = ("rest", "rest", "post", "now", "now", "reduce")


@lru_cache(maxsize=1)
def scene() -> tuple[Twin, History, Leaving]:
    """A venue with honest accounts, and those of the cheat; every run begins here."""
    twin = Twin(replace(PARAMETERS, settlement_window=3_600))
    for account in HONEST:
        twin.register(trading_key(f"honest {account}"))
        twin.deposit(account, 10**9)
    cheat = History(0, twin)
    for account in cheat.accounts:
        twin.deposit(account, 10**9)
    for market, price in zip(MARKETS, FIRST_PRICES, strict=True):
        twin.refresh(market, price)
    return twin, cheat, Leaving(cheat)


class Venue(RuleBasedStateMachine):
    """Every rule ends with the checks that hold between batches."""

    def __init__(self) -> None:
        super().__init__()
        self.twin, self.cheat, self.leaving = scene()
        self._undone = self.twin.undone()
        self._undone.__enter__()
        self.cheat.book.clear()
        self.auditor = Auditor(self.twin)
        self.entangled = Entangled(self.auditor)
        self.line = Line(self.twin)
        self.gate = RiskGate(self.twin.model, self.twin.now)
        self.engine = Engine(self.gate, MARKETS)
        self.pending: list[Fill] = []
        self.nonces = 0

    def teardown(self) -> None:
        try:
            self._end()
        finally:
            self._undone.__exit__(None, None, None)

    def _end(self) -> None:
        """S2, S9: frozen here, the vault pays tickets in full and everybody the share."""
        self.cheat.rng, exodus = Random(self.nonces), Exodus(self.cheat, self.leaving)
        exodus.end()
        self.auditor.check()
        vault, queue = self.twin.venue.vault, self.twin.venue.queue
        claimed, owed = sum(claims(self.twin).values()), queue.call("owed")
        pot = escapee.balance(self.twin, vault.address) - owed
        escapee.tally_all(self.twin)
        exodus.line.check()
        paid = exodus.line.paid
        exodus.finish()
        rest = escapee.balance(self.twin, vault.address)
        assert exodus.line.paid - paid == owed
        assert rest == 0 if pot >= claimed else 0 <= rest < self.twin.hatch.accounts

    # Trading through the engine.

    # NOTE: a seed is drawn and not each field: orders that meet are too rare otherwise.
    @rule(seed=st.integers(0, 2**32 - 1), orders=st.integers(1, 30))
    def trade(self, seed: int, orders: int) -> None:
        """Sign some orders about the mark and give them to the engine."""
        rng = Random(seed)
        for _ in range(orders):
            order, mode = self._order(rng), rng.choice(list(SelfTrade))
            signed = self.twin.keys[order.account].sign_order(self.twin.domain, order)
            events = self.engine.place(signed, self.twin.now, False, mode)
            self.pending += [event for event in events if isinstance(event, Fill)]

    def _order(self, rng: Random) -> Order:
        self.nonces += 1
        kind, market = rng.choice(KINDS), rng.choice(MARKETS)
        immediate = kind == "now"
        return Order(
            account=rng.choice(HONEST),
            market=market,
            buy=rng.random() < 0.5,
            immediate=immediate,
            post_only=kind == "post",
            reduce_only=kind == "reduce" or (immediate and rng.random() < 0.2),
            price=max(1, self.twin.model.market(market).mark + rng.randint(-2, 2)),
            size=rng.choice((1, 10, 100, 1_000, 20_000)),
            expiry=FAR,
            nonce=self.nonces if immediate else (self.nonces % 16) << 32 | self.nonces,
        )

    @rule()
    def settle(self) -> None:
        """Settle what the engine matched: all of it must be legal."""
        for fills in split(self.pending, self._open_markets):
            number = self.twin.model.tally.number
            assert self.auditor.settle(build(number, fills, (), self._open_markets)) is DONE
            verdicts = {record.verdict for record in self.twin.settled()}
            assert verdicts == {Verdict.SETTLED}, verdicts
            self.gate.settled(len(fills))
            self._check_engine(fills)
        self.pending.clear()

    def _open_markets(self, account: int) -> list[int]:
        return self.twin.model.account(account).open_markets

    def _check_engine(self, fills: list[Fill]) -> None:
        """S11 for orders: the engine counted all that the chain did, and what is pending."""
        for order in {signed.order for fill in fills for signed in (fill.maker, fill.taker)}:
            if order.immediate:
                continue
            slot = dict(self.engine.slots(order.account))[order.slot]
            epoch, filled = self.twin.model.accounts[order.account].slots[order.slot]
            if slot.epoch == epoch:
                assert slot.filled >= filled, f"S11: slot {order.slot} of {order.account}"

    # Money, prices, time: pending fills are settled first, as an operator would.

    @rule(account=st.sampled_from(HONEST), amount=st.sampled_from((1, 10**6, 10**9)))
    def deposit(self, account: int, amount: int) -> None:
        """Pay in."""
        self.settle()
        assert self.twin.deposit(account, amount) is DONE
        self._changed()

    @rule(account=st.sampled_from(HONEST), part=st.integers(1, 4))
    def withdraw(self, account: int, part: int) -> None:
        """Take out all that can be spared, or a part of it."""
        self.settle()
        spare = views.account_of(self.twin.model, account, self.twin.now).withdrawable
        self.twin.withdraw(account, max(1, spare // part))
        self._changed()

    @rule()
    def collect(self) -> None:
        """Move the fees to the venue's own account."""
        self.settle()
        assert self.twin.collect_fees() is DONE
        self._changed()

    @rule()
    def release(self) -> None:
        """Pay the tickets that are ready."""
        self.settle()
        vault = self.twin.venue.vault
        self.twin.transact(vault, "release", 10, sender=self.twin.venue.system.operator)
        self._changed()

    @rule(
        seconds=st.sampled_from((1, 30, 300, 900, 3_600, 40_000)),
        moves=st.tuples(*[st.integers(-80, 80)] * 3),
        fresh=st.integers(0, 7),
    )
    def pass_time(self, seconds: int, moves: tuple[int, int, int], fresh: int) -> None:
        """Let time pass; some markets get a mark up to 8 % away."""
        self.settle()
        self.twin.chain.time += seconds
        for market, move in zip(MARKETS, moves, strict=True):
            if fresh >> (market - 1) & 1:
                mark = self.twin.model.market(market).mark
                self.twin.refresh(market, max(1, mark + mark * move // 1_000))
        self._changed()

    @rule(seed=st.integers(0, 2**32 - 1), batches=st.integers(1, 4))
    def attack(self, seed: int, batches: int) -> None:
        """Settle batches full of faults past the engine."""
        self.settle()
        self.cheat.rng = Random(seed)
        for _ in range(batches):
            self.auditor.settle(self.cheat.batch())
        self._changed()

    @rule(seed=st.integers(0, 2**32 - 1), steps=st.integers(1, 6))
    def distress(self, seed: int, steps: int) -> None:
        """Let a market jump against somebody, then liquidate in every way there is."""
        self.settle()
        self.cheat.rng, distress = Random(seed), self.cheat.distress
        self.auditor.do(distress.crash)
        for _ in range(steps):
            name, action = self.cheat.rng.choice(distress.actions)
            if name == "settle":
                self.auditor.settle(self.cheat.batch())
            else:
                self.auditor.do(action)
        self._changed()

    @rule(seed=st.integers(0, 2**32 - 1))
    def entangle(self, seed: int) -> None:
        """Deleverage against somebody who lost in another market what he gained in this one."""
        self.settle()
        self.entangled.deleverage(Random(seed))
        self._changed()

    @rule(seed=st.integers(0, 2**32 - 1))
    def rearrange(self, seed: int) -> None:
        """Move collateral between accounts, the fund's money, or its caps."""
        self.settle()
        self.cheat.rng = rng = Random(seed)
        self.auditor.do(rng.choice((self.cheat.transfer, self.cheat.distress.govern_fund)))
        self._changed()

    @rule(seed=st.integers(0, 2**32 - 1))
    def govern(self, seed: int) -> None:
        """Pause a market, or change its margins, fees, funding terms or limits."""
        self.settle()
        self.cheat.rng, cheat = Random(seed), self.cheat
        changes = (
            cheat.pause,
            cheat.set_margins,
            cheat.set_fees,
            cheat.set_terms,
            cheat.set_limits,
        )
        self.auditor.do(self.cheat.rng.choice(changes))
        self._changed()

    @rule(seed=st.integers(0, 2**32 - 1), steps=st.integers(1, 8))
    def leave(self, seed: int, steps: int) -> None:
        """Have the cheat leave: signed, forced, held, in line, closed by makers or the fund."""
        self.settle()
        self.cheat.rng = Random(seed)
        for _ in range(steps):
            name, action = self.leaving.draw()
            if name == "trade":
                self.auditor.settle(self.cheat.batch())
            else:
                self.auditor.do(action)
            self.line.check()
        self._changed()

    def _changed(self) -> None:
        self.gate.advance(self.twin.now)
        self.gate.rebase()
        self.auditor.check()
        self.auditor.check_gate(self.gate)

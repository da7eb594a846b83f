"""Settles batches on a twin and checks S1 to S7 and S11 after each."""

from collections.abc import Callable, Sequence
from random import Random

from penstock.batch import Batch
from penstock.records import FillRecord
from penstock.risk import RiskGate
from tests.helpers.twin import DONE, Outcome, Twin
from tests.invariant import checks
from tests.invariant.state import Ledger, State, levels, read


class Auditor:
    """Watches one venue; `ledger` holds what must be remembered from batch to batch."""

    def __init__(self, twin: Twin) -> None:
        self.twin = twin
        self.ledger = Ledger()
        self._rng = Random(1)

    def settle(self, batch: Batch) -> Outcome:
        """Settle, and check everything if it settled."""
        before, found = read(self.twin), levels(self.twin, batch)
        outcome = self.twin.settle(batch)
        if outcome is DONE:
            records = self.twin.settled()
            fills = [
                (found[fill.maker], found[fill.taker], record)
                for fill, record in zip(batch.fills, records, strict=True)
            ]
            checks.orders_obeyed(self.ledger, batch.number, fills)
            self._check_batch(before, records)
        return outcome

    def do(self, action: Callable[[], Outcome]) -> Outcome:
        """Do something besides a batch, and check everything."""
        before = read(self.twin)
        outcome = action()
        after = read(self.twin)
        checks.funding_touched(self.ledger, before, after)
        checks.nobody_ruined(before, after)
        self.check(after)
        return outcome

    def _check_batch(self, before: State, records: Sequence[FillRecord]) -> None:
        after = read(self.twin)
        replay = checks.margin_holds(before, after, records)
        checks.funding_counted(self.ledger, before, replay)
        checks.nobody_ruined(before, after)
        self.check(after)

    def check(self, state: State | None = None) -> None:
        """Check what holds between batches too."""
        state = state or read(self.twin)
        self.twin.compare()
        checks.sizes_balance(state)
        checks.debts_are_held(state)
        marks = {number: market.mark for number, market in state.markets.items()}
        anywhere = {number: self._rng.randint(1, 2**32 - 1) for number in marks}
        checks.vault_covers(state, self.ledger, marks)
        checks.vault_covers(state, self.ledger, anywhere)
        checks.funding_balances(state, self.ledger)
        self.check_gate(RiskGate(self.twin.model, self.twin.now))

    def check_gate(self, gate: RiskGate) -> None:
        """S11: the gate of an engine sees every account as the chain does."""
        lens = self.twin.venue.lens
        for account in self.twin.keys:
            seen = lens.call("accountOf", account)
            assert (gate.equity(account), gate.margin(account)) == seen[6:8], f"S11: {account}"
            for market in self.twin.model.markets:
                size = lens.call("positionOf", account, market)[0]
                assert gate.position(account, market) == size, f"S11: {account} in {market}"

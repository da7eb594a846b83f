"""Edge: the books of a venue that everybody leaves, checked after each round."""

from typing import Final

from penstock.bankrun.line import Line
from penstock.bankrun.plan import PUSH
from penstock.bankrun.trading import Trading
from penstock.invariants import Check, Custody, check_books, custody
from penstock.units import show_quote


class Audit:
    """What must hold after each round: S1, S2, S7, S8, every statement, every promise."""

    def __init__(self, trading: Trading, line: Line) -> None:
        self._trading: Final = trading
        self._line: Final = line
        self.count: int = 0
        self.last: list[Check] = []
        self.broken: list[Check] = []

    def check(self) -> None:
        """Check everything while the venue lives, or is frozen and nobody has escaped."""
        books = check_books(self._trading.submitter, self._trading.ledger)
        self.take([*books, *self._checks_of_line()])

    def check_escape(self, escaped: int) -> None:
        """Check what holds while people escape: what left the vault left their equity."""
        found = custody(self._trading.venue.remote)
        found = found._replace(held=found.held + escaped)
        self.take([self._vault(found, escaped), *self._checks_of_line()])

    def take(self, checks: list[Check]) -> None:
        """Keep the result of an audit, and what failed."""
        self.count += 1
        self.last = checks
        self.broken += [check for check in checks if not check.holds]

    def _vault(self, found: Custody, escaped: int) -> Check:
        ledger = self._trading.ledger
        bound = ledger.touches + len(ledger.lines)
        said = f"{show_quote(escaped):,.2f} escaped, {found.dust} units of dust, at most {bound}"
        return Check("vault + shares = equity + tickets + fees + dust", 0 <= found.dust <= bound,
                     said)  # fmt: skip

    def _checks_of_line(self) -> list[Check]:
        tickets, line = self._trading.tickets, self._line
        owed, waits = int(self._line.venue.remote.queue.ask("owed")), line.waiting()[1]
        late, broken = max([0, *(one.late for one in tickets.served)]), len(line.broken())
        return [
            tickets.check(),
            Check("owed by the queue = left of the tickets", owed == waits,
                  f"{show_quote(owed):,.2f}"),
            Check("a push at the promised time keeps it", not broken, f"{broken} tickets waited"),
            Check("promises kept", late <= PUSH, f"{late} s late at worst, at most {PUSH}"),
            Check("somebody pushes", line.gap <= PUSH, f"every {line.gap} s at worst"),
        ]  # fmt: skip

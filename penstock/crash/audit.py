"""Edge: the books of a venue, checked again and again."""

from typing import Final

from penstock.crash.signed import SignedOrders
from penstock.invariants import Check, check_books
from penstock.ledger import Ledger
from penstock.submitter import Submitter


class Audit:
    """What must hold after each batch: S1 to S7, S10, S11 and every statement."""

    def __init__(self, submitter: Submitter, ledger: Ledger, signed: SignedOrders) -> None:
        self._submitter: Final = submitter
        self._ledger: Final = ledger
        self._signed: Final = signed
        self._rules: Final = self._terms()
        self.count: int = 0
        self.last: list[Check] = []
        self.broken: list[Check] = []

    def check(self) -> None:
        """Check everything, and keep what failed."""
        self.count += 1
        same = self._terms() == self._rules
        rules = Check("no parameter changed", same, f"{len(self._rules)} compared")
        books = check_books(self._submitter, self._ledger)
        self.last = [*books, self._signed.check(), rules]
        self.broken += [check for check in self.last if not check.holds]

    def _terms(self) -> list[object]:
        """Every number that a governor may change."""
        venue = self._submitter.mirror.venue
        caps = [loss.cap for _, loss in sorted(venue.fund.losses.items())]
        return [venue.settings, *(m.listing for m in venue.markets.values()), *caps]

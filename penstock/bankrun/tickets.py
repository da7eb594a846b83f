"""Every ticket from its request to its last payment, from the venue's events alone (pure).

S8   a ticket is paid once, and in order: no payment is for an earlier ticket than the one
     before it, and the payments of a ticket are its amount and no more
"""

from collections.abc import Iterable
from typing import Final

from penstock.bankrun.promise import Promise
from penstock.invariants import Check
from penstock.remote import Log


class Tickets:
    """Remembers promises by number, and every fault."""

    def __init__(self) -> None:
        self.promises: Final[dict[int, Promise]] = {}
        self.faults: Final[list[str]] = []
        self.last: int = 0
        """The ticket that was paid last."""

    def read(self, logs: Iterable[Log]) -> None:
        """Take up events."""
        for log in logs:
            match log.name, log.arguments:
                case "TicketIssued", (ticket, account, recipient, amount, ready_at):
                    asked = Promise(ticket, account, recipient, amount, log.time, ready_at)
                    self._expect(ticket == len(self.promises) + 1, f"ticket {ticket} out of order")
                    self.promises[ticket] = asked
                case "TicketPaid", (ticket, recipient, amount):
                    self._pay(ticket, recipient, amount, log.time)
                case "PaymentFailed", (ticket, _, _):
                    self._expect(False, f"ticket {ticket} was set aside")

    @property
    def unpromised(self) -> list[Promise]:
        """Those that the queue was not asked about yet."""
        return [one for one in self.promises.values() if not one.promised]

    @property
    def served(self) -> list[Promise]:
        """Those that are paid in full, in the order of the line."""
        return [one for one in self.promises.values() if one.served_at]

    @property
    def paid(self) -> int:
        """Quote units paid so far."""
        return sum(one.paid for one in self.promises.values())

    def check(self) -> Check:
        """S8."""
        said = f"{len(self.served):,} of {len(self.promises):,} tickets paid"
        return Check("a ticket is paid once, in order", not self.faults, (self.faults or [said])[0])

    def _pay(self, ticket: int, recipient: str, amount: int, time: int) -> None:
        one = self.promises[ticket]
        one.paid, one.parts = one.paid + amount, one.parts + 1
        self._expect(ticket >= self.last, f"ticket {ticket} was paid after {self.last}")
        self._expect(not one.served_at, f"ticket {ticket} was paid twice")
        self._expect(one.paid <= one.amount, f"ticket {ticket} was paid too much")
        self._expect(recipient == one.recipient, f"ticket {ticket} went to {recipient}")
        self.last = ticket
        if one.paid == one.amount:
            one.served_at = time

    def _expect(self, holds: bool, fault: str) -> None:
        if not holds:
            self.faults.append(f"S8: {fault}")

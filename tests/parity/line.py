"""S8 from the queue's events alone: every hold and ticket, from its request to its last payment.

A ticket is paid once and to its recipient; nothing is paid before those ahead of it, but for what
was set aside; what the queue says that it owes is what its tickets and holds have left.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from tests.helpers.revm import Log
from tests.helpers.twin import Twin


@dataclass
class Claim:
    """What a ticket or a hold has left, and for whom."""

    recipient: str
    left: int
    aside: bool = False


class Line:
    """The queue of one twin; `check` takes up what happened since it was asked last."""

    def __init__(self, twin: Twin) -> None:
        self.twin: Final = twin
        self.tickets: Final[dict[int, Claim]] = {}
        self.holds: Final[dict[int, Claim]] = {}
        self.paid: int = 0
        self._read: int = 0
        self._head: int = 1
        self._steps: Final[dict[str, Callable[..., None]]] = {
            "TicketIssued": self._issue,
            "TicketHeld": self._hold,
            "TicketAdmitted": self._admit,
            "TicketSetAside": self._set_aside,
            "TicketPaid": self._pay,
        }

    def check(self) -> None:
        """Assert S8."""
        for _, log in self.twin.logs[self._read :]:
            self._take(log)
        self._read = len(self.twin.logs)
        claims = [*self.tickets.values(), *self.holds.values()]
        owed = sum(claim.left for claim in claims)
        assert self.twin.venue.queue.call("owed") == owed, "S8: the queue owes something else"

    def _take(self, log: Log) -> None:
        step: Callable[..., Any] | None = self._steps.get(log.name)
        if step:
            step(*log.arguments)

    def _issue(self, ticket: int, account: int, recipient: str, amount: int, ready: int) -> None:
        assert ticket == len(self.tickets) + 1, f"S8: ticket {ticket} is out of order"
        self.tickets[ticket] = Claim(recipient, amount)

    def _hold(self, hold: int, account: int, recipient: str, amount: int, until: int) -> None:
        assert hold not in self.holds, f"S8: hold {hold} was there before"
        self.holds[hold] = Claim(recipient, amount)

    def _admit(self, hold: int, ticket: int, recipient: str, amount: int, ready: int) -> None:
        claim = self.holds[hold]
        assert (claim.recipient, claim.left) == (recipient, amount), f"S8: hold {hold} differs"
        claim.left = 0
        self._issue(ticket, 0, recipient, amount, ready)

    def _set_aside(self, ticket: int, left: int, claimable_at: int) -> None:
        claim = self.tickets[ticket]
        assert claim.left == left, f"S8: ticket {ticket} has {claim.left} left, and not {left}"
        self._check_turn(ticket)
        claim.aside = True

    def _pay(self, ticket: int, recipient: str, amount: int) -> None:
        claim = self.tickets[ticket]
        assert recipient == claim.recipient, f"S8: ticket {ticket} went to {recipient}"
        assert 0 < amount <= claim.left, f"S8: ticket {ticket} was paid {amount} of {claim.left}"
        if not claim.aside:
            self._check_turn(ticket)
        claim.left -= amount
        self.paid += amount

    def _check_turn(self, ticket: int) -> None:
        """All those ahead are paid or aside."""
        while self._head < ticket:
            ahead = self.tickets[self._head]
            assert ahead.aside or not ahead.left, f"S8: {ticket} was paid before {self._head}"
            self._head += 1
        assert ticket == self._head, f"S8: ticket {ticket} is behind the head, {self._head}"

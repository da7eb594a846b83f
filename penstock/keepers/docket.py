"""What waits at the exit desk and before the line, as the events tell it (pure)."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any, Final, Protocol, TypeAlias

from penstock.forced import Request

NOBODY: Final = 0
"""Stands for an owner, who decides nothing here."""


class Event(Protocol):
    """An event of the venue."""

    @property
    def name(self) -> str:
        """As the contract has it."""

    @property
    def arguments(self) -> tuple[Any, ...]:
        """In their order."""

    @property
    def time(self) -> int:
        """Of its block, in seconds."""


@dataclass(slots=True)
class Docket:
    """Forced requests that are pending, and holds that have not joined the line."""

    requests: dict[int, Request] = field(default_factory=dict)
    """By number. `left` of a close is what was written down; what the position lost elsewhere, the
    desk knows. Its `held` is unknown."""
    holds: dict[int, int] = field(default_factory=dict)
    """When a hold may join the line, by its number."""

    def take(self, events: Iterable[Event]) -> None:
        """Take up events, in the order in which they happened."""
        for event in events:
            handler = _HANDLERS.get(event.name)
            if handler is not None:
                handler(self, event)

    @property
    def closes(self) -> dict[int, Request]:
        """Those that close a position, oldest first."""
        return {number: asked for number, asked in self.requests.items() if asked.market}

    @property
    def withdrawals(self) -> dict[int, Request]:
        """Those that ask for money, oldest first."""
        return {number: asked for number, asked in self.requests.items() if not asked.market}

    def change(self, number: int, change: Callable[[Request], Request]) -> None:
        """Change a request that is pending."""
        if number in self.requests:
            self.requests[number] = change(self.requests[number])


Handler: TypeAlias = Callable[[Docket, Event], object]


def _file_withdrawal(docket: Docket, event: Event) -> None:
    number, account, _, amount = event.arguments
    docket.requests[number] = Request(account, NOBODY, event.time, 0, amount=amount)


def _file_close(docket: Docket, event: Event) -> None:
    number, account, market, lots, mark = event.arguments
    docket.requests[number] = Request(account, NOBODY, event.time, 0, market, mark, left=lots)


def _pay(docket: Docket, event: Event) -> None:
    number, _, amount = event.arguments
    docket.change(number, lambda asked: replace(asked, amount=max(0, asked.amount - amount)))


def _progress(docket: Docket, event: Event) -> None:
    number, left = event.arguments
    docket.change(number, lambda asked: replace(asked, left=left))


def _end(docket: Docket, event: Event) -> None:
    docket.requests.pop(event.arguments[0], None)


def _hold(docket: Docket, event: Event) -> None:
    number, _, _, _, until = event.arguments
    docket.holds[number] = until


def _admit(docket: Docket, event: Event) -> None:
    docket.holds.pop(event.arguments[0], None)


_HANDLERS: Final[dict[str, Handler]] = {
    "WithdrawalForced": _file_withdrawal,
    "WithdrawalExecuted": _pay,
    "CloseForced": _file_close,
    "CloseProgressed": _progress,
    "RequestServed": _end,
    "RequestDropped": _end,
    "TicketHeld": _hold,
    "TicketAdmitted": _admit,
}

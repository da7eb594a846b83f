"""The line of withdrawals, what is aside and what is held; equal to the last unit and second.

Twin of WithdrawalQueue, with the vault's release and claim.

Who may call is left to the contracts, and so is the proof that shuts the gate. `pays` says whether
the token lets a payment through.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import IntEnum
from typing import NamedTuple

from penstock.outflow import Outflow
from penstock.refusals import Refusal, Refused
from penstock.units import div_up

GATE = 3_600
"""Seconds for which the gate is shut."""
GATE_REST = 7 * 24 * 3_600
"""Seconds for which it then cannot be."""
UINT64_MAX = 2**64 - 1

Pays = Callable[[int, int], bool]
"""Whether a payment to a recipient of an amount goes through."""


class Status(IntEnum):
    """Where a ticket stands."""

    UNKNOWN = 0
    WAITING = 1
    READY = 2
    PAID = 3
    ASIDE = 4


class Obstacle(IntEnum):
    """What keeps a ticket from being paid in full by the next release."""

    NONE = 0
    DELAY = 1
    GATE = 2
    LINE = 3
    BUCKET = 4
    ASIDE = 5
    HELD = 6


class Ticket(NamedTuple):
    """A promise to pay. Addresses are integers."""

    account: int
    recipient: int
    amount: int
    ready_at: int
    issued_before: int


class Aside(NamedTuple):
    """What is left of a ticket whose payment failed."""

    amount: int
    claimable_at: int


class Hold(NamedTuple):
    """A request of a guarded account that is not in line yet."""

    account: int
    recipient: int
    amount: int
    until: int


class Guard(NamedTuple):
    """How an owner protects an account; without destinations money goes anywhere."""

    extra_delay: int = 0
    destinations: frozenset[int] = frozenset()

    def allows(self, destination: int) -> bool:
        """Whether the account's money may go there."""
        return not self.destinations or destination in self.destinations


class Payment(NamedTuple):
    """What a release did with a ticket, or with a part of it."""

    ticket: int
    recipient: int
    amount: int
    went: bool
    """Whether it went through; otherwise `amount` is what was set aside."""


@dataclass(slots=True)
class Queue:
    """The line, and `booked` of the vault."""

    outflow: Outflow
    delay: int
    booked: int = 0
    head: int = 1
    popped: int = 0
    issued: int = 0
    ready_at: int = 0
    gate_end: int = 0
    lifted: bool = False
    lane: int = 0
    last_hold: int = 0
    tickets: dict[int, Ticket] = field(default_factory=dict)
    asides: dict[int, Aside] = field(default_factory=dict)
    holds: dict[int, Hold] = field(default_factory=dict)
    guards: dict[int, Guard] = field(default_factory=dict)
    announced: dict[int, tuple[Guard, int]] = field(default_factory=dict)
    """By account, what is to come and when it may be applied."""

    # The line.

    @property
    def tail(self) -> int:
        """Number that the next ticket gets."""
        return len(self.tickets) + 1

    @property
    def owed(self) -> int:
        """What is promised and not paid."""
        held = sum(hold.amount for hold in self.holds.values())
        return self.issued - self.popped + self.aside_sum + held

    @property
    def aside_sum(self) -> int:
        """What waits to be claimed."""
        return sum(aside.amount for aside in self.asides.values())

    def push(self, account: int, recipient: int, amount: int, now: int) -> int:
        """Put a request in line, or hold it; return its ticket, 0 when it is held."""
        if self.lifted:
            raise Refused(Refusal.QUEUE_CLOSED)
        guard = self.guards.get(account, Guard())
        if not guard.allows(recipient):
            raise Refused(Refusal.DESTINATION, account, recipient)
        if not guard.extra_delay:
            return self._join(account, recipient, amount, now)
        self.last_hold += 1
        self.holds[self.last_hold] = Hold(account, recipient, amount, now + guard.extra_delay)
        return 0

    def admit(self, hold: int, now: int) -> int:
        """Put a hold in line; return its ticket."""
        if hold not in self.holds:
            raise Refused(Refusal.HOLD_UNKNOWN, hold)
        if now < self.holds[hold].until:
            raise Refused(Refusal.HOLD_NOT_OVER, hold, self.holds[hold].until)
        account, recipient, amount, _ = self.holds.pop(hold)
        return self._join(account, recipient, amount, now)

    def _join(self, account: int, recipient: int, amount: int, now: int) -> int:
        number, self.ready_at = self.tail, max(now + self.delay, self.ready_at)
        self.tickets[number] = Ticket(account, recipient, amount, self.ready_at, self.issued)
        self.issued += amount
        return number

    def release(self, count: int, now: int, pays: Pays = lambda *_: True) -> list[Payment]:
        """Pay from the head of the line, at most `count` times."""
        return [payment for _ in range(count) for payment in self._release_one(now, pays)]

    def _release_one(self, now: int, pays: Pays) -> Iterator[Payment]:
        number = self.head
        amount = self.pop(now)
        if not amount:
            return
        recipient = self.tickets[number].recipient
        went = amount <= self.booked and pays(recipient, amount)
        if went:
            self.booked -= amount
        else:
            amount = self.set_aside(number, amount, now)
        yield Payment(number, recipient, amount, went)

    def pop(self, now: int) -> int:
        """Take the head off the line, or a part of it; return what is to be paid."""
        first = self.tickets.get(self.head)
        if first is None or now < (since := max(first.ready_at, self.gate_end)):
            return 0
        rest = self.left_of(self.head)
        capacity = self.outflow.capacity(self.booked)
        amount = rest if self.lifted else self.outflow.draw(capacity, since, rest, now)
        self.popped += amount
        self.head += amount == rest
        return amount

    def set_aside(self, number: int, amount: int, now: int) -> int:
        """Set what was popped aside, with the rest of its ticket; return what can be claimed."""
        rest, claimable_at = 0, now
        if number == self.head:
            rest = self.left_of(number)
            self.popped, self.head = self.popped + rest, number + 1
            span = div_up(rest * self.outflow.window, self.outflow.capacity(self.booked))
            claimable_at = self.lane = min(max(now, self.lane) + span, UINT64_MAX)
        self.asides[number] = Aside(amount + rest, claimable_at)
        return amount + rest

    def claim(self, number: int, now: int) -> Aside:
        """Pay what is aside; whether the token lets it through is for the caller to know."""
        if number not in self.asides:
            raise Refused(Refusal.NOT_ASIDE, number, self.status_of(number, now))
        if now < self.claimable_from(number):
            raise Refused(Refusal.NOT_CLAIMABLE, number, self.claimable_from(number))
        paid = self.asides.pop(number)
        self.booked -= paid.amount
        return paid

    # What is asked.

    def status_of(self, number: int, now: int) -> Status:
        """Where a ticket stands."""
        if number not in self.tickets:
            return Status.UNKNOWN
        if number < self.head:
            return Status.ASIDE if number in self.asides else Status.PAID
        return Status.WAITING if now < self.tickets[number].ready_at else Status.READY

    def claimable_from(self, number: int) -> int:
        """The first second at which what is aside can be claimed."""
        if number not in self.asides or self.lifted:
            return 0
        return max(self.asides[number].claimable_at, self.gate_end)

    def ahead_of(self, number: int) -> tuple[int, int]:
        """How many tickets, and how much, are paid before one in line."""
        if not self._in_line(number):
            return 0, 0
        before = max(self.tickets[number].issued_before, self.popped) - self.popped
        return number - self.head, before

    def left_of(self, number: int) -> int:
        """What of a ticket is not paid."""
        if not self._in_line(number):
            return self.asides.get(number, Aside(0, 0)).amount
        ticket = self.tickets[number]
        return ticket.amount - max(0, self.popped - ticket.issued_before)

    def eta_of(self, number: int, now: int) -> int:
        """The second by which a release pays all of a ticket; 0 when it is not in line."""
        if not self._in_line(number):
            return 0
        need = self.ahead_of(number)[1] + self.left_of(number)
        return self._eta(self.tickets[number].ready_at, need, now)

    def eta(self, amount: int, now: int) -> int:
        """The second by which a release would pay a ticket that was issued now."""
        if self.lifted:
            return 0
        need = self.issued - self.popped + amount
        return self._eta(max(now + self.delay, self.ready_at), need, now)

    def _eta(self, ready_at: int, need: int, now: int) -> int:
        if self.lifted:
            return max(now, ready_at)
        capacity = self.outflow.capacity(max(0, self.booked - need - self.aside_sum))
        return max(now, self.outflow.served_at(capacity, max(ready_at, self.gate_end), need))

    def obstacle_of(self, number: int, now: int) -> Obstacle:
        """What keeps a ticket from being paid in full by the next release."""
        status = self.status_of(number, now)
        if status is not Status.READY:
            others = {Status.ASIDE: Obstacle.ASIDE, Status.WAITING: Obstacle.DELAY}
            return others.get(status, Obstacle.NONE)
        if now < self.gate_end:
            return Obstacle.GATE
        if self.eta_of(number, now) <= now:
            return Obstacle.NONE
        ahead = self._eta(self.tickets[number].ready_at, self.ahead_of(number)[1], now)
        return Obstacle.BUCKET if ahead <= now else Obstacle.LINE

    def _in_line(self, number: int) -> bool:
        return self.head <= number < self.tail

    # Guards, gate and freeze.

    def announce_guard(self, account: int, guard: Guard, now: int) -> int:
        """Announce another guard; return when it may be applied. Without a delay it is at once."""
        applicable_at = now + self.guards.get(account, Guard()).extra_delay
        self.announced[account] = guard, applicable_at
        if applicable_at == now:
            self.apply_guard(account, guard, now)
        return applicable_at

    def apply_guard(self, account: int, guard: Guard, now: int) -> None:
        """Apply what was announced."""
        announced, applicable_at = self.announced.get(account, (None, 0))
        if announced != guard:
            raise Refused(Refusal.GUARD_NOT_ANNOUNCED, account)
        if now < applicable_at:
            raise Refused(Refusal.GUARD_NOT_APPLICABLE, account, applicable_at)
        self.guards[account] = guard
        del self.announced[account]

    def withdraw_guard_change(self, account: int) -> None:
        """Take an announcement back."""
        if self.announced.pop(account, None) is None:
            raise Refused(Refusal.GUARD_NOT_ANNOUNCED, account)

    def shut_gate(self, now: int) -> None:
        """Stop releases for a while; the debt is proven elsewhere."""
        if self.lifted:
            raise Refused(Refusal.QUEUE_CLOSED)
        rest_end = self.gate_end + GATE_REST if self.gate_end else 0
        if now < rest_end:
            raise Refused(Refusal.GATE_RESTING, rest_end)
        self.gate_end = now + GATE

    def lift(self) -> None:
        """Freeze: no bucket, no gate, no new ticket; delays and holds stay."""
        self.lifted, self.gate_end = True, 0

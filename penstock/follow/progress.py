"""How far an exit is, what blocks it, and who can take the next step from when on (pure).

    signed    requested → carried, revoked, or expired
    forced    requested → executable → served, dropped, or ignored (a close)
    payment   held → queued → ready → released, or aside → released
    to L1     at the door → bridged → proven → final
    escape    live → silent → freezable → frozen → tallied → paid

One exit goes through several of these: a forced withdrawal that is served has a ticket or a hold, a
hold becomes a ticket, a ticket that is paid to a door goes on to L1. What is known of an exit is
what the chain says of it, so any machine that asks the chain finds it at the same stage.

Times are seconds since 1970, amounts quote units. `now` is the time of the next block.
"""

from enum import StrEnum
from typing import Final

from msgspec import Struct

MOST: Final = 2**54
"""More than an account can have, in quote units: who asks for that asks for all."""
LIFE: Final = 86_400
"""Seconds for which an exit that has ended still stands for the wish that it was."""


class Stage(StrEnum):
    """Where an exit is."""

    REQUESTED = "requested"
    """Signed and not carried, or forced and in its window."""
    CARRIED = "carried"
    REVOKED = "revoked"
    """Its owner made its number unusable before anybody carried it."""
    EXPIRED = "expired"
    EXECUTABLE = "executable"
    SERVED = "served"
    DROPPED = "dropped"
    IGNORED = "ignored"
    HELD = "held"
    QUEUED = "queued"
    """In line, and its delay has not passed."""
    READY = "ready"
    """In line, and its delay has passed."""
    ASIDE = "aside"
    RELEASED = "released"
    AT_THE_DOOR = "at the door"
    BRIDGED = "bridged"
    PROVEN = "proven"
    FINAL = "final"
    LIVE = "live"
    """Batches land, or nobody has looked."""
    SILENT = "silent"
    FREEZABLE = "freezable"
    FROZEN = "frozen"
    TALLIED = "tallied"
    PAID = "paid"


class Step(StrEnum):
    """What is called next, in the order in which an exit comes to it."""

    CARRY = "carry"
    EXECUTE = "execute"
    LOOK = "look"
    FREEZE = "freeze"
    TALLY = "tally"
    ESCAPE = "escape"
    ADMIT = "admit"
    RELEASE = "release"
    CLAIM = "claim"
    SEND = "send"
    PROVE = "prove"
    FINALISE = "finalise"
    NONE = "nothing"


class Who(StrEnum):
    """Whose call the next step is."""

    ANYONE = "anyone"
    OWNER = "the owner"
    NOBODY = "nobody"


class Obstacle(StrEnum):
    """What keeps the next step from being taken, or from finishing."""

    NONE = "nothing"
    DELAY = "its delay"
    GATE = "the gate, shut because of a bad debt"
    LINE = "those ahead of it"
    BUCKET = "the outflow bucket"
    HELD = "the extra delay of its account"
    WINDOW = "the operator's window"
    FROZEN = "the freeze of the venue"
    GRACE = "the grace after an outage"
    BATCHES = "a note of the next batch's number"
    SILENCE = "the liveness window"
    COUNT = "accounts that are not counted"
    SHARE = "it has no share"
    OUTPUT = "an output on L1 that covers it"
    DISPUTE = "the challenge of a false output"
    CHALLENGE = "the challenge window"
    UNSEEN = "a look at L1, which --devnet gives"


class Progress(Struct, frozen=True):
    """How far something is."""

    stage: Stage
    step: Step = Step.NONE
    """The next one."""
    who: Who = Who.NOBODY
    obstacle: Obstacle = Obstacle.NONE
    earliest: int | None = None
    """The first second at which the next step can be taken; None when nobody can tell yet."""
    eta: int | None = None
    """The second by which money is promised, if somebody takes each step in time."""

    def is_due(self, now: int) -> bool:
        """Whether the next step can be taken in a block of this time."""
        return self.step is not Step.NONE and self.earliest is not None and now >= self.earliest

    def is_past(self, step: Step) -> bool:
        """Whether a step is behind it."""
        return ORDER.index(self.step) > ORDER.index(step)


ORDER: Final = tuple(Step)


# What the chain says.


class Signed(Struct, frozen=True):
    """A withdrawal that an owner signed and somebody is to carry."""

    account: int
    nonce: int
    deadline: int
    is_used: bool
    """Carried or revoked."""
    is_revoked: bool = False


class Forced(Struct, frozen=True):
    """A request that nobody can leave undone."""

    number: int
    account: int
    status: str
    """`pending`, `served` or `dropped`."""
    requested_at: int
    window: int
    market: int = 0
    """Of a close; 0 for a withdrawal."""
    left: int = 0
    """Lots still to close, or quote units asked for."""
    recipient: str = ""
    """Of a withdrawal."""
    is_ignored: bool = False
    """As the desk says."""
    is_frozen: bool = False
    """Whether the venue is: then the hatch pays and the desk does nothing more."""
    grace_ends_at: int = 0
    asked: int = 0
    """Lots or quote units, as they were asked for."""
    ended_at: int = 0
    """When it was served or dropped; 0 while it waits."""
    paused_until: int = 0
    """First second after the last pause of a close's market: in a pause nobody can serve it."""

    @property
    def is_close(self) -> bool:
        """Whether it closes a position."""
        return self.market != 0

    @property
    def open_from(self) -> int:
        """The first second at which anybody may execute it."""
        return self.requested_at + self.window

    @property
    def ignored_from(self) -> int:
        """The first second at which a close that nobody served counts as ignored."""
        return max(self.open_from, self.paused_until) + self.window


class Hold(Struct, frozen=True):
    """A request of an account with an extra delay."""

    number: int
    account: int
    recipient: str
    amount: int
    until: int


class Ticket(Struct, frozen=True):
    """A place in line, or what became of it."""

    number: int
    account: int
    recipient: str
    amount: int
    ready_at: int
    status: str
    """`line`, `paid` or `aside`."""
    left: int = 0
    """What of it is not paid."""
    tickets_ahead: int = 0
    ahead: int = 0
    eta: int = 0
    """By which all of it is paid, as the queue promises."""
    eta_ahead: int = 0
    """The same of the ticket before it; 0 when there is none in line."""
    gate_ends_at: int = 0
    claimable_from: int = 0


class Leg(Struct, frozen=True):
    """What lies at a door, or was sent from there, on its way to L1."""

    amount: int
    since: int
    """When it came to the door, or was sent."""
    transaction: str = ""
    """That sent it over the bridge; empty while it lies at the door."""
    index: int = 0
    """Which message of that transaction it is."""
    status: str = ""
    """As `penstock.devnet` has it; empty when nobody can be asked about L1."""
    earliest: int | None = None
    """The first L1 time at which it can be paid."""
    ended_at: int = 0
    """L1 time at which it was paid; 0 before."""


class Silence(Struct, frozen=True):
    """How near a freeze is, and how far the tally; for one account, its share."""

    account: int
    freezable_at: int = 0
    """0 when the number of the next batch is not noted."""
    grace_ends_at: int = 0
    frozen_at: int = 0
    accounts: int = 0
    counted: int = 0
    fixed_at: int = 0
    """When the last account was counted; 0 before."""
    share: int = 0
    is_paid: bool = False


class Exit(Struct, frozen=True):
    """One exit: all that is known of it. What it has not come to is None, or empty."""

    account: int
    signed: Signed | None = None
    forced: Forced | None = None
    hold: Hold | None = None
    ticket: Ticket | None = None
    silence: Silence | None = None
    door: str = ""
    """Its recipient on L2, when that is a door to L1."""
    l1_recipient: str = ""
    legs: tuple[Leg, ...] = ()
    paid_at: int = 0
    """When the vault paid last, in part or in full; 0 before."""


# How far it is.


def progress(exit: Exit, now: int) -> Progress:
    """Where an exit is. What came last decides."""
    reached = _reached(exit, now)
    arrived = reached.stage in (Stage.RELEASED, Stage.PAID)
    if arrived and exit.legs:
        return min((leg_progress(leg, now) for leg in exit.legs), key=_distance)
    return reached


def progress_to(exit: Exit, step: Step, now: int) -> Progress:
    """The same, for who wants to take a step: what was paid in part may be ahead of the rest."""
    legs = (leg_progress(leg, now) for leg in exit.legs)
    due = (one for one in legs if one.step is step and one.is_due(now))
    return next(due, None) or progress(exit, now)


def is_recent(exit: Exit, now: int) -> bool:
    """Whether who asks for the same again may have forgotten this one, or not know how it went."""
    if progress(exit, now).step is not Step.NONE:
        return True
    forced_at = 0 if exit.forced is None else exit.forced.ended_at
    ended_at = max(exit.paid_at, forced_at, *(leg.ended_at for leg in exit.legs))
    return now < ended_at + LIFE


def _reached(exit: Exit, now: int) -> Progress:
    if exit.silence is not None:
        return silence_progress(exit.silence, now)
    if exit.ticket is not None:
        return ticket_progress(exit.ticket, now)
    if exit.hold is not None:
        return hold_progress(exit.hold, now)
    if exit.forced is not None:
        return forced_progress(exit.forced, now)
    return Progress(Stage.DROPPED) if exit.signed is None else signed_progress(exit.signed, now)


def signed_progress(signed: Signed, now: int) -> Progress:
    """A signed withdrawal, until it is carried. The deadline is its last second."""
    if signed.is_used:
        return Progress(Stage.REVOKED if signed.is_revoked else Stage.CARRIED)
    if now > signed.deadline:
        return Progress(Stage.EXPIRED)
    return Progress(Stage.REQUESTED, Step.CARRY, Who.ANYONE, earliest=0)


def forced_progress(forced: Forced, now: int) -> Progress:
    """A forced request, until it is served."""
    if forced.status != "pending":
        return Progress(Stage(forced.status))
    if forced.is_frozen:
        return Progress(Stage.FROZEN, Step.ESCAPE, Who.OWNER, Obstacle.FROZEN)
    opens = forced.open_from
    if now < opens:
        return Progress(Stage.REQUESTED, Step.EXECUTE, Who.ANYONE, Obstacle.WINDOW, opens)
    if forced.is_ignored:
        begins = max(forced.ignored_from, forced.grace_ends_at)
        blocked = Obstacle.GRACE if now < begins else Obstacle.NONE
        return Progress(Stage.IGNORED, Step.FREEZE, Who.ANYONE, blocked, begins)
    return Progress(Stage.EXECUTABLE, Step.EXECUTE, Who.ANYONE, earliest=opens)


def hold_progress(hold: Hold, now: int) -> Progress:
    """A hold, until it joins the line."""
    blocked = Obstacle.HELD if now < hold.until else Obstacle.NONE
    return Progress(Stage.HELD, Step.ADMIT, Who.ANYONE, blocked, hold.until)


def ticket_progress(ticket: Ticket, now: int) -> Progress:
    """A ticket, until all of it is paid. Its head may be paid in part before the promised time."""
    if ticket.status == "paid":
        return Progress(Stage.RELEASED)
    if ticket.status == "aside":
        return _aside(ticket, now)
    stage = Stage.QUEUED if now < ticket.ready_at else Stage.READY
    earliest, eta = max(ticket.ready_at, ticket.gate_ends_at), max(ticket.eta, now)
    blocked = _obstacle(ticket, now)
    return Progress(stage, Step.RELEASE, Who.ANYONE, blocked, earliest, eta)


def _obstacle(ticket: Ticket, now: int) -> Obstacle:
    """What keeps a ticket in line from being paid in full by the next release."""
    if now < ticket.ready_at:
        return Obstacle.DELAY
    if now < ticket.gate_ends_at:
        return Obstacle.GATE
    if now >= ticket.eta:
        return Obstacle.NONE
    return Obstacle.LINE if now < ticket.eta_ahead else Obstacle.BUCKET


def _aside(ticket: Ticket, now: int) -> Progress:
    opens, blocked = ticket.claimable_from, Obstacle.NONE
    if now < opens:
        blocked = Obstacle.GATE if opens <= ticket.gate_ends_at else Obstacle.BUCKET
    return Progress(Stage.ASIDE, Step.CLAIM, Who.ANYONE, blocked, opens)


def leg_progress(leg: Leg, now: int) -> Progress:
    """A payment on its way to L1. Its status was taken there, at L1's time."""
    if not leg.transaction:
        return Progress(Stage.AT_THE_DOOR, Step.SEND, Who.ANYONE, earliest=leg.since)
    if leg.status == "final":
        return Progress(Stage.FINAL)
    if leg.status in ("proven", "ready"):
        return _proven(leg, now)
    blocked = _UNPROVEN.get(leg.status, Obstacle.NONE)
    since = leg.since if blocked is Obstacle.NONE else None
    return Progress(Stage.BRIDGED, Step.PROVE, Who.ANYONE, blocked, since, leg.earliest)


def _proven(leg: Leg, now: int) -> Progress:
    if leg.status == "ready":
        return Progress(Stage.PROVEN, Step.FINALISE, Who.ANYONE, earliest=now, eta=now)
    times = leg.earliest, leg.earliest
    return Progress(Stage.PROVEN, Step.FINALISE, Who.ANYONE, Obstacle.CHALLENGE, *times)


_UNPROVEN: Final = {
    "": Obstacle.UNSEEN,
    "waiting": Obstacle.OUTPUT,
    "replaced": Obstacle.OUTPUT,
    "disputed": Obstacle.DISPUTE,
}


def silence_progress(silence: Silence, now: int) -> Progress:
    """An escape: the freeze, the tally, the share of one account."""
    if not silence.frozen_at:
        return _before_freeze(silence, now)
    if not silence.fixed_at:
        blocked, since = Obstacle.COUNT, silence.frozen_at
        return Progress(Stage.FROZEN, Step.TALLY, Who.ANYONE, blocked, since)
    if silence.is_paid:
        return Progress(Stage.PAID)
    if not silence.share:
        return Progress(Stage.TALLIED, obstacle=Obstacle.SHARE)
    return Progress(Stage.TALLIED, Step.ESCAPE, Who.OWNER, earliest=silence.fixed_at)


def _before_freeze(silence: Silence, now: int) -> Progress:
    begins = silence.freezable_at
    if not begins:
        return Progress(Stage.LIVE, Step.LOOK, Who.ANYONE, Obstacle.BATCHES, 0)
    if now >= begins:
        return Progress(Stage.FREEZABLE, Step.FREEZE, Who.ANYONE, earliest=begins)
    blocked = Obstacle.GRACE if begins <= silence.grace_ends_at else Obstacle.SILENCE
    return Progress(Stage.SILENT, Step.FREEZE, Who.ANYONE, blocked, begins)


def _distance(found: Progress) -> int:
    """How many steps are behind it: fewer for what is least far."""
    return ORDER.index(found.step)

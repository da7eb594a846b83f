"""Edge: serves those who leave: forced requests, holds, tickets, and the end of the venue.

    live      acknowledge → close → withdraw → admit → release → look (→ freeze, when told to)
    frozen    tally → admit → release

What is due is decided in `serving`. A request that cannot be served, or fails at the node, rests a
while (`Rests`), so that nobody's keeps the others waiting. Claims of tickets that were set aside
are their recipients' business, because they may name another address.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import islice
from typing import Final, NamedTuple, TypeAlias

from penstock.artifacts import ContractRevert
from penstock.follow import escape, progress
from penstock.follow.calls import Call as Step
from penstock.follow.facts import VENUE, Reader
from penstock.forced import Request
from penstock.keepers import serving
from penstock.keepers.closing import Asker
from penstock.keepers.keeper import Call, Decision
from penstock.keepers.makers import Orders, none
from penstock.keepers.rests import LONGEST, Rests
from penstock.keepers.serving import Found, Left, Line, Silence
from penstock.keepers.station import Post, Station
from penstock.queue import Obstacle
from penstock.rpc import NodeRefusedError
from penstock.sender import SendError
from penstock.venue import Venue

PAGES: Final = 20
"""Pages of a tally that are counted before the keeper looks again."""
TRIES: Final = 10
"""How often, at least, a request that nobody can serve is tried within its window."""
FREEZE: Final = "freeze"

Naming: TypeAlias = Callable[[int], str]
"""What a thing is called while it rests."""


class Job(NamedTuple):
    """Something that may be done, and what rests when it was tried."""

    names: tuple[str, ...]
    found: Found | None


class ExitClerk(Post):
    """Anybody may run it, and has the fees of the requests that it executes after the window.

    With the operator's key it serves them at once.
    """

    name = "exits"

    def __init__(
        self, station: Station, orders: Orders = none, *, least: int = 0, freezes: bool = False
    ) -> None:
        """`orders` may take over what is closed; a part of a withdrawal is worth a call from
        `least` quote units on. With `freezes` it ends the venue when it may, for good."""
        super().__init__(station)
        self.orders: Final = orders
        self.least: Final = least
        self.freezes: Final = freezes
        self.reader: Final = Reader(station.remote)
        self._window: Final = int(station.remote.desk.ask("WINDOW"))
        self._liveness: Final = int(station.remote.hatch.ask("LIVENESS"))
        self._rests: Final = Rests(min(LONGEST, self._window // TRIES))
        self._chosen: tuple[str, ...] = ()

    def decide(self, now: int) -> Decision | None:
        """Choose what to do next. Raises RpcError, OrdersMissingError."""
        venue, idle = self.look(now), True
        docket = self.station.docket
        self._rests.keep({FREEZE, *_names(docket.requests, docket.holds)})
        for job in self._jobs(venue, now):
            decision = self._weighed(job, now)
            if decision is not None:
                self._chosen = job.names
                return decision
            idle = idle and job.found is None
        if idle:
            waiting = {"requests": len(docket.requests), "holds": len(docket.holds)}
            self.left("nothing is due", **waiting, frozen=int(venue.frozen))
        return None

    def act(self, decision: Decision) -> None:
        """Send what was decided, and note it; what was tried rests, also when it failed."""
        try:
            super().act(decision)
        except (ContractRevert, SendError, NodeRefusedError):
            self._rest(self._chosen, self._now)
            raise
        self._rest(self._chosen, self._now)
        if decision.did == "closed":
            # Some of it is done: the next part is worth the first try again.
            self._rests.renew(self._chosen, self._now)

    def _weighed(self, job: Job, now: int) -> Decision | None:
        """The decision of a job, if the node would let it through; note why there is none."""
        found = job.found
        if isinstance(found, Decision):
            refused = self._refused(found)
            if refused is None:
                return found
            found = Left("the node would refuse it", {**found.values, "refused": refused})
        if found is not None:
            again = self._rest(job.names, now)
            say = self.alarm if found.is_alarming else self.left
            say(found.why, **{**found.values, **({"again": again} if again else {})})
        return None

    def _refused(self, decision: Decision) -> str | None:
        """Ask the node whether the first call of a decision would go through."""
        call, wallet = decision.calls[0], self.station.wallet
        contract = getattr(self.station.remote, call.contract)
        try:
            contract.ask(call.function, *call.arguments, sender=wallet.address)
        except (ContractRevert, NodeRefusedError) as refused:
            return str(refused)
        return None

    def _rest(self, names: tuple[str, ...], now: int) -> int:
        """Let what was tried rest; until when, 0 when nothing rests."""
        return max((self._rests.put(name, now) for name in names), default=0)

    # What there is to do, in its order.

    def _jobs(self, venue: Venue, now: int) -> Iterator[Job]:
        if venue.frozen:
            yield Job((), self._tally())
        else:
            yield from self._closes(venue, now)
            yield from self._withdrawals(venue, now)
        yield from self._admissions(now)
        yield Job((), serving.release(self._line()))
        if not venue.frozen:
            yield from self._silence(venue, now)

    def _closes(self, venue: Venue, now: int) -> Iterator[Job]:
        written, asker = self.station.docket.closes, self._asker(now)
        standing = self._standing(written)
        fresh = self._awake(_acknowledged, written, now)
        left = serving.further(fresh, standing)
        yield Job(tuple(map(_acknowledged, left)), serving.acknowledge(left))
        awake = self._awake(_served, standing, now)
        due = {n: a for n, a in awake.items() if a.left and serving.is_open(venue, a, asker)}
        offers = list(self.orders()) if due else []
        for number, asked in due.items():
            yield Job((_served(number),), serving.close(venue, number, asked, offers, asker))

    def _withdrawals(self, venue: Venue, now: int) -> Iterator[Job]:
        asker = self._asker(now)
        for number, asked in self._awake(_served, self.station.docket.withdrawals, now).items():
            found = serving.withdraw(venue, number, asked, asker, self.least)
            yield Job((_served(number),), found)

    def _admissions(self, now: int) -> Iterator[Job]:
        for number, decision in serving.admit(self.station.docket.holds, now):
            if not self._rests.holds(_held(number), now):
                yield Job((_held(number),), decision)

    def _silence(self, venue: Venue, now: int) -> Iterator[Job]:
        noted, since = self.station.remote.hatch.ask("silence")
        silence = Silence(venue.tally.number, noted, since, self._liveness)
        yield Job((), serving.look(silence, venue.watch, now))
        if not self._rests.holds(FREEZE, now):
            yield Job((FREEZE,), self._freeze(silence, now))

    # What the chain says of it.

    def _asker(self, now: int) -> Asker:
        address = int(self.station.wallet.address, 16)
        return Asker(address, now, self._window, self.station.mirror.domain)

    def _awake(self, name: Naming, asked: Mapping[int, Request], now: int) -> dict[int, Request]:
        return {n: one for n, one in asked.items() if not self._rests.holds(name(n), now)}

    def _standing(self, closes: Mapping[int, Request]) -> dict[int, Request]:
        """Closes as they are, with what the positions lost elsewhere."""
        asked = [("closeOf", number) for number in closes]
        told = self.station.remote.desk.ask_many(asked) if asked else []
        pairs = zip(closes.items(), told, strict=True)
        return {n: replace(one, held=held, left=left) for (n, one), (held, left) in pairs}

    def _line(self) -> Line:
        """The head of the line, and those behind it while nothing keeps it."""
        queue = self.station.remote.queue
        head, tail = queue.ask_many([("head",), ("tail",)])
        if head == tail:
            return Line(head, tail)
        first = queue.ask("obstacleOf", head)
        if first == Obstacle.BUCKET:
            part = self.station.remote.vault.ask("release", 1)
            return Line(head, tail, (first,), queue.ask("ticket", head)[2], part)
        if first:
            return Line(head, tail, (first,))
        page = serving.page(head, tail)
        return Line(head, tail, tuple(queue.ask_many([("obstacleOf", n) for n in page])))

    # The end.

    def _freeze(self, silence: Silence, now: int) -> Found | None:
        """Freeze if one may and is told to; else call a person."""
        reader = self.reader
        if silence.noted == silence.number and now >= silence.since + silence.liveness:
            found = progress.silence_progress(reader.silence(VENUE), now)
            if found.step is progress.Step.FREEZE and found.is_due(now):
                return self._frozen(escape.freeze(reader, None), "no batch lands", silence.number)
        for number, asked in self.station.docket.closes.items():
            if now < asked.requested_at + 2 * self._window:
                continue
            found = progress.forced_progress(reader.forced(number), now)
            if found.step is progress.Step.FREEZE and found.is_due(now):
                return self._frozen(escape.freeze(reader, number), "a close was ignored", number)
        return None

    def _frozen(self, step: Step, why: str, number: int) -> Found:
        if self.freezes:
            return Decision("froze", why, {"number": number}, (_at_hatch(step),))
        return Left(f"{why}: anybody may freeze the venue", {"number": number}, is_alarming=True)

    def _tally(self) -> Decision | None:
        """Count who is left, some pages at a time."""
        found = self.reader.silence(VENUE)
        steps = () if found.fixed_at else islice(escape.tally_pages(self.reader), PAGES)
        calls = tuple(map(_at_hatch, steps))
        values = {"accounts": found.accounts, "counted": found.counted, "pages": len(calls)}
        return Decision("tallied", "the venue is frozen", values, calls) if calls else None


def _at_hatch(step: Step) -> Call:
    _, function, arguments, gas = step
    return Call("hatch", function, arguments, gas)


def _served(request: int) -> str:
    return f"request {request}"


def _acknowledged(request: int) -> str:
    return f"acknowledge {request}"


def _held(hold: int) -> str:
    return f"hold {hold}"


def _names(requests: Iterable[int], holds: Iterable[int]) -> Iterator[str]:
    """All that may rest."""
    for request in requests:
        yield from (_served(request), _acknowledged(request))
    yield from map(_held, holds)

"""What is due to those who leave, and what keeps it (pure).

acknowledge   a close came further elsewhere than is written down
close         the operator at once, anybody after the window; `closing` chooses the lots
withdraw      the same; what the account can spare, once that is worth a call
admit         a hold whose extra delay is over
release       tickets at the head that the bucket lasts for; a tenth of one that is too large
look          the next batch's number is not noted, or a grace would outlast the silence
"""

from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Final

from msgspec import Struct

from penstock import strategy
from penstock.follow.calls import PAGE, RELEASE_GAS, STEP_GAS
from penstock.forced import Request
from penstock.keepers import closing
from penstock.keepers.closing import Asker
from penstock.keepers.fees import collect
from penstock.keepers.keeper import Call, Decision
from penstock.keepers.makers import Offer
from penstock.keepers.notes import Values
from penstock.queue import Obstacle
from penstock.venue import Venue
from penstock.watch import Watch

ADMIT_GAS: Final = 250_000
ACKNOWLEDGE_GAS: Final = 100_000
WITHDRAW_GAS: Final = 400_000
WITHDRAW_MARKET_GAS: Final = 100_000
PART: Final = 10
"""A ticket too large for the bucket is paid in so many parts at most."""
LOOKS: Final = 72
"""How often within the liveness window the next batch's number is noted: every hour of 3 days."""


class Left(Struct, frozen=True):
    """Why something is not done, and the values that decided."""

    why: str
    values: Values
    is_alarming: bool = False
    """Whether a person should come."""


Found = Decision | Left


class Line(Struct, frozen=True):
    """The tickets at the head, as the queue has them."""

    head: int
    tail: int
    """Number that the next ticket gets."""
    obstacles: tuple[int, ...] = ()
    """What keeps each from being paid in full, from the head on, a page at most."""
    amount: int = 0
    """Of the head, quote units."""
    part: int = 0
    """What a release would pay of it now."""


class Silence(Struct, frozen=True):
    """How the clock of silence stands. Times are seconds."""

    number: int
    """Of the next batch."""
    noted: int
    since: int
    liveness: int


# At the desk.


def is_open(venue: Venue, asked: Request, asker: Asker) -> bool:
    """Whether a request may be executed: by the operator at once, by anybody after the window."""
    mine = asker.address == venue.settings.operator
    return mine or asker.now >= asked.requested_at + asker.window


def close(
    venue: Venue, number: int, asked: Request, offers: Iterable[Offer], asker: Asker
) -> Found | None:
    """Work off a close as far as anybody can. None while it is not open.

    Half a window before it counts as ignored, a close that nobody can take is a person's business.
    """
    if not is_open(venue, asked, asker):
        return None
    plan = closing.plan(venue, number, asked, offers, asker)
    about: Values = {"request": number, "account": asked.account, "market": asked.market}
    if plan is not None:
        lots: Values = {"orders": plan.by_orders, "fund": plan.by_fund, "left": asked.left}
        arguments = (number, list(plan.markets), list(plan.makers), plan.by_fund)
        call = Call("desk", "executeClose", arguments, plan.gas)
        return Decision("closed", "it was forced", {**about, **lots}, (call,))
    if closing.fees_would_do(venue, number, asked, asker):
        markets = [market for market in sorted(venue.markets) if venue.markets[market].fees]
        values: Values = {**about, "fees": venue.fees}
        return Decision("collected fees", "with them the fund can close", values, collect(markets))
    paused_until = venue.market(asked.market).interim.paused_until
    ignored_from = asked.ignored_from(asker.window, paused_until)
    refused = closing.obstacle(venue, number, asked, asker)
    values = {**about, "left": asked.left, "refused": refused, "ignored_at": ignored_from}
    late = asker.now >= ignored_from - asker.window // 2
    return Left("nobody can take over what is to be closed", values, late)


def further(written: Mapping[int, Request], standing: Mapping[int, Request]) -> dict[int, int]:
    """What is left of closes that came further than is written down, lots; a page of them."""
    left = {number: standing[number].left for number in written}
    found = (number for number, lots in left.items() if lots < written[number].left)
    return {number: left[number] for number in islice(found, PAGE)}


def acknowledge(left: Mapping[int, int]) -> Decision | None:
    """Write down what is left of closes."""
    if not left:
        return None
    call = Call("desk", "acknowledge", (list(left),), ACKNOWLEDGE_GAS * (1 + len(left)))
    values: Values = {
        "requests": ",".join(map(str, left)),
        "left": ",".join(map(str, left.values())),
    }
    return Decision("acknowledged", "they came further elsewhere", values, (call,))


def withdraw(venue: Venue, number: int, asked: Request, asker: Asker, least: int) -> Found | None:
    """Queue what an account can spare. None while the request is not open.

    A part below `least` quote units waits for more: while positions are open the rest stays asked
    for, and an account must not have its dust carried at a keeper's cost.
    """
    if not is_open(venue, asked, asker):
        return None
    held = venue.account(asked.account)
    markets = held.open_markets
    spare = strategy.weighed(venue, asked.account, asker.now).withdrawable
    about: Values = {"request": number, "account": asked.account}
    values: Values = {**about, "asked": asked.amount, "spare": spare}
    if spare <= 0:
        return Left("nothing to spare", values)
    stays = any(held.positions[market].size for market in markets)
    if stays and spare < min(least, asked.amount):
        return Left("too little to spare", {**values, "least": least})
    gas = WITHDRAW_GAS + WITHDRAW_MARKET_GAS * len(markets)
    call = Call("desk", "executeWithdrawal", (number, markets), gas)
    return Decision("withdrew", "it was forced", values, (call,))


# In the line.


def admit(holds: Mapping[int, int], now: int) -> list[tuple[int, Decision]]:
    """Holds that may join the line, by number, those that may for longest first."""
    due = sorted((until, number) for number, until in holds.items() if now >= until)
    return [(number, _admission(number, until)) for until, number in due]


def _admission(number: int, until: int) -> Decision:
    call = Call("queue", "admit", (number,), ADMIT_GAS)
    values: Values = {"hold": number, "until": until}
    return Decision("admitted", "its delay is over", values, (call,))


def release(line: Line) -> Found | None:
    """Pay the tickets at the head that are paid in full now, or a part of the first.

    None when there is no line.
    """
    if line.head == line.tail:
        return None
    count = next((n for n, one in enumerate(line.obstacles) if one), len(line.obstacles))
    where: Values = {"head": line.head, "line": line.tail - line.head}
    if count:
        return _release(count, "the bucket lasts", {**where, "tickets": count})
    if line.part and line.part * PART >= line.amount:
        return _release(1, "the bucket lasts for a part", {**where, "part": line.part})
    waits = Obstacle(line.obstacles[0]).name.lower()
    return Left("the head of the line waits", {**where, "for": waits})


def _release(count: int, why: str, values: Values) -> Decision:
    gas = STEP_GAS + RELEASE_GAS * count
    return Decision("released", why, values, (Call("vault", "release", (count,), gas),))


def page(head: int, tail: int) -> range:
    """The tickets that one transaction releases at most."""
    return range(head, min(tail, head + PAGE))


# At the hatch.


def look(silence: Silence, watch: Watch, now: int) -> Decision | None:
    """Note the next batch's number now and then, and beat towards the end of a silence."""
    noted = silence.noted == silence.number
    values: Values = {"number": silence.number, "noted": silence.noted, "since": silence.since}
    call = Call("hatch", "look", (), STEP_GAS)
    if not noted and now >= silence.since + silence.liveness // LOOKS:
        return Decision("looked", "the next batch is not noted", values, (call,))
    ends = silence.since + silence.liveness
    # Whoever freezes must not have to wait for a grace because nobody beat meanwhile.
    if noted and now >= ends - watch.grace - watch.limit and now - watch.last > watch.limit // 2:
        return Decision("looked", "the silence ends soon", {**values, "ends": ends}, (call,))
    return None

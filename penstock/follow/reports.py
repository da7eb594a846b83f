"""An exit as a person reads it: one line; and as a program does: JSON (pure)."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec

from penstock.follow.progress import MOST, Exit, Forced, Obstacle, Progress, Step, Ticket, progress
from penstock.units import show_quote


def name_of(exit: Exit) -> str:
    """What an exit is asked for by."""
    for kind, part in (("ticket", exit.ticket), ("hold", exit.hold), ("request", exit.forced)):
        if part is not None:
            return f"{kind} {part.number}"
    if exit.signed is not None:
        return f"withdrawal {exit.signed.nonce:#x} of account {exit.account}"
    return f"account {exit.account}" if exit.account else "the venue"


def line_of(exit: Exit, now: int, decimals: int) -> str:
    """One exit: where it is, and how it goes on."""
    found = progress(exit, now)
    said = f"{name_of(exit)}: {found.stage}{_money(exit, decimals)}"
    return f"{said}; {onward(found, now)}"


def onward(found: Progress, now: int) -> str:
    """How it goes on, when, and what blocks it."""
    if found.step is Step.NONE:
        blocked = "" if found.obstacle is Obstacle.NONE else f": {found.obstacle}"
        return f"nothing more to do{blocked}"
    said = [f"next: {found.step}, by {found.who}"]
    if found.earliest is not None:
        said.append("now" if found.is_due(now) else f"from {moment(found.earliest, now)}")
    if found.obstacle is not Obstacle.NONE:
        said.append(f"waits for {found.obstacle}")
    if found.eta is not None:
        said.append(f"promised by {moment(found.eta, now)}")
    return ", ".join(said)


def forecast_of(ticket: Ticket, held: int, now: int, decimals: int) -> str:
    """When a ticket that is not asked for yet would be paid, and what takes how long.

    `held` are the seconds before it that its account's guard takes.
    """
    amount, eta = show_quote(ticket.amount, decimals), moment(ticket.eta, now)
    said = [f"{amount:,} asked for now: promised by {eta}"]
    if held:
        said.append(f"{Obstacle.HELD}: {held:,} s before that, and the line as it is then")
    said += [f"{why} until {moment(time, now)}" for why, time in _waits(ticket, now, decimals)]
    return "\n  ".join(said)


def _waits(ticket: Ticket, now: int, decimals: int) -> Iterator[tuple[str, int]]:
    """What a ticket waits for, one after the other."""
    yield Obstacle.DELAY, ticket.ready_at
    if ticket.gate_ends_at > now:
        yield Obstacle.GATE, ticket.gate_ends_at
    if ticket.tickets_ahead:
        count = "1 ticket" if ticket.tickets_ahead == 1 else f"{ticket.tickets_ahead:,} tickets"
        line = f"{Obstacle.LINE}, {count} with {show_quote(ticket.ahead, decimals):,},"
        yield line, max(ticket.eta_ahead, now)
    if ticket.eta > max(ticket.ready_at, ticket.gate_ends_at, ticket.eta_ahead):
        yield Obstacle.BUCKET, ticket.eta


def moment(time: int, now: int) -> str:
    """A second, and how far away it is."""
    shown = datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%d %H:%M:%S")
    return f"{shown} UTC (in {time - now:,} s)" if time > now else f"{shown} UTC"


def data_of(exit: Exit, now: int) -> dict[str, Any]:
    """All that is known of an exit, exact."""
    known = {key: value for key, value in msgspec.to_builtins(exit).items() if value}
    found = msgspec.to_builtins(progress(exit, now))
    return {"name": name_of(exit), **known, "progress": found}


def _money(exit: Exit, decimals: int) -> str:
    part = exit.ticket or exit.hold
    if part is None:
        return _share(exit, decimals) if exit.forced is None else _asked(exit.forced, decimals)
    to = f"{exit.l1_recipient} on L1" if exit.door else part.recipient
    return f", {show_quote(part.amount, decimals):,} to {to}{_rest(exit, decimals)}"


def _asked(forced: Forced, decimals: int) -> str:
    """What of a forced request is left to do."""
    if forced.is_close:
        return f", {forced.left:,} lots of market {forced.market} left"
    amount = f"{show_quote(forced.left, decimals):,}" if forced.left < MOST else "all"
    return f", {amount} to {forced.recipient}"


def _share(exit: Exit, decimals: int) -> str:
    silence = exit.silence
    if silence is None or not silence.frozen_at:
        return ""
    if not silence.fixed_at:
        return f", {silence.counted} of {silence.accounts} accounts counted"
    return f", a share of {show_quote(silence.share, decimals):,}" if exit.account else ""


def _rest(exit: Exit, decimals: int) -> str:
    ticket = exit.ticket
    if ticket is None or not ticket.left:
        return ""
    left = "" if ticket.left == ticket.amount else f" ({show_quote(ticket.left, decimals):,} left)"
    ahead = f", {ticket.tickets_ahead} ahead" if ticket.tickets_ahead else ""
    return left + ahead

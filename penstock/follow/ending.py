"""Edge: commands for a venue that is over: freeze, tally, escape."""

import click

from penstock.follow.escape import escape as escaping
from penstock.follow.escape import freeze as freezing
from penstock.follow.escape import look, tally_pages
from penstock.follow.facts import VENUE
from penstock.follow.progress import Exit, Obstacle, Progress, Step, progress
from penstock.follow.requests import recipient_of
from penstock.follow.terminal import (
    ACCOUNT,
    ALREADY,
    KEYS,
    PAYEE,
    REQUEST,
    Terminal,
    at_venue,
    later,
)


@click.command()
@at_venue(REQUEST, *KEYS)
def freeze(terminal: Terminal) -> None:
    """Freeze a venue whose batches do not land, or that ignored --request. Anyone may.

    The first call notes the number of the next batch; the silence is counted from there.
    """
    reader = terminal.reader
    found, now = _threat(terminal), reader.now()
    state = progress(found, now)
    if reader.frozen_at():
        terminal.say(reader.of_escape(VENUE), ALREADY)
    elif state.step is Step.FREEZE and state.is_due(now):
        terminal.caller.send(*freezing(reader, terminal.request))
        terminal.say(reader.of_escape(VENUE))
    else:
        _wait(terminal, state)


def _threat(terminal: Terminal) -> Exit:
    """What the venue would be frozen for: its silence, or a request that it ignores."""
    number, reader = terminal.request, terminal.reader
    return reader.of_escape(VENUE) if number is None else reader.of_request(number)


def _wait(terminal: Terminal, state: Progress) -> None:
    # A grace begins with a beat, and to look is to beat.
    if state.step is Step.LOOK or state.obstacle is Obstacle.GRACE:
        terminal.caller.send(*look(terminal.reader))
    found = _threat(terminal)
    terminal.say(found)
    later([found])


@click.command()
@at_venue(*KEYS)
def tally(terminal: Terminal) -> None:
    """Count the accounts of a frozen venue, whoever is left. Anyone may."""
    reader = terminal.reader
    found = reader.of_escape(VENUE)
    state = progress(found, reader.now())
    if state.is_past(Step.TALLY) or not reader.frozen_at():
        terminal.say(found, ALREADY if state.is_past(Step.TALLY) else "")
        later([] if state.is_past(Step.TALLY) else [found])
        return
    for call in tally_pages(reader):
        terminal.caller.send(*call)
    terminal.say(reader.of_escape(VENUE))


@click.command()
@at_venue(ACCOUNT, *PAYEE, *KEYS)
def escape(terminal: Terminal, to: str | None, to_l1: str | None) -> None:
    """Take an account's share of a frozen venue, as its owner."""
    reader, account = terminal.reader, terminal.account
    found, now = reader.of_escape(account), reader.now()
    state = progress(found, now)
    if state.step is Step.ESCAPE:
        recipient = recipient_of(reader, account, to, to_l1)
        terminal.caller.send(*escaping(reader, account, recipient))
        terminal.say(reader.of_escape(account))
        return
    past = state.is_past(Step.ESCAPE)
    terminal.say(found, ALREADY if past else "")
    later([] if past else [found])

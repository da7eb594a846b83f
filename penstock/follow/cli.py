"""Edge: `penstock exit …`: ask to leave, watch an exit, take its next step, from any machine.

Every command may be given again: what is done already it says, and ends with 0; what cannot be done
yet it says too, with the time and what it waits for, and ends with 3.

The group is a plain click command, so other programs (`ape run exit`) can hang it in as theirs.
"""

import time

import click
import msgspec
from rich.console import Console
from rich.live import Live
from rich.text import Text

from penstock.devnet.errors import NotProposedError, WindowOpenError
from penstock.follow.asking import carry, eta, execute, force, request
from penstock.follow.ending import escape, freeze, tally
from penstock.follow.facts import ExitError
from penstock.follow.pages import statement_page
from penstock.follow.progress import Exit, Step, progress, progress_to
from penstock.follow.reports import data_of, line_of, name_of
from penstock.follow.statement import statement as rebuilt
from penstock.follow.terminal import (
    ACCOUNT,
    ALREADY,
    KEYS,
    WHICH,
    NotYet,
    Terminal,
    at_venue,
    later,
)


@click.group()
def exit() -> None:
    """Leave a venue: ask, watch, take each step that is due. Anybody's machine will do."""


@exit.command()
@at_venue(*WHICH)
@click.option("--once", is_flag=True, help="Look once and end.")
@click.option("--json", "as_json", is_flag=True, help="All that is known, exact; looks once.")
@click.option("--pause", default=2.0, show_default=True, help="Seconds between two looks.")
def watch(terminal: Terminal, once: bool, as_json: bool, pause: float) -> None:
    """Show how far exits are, until they have arrived."""
    if as_json:
        now = terminal.reader.now()
        found = [data_of(one, now) for one in terminal.exits()]
        click.echo(msgspec.json.format(msgspec.json.encode({"now": now, "exits": found})))
    elif once:
        _print(terminal)
    else:
        _follow(terminal, pause)


@exit.command()
@at_venue(ACCOUNT)
@click.option("--json", "as_json", is_flag=True, help="Exact integers.")
def statement(terminal: Terminal, as_json: bool) -> None:
    """Rebuild from public events what an account has and would escape with; name differences."""
    found = rebuilt(terminal.reader.remote, terminal.account)
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(found)))
    else:
        specs = {spec.market: spec for spec in terminal.reader.remote.system.markets}
        statement_page(found, specs, terminal.decimals).print()
    if found.differences:
        raise ExitError(f"the chain says something else in {len(found.differences)} words")


@exit.command()
@at_venue(*WHICH, *KEYS)
def release(terminal: Terminal) -> None:
    """Have the vault pay what is ready, up to this exit's ticket. Anyone may."""
    _take(terminal, Step.RELEASE)


@exit.command()
@at_venue(*WHICH, *KEYS)
def admit(terminal: Terminal) -> None:
    """Put a hold in line once its extra delay is over. Anyone may."""
    _take(terminal, Step.ADMIT)


@exit.command()
@at_venue(*WHICH, *KEYS)
@click.option("--to", help="Another address; as the ticket's recipient.")
def claim(terminal: Terminal, to: str | None) -> None:
    """Have a ticket that was set aside paid to its recipient. Anyone may."""
    terminal.caller.claim_to = to
    _take(terminal, Step.CLAIM)


@exit.command()
@at_venue(*WHICH, *KEYS)
def send(terminal: Terminal) -> None:
    """Send what lies at a door over the bridge to L1. Anyone may."""
    _take(terminal, Step.SEND)


@exit.command()
@at_venue(*WHICH, *KEYS)
def prove(terminal: Terminal) -> None:
    """Show L1 that L2 sent it, by what the nodes of --devnet tell. Anyone may; L1 takes gas."""
    _take(terminal, Step.PROVE)


@exit.command()
@at_venue(*WHICH, *KEYS)
def finalise(terminal: Terminal) -> None:
    """Have L1 pay, once the challenge window is over. Anyone may; L1 takes gas."""
    _take(terminal, Step.FINALISE)


# --- how a step is taken --------------------------------------------------------------------------


def _take(terminal: Terminal, step: Step) -> None:
    """Take a step of every exit that was named, where it is due."""
    exits = terminal.exits()
    if not exits:
        click.echo("nothing is under way")
    later([one for one in exits if not _advance(terminal, one, step)])


def _advance(terminal: Terminal, exit: Exit, step: Step) -> bool:
    """Take a step for as long as it is due; whether it is behind the exit then."""
    _check_way(exit, step)
    now, taken = terminal.reader.now(), False
    while (found := progress_to(exit, step, now)).step is step and found.is_due(now):
        _try(terminal, exit, step)
        again, now, taken = _again(terminal, exit), terminal.reader.now(), True
        if again == exit:
            break
        exit = again
    terminal.caller.check(exit, step)
    past = progress(exit, now).is_past(step)
    terminal.say(exit, "" if taken or not past else ALREADY)
    return past


def _try(terminal: Terminal, exit: Exit, step: Step) -> None:
    try:
        terminal.caller.take(exit, step)
    except (NotProposedError, WindowOpenError) as error:
        # NOTE: L1's clock may be behind, and a reorg of it may take an output away.
        raise NotYet(f"{name_of(exit)}: {error}") from error


def _again(terminal: Terminal, exit: Exit) -> Exit:
    """The same exit, as it is now."""
    if exit.ticket is not None:
        return terminal.reader.of_ticket(exit.ticket.number)
    if exit.silence is not None:
        return terminal.reader.of_escape(exit.account)
    assert exit.hold is not None, "an exit that is followed has a number"
    return terminal.reader.of_hold(exit.hold.number)


def _check_way(exit: Exit, step: Step) -> None:
    """Refuse a step that this exit never comes to. Raises ExitError."""
    if step in (Step.SEND, Step.PROVE, Step.FINALISE) and not exit.door:
        raise ExitError(
            f"{name_of(exit)} is paid on L2, not at a door to L1; if it is somebody's door, name "
            f"whose with --l1-recipient"
        )


# --- how it is shown ------------------------------------------------------------------------------


def _print(terminal: Terminal) -> list[Exit]:
    exits = terminal.exits()
    for one in exits:
        terminal.say(one)
    if not exits:
        click.echo("nothing is under way")
    return exits


def _follow(terminal: Terminal, pause: float) -> None:
    """A live line for each exit, until nothing more is to be done for any."""
    with Live(console=Console(), refresh_per_second=1) as live:
        while True:
            exits, now = terminal.exits(), terminal.reader.now()
            lines = [line_of(one, now, terminal.decimals) for one in exits]
            live.update(Text("\n".join(lines) or "nothing is under way"), refresh=True)
            if all(progress(one, now).step is Step.NONE for one in exits):
                return
            time.sleep(pause)  # a node does not tell when an exit moves on; it can only be asked


for command in (eta, request, carry, force, execute, freeze, tally, escape):
    exit.add_command(command)

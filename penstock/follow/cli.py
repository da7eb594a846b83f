"""Edge: `penstock exit …`: ask to leave, watch an exit, take its next step, from any machine.

Every command may be given again: what is done already it says, and ends with 0; what cannot be done
yet it says too, with the time and what it waits for, and ends with 3.

The group is a plain click command, so other programs (`ape run exit`) can hang it in as theirs.
"""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import click
import msgspec
from rich.console import Console
from rich.live import Live
from rich.text import Text

from penstock.devnet.errors import ControlError
from penstock.follow.escape import escape as escaping
from penstock.follow.escape import freeze as freezing
from penstock.follow.escape import look, tally_pages
from penstock.follow.facts import VENUE, ExitError
from penstock.follow.forced import EVERYTHING, Demand, execution, force_from_l1, waiting
from penstock.follow.forced import force as make
from penstock.follow.progress import Exit, Obstacle, Stage, Step, progress, signed_progress
from penstock.follow.reports import data_of, line_of, name_of
from penstock.follow.requests import (
    ALL,
    OWNER,
    Wish,
    amount_of,
    carriage,
    decimal_of,
    recipient_of,
    sign,
    under_way,
)
from penstock.follow.terminal import ACCOUNT, ALREADY, KEYS, WHICH, NotYet, Terminal, at_venue
from penstock.keepers.cli import FILE
from penstock.messages import SignedWithdrawal
from penstock.wire import decode_withdrawal, encode_withdrawal

DAY: Final = 86_400
REQUEST: Final = click.option("--request", type=int, help="Number of a forced request.")
PAYEE: Final = (
    click.option("--to", help="Who is paid on L2; the owner if left out."),
    click.option(
        "--to-l1",
        is_flag=False,
        flag_value=OWNER,
        help="Who is paid on L1, through a door; without a value the owner.",
    ),
)
AGAIN: Final = click.option("--again", is_flag=True, help="Ask although the same is under way.")
FROM_L1: Final = click.option("--from-l1", is_flag=True, help="Through the portal of --devnet.")


@click.group()
def exit() -> None:
    """Leave a venue: ask, watch, take each step that is due. Anybody's machine will do."""


@exit.command()
@click.argument("amount")
@at_venue(ACCOUNT, *PAYEE, AGAIN, *KEYS)
@click.option("--signed", type=FILE, help="Sign it into this file, for anybody to carry.")
@click.option("--lasting", default=DAY, show_default=True, help="Seconds that it can be carried.")
def request(
    terminal: Terminal,
    amount: str,
    to: str | None,
    to_l1: str | None,
    again: bool,
    signed: Path | None,
    lasting: int,
) -> None:
    """Ask for AMOUNT of an account's money, or for `all`, as its owner."""
    wish = _wish(terminal, amount, to, to_l1)
    if signed is not None:
        _sign(terminal, wish, signed, lasting)
        return
    known = None if again else under_way(terminal.reader, wish)
    if known is not None:
        terminal.say(known, ALREADY)
        return
    reader = terminal.reader
    asked = (*wish.parts, reader.markets_of(wish.account))
    receipt = terminal.caller.send(reader.remote.positions, "requestWithdrawal", asked)
    terminal.say(reader.of_receipt(receipt))


@exit.command()
@click.argument("file", type=FILE)
@at_venue(*KEYS)
def carry(terminal: Terminal, file: Path) -> None:
    """Carry the withdrawal that an owner signed into FILE. Anyone may."""
    signed = _read(file)
    found = terminal.reader.of_signed(signed.withdrawal)
    state = signed_progress(found.signed, terminal.reader.now()) if found.signed else None
    if state is not None and state.stage is Stage.EXPIRED:
        raise ExitError(f"{name_of(found)} could be carried until {signed.withdrawal.deadline}")
    if state is not None and state.step is Step.REQUEST:
        terminal.caller.send(*carriage(terminal.reader, signed))
        terminal.say(terminal.reader.of_signed(signed.withdrawal))
    else:
        terminal.say(found, ALREADY)


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
@at_venue(*WHICH, *KEYS)
def push(terminal: Terminal) -> None:
    """Have the vault release what is ready, up to this exit's ticket. Anyone may."""
    _take(terminal, Step.RELEASE)


@exit.command()
@at_venue(*WHICH, *KEYS)
def admit(terminal: Terminal) -> None:
    """Put a hold in line once its extra delay is over. Anyone may."""
    _take(terminal, Step.ADMIT)


@exit.command()
@at_venue(*WHICH, *KEYS)
def claim(terminal: Terminal) -> None:
    """Have a ticket that was set aside paid to its recipient. Anyone may."""
    _take(terminal, Step.CLAIM)


@exit.command()
@at_venue(*WHICH, *KEYS)
def send(terminal: Terminal) -> None:
    """Send what lies at a door over the bridge to L1. Anyone may."""
    _take(terminal, Step.SEND)


@exit.command()
@at_venue(*WHICH)
def prove(terminal: Terminal) -> None:
    """Show L1 that L2 sent it. A devnet does it, --devnet names which."""
    _take(terminal, Step.PROVE)


@exit.command()
@at_venue(*WHICH)
def finalise(terminal: Terminal) -> None:
    """Have L1 pay, once the challenge window is over. A devnet does it."""
    _take(terminal, Step.FINALISE)


# --- what cannot be left undone -------------------------------------------------------------------


@exit.group()
def force() -> None:
    """Ask for what nobody can leave undone, from L2 or from L1; anyone executes it in time."""


@force.command()
@click.argument("amount")
@at_venue(ACCOUNT, *PAYEE, AGAIN, FROM_L1, *KEYS)
def withdrawal(
    terminal: Terminal, amount: str, to: str | None, to_l1: str | None, again: bool, from_l1: bool
) -> None:
    """Force a withdrawal of AMOUNT, or of `all` that can be spared then, as the owner."""
    recipient = recipient_of(terminal.reader, terminal.account, to, to_l1)
    wanted = EVERYTHING if amount == ALL else _wish(terminal, amount, to, to_l1).amount
    _force(terminal, Demand(terminal.account, 0, wanted, recipient), again, from_l1)


@force.command()
@click.argument("symbol")
@click.argument("size")
@at_venue(ACCOUNT, AGAIN, FROM_L1, *KEYS)
def close(terminal: Terminal, symbol: str, size: str, again: bool, from_l1: bool) -> None:
    """Force SIZE out of the position in market SYMBOL, or `all` of it, as the owner."""
    spec, account = terminal.reader.remote.system.market(symbol), terminal.account
    held = abs(int(terminal.reader.remote.lens.ask("positionOf", account, spec.market)[0]))
    lots = held if size == ALL else spec.to_lots(decimal_of(size))
    _force(terminal, Demand(account, spec.market, lots), again, from_l1)


@exit.command()
@at_venue(*WHICH, *KEYS)
@click.option(
    "--by-fund", type=int, help="Lots that the insurance fund takes over; all if left out."
)
def execute(terminal: Terminal, by_fund: int | None) -> None:
    """Execute a forced request whose window is over. Anyone may."""
    late = [one for one in terminal.exits() if not _execute(terminal, one, by_fund)]
    _later(late)


# --- when the venue is over -----------------------------------------------------------------------


@exit.command()
@at_venue(REQUEST, *KEYS)
def freeze(terminal: Terminal) -> None:
    """Freeze a venue whose batches do not land, or that ignored --request. Anyone may.

    The first call notes the number of the next batch; the silence is counted from there.
    """
    reader, number = terminal.reader, terminal.request
    found = reader.of_escape(VENUE) if number is None else reader.of_request(number)
    now = reader.now()
    state = progress(found, now)
    if reader.frozen_at():
        terminal.say(reader.of_escape(VENUE), ALREADY)
        return
    if state.step is Step.FREEZE and state.is_due(now):
        terminal.caller.send(*freezing(reader, number))
        terminal.say(reader.of_escape(VENUE))
        return
    if state.step is Step.LOOK or state.obstacle is Obstacle.GRACE:
        # A grace begins with a beat, and looking beats.
        terminal.caller.send(*look(reader))
        found = reader.of_escape(VENUE) if number is None else reader.of_request(number)
    terminal.say(found)
    _later([found])


@exit.command()
@at_venue(*KEYS)
def tally(terminal: Terminal) -> None:
    """Count the accounts of a frozen venue, whoever is left. Anyone may."""
    reader = terminal.reader
    found = reader.of_escape(VENUE)
    before = ALREADY if progress(found, reader.now()).is_past(Step.TALLY) else ""
    if not before and not reader.frozen_at():
        terminal.say(found)
        _later([found])
    for call in () if before else tally_pages(reader):
        terminal.caller.send(*call)
    terminal.say(reader.of_escape(VENUE), before)


@exit.command()
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
    _later([] if past else [found])


# --- how a step is taken --------------------------------------------------------------------------


def _take(terminal: Terminal, step: Step) -> None:
    """Take a step of every exit that was named, where it is due."""
    exits = terminal.exits()
    if not exits:
        click.echo("nothing is under way")
    _later([one for one in exits if not _advance(terminal, one, step)])


def _later(late: Sequence[Exit]) -> None:
    """End with the code that says so, when there are any."""
    if late:
        raise NotYet(", ".join(f"{name_of(one)} is not there yet" for one in late))


def _wish(terminal: Terminal, amount: str, to: str | None, to_l1: str | None) -> Wish:
    reader, account = terminal.reader, terminal.account
    recipient = recipient_of(reader, account, to, to_l1)
    return Wish(account, recipient, amount_of(reader, account, amount, terminal.decimals))


def _sign(terminal: Terminal, wish: Wish, file: Path, lasting: int) -> None:
    """Sign into a file, once."""
    before = ""
    if file.exists():
        signed, before = _read(file), ALREADY
        there = signed.withdrawal
        if (there.account, there.recipient, there.amount) != wish.parts:
            raise ExitError(f"{file} holds another withdrawal; name another file")
    else:
        signed = sign(terminal.reader, terminal.signer, wish, lasting)
        file.write_bytes(encode_withdrawal(signed) + b"\n")
    terminal.say(terminal.reader.of_signed(signed.withdrawal), before)


def _read(file: Path) -> SignedWithdrawal:
    try:
        return decode_withdrawal(file.read_bytes())
    except OSError as error:
        raise ExitError(f"{file} cannot be read: {error.strerror}") from error


def _force(terminal: Terminal, demand: Demand, again: bool, from_l1: bool) -> None:
    known = None if again else waiting(terminal.reader, demand)
    if known is not None:
        terminal.say(known, ALREADY)
    elif from_l1:
        signer, is_known = terminal.signer, terminal.is_known
        terminal.say(force_from_l1(terminal.reader, signer, demand, is_known))
    else:
        terminal.say(make(terminal.caller, demand))


def _execute(terminal: Terminal, exit: Exit, by_fund: int | None) -> bool:
    """Execute a request if its time has come; whether it is done then."""
    forced, now = exit.forced, terminal.reader.now()
    waits = forced is not None and forced.status == "pending"
    if forced is None or not waits or now < forced.open_from or forced.is_frozen:
        terminal.say(exit, "" if waits else ALREADY)
        return not waits
    terminal.caller.send(*execution(terminal.reader, forced, by_fund))
    after = terminal.reader.of_request(forced.number)
    terminal.say(after)
    return after.forced is None or after.forced.status != "pending"


def _advance(terminal: Terminal, exit: Exit, step: Step) -> bool:
    """Take a step for as long as it is due; whether it is behind the exit then."""
    _check_way(exit, step)
    now, taken = terminal.reader.now(), False
    while (found := progress(exit, now)).step is step and found.is_due(now):
        _try(terminal, exit, step)
        again, now, taken = _again(terminal, exit), terminal.reader.now(), True
        if again == exit:
            break
        exit = again
    past = progress(exit, now).is_past(step)
    terminal.say(exit, "" if taken or not past else ALREADY)
    return past


def _try(terminal: Terminal, exit: Exit, step: Step) -> None:
    try:
        terminal.caller.take(exit, step)
    except ControlError as error:
        # NOTE: L1's clock is ahead of what was read; the devnet says what is missing.
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
            time.sleep(pause)

"""Edge: commands that ask to leave: a request, a signed one, one that nobody can leave undone."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import click

from penstock.follow.deposit import Portal
from penstock.follow.facts import ExitError
from penstock.follow.forced import Demand, execution, force_from_l1
from penstock.follow.forced import force as make
from penstock.follow.forced import met as met_by_force
from penstock.follow.progress import Exit, Stage, Step, progress, signed_progress
from penstock.follow.reports import forecast_of, name_of
from penstock.follow.requests import (
    ALL,
    Wish,
    amount_of,
    carriage,
    decimal_of,
    met,
    recipient_of,
    sign,
)
from penstock.follow.terminal import ACCOUNT, ALREADY, KEYS, PAYEE, WHICH, Terminal, at_venue, later
from penstock.keepers.cli import FILE
from penstock.messages import SignedOrder, SignedWithdrawal
from penstock.wire import decode_order, decode_withdrawal, encode_withdrawal

DAY: Final = 86_400
AGAIN: Final = click.option(
    "--again", is_flag=True, help="Ask once more for what is under way, or ended within a day."
)
FROM_L1: Final = click.option("--from-l1", is_flag=True, help="Through the portal of --devnet.")


_OVER: Final = (Stage.REVOKED, Stage.EXPIRED)


@click.command()
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
    reader = terminal.reader
    if _is_known(terminal, None if again else met(reader, wish)):
        return
    before = _beside(terminal)
    asked = (*wish.parts, reader.markets_of(wish.account))
    receipt = terminal.caller.send(reader.remote.positions, "requestWithdrawal", asked)
    terminal.say(reader.of_receipt(receipt), before)


@click.command()
@click.argument("amount")
@at_venue(ACCOUNT)
def eta(terminal: Terminal, amount: str) -> None:
    """Say when AMOUNT would be paid if it were asked for now, and what it would wait for.

    With --account, AMOUNT may be `all`, and the extra delay of the account's guard is told too.
    """
    reader, now, account = terminal.reader, terminal.reader.now(), terminal.named
    number = terminal.account if amount == ALL else account or 0
    wanted = amount_of(reader, number, amount, terminal.decimals)
    held = reader.held_of(account) if account else 0
    click.echo(forecast_of(reader.forecast(wanted), held, now, terminal.decimals))


@click.command()
@click.argument("file", type=FILE)
@at_venue(*KEYS)
def carry(terminal: Terminal, file: Path) -> None:
    """Carry the withdrawal that an owner signed into FILE. Anyone may."""
    signed = _read(file)
    found = terminal.reader.of_signed(signed.withdrawal)
    state = signed_progress(found.signed, terminal.reader.now()) if found.signed else None
    if state is not None and state.stage in _OVER:
        raise ExitError(f"{name_of(found)} {_over(found)}; its owner may sign another one")
    if state is not None and state.step is Step.CARRY:
        terminal.caller.send(*carriage(terminal.reader, signed))
        terminal.say(terminal.reader.of_signed(signed.withdrawal))
    else:
        terminal.say(found, ALREADY)


@click.group()
def force() -> None:
    """Ask for what nobody can leave undone, from L2 or from L1; anyone executes it in time."""


@force.command()
@click.argument("amount")
@at_venue(ACCOUNT, *PAYEE, AGAIN, FROM_L1, *KEYS)
def withdrawal(
    terminal: Terminal, amount: str, to: str | None, to_l1: str | None, again: bool, from_l1: bool
) -> None:
    """Force a withdrawal of AMOUNT, or of `all` that can be spared then, as the owner."""
    wish = _wish(terminal, amount, to, to_l1)
    demand = Demand(wish.account, 0, wish.amount, wish.recipient, wish.is_all)
    _force(terminal, demand, again, from_l1)


@force.command()
@click.argument("symbol")
@click.argument("size")
@at_venue(ACCOUNT, AGAIN, FROM_L1, *KEYS)
def close(terminal: Terminal, symbol: str, size: str, again: bool, from_l1: bool) -> None:
    """Force SIZE out of the position in market SYMBOL, or `all` of it, as the owner."""
    spec, account = terminal.reader.remote.system.market(symbol), terminal.account
    held = abs(int(terminal.reader.remote.lens.ask("positionOf", account, spec.market)[0]))
    lots = held if size == ALL else spec.to_lots(decimal_of(size))
    demand = Demand(account, spec.market, lots, is_all=size == ALL)
    _force(terminal, demand, again, from_l1)


@click.command()
@at_venue(*WHICH, *KEYS)
@click.option("--orders", type=FILE, help="Signed resting orders, JSON, one a line: of a close.")
@click.option("--by-fund", type=int, help="Lots for the insurance fund: all, without --orders.")
def execute(terminal: Terminal, orders: Path | None, by_fund: int | None) -> None:
    """Execute a forced request whose window is over. Anyone may."""
    makers = [] if orders is None else [decode_order(line) for line in _lines(orders)]
    exits = terminal.exits()
    later([one for one in exits if not _execute(terminal, one, makers, by_fund)])


def _wish(terminal: Terminal, amount: str, to: str | None, to_l1: str | None) -> Wish:
    reader, account = terminal.reader, terminal.account
    recipient = recipient_of(reader, account, to, to_l1)
    wanted = amount_of(reader, account, amount, terminal.decimals)
    return Wish(account, recipient, wanted, is_all=amount == ALL)


def _is_known(terminal: Terminal, known: Exit | None) -> bool:
    """Show the exit that is asked for, if it is there already."""
    if known is not None:
        terminal.say(known, ALREADY)
        click.echo("nothing was sent; to ask for as much once more, add --again")
    return known is not None


def _beside(terminal: Terminal) -> str:
    """Show what the account has under way; how the new one is told apart from it."""
    others = terminal.reader.of_account(terminal.account)
    for one in others:
        terminal.say(one, "under way already: ")
    return "new: " if others else ""


def _sign(terminal: Terminal, wish: Wish, file: Path, lasting: int) -> None:
    """Sign into a file, once."""
    before = ""
    if file.exists():
        signed, before = _read(file), ALREADY
        there = signed.withdrawal
        if (there.account, there.recipient, there.amount) != wish.parts:
            raise ExitError(f"{file} holds another withdrawal; name another file")
        found = terminal.reader.of_signed(there)
        if progress(found, terminal.reader.now()).stage in _OVER:
            raise ExitError(f"{file}: {name_of(found)} {_over(found)}; name another file")
    else:
        signed = sign(terminal.reader, terminal.signer, wish, lasting)
        file.write_bytes(encode_withdrawal(signed) + b"\n")
    terminal.say(terminal.reader.of_signed(signed.withdrawal), before)


def _over(exit: Exit) -> str:
    """Why a signed withdrawal can be carried no more."""
    assert exit.signed is not None, "only what was signed is carried"
    if exit.signed.is_revoked:
        return "was revoked by its owner"
    return f"could be carried until {exit.signed.deadline}"


def _read(file: Path) -> SignedWithdrawal:
    return decode_withdrawal(_content(file))


def _lines(file: Path) -> list[bytes]:
    return [line for line in _content(file).splitlines() if line.strip()]


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise ExitError(f"{file} cannot be read: {error.strerror}") from error


def _force(terminal: Terminal, demand: Demand, again: bool, from_l1: bool) -> None:
    if _is_known(terminal, None if again else met_by_force(terminal.reader, demand)):
        return
    portal = Portal(terminal.reader, terminal.payer) if from_l1 else None
    before = _beside(terminal)
    made = make(terminal.caller, demand) if portal is None else force_from_l1(portal, demand)
    terminal.say(made, before)


def _execute(
    terminal: Terminal, exit: Exit, makers: Sequence[SignedOrder], by_fund: int | None
) -> bool:
    """Execute a request if its time has come; whether it is done then."""
    forced, now = exit.forced, terminal.reader.now()
    waits = forced is not None and forced.status == "pending"
    if forced is None or not waits or now < forced.open_from or forced.is_frozen:
        terminal.say(exit, "" if waits else ALREADY)
        return not waits
    terminal.caller.send(*execution(terminal.reader, forced, makers, by_fund))
    after = terminal.reader.of_request(forced.number)
    terminal.say(after)
    return after.forced is None or after.forced.status != "pending"

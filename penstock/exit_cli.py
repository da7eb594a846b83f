"""Edge: `penstock exit …`: ask to leave, watch an exit, take its next step, from any machine.

Every command may be given again: what is done already it says, and ends with 0; what cannot be done
yet it says too, with the time and what it waits for, and ends with 3.

The group is a plain click command, so other programs (`ape run exit`) can hang it in as theirs.
"""

import time
from collections.abc import Callable
from functools import cached_property, wraps
from typing import Any, Final, TypeVar

import click
import msgspec
from rich.console import Console
from rich.live import Live
from rich.text import Text

from penstock.artifacts import ContractRevert
from penstock.devnet.cli import plainly
from penstock.devnet.errors import ControlError
from penstock.exit_calls import Caller
from penstock.exit_facts import ExitError, Reader
from penstock.exit_funds import provide
from penstock.exit_reports import data_of, line_of, name_of
from penstock.exit_requests import OWNER, Wish, amount_of, recipient_of, under_way
from penstock.keepers.cli import DESCRIPTOR, FILE, NODE, key_options, signer_for
from penstock.keepers.wallet import Wallet
from penstock.progress import Exit, Step, progress
from penstock.sender import Sender
from penstock.signing import Signer

F = TypeVar("F", bound=Callable[..., Any])
KEY_VARIABLE: Final = "PENSTOCK_OWNER_KEY"
LATER: Final = 3
"""What a command ends with when its time has not come."""
PLACE: Final = (
    NODE,
    DESCRIPTOR,
    click.option("--devnet", type=FILE, help="Descriptor of a devnet: its L2 is the node."),
)
KEYS: Final = key_options(KEY_VARIABLE, "keeper")
ACCOUNT: Final = click.option("--account", type=int, help="Number of an account.")
WHICH: Final = (
    click.option("--ticket", type=int, help="Number of a ticket."),
    click.option("--hold", type=int, help="Number of a hold."),
    click.option("--account", type=int, help="Number of an account: all that it has under way."),
    click.option("--l1-recipient", default="", help="Whom a door leads to, if nobody knows yet."),
)


class NotYet(click.ClickException):
    """The time for it has not come."""

    exit_code = LATER


class Terminal:
    """A venue, and somebody who may have a key."""

    def __init__(self, options: dict[str, Any]) -> None:
        place = {name: options.pop(name) for name in ("url", "deployment", "devnet")}
        self.reader: Final = Reader.open(**place, l1_recipient=options.pop("l1_recipient", ""))
        self._keys: Final = {
            name: options.pop(name, None) for name in ("key_env", "keyfile", "development")
        }
        self._which: Final = {
            name: options.pop(name, None) for name in ("ticket", "hold", "account")
        }
        self.caller: Final = Caller(self.reader, lambda: self.wallet)
        self.decimals: Final = self.reader.remote.system.markets[0].decimals

    @cached_property
    def signer(self) -> Signer:
        """The key that the options name."""
        variable, keyfile, development = self._keys.values()
        return signer_for(variable, "the owner's", keyfile, development)

    @cached_property
    def wallet(self) -> Wallet:
        """Whoever has that key, with ether if everybody has it."""
        if self._keys["development"] is not None:
            provide(self.reader, "0x" + self.signer.address.hex())
        return Wallet(Sender(self.reader.remote.rpc, self.signer))

    def exits(self) -> list[Exit]:
        """The exits that the options name. Raises ExitError."""
        named = {name: number for name, number in self._which.items() if number is not None}
        if len(named) != 1:
            raise click.UsageError("name one of --ticket, --hold and --account")
        (name, number), reader = named.popitem(), self.reader
        if name == "account":
            return reader.of_account(number)
        return [reader.of_ticket(number) if name == "ticket" else reader.of_hold(number)]

    @property
    def account(self) -> int:
        """The account that was named."""
        number = self._which["account"]
        if number is None:
            raise click.UsageError("name the --account")
        return int(number)

    def say(self, exit: Exit, before: str = "") -> None:
        """Show one exit."""
        click.echo(f"{before}{line_of(exit, self.reader.now(), self.decimals)}")


def at_venue(*options: Callable[[Any], Any]) -> Callable[[F], F]:
    """Give a command these options; it gets a terminal as its first, and what is left of them."""

    def decorate(command: F) -> F:
        @wraps(command)
        def started(**given: Any) -> None:
            terminal = Terminal(given)
            try:
                command(terminal, **given)
            except ContractRevert as error:
                raise _explained(error) from error

        told: Any = plainly(started)
        for option in reversed((*PLACE, *options)):
            told = option(told)
        return told  # type: ignore[no-any-return]

    return decorate


@click.group()
def exit() -> None:
    """Leave a venue: ask, watch, take each step that is due. Anybody's machine will do."""


@exit.command()
@click.argument("amount")
@at_venue(ACCOUNT, *KEYS)
@click.option("--to", help="Who is paid on L2; the owner if left out.")
@click.option(
    "--to-l1", is_flag=False, flag_value=OWNER, help="Who is paid on L1, through a door; the owner."
)
@click.option("--again", is_flag=True, help="Ask although the same is under way.")
def request(
    terminal: Terminal, amount: str, to: str | None, to_l1: str | None, again: bool
) -> None:
    """Ask for AMOUNT of an account's money, or for `all`, as its owner."""
    reader, account = terminal.reader, terminal.account
    recipient = recipient_of(reader, account, to, to_l1)
    wish = Wish(account, recipient, amount_of(reader, account, amount, terminal.decimals))
    known = None if again else under_way(reader, wish)
    if known is not None:
        terminal.say(known, "done already: ")
        return
    markets = reader.remote.lens.ask("openMarketsOf", account)
    asked = (account, recipient, wish.amount, markets)
    receipt = terminal.caller.send(reader.remote.positions, "requestWithdrawal", asked)
    terminal.say(reader.of_receipt(receipt))


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


# --- how a step is taken --------------------------------------------------------------------------


def _take(terminal: Terminal, step: Step) -> None:
    """Take a step of every exit that was named, where it is due."""
    exits = terminal.exits()
    if not exits:
        click.echo("nothing is under way")
    late = [one for one in exits if not _advance(terminal, one, step)]
    if late:
        raise NotYet(", ".join(f"{name_of(one)} is not there yet" for one in late))


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
    terminal.say(exit, "" if taken or not past else "done already: ")
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
    assert exit.hold is not None, "an exit that is followed has a number"
    return terminal.reader.of_hold(exit.hold.number)


def _check_way(exit: Exit, step: Step) -> None:
    """Refuse a step that this exit never comes to. Raises ExitError."""
    if step in (Step.SEND, Step.PROVE, Step.FINALISE) and not exit.door:
        raise ExitError(
            f"{name_of(exit)} is paid on L2, not at a door to L1; if it is somebody's door, name "
            f"whose with --l1-recipient"
        )


def _explained(error: ContractRevert) -> click.ClickException:
    """A contract's error with the next step, and the ending that fits."""
    hint = _HINTS.get(error.name, "")
    kind = NotYet if error.name in _EARLY else click.ClickException
    return kind(f"{error}{hint and '; '}{hint}")


_EARLY: Final = {
    *("Hold_NotOver", "Queue_TicketNotClaimable", "Request_TooEarly", "Request_NothingToSpare"),
    *("Hatch_SilenceTooShort", "Hatch_GraceLasts", "Hatch_TallyIncomplete", "Hatch_NumberNotNoted"),
}
_HINTS: Final = {
    "Vault_PaymentFailed": "the token refuses the recipient, who may name another address "
    "with --to",
}


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

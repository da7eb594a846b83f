"""Edge: what all commands of `penstock exit` have: a venue, perhaps a key, a manner of ending.

0 done, or done already; 1 refused; 2 misspelt; 3 its time has not come.
"""

from collections.abc import Callable, Sequence
from functools import cached_property, wraps
from typing import Any, Final, TypeVar

import click

from penstock.artifacts import ContractRevert
from penstock.devnet.cli import plainly
from penstock.follow.calls import Caller
from penstock.follow.facts import ExitError, Reader
from penstock.follow.funds import provide
from penstock.follow.payer import Payer
from penstock.follow.progress import Exit
from penstock.follow.reports import line_of, name_of
from penstock.follow.requests import OWNER
from penstock.keepers.cli import DESCRIPTOR, FILE, NODE, key_options, signer_for
from penstock.keepers.wallet import Wallet
from penstock.sender import Sender
from penstock.signing import Signer

F = TypeVar("F", bound=Callable[..., Any])
KEY_VARIABLE: Final = "PENSTOCK_OWNER_KEY"
LATER: Final = 3
"""What a command ends with when its time has not come."""
ALREADY: Final = "done already: "
PLACE: Final = (
    NODE,
    DESCRIPTOR,
    click.option("--devnet", type=FILE, help="Descriptor of a devnet: its L2 is the node."),
)
KEYS: Final = key_options(KEY_VARIABLE, "keeper")
ACCOUNT: Final = click.option("--account", type=int, help="Number of an account.")
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
WHICH: Final = (
    click.option("--ticket", type=int, help="Number of a ticket."),
    click.option("--hold", type=int, help="Number of a hold."),
    REQUEST,
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
            name: options.pop(name, None) for name in ("ticket", "hold", "request", "account")
        }
        self.caller: Final = Caller(self.reader, lambda: self.wallet, lambda: self.payer)
        self.decimals: Final = self.reader.remote.system.markets[0].decimals

    @cached_property
    def signer(self) -> Signer:
        """The key that the options name."""
        variable, keyfile, development = self._keys.values()
        return signer_for(variable, "the owner's", keyfile, development)

    @cached_property
    def wallet(self) -> Wallet:
        """Whoever has that key, with ether if everybody has it."""
        if self.is_known:
            provide(self.reader, "0x" + self.signer.address.hex())
        return Wallet(Sender(self.reader.remote.rpc, self.signer))

    @cached_property
    def payer(self) -> Payer:
        """The same on L1."""
        if self.reader.devnet is None:
            raise ExitError("to send from L1, name the devnet that runs, with --devnet")
        return Payer(self.reader.devnet, self.signer, self.is_known)

    def exits(self) -> list[Exit]:
        """The exits that the options name. Raises ExitError."""
        named = {name: number for name, number in self._which.items() if number is not None}
        if len(named) != 1:
            raise click.UsageError("name one of --ticket, --hold, --request and --account")
        (name, number), reader = named.popitem(), self.reader
        if name == "account":
            return reader.of_account(number)
        find = {"ticket": reader.of_ticket, "hold": reader.of_hold, "request": reader.of_request}
        return [find[name](number)]

    @property
    def is_known(self) -> bool:
        """Whether the key is one that everybody knows."""
        return self._keys["development"] is not None

    @property
    def request(self) -> int | None:
        """The forced request that was named, if any."""
        number: int | None = self._which["request"]
        return number

    @property
    def named(self) -> int | None:
        """The account that was named, if any."""
        number: int | None = self._which["account"]
        return number

    @property
    def account(self) -> int:
        """The account that was named. Raises UsageError."""
        number = self.named
        if number is None:
            raise click.UsageError("name the --account")
        return number

    def say(self, exit: Exit, before: str = "") -> None:
        """Show one exit."""
        click.echo(f"{before}{line_of(exit, self.reader.now(), self.decimals)}")


def later(late: Sequence[Exit]) -> None:
    """End with the code that says so, when there are any."""
    if late:
        raise NotYet(", ".join(f"{name_of(one)} is not there yet" for one in late))


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
    "Withdrawal_ExceedsWithdrawable": "`penstock exit statement` shows what can be withdrawn",
    "Withdrawal_PriceStale": "wait for a price, or force it: `penstock exit force withdrawal`",
    "Vault_PaymentFailed": "the token refuses the recipient, who may claim it with --to",
    "Guard_DestinationRefused": "the account's guard has to list the recipient first",
    "Queue_Closed": "the venue is frozen: `penstock exit escape`",
    "Positions_Frozen": "the venue is frozen: `penstock exit escape`",
    "Desk_Frozen": "the venue is frozen: `penstock exit escape`",
    "Hatch_RecipientRefused": "the account's guard has to list the recipient first",
    "Close_LossCapReached": "the fund may carry no more: fewer lots with --by-fund",
    "Desk_PriceStale": "wait for a price",
}

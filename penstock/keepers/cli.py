"""Edge: `penstock keep …`: run one keeper until it is ended, with a line for each decision.

The group is a plain click command, so other programs (`ape run keep`) can hang it in as theirs.
"""

from collections.abc import Callable
from decimal import Decimal
from functools import wraps
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from penstock.deployment import PLACE, Deployment
from penstock.devnet.cli import plainly
from penstock.keepers.costs import Costs
from penstock.keepers.deleverager import Deleverager
from penstock.keepers.exits import ExitClerk
from penstock.keepers.fees import FeeCollector
from penstock.keepers.funding import FundingAccruer
from penstock.keepers.keeper import PAUSE, Keeper, run
from penstock.keepers.liquidator import Liquidator
from penstock.keepers.makers import from_file as orders_in
from penstock.keepers.prices import PricePoster
from penstock.keepers.sources import from_file, from_known_keys
from penstock.keepers.station import ChainClock, Station
from penstock.keepers.wallet import Wallet
from penstock.keys import signer_from_environment, signer_from_file
from penstock.localchain import LocalChain
from penstock.localvenue import signer_of
from penstock.mirror import Mirror
from penstock.operations import venue_at
from penstock.remote import Remote
from penstock.sender import Sender
from penstock.signing import Signer
from penstock.units import to_quote

F = TypeVar("F", bound=Callable[..., Any])
KEY_VARIABLE: Final = "PENSTOCK_KEEPER_KEY"
FILE: Final = click.Path(dir_okay=False, path_type=Path)
NODE: Final = click.option(
    "--rpc", "--url", "url", default="http://127.0.0.1:8545", show_default=True, help="The node."
)
DESCRIPTOR: Final = click.option(
    "--deployment", type=FILE, default=PLACE, help="Descriptor that `ape run deploy` wrote."
)


def key_options(variable: str, known: str) -> tuple[Callable[[F], F], ...]:
    """Where a key comes from: a variable, an encrypted file, or a name that everybody knows."""
    return (
        click.option(
            "--key-env",
            default=variable,
            show_default=True,
            help="The environment variable that holds the key which pays the gas.",
        ),
        click.option(
            "--keyfile",
            type=FILE,
            help="An ape account's file instead; the passphrase is asked for.",
        ),
        click.option(
            "--development",
            is_flag=False,
            flag_value=known,
            help="A key that everybody knows, by its name, with ether out of nothing: on anvil.",
        ),
    )


COMMON: Final = (
    NODE,
    DESCRIPTOR,
    *key_options(KEY_VARIABLE, "keeper"),
    click.option("--steps", type=int, help="Look so often and end; without it, for ever."),
    click.option(
        "--pause", default=PAUSE, show_default=True, help="Seconds between looks at nothing."
    ),
)
ETHER: Final = click.option(
    "--ether", default="0", show_default=True, help="Price of an ether; 0: gas counts as free."
)


@click.group()
def keep() -> None:
    """Keep a venue going. Each keeper may be ended at any time, and several may run at once."""


def keeper(command: F) -> F:
    """Give a command the options that all keepers have; it gets the station as its first."""

    @wraps(command)
    def started(
        *,
        url: str,
        deployment: Path,
        key_env: str,
        keyfile: Path | None,
        development: str | None,
        steps: int | None,
        pause: float,
        **own: Any,
    ) -> None:
        remote = venue_at(url, Deployment.read(deployment))
        signer = signer_for(key_env, "the keeper's", keyfile, development)
        if development is not None:
            LocalChain(remote.rpc).fund("0x" + signer.address.hex())
        wallet = Wallet(Sender(remote.rpc, signer))
        station = Station(Mirror(remote), wallet, click.echo)
        made: Keeper = command(station, development is not None, **own)
        run(made, ChainClock(remote.rpc), click.echo, steps=steps, pause=pause)

    told: Any = plainly(started)
    for option in reversed(COMMON):
        told = option(told)
    return told  # type: ignore[no-any-return]


@keep.command()
@keeper
@click.option("--reports", type=FILE, help="File that publishers append to, JSON, one a line.")
@click.option(
    "--price",
    "fixed",
    multiple=True,
    help="SYMBOL=PRICE, signed by keys that everybody knows; with --development only.",
)
@click.option("--age", default=30, show_default=True, help="Seconds after which a price is due.")
@click.option("--move", default=10, show_default=True, help="Basis points that make it due.")
def prices(
    station: Station,
    development: bool,
    reports: Path | None,
    fixed: tuple[str, ...],
    age: int,
    move: int,
) -> PricePoster:
    """Carry publishers' prices to the feed, refresh the index, beat the watch."""
    if reports is not None:
        return PricePoster(station, from_file(reports), age=age, move_bps=move)
    if not (development and fixed):
        raise click.UsageError("name --reports FILE, or --development with --price SYMBOL=PRICE")
    source = from_known_keys(station.remote, dict(_priced(station.remote, one) for one in fixed))
    return PricePoster(station, source, age=age, move_bps=move)


@keep.command()
@keeper
@click.option("--patience", default=60, show_default=True, help="Seconds to wait for a batch.")
def funding(station: Station, development: bool, patience: int) -> FundingAccruer:
    """Charge funding that fell due in quiet markets."""
    return FundingAccruer(station, patience=patience)


@keep.command()
@keeper
@click.option("--account", default=0, show_default=True, help="Takes over; 0: the fund alone.")
@click.option("--floor", default="0", show_default=True, help="The least profit worth having.")
@click.option("--for-fund/--not-for-fund", default=True, help="Pay gas for the fund's takeovers.")
@ETHER
def liquidations(
    station: Station, development: bool, account: int, floor: str, for_fund: bool, ether: str
) -> Liquidator:
    """Take over accounts below their maintenance margin, as owner or trading key of --account."""
    costs, least = _costs(station, ether), _quote(station.remote, floor)
    return Liquidator(station, account, costs=costs, floor=least, for_fund=for_fund)


@keep.command()
@keeper
def deleveraging(station: Station, development: bool) -> Deleverager:
    """Close bankrupt positions that the insurance fund cannot carry."""
    return Deleverager(station)


@keep.command()
@keeper
@click.option("--least", default="1", show_default=True, help="The least that is collected.")
@ETHER
def fees(station: Station, development: bool, least: str, ether: str) -> FeeCollector:
    """Collect the fees of markets for the insurance fund."""
    amount = _quote(station.remote, least)
    return FeeCollector(station, costs=_costs(station, ether), least=amount)


@keep.command()
@keeper
@click.option("--orders", type=FILE, help="File of makers' signed orders, JSON, one a line.")
@click.option("--least", default="1", show_default=True, help="The least part of a withdrawal.")
@click.option("--freeze", is_flag=True, help="End the venue when one may. For good; see the docs.")
def exits(
    station: Station, development: bool, orders: Path | None, least: str, freeze: bool
) -> ExitClerk:
    """Serve forced requests, holds and tickets; look at the silence; tally a frozen venue."""
    amount = _quote(station.remote, least)
    if orders is None:
        return ExitClerk(station, least=amount, freezes=freeze)
    source = orders_in(orders)
    source()  # a file that is not there is told now, and not when somebody wants to leave
    return ExitClerk(station, source, least=amount, freezes=freeze)


def signer_for(variable: str, whose: str, keyfile: Path | None, development: str | None) -> Signer:
    """The key that the options name. Raises KeyMissingError, KeyFormatError."""
    if development is not None:
        return signer_of(development)
    if keyfile is not None:
        passphrase: str = click.prompt("Passphrase", hide_input=True, err=True)
        return signer_from_file(keyfile, passphrase)
    return signer_from_environment(variable, whose)


def _priced(remote: Remote, text: str) -> tuple[int, int]:
    symbol, _, price = text.partition("=")
    spec = remote.system.market(symbol)
    return spec.market, spec.to_ticks(_decimal(price))


def _costs(station: Station, ether: str) -> Costs:
    """What the node asks for gas, but never more than the wallet would pay."""
    asked = int(station.remote.rpc.call("eth_gasPrice"), 16)
    price = min(asked, station.wallet.sender.fees.cap)
    return Costs(price, _quote(station.remote, ether))


def _quote(remote: Remote, text: str) -> int:
    return to_quote(_decimal(text), remote.system.markets[0].decimals)


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text)
    except ArithmeticError:
        raise click.UsageError(f"{text!r} is no number") from None

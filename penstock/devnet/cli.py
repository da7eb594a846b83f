"""Edge: `penstock devnet …`: start a devnet, and ask the one that runs.

The group is a plain click command, so other programs (`ape run devnet`) can hang it in as theirs.
"""

import signal
import threading
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from functools import wraps
from pathlib import Path
from typing import Any, Final, ParamSpec, get_args

import click
import msgspec

from penstock.devnet.client import PLACE, ask
from penstock.devnet.config import ETHER, Config, Proofs
from penstock.devnet.control import Server
from penstock.devnet.descriptor import Descriptor
from penstock.devnet.net import Devnet
from penstock.errors import NumberError, PenstockError

P = ParamSpec("P")
_descriptor: Final = click.option(
    "--descriptor", type=click.Path(path_type=Path), default=PLACE, show_default=True
)


@click.group()
def devnet() -> None:
    """A rollup on this machine: two chains, the bridge, batches, proofs, outages."""


def plainly(command: Callable[P, None]) -> Callable[P, None]:
    """Show a known error as a sentence instead of a trace."""

    @wraps(command)
    def told(*arguments: P.args, **named: P.kwargs) -> None:
        try:
            command(*arguments, **named)
        except PenstockError as error:
            raise click.ClickException(str(error)) from error

    return told


@devnet.command()
@click.option("--l1-port", default=8545, show_default=True, help="0 takes a free one.")
@click.option("--l2-port", default=9545, show_default=True, help="0 takes a free one.")
@click.option("--l1-block", default=2, show_default=True, help="Seconds between L1 blocks.")
@click.option("--l2-block", default=1, show_default=True, help="Seconds between L2 blocks.")
@click.option("--window", default=60, show_default=True, help="Challenge window in seconds.")
@click.option(
    "--proofs",
    type=click.Choice(get_args(Proofs)),
    default="oracle",
    show_default=True,
    help="What outputs are trusted by.",
)
@click.option("--maturity", default=60, show_default=True, help="Games: seconds after a proof.")
@click.option("--finality", default=30, show_default=True, help="Games: seconds after the end.")
@click.option("--blobs", is_flag=True, help="Post batches as blobs instead of calldata.")
@click.option("--virtual", is_flag=True, help="No clock: `step`, `warp` and deposits make blocks.")
@click.option("--load", "saved", type=click.Path(path_type=Path), help="Go on from a saved devnet.")
@click.option("--json", "as_json", is_flag=True, help="Print the descriptor alone.")
@_descriptor
@plainly
def up(
    *,
    l1_port: int,
    l2_port: int,
    l1_block: int,
    l2_block: int,
    window: int,
    proofs: Proofs,
    maturity: int,
    finality: int,
    blobs: bool,
    virtual: bool,
    saved: Path | None,
    as_json: bool,
    descriptor: Path,
) -> None:
    """Start both chains and keep them running until Ctrl-C or SIGTERM."""
    config = Config(
        l1_port=l1_port,
        l2_port=l2_port,
        l1_block=l1_block,
        l2_block=l2_block,
        window=window,
        proofs=proofs,
        maturity=maturity,
        finality=finality,
        data="blobs" if blobs else "calldata",
        clock="virtual" if virtual else "real",
    )
    with Devnet.load(saved, l1_port, l2_port) if saved else Devnet.start(config) as net:
        _serve(net, descriptor, as_json=as_json)


@devnet.command()
@_descriptor
@plainly
def status(*, descriptor: Path) -> None:
    """Where both chains and the parts of the node are."""
    _show(ask(descriptor, "status"))


@devnet.command()
@click.argument("ether")
@click.option("--account", default=0, show_default=True, help="Number of a development account.")
@click.option("--to", default="", help="Receiver on L2; the account itself if left out.")
@_descriptor
@plainly
def deposit(*, ether: str, account: int, to: str, descriptor: Path) -> None:
    """Move ETHER from L1 to L2."""
    _show(ask(descriptor, "deposit", account=account, amount=_wei(ether), to=to))


@devnet.command()
@click.argument("ether_or_hash")
@click.option("--account", default=0, show_default=True, help="Number of a development account.")
@click.option("--to", default="", help="Receiver on L1; the account itself if left out.")
@click.option("--prove", "step", flag_value="prove", help="Prove the withdrawal of this hash.")
@click.option("--finalize", "step", flag_value="finalize", help="Have it paid.")
@_descriptor
@plainly
def withdraw(
    *, ether_or_hash: str, account: int, to: str, step: str | None, descriptor: Path
) -> None:
    """Start to move ETHER back to L1, or see to the withdrawal of an L2 transaction HASH."""
    if ether_or_hash.startswith("0x"):
        _show(ask(descriptor, step or "withdrawal", hash=ether_or_hash))
        return
    _show(ask(descriptor, "withdraw", account=account, amount=_wei(ether_or_hash), to=to))


@devnet.command()
@click.option("--name", default="Test dollar", show_default=True)
@click.option("--symbol", default="USDT", show_default=True)
@click.option("--decimals", default=6, show_default=True)
@click.option("--amount", default=0, help="Smallest units to bridge to the account on L2.")
@click.option("--account", default=0, show_default=True, help="Number of a development account.")
@_descriptor
@plainly
def token(
    *, name: str, symbol: str, decimals: int, amount: int, account: int, descriptor: Path
) -> None:
    """Make a token on L1 that anybody can mint, and its representation on L2."""
    coin = {"name": name, "symbol": symbol, "decimals": decimals, "amount": amount}
    _show(ask(descriptor, "token", account=account, **coin))


@devnet.command()
@_descriptor
@plainly
def verify(*, descriptor: Path) -> None:
    """Rebuild L2 from L1 alone and compare every block's hash."""
    report = ask(descriptor, "verify")
    _show(report)
    if not report["agrees"]:
        raise click.ClickException(report["detail"])


@devnet.command()
@click.argument("part", type=click.Choice(["sequencer", "batcher", "proposer"]))
@click.option("--off", is_flag=True, help="End the pause.")
@_descriptor
@plainly
def pause(*, part: str, off: bool, descriptor: Path) -> None:
    """Switch a PART of the node off, or on again."""
    _show(ask(descriptor, "resume" if off else "pause", part=part))


@devnet.command()
@click.argument("depth", type=int)
@click.option("--replay", is_flag=True, help="Let lost L1 transactions wait for the next block.")
@_descriptor
@plainly
def reorg(*, depth: int, replay: bool, descriptor: Path) -> None:
    """Replace the last DEPTH blocks of L1."""
    _show(ask(descriptor, "reorg", depth=depth, replay=replay))


@devnet.command()
@click.argument("seconds", type=int)
@_descriptor
@plainly
def warp(*, seconds: int, descriptor: Path) -> None:
    """Let SECONDS pass at once on both chains."""
    _show(ask(descriptor, "warp", seconds=seconds))


@devnet.command()
@click.argument("count", type=int, default=1)
@_descriptor
@plainly
def step(*, count: int, descriptor: Path) -> None:
    """Let COUNT L2 blocks pass."""
    _show(ask(descriptor, "step", count=count))


@devnet.command()
@_descriptor
@plainly
def costs(*, descriptor: Path) -> None:
    """What L2 charged for its place on L1, and what the batches cost there."""
    _show(ask(descriptor, "costs"))


@devnet.command()
@click.argument("path", type=click.Path(path_type=Path))
@_descriptor
@plainly
def dump(*, path: Path, descriptor: Path) -> None:
    """Save the devnet into a file, for `up --load`."""
    _show(ask(descriptor, "dump", path=str(path.resolve())))


def _serve(net: Devnet, place: Path, *, as_json: bool) -> None:
    """Listen until a signal ends it, or until a chain is gone."""
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    server = Server(net)
    try:
        found = msgspec.structs.replace(net.descriptor, control=server.url)
        found.write(place)
        click.echo(msgspec.json.encode(found).decode() if as_json else _words(found, place))
        while not ended.wait(1):
            net.check()
    finally:
        server.close()
        place.unlink(missing_ok=True)


def _words(found: Descriptor, place: Path) -> str:
    lines = [
        f"{layer.network:20} {layer.url}  chain {layer.chain_id}" for layer in (found.l1, found.l2)
    ]
    lines += [f"{'control':20} {found.control}", f"{'descriptor':20} {place}"]
    lines += [f"account {n}            {a.address}" for n, a in enumerate(found.accounts)]
    addresses = msgspec.to_builtins(found.addresses)
    lines += [f"L1 {name:17} {address}" for name, address in addresses.items()]
    return "\n".join([*lines, f"contracts            {found.contracts}", "Ctrl-C ends it"])


def _wei(ether: str) -> int:
    try:
        wei = Decimal(ether) * ETHER
    except InvalidOperation:
        raise NumberError(ether) from None
    if not wei.is_finite() or wei != int(wei):
        raise click.BadParameter(f"{ether} is not a whole number of wei")
    return int(wei)


def _show(answer: dict[str, Any]) -> None:
    click.echo(msgspec.json.format(msgspec.json.encode(answer)).decode())

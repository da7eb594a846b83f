"""A market falls by two fifths while its chain stands still: who bears the loss."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from penstock.crash.network import Network


@click.command()
@click.option("--seed", default=7, show_default=True, help="The same seed gives the same end.")
@click.option(
    "--plot",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("build/crash.png"),
    show_default=True,
    help="Where the picture goes: .png, .svg or .pdf.",
)
@click.option("--small", is_flag=True, help="A quarter of the people: half a minute.")
@click.option("--notes", is_flag=True, help="Also print every decision of the keepers.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=0, help="Port of the venue's chain; else free."
)
@click.option("--plain", is_flag=True, help="On a single chain: its outage is a gap, no L1.")
def cli(seed: int, plot: Path, small: bool, notes: bool, port: int, plain: bool) -> None:
    """200 accounts, levered longs and shorts, makers who widen and leave, funding at its cap.

    On the L2 of a rollup the market falls by 40 % within a minute of trading; in the middle the
    sequencer stands still for twenty, and L1 takes the margin of those who can still save
    themselves. Accounts are liquidated on the book, by keepers, by the insurance fund until it runs
    out, and by deleveraging. All books are audited after each batch, and L2 is rebuilt from L1.
    Ends with 1 if anything is wrong.
    """
    from msgspec.structs import replace
    from rich.console import Console
    from rich.progress import Progress

    from penstock.crash.plan import SMALL, Plan
    from penstock.crash.report import plot as draw
    from penstock.crash.report import show
    from penstock.crash.run import Crash
    from penstock.errors import PenstockError

    # A pipe has 80 columns; the timeline needs more to be read.
    console = Console(width=max(Console().width, 150))
    plan = replace(SMALL, seed=seed) if small else Plan(seed)
    try:
        with _network(port, plain) as network, Progress(console=console) as progress:
            task = progress.add_task("accounts, then rounds", total=plan.steps)
            crash = Crash(network, plan, lambda: progress.advance(task))
            outcome = crash.run(lambda: progress.advance(task))
    except KeyboardInterrupt:
        raise click.Abort from None
    except PenstockError as error:
        raise click.ClickException(str(error)) from error
    plot.parent.mkdir(parents=True, exist_ok=True)
    draw(outcome.moments, plot)
    for note in outcome.notes if notes else ():
        console.print(str(note), markup=False, highlight=False)
    console.print(show(outcome))
    console.print(f"\nPicture: {plot}")
    if failed := [check for check in (*outcome.broken, *outcome.between) if not check.holds]:
        raise click.ClickException(f"{failed[0].name}: {failed[0].detail}")


@contextmanager
def _network(port: int, plain: bool) -> "Iterator[Network]":
    from msgspec.structs import replace

    from penstock.anvil import Anvil
    from penstock.crash.network import SETTINGS, Network, RollupNetwork
    from penstock.devnet import Devnet

    if plain:
        with Anvil(port or None) as anvil:
            yield Network.start(anvil)
    else:
        with Devnet.start(replace(SETTINGS, l2_port=port)) as net:
            yield RollupNetwork.launch(net)

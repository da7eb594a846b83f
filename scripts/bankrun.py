"""300 accounts want out within minutes: what the queue promises, and when it keeps it."""

from pathlib import Path

import click

VARIANTS = ("plain", "vanish", "insolvent")


@click.command()
@click.option("--seed", default=7, show_default=True, help="The same seed gives the same end.")
@click.option(
    "--variant",
    type=click.Choice(VARIANTS),
    default="plain",
    show_default=True,
    help="vanish: the operator is gone midway; insolvent: and a tenth is not there.",
)
@click.option(
    "--plot",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("build/bankrun.png"),
    show_default=True,
    help="Where the picture goes; the tickets go beside it, as .csv.",
)
@click.option("--small", is_flag=True, help="A tenth of the people: half a minute.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=0, help="Port of the venue's chain; else free."
)
def cli(seed: int, variant: str, plot: Path, small: bool, port: int) -> None:
    """A price shock, a sequencer that stutters, and a line that is paid through a bucket.

    On the L2 of a rollup. Every ticket has a promise, and the tables say how it was kept. Without
    its operator the venue is frozen by those who are left, and each of them takes a share. All
    books are audited after each round, and L2 is rebuilt from L1. Ends with 1 if anything is wrong.
    """
    from msgspec.structs import replace
    from rich.console import Console
    from rich.progress import Progress

    from penstock.bankrun.files import plot as draw
    from penstock.bankrun.files import write_tickets
    from penstock.bankrun.plan import PARAMETERS, SMALL, Plan, Variant
    from penstock.bankrun.report import show
    from penstock.bankrun.run import BankRun
    from penstock.crash.network import SETTINGS, RollupNetwork
    from penstock.devnet import Devnet
    from penstock.errors import PenstockError

    # A pipe has 80 columns; the timeline needs more to be read.
    console = Console(width=max(Console().width, 150))
    plan = replace(SMALL if small else Plan(), seed=seed, variant=Variant(variant))
    try:
        net = Devnet.start(replace(SETTINGS, l2_port=port))
        with net, Progress(console=console, transient=True) as progress:
            task = progress.add_task("rounds", total=None)
            network = RollupNetwork.launch(net, PARAMETERS)
            outcome = BankRun(network, plan, lambda: progress.advance(task)).run()
    except KeyboardInterrupt:
        raise click.Abort from None
    except PenstockError as error:
        raise click.ClickException(str(error)) from error
    plot.parent.mkdir(parents=True, exist_ok=True)
    draw(outcome, plot)
    write_tickets(outcome.promises, plot.with_suffix(".csv"))
    console.print(show(outcome))
    console.print(f"\nPicture: {plot}; every ticket: {plot.with_suffix('.csv')}")
    if failed := [check for check in (*outcome.broken, *outcome.between) if not check.holds]:
        raise click.ClickException(f"{failed[0].name}: {failed[0].detail}")

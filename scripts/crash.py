"""A market falls by two fifths while its chain stands still: who bears the loss."""

from pathlib import Path

import click


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
    "--port", type=click.IntRange(0, 65535), default=0, help="Port of the chain; else free."
)
def cli(seed: int, plot: Path, small: bool, notes: bool, port: int) -> None:
    """200 accounts, levered longs and shorts, makers who widen and leave, funding at its cap.

    The market falls by 40 % within a minute of trading; in the middle the sequencer stands still
    for twenty. Accounts are liquidated on the book, by keepers, by the insurance fund until it runs
    out, and by deleveraging. All books are audited after each batch. Ends with 1 if one is wrong.
    """
    from msgspec.structs import replace
    from rich.console import Console
    from rich.progress import Progress

    from penstock.anvil import Anvil
    from penstock.crash.plan import PARAMETERS, SMALL, Plan
    from penstock.crash.report import plot as draw
    from penstock.crash.report import show
    from penstock.crash.run import Crash
    from penstock.errors import PenstockError
    from penstock.localvenue import LocalVenue

    # A pipe has 80 columns; the timeline needs more to be read.
    console = Console(width=max(Console().width, 132))
    plan = replace(SMALL, seed=seed) if small else Plan(seed)
    try:
        with Anvil(port or None) as anvil, Progress(console=console) as progress:
            task = progress.add_task("accounts, then rounds", total=plan.steps)
            venue = LocalVenue.start(anvil, PARAMETERS)
            crash = Crash(venue, plan, lambda: progress.advance(task))
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
    if not outcome.holds:
        raise click.ClickException(f"{outcome.broken[0].name}: {outcome.broken[0].detail}")

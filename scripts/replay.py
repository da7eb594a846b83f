"""Recorded order flow through the whole path: JSON, signatures, engine, batches, chain."""

from pathlib import Path

import click


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--accounts", default=64, type=click.IntRange(1), show_default=True, help="Signing accounts."
)
@click.option(
    "--fills",
    default=200,
    type=click.IntRange(1),
    show_default=True,
    help="Fills that make a batch.",
)
@click.option("--limit", type=click.IntRange(1), help="Play this many records only.")
@click.option(
    "--port", type=click.IntRange(1, 65535), help="Port of the chain; a free one if left out."
)
def cli(file: Path, accounts: int, fills: int, limit: int | None, port: int | None) -> None:
    """Play FILE: Bitstamp order events or LOBSTER messages, as .csv or .csv.xz.

    A created order becomes a signed limit order of one of the accounts, chosen by its id; a
    deletion with volume left becomes a signed cancel; what follows from matching is ignored.
    Ends with 1 if a fill was skipped or the chain's storage differs from the engine's view.
    """
    from rich.console import Console
    from rich.progress import Progress

    from penstock.anvil import Anvil
    from penstock.errors import PenstockError
    from penstock.replay import Plan, Replay, read_recording
    from penstock.reports import show_replay

    console = Console()
    try:
        scale, records = read_recording(file)
        records = records[:limit]
        with Anvil(port) as anvil, Progress(console=console) as progress:
            task = progress.add_task(f"{file.name}, {scale.symbol}", total=len(records))
            replay = Replay(anvil, scale, Plan(accounts, fills))
            outcome = replay.run(records, lambda done: progress.update(task, completed=done))
    except KeyboardInterrupt:
        raise click.Abort from None
    except PenstockError as error:
        raise click.ClickException(str(error)) from error
    console.print(show_replay(outcome))
    if outcome.skipped or outcome.differences:
        raise click.ClickException("fills were skipped, or the chain differs from the engine")

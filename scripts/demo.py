"""The whole story in one command: signed orders to positions, funding and a paid withdrawal."""

import click


@click.command()
@click.option("--seed", default=7, show_default=True, help="The same seed gives the same numbers.")
@click.option(
    "--rounds",
    default=40,
    type=click.IntRange(1),
    show_default=True,
    help="Rounds of quoting, one batch each.",
)
@click.option(
    "--takes",
    default=48,
    type=click.IntRange(0),
    show_default=True,
    help="Taker orders in a round.",
)
@click.option(
    "--port", type=click.IntRange(1, 65535), help="Port of the chain; a free one if left out."
)
def cli(seed: int, rounds: int, takes: int, port: int | None) -> None:
    """Start a chain, run a venue on it, and show what happened.

    Market makers and takers trade two markets with signed orders through the real engine; batches
    are settled, funding is charged, two withdrawals are paid. Ends with 1 if anything is amiss.
    """
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    from penstock.anvil import Anvil
    from penstock.errors import PenstockError
    from penstock.reports import show
    from penstock.simulation import Plan, Simulation

    console = Console()
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    try:
        with Anvil(port) as anvil, Progress(*columns, console=console) as progress:
            task = progress.add_task("starting the chain, deploying, funding", total=rounds)
            simulation = Simulation(anvil, Plan(seed=seed, rounds=rounds, takes=takes))

            def tell(done: int) -> None:
                text = f"{simulation.orders:,} orders, {simulation.ledger.fills:,} fills settled"
                progress.update(task, completed=done, description=text)

            outcome = simulation.run(tell)
    except KeyboardInterrupt:
        raise click.Abort from None
    except PenstockError as error:
        raise click.ClickException(str(error)) from error
    console.print(show(outcome))
    if not outcome.holds:
        raise click.ClickException("something that must hold does not; see the crosses above")

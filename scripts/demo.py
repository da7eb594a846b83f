"""The whole story in one command: signed orders to positions, funding and money back on L1."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rich.console import Group
    from rich.progress import Progress, TaskID

    from penstock.simulation import Plan, Simulation


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
    "--port", type=click.IntRange(0, 65535), default=0, help="Port of the venue's chain; else free."
)
@click.option("--plain", is_flag=True, help="On a single chain: no L1, no bridge.")
def cli(seed: int, rounds: int, takes: int, port: int, plain: bool) -> None:
    """Start a rollup, run a venue on its L2, and show what happened.

    Collateral is bridged from L1. Market makers and takers trade two markets with signed orders
    through the real engine; batches are settled, funding is charged, withdrawals are paid; one
    trader leaves to L1, partly while the sequencer is down. Ends with 1 if anything is amiss.
    """
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    from penstock.errors import PenstockError
    from penstock.simulation import Plan

    console = Console()
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    play = _single if plain else _rollup
    plan = Plan(seed, rounds, takes=takes, leave=1.0 if plain else 0.5)
    try:
        with Progress(*columns, console=console) as progress:
            task = progress.add_task("starting, deploying, funding", total=rounds)
            tables, holds = play(plan, port, progress, task)
    except KeyboardInterrupt:
        raise click.Abort from None
    except PenstockError as error:
        raise click.ClickException(str(error)) from error
    console.print(tables)
    if not holds:
        raise click.ClickException("something that must hold does not; see the crosses above")


def _rollup(plan: "Plan", port: int, progress: "Progress", task: "TaskID") -> "tuple[Group, bool]":
    from msgspec.structs import replace

    from penstock.devnet import Devnet
    from penstock.rollup_demo import SETTINGS, RollupDemo
    from penstock.rollup_reports import show_rollup

    with Devnet.start(replace(SETTINGS, l2_port=port)) as net:
        demo = RollupDemo(net, plan)
        outcome = demo.run(
            _teller(demo.simulation, progress, task),
            lambda what: progress.update(task, description=what),
        )
    return show_rollup(outcome), outcome.holds


def _single(plan: "Plan", port: int, progress: "Progress", task: "TaskID") -> "tuple[Group, bool]":
    from penstock.anvil import Anvil
    from penstock.localvenue import LocalVenue
    from penstock.reports import show
    from penstock.settings import read_parameters
    from penstock.simulation import Simulation

    with Anvil(port or None) as anvil:
        simulation = Simulation(LocalVenue.start(anvil, read_parameters()), plan)
        outcome = simulation.run(_teller(simulation, progress, task))
    return show(outcome), outcome.holds


def _teller(
    simulation: "Simulation", progress: "Progress", task: "TaskID"
) -> Callable[[int], None]:
    def tell(done: int) -> None:
        text = f"{simulation.orders:,} orders, {simulation.ledger.fills:,} fills settled"
        progress.update(task, completed=done, description=text)

    return tell

"""Settlement by hand, never through ape: see what is next, try a batch, send it."""

from pathlib import Path
from typing import Any

import click

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


class Group(click.Group):
    """Let every mistake be one sentence and exit code 1."""

    def invoke(self, ctx: click.Context) -> Any:
        from penstock.errors import PenstockError

        try:
            return super().invoke(ctx)
        except PenstockError as error:
            raise click.ClickException(str(error)) from error


@click.group(cls=Group)
@click.option("--url", default="http://127.0.0.1:8545", show_default=True, help="The node.")
@click.option("--deployment", type=FILE, help="Descriptor that `ape run deploy` wrote.")
@click.pass_context
def cli(ctx: click.Context, url: str, deployment: Path | None) -> None:
    """Settle batches; `send` and `orders` read the operator's key from PENSTOCK_OPERATOR_KEY."""
    from penstock.deployment import PLACE, Deployment
    from penstock.operations import venue_at

    ctx.obj = lambda: venue_at(url, Deployment.read(deployment or PLACE))


@cli.command("next")
@click.pass_obj
def show_next(venue: Any) -> None:
    """Print the number of the next batch."""
    from penstock.operations import next_number

    click.echo(next_number(venue()))


@cli.command("simulate")
@click.argument("file", type=FILE)
@click.pass_obj
def simulate_file(venue: Any, file: Path) -> None:
    """Print what the chain would say of each fill of the batch in FILE (hex)."""
    from penstock.operations import read_batch, simulate

    for r in simulate(venue(), read_batch(file.read_text())):
        trade = f"{r.size} lots of market {r.market} at {r.price}"
        click.echo(f"{r.verdict.name}: {trade}, accounts {r.maker} and {r.taker}")


@cli.command("send")
@click.argument("file", type=FILE)
@click.pass_obj
def send_file(venue: Any, file: Path) -> None:
    """Settle the batch in FILE (hex)."""
    from penstock.operations import read_batch, send

    receipt = send(venue(), read_batch(file.read_text()))
    click.echo(f"settled in {receipt.hash} for {receipt.gas:,} gas")


@cli.command("orders")
@click.argument("file", type=FILE)
@click.pass_obj
def settle_orders_of(venue: Any, file: Path) -> None:
    """Match the signed orders in FILE (JSON, one a line) and settle their fills."""
    from penstock.operations import settle_orders

    done, refused = settle_orders(venue(), file.read_text().splitlines())
    for event in refused:
        click.echo(f"refused: {event.reason.name}", err=True)
    for batch in done:
        figures = f"{batch.fills} fills, {len(batch.skipped)} skipped, {batch.gas:,} gas"
        click.echo(f"batch {batch.number}: {figures}")

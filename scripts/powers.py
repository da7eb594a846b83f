"""Who may do what to a venue: asked of its contracts, never written by hand."""

from pathlib import Path

import click

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.option("--url", default="http://127.0.0.1:8545", show_default=True, help="The node.")
@click.option("--deployment", type=FILE, help="Descriptor that `ape run deploy` wrote.")
@click.option("--json", "as_json", is_flag=True, help="Print the table as JSON.")
def cli(url: str, deployment: Path | None, as_json: bool) -> None:
    """Print every function that changes something: who may call it, by which role, after how long.

    Nothing is sent. While fewer than two accounts are open, owners and trading keys look alike.
    """
    import msgspec

    from penstock.deployment import PLACE, Deployment
    from penstock.errors import PenstockError
    from penstock.operations import venue_at
    from penstock.powers import render
    from penstock.probing import Probe

    try:
        found = Probe(venue_at(url, Deployment.read(deployment or PLACE))).powers()
    except PenstockError as error:
        raise click.ClickException(str(error)) from error
    if as_json:
        click.echo(msgspec.json.encode(found))
        return
    for line in render(found):
        click.echo(line)

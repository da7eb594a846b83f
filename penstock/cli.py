"""Edge: the command `penstock`."""

import click

from penstock.devnet.cli import devnet
from penstock.follow.cli import exit
from penstock.keepers.cli import keep
from penstock.risk_cli import risk


@click.group()
def main() -> None:
    """Perpetual futures for rollups: what runs without ape."""


for group in (devnet, exit, keep, risk):
    main.add_command(group)

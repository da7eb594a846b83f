"""Edge: the command `penstock`."""

import click

from penstock.devnet.cli import devnet


@click.group()
def main() -> None:
    """Perpetual futures for rollups: what runs without ape."""


main.add_command(devnet)

"""Deploy a venue through ape, with the one deployment function."""

from pathlib import Path

import click
from ape.api import AccountAPI
from ape.cli import account_option


@click.command()
@account_option()
@click.option("--network", help="As ape names networks, ::foundry for one; else ape's default.")
@click.option("--operator", help="Who settles batches; the deployer if left out.")
@click.option("--publisher", "publishers", multiple=True, help="Signs prices; name 3 or more.")
@click.option("--governor", help="Whom the timelock hears; the deployer if left out.")
@click.option("--guardian", help="Who pauses and cancels; the governor if left out.")
@click.option("--uptime-feed", help="Says whether the sequencer is up; nobody if left out.")
@click.option("--token", help="Collateral; a mintable test dollar if left out.")
@click.option("--bridged", is_flag=True, help="Collateral from the L1 of the devnet that runs.")
@click.option("--descriptor", type=click.Path(path_type=Path), help="Of that devnet.")
@click.option("--out", type=click.Path(path_type=Path), help="Where to write where things are.")
@click.option("--dry-run", is_flag=True, help="Check everything, send nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def cli(
    account: AccountAPI,
    network: str | None,
    operator: str | None,
    publishers: tuple[str, ...],
    governor: str | None,
    guardian: str | None,
    uptime_feed: str | None,
    token: str | None,
    bridged: bool,
    descriptor: Path | None,
    out: Path | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Deploy with the parameters of ape-config.yaml and write a descriptor, bound to the chain.

    Without publishers the development ones sign, whose keys everybody knows: for local chains only.
    Ends with 1, before anything is sent, when a parameter or an address is wrong.
    """
    from ape import networks
    from ape.logging import LogLevel, logger

    from penstock.console import provider_rpc
    from penstock.contracts import ApeDeployer
    from penstock.deploy import Parties
    from penstock.deployment import PLACE
    from penstock.devnet.client import PLACE as DEVNET
    from penstock.errors import PenstockError
    from penstock.installation import install
    from penstock.localvenue import development_publishers
    from penstock.rollup import bridged_token
    from penstock.settings import read_parameters

    deployer = ApeDeployer(account)
    signers = publishers or development_publishers()
    try:
        origin = None
        if bridged:
            token, origin = bridged_token(descriptor or DEVNET)
        settler = operator or deployer.address
        parties = Parties(settler, signers, governor, token, guardian, uptime_feed, origin)
        # ape tells of every transaction on the same output as the result.
        logger.set_level(LogLevel.WARNING)
        with networks.parse_network_choice(network):
            rpc = provider_rpc(development=not publishers)
            found = install(deployer, rpc, read_parameters(), parties, dry_run)
    except PenstockError as error:
        raise click.ClickException(str(error)) from error
    if not dry_run:
        found.write(out or PLACE)
    if as_json:
        click.echo(found.encode())
        return
    for name, address in found.parts():
        click.echo(f"{name:10} {address}")
    click.echo("nothing was sent" if dry_run else f"written to {out or PLACE}")

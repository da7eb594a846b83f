"""Edge: deploy a venue, or rehearse it, and say where it is."""

from penstock.deploy import (
    Deployer,
    Parameters,
    Parties,
    check_parameters,
    check_parties,
    check_step,
    deploy,
    plan,
)
from penstock.deployment import Deployment
from penstock.rpc import Rpc


def install(
    deployer: Deployer, rpc: Rpc, parameters: Parameters, parties: Parties, dry_run: bool = False
) -> Deployment:
    """Deploy, or with `dry_run` check all that deploying would check and send nothing."""
    if not dry_run:
        return Deployment.of(rpc, deploy(deployer, parameters, parties))
    check_parameters(parameters)
    check_parties(parties, parameters.quorum)
    system, steps = plan(deployer, parameters, parties)
    for step in steps:
        check_step(step, deployer.abi(step.contract))
    return Deployment.of(rpc, system)

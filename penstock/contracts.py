"""Edge: a venue as ape sees it: a `Deployer` over an ape account, and handles on the contracts.

ape is imported when something is asked of it, so that importing this module stays cheap.
"""

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from penstock.deploy import Abi, created_address
from penstock.system import CONTRACTS, System

if TYPE_CHECKING:
    from ape.api import AccountAPI
    from ape.contracts import ContractContainer, ContractInstance


class ApeDeployer:
    """Deploys with an ape account to whatever network ape is connected to."""

    def __init__(self, account: "AccountAPI") -> None:
        self._account = account

    @property
    def address(self) -> str:
        return str(self._account.address)

    def abi(self, contract: str) -> Abi:
        contract_type = json.loads(container(contract).contract_type.model_dump_json())
        return cast(Abi, contract_type["abi"])

    def predict(self, offset: int) -> str:
        return created_address(self.address, self._account.nonce + offset)

    def create(self, contract: str, *arguments: object) -> str:
        return str(self._account.deploy(container(contract), *arguments).address)

    def transact(self, address: str, contract: str, function: str, *arguments: object) -> object:
        method = getattr(container(contract).at(address), function)
        return method(*arguments, sender=self._account)


@dataclass(frozen=True, slots=True)
class Handles:
    """ape's contract instances of one venue, under the names that `System` has for them."""

    token: "ContractInstance"
    feed: "ContractInstance"
    watch: "ContractInstance"
    queue: "ContractInstance"
    vault: "ContractInstance"
    index: "ContractInstance"
    positions: "ContractInstance"
    lens: "ContractInstance"
    fund: "ContractInstance"
    liquidations: "ContractInstance"
    desk: "ContractInstance"
    hatch: "ContractInstance"
    manager: "ContractInstance"
    timelock: "ContractInstance"


def handles(system: System) -> Handles:
    """Bind every contract of a deployed venue."""
    places = system.places
    return Handles(**{name: container(kind).at(places[kind]) for name, kind in CONTRACTS.items()})


def container(contract: str) -> "ContractContainer":
    """Find a compiled contract of this project by name. Raises KeyError."""
    import ape

    project: Any = ape.project
    found = project.contracts.get(contract)
    if found is None:
        raise KeyError(contract)
    return cast("ContractContainer", project.get_contract(contract))

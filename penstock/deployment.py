"""A deployed venue on file, bound to the one chain that it lives on.

DeploymentError  LookupError  there is no such file, or it speaks of another chain
"""

from pathlib import Path
from typing import Final, Self

import msgspec
from msgspec import Struct

from penstock.errors import PenstockError
from penstock.rpc import Rpc
from penstock.system import CONTRACTS, System

PLACE: Final = Path(__file__).resolve().parents[1] / "build" / "deployment.json"
REMEDY: Final = "deploy there: `ape run deploy`"


class DeploymentError(PenstockError, LookupError):
    """There is no deployment to work with."""


class Deployment(Struct, frozen=True):
    """Where a venue is. A chain that was started anew has another genesis hash."""

    chain_id: int
    genesis: str
    system: System

    @classmethod
    def of(cls, rpc: Rpc, system: System) -> Self:
        """Bind a venue to the chain behind `rpc`."""
        return cls(*identity(rpc), system)

    def write(self, path: Path = PLACE) -> None:
        """Put it on file."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(msgspec.json.format(self.encode()) + b"\n")

    def parts(self) -> list[tuple[str, str]]:
        """Name and address of each contract."""
        return [(name, getattr(self.system, name)) for name in CONTRACTS]

    def encode(self) -> bytes:
        """Write it as JSON."""
        return msgspec.json.encode(self)

    @classmethod
    def read(cls, path: Path = PLACE) -> Self:
        """Read a file. Raises DeploymentError."""
        try:
            return msgspec.json.decode(path.read_bytes(), type=cls)
        except FileNotFoundError:
            raise DeploymentError(f"{path} does not exist; {REMEDY}") from None
        except msgspec.DecodeError as error:
            raise DeploymentError(f"{path} is no deployment ({error}); {REMEDY}") from error

    def check(self, rpc: Rpc) -> Self:
        """Return itself when the venue is on that chain. Raises DeploymentError."""
        chain_id, genesis = identity(rpc)
        if (chain_id, genesis) != (self.chain_id, self.genesis):
            raise DeploymentError(
                f"the deployment is on chain {self.chain_id} with genesis {self.genesis[:10]}…, "
                f"but {rpc.url} is chain {chain_id} with {genesis[:10]}…; {REMEDY}"
            )
        if rpc.call("eth_getCode", self.system.positions, "latest") == "0x":
            raise DeploymentError(f"there is no contract at {self.system.positions}; {REMEDY}")
        return self


def identity(rpc: Rpc) -> tuple[int, str]:
    """Chain id and hash of the first block."""
    asked = [("eth_chainId", ()), ("eth_getBlockByNumber", ("0x0", False))]
    chain_id, block = rpc.batch(asked)
    return int(chain_id, 16), str(block["hash"])

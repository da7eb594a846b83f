"""The seven L1 contracts behind proxies: where they will be, and what puts them there (pure).

The deployer's first seven nonces are the proxies, so their addresses are known before anything is
sent: the L2 genesis can be written while L1 still starts.
"""

from collections.abc import Iterator
from typing import Final

from msgspec import Struct
from msgspec.structs import asdict

from penstock.devnet.abi import contract
from penstock.devnet.config import L2_GAS_LIMIT, Config, Rollup
from penstock.devnet.hashing import created_address, raw
from penstock.devnet.predeploys import ZERO

INBOX: Final = "0xff00000000000000000000000000000000000901"
_MAX: Final = 2**128 - 1
_RESOURCES: Final = (20_000_000, 10, 8, 10**9, 1_000_000, _MAX)
"""Of deposits: L2 gas a block, elasticity, change, least base fee, system gas, most base fee."""
_IMPLEMENTATIONS: Final = (
    "SuperchainConfig",
    "SystemConfig",
    "OptimismPortal",
    "L2OutputOracle",
    "L1CrossDomainMessenger",
    "L1StandardBridge",
    "OptimismMintableERC20Factory",
)


class Addresses(Struct, frozen=True):
    """Proxies on L1."""

    superchain: str
    system: str
    portal: str
    oracle: str
    messenger: str
    bridge: str
    factory: str


class Roles(Struct, frozen=True):
    """Who may do what on L1."""

    deployer: str
    batcher: str
    proposer: str
    challenger: str


class Step(Struct, frozen=True):
    """One transaction of the deployment; `to` is empty for a creation."""

    to: str
    data: bytes


def predict(deployer: str) -> Addresses:
    """Where the proxies of a fresh deployer will be."""
    return Addresses(*(created_address(deployer, nonce) for nonce in range(len(_IMPLEMENTATIONS))))


def steps(config: Config, rollup: Rollup, at: Addresses, roles: Roles) -> Iterator[Step]:
    """The 21 transactions: proxies, implementations, initialisations, in this order."""
    count = len(_IMPLEMENTATIONS)
    for _ in range(count):
        yield Step("", contract("Proxy").creation(roles.deployer))
    for name in _IMPLEMENTATIONS:
        yield Step("", contract(name).creation())
    initial = _initial(config, rollup, at, roles)
    for place, (name, proxy) in enumerate(zip(_IMPLEMENTATIONS, asdict(at).values(), strict=True)):
        code = created_address(roles.deployer, count + place)
        data = contract(name).encode("initialize", *initial[name])
        yield Step(proxy, contract("Proxy").encode("upgradeToAndCall", code, data))


def _initial(
    config: Config, rollup: Rollup, at: Addresses, roles: Roles
) -> dict[str, tuple[object, ...]]:
    """Arguments of `initialize`. NOTE: proxies everywhere, never implementations."""
    parts = (at.messenger, ZERO, at.bridge, ZERO, at.portal, at.factory, ZERO)
    system = (
        *(roles.deployer, config.base_fee_scalar, config.blob_base_fee_scalar),
        *(bytes(12) + raw(roles.batcher), L2_GAS_LIMIT, roles.deployer, _RESOURCES, INBOX, parts),
    )
    oracle = (config.output_interval, config.l2_block, 0, rollup.l2_time)
    return {
        "SuperchainConfig": (roles.deployer, False),
        "SystemConfig": system,
        "OptimismPortal": (at.oracle, at.system, at.superchain),
        "L2OutputOracle": (*oracle, roles.proposer, roles.challenger, config.window),
        "L1CrossDomainMessenger": (at.superchain, at.portal, at.system),
        "L1StandardBridge": (at.messenger, at.superchain, at.system),
        "OptimismMintableERC20Factory": (at.bridge,),
    }

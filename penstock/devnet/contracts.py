"""The L1 contracts behind proxies: where they will be, and what puts them there (pure).

The deployer's first nonces are the proxies, so their addresses are known before anything is sent:
the L2 genesis can be written while L1 still starts.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from msgspec import Struct

from penstock.devnet.abi import contract
from penstock.devnet.config import ETHER, L2_CHAIN, L2_GAS_LIMIT, Config, Proofs, Rollup
from penstock.devnet.hashing import created_address, keccak, raw
from penstock.devnet.predeploys import ZERO

INBOX: Final = "0xff00000000000000000000000000000000000901"
_MAX: Final = 2**128 - 1
_RESOURCES: Final = (20_000_000, 10, 8, 10**9, 1_000_000, _MAX)
"""Of deposits: L2 gas a block, elasticity, change, least base fee, system gas, most base fee."""
GAME: Final = 1
"""The type of the games that proposer and challenger alone may play."""
_DEPTH, _SPLIT = 73, 30
"""Moves to one instruction of a block's execution, and to one block."""
_ANCHOR: Final = bytes(30) + b"\xde\xad"
"""Root of block 0. L1 is asked for some root, and nobody's game goes down to it."""
_NO_PROGRAM: Final = keccak(b"penstock devnet has no fault proof program")
_BOND: Final = 8 * ETHER // 100
"""What a proposer loses with a game."""
_PROXIES: Final[Mapping[Proofs, Mapping[str, str]]] = {
    "oracle": {
        "superchain": "SuperchainConfig",
        "system": "SystemConfig",
        "portal": "OptimismPortal",
        "oracle": "L2OutputOracle",
        "messenger": "L1CrossDomainMessenger",
        "bridge": "L1StandardBridge",
        "factory": "OptimismMintableERC20Factory",
    },
    "games": {
        "superchain": "SuperchainConfig",
        "system": "SystemConfig",
        "portal": "OptimismPortal2",
        "games": "DisputeGameFactory",
        "messenger": "L1CrossDomainMessenger",
        "bridge": "L1StandardBridge",
        "factory": "OptimismMintableERC20Factory",
        "anchors": "AnchorStateRegistry",
        "bonds": "DelayedWETH",
    },
}
"""What is behind each proxy, in the order in which the proxies are made."""


class Addresses(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Proxies on L1. There is an oracle, or there are games with what belongs to them."""

    superchain: str
    system: str
    portal: str
    messenger: str
    bridge: str
    factory: str
    oracle: str = ""
    games: str = ""
    anchors: str = ""
    bonds: str = ""


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


def predict(deployer: str, proofs: Proofs) -> Addresses:
    """Where the proxies of a fresh deployer will be."""
    places = enumerate(_PROXIES[proofs])
    return Addresses(**{field: created_address(deployer, nonce) for nonce, field in places})


def steps(config: Config, rollup: Rollup, at: Addresses, roles: Roles) -> Iterator[Step]:
    """The transactions: proxies, implementations, initialisations, then the rules of games."""
    proxies = _PROXIES[config.proofs]
    for _ in proxies:
        yield Step("", contract("Proxy").creation(roles.deployer))
    built = _built(config, at)
    for name in proxies.values():
        yield Step("", contract(name).creation(*built.get(name, ())))
    initial = _initial(config, rollup, at, roles)
    for place, (field, name) in enumerate(proxies.items()):
        code = created_address(roles.deployer, len(proxies) + place)
        data = contract(name).encode("initialize", *initial[name])
        yield Step(getattr(at, field), contract("Proxy").encode("upgradeToAndCall", code, data))
    if config.proofs == "games":
        yield from _rules(config, at, roles, created_address(roles.deployer, 3 * len(proxies)))


def _built(config: Config, at: Addresses) -> dict[str, tuple[object, ...]]:
    """Arguments of constructors, where there are any."""
    return {
        "OptimismPortal2": (config.maturity, config.finality),
        "AnchorStateRegistry": (at.games,),
        "DelayedWETH": (config.finality,),
    }


def _initial(
    config: Config, rollup: Rollup, at: Addresses, roles: Roles
) -> dict[str, tuple[object, ...]]:
    """Arguments of `initialize`. NOTE: proxies everywhere, never implementations."""
    games = at.games or ZERO
    parts = (at.messenger, ZERO, at.bridge, games, at.portal, at.factory, ZERO)
    system = (
        *(roles.deployer, config.base_fee_scalar, config.blob_base_fee_scalar),
        *(bytes(12) + raw(roles.batcher), L2_GAS_LIMIT, roles.deployer, _RESOURCES, INBOX, parts),
    )
    oracle = (config.output_interval, config.l2_block, 0, rollup.l2_time)
    return {
        "SuperchainConfig": (roles.deployer, False),
        "SystemConfig": system,
        "OptimismPortal": (at.oracle, at.system, at.superchain),
        "OptimismPortal2": (games, at.system, at.superchain, GAME),
        "L2OutputOracle": (*oracle, roles.proposer, roles.challenger, config.window),
        "DisputeGameFactory": (roles.deployer,),
        "AnchorStateRegistry": ([(GAME, (_ANCHOR, 0))],),
        "DelayedWETH": (roles.deployer, at.superchain),
        "L1CrossDomainMessenger": (at.superchain, at.portal, at.system),
        "L1StandardBridge": (at.messenger, at.superchain, at.system),
        "OptimismMintableERC20Factory": (at.bridge,),
    }


def _rules(config: Config, at: Addresses, roles: Roles, code: str) -> Iterator[Step]:
    """The code of the games, which the factory clones, and what it takes to begin one."""
    # No extension of clocks: nobody answers an attack here. No machine either: a game that is
    # played down to a single instruction cannot be decided by it.
    clocks, machine = (0, config.window), ZERO
    yield Step(
        "",
        contract("PermissionedDisputeGame").creation(
            *(GAME, _NO_PROGRAM, _DEPTH, _SPLIT, *clocks, machine, at.bonds, at.anchors),
            *(L2_CHAIN, roles.proposer, roles.challenger),
        ),
    )
    factory = contract("DisputeGameFactory")
    yield Step(at.games, factory.encode("setImplementation", GAME, code))
    yield Step(at.games, factory.encode("setInitBond", GAME, _BOND))

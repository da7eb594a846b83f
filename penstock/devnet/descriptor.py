"""What other programs need to use a running devnet, as one JSON document."""

from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from penstock.devnet.abi import published_version
from penstock.devnet.accounts import development_keys
from penstock.devnet.config import Rollup
from penstock.devnet.contracts import Addresses, Roles
from penstock.devnet.launch import Launched
from penstock.devnet.predeploys import (
    BRIDGE,
    GAS_ORACLE,
    L1_BLOCK,
    MESSAGE_PASSER,
    MESSENGER,
    TOKEN_FACTORY,
)

L1_NETWORK: Final = "ethereum:devnet-l1"
L2_NETWORK: Final = "optimism:devnet-l2"


class Layer(Struct, frozen=True):
    """One chain: its number, where it answers, what ape calls it."""

    chain_id: int
    url: str
    network: str
    pid: int


class Account(Struct, frozen=True):
    """A development account. Its key is known to everybody."""

    address: str
    key: str


class Predeploys(Struct, frozen=True):
    """Contracts of L2 that have the same address on every such chain."""

    messenger: str = MESSENGER
    bridge: str = BRIDGE
    factory: str = TOKEN_FACTORY
    passer: str = MESSAGE_PASSER
    l1_block: str = L1_BLOCK
    gas_oracle: str = GAS_ORACLE


class Descriptor(Struct, frozen=True):
    """A running devnet."""

    l1: Layer
    l2: Layer
    contracts: str
    addresses: Addresses
    predeploys: Predeploys
    roles: Roles
    accounts: list[Account]
    rollup: Rollup
    control: str = ""
    """Where pauses, reorgs and the like are asked for; empty when nobody listens."""

    def write(self, path: Path) -> None:
        """Put it into a file that other programs read."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(msgspec.json.format(msgspec.json.encode(self)) + b"\n")


def describe(launched: Launched) -> Descriptor:
    """The descriptor of what was launched."""
    place, l1, l2 = launched.place, launched.l1, launched.l2
    keys = development_keys(place.config.accounts)
    return Descriptor(
        l1=Layer(place.rollup.l1_chain, l1.url, L1_NETWORK, l1.pid),
        l2=Layer(place.rollup.l2_chain, l2.url, L2_NETWORK, l2.pid),
        contracts=published_version(),
        addresses=place.addresses,
        predeploys=Predeploys(),
        roles=place.roles,
        accounts=[Account(key.address, "0x" + key.secret.hex()) for key in keys],
        rollup=place.rollup,
    )

"""Edge: from settings to two running chains with the contracts deployed, and a node on them."""

import json
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from penstock.devnet.abi import contract
from penstock.devnet.accounts import Transaction, development_keys, role
from penstock.devnet.chain import Chain
from penstock.devnet.config import (
    ETHER,
    L1_CHAIN,
    L1_GAS_LIMIT,
    L2_CHAIN,
    Config,
    Rollup,
)
from penstock.devnet.contracts import INBOX, Addresses, Roles, predict, steps
from penstock.devnet.errors import AnvilFailedError
from penstock.devnet.genesis import genesis
from penstock.devnet.hashing import hexed
from penstock.devnet.l1 import L1
from penstock.devnet.node import Node
from penstock.devnet.process import Process, check_version
from penstock.devnet.rpc import Rpc
from penstock.devnet.state import Block, State

L1_BALANCE: Final = 1_000_000 * ETHER
"""Of every development account and party on L1, in wei."""
_PARTIES: Final = ("deployer", "batcher", "proposer", "challenger", "relayer")
_DEPLOY_GAS: Final = 6_000_000
_FUND_GAS: Final = 100_000


class Place(Struct, frozen=True):
    """What is known of a devnet before anything runs."""

    config: Config
    rollup: Rollup
    addresses: Addresses
    roles: Roles


def plan(config: Config) -> Place:
    """Work out addresses and times. The hash of the L1 origin is still open."""
    keys = {name: role(name).address for name in _PARTIES}
    at = predict(keys["deployer"], config.proofs)
    start = config.start if config.clock == "virtual" else int(time.time()) - config.l1_block
    rollup = Rollup(
        l1_start=start,
        l1_origin=1,
        l1_origin_hash="",
        l2_time=start + config.l1_block,
        l2_block=config.l2_block,
        portal=at.portal,
        inbox=INBOX,
        batcher=keys["batcher"],
        base_fee_scalar=config.base_fee_scalar,
        blob_base_fee_scalar=config.blob_base_fee_scalar,
        blob_base_fee=config.blob_base_fee,
        l2_base_fee=config.l2_base_fee,
        l1_messenger=at.messenger,
        l1_bridge=at.bridge,
        history=config.history,
    )
    roles = Roles(*(keys[name] for name in _PARTIES[:4]))
    return Place(config, rollup, at, roles)


def start_l1(config: Config, start: int, *more: str) -> Process:
    """Start L1; a saved state comes with `more`."""
    return Process(
        [
            *("--chain-id", str(L1_CHAIN), "--timestamp", str(start), "--no-mining"),
            *("--gas-limit", str(L1_GAS_LIMIT), "--order", "fifo", "--hardfork", "prague"),
            *("--prune-history", str(config.history), "--accounts", "10"),
            *("--balance", str(L1_BALANCE // ETHER), *more),
        ],
        config.l1_port,
    )


def start_l2(rollup: Rollup, port: int, *more: str) -> Process:
    """Start an L2 that nobody builds on yet, from genesis or a saved state in `more`."""
    return Process(
        [
            *("--chain-id", str(L2_CHAIN), "--network", "optimism", "--no-mining"),
            *("--order", "fifo", "--accounts", "0", "--prune-history", str(rollup.history), *more),
        ],
        port,
    )


@contextmanager
def genesis_file(rollup: Rollup, owner: str) -> Iterator[Path]:
    """The file that an L2 starts from; it may vanish once the node answers."""
    with tempfile.TemporaryDirectory(prefix="penstock-") as folder:
        path = Path(folder) / "genesis.json"
        path.write_text(json.dumps(genesis(rollup, owner)))
        yield path


@contextmanager
def fresh_l2(place: Place, port: int) -> Iterator[Process]:
    """An L2 at its genesis, ended with the block unless it is taken over."""
    with genesis_file(place.rollup, place.roles.deployer) as path, ExitStack() as stack:
        process = start_l2(place.rollup, port, "--init", str(path))
        stack.callback(process.close)
        process.wait()
        yield process


class Launched(Struct, frozen=True):
    """Two running chains and the node on them."""

    place: Place
    l1: Process
    l2: Process
    node: Node

    def close(self) -> None:
        """End both chains."""
        self.l1.close()
        self.l2.close()


def launch(config: Config) -> Launched:
    """Start everything. On an error nothing is left running."""
    if not config.any_anvil:
        check_version()
    place = plan(config)
    with ExitStack() as stack:
        l1 = start_l1(config, place.rollup.l1_start)
        stack.callback(l1.close)
        with genesis_file(place.rollup, place.roles.deployer) as path:
            l2 = start_l2(place.rollup, config.l2_port, "--init", str(path))
            stack.callback(l2.close)
            l1.wait()
            place = deploy(place, l1.rpc)
            l2.wait()
        node = make_node(place, l1.rpc, l2.rpc)
        stack.pop_all()
    return Launched(place, l1, l2, node)


def make_node(place: Place, l1: Rpc, l2: Rpc, state: State | None = None) -> Node:
    """A node on two chains."""
    chain = L1(l1, place.rollup.l1_start, place.config.l1_base_fee)
    second = Chain(l2, L2_CHAIN)
    found = state or first_state(place, chain, second)
    return Node(place.config, place.rollup, place.addresses, chain, second, found)


def first_state(place: Place, l1: L1, l2: Chain) -> State:
    """What a node knows at genesis."""
    return State(place.rollup.l2_time, [first_block(l1, l2, place.rollup)])


def first_block(l1: L1, l2: Chain, rollup: Rollup) -> Block:
    """The genesis of L2 as the log has it."""
    origin = l1.origin(rollup.l1_origin)
    if origin is None:
        raise AnvilFailedError("L1 has no block with the contracts")
    return Block(0, l2.block(0)["hash"], rollup.l2_time, origin, 0)


def deploy(place: Place, rpc: Rpc) -> Place:
    """Put the contracts into L1's first block after genesis."""
    rollup, config = place.rollup, place.config
    chain = L1(rpc, rollup.l1_start, config.l1_base_fee)
    rpc.together([("anvil_setBalance", [role(name).address, hex(L1_BALANCE)]) for name in _PARTIES])
    deployer, cap = role("deployer"), 2 * chain.fee(rollup.l2_time)
    hashes = []
    for nonce, step in enumerate(steps(config, rollup, place.addresses, place.roles)):
        gas = _DEPLOY_GAS if not step.to else 1_000_000
        sent = Transaction(L1_CHAIN, nonce, gas, step.to, step.data, 0, cap).sign(deployer)
        hashes.append(rpc.call("eth_sendRawTransaction", hexed(sent)))
    origin = chain.mine(rollup.l2_time)
    _check_deployed(chain, hashes)
    return replace(place, rollup=replace(rollup, l1_origin_hash=origin.hash))


def fund(node: Node, config: Config) -> None:
    """Bridge ether to the development accounts, so that none of it is out of nothing."""
    portal, fee = node.addresses.portal, node.l1.fee(node.next_time())
    for key in development_keys(config.accounts if config.balance else 0):
        data = contract("OptimismPortal").encode(
            "depositTransaction", key.address, config.balance, _FUND_GAS, False, b""
        )
        # Ten deposits share a block, and with a low base fee the last burns the most gas.
        sent = Transaction(L1_CHAIN, 0, 2_000_000, portal, data, config.balance, 4 * fee)
        node.l1.rpc.call("eth_sendRawTransaction", hexed(sent.sign(key)))
    node.sync()
    node.floor = node.l1.height()


def _check_deployed(chain: Chain, hashes: Sequence[str]) -> None:
    for hash in (hashes[-1], *hashes):
        receipt = chain.receipt(hash)
        if receipt is None or not receipt.succeeded:
            raise AnvilFailedError(f"L1 did not take the contracts: transaction {hash} failed")

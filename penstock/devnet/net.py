"""Edge: a devnet as a person holds it: both chains, the node, the bridge and the switches.

In virtual time nothing happens unless it is asked for. In real time a thread makes the blocks;
methods wait their turn, so a devnet may be used from several threads. Ask for it in a thread that
lives as long as the devnet: the kernel ends the anvils with the thread that started them.
"""

from pathlib import Path
from threading import RLock
from types import TracebackType
from typing import Final, Self

from penstock.devnet import costs as costing
from penstock.devnet import withdrawals
from penstock.devnet.accounts import Key, development_keys
from penstock.devnet.bridge import Bridge
from penstock.devnet.chain import Chain
from penstock.devnet.config import Config
from penstock.devnet.contracts import Addresses
from penstock.devnet.costs import Costs
from penstock.devnet.descriptor import Descriptor, describe
from penstock.devnet.errors import NodeDeadError, SnapshotError
from penstock.devnet.l1 import L1
from penstock.devnet.launch import Launched, fresh_l2, fund, launch
from penstock.devnet.messages import Message
from penstock.devnet.node import Node, Snapshot
from penstock.devnet.saved import load, save
from penstock.devnet.selftest import self_test
from penstock.devnet.state import Block
from penstock.devnet.switches import Switch
from penstock.devnet.ticker import Ticker
from penstock.devnet.turns import in_turn
from penstock.devnet.verifier import Report, Verifier, compare, read_l1
from penstock.devnet.withdrawals import Withdrawal


class Devnet:
    """Made by `start` or `load`; ended by `close`, or by the `with` block it is used in."""

    def __init__(self, launched: Launched) -> None:
        self._launched: Final = launched
        self._snapshots: Final[dict[int, Snapshot]] = {}
        self._taken = 0
        node = launched.node
        self.node: Final[Node] = node
        self.config: Final[Config] = node.config
        self.addresses: Final[Addresses] = node.addresses
        self.l1: Final[L1] = node.l1
        self.l2: Final[Chain] = node.l2
        self.accounts: Final[list[Key]] = development_keys(node.config.accounts)
        self.bridge: Final = Bridge(node)
        self.deposit_eth: Final = self.bridge.deposit_eth
        self.deposit_erc20: Final = self.bridge.deposit_erc20
        self.deposit_message: Final = self.bridge.deposit_message
        self.force: Final = self.bridge.force
        self.withdraw_eth: Final = self.bridge.withdraw_eth
        self.withdraw_erc20: Final = self.bridge.withdraw_erc20
        self.withdraw_message: Final = self.bridge.withdraw_message
        self.sequencer: Final = Switch(node, "sequencing")
        self.batcher: Final = Switch(node, "batching")
        self.proposer: Final = Switch(node, "proposing")
        self._ticker: Final = Ticker(node)

    # --- life ------------------------------------------------------------------------------------

    @classmethod
    def start(cls, config: Config | None = None) -> Self:
        """Start two chains, deploy, fund the accounts and check the anvil. Raises ChainError."""
        launched = launch((config or Config()).check())
        try:
            node = launched.node
            self_test(node.l2.rpc, node.rollup, node.state.head.origin)
            node.resume()
            fund(node, node.config)
            return cls(launched)._begin()
        except BaseException:
            launched.close()
            raise

    @classmethod
    def load(cls, path: str | Path, l1_port: int = 0, l2_port: int = 0) -> Self:
        """Go on where a saved devnet stopped. Raises SavedStateError, ChainError."""
        return cls(load(Path(path), l1_port, l2_port))._begin()

    @in_turn
    def dump(self, path: str | Path) -> None:
        """Save both chains and the node into one file."""
        save(self._launched, Path(path))

    def close(self) -> None:
        """End both chains. A second call does nothing."""
        self._ticker.stop()
        self._launched.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def turn(self) -> RLock:
        """Held while something works on the chains."""
        return self.node.turn

    @property
    def descriptor(self) -> Descriptor:
        """Urls, addresses and accounts, as they are written for other programs."""
        return describe(self._launched)

    def check(self) -> None:
        """Raise what has ended the thread of real time, or a dead chain's NodeDeadError."""
        if self._ticker.failure is not None:
            raise self._ticker.failure
        for process in (self._launched.l1, self._launched.l2):
            if not process.alive:
                raise NodeDeadError(process.url, "anything", "anvil has ended")

    # --- time ------------------------------------------------------------------------------------

    @in_turn
    def step(self, count: int = 1) -> None:
        """Let the time of so many L2 blocks pass."""
        for _ in range(count):
            self.node.step()

    @in_turn
    def sync(self) -> None:
        """Mine L1 now, and let L2 derive all of it."""
        self.node.sync()

    @in_turn
    def warp(self, seconds: int) -> None:
        """Let seconds, hours or days pass at once, on both chains."""
        self.node.warp(seconds)

    @property
    def safe(self) -> int:
        """The last L2 block that can be derived from L1; ask the anvil, and it only guesses."""
        return self.node.state.safe

    @property
    def blocks(self) -> tuple[Block, ...]:
        """All L2 blocks, with their origins and what users put in."""
        return tuple(self.node.state.blocks)

    # --- the way out -----------------------------------------------------------------------------

    def withdrawal(self, hash: str, index: int = 0) -> Withdrawal:
        """A withdrawal by its L2 transaction. Raises UnknownWithdrawalError."""
        return withdrawals.find(self.node, hash, index)

    def withdrawal_of(self, message: Message, block: int) -> Withdrawal:
        """A withdrawal by its contents and the L2 block that it should be in."""
        return Withdrawal(self.node, message, block)

    # --- faults ----------------------------------------------------------------------------------

    @in_turn
    def l1_reorg(self, depth: int, *, replay: bool = False) -> None:
        """Replace the last L1 blocks; L2 goes back and is derived anew. Raises ReorgDepthError."""
        self.node.l1_reorg(depth, replay=replay)

    @in_turn
    def lie(self) -> None:
        """Make the next proposed output a false one."""
        self.node.state.lying = True

    @in_turn
    def challenge(self) -> int | None:
        """Let the challenger contest the first false output; its index, None if there is none."""
        return self.node.challenge()

    @in_turn
    def snapshot(self) -> int:
        """Remember both chains and the node; what waits in L1's pool is left out."""
        self._taken += 1
        self._snapshots[self._taken] = self.node.snapshot()
        return self._taken

    @in_turn
    def revert(self, number: int) -> None:
        """Go back to a snapshot, which is used up by it. Raises SnapshotError."""
        found = self._snapshots.get(number)
        if found is None or not self.node.revert(found):
            raise SnapshotError(number)
        for later in [taken for taken in self._snapshots if taken >= number]:
            del self._snapshots[later]

    # --- what it proves, what it costs -----------------------------------------------------------

    @in_turn
    def verify(self) -> Report:
        """Rebuild L2 up to `safe` from L1 alone, on another anvil, and compare every hash."""
        rollup, genesis = self.node.rollup, self.node.state.blocks[0]
        posted = read_l1(self.l1.rpc, rollup)
        with fresh_l2(self._launched.place, 0) as other:
            verifier = Verifier(rollup, posted, other.rpc, genesis)
            return compare(verifier, self.l2.rpc, self.safe)

    @in_turn
    def costs(self) -> Costs:
        """What L1 took for the batches, and what L2 charged for it."""
        return costing.costs(self.node.rollup, self.node.state)

    def _begin(self) -> Self:
        if self.config.clock == "real":
            self._ticker.start()
        return self

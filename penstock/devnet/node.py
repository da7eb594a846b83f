"""Edge: the rollup node: sequencer, batcher and proposer over two chains, driven step by step.

    step    one L2 block later; L1 gets a block when one is due
    sync    an L1 block now, and L2 blocks until L2 has derived it
    warp    the same after seconds, hours or days

Nothing here knows what time it is: `state.now` goes on when a caller says so.
"""

from threading import RLock
from typing import Final

from msgspec import Struct

from penstock.devnet.batcher import Batcher
from penstock.devnet.chain import Chain
from penstock.devnet.config import Config, Rollup
from penstock.devnet.contracts import Addresses
from penstock.devnet.deposits import Origin
from penstock.devnet.engine import Engine
from penstock.devnet.errors import ReorgDepthError
from penstock.devnet.games import Games
from penstock.devnet.l1 import L1
from penstock.devnet.ledger import Ledger
from penstock.devnet.oracle import Oracle
from penstock.devnet.party import Party
from penstock.devnet.pool import Pool
from penstock.devnet.proposer import Proposer
from penstock.devnet.sequencer import ReorgSeen, Sequencer
from penstock.devnet.state import State


class Snapshot(Struct, frozen=True):
    """Both chains and the node at one moment."""

    l1: str
    l2: str
    state: State
    held: int
    """The L1 block that was held by the snapshot before."""


class Node:
    """Owns the state. `floor` is the last L1 block of the start; no reorg removes it.

    NOTE: nor the block that a snapshot was taken at (`held`): anvil cannot go back to a block that
    is no more, and has no chain at all afterwards.
    """

    def __init__(
        self, config: Config, rollup: Rollup, addresses: Addresses, l1: L1, l2: Chain, state: State
    ) -> None:
        self.config: Final = config
        self.rollup: Final = rollup
        self.addresses: Final = addresses
        self.l1: Final = l1
        self.l2: Final = l2
        self.engine: Final = Engine(l2.rpc)
        self.sequencer: Final = Sequencer(rollup, l1, self.engine, Pool(l2.rpc))
        self.batcher: Final = Batcher(config, rollup, l1)
        self.ledger: Final = _ledger(config, rollup, addresses, l1)
        self.proposer: Final = Proposer(config.output_interval, self.ledger, l1, l2)
        self.state: State = state
        self.floor: int = rollup.l1_origin
        self.held: int = 0
        self.turn: Final = RLock()

    def step(self, time: int = 0) -> None:
        """Let one L2 block's time pass, or come to a given time."""
        state = self.state
        state.now = time or state.now + self.config.l2_block
        if state.now - self.l1.latest().time >= self.config.l1_block:
            self._mine_l1()
        self._follow()

    def sync(self) -> None:
        """Mine L1 now and let L2 derive all of it."""
        self._leap(self.state.now)

    def warp(self, seconds: int) -> None:
        """Let time pass at once: one L1 block at its end, and L2 after it.

        NOTE: a game ends with a transaction, so each one that can be ended on the way has a block.
        """
        end = self.state.now + seconds
        for due in sorted({due for due in self.state.games.values() if due < end}):
            self._leap(due)
        self._leap(end)
        self.state.warped += seconds

    def next_time(self) -> int:
        """The time of the L1 block that `sync` would make."""
        return max(self.state.now + self.config.l2_block, self.l1.latest().time + 1)

    def l1_reorg(self, depth: int, *, replay: bool) -> None:
        """Replace the last L1 blocks by empty ones, and derive L2 anew from what is left.

        With `replay` the users' transactions of the lost blocks wait for the next L1 block, as
        they would in the pools of a real network. Raises ReorgDepthError.
        """
        latest = self.l1.latest()
        most = min(latest.number - max(self.floor, self.held), self.config.history - 1)
        if not 1 <= depth <= most:
            raise ReorgDepthError(depth, most)
        lost = self._lost(latest.number - depth + 1, latest.number) if replay else []
        self.state.reorgs += 1
        self.l1.reorg(depth, latest.time, self.state.reorgs)
        self._recover()
        self.l1.rpc.attempt([("eth_sendRawTransaction", [signed]) for signed in lost])
        self._catch_up()

    def snapshot(self) -> Snapshot:
        """Remember both chains and the node, and what waits for L2."""
        self.sequencer.pool.look(self.state)
        first, second = (chain.rpc.call("evm_snapshot") for chain in (self.l1, self.l2))
        held, self.held = self.held, self.l1.height()
        return Snapshot(first, second, self.state.copy(), held)

    def revert(self, snapshot: Snapshot) -> bool:
        """Go back to a snapshot, which is used up by it; False when it was before."""
        done = [
            bool(chain.rpc.call("evm_revert", number))
            for chain, number in ((self.l1, snapshot.l1), (self.l2, snapshot.l2))
        ]
        if not all(done):
            return False
        self.state, self.held = snapshot.state.copy(), snapshot.held
        self.resume()
        return True

    def resume(self) -> None:
        """Take up the work after the chains were put to what `state` says."""
        self.l1.rpc.call("anvil_dropAllTransactions")
        self.l1.settle(self.state.now)
        self.engine.refresh()
        self.sequencer.pool.reset(self.state)
        for party in self._parties:
            party.resync()

    def challenge(self) -> int | None:
        """Let the challenger contest the first false output; its index, or None if all are true."""
        index = self.proposer.challenge(self.state, self.next_time())
        if index is not None:
            self.sync()
        return index

    @property
    def _parties(self) -> tuple[Party, ...]:
        return self.batcher.party, self.proposer.party, self.proposer.challenger

    def _leap(self, time: int) -> None:
        self.state.now = max(time, self.next_time())
        self._mine_l1()
        self._catch_up()

    def _mine_l1(self) -> None:
        """An L1 block at `state.now`, with what the parties have to say by then."""
        state = self.state
        self.batcher.submit(state, state.now)
        self.proposer.submit(state, state.now)
        self.l1.mine(state.now)
        self.batcher.confirm(state)
        self.proposer.confirm(state)

    def _follow(self) -> None:
        """One L2 block, if one is due. Blocks on a vanished L1 are given up first."""
        try:
            built = self.sequencer.advance(self.state)
        except ReorgSeen:
            self._recover()
            built = self.sequencer.advance(self.state)
        if built is not None:
            self.proposer.remember(self.state)

    def _catch_up(self) -> None:
        """Let L2 derive every L1 block, with one L2 block in any case."""
        self._follow()
        while self.state.head.origin.number < self.l1.height():
            self.state.now += self.config.l2_block
            self._follow()

    def _recover(self) -> None:
        """Give up everything that stands on L1 blocks that are no more."""
        state = self.state
        number = state.head.number
        standing: dict[int, bool] = {}
        while number and not self._stands(state.blocks[number].origin, standing):
            number -= 1
        self.sequencer.rollback(state, number)
        self.proposer.forget(state)
        self.batcher.turn_back(state)
        self.proposer.turn_back(state)

    def _stands(self, origin: Origin, known: dict[int, bool]) -> bool:
        if origin.number not in known:
            found = self.l1.origin(origin.number)
            known[origin.number] = found is not None and found.hash == origin.hash
        return known[origin.number]

    def _lost(self, first: int, last: int) -> list[str]:
        """Transactions of L1 blocks as they were sent, those of the rollup's parties left out."""
        parties = {party.key.address for party in self._parties}
        blocks = self.l1.rpc.together(
            [("eth_getBlockByNumber", [hex(n), True]) for n in range(first, last + 1)]
        )
        hashes = [t["hash"] for b in blocks for t in b["transactions"] if t["from"] not in parties]
        return self.l1.rpc.together([("eth_getRawTransactionByHash", [hash]) for hash in hashes])


def _ledger(config: Config, rollup: Rollup, addresses: Addresses, l1: L1) -> Ledger:
    """Where outputs are kept."""
    if config.proofs == "games":
        return Games(config, addresses, l1)
    return Oracle(config, rollup, addresses, l1)

"""Edge: the next L2 block: its origin, its time, its deposits, and users' transactions in order.

an origin is followed by itself or by its successor, so no deposit is passed over
deposits come in the first block of their origin, before any user's transaction
a block's time is after its parent's and not before its origin's
while the sequencer is down there is one block per origin, of deposits alone ("forced")
"""

from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

from penstock.devnet.config import Rollup
from penstock.devnet.deposits import Deposit, Origin, attributes
from penstock.devnet.engine import Built, Engine
from penstock.devnet.l1 import L1
from penstock.devnet.pool import Pool
from penstock.devnet.state import Block, State

Policy: TypeAlias = Callable[[Sequence[bytes]], Sequence[bytes]]
"""Puts users' signed transactions in order; what it leaves out keeps waiting."""


def first_come(waiting: Sequence[bytes]) -> Sequence[bytes]:
    """In order of arrival."""
    return waiting


class ReorgSeen(Exception):
    """L1 has other blocks now than those that L2 was derived from."""


class Sequencer:
    """Builds blocks and keeps the log of them."""

    def __init__(self, rollup: Rollup, l1: L1, engine: Engine, pool: Pool) -> None:
        self.rollup: Final = rollup
        self.l1: Final = l1
        self.engine: Final = engine
        self.pool: Final = pool
        self.policy: Policy = first_come

    def advance(self, state: State) -> Block | None:
        """Build the block that is due at `state.now`; None in an outage when L1 has no new block.

        Raises ReorgSeen when the origins that L2 stands on are gone.
        """
        origin = self._next_origin(state)
        if state.sequencing:
            time = max(state.now, state.head.time + 1)
            if origin is not None and origin.time > time:
                origin = None
            return self._add(state, origin, time, forced=False)
        if origin is None:
            self.pool.look(state)
            return None
        time = forced_time(self.rollup, state.head, origin)
        return self._add(state, origin, time, forced=True)

    def rollback(self, state: State, number: int) -> None:
        """Turn L2 back to a block; users' transactions of later ones wait again."""
        self.pool.look(state)
        gaps = self.pool.gaps()
        lost = [signed for block in state.blocks[number + 1 :] for signed in block.users]
        del state.blocks[number + 1 :]
        self.engine.rollback(number)
        self.pool.requeue(state, lost)
        self.pool.reset(state, gaps)

    def _next_origin(self, state: State) -> Origin | None:
        current = state.head.origin
        following = self.l1.origin(current.number + 1)
        if following is not None and following.parent != current.hash:
            raise ReorgSeen
        return following

    def _add(self, state: State, origin: Origin | None, time: int, *, forced: bool) -> Block:
        parent = state.head
        waiting = self.pool.take(state)
        users = [] if forced else list(self.policy(waiting))
        sequence = 0 if origin else parent.sequence + 1
        deposits = derived(self.rollup, origin or parent.origin, sequence, self._fresh(origin))
        built = self.engine.build(time, deposits, users)
        self.pool.settle(state, built.users)
        block = log_entry(built, origin or parent.origin, sequence, forced=forced)
        state.blocks.append(block)
        state.now = max(state.now, block.time)
        return block

    def _fresh(self, origin: Origin | None) -> list[Deposit]:
        return [] if origin is None else self.l1.deposits(origin, self.rollup.portal)


def forced_time(rollup: Rollup, parent: Block, origin: Origin) -> int:
    """When a block is that is derived without a sequencer."""
    return max(parent.time + rollup.l2_block, origin.time)


def derived(
    rollup: Rollup, origin: Origin, sequence: int, deposits: Sequence[Deposit]
) -> list[Deposit]:
    """What L1 alone decides of a block."""
    return [attributes(rollup, origin, sequence), *deposits]


def log_entry(built: Built, origin: Origin, sequence: int, *, forced: bool) -> Block:
    """What the node keeps of a block."""
    header = built.header
    return Block(
        header.number, header.hash, header.time, origin, sequence, built.users, forced=forced
    )

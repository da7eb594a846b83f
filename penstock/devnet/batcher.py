"""Edge: posts the blocks of L2 to the inbox on L1, so that anybody can rebuild them."""

from collections.abc import Sequence
from typing import Final

from msgspec.structs import replace

from penstock.devnet.accounts import role
from penstock.devnet.batch import channel_of, pack
from penstock.devnet.chain import Receipt
from penstock.devnet.config import Config, Rollup
from penstock.devnet.l1 import L1
from penstock.devnet.party import Party
from penstock.devnet.state import Posting, State

_FLOOR: Final = 40
"""L1 gas per byte that is not zero, by EIP-7623."""
_BASE: Final = 21_000


class Batcher:
    """Posts what has been sequenced since the last batch."""

    def __init__(self, config: Config, rollup: Rollup, l1: L1) -> None:
        self.interval: Final = config.batch_interval
        self.rollup: Final = rollup
        self.l1: Final = l1
        self.party: Final = Party(l1, role("batcher"))

    def submit(self, state: State, time: int) -> None:
        """Put the frames of a new batch into L1's pool, for the block at `time`."""
        state.rounds += 1
        first, last = state.posted + 1, state.head.number
        if not state.batching or first > last or state.rounds < self.interval:
            return
        state.rounds = 0
        blocks = state.blocks[first - 1 :]
        if all(block.forced for block in blocks[1:]):
            return
        frames = pack(channel_of(blocks))
        users = [signed for block in blocks[1:] for signed in block.users]
        state.postings.append(
            Posting(
                first=first,
                last=last,
                hashes=tuple(self._send(frame, time) for frame in frames),
                size=sum(map(len, frames)),
                unpacked=sum(map(len, users)),
                transactions=len(users),
            )
        )

    def confirm(self, state: State) -> None:
        """Learn which batches the newest L1 block holds."""
        for place, posting in enumerate(state.postings):
            if not posting.block:
                receipts = [self.l1.receipt(hash) for hash in posting.hashes]
                found = [receipt for receipt in receipts if receipt is not None]
                if len(found) == len(receipts):
                    state.postings[place] = _mined(posting, found)

    def turn_back(self, state: State) -> None:
        """Forget batches that L1 holds no more: their blocks are posted anew."""
        while state.postings and not all(map(self.l1.receipt, state.postings[-1].hashes)):
            state.postings.pop()
        self.party.resync()

    def _send(self, frame: bytes, time: int) -> str:
        gas = _BASE + _FLOOR * len(frame)
        return self.party.send(self.rollup.inbox, frame, gas, time)


def _mined(posting: Posting, receipts: Sequence[Receipt]) -> Posting:
    return replace(
        posting,
        block=max(receipt.block for receipt in receipts),
        gas=sum(receipt.gas for receipt in receipts),
        paid=sum(receipt.fee for receipt in receipts),
    )

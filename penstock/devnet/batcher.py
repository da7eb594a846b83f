"""Edge: posts the blocks of L2 to the inbox on L1, so that anybody can rebuild them."""

from collections.abc import Iterator, Sequence
from typing import Final

from msgspec.structs import replace

from penstock.devnet.accounts import role
from penstock.devnet.batch import HEAD, PIECE, channel_of, pack
from penstock.devnet.blobs import USABLE, sidecars
from penstock.devnet.chain import Receipt
from penstock.devnet.config import Config, Data, Rollup
from penstock.devnet.l1 import L1
from penstock.devnet.party import Party
from penstock.devnet.state import Block, Posting, State

_FLOOR: Final = 40
"""L1 gas per byte that is not zero, by EIP-7623."""
_BASE: Final = 21_000
_ROOM: Final = 700_000
"""Bytes of users' transactions in one batch, unless a single block has more.

Even if nothing compresses they fit six blobs, or half of an L1 block as calldata. So does any
single block: 30,000,000 gas buy 750,000 bytes that are not zero.
"""


class Batcher:
    """Posts what has been sequenced since the last batch."""

    def __init__(self, config: Config, rollup: Rollup, l1: L1) -> None:
        self.interval: Final = config.batch_interval
        self.data: Final[Data] = config.data
        self.rollup: Final = rollup
        self.l1: Final = l1
        self.party: Final = Party(l1, role("batcher"))

    def submit(self, state: State, time: int) -> None:
        """Put the frames of a new batch into L1's pool, for the block at `time`.

        What one L1 block may have no room for is left to the next.
        """
        state.rounds += 1
        first, last = state.posted + 1, state.head.number
        if not state.batching or first > last or state.rounds < self.interval:
            return
        blocks = _fitting(state.blocks[first - 1 :])
        state.rounds = 0 if blocks[-1].number == last else state.rounds
        if not all(block.forced for block in blocks[1:]):
            state.postings.append(self._post(blocks, time))

    def _post(self, blocks: Sequence[Block], time: int) -> Posting:
        """Send `blocks[1:]`; the first one is their parent."""
        blobs = self.data == "blobs"
        frames = pack(channel_of(blocks), USABLE - HEAD if blobs else PIECE)
        users = [signed for block in blocks[1:] for signed in block.users]
        return Posting(
            first=blocks[1].number,
            last=blocks[-1].number,
            hashes=tuple((self._send_blobs if blobs else self._send)(frames, time)),
            size=sum(map(len, frames)),
            unpacked=sum(map(len, users)),
            transactions=len(users),
        )

    def confirm(self, state: State) -> None:
        """Learn which batches the newest L1 block holds; take back what it had no room for."""
        for place, posting in enumerate(state.postings):
            if not posting.block:
                receipts = [self.l1.receipt(hash) for hash in posting.hashes]
                found = [receipt for receipt in receipts if receipt is not None]
                if len(found) == len(receipts):
                    state.postings[place] = _mined(posting, found)
        if state.postings and not state.postings[-1].block:
            # NOTE: a pool drops what follows a transaction that found no room.
            self.turn_back(state)

    def turn_back(self, state: State) -> None:
        """Forget batches that L1 holds no more: their blocks are posted anew."""
        while state.postings and not all(map(self.l1.receipt, state.postings[-1].hashes)):
            state.postings.pop()
        self.party.resync()

    def _send(self, frames: Sequence[bytes], time: int) -> Iterator[str]:
        for frame in frames:
            gas = _BASE + _FLOOR * len(frame)
            yield self.party.send(self.rollup.inbox, frame, gas, time)

    def _send_blobs(self, frames: Sequence[bytes], time: int) -> Iterator[str]:
        for sidecar in sidecars(frames):
            yield self.party.send_blobs(self.rollup.inbox, sidecar, time)


def _fitting(blocks: Sequence[Block]) -> Sequence[Block]:
    """The parent, and as many blocks after it as are sure to find room."""
    size = 0
    for place, block in enumerate(blocks):
        more = sum(map(len, block.users)) if place else 0
        if size and size + more > _ROOM:
            return blocks[:place]
        size += more
    return blocks


def _mined(posting: Posting, receipts: Sequence[Receipt]) -> Posting:
    return replace(
        posting,
        block=max(receipt.block for receipt in receipts),
        gas=sum(receipt.gas for receipt in receipts),
        paid=sum(receipt.fee for receipt in receipts),
        blob_gas=sum(receipt.blob_gas for receipt in receipts),
    )

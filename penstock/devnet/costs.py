"""What posting to L1 cost, against what L2 charged for it.

    paid = gas · what L1 took per gas + blob gas · what L1 took per blob gas        wei

NOTE: L1's blob base fee is anvil's own: 1 wei unless blocks hold more than six blobs. The fee that
L2 is told (`Config.blob_base_fee`) is another. What blobs would have cost at that one is
`blob_gas` times it.

Receipts of this node name no L1 fee, and a wallet's "total fees" leave it out: ask here.
"""

from collections.abc import Iterator

from msgspec import Struct

from penstock.devnet.accounts import transaction_hash
from penstock.devnet.config import Rollup
from penstock.devnet.fees import data_fee
from penstock.devnet.state import Posting, State


class TransactionCost(Struct, frozen=True):
    """One user's transaction on L2: its bytes, and the L1 fee that it was charged, in wei."""

    hash: str
    block: int
    size: int
    charged: int


class BatchCost(Struct, frozen=True):
    """One posted batch: L1 gas, what L1 took (`paid`) and what L2 had charged for it, in wei.

    `gas` is that of execution, `blob_gas` the blobs' (131,072 each); `size` is bytes of frames.
    """

    first: int
    last: int
    size: int
    unpacked: int
    transactions: int
    gas: int
    paid: int
    charged: int
    blob_gas: int = 0


class Costs(Struct, frozen=True):
    """Everything since genesis."""

    transactions: tuple[TransactionCost, ...]
    batches: tuple[BatchCost, ...]

    @property
    def charged(self) -> int:
        """L1 fees that L2 took, in wei."""
        return sum(cost.charged for cost in self.transactions)

    @property
    def paid(self) -> int:
        """What the batcher paid to L1, in wei, for gas and blob gas."""
        return sum(batch.paid for batch in self.batches)

    @property
    def blob_gas(self) -> int:
        """Blob gas that the batches took; 0 where they are calldata."""
        return sum(batch.blob_gas for batch in self.batches)

    @property
    def gas_per_byte(self) -> float:
        """L1 gas per posted byte, the base price of transactions included, blob gas left out."""
        size = sum(batch.size for batch in self.batches)
        return sum(batch.gas for batch in self.batches) / size if size else 0.0


def costs(rollup: Rollup, state: State) -> Costs:
    """Add up what the node knows."""
    found = tuple(_transactions(rollup, state))
    by_block: dict[int, int] = {}
    for cost in found:
        by_block[cost.block] = by_block.get(cost.block, 0) + cost.charged
    batches = (_batch(posting, by_block) for posting in state.postings if posting.block)
    return Costs(found, tuple(batches))


def _transactions(rollup: Rollup, state: State) -> Iterator[TransactionCost]:
    for block in state.blocks:
        for signed in block.users:
            fee = data_fee(rollup, block.origin, signed)
            yield TransactionCost(transaction_hash(signed), block.number, len(signed), fee)


def _batch(posting: Posting, by_block: dict[int, int]) -> BatchCost:
    charged = sum(by_block.get(n, 0) for n in range(posting.first, posting.last + 1))
    return BatchCost(
        *(posting.first, posting.last, posting.size, posting.unpacked, posting.transactions),
        *(posting.gas, posting.paid, charged, posting.blob_gas),
    )

"""Edge: a party of the rollup that sends transactions to L1: batcher, proposer or challenger."""

from typing import Final

from penstock.devnet.accounts import (
    BlobTransaction,
    Key,
    Transaction,
    transaction_hash,
    with_blobs,
)
from penstock.devnet.blobs import Sidecar
from penstock.devnet.hashing import hexed
from penstock.devnet.l1 import L1

_HEADROOM: Final = 10
"""How many times the base fee a party is ready to pay, so that a steep curve does not stop it."""


class Party:
    """Counts its own nonce; `resync` after the chain was turned back."""

    def __init__(self, l1: L1, key: Key) -> None:
        self.l1: Final = l1
        self.key: Final = key
        self._nonce: int | None = None

    def send(self, to: str, data: bytes, gas: int, time: int, value: int = 0) -> str:
        """Send for the L1 block at `time`."""
        cap = _HEADROOM * self.l1.fee(time)
        transaction = Transaction(self.l1.chain_id, self._next(), gas, to, data, value, cap)
        signed = transaction.sign(self.key)
        return self._post(signed, signed)

    def send_blobs(self, to: str, sidecar: Sidecar, time: int) -> str:
        """Send blobs for the L1 block at `time`, or a later one where that has no room."""
        caps = _HEADROOM * self.l1.fee(time), _HEADROOM * self.l1.blob_fee()
        transaction = BlobTransaction(self.l1.chain_id, self._next(), to, sidecar.hashes, *caps)
        signed = transaction.sign(self.key)
        return self._post(signed, with_blobs(signed, sidecar))

    def _next(self) -> int:
        if self._nonce is None:
            self._nonce = self.l1.nonce(self.key.address)
        return self._nonce

    def _post(self, signed: bytes, sent: bytes) -> str:
        self.l1.rpc.call("eth_sendRawTransaction", hexed(sent))
        self._nonce = self._next() + 1
        return transaction_hash(signed)

    def resync(self) -> None:
        """Take back what waits, and ask the chain for the nonce before the next transaction."""
        self.l1.rpc.call("anvil_removePoolTransactions", self.key.address)
        self._nonce = None

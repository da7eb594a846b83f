"""Edge: one account that sends transactions: its own nonce counter, one price, quick receipts.

    SendError                 RuntimeError   a transaction is not in the chain as it should be
    └── ReceiptMissingError   TimeoutError   the node does not answer with a receipt in time

A node is asked for the nonce once. Whoever shares the account with another program calls `resync`.
The price is the sender's first offer and stays: `bidding` is for what must come into a block.
"""

import time
from typing import Any, Final

from msgspec import Struct

from penstock.artifacts import ContractRevert
from penstock.errors import PenstockError
from penstock.rpc import Rpc, RpcError
from penstock.signing import Signer
from penstock.transactions import Fees, Transaction, sign, transaction_hash

POLL: Final = 0.005
"""Seconds between two questions for a receipt."""
PATIENCE: Final = 30.0


class SendError(PenstockError, RuntimeError):
    """A transaction is not in the chain as it should be."""


class ReceiptMissingError(SendError, TimeoutError):
    """A transaction was sent and no receipt has come."""

    def __init__(self, hash: str, seconds: float) -> None:
        self.hash: Final = hash
        super().__init__(
            f"transaction {hash} has no receipt after {seconds:.0f} s; it may still be settled: "
            f"see whether the node mines, and resume before you send anything again"
        )


class Receipt(Struct, frozen=True):
    """What became of a transaction."""

    hash: str
    block: int
    gas: int
    succeeded: bool
    created: str
    logs: list[dict[str, Any]]


class Sender:
    """Signs and sends with one key."""

    def __init__(self, rpc: Rpc, signer: Signer, fees: Fees | None = None) -> None:
        self.rpc: Final = rpc
        self.signer: Final = signer
        self.address: Final = "0x" + signer.address.hex()
        self.fees: Final = fees or Fees()
        self.chain_id: Final = int(rpc.call("eth_chainId"), 16)
        self.nonce: int = 0
        self.resync()

    def resync(self) -> None:
        """Take the nonce from the node, what waits in its pool included."""
        self.nonce = int(self.rpc.call("eth_getTransactionCount", self.address, "pending"), 16)

    def counts(self) -> tuple[int, int]:
        """How many transactions of the account are mined, and how many the node knows."""
        asked = [("eth_getTransactionCount", (self.address, tag)) for tag in ("latest", "pending")]
        mined, known = (int(count, 16) for count in self.rpc.batch(asked))
        return mined, known

    def waiting(self) -> int:
        """How many transactions of the account wait in the node's pool."""
        mined, known = self.counts()
        return known - mined

    def draft(
        self, to: str, data: bytes, gas: int, nonce: int | None = None, value: int = 0
    ) -> Transaction:
        """Write a transaction, the next one or that of a nonce; it is not counted yet."""
        target = bytes.fromhex(to.removeprefix("0x"))
        number = self.nonce if nonce is None else nonce
        return Transaction(self.chain_id, number, gas, target, data, value)

    def submit(self, draft: Transaction, fees: Fees) -> str:
        """Sign for an offer, send and count it. A refused transaction does not use a nonce."""
        raw = sign(draft, fees, self.signer)
        try:
            self.rpc.call("eth_sendRawTransaction", "0x" + raw.hex())
        except (RpcError, ContractRevert):
            self.resync()
            raise
        self.nonce = max(self.nonce, draft.nonce + 1)
        return transaction_hash(raw)

    def send(self, to: str, data: bytes, gas: int, value: int = 0) -> str:
        """Send at the sender's price and return the hash without waiting."""
        return self.submit(self.draft(to, data, gas, value=value), self.fees)

    def wait(self, hash: str, patience: float = PATIENCE) -> Receipt:
        """Wait for the receipt. Raises ReceiptMissingError."""
        deadline = time.monotonic() + patience
        while (found := self.rpc.call("eth_getTransactionReceipt", hash)) is None:
            if time.monotonic() > deadline:
                raise ReceiptMissingError(hash, patience)
            time.sleep(POLL)  # a node does not push receipts over HTTP; it can only be asked again
        return read_receipt(found)

    def transact(self, to: str, data: bytes, gas: int, value: int = 0) -> Receipt:
        """Send, wait, and raise ContractRevert when the contract undid it."""
        receipt = self.wait(self.send(to, data, gas, value))
        if not receipt.succeeded:
            self.explain(receipt, to, data, gas, value)
        return receipt

    def explain(self, receipt: Receipt, to: str, data: bytes, gas: int, value: int = 0) -> None:
        """Raise what a failed transaction met, by asking again."""
        money = {"gas": hex(gas), "value": hex(value)}
        question = {"from": self.address, "data": "0x" + data.hex(), **money}
        if to:
            question["to"] = to
        # NOTE: the state after the block: what a rival did in the same block shows there.
        self.rpc.call("eth_call", question, hex(receipt.block))
        raise SendError(f"transaction {receipt.hash} failed with {receipt.gas} of {gas} gas used")


def read_receipt(found: dict[str, Any]) -> Receipt:
    """Read what a node says of a transaction."""
    return Receipt(
        hash=found["transactionHash"],
        block=int(found["blockNumber"], 16),
        gas=int(found["gasUsed"], 16),
        succeeded=int(found["status"], 16) == 1,
        created=found.get("contractAddress") or "",
        logs=found["logs"],
    )

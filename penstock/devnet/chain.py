"""Edge: one chain as a user of it: read, sign, send, ask for receipts."""

from collections.abc import Mapping
from typing import Any, Final

from msgspec import Struct

from penstock.devnet.abi import contract
from penstock.devnet.accounts import Key, Transaction
from penstock.devnet.errors import CallRevertedError
from penstock.devnet.hashing import hexed, raw
from penstock.devnet.rpc import Rpc

_MOST_GAS: Final = 25_000_000
_HEADROOM: Final = 4
"""Times the latest base fee that a sender is ready to pay, for a curve that is steep."""


class Receipt(Struct, frozen=True):
    """What became of a transaction. `fee` is what its gas and its blob gas cost, in wei.

    A fee that L2 took for L1 is in neither.
    """

    hash: str
    block: int
    block_hash: str
    index: int
    gas: int
    fee: int
    succeeded: bool
    created: str
    logs: list[dict[str, Any]]
    blob_gas: int = 0


class Chain:
    """A node and the conveniences around it."""

    def __init__(self, rpc: Rpc, chain_id: int) -> None:
        self.rpc: Final = rpc
        self.chain_id: Final = chain_id

    @property
    def url(self) -> str:
        """Where the node answers."""
        return self.rpc.url

    def balance(self, address: str, block: int | str = "latest") -> int:
        """Ether of an account, in wei."""
        tag = block if isinstance(block, str) else hex(block)
        return self.rpc.number("eth_getBalance", address, tag)

    def nonce(self, address: str) -> int:
        """The next nonce of an account, what waits in the pool included."""
        return self.rpc.number("eth_getTransactionCount", address, "pending")

    def height(self) -> int:
        """Number of the latest block."""
        return self.rpc.number("eth_blockNumber")

    def block(self, number: int | str = "latest") -> dict[str, Any]:
        """A block with the hashes of its transactions, as the node shows it."""
        tag = number if isinstance(number, str) else hex(number)
        found: dict[str, Any] = self.rpc.call("eth_getBlockByNumber", tag, False)
        return found

    def read(self, address: str, name: str, function: str, *arguments: object) -> Any:
        """Call a view of one of the rollup's contracts. Raises CallRevertedError."""
        return self.read_all(address, name, (function, *arguments))[0]

    def read_all(self, address: str, name: str, *calls: tuple[Any, ...]) -> list[Any]:
        """Call several views at once, each a name and its arguments. Raises CallRevertedError."""
        called = [(contract(name).functions[function], rest) for function, *rest in calls]
        datas = [hexed(function.encode(*rest)) for function, rest in called]
        asked = [("eth_call", [{"to": address, "data": data}, "latest"]) for data in datas]
        answers = self.rpc.together(asked)
        return [
            found.decode(raw(answer)) for (found, _), answer in zip(called, answers, strict=True)
        ]

    def send(
        self, key: Key, to: str, data: bytes = b"", value: int = 0, gas: int = 0, nonce: int = -1
    ) -> str:
        """Sign and send; return the hash without waiting for a block.

        Without `gas` the node is asked how much is needed, and half as much again is allowed.
        Raises CallRevertedError when the transaction would fail, NodeRefusedError when it cannot.
        """
        allowed = gas or self._estimate(key, to, data, value)
        number = self.nonce(key.address) if nonce < 0 else nonce
        cap = _HEADROOM * self.base_fee()
        transaction = Transaction(self.chain_id, number, allowed, to, data, value, cap)
        return str(self.rpc.call("eth_sendRawTransaction", hexed(transaction.sign(key))))

    def base_fee(self) -> int:
        """Of the latest block, in wei per gas."""
        return int(self.block()["baseFeePerGas"], 16)

    def receipt(self, hash: str) -> Receipt | None:
        """What became of a transaction, or None while no block holds it."""
        found = self.rpc.call("eth_getTransactionReceipt", hash)
        return None if found is None else read_receipt(found)

    def explain(self, receipt: Receipt) -> CallRevertedError:
        """Why a transaction failed, by asking again on the state before its block."""
        sent = self.rpc.call("eth_getTransactionByHash", receipt.hash)
        question = {word: sent[word] for word in ("from", "to", "value") if sent.get(word)}
        question |= {"data": sent["input"], "gas": sent["gas"]}
        try:
            self.rpc.call("eth_call", question, hex(receipt.block - 1))
        except CallRevertedError as error:
            return error
        return CallRevertedError("Empty")

    def _estimate(self, key: Key, to: str, data: bytes, value: int) -> int:
        question = {"from": key.address, "data": hexed(data), "value": hex(value)}
        if to:
            question["to"] = to
        return min(self.rpc.number("eth_estimateGas", question) * 3 // 2, _MOST_GAS)


def read_receipt(found: Mapping[str, Any]) -> Receipt:
    """Read what a node says of a transaction."""
    gas, blob_gas = int(found["gasUsed"], 16), _quantity(found, "blobGasUsed")
    fee = gas * _quantity(found, "effectiveGasPrice")
    return Receipt(
        hash=found["transactionHash"],
        block=int(found["blockNumber"], 16),
        block_hash=found["blockHash"],
        index=int(found["transactionIndex"], 16),
        gas=gas,
        fee=fee + blob_gas * _quantity(found, "blobGasPrice"),
        succeeded=int(found["status"], 16) == 1,
        created=found.get("contractAddress") or "",
        logs=found["logs"],
        blob_gas=blob_gas,
    )


def _quantity(found: Mapping[str, Any], name: str) -> int:
    return int(found.get(name) or "0x0", 16)

"""Messages from L2 to L1: what was sent, its hash, and where L2 keeps that it was sent."""

from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct

from penstock.devnet.abi import CODEC, contract
from penstock.devnet.hashing import hexed, keccak, raw
from penstock.devnet.predeploys import MESSAGE_PASSER
from penstock.devnet.rpc import Rpc

_FIELDS = ("uint256", "address", "address", "uint256", "uint256", "bytes")


class Message(Struct, frozen=True):
    """What L1 is asked to do: call `target` with `value` wei, `data` and at least `gas`."""

    nonce: int
    sender: str
    target: str
    value: int
    gas: int
    data: bytes

    @property
    def fields(self) -> tuple[int, str, str, int, int, bytes]:
        """As the portal takes them."""
        return self.nonce, self.sender, self.target, self.value, self.gas, self.data

    @property
    def hash(self) -> str:
        """The name of the withdrawal on both chains."""
        return hexed(keccak(CODEC.encode(_FIELDS, self.fields)))


def message_slot(hash: str) -> str:
    """Where the message passer keeps that a message was sent."""
    return hexed(keccak(raw(hash) + bytes(32)))


def messages_in(logs: Iterable[Mapping[str, Any]]) -> list[Message]:
    """The messages among logs of L2, in their order."""
    event = contract("L2ToL1MessagePasser").events["MessagePassed"]
    passed = [
        log
        for log in logs
        if log["address"] == MESSAGE_PASSER and log["topics"][:1] == [event.topic]
    ]
    return [Message(*event.decode(log)[:6]) for log in passed]


def messages_between(rpc: Rpc, first: int, last: int) -> list[Message]:
    """The messages of L2 blocks, both ends included."""
    topic = contract("L2ToL1MessagePasser").events["MessagePassed"].topic
    asked = {"fromBlock": hex(first), "toBlock": hex(last)}
    logs = rpc.call("eth_getLogs", {**asked, "address": MESSAGE_PASSER, "topics": [topic]})
    return messages_in(logs)

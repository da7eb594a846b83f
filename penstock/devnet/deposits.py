"""Transactions that L1 forces into L2: what users deposited, and what L1 says of itself (pure).

The form is that of the OP Stack: 0x7e and RLP of source hash, sender, target, mint, value, gas, the
system flag and data. The first transaction of every block is the attributes transaction, which
tells L2 its L1 origin, the fee scalars and the L1 fees.
"""

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any, Final

from msgspec import Struct

from penstock.devnet.abi import contract
from penstock.devnet.accounts import transaction_hash
from penstock.devnet.config import Rollup
from penstock.devnet.hashing import encode, keccak, raw
from penstock.devnet.predeploys import ATTRIBUTES_SENDER, L1_BLOCK, REJECTOR

TYPE: Final = 0x7E
ATTRIBUTES_GAS: Final = 1_000_000
_ATTRIBUTES: Final = bytes.fromhex("440a5e20")
_USER, _SYSTEM = 0, 1


class Origin(Struct, frozen=True):
    """What L2 knows of an L1 block."""

    number: int
    hash: str
    parent: str
    time: int
    base_fee: int


class Deposit(Struct, frozen=True, dict=True):
    """One forced transaction; `to` is empty for a creation."""

    source: bytes
    sender: str
    to: str
    mint: int
    value: int
    gas: int
    data: bytes

    @cached_property
    def raw(self) -> bytes:
        """The transaction as a node takes it."""
        fields = [self.source, raw(self.sender), raw(self.to), self.mint, self.value, self.gas]
        return bytes([TYPE]) + encode([*fields, 0, self.data])

    @cached_property
    def hash(self) -> str:
        """The hash under which a node knows it."""
        return transaction_hash(self.raw)

    @property
    def rejected(self) -> "Deposit":
        """The same effect as a deposit whose value nobody can pay: it fails, its mint stays.

        NOTE: the protocol includes such a deposit as failed, anvil refuses it. This one calls an
        invalid instruction instead: same mint, nonce and gas, another hash. Sequencer and verifier
        both put it in.
        """
        return Deposit(self.source, self.sender, REJECTOR, self.mint, 0, self.gas, b"")


def attributes(rollup: Rollup, origin: Origin, sequence: int) -> Deposit:
    """The first transaction of a block, `sequence` blocks after the first of its origin."""
    data = b"".join(
        (
            _ATTRIBUTES,
            rollup.base_fee_scalar.to_bytes(4, "big"),
            rollup.blob_base_fee_scalar.to_bytes(4, "big"),
            sequence.to_bytes(8, "big"),
            origin.time.to_bytes(8, "big"),
            origin.number.to_bytes(8, "big"),
            origin.base_fee.to_bytes(32, "big"),
            rollup.blob_base_fee.at(origin.time - rollup.l1_start).to_bytes(32, "big"),
            raw(origin.hash),
            bytes(12) + raw(rollup.batcher),
        )
    )
    source = _source(_SYSTEM, raw(origin.hash), sequence)
    return Deposit(source, ATTRIBUTES_SENDER, L1_BLOCK, 0, 0, ATTRIBUTES_GAS, data)


def from_logs(logs: Iterable[Mapping[str, Any]]) -> list[Deposit]:
    """The deposits among an L1 block's (or a receipt's) logs, in their order."""
    topic = contract("OptimismPortal").events["TransactionDeposited"].topic
    return [_from_log(log) for log in logs if log["topics"] and log["topics"][0] == topic]


def _from_log(log: Mapping[str, Any]) -> Deposit:
    sender, to, _, data = contract("OptimismPortal").events["TransactionDeposited"].decode(log)
    mint, value, gas = (int.from_bytes(data[a:b], "big") for a, b in ((0, 32), (32, 64), (64, 72)))
    creation = data[72] == 1
    source = _source(_USER, raw(log["blockHash"]), int(log["logIndex"], 16))
    return Deposit(source, sender, "" if creation else to, mint, value, gas, data[73:])


def _source(domain: int, l1_hash: bytes, number: int) -> bytes:
    inner = keccak(l1_hash + number.to_bytes(32, "big"))
    return keccak(domain.to_bytes(32, "big") + inner)


def deposit_topic() -> str:
    """What the portal's deposits are found by."""
    return contract("OptimismPortal").events["TransactionDeposited"].topic


def is_deposit(signed: bytes) -> bool:
    """Whether bytes claim to be a forced transaction."""
    return signed[:1] == bytes([TYPE])

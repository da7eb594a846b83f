"""Transactions as bytes: EIP-1559 and legacy (EIP-155), signed by coincurve (pure)."""

from typing import Final, Self

import rlp  # type: ignore[import-untyped]
from msgspec import Struct
from msgspec.structs import replace

from penstock.signing import Signer, keccak

_DYNAMIC_FEE: Final = b"\x02"


class Fees(Struct, frozen=True):
    """An offer in wei per gas; a legacy transaction pays `cap` and nothing else."""

    cap: int = 2_000_000_000
    tip: int = 0
    legacy: bool = False
    ceiling: int = 20_000_000_000
    """No offer that follows this one is higher."""

    def raised(self, base: int, tip: int) -> Self:
        """The next offer where a block asks for `base` and others give `tip`, wei per gas.

        Twice this one, or twice what is asked if that is more, and never above the ceiling. Nodes
        take a replacement that offers a tenth more of both, and no other.
        """
        cap = min(max(2 * self.cap, 2 * base), max(self.cap, self.ceiling))
        return replace(self, cap=cap, tip=min(max(2 * self.tip, tip, 1), cap))


class Transaction(Struct, frozen=True):
    """What a transaction says; `to` is empty for a creation."""

    chain_id: int
    nonce: int
    gas: int
    to: bytes
    data: bytes
    value: int = 0


def sign(transaction: Transaction, fees: Fees, signer: Signer) -> bytes:
    """Write a signed transaction, ready for `eth_sendRawTransaction`."""
    return _legacy(transaction, fees, signer) if fees.legacy else _typed(transaction, fees, signer)


def transaction_hash(raw: bytes) -> str:
    """The hash under which a node knows a signed transaction."""
    return "0x" + keccak(raw).hex()


def _typed(t: Transaction, fees: Fees, signer: Signer) -> bytes:
    fields = [t.chain_id, t.nonce, fees.tip, fees.cap, t.gas, t.to, t.value, t.data, []]
    parity, r, s = _signature(signer, _DYNAMIC_FEE + _encode(fields))
    return _DYNAMIC_FEE + _encode([*fields, parity, r, s])


def _legacy(t: Transaction, fees: Fees, signer: Signer) -> bytes:
    fields = [t.nonce, fees.cap, t.gas, t.to, t.value, t.data]
    parity, r, s = _signature(signer, _encode([*fields, t.chain_id, 0, 0]))
    return _encode([*fields, 35 + 2 * t.chain_id + parity, r, s])


def _signature(signer: Signer, message: bytes) -> tuple[int, int, int]:
    """Parity, r and s, out of the compact form that the signer speaks."""
    compact = signer.sign(keccak(message))
    r, high = int.from_bytes(compact[:32], "big"), int.from_bytes(compact[32:], "big")
    return high >> 255, r, high & ~(1 << 255)


def _encode(fields: list[object]) -> bytes:
    encoded: bytes = rlp.encode(fields)
    return encoded

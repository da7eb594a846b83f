"""Keys, and transactions signed with them (EIP-1559 and EIP-4844, pure).

The ten development accounts are those of the phrase "test test … junk", which every tool of this
kind knows. Roles have keys made from their names. Never use any of them where money is.
"""

from typing import Final

import rlp  # type: ignore[import-untyped]
from coincurve import PrivateKey
from msgspec import Struct

from penstock.devnet.blobs import Sidecar
from penstock.devnet.hashing import encode, hexed, keccak, raw

_TYPE: Final = b"\x02"
_BLOB_TYPE: Final = b"\x03"
_BASE: Final = 21_000
"""Gas of a transaction that carries nothing and runs nothing."""
_PHRASE_KEYS: Final = (
    "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80",
    "59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d",
    "5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a",
    "7c852118294e51e653712a81e05800f419141751be58f605c371e15141b007a6",
    "47e179ec197488593b187f80a00eb0da91f1b9d0b13f8733639f19c30a34926a",
    "8b3a350cf5c34c9194ca85829a2df0ec3153be0318b5e2d3348e872092edffba",
    "92db14e403b83dfe3df233f83dfa3a0d7096f21ca9b0d6d6b8d88b2b4ec1564e",
    "4bbbf85ce3377467afe5d46f804f221813b2bb87f24d81f60f1fcdbf7cbf4356",
    "dbda1821b80551c9d65939329250298aa3472ba22feea921c0cf5d620ea67b97",
    "2a871d0798f97d79848a013d4936a73bf4cc922c825d33c1cf7073dff6d409c6",
)


class Key:
    """A private key and its address."""

    __slots__ = ("_key", "address", "secret")

    def __init__(self, secret: bytes) -> None:
        self.secret: Final = secret
        self._key: Final = PrivateKey(secret)
        point = self._key.public_key.format(compressed=False)[1:]
        self.address: Final = hexed(keccak(point)[12:])

    def sign(self, digest: bytes) -> tuple[int, int, int]:
        """Parity, r and s over 32 bytes."""
        found = self._key.sign_recoverable(digest, hasher=None)
        return found[64], int.from_bytes(found[:32], "big"), int.from_bytes(found[32:64], "big")

    def __repr__(self) -> str:
        return f"Key({self.address})"


class Transaction(Struct, frozen=True):
    """What a transaction says; `to` is empty for a creation, fees are in wei per gas."""

    chain_id: int
    nonce: int
    gas: int
    to: str
    data: bytes = b""
    value: int = 0
    cap: int = 0
    tip: int = 0

    def sign(self, key: Key) -> bytes:
        """Write it signed, ready for `eth_sendRawTransaction`."""
        fields: list[object] = [self.chain_id, self.nonce, self.tip, self.cap, self.gas]
        fields += [raw(self.to), self.value, self.data, []]
        parity, r, s = key.sign(keccak(_TYPE + encode(fields)))
        return _TYPE + encode([*fields, parity, r, s])


class BlobTransaction(Struct, frozen=True):
    """A transaction that names blobs and does nothing else; `blob_cap` is in wei per blob gas."""

    chain_id: int
    nonce: int
    to: str
    hashes: tuple[bytes, ...]
    """The versioned hashes of the blobs."""
    cap: int
    blob_cap: int
    tip: int = 0

    def sign(self, key: Key) -> bytes:
        """Write it signed, as a block holds it and as its hash is made: without the blobs."""
        fields: list[object] = [self.chain_id, self.nonce, self.tip, self.cap, _BASE]
        fields += [raw(self.to), 0, b"", [], self.blob_cap, self.hashes]
        parity, r, s = key.sign(keccak(_BLOB_TYPE + encode(fields)))
        return _BLOB_TYPE + encode([*fields, parity, r, s])


def with_blobs(signed: bytes, sidecar: Sidecar) -> bytes:
    """Put the blobs beside a signed transaction, ready for `eth_sendRawTransaction`."""
    fields = rlp.decode(signed[1:])
    beside = [sidecar.blobs, sidecar.commitments, sidecar.proofs]
    return _BLOB_TYPE + encode([fields, *beside])


def transaction_hash(signed: bytes) -> str:
    """The hash under which a node knows a signed transaction."""
    return hexed(keccak(signed))


def role(name: str) -> Key:
    """The key of a party of the rollup: deployer, batcher, proposer, challenger."""
    return Key(keccak(f"penstock devnet {name}".encode()))


def development_keys(count: int = len(_PHRASE_KEYS)) -> list[Key]:
    """The first accounts of the well-known phrase."""
    return [Key(bytes.fromhex(secret)) for secret in _PHRASE_KEYS[:count]]

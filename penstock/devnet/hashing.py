"""Keccak-256 and the two encodings of the chain that need nothing else (pure)."""

import rlp  # type: ignore[import-untyped]
from sha3 import keccak_256


def keccak(data: bytes) -> bytes:
    """Hash as the chain does."""
    digest: bytes = keccak_256(data).digest()
    return digest


def encode(item: object) -> bytes:
    """Write nested lists of bytes and numbers as RLP."""
    encoded: bytes = rlp.encode(item)
    return encoded


def raw(text: str) -> bytes:
    """Read 0x and hexadecimal digits."""
    return bytes.fromhex(text.removeprefix("0x"))


def hexed(data: bytes) -> str:
    """Write 0x and hexadecimal digits."""
    return "0x" + data.hex()


def created_address(creator: str, nonce: int) -> str:
    """Where the contract will be that an account creates with a nonce."""
    return hexed(keccak(encode([raw(creator), nonce]))[12:])

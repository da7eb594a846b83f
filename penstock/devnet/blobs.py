"""Bytes in blobs and back, and what L1 wants to see beside them (EIP-4844, pure).

    blob      4,096 elements of 32 bytes; an element is a zero and 31 bytes of the content
    content   length 4 | data | zeros to the end

The zero keeps every element below the modulus of the curve. There is one blob for any data, and
one data for any blob: what is written otherwise is refused. Commitments and proofs are ckzg's:
0.1 to 0.2 s a blob, after some seconds once a program for the setup.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import ckzg
from msgspec import Struct

from penstock.devnet.errors import BlobFormatError, BlobSizeError, TrustedSetupError

_ELEMENTS: Final = 4_096
_ELEMENT: Final = 32
_LENGTH: Final = 4
SIZE: Final = _ELEMENTS * _ELEMENT
"""Bytes of a blob, and the blob gas that it takes."""
USABLE: Final = _ELEMENTS * (_ELEMENT - 1) - _LENGTH
"""Bytes of data that a blob holds."""
MOST: Final = 6
"""Blobs in one transaction; a block of L1 takes nine."""
_VERSION: Final = b"\x01"
_HOLDER: Final = "eth_account"
_SETUP: Final = Path("typed_transactions", "blob_transactions", "kzg_trusted_setup.txt")


class Sidecar(Struct, frozen=True):
    """Blobs with what proves them, as they go to a node beside their transaction."""

    blobs: tuple[bytes, ...]
    commitments: tuple[bytes, ...]
    proofs: tuple[bytes, ...]

    @property
    def hashes(self) -> tuple[bytes, ...]:
        """The versioned hashes that the transaction itself names its blobs by."""
        return tuple(map(versioned_hash, self.commitments))


def to_blob(data: bytes) -> bytes:
    """Write up to `USABLE` bytes as one blob. Raises BlobSizeError."""
    if len(data) > USABLE:
        raise BlobSizeError(len(data), USABLE)
    content = (len(data).to_bytes(_LENGTH, "big") + data).ljust(USABLE + _LENGTH, b"\0")
    width = _ELEMENT - 1
    return b"".join(b"\0" + content[at : at + width] for at in range(0, len(content), width))


def from_blob(blob: bytes) -> bytes:
    """Read the data of one blob. Raises BlobFormatError."""
    if len(blob) != SIZE:
        raise BlobFormatError(f"it has {len(blob)} bytes instead of {SIZE}")
    if any(blob[::_ELEMENT]):
        place = next(at for at, head in enumerate(blob[::_ELEMENT]) if head)
        raise BlobFormatError(f"element {place} begins with {blob[place * _ELEMENT]}, not with 0")
    content = b"".join(blob[at + 1 : at + _ELEMENT] for at in range(0, SIZE, _ELEMENT))
    length, rest = int.from_bytes(content[:_LENGTH], "big"), content[_LENGTH:]
    if length > USABLE:
        raise BlobFormatError(f"it claims {length} bytes, {USABLE} at most fit")
    if rest.count(0, length) != USABLE - length:
        raise BlobFormatError(f"its {length} bytes are not followed by zeros alone")
    return rest[:length]


def sidecars(frames: Sequence[bytes]) -> Iterator[Sidecar]:
    """One blob for each frame, as many together as a transaction takes. Raises BlobSizeError."""
    for start in range(0, len(frames), MOST):
        yield prove([to_blob(frame) for frame in frames[start : start + MOST]])


def prove(blobs: Sequence[bytes]) -> Sidecar:
    """Commit to blobs. Raises BlobFormatError where none can be, TrustedSetupError."""
    setup = _setup()
    try:
        commitments = [ckzg.blob_to_kzg_commitment(blob, setup) for blob in blobs]
        pairs = zip(blobs, commitments, strict=True)
        proofs = [ckzg.compute_blob_kzg_proof(*pair, setup) for pair in pairs]
    except (RuntimeError, ValueError) as error:
        raise BlobFormatError(f"nothing can commit to it: {error}") from error
    return Sidecar(tuple(blobs), tuple(commitments), tuple(proofs))


def versioned_hash(commitment: bytes) -> bytes:
    """What L1 calls a blob by: 32 bytes, the version first."""
    return _VERSION + sha256(commitment).digest()[1:]


@lru_cache(maxsize=1)
def _setup() -> Any:
    """The points of Ethereum's ceremony, read when the first blob is committed to."""
    # NOTE: found, not imported: the package that carries the file takes a second to import.
    found = find_spec(_HOLDER)
    folders = (found.submodule_search_locations if found else None) or [_HOLDER]
    path = Path(folders[0]) / _SETUP
    if not path.is_file():
        raise TrustedSetupError(path)
    return ckzg.load_trusted_setup(str(path), 0)

"""What is posted to L1, as bytes (pure).

    channel   zlib of RLP [first block, first 8 bytes of its parent's hash, entries]
    entry     [seconds after the parent, origins after the parent's (0 or 1), users' transactions]
              or [n]: n blocks that were forced, derived from L1 alone
    frame     0x01 | channel id 8 | place 2 | of 2 | a piece of the channel; one frame a transaction
              of calldata, or one a blob

Deposits and attributes are never posted: they are derived. The format is the devnet's own.
"""

import zlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby, pairwise
from typing import Final, TypeAlias

import rlp  # type: ignore[import-untyped]
from msgspec import Struct

from penstock.devnet.errors import BatchFormatError
from penstock.devnet.hashing import encode, keccak, raw
from penstock.devnet.state import Block

VERSION: Final = 1
PIECE: Final = 120_000
"""Bytes of a channel in one transaction of calldata; a pool refuses more than 128 kB of those."""
HEAD: Final = 13
"""Bytes of a frame before its piece."""
_MOST: Final = 32 * 2**20
"""Bytes that a channel may unpack to."""


class Sequenced(Struct, frozen=True):
    """A posted block, relative to its parent."""

    seconds: int
    origins: int
    users: tuple[bytes, ...]


class Forced(Struct, frozen=True):
    """Blocks in a row that were made without the sequencer."""

    count: int


Entry: TypeAlias = Sequenced | Forced


class Channel(Struct, frozen=True):
    """Consecutive blocks."""

    first: int
    parent: bytes
    """The first 8 bytes of the hash of the block before the first."""
    entries: tuple[Entry, ...]


def channel_of(blocks: Sequence[Block]) -> Channel:
    """Describe `blocks[1:]`; the first one is their parent."""
    pairs = list(pairwise(blocks))
    entries: list[Entry] = []
    for forced, run in groupby(pairs, lambda pair: pair[1].forced):
        found = list(run)
        entries += [Forced(len(found))] if forced else [_entry(*pair) for pair in found]
    return Channel(blocks[1].number, raw(blocks[0].hash)[:8], tuple(entries))


def _entry(parent: Block, block: Block) -> Sequenced:
    origins = block.origin.number - parent.origin.number
    return Sequenced(block.time - parent.time, origins, block.users)


def pack(channel: Channel, piece: int = PIECE) -> list[bytes]:
    """Write a channel as frames of up to `piece` bytes of it and the head."""
    entries: list[list[object]] = [
        [entry.count]
        if isinstance(entry, Forced)
        else [entry.seconds, entry.origins, list(entry.users)]
        for entry in channel.entries
    ]
    packed = zlib.compress(encode([channel.first, channel.parent, entries]), 9)
    pieces = [packed[at : at + piece] for at in range(0, len(packed), piece)]
    head = bytes([VERSION]) + keccak(packed)[:8]
    count = len(pieces).to_bytes(2, "big")
    return [head + at.to_bytes(2, "big") + count + data for at, data in enumerate(pieces)]


def unpack(
    frames: Iterable[bytes | BatchFormatError],
) -> Iterator[Channel | BatchFormatError]:
    """Read frames in the order of L1; yield channels where they are complete, or what is wrong.

    What is known to be no frame already stands among them as its error, and comes out as it is.
    """
    open_channels: dict[bytes, dict[int, bytes]] = {}
    for frame in frames:
        if isinstance(frame, BatchFormatError):
            yield frame
            continue
        if len(frame) <= HEAD or frame[0] != VERSION:
            yield BatchFormatError(f"a frame of {len(frame)} bytes with version {frame[:1].hex()}")
            continue
        name, place = frame[1:9], int.from_bytes(frame[9:11], "big")
        pieces = open_channels.setdefault(name, {})
        pieces[place] = frame[HEAD:]
        if len(pieces) == int.from_bytes(frame[11:13], "big"):
            del open_channels[name]
            yield _channel(name, b"".join(pieces[at] for at in sorted(pieces)))


def _channel(name: bytes, packed: bytes) -> Channel | BatchFormatError:
    try:
        if keccak(packed)[:8] != name:
            raise BatchFormatError("the frames are not of one channel")
        stream = zlib.decompressobj()
        plain = stream.decompress(packed, _MOST)
        first, parent, entries = rlp.decode(plain)
        return Channel(_number(first), bytes(parent), tuple(_read(entry) for entry in entries))
    except BatchFormatError as error:
        return error
    except (ValueError, TypeError, zlib.error, rlp.exceptions.RLPException) as error:
        return BatchFormatError(str(error))


def _read(entry: Sequence[bytes]) -> Entry:
    if len(entry) == 1:
        return Forced(_number(entry[0]))
    seconds, origins, users = entry
    return Sequenced(_number(seconds), _number(origins), tuple(bytes(signed) for signed in users))


def _number(data: bytes) -> int:
    if not isinstance(data, bytes) or data[:1] == b"\0":
        raise BatchFormatError("a number is not written in the short form")
    return int.from_bytes(data, "big")

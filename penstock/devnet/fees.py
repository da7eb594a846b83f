"""What L2 charges a transaction for its place on L1 (pure).

    size  = max(100, −42.5856 + 0.8365 · length of the transaction under FastLZ)   bytes
    price = 16 · baseFeeScalar · l1BaseFee + blobBaseFeeScalar · blobBaseFee       millionths of wei
    fee   = size · price, rounded down once

FastLZ is the rule of the Fjord upgrade; only the length that it would give is computed.
"""

from typing import Final

from penstock.devnet.config import Rollup
from penstock.devnet.deposits import Origin

_LEAST: Final = 100 * 10**6
_OFFSET, _SLOPE = -42_585_600, 836_500
_TABLE: Final = 13
_WINDOW: Final = 2**13 - 1
_TAIL: Final = 13
"""Bytes at the end that no match may begin in."""
_LONGEST: Final = 262


def data_fee(rollup: Rollup, origin: Origin, signed: bytes) -> int:
    """The fee of a signed transaction in a block with this origin, in wei; rounds down."""
    price = 16 * rollup.base_fee_scalar * origin.base_fee
    blob_base_fee = rollup.blob_base_fee.at(origin.time - rollup.l1_start)
    price += rollup.blob_base_fee_scalar * blob_base_fee
    return estimated_size(signed) * price // 10**12


def estimated_size(signed: bytes) -> int:
    """Bytes on L1 that a transaction is charged for, in millionths."""
    return max(_LEAST, _OFFSET + _SLOPE * compressed_length(signed))


def compressed_length(data: bytes) -> int:
    """How long FastLZ (level 1) would make `data`."""
    limit = max(len(data) - _TAIL, 0)
    seen: dict[int, int] = {}
    length, literals_from, at = 0, 0, 2
    while at < limit:
        found, start = _next_match(data, at, limit, seen)
        if found is None:
            break
        length += _literals(start - literals_from)
        matched = _match_length(data, found + 3, start + 3, limit + 9)
        length += _match(matched)
        at = start + matched
        for _ in range(2):
            seen[_hash(data, at)] = at
            at += 1
        literals_from = at
    return length + _literals(len(data) - literals_from)


def _next_match(data: bytes, at: int, limit: int, seen: dict[int, int]) -> tuple[int | None, int]:
    """An earlier place with the same three bytes, and the place where they come again."""
    while at < limit:
        key = _hash(data, at)
        before = seen.get(key, 0)
        seen[key] = at
        # NOTE: the reference gives up when it has stepped to the limit, match or not.
        if at + 1 > limit:
            break
        if at - before <= _WINDOW and data[before : before + 3] == data[at : at + 3]:
            return (before, at) if at + 1 < limit else (None, at)
        at += 1
    return None, at


def _match_length(data: bytes, left: int, right: int, end: int) -> int:
    """Equal bytes from two places on, and one more for the byte that ends the match."""
    most = end - right
    for length in range(most):
        if data[left + length] != data[right + length]:
            return length + 1
    return most


def _hash(data: bytes, at: int) -> int:
    word = int.from_bytes(data[at : at + 3], "little")
    return (2654435769 * word >> 32 - _TABLE) & _WINDOW


def _literals(count: int) -> int:
    runs, rest = divmod(count, 32)
    return 33 * runs + (rest + 1 if rest else 0)


def _match(length: int) -> int:
    runs, rest = divmod(length - 1, _LONGEST)
    return 3 * runs + (3 if rest >= 6 else 2)

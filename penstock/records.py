"""Fill records: what the event of a batch, and `simulate`, say of each fill (docs/batch.md)."""

import struct
from collections.abc import Iterable
from typing import Final, NamedTuple

from penstock.errors import DecodeError
from penstock.messages import Side, Verdict
from penstock.units import UINT32_MAX

RECORD_BYTES: Final = 32

_RECORD = struct.Struct(">IBBIHIIBBIIBB")


class FillRecord(NamedTuple):
    """What the event, and `simulate`, say of one fill."""

    maker: int
    taker: int
    market: int
    price: int
    size: int
    maker_nonce: int
    taker_nonce: int
    taker_buys: bool
    taker_immediate: bool
    verdict: Verdict
    side: Side


def encode_records(records: Iterable[FillRecord]) -> bytes:
    """Write fill records as the event carries them, 32 bytes each."""
    return b"".join(map(_write, records))


def _write(record: FillRecord) -> bytes:
    maker_nonce, taker_nonce = record.maker_nonce, record.taker_nonce
    return _RECORD.pack(
        record.maker,
        0,
        maker_nonce >> 32,
        maker_nonce & UINT32_MAX,
        record.market,
        record.price,
        record.taker,
        record.taker_immediate,
        taker_nonce >> 32,
        taker_nonce & UINT32_MAX,
        record.size,
        record.taker_buys,
        record.verdict | record.side,
    )


def decode_records(data: bytes) -> tuple[FillRecord, ...]:
    """Read the fill records of an event. Raises DecodeError."""
    if len(data) % RECORD_BYTES:
        raise DecodeError("fill records", f"{len(data)} bytes are not a multiple of {RECORD_BYTES}")
    return tuple(_read(row) for row in _RECORD.iter_unpack(data))


def _read(row: tuple[int, ...]) -> FillRecord:
    maker, padding, slot, epoch, market, price, *tail = row
    taker, kind, taker_slot, taker_epoch, size, buys, verdict = tail
    try:
        fault = Verdict(verdict & 63), Side(verdict & 192)
    except ValueError:
        raise DecodeError("fill records", f"verdict byte {verdict} is unknown") from None
    if padding or kind > 1 or buys > 1:
        raise DecodeError("fill records", f"bytes {padding}, {kind}, {buys} are not 0, 0-1, 0-1")
    nonces = slot << 32 | epoch, taker_slot << 32 | taker_epoch
    return FillRecord(maker, taker, market, price, size, *nonces, buys == 1, kind == 1, *fault)

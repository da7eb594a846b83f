"""Fill records: what the event of a batch, and `simulate`, say of each fill (docs/batch.md)."""

import struct
from collections.abc import Iterable
from typing import Final, NamedTuple

from penstock.errors import DecodeError
from penstock.messages import Side, Verdict
from penstock.units import UINT32_MAX

RECORD_BYTES: Final = 32

_RECORD = struct.Struct(">IIHIIBIBIBBH")


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
        record.taker,
        record.market,
        record.price,
        record.size,
        maker_nonce >> 32,
        maker_nonce & UINT32_MAX,
        taker_nonce >> 32,
        taker_nonce & UINT32_MAX,
        record.taker_buys | record.taker_immediate << 1,
        record.verdict | record.side,
        0,
    )


def decode_records(data: bytes) -> tuple[FillRecord, ...]:
    """Read the fill records of an event. Raises DecodeError."""
    if len(data) % RECORD_BYTES:
        raise DecodeError("fill records", f"{len(data)} bytes are not a multiple of {RECORD_BYTES}")
    return tuple(_read(row) for row in _RECORD.iter_unpack(data))


def _read(row: tuple[int, ...]) -> FillRecord:
    maker, taker, market, price, size, slot, epoch, taker_slot, taker_epoch, *tail = row
    flags, verdict, padding = tail
    try:
        fault = Verdict(verdict & 63), Side(verdict & 192)
    except ValueError:
        raise DecodeError("fill records", f"verdict byte {verdict} is unknown") from None
    if flags > 3 or padding:
        raise DecodeError("fill records", f"flags {flags} and padding {padding} are unknown")
    nonces = slot << 32 | epoch, taker_slot << 32 | taker_epoch
    kind = flags & 1 == 1, flags & 2 == 2
    return FillRecord(maker, taker, market, price, size, *nonces, *kind, *fault)

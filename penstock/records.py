"""Fill records: what the event of a batch, and `simulate`, say of each fill (docs/batch.md)."""

import struct
from collections.abc import Iterable
from typing import Final, NamedTuple

from penstock.errors import DecodeError
from penstock.messages import BUY, IMMEDIATE, Side, Verdict
from penstock.units import UINT32_MAX

RECORD_BYTES: Final = 32

_RECORD = struct.Struct(">IBBIHBIIBBIIB")


class FillRecord(NamedTuple):
    """What the event, and `simulate`, say of one fill.

    `maker_flags` are the maker's as in the batch; a settled fill's taker is on the other side.
    """

    maker: int
    taker: int
    market: int
    price: int
    size: int
    maker_nonce: int
    taker_nonce: int
    maker_flags: int
    taker_immediate: bool
    verdict: Verdict
    side: Side
    penalty: int = 0
    """What the account of a liquidation paid to the fund, in quote units."""

    @property
    def taker_buys(self) -> bool:
        """Whether the taker of a settled fill bought."""
        return not self.maker_flags & BUY


def encode_records(records: Iterable[FillRecord]) -> bytes:
    """Write fill records as the event carries them, 32 bytes each."""
    return b"".join(map(_write, records))


def _write(record: FillRecord) -> bytes:
    maker_nonce = record.maker_nonce
    taker = record.taker_immediate << 40 | record.taker_nonce
    if record.verdict is Verdict.LIQUIDATED:
        taker = record.penalty
    return _RECORD.pack(
        record.maker,
        bool(record.maker_flags & IMMEDIATE),
        maker_nonce >> 32,
        maker_nonce & UINT32_MAX,
        record.market,
        record.maker_flags,
        record.price,
        record.taker,
        taker >> 40,
        taker >> 32 & 255,
        taker & UINT32_MAX,
        record.size,
        record.verdict | record.side,
    )


def decode_records(data: bytes) -> tuple[FillRecord, ...]:
    """Read the fill records of an event. Raises DecodeError."""
    if len(data) % RECORD_BYTES:
        raise DecodeError("fill records", f"{len(data)} bytes are not a multiple of {RECORD_BYTES}")
    return tuple(_read(row) for row in _RECORD.iter_unpack(data))


def _read(row: tuple[int, ...]) -> FillRecord:
    maker, maker_kind, slot, epoch, market, flags, price, *tail = row
    taker, kind, taker_slot, taker_epoch, size, verdict = tail
    try:
        fault = Verdict(verdict & 63), Side(verdict & 192)
    except ValueError:
        raise DecodeError("fill records", f"verdict byte {verdict} is unknown") from None
    last = kind << 40 | taker_slot << 32 | taker_epoch
    forced = fault[0] is Verdict.LIQUIDATED
    if maker_kind != bool(flags & IMMEDIATE) or (kind > 1 and not forced):
        raise DecodeError("fill records", f"kinds {maker_kind}, {kind} do not fit flags {flags}")
    if forced:
        nonces = slot << 32 | epoch, 0
        return FillRecord(maker, taker, market, price, size, *nonces, flags, True, *fault, last)
    nonces = slot << 32 | epoch, last & 2**40 - 1
    return FillRecord(maker, taker, market, price, size, *nonces, flags, kind == 1, *fault)

"""The batch as bytes: the codec of docs/batch.md.

    BatchMalformed  ValueError  a batch breaks a rule of its layout: names part, index and rule

A batch that `decode` returns is one that the contract can read; `encode` refuses any other.
"""

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import Final, NamedTuple, NoReturn

from penstock.errors import DecodeError
from penstock.messages import (
    BUY,
    IMMEDIATE,
    LADDER,
    LIQUIDATION,
    POST_ONLY,
    REDUCE_ONLY,
    SIGNATURE_BYTES,
    SLOTS,
)
from penstock.units import UINT32_MAX

HEADER_BYTES: Final = 19
ORDER_BYTES: Final = 20
LADDER_BYTES: Final = 13
LEVEL_BYTES: Final = 8
FILL_BYTES: Final = 8
CANCEL_BYTES: Final = 7
ACCOUNT_BYTES: Final = 5
MARKET_BYTES: Final = 2

_HEADER = struct.Struct(">HIBHHHHHH")
_ACCOUNT = struct.Struct(">IB")
_CANCEL = struct.Struct(">HBI")
_ORDER = struct.Struct(">HBIIIBI")
_LADDER = struct.Struct(">HBBIBI")
_LEVEL = struct.Struct(">II")
_FILL = struct.Struct(">HHI")
_FLAGS_KNOWN = 63
FORCED: Final = IMMEDIATE | REDUCE_ONLY | LIQUIDATION
_MARKETS_MAX = 255


class Part(StrEnum):
    """A part of a batch."""

    HEADER = "header"
    MARKETS = "market table"
    ACCOUNTS = "account table"
    CANCELS = "cancel table"
    ORDERS = "order table"
    FILLS = "fill table"
    SIGNATURES = "signatures"


class Rule(StrEnum):
    """A rule of the layout."""

    LENGTH = "the tables must fill the batch exactly"
    WIDTH = "every number must fit its width"
    ASCENDING = "entries must ascend strictly, markets from 1"
    MARKET_INDEX = "market indexes must ascend strictly and lie inside the market table"
    POSITION_COUNT = "the header must count the positions of all accounts"
    LEVEL_COUNT = "the header must count the levels of all orders"
    FLAGS = (
        "flags must be known, immediate excludes post-only and ladder, "
        "and liquidation goes with immediate and reduce-only"
    )
    NONCE = "an immediate order's nonce must fit 32 bits"
    LADDER = "a ladder must have levels and end at slot 255 at most"
    POSITION_INDEX = "a position index must lie inside the account table"
    ACCOUNT_INDEX = "an account index must lie inside the account table"
    LEVEL_INDEX = "maker and taker must be levels of the order table"
    SIGNATURE = "a signature has 64 bytes, all zero for a liquidation order"


class BatchMalformed(DecodeError):
    """A batch breaks a rule of its layout; the contract reverts the whole of it."""

    def __init__(self, part: Part, index: int, rule: Rule) -> None:
        self.part: Final = part
        self.index: Final = index
        self.rule: Final = rule
        super().__init__("batch", f"{part}, entry {index}: {rule}")


class AccountEntry(NamedTuple):
    """An account and the market-table indexes of the positions that it brings."""

    account: int
    markets: tuple[int, ...]


class CancelEntry(NamedTuple):
    """A carried cancel: index into the account table, resting nonce, signature."""

    account: int
    nonce: int
    signature: bytes


class OrderEntry(NamedTuple):
    """A record of the order table; `levels` are pairs of price and size, one for a single order."""

    position: int
    flags: int
    expiry: int
    nonce: int
    levels: tuple[tuple[int, int], ...]
    signature: bytes

    @property
    def last_nonce(self) -> int:
        """The nonce of the last level."""
        return self.nonce + ((len(self.levels) - 1) << 32)


class FillEntry(NamedTuple):
    """Two indexes into the levels of the order table, and lots."""

    maker: int
    taker: int
    size: int


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch as it is written; see docs/batch.md for the order of every table."""

    number: int
    markets: tuple[int, ...] = ()
    accounts: tuple[AccountEntry, ...] = ()
    cancels: tuple[CancelEntry, ...] = ()
    orders: tuple[OrderEntry, ...] = ()
    fills: tuple[FillEntry, ...] = ()

    @property
    def positions(self) -> list[tuple[int, int]]:
        """Account and market of each position, in the order in which orders refer to them."""
        places = self.accounts
        return [(entry.account, self.markets[index]) for entry in places for index in entry.markets]

    @property
    def levels(self) -> int:
        """Number of fillable levels."""
        return sum(len(order.levels) for order in self.orders)


def encode(batch: Batch) -> bytes:
    """Write a batch. Raises BatchMalformed where the contract would."""
    _check(batch)
    orders, cancels = batch.orders, batch.cancels
    parts = (
        _pack_header(batch),
        _pack(Part.MARKETS, struct.Struct(">H"), ((market,) for market in batch.markets)),
        b"".join(_pack_account(i, entry) for i, entry in enumerate(batch.accounts)),
        _pack(Part.CANCELS, _CANCEL, ((c.account, *_halves(c.nonce)) for c in cancels)),
        b"".join(_pack_order(i, order) for i, order in enumerate(orders)),
        _pack(Part.FILLS, _FILL, batch.fills),
        _pack_signatures([c.signature for c in cancels] + [o.signature for o in orders]),
    )
    return b"".join(parts)


def _malformed(part: Part, index: int, rule: Rule) -> NoReturn:
    raise BatchMalformed(part, index, rule)


def _halves(nonce: int) -> tuple[int, int]:
    """Slot and epoch: struct has no 40-bit field."""
    return nonce >> 32, nonce & UINT32_MAX


def _pack(
    part: Part, layout: struct.Struct, rows: Iterable[Sequence[int]], first: int = 0
) -> bytes:
    written = bytearray()
    for index, row in enumerate(rows, first):
        try:
            written += layout.pack(*row)
        except struct.error:
            _malformed(part, index, Rule.WIDTH)
    return bytes(written)


def _pack_header(batch: Batch) -> bytes:
    row = (
        *_halves(batch.number),
        len(batch.markets),
        len(batch.accounts),
        sum(len(entry.markets) for entry in batch.accounts),
        len(batch.cancels),
        len(batch.orders),
        batch.levels,
        len(batch.fills),
    )
    return _pack(Part.HEADER, _HEADER, [row])


def _pack_account(index: int, entry: AccountEntry) -> bytes:
    head = _pack(Part.ACCOUNTS, _ACCOUNT, [(entry.account, len(entry.markets))], index)
    return head + bytes(entry.markets)


def _pack_order(index: int, order: OrderEntry) -> bytes:
    nonce = _halves(order.nonce)
    if order.flags & LADDER:
        head = (order.position, order.flags, len(order.levels), order.expiry, *nonce)
        levels = (_pack(Part.ORDERS, _LEVEL, [level], index) for level in order.levels)
        return _pack(Part.ORDERS, _LADDER, [head], index) + b"".join(levels)
    single = (order.position, order.flags, *order.levels[0], order.expiry, *nonce)
    return _pack(Part.ORDERS, _ORDER, [single], index)


def _pack_signatures(signatures: Sequence[bytes]) -> bytes:
    for index, signature in enumerate(signatures):
        if len(signature) != SIGNATURE_BYTES:
            _malformed(Part.SIGNATURES, index, Rule.SIGNATURE)
    return b"".join(signatures)


def decode(data: bytes) -> Batch:
    """Read a batch. Raises BatchMalformed for whatever the contract calls malformed."""
    if len(data) < HEADER_BYTES:
        _malformed(Part.HEADER, 0, Rule.LENGTH)
    high, low, markets, accounts, positions, *counts = _HEADER.unpack_from(data)
    cancels, orders, levels, fills = counts
    places = HEADER_BYTES + MARKET_BYTES * markets
    cancel_table = places + ACCOUNT_BYTES * accounts + positions
    order_table = cancel_table + CANCEL_BYTES * cancels
    signatures = len(data) - SIGNATURE_BYTES * (cancels + orders)
    fill_table = signatures - FILL_BYTES * fills
    if order_table > fill_table:
        _malformed(Part.HEADER, 0, Rule.LENGTH)
    signed = [
        data[at : at + SIGNATURE_BYTES] for at in range(signatures, len(data), SIGNATURE_BYTES)
    ]
    batch = Batch(
        high << 32 | low,
        struct.unpack_from(f">{markets}H", data, HEADER_BYTES),
        _read_accounts(data[places:cancel_table], accounts),
        _read_cancels(data[cancel_table:order_table], signed),
        _read_orders(data[order_table:fill_table], signed[cancels:]),
        tuple(map(FillEntry._make, _FILL.iter_unpack(data[fill_table:signatures]))),
    )
    if batch.levels != levels:
        _malformed(Part.ORDERS, orders, Rule.LEVEL_COUNT)
    _check(batch)
    return batch


def _read_accounts(table: bytes, count: int) -> tuple[AccountEntry, ...]:
    entries, at = [], 0
    for index in range(count):
        if at + ACCOUNT_BYTES > len(table):
            _malformed(Part.ACCOUNTS, index, Rule.POSITION_COUNT)
        account, width = _ACCOUNT.unpack_from(table, at)
        at += ACCOUNT_BYTES
        entries.append(AccountEntry(account, tuple(table[at : at + width])))
        at += width
    if at != len(table):
        _malformed(Part.ACCOUNTS, count, Rule.POSITION_COUNT)
    return tuple(entries)


def _read_cancels(table: bytes, signed: Sequence[bytes]) -> tuple[CancelEntry, ...]:
    rows = zip(_CANCEL.iter_unpack(table), signed, strict=False)
    return tuple(CancelEntry(row[0], row[1] << 32 | row[2], signature) for row, signature in rows)


def _read_orders(table: bytes, signed: Sequence[bytes]) -> tuple[OrderEntry, ...]:
    entries, at = [], 0
    for index, signature in enumerate(signed):
        try:
            entry, at = _read_order(table, at, signature)
        except struct.error:
            _malformed(Part.ORDERS, index, Rule.LENGTH)
        entries.append(entry)
    if at != len(table):
        _malformed(Part.ORDERS, len(entries), Rule.LENGTH)
    return tuple(entries)


def _read_order(table: bytes, at: int, signature: bytes) -> tuple[OrderEntry, int]:
    position, flags, count, expiry, slot, epoch = _LADDER.unpack_from(table, at)
    if not flags & LADDER:
        _, _, price, size, expiry, slot, epoch = _ORDER.unpack_from(table, at)
        nonce, levels = slot << 32 | epoch, ((price, size),)
        return OrderEntry(position, flags, expiry, nonce, levels, signature), at + ORDER_BYTES
    at += LADDER_BYTES
    steps = tuple(_LEVEL.unpack_from(table, at + LEVEL_BYTES * k) for k in range(count))
    entry = OrderEntry(position, flags, expiry, slot << 32 | epoch, steps, signature)
    return entry, at + LEVEL_BYTES * count


def _check(batch: Batch) -> None:
    """Raise BatchMalformed unless every rule of the layout holds."""
    _check_markets(batch.markets)
    _check_accounts(batch)
    for index, cancel in enumerate(batch.cancels):
        if not 0 <= cancel.account < len(batch.accounts):
            _malformed(Part.CANCELS, index, Rule.ACCOUNT_INDEX)
    _check_orders(batch)
    _check_fills(batch.fills, batch.levels)


def _check_markets(markets: tuple[int, ...]) -> None:
    for index, (before, market) in enumerate(pairwise((0, *markets))):
        if market <= before:
            _malformed(Part.MARKETS, index, Rule.ASCENDING)
    if len(markets) > _MARKETS_MAX:
        _malformed(Part.MARKETS, _MARKETS_MAX, Rule.WIDTH)


def _check_accounts(batch: Batch) -> None:
    last = -1
    for index, (account, markets) in enumerate(batch.accounts):
        if account <= last:
            _malformed(Part.ACCOUNTS, index, Rule.ASCENDING)
        last = account
        if any(before >= market for before, market in pairwise((-1, *markets, len(batch.markets)))):
            _malformed(Part.ACCOUNTS, index, Rule.MARKET_INDEX)


def _check_orders(batch: Batch) -> None:
    accounts = [account for account, _ in batch.positions]
    last = 0
    for index, order in enumerate(batch.orders):
        _check_order(index, order)
        if not 0 <= order.position < len(accounts):
            _malformed(Part.ORDERS, index, Rule.POSITION_INDEX)
        base = accounts[order.position] << 41 | (order.flags & IMMEDIATE) << 39
        if base | order.nonce <= last:
            _malformed(Part.ORDERS, index, Rule.ASCENDING)
        last = base | order.last_nonce


def _check_order(index: int, order: OrderEntry) -> None:
    flags, levels = order.flags, len(order.levels)
    excluded = flags & IMMEDIATE and flags & (POST_ONLY | LADDER)
    forced = flags & LIQUIDATION and flags & ~BUY != FORCED
    if not 0 <= flags <= _FLAGS_KNOWN or excluded or forced:
        _malformed(Part.ORDERS, index, Rule.FLAGS)
    if flags & LIQUIDATION and any(order.signature):
        _malformed(Part.SIGNATURES, index, Rule.SIGNATURE)
    if flags & IMMEDIATE and order.nonce > UINT32_MAX:
        _malformed(Part.ORDERS, index, Rule.NONCE)
    if levels == 0 or (order.nonce >> 32) + levels > SLOTS or (levels > 1 and not flags & LADDER):
        _malformed(Part.ORDERS, index, Rule.LADDER)


def _check_fills(fills: tuple[FillEntry, ...], levels: int) -> None:
    for index, fill in enumerate(fills):
        if not (0 <= fill.maker < levels and 0 <= fill.taker < levels):
            _malformed(Part.FILLS, index, Rule.LEVEL_INDEX)

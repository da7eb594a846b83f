"""Batches as bytes and as fills.

encode, decode
├── a well-formed batch                 round trip
├── each rule of docs/batch.md broken   BatchMalformed with part, index and rule
└── random bytes                        refused, or the same bytes again
records                                 round trip, or DecodeError
build
├── fills                               sorted tables that name every open position
└── split                               whole immediate orders, within limits, no clash of orders
"""

from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from msgspec.structs import replace as replace_order

from penstock.batch import (
    FORCED,
    AccountEntry,
    Batch,
    BatchMalformed,
    CancelEntry,
    FillEntry,
    OrderEntry,
    Part,
    Rule,
    decode,
    encode,
)
from penstock.builder import BuildError, Limits, build, split
from penstock.errors import DecodeError
from penstock.messages import (
    BUY,
    IMMEDIATE,
    LADDER,
    LIQUIDATION,
    POST_ONLY,
    REDUCE_ONLY,
    UNSIGNED,
    Cancel,
    Fill,
    Order,
    Side,
    SignedCancel,
    SignedOrder,
    Verdict,
)
from penstock.records import FillRecord, decode_records, encode_records
from penstock.units import UINT16_MAX, UINT32_MAX
from tests.helpers.model import FAR, SIGNATURE, fill, ladder, order, sign

u32 = st.integers(0, UINT32_MAX)
signatures = st.binary(min_size=64, max_size=64)
SINGLE_FLAGS = (0, 1, 2, 3, 4, 5, 8, 9, 10, 11, 12, 13, 42, 43)


@st.composite
def order_entries(draw: st.DrawFn, positions: int) -> OrderEntry:
    position = draw(st.integers(0, positions - 1))
    flags = draw(st.sampled_from(SINGLE_FLAGS))
    count = draw(st.integers(1, 4)) if not flags & IMMEDIATE and draw(st.booleans()) else 0
    slot = 0 if flags & IMMEDIATE else draw(st.integers(0, 256 - max(1, count)))
    levels = tuple(draw(st.tuples(u32, u32)) for _ in range(max(1, count)))
    nonce, flags = slot << 32 | draw(u32), flags | (LADDER if count else 0)
    signature = UNSIGNED if flags & LIQUIDATION else draw(signatures)
    return OrderEntry(position, flags, draw(u32), nonce, levels, signature)


@st.composite
def batches(draw: st.DrawFn) -> Batch:
    """Any well-formed batch."""
    markets = draw(st.sets(st.integers(1, UINT16_MAX), max_size=5))
    held = st.sets(st.integers(0, len(markets) - 1)) if markets else st.just(set[int]())
    named = draw(st.sets(st.integers(1, UINT32_MAX), max_size=5))
    accounts = tuple(AccountEntry(a, tuple(sorted(draw(held)))) for a in sorted(named))
    batch = Batch(draw(st.integers(0, 2**48 - 1)), tuple(sorted(markets)), accounts)
    if not accounts:
        return batch
    cancel = st.builds(
        CancelEntry, st.integers(0, len(accounts) - 1), st.integers(0, 2**40 - 1), signatures
    )
    batch = replace(batch, cancels=tuple(draw(st.lists(cancel, max_size=3))))
    if not batch.positions:
        return batch
    found = draw(st.lists(order_entries(len(batch.positions)), max_size=6))
    batch = replace(batch, orders=_ascending(batch, found))
    if not batch.levels:
        return batch
    index = st.integers(0, batch.levels - 1)
    fills = draw(st.lists(st.builds(FillEntry, index, index, u32), max_size=6))
    return replace(batch, fills=tuple(fills))


def _ascending(batch: Batch, orders: list[OrderEntry]) -> tuple[OrderEntry, ...]:
    """The orders, sorted, without those that would not lie above the one before."""
    accounts = [account for account, _ in batch.positions]

    def key(entry: OrderEntry, nonce: int) -> tuple[int, int, int]:
        return accounts[entry.position], entry.flags & IMMEDIATE, nonce

    kept: list[OrderEntry] = []
    for entry in sorted(orders, key=lambda entry: key(entry, entry.nonce)):
        if not kept or key(entry, entry.nonce) > key(kept[-1], kept[-1].last_nonce):
            kept.append(entry)
    return tuple(kept)


def single(nonce: int = 1, position: int = 0, flags: int = 0) -> OrderEntry:
    return OrderEntry(position, flags, FAR, nonce, ((5_000, 7),), SIGNATURE)


def steps(nonce: int, levels: int, flags: int = LADDER) -> OrderEntry:
    return OrderEntry(0, flags, FAR, nonce, ((5_000, 7),) * levels, SIGNATURE)


PLAIN = Batch(
    number=1,
    markets=(1, 4),
    accounts=(AccountEntry(1, (0, 1)), AccountEntry(9, (1,))),
    cancels=(CancelEntry(1, 5, SIGNATURE),),
    orders=(single(), single(2, flags=IMMEDIATE), single(1, position=2)),
    fills=(FillEntry(0, 2, 7),),
)


# --- encode, decode -------------------------------------------------------------------------------


@given(batches())
def test_decode__an_encoded_batch__is_the_batch(batch: Batch) -> None:
    assert decode(encode(batch)) == batch


def test_encode__known_batch__has_the_bytes_of_the_page() -> None:
    plain = encode(replace(PLAIN, cancels=(), orders=(single(),), fills=()))
    head = "00000000000102000200030000000100010000"
    tables = "0001000400000001020001000000090101"
    record = f"0000000000138800000007{FAR:08x}0000000001"
    assert plain.hex() == head + tables + record + SIGNATURE.hex()


@pytest.mark.parametrize(
    ("change", "part", "index", "rule"),
    [
        ({"number": 2**48}, Part.HEADER, 0, Rule.WIDTH),
        ({"markets": (4, 1)}, Part.MARKETS, 1, Rule.ASCENDING),
        ({"markets": (0, 4)}, Part.MARKETS, 0, Rule.ASCENDING),
        ({"markets": (4, 4)}, Part.MARKETS, 1, Rule.ASCENDING),
        ({"markets": (1, 2**16)}, Part.MARKETS, 1, Rule.WIDTH),
        ({"markets": tuple(range(1, 257))}, Part.MARKETS, 255, Rule.WIDTH),
        ({"accounts": (AccountEntry(9, (0,)),) * 2}, Part.ACCOUNTS, 1, Rule.ASCENDING),
        ({"accounts": (AccountEntry(0, (0,)),) * 2}, Part.ACCOUNTS, 1, Rule.ASCENDING),
        ({"accounts": (AccountEntry(1, (0, 2)),)}, Part.ACCOUNTS, 0, Rule.MARKET_INDEX),
        ({"accounts": (AccountEntry(1, (1, 0)),)}, Part.ACCOUNTS, 0, Rule.MARKET_INDEX),
        ({"accounts": (AccountEntry(1, (1, 1)),)}, Part.ACCOUNTS, 0, Rule.MARKET_INDEX),
        ({"cancels": (CancelEntry(2, 5, SIGNATURE),)}, Part.CANCELS, 0, Rule.ACCOUNT_INDEX),
        ({"cancels": (CancelEntry(0, 2**40, SIGNATURE),)}, Part.CANCELS, 0, Rule.WIDTH),
        ({"cancels": (CancelEntry(0, 5, b"short"),)}, Part.SIGNATURES, 0, Rule.SIGNATURE),
        ({"orders": (single(2), single(1))}, Part.ORDERS, 1, Rule.ASCENDING),
        ({"orders": (single(1), single(1))}, Part.ORDERS, 1, Rule.ASCENDING),
        ({"orders": (single(1, flags=2), single(2))}, Part.ORDERS, 1, Rule.ASCENDING),
        ({"orders": (single(1, position=2), single(2))}, Part.ORDERS, 1, Rule.ASCENDING),
        ({"orders": (steps(1, 3), single(2 << 32 | 1))}, Part.ORDERS, 1, Rule.ASCENDING),
        ({"orders": (single(position=3),)}, Part.ORDERS, 0, Rule.POSITION_INDEX),
        ({"orders": (single(flags=64),)}, Part.ORDERS, 0, Rule.FLAGS),
        ({"orders": (single(flags=LIQUIDATION),)}, Part.ORDERS, 0, Rule.FLAGS),
        ({"orders": (single(flags=LIQUIDATION | IMMEDIATE),)}, Part.ORDERS, 0, Rule.FLAGS),
        ({"orders": (single(flags=LIQUIDATION | REDUCE_ONLY),)}, Part.ORDERS, 0, Rule.FLAGS),
        ({"orders": (single(flags=32),)}, Part.ORDERS, 0, Rule.FLAGS),
        ({"orders": (single(flags=FORCED),)}, Part.SIGNATURES, 0, Rule.SIGNATURE),
        ({"orders": (single(flags=FORCED | POST_ONLY),)}, Part.ORDERS, 0, Rule.FLAGS),
        ({"orders": (single(flags=FORCED & ~IMMEDIATE),)}, Part.ORDERS, 0, Rule.FLAGS),
        ({"orders": (single(flags=IMMEDIATE | POST_ONLY),)}, Part.ORDERS, 0, Rule.FLAGS),
        ({"orders": (steps(1, 2, LADDER | IMMEDIATE),)}, Part.ORDERS, 0, Rule.FLAGS),
        ({"orders": (single(1 << 32, flags=IMMEDIATE),)}, Part.ORDERS, 0, Rule.NONCE),
        ({"orders": (steps(1, 0),)}, Part.ORDERS, 0, Rule.LADDER),
        ({"orders": (steps(255 << 32 | 1, 2),)}, Part.ORDERS, 0, Rule.LADDER),
        ({"orders": (steps(1, 2, flags=0),)}, Part.ORDERS, 0, Rule.LADDER),
        ({"fills": (FillEntry(0, 1, 7), FillEntry(0, 3, 7))}, Part.FILLS, 1, Rule.LEVEL_INDEX),
        ({"fills": (FillEntry(3, 0, 7),)}, Part.FILLS, 0, Rule.LEVEL_INDEX),
        ({"fills": (FillEntry(0, 1, 2**32),)}, Part.FILLS, 0, Rule.WIDTH),
    ],
)
def test_encode__a_broken_rule__names_part_index_and_rule(
    change: dict[str, object], part: Part, index: int, rule: Rule
) -> None:
    # Fills and cancels of the plain batch would refer to what a change removed.
    base = replace(PLAIN, cancels=(), orders=(single(), single(2), single(3)), fills=())
    with pytest.raises(BatchMalformed) as raised:
        encode(replace(base, **change))  # type: ignore[arg-type]
    assert (raised.value.part, raised.value.index, raised.value.rule) == (part, index, rule)


PLAIN_BYTES = encode(PLAIN)
ORDER_TABLE = 19 + 4 + 13 + 7


@pytest.mark.parametrize(
    ("data", "part", "index", "rule"),
    [
        (b"", Part.HEADER, 0, Rule.LENGTH),
        (PLAIN_BYTES[:18], Part.HEADER, 0, Rule.LENGTH),
        (PLAIN_BYTES[:99], Part.HEADER, 0, Rule.LENGTH),
        (PLAIN_BYTES[:-1], Part.ORDERS, 2, Rule.LENGTH),
        (PLAIN_BYTES + b"\0", Part.ORDERS, 3, Rule.LENGTH),
        # One position more than the accounts have, and one less.
        (PLAIN_BYTES[:10] + b"\4" + PLAIN_BYTES[11:], Part.ACCOUNTS, 2, Rule.POSITION_COUNT),
        (PLAIN_BYTES[:10] + b"\2" + PLAIN_BYTES[11:], Part.ACCOUNTS, 2, Rule.POSITION_COUNT),
        (PLAIN_BYTES[:10] + b"\0" + PLAIN_BYTES[11:], Part.ACCOUNTS, 1, Rule.POSITION_COUNT),
        (PLAIN_BYTES[:16] + b"\4" + PLAIN_BYTES[17:], Part.ORDERS, 3, Rule.LEVEL_COUNT),
        # The first order becomes a ladder of no levels, 7 bytes shorter than it was.
        (
            PLAIN_BYTES[: ORDER_TABLE + 2] + b"\x10\0" + PLAIN_BYTES[ORDER_TABLE + 4 :],
            Part.ORDERS,
            3,
            Rule.LENGTH,
        ),
    ],
)
def test_decode__wrong_lengths_and_counts__name_part_index_and_rule(
    data: bytes, part: Part, index: int, rule: Rule
) -> None:
    with pytest.raises(BatchMalformed) as raised:
        decode(data)
    assert (raised.value.part, raised.value.index, raised.value.rule) == (part, index, rule)


@given(batches(), st.data())
def test_decode__mutated_bytes__are_refused_or_encode_to_themselves(
    batch: Batch, data: st.DataObject
) -> None:
    mutated = bytearray(encode(batch))
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, min(len(mutated) - 1, 150)))
        mutated[place] = data.draw(st.integers(0, 255))
    del mutated[data.draw(st.integers(len(mutated) - 2, len(mutated))) :]
    try:
        found = decode(bytes(mutated))
    except BatchMalformed:
        return
    assert encode(found) == bytes(mutated)


@given(st.binary(max_size=200))
def test_decode__any_bytes__are_refused_or_encode_to_themselves(data: bytes) -> None:
    try:
        found = decode(data)
    except BatchMalformed:
        return
    assert encode(found) == data


# --- records --------------------------------------------------------------------------------------

nonces = st.integers(0, 2**40 - 1)
places = (u32, u32, st.integers(0, UINT16_MAX), u32, u32)
plain = st.sampled_from([verdict for verdict in Verdict if verdict is not Verdict.LIQUIDATED])
records = st.builds(
    FillRecord,
    *(*places, nonces, nonces),
    *(st.integers(0, 31), st.booleans(), plain, st.sampled_from(Side), st.just(0)),
) | st.builds(
    FillRecord,
    *(*places, nonces, st.just(0), st.integers(0, 31), st.just(True)),
    *(st.just(Verdict.LIQUIDATED), st.just(Side.NONE), st.integers(0, 2**48 - 1)),
)


BLANK = FillRecord(0, 0, 0, 0, 0, 0, 0, 0, False, Verdict.SETTLED, Side.NONE)


@given(st.lists(records, max_size=5))
def test_decode_records__encoded__are_the_records(found: list[FillRecord]) -> None:
    assert decode_records(encode_records(found)) == tuple(found)


def test_encode_records__known_record__has_the_bytes_of_the_page() -> None:
    fault = Verdict.OVERFILL, Side.TAKER
    record = FillRecord(1, 2, 3, 4, 5, 6 << 32 | 7, 8, 5, True, *fault)
    maker, taker = "00000001 00 06 00000007 0003 05 00000004", "00000002 01 00 00000008"
    assert encode_records([record]) == bytes.fromhex(f"{maker} {taker} 00000005 8f")


@given(records, st.integers(0, 31), st.integers(1, 255))
@example(BLANK, 21, 2)
@example(BLANK, 12, 2)
def test_decode_records__one_byte_changed__is_refused_or_encodes_to_itself(
    record: FillRecord, place: int, change: int
) -> None:
    data = bytearray(encode_records([record]))
    data[place] ^= change
    try:
        found = decode_records(bytes(data))
    except DecodeError:
        # Kinds, the flags that must fit the maker's, and the verdict have bytes without meaning.
        assert place in (4, 12, 21, 31)
        return
    assert encode_records(found) == bytes(data)


def test_decode_records__half_a_record__is_refused() -> None:
    with pytest.raises(DecodeError, match="31 bytes are not a multiple of 32"):
        decode_records(bytes(31))


# --- build ----------------------------------------------------------------------------------------


def none_open(account: int) -> tuple[int, ...]:
    return ()


@st.composite
def fills_of_few(draw: st.DrawFn) -> list[Fill]:
    """Fills between accounts 1 to 6, with some orders used again and again."""
    side = st.builds(
        order,
        st.integers(1, 6),
        st.integers(1, 3),
        buy=st.booleans(),
        size=st.integers(1, 9),
        nonce=st.integers(0, 255).map(lambda slot: slot << 32 | 1),
    )
    by_key: dict[tuple[int, int, int], Order] = {}
    pairs = draw(st.lists(st.tuples(side, side), min_size=1, max_size=40))
    kept = [[by_key.setdefault(o.key, o) for o in pair] for pair in pairs]
    return [fill(maker, taker, 1) for maker, taker in kept]


@given(fills_of_few(), st.sets(st.integers(1, 5)))
def test_build__any_fills__refers_to_the_same_orders_and_names_every_open_position(
    fills: list[Fill], held: set[int]
) -> None:
    batch = decode(encode(build(3, fills, (), lambda account: held)))
    levels = [(batch.positions[o.position], o.nonce) for o in batch.orders for _ in o.levels]
    for found, wanted in zip(batch.fills, fills, strict=True):
        for index, signed in ((found.maker, wanted.maker), (found.taker, wanted.taker)):
            message = signed.order
            assert levels[index] == ((message.account, message.market), message.nonce)
    traded = {(o.account, o.market) for f in fills for o in (f.maker.order, f.taker.order)}
    named = {account for account, _ in traded}
    assert set(batch.positions) == traded | {(a, m) for a in named for m in held}


def test_build__levels_of_one_ladder__stand_once_with_one_signature() -> None:
    rungs = ladder(2, 4 << 32 | 9, [(5_000, 3), (5_010, 4), (5_020, 5)])
    taker = sign(order(1, buy=False, immediate=True, size=9))
    fills = [Fill(rungs[2], taker, 5), Fill(rungs[0], taker, 3)]
    batch = build(1, fills, (), none_open)
    assert [len(entry.levels) for entry in batch.orders] == [1, 3]
    assert batch.fills == (FillEntry(3, 0, 5), FillEntry(1, 0, 3))


def test_build__a_liquidation__is_a_single_order_with_its_flag_and_no_signature() -> None:
    taker = replace_order(order(1, immediate=True, reduce_only=True), liquidation=True)
    forced = Fill(sign(order(2, buy=False)), SignedOrder(taker, UNSIGNED), 1)
    batch = decode(encode(build(1, [forced], (), none_open)))
    assert batch.orders[0].flags == BUY | IMMEDIATE | REDUCE_ONLY | LIQUIDATION
    assert batch.orders[0].signature == bytes(64)


def test_build__cancels_only__bring_their_accounts_without_positions() -> None:
    cancels = [SignedCancel(Cancel(7, 5), SIGNATURE), SignedCancel(Cancel(3, 6), SIGNATURE)]
    batch = decode(encode(build(1, [], cancels, none_open)))
    assert batch.accounts == (AccountEntry(3, ()), AccountEntry(7, ()))
    assert [(c.account, c.nonce) for c in batch.cancels] == [(1, 5), (0, 6)]


def test_build__two_orders_of_one_nonce__is_refused() -> None:
    one, other = order(1, buy=True), order(1, buy=True, size=2)
    fills = [fill(order(2, buy=False), one, 1), fill(order(3, buy=False), other, 1)]
    with pytest.raises(BuildError, match="same place"):
        build(1, fills, (), none_open)
    assert split(fills, none_open) == [fills[:1], fills[1:]]


def test_split__a_level_replaced_on_its_own__begins_another_batch() -> None:
    rungs = ladder(2, 4 << 32 | 1, [(5_000, 3), (5_010, 4), (5_020, 5)], buy=False)
    replacement = sign(order(2, buy=False, nonce=5 << 32 | 2))
    takers = [sign(order(1, nonce=slot << 32 | 1)) for slot in range(2)]
    fills = [Fill(rungs[0], takers[0], 1), Fill(replacement, takers[1], 1)]
    assert split(fills, none_open) == [fills[:1], fills[1:]]


@given(fills_of_few(), st.integers(1, 20), st.integers(600, 3_000))
def test_split__any_fills__keeps_their_order_and_the_limits(
    fills: list[Fill], most: int, size: int
) -> None:
    parts = split(fills, none_open, Limits(fills=most, size=size))
    assert [found for part in parts for found in part] == fills
    for number, part in enumerate(parts):
        assert len(part) <= most
        assert len(encode(build(number, part, (), none_open))) <= size


@given(st.lists(st.integers(1, 5), min_size=1, max_size=12))
def test_split__sweeps_of_immediate_orders__are_never_parted(sweeps: list[int]) -> None:
    fills = [
        fill(order(2, buy=False, nonce=k << 32 | n), order(1, immediate=True, nonce=n), 1)
        for n, count in enumerate(sweeps, 1)
        for k in range(count)
    ]
    parts = split(fills, none_open, Limits(fills=5))
    assert [found for part in parts for found in part] == fills
    numbers = [{found.taker.order.nonce for found in part} for part in parts]
    assert sum(len(found) for found in numbers) == len(sweeps)


def test_split__a_limit_below_one_fill__is_refused() -> None:
    fills = [fill(order(2, buy=False), order(1), 1)]
    with pytest.raises(BuildError, match="holds no fill"):
        split(fills, none_open, Limits(size=100))

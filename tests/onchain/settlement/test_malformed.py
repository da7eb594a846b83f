"""settle(batch): whatever breaks a rule of the layout reverts with the place

header or tables longer than the batch ........ Batch_TooShort
order table does not fill its place ........... Batch_OrderTableLength
markets, accounts, orders do not ascend ....... Batch_…NotAscending
market index, position index out of its table . Batch_MarketIndexWrong, Batch_PositionOutOfRange
positions or levels not as the header counts .. Batch_PositionCountWrong, Batch_LevelCountWrong
flags without meaning ......................... Batch_FlagsMalformed
immediate nonce beyond 32 bits ................ Batch_NonceMalformed
ladder without levels or past slot 255 ........ Batch_LadderMalformed
fill or cancel names what is not there ........ Batch_FillOutOfRange, Batch_CancelOutOfRange
"""

import struct
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.batch import BatchMalformed, decode, encode
from penstock.messages import Fill
from tests.helpers.revm import reverts
from tests.helpers.twin import undoing
from tests.helpers.venue import OPERATOR
from tests.onchain.settlement.desk import MARK, Desk

HEADER = 19
# Where things stand in the batch of `sample`: one market, accounts 1 and 2, two orders, one fill.
MARKETS, ACCOUNTS = HEADER, HEADER + 2
ORDERS = ACCOUNTS + 2 * 6
FILLS = ORDERS + 2 * 20
SIGNATURES = FILLS + 8


def sample(desk: Desk) -> bytearray:
    """Account 1 takes (first in the order table), account 2 rests."""
    raw = bytearray(encode(desk.batch(desk.cross(epoch=1))))
    assert len(raw) == SIGNATURES + 2 * 64
    return raw


def check(desk: Desk, raw: bytearray, name: str, *values: int) -> None:
    """Both doors revert alike, and decode refuses."""
    for function in ("settle", "simulate"):
        with reverts(name, *values):
            desk.venue.positions.transact(function, bytes(raw), sender=OPERATOR.address)
    with pytest.raises(BatchMalformed):
        decode(bytes(raw))


def put(at: int, layout: str, value: int) -> Callable[[bytearray], None]:
    """A change of one number."""

    def change(raw: bytearray) -> None:
        struct.pack_into(layout, raw, at, value)

    return change


CASES = {
    "market zero": (put(MARKETS, ">H", 0), "Batch_MarketsNotAscending", (0,)),
    "account twice": (put(ACCOUNTS + 6, ">I", 1), "Batch_AccountsNotAscending", (1,)),
    "too many positions": (put(ACCOUNTS + 4, "B", 3), "Batch_PositionCountWrong", (0,)),
    "too few positions": (put(ACCOUNTS + 10, "B", 0), "Batch_PositionCountWrong", (2,)),
    "market index": (put(ACCOUNTS + 5, "B", 1), "Batch_MarketIndexWrong", (1, 1)),
    "position index": (put(ORDERS, ">H", 2), "Batch_PositionOutOfRange", (0, 2)),
    "immediate and post-only": (put(ORDERS + 2, "B", 7), "Batch_FlagsMalformed", (0, 7)),
    "immediate ladder": (put(ORDERS + 2, "B", 19), "Batch_FlagsMalformed", (0, 19)),
    "unknown flag": (put(ORDERS + 22, "B", 64), "Batch_FlagsMalformed", (1, 64)),
    "liquidation, not immediate": (put(ORDERS + 22, "B", 40), "Batch_FlagsMalformed", (1, 40)),
    "liquidation, may raise": (put(ORDERS + 22, "B", 34), "Batch_FlagsMalformed", (1, 34)),
    "liquidation of a ladder": (put(ORDERS + 22, "B", 58), "Batch_FlagsMalformed", (1, 58)),
    "liquidation, signed": (put(ORDERS + 22, "B", 42), "Batch_SignatureNotEmpty", (1,)),
    "orders swapped": (put(ORDERS, ">H", 1), "Batch_OrdersNotAscending", (1,)),
    "maker": (put(FILLS, ">H", 2), "Batch_FillOutOfRange", (0,)),
    "taker": (put(FILLS + 2, ">H", 2), "Batch_FillOutOfRange", (0,)),
    "one level too many": (put(15, ">H", 3), "Batch_LevelCountWrong", (2, 3)),
    "one level too few": (put(15, ">H", 1), "Batch_LevelCountWrong", (2, 1)),
}


@pytest.mark.parametrize("case", CASES)
def test_settle__malformed__reverts_with_the_place(desk: Desk, case: str) -> None:
    change, name, values = CASES[case]
    raw = sample(desk)
    change(raw)
    check(desk, raw, name, *values)


@given(slot=st.integers(1, 255), number=st.integers(0, 2**32 - 1))
@undoing
def test_settle__immediate_nonce_beyond_32_bits__reverts(
    desk: Desk, slot: int, number: int
) -> None:
    raw = sample(desk)
    struct.pack_into(">BI", raw, ORDERS + 15, slot, number)
    check(desk, raw, "Batch_NonceMalformed", slot << 32 | number)


@given(cut=st.integers(1, SIGNATURES + 2 * 64))
@undoing
def test_settle__cut__reverts_with_both_lengths(desk: Desk, cut: int) -> None:
    raw = sample(desk)
    length = len(raw) - cut
    needed = HEADER if length < HEADER else len(raw) - 2 * 20
    if length >= needed:
        check(desk, raw[:length], "Batch_OrderTableLength", 2 * 20)
    else:
        check(desk, raw[:length], "Batch_TooShort", length, needed)


@given(levels=st.integers(1, 4), slot=st.integers(0, 255))
@undoing
def test_settle__ladder_past_slot_255__reverts(desk: Desk, levels: int, slot: int) -> None:
    asks = desk.ladder(2, [(MARK, 1)] * levels, slot=0)
    raw = bytearray(encode(desk.batch(Fill(asks[0], desk.take(), 1))))
    at = len(raw) - 2 * 64 - 8 - 13 - 8 * levels
    assert raw[at + 3] == levels
    raw[at + 8] = slot
    if slot + levels > 256:
        check(desk, raw, "Batch_LadderMalformed", 1, levels, slot << 32 | 1)
    else:
        assert decode(bytes(raw)).levels == levels + 1


@undoing
def test_settle__ladder_without_levels__reverts(desk: Desk) -> None:
    asks = desk.ladder(2, [(MARK, 1)])
    raw = bytearray(encode(desk.batch(Fill(asks[0], desk.take(), 1))))
    raw[len(raw) - 2 * 64 - 8 - 13 - 8 + 3] = 0
    check(desk, raw, "Batch_LadderMalformed", 1, 0, 1)


@given(index=st.integers(2, 2**16 - 1))
@undoing
def test_settle__cancel_of_an_account_not_there__reverts(desk: Desk, index: int) -> None:
    batch = desk.batch(desk.cross(epoch=1), cancels=[desk.cancel_order(2, 0, 1)])
    raw = bytearray(encode(batch))
    struct.pack_into(">H", raw, ORDERS, index)
    with reverts("Batch_CancelOutOfRange", 0, index):
        desk.venue.positions.transact("settle", bytes(raw), sender=OPERATOR.address)
    with pytest.raises(BatchMalformed):
        decode(bytes(raw))

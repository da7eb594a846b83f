"""penstock.messages and penstock.wire: frozen twins of the signed types, and their JSON.

nonce, flags and key · ladders and their levels · validation names field and rule · JSON and back
"""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.commands import Direction
from penstock.errors import AddressError, DecodeError, FlagError, LadderError, RangeError
from penstock.messages import (
    Cancel,
    Fill,
    Ladder,
    Order,
    Report,
    SignedCancel,
    SignedLadder,
    SignedOrder,
    SignedReport,
    SignedWithdrawal,
    Verdict,
    Withdrawal,
    validate_cancel,
    validate_ladder,
    validate_order,
    validate_report,
)
from penstock.wire import (
    TriggerOrder,
    decode_cancel,
    decode_ladder,
    decode_order,
    decode_report,
    decode_trigger,
    decode_withdrawal,
    encode_cancel,
    encode_ladder,
    encode_order,
    encode_report,
    encode_trigger,
    encode_withdrawal,
)

GOOD = Order(1, 1, True, False, False, False, 100, 5, 9, (3 << 32) + 7)
LADDER = Ladder(1, 1, False, True, False, 9, (3 << 32) + 7, (100, 101), (5, 6))
PAYMENT = Withdrawal(1, "0x" + "a1" * 20, 5, 7, 9)
SIGNATURE = bytes(range(64))

uint32s = st.integers(1, 2**32 - 1)
orders = st.builds(
    Order,
    account=uint32s,
    market=st.integers(1, 2**16 - 1),
    buy=st.booleans(),
    immediate=st.just(False),
    post_only=st.booleans(),
    reduce_only=st.booleans(),
    price=uint32s,
    size=uint32s,
    expiry=st.integers(0, 2**32 - 1),
    nonce=st.integers(0, 2**40 - 1),
)
signatures = st.binary(min_size=64, max_size=64)


@given(st.integers(0, 255), st.integers(0, 2**32 - 1))
def test_nonce__slot_and_epoch__are_read_back(slot: int, epoch: int) -> None:
    order = msgspec.structs.replace(GOOD, nonce=slot << 32 | epoch)
    assert (order.slot, order.epoch) == (slot, epoch)
    cancel = Cancel(1, slot << 32 | epoch)
    assert (cancel.slot, cancel.epoch) == (slot, epoch)


@given(st.booleans(), st.booleans(), st.booleans(), st.booleans())
def test_flags__any_combination__has_the_bits_of_the_batch(
    buy: bool, immediate: bool, post_only: bool, reduce_only: bool
) -> None:
    order = Order(1, 1, buy, immediate, post_only, reduce_only, 1, 1, 1, 1)
    assert order.flags == buy + 2 * immediate + 4 * post_only + 8 * reduce_only
    forced = msgspec.structs.replace(order, liquidation=True)
    assert forced.flags == order.flags + 32
    ladder = Ladder(1, 1, buy, post_only, reduce_only, 1, 1, (1,), (1,))
    assert ladder.flags == buy + 4 * post_only + 8 * reduce_only + 16


def test_key__mixed_orders__sort_by_account_kind_nonce() -> None:
    keys = [(1, 0, 9), (1, 1, 2), (2, 0, 1), (2, 1, 0)]
    found = [Order(a, 1, True, bool(k), False, False, 1, 1, 1, n).key for a, k, n in keys]
    assert sorted(found) == found == keys
    assert LADDER.key == (1, 0, LADDER.nonce)


def test_message__assigned_to__stays_as_it_is() -> None:
    with pytest.raises(AttributeError):
        GOOD.price = 1  # type: ignore[misc]


def test_verdict__documented_numbers__are_these() -> None:
    assert [v.name for v in sorted(Verdict)][:3] == ["SETTLED", "BAD_SIGNATURE", "EXPIRED"]
    assert [v.value for v in Verdict] == list(range(26))
    assert [v.name for v in Verdict if v.moved] == ["SETTLED", "LIQUIDATED"]


def test_fill__price__is_the_makers() -> None:
    maker = SignedOrder(GOOD, SIGNATURE)
    taker = SignedOrder(msgspec.structs.replace(GOOD, price=120, account=2), SIGNATURE)
    assert Fill(maker, taker, 3).price == 100


def test_levels__of_a_ladder__take_consecutive_slots_and_remember_it() -> None:
    signed = SignedLadder(LADDER, SIGNATURE)
    levels = signed.levels()
    assert [(level.order.slot, level.order.epoch) for level in levels] == [(3, 7), (4, 7)]
    assert [(level.order.price, level.order.size) for level in levels] == [(100, 5), (101, 6)]
    assert all(level.ladder is signed and level.signature == SIGNATURE for level in levels)
    assert all(level.order.post_only and not level.order.buy for level in levels)


@given(orders)
def test_validate_order__within_all_widths__is_returned(order: Order) -> None:
    assert validate_order(order) is order


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *((name, value) for name in ("account", "price", "size") for value in (0, 2**32, -1)),
        *(("market", value) for value in (0, 2**16, -1)),
        *(("expiry", value) for value in (2**32, -1)),
        *(("nonce", value) for value in (2**40, -1)),
        ("price", True),
        ("size", 1.5),
    ],
)
def test_validate_order__one_field_outside__names_it(field: str, value: Any) -> None:
    with pytest.raises(RangeError) as caught:
        validate_order(msgspec.structs.replace(GOOD, **{field: value}))
    assert (caught.value.field, caught.value.value) == (field, value)


def test_validate_order__immediate_with_a_slot__raises() -> None:
    with pytest.raises(RangeError, match="nonce"):
        validate_order(msgspec.structs.replace(GOOD, immediate=True))


def test_validate_order__immediate_and_post_only__raises() -> None:
    with pytest.raises(FlagError, match="immediate is True, but it excludes post-only"):
        validate_order(msgspec.structs.replace(GOOD, immediate=True, post_only=True, nonce=1))


@pytest.mark.parametrize(
    ("changes", "error", "field"),
    [
        ({"prices": (), "sizes": ()}, RangeError, "levels"),
        ({"prices": (1,) * 256, "sizes": (1,) * 256, "nonce": 1}, RangeError, "levels"),
        ({"sizes": (5,)}, LadderError, "sizes"),
        ({"nonce": 255 << 32}, LadderError, "slot"),
        ({"prices": (100, 0)}, RangeError, "prices[1]"),
        ({"sizes": (2**32, 1)}, RangeError, "sizes[0]"),
        ({"account": 0}, RangeError, "account"),
        ({"market": 0}, RangeError, "market"),
        ({"expiry": 2**32}, RangeError, "expiry"),
        ({"nonce": 2**40}, RangeError, "nonce"),
    ],
)
def test_validate_ladder__one_rule_broken__names_the_field(
    changes: dict[str, Any], error: type[RangeError | LadderError], field: str
) -> None:
    with pytest.raises(error) as caught:
        validate_ladder(msgspec.structs.replace(LADDER, **changes))
    assert caught.value.field == field


def test_validate_ladder__last_level_in_slot_255__is_returned() -> None:
    ladder = msgspec.structs.replace(LADDER, nonce=254 << 32)
    assert validate_ladder(ladder) is ladder


def test_validate_cancel_and_report__outside__name_the_field() -> None:
    assert validate_cancel(Cancel(1, 0)) == Cancel(1, 0)
    assert validate_report(Report(1, 1, 1)) == Report(1, 1, 1)
    with pytest.raises(RangeError, match="nonce"):
        validate_cancel(Cancel(1, 2**40))
    with pytest.raises(RangeError, match="price"):
        validate_report(Report(1, 0, 1))


@given(orders, signatures)
def test_decode_order__encoded__comes_back(order: Order, signature: bytes) -> None:
    signed = SignedOrder(order, signature)
    assert decode_order(encode_order(signed)) == signed


def test_decode_ladder_cancel_and_report__encoded__come_back() -> None:
    ladder = SignedLadder(LADDER, SIGNATURE)
    assert decode_ladder(encode_ladder(ladder)) == ladder
    cancel = SignedCancel(Cancel(1, 9), SIGNATURE)
    assert decode_cancel(encode_cancel(cancel)) == cancel
    report = SignedReport(Report(1, 5, 9), SIGNATURE)
    assert decode_report(encode_report(report)) == report


@pytest.mark.parametrize("length", [64, 65, 200])
def test_decode_withdrawal__encoded__comes_back_with_any_wallets_signature(length: int) -> None:
    signed = SignedWithdrawal(PAYMENT, bytes(length))
    assert decode_withdrawal(encode_withdrawal(signed)) == signed


def test_encode_order__fields__are_named_as_in_the_signed_type() -> None:
    body = json.loads(encode_order(SignedOrder(GOOD, SIGNATURE)))
    assert list(body["order"])[3:6] == ["immediate", "postOnly", "reduceOnly"]
    assert len(body["order"]) == 10
    assert body["signature"] == "0x" + SIGNATURE.hex()


@given(orders, signatures, uint32s, st.sampled_from(Direction))
def test_decode_trigger__encoded__comes_back(
    order: Order, signature: bytes, price: int, direction: Direction
) -> None:
    trigger = TriggerOrder(SignedOrder(order, signature), price, direction)
    assert decode_trigger(encode_trigger(trigger)) == trigger


def test_encode_trigger__body__is_that_of_the_order_and_the_condition() -> None:
    signed = SignedOrder(GOOD, SIGNATURE)
    body = json.loads(encode_trigger(TriggerOrder(signed, 58_000, Direction.AT_OR_BELOW)))
    assert body.pop("trigger") == {"price": 58_000, "direction": "at_or_below"}
    assert body == json.loads(encode_order(signed))


def test_decode_order__with_a_trigger__is_not_taken_for_an_order() -> None:
    signed = SignedOrder(GOOD, SIGNATURE)
    data = encode_trigger(TriggerOrder(signed, 58_000, Direction.AT_OR_BELOW))
    with pytest.raises(DecodeError, match="trigger"):
        decode_order(data)
    with pytest.raises(DecodeError, match="trigger"):
        decode_trigger(encode_order(signed))


BODIES: Final[Mapping[str, tuple[bytes, Callable[[bytes], object]]]] = {
    "order": (encode_order(SignedOrder(GOOD, SIGNATURE)), decode_order),
    "trigger": (
        encode_trigger(TriggerOrder(SignedOrder(GOOD, SIGNATURE), 58_000, Direction.AT_OR_BELOW)),
        decode_trigger,
    ),
    "withdrawal": (encode_withdrawal(SignedWithdrawal(PAYMENT, SIGNATURE)), decode_withdrawal),
}
"""A sound body of each kind, and what reads it."""
DAMAGES: Final[Mapping[str, Sequence[tuple[str, str, type[Exception], str]]]] = {
    "order": [
        ('"price":100', '"price":"100"', DecodeError, r"price"),
        ('"price":100', '"price":1.5', DecodeError, r"price"),
        ('"price":100', '"price":0', RangeError, r"price is 0"),
        ('"price":100,', "", DecodeError, r"missing required field `price`"),
        ('"buy":true', '"buy":1', DecodeError, r"buy"),
        ('"signature":"0x00', '"signature":"0x', DecodeError, r"128 hex digits"),
        ('"signature":"0x00', '"signature":"0xzz', DecodeError, r"128 hex digits"),
        ('"signature":"0x00', '"signature":"0x  ', DecodeError, r"128 hex digits"),
        ('{"order"', '{"more":1,"order"', DecodeError, r"more"),
        ('"price":100', '"price":100,"liquidation":true', FlagError, r"excludes a signature"),
        ("}", "", DecodeError, r"truncated|malformed"),
    ],
    "trigger": [
        ('"price":58000', '"price":0', RangeError, r"trigger.price is 0"),
        ('"price":58000', f'"price":{2**32}', RangeError, r"trigger.price is 4294967296"),
        ('"price":58000', '"price":5.8', DecodeError, r"trigger order .* `int`.*trigger.price"),
        ('"price":58000,', "", DecodeError, r"missing required field `price`.*trigger"),
        ("at_or_below", "below", DecodeError, r"Invalid enum value 'below'.*trigger.direction"),
        ("}}", ',"size":1}}', DecodeError, r"size"),
        ('"trigger"', '"stop"', DecodeError, r"stop"),
        ('"signature":"0x00', '"signature":"0x', DecodeError, r"128 hex digits"),
        ('"price":100', '"price":0', RangeError, r"price is 0"),
        ('"price":100', '"price":100,"liquidation":true', FlagError, r"excludes a signature"),
    ],
    "withdrawal": [
        ('"amount":5', '"amount":0', RangeError, r"amount is 0"),
        ('"amount":5', '"amount":"5"', DecodeError, r"amount"),
        ("a1a1", "0xa1", AddressError, r"recipient"),
        ('"signature":"0x00', '"signature":"0x0', DecodeError, r"hex digits"),
        ('"nonce":7,', "", DecodeError, r"missing required field `nonce`"),
    ],
}
"""By kind: what is replaced by what, the error, and where it says it is."""


@pytest.mark.parametrize(
    ("kind", "old", "new", "error", "detail"),
    [(kind, *damage) for kind, damages in DAMAGES.items() for damage in damages],
)
def test_decode__damaged_body__says_where(
    kind: str, old: str, new: str, error: type[Exception], detail: str
) -> None:
    body, decode = BODIES[kind]
    text = body.decode()
    assert old in text
    with pytest.raises(error, match=detail):
        decode(text.replace(old, new).encode())

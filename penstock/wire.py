"""JSON of signed messages, as gateways and recordings carry them.

    {"order": {"account": 1, "market": 1, "buy": true, …}, "signature": "0x…"}
    {"order": …, "signature": "0x…", "trigger": {"price": 58000, "direction": "at_or_below"}}
    {"report": {"market": 1, "price": 600000, "time": 1800000000}, "signature": "0x…"}
    {"withdrawal": {"account": 1, "recipient": "0x…", "amount": 5, …}, "signature": "0x…"}

Names are those of the signed types; a trigger is not signed. Decoding validates; what it returns,
the contract can read.
"""

from collections.abc import Callable
from typing import Any, Final, NamedTuple, TypeVar

import msgspec

from penstock.commands import Direction
from penstock.errors import DecodeError
from penstock.messages import (
    SIGNATURE_BYTES,
    Cancel,
    Ladder,
    Order,
    Report,
    SignedCancel,
    SignedLadder,
    SignedOrder,
    SignedReport,
    SignedWithdrawal,
    Withdrawal,
    validate_cancel,
    validate_ladder,
    validate_order,
    validate_report,
    validate_withdrawal,
)
from penstock.units import UINT32_MAX, check_range

T = TypeVar("T")


class _OrderJson(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    order: Order
    signature: str


class _ConditionJson(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    price: int
    direction: Direction


class _TriggerJson(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    order: Order
    signature: str
    trigger: _ConditionJson


class _LadderJson(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    ladder: Ladder
    signature: str


class _CancelJson(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    cancel: Cancel
    signature: str


class _ReportJson(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    report: Report
    signature: str


class _WithdrawalJson(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    withdrawal: Withdrawal
    signature: str


class TriggerOrder(NamedTuple):
    """A signed order and the mark, in ticks, that it waits for."""

    order: SignedOrder
    trigger_price: int
    direction: Direction


_decode_order: Final = msgspec.json.Decoder(_OrderJson).decode
_decode_trigger: Final = msgspec.json.Decoder(_TriggerJson).decode
_decode_ladder: Final = msgspec.json.Decoder(_LadderJson).decode
_decode_cancel: Final = msgspec.json.Decoder(_CancelJson).decode
_decode_report: Final = msgspec.json.Decoder(_ReportJson).decode
_decode_withdrawal: Final = msgspec.json.Decoder(_WithdrawalJson).decode
_encode: Final[Callable[[Any], bytes]] = msgspec.json.Encoder().encode


def decode_order(data: bytes) -> SignedOrder:
    """Read a signed order. Raises DecodeError, RangeError or FlagError."""
    body = _read("order", _decode_order, data)
    return SignedOrder(validate_order(body.order), _signature("order", body.signature))


def decode_trigger(data: bytes) -> TriggerOrder:
    """Read a signed order and its trigger. Raises DecodeError, RangeError or FlagError."""
    body = _read("trigger order", _decode_trigger, data)
    price = check_range("trigger.price", body.trigger.price, 1, UINT32_MAX)
    signature = _signature("trigger order", body.signature)
    signed = SignedOrder(validate_order(body.order), signature)
    return TriggerOrder(signed, price, body.trigger.direction)


def decode_ladder(data: bytes) -> SignedLadder:
    """Read a signed ladder. Raises DecodeError, RangeError or LadderError."""
    body = _read("ladder", _decode_ladder, data)
    return SignedLadder(validate_ladder(body.ladder), _signature("ladder", body.signature))


def decode_cancel(data: bytes) -> SignedCancel:
    """Read a signed cancel. Raises DecodeError or RangeError."""
    body = _read("cancel", _decode_cancel, data)
    return SignedCancel(validate_cancel(body.cancel), _signature("cancel", body.signature))


def decode_report(data: bytes) -> SignedReport:
    """Read a publisher's report. Raises DecodeError or RangeError."""
    body = _read("report", _decode_report, data)
    return SignedReport(validate_report(body.report), _signature("report", body.signature))


def decode_withdrawal(data: bytes) -> SignedWithdrawal:
    """Read a signed withdrawal; a wallet's signature may have any length.

    Raises DecodeError, RangeError or AddressError.
    """
    body = _read("withdrawal", _decode_withdrawal, data)
    try:
        signature = bytes.fromhex(body.signature.removeprefix("0x"))
    except ValueError as error:
        raise DecodeError("withdrawal", "signature must be 0x and hex digits") from error
    return SignedWithdrawal(validate_withdrawal(body.withdrawal), signature)


def encode_order(signed: SignedOrder) -> bytes:
    """Write a signed order. Of a ladder's level, write the ladder instead."""
    return _encode(_OrderJson(signed.order, "0x" + signed.signature.hex()))


def encode_trigger(trigger: TriggerOrder) -> bytes:
    """Write a signed order and its trigger."""
    signed, price, direction = trigger
    condition = _ConditionJson(price, direction)
    return _encode(_TriggerJson(signed.order, "0x" + signed.signature.hex(), condition))


def encode_ladder(signed: SignedLadder) -> bytes:
    """Write a signed ladder."""
    return _encode(_LadderJson(signed.ladder, "0x" + signed.signature.hex()))


def encode_cancel(signed: SignedCancel) -> bytes:
    """Write a signed cancel."""
    return _encode(_CancelJson(signed.cancel, "0x" + signed.signature.hex()))


def encode_report(signed: SignedReport) -> bytes:
    """Write a publisher's report."""
    return _encode(_ReportJson(signed.report, "0x" + signed.signature.hex()))


def encode_withdrawal(signed: SignedWithdrawal) -> bytes:
    """Write a signed withdrawal."""
    return _encode(_WithdrawalJson(signed.withdrawal, "0x" + signed.signature.hex()))


def _read(what: str, decode: Callable[[bytes], T], data: bytes) -> T:
    try:
        return decode(data)
    except msgspec.DecodeError as error:
        raise DecodeError(what, str(error)) from error


def _signature(what: str, text: str) -> bytes:
    digits = 2 * SIGNATURE_BYTES
    if len(text) != digits + 2 or not text.startswith("0x"):
        raise DecodeError(what, f"signature must be 0x and {digits} hex digits")
    try:
        signature = bytes.fromhex(text[2:])
    except ValueError as error:
        raise DecodeError(what, f"signature must be 0x and {digits} hex digits") from error
    # bytes.fromhex skips blanks, so that 126 digits and two blanks would pass.
    if len(signature) != SIGNATURE_BYTES:
        raise DecodeError(what, f"signature must be 0x and {digits} hex digits")
    return signature

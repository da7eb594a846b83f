"""Frozen messages, twins of the signed types and verdicts of docs/batch.md.

A message never changes after construction; a change is a new message. Constructing one checks
nothing, so that tests can build illegal ones: `validate_…` does, and every way in calls it.
"""

from enum import IntEnum
from typing import Final

from msgspec import Struct

from penstock.errors import AddressError, FlagError, LadderError, RangeError
from penstock.units import INT56_MAX, UINT16_MAX, UINT32_MAX, UINT40_MAX, check_range

BUY: Final = 1
IMMEDIATE: Final = 2
POST_ONLY: Final = 4
REDUCE_ONLY: Final = 8
LADDER: Final = 16
LIQUIDATION: Final = 32

SLOTS: Final = 256
MAX_LEVELS: Final = 255
SIGNATURE_BYTES: Final = 64
UNSIGNED: Final = bytes(SIGNATURE_BYTES)
"""What stands in the place of a signature where nobody has signed."""


class Side(IntEnum):
    """Whose fault a verdict is; the value is the bit that the chain sets in the verdict byte."""

    NONE = 0
    MAKER = 64
    TAKER = 128


class Verdict(IntEnum):
    """What the contract says of one fill, in the order in which it looks."""

    SETTLED = 0
    BAD_SIGNATURE = 1
    EXPIRED = 2
    INCOMPLETE_ACCOUNT = 3
    REPLACED = 4
    CANCELLED = 5
    SPENT = 6
    SIZE_ZERO = 7
    MARKET_MISMATCH = 8
    SAME_SIDE = 9
    SELF_TRADE = 10
    MAKER_IMMEDIATE = 11
    TAKER_POST_ONLY = 12
    NOT_CROSSING = 13
    OUTSIDE_BAND = 14
    OVERFILL = 15
    REDUCE_ONLY = 16
    TOO_MANY_MARKETS = 17
    BANKRUPT = 18
    STALE_PRICE = 19
    BELOW_INITIAL_MARGIN = 20
    POSITION_TOO_LARGE = 21
    LIQUIDATED = 22
    NOT_LIQUIDATABLE = 23
    GRACE_PERIOD = 24
    MORE_THAN_NEEDED = 25

    @property
    def moved(self) -> bool:
        """Whether the fill changed positions."""
        return self in (Verdict.SETTLED, Verdict.LIQUIDATED)


# NOTE: gc=False keeps millions of resting orders out of the garbage collector's walks. It is safe
# because messages hold numbers, bytes and older messages only, and so can never form a cycle.
class Order(Struct, frozen=True, gc=False, rename="camel", omit_defaults=True):
    """One order as its trader signs it: price in ticks, size in lots (unsigned), expiry in seconds.

    `nonce` is `slot 8 · epoch 32` for a resting order and a 32-bit number for an immediate one. The
    order is live up to and including its expiry second. `liquidation` is not part of what is
    signed: such an order has no signature, and no way in lets it pass.
    """

    account: int
    market: int
    buy: bool
    immediate: bool
    post_only: bool
    reduce_only: bool
    price: int
    size: int
    expiry: int
    nonce: int
    liquidation: bool = False

    @property
    def slot(self) -> int:
        """The order slot of a resting order; 0 for an immediate one."""
        return self.nonce >> 32

    @property
    def epoch(self) -> int:
        """The epoch of a resting order; the number of an immediate one."""
        return self.nonce & UINT32_MAX

    @property
    def flags(self) -> int:
        """The flag byte of the order table."""
        return (
            self.buy * BUY
            | self.immediate * IMMEDIATE
            | self.post_only * POST_ONLY
            | self.reduce_only * REDUCE_ONLY
            | self.liquidation * LIQUIDATION
        )

    @property
    def key(self) -> tuple[int, int, int]:
        """The sort key of the order table: account, kind (resting before immediate), nonce."""
        return (self.account, int(self.immediate), self.nonce)


class Ladder(Struct, frozen=True, gc=False, rename="camel"):
    """Several resting orders under one signature; level `k` uses slot `slot + k` and one epoch."""

    account: int
    market: int
    buy: bool
    post_only: bool
    reduce_only: bool
    expiry: int
    nonce: int
    prices: tuple[int, ...]
    sizes: tuple[int, ...]

    @property
    def slot(self) -> int:
        """The order slot of the first level."""
        return self.nonce >> 32

    @property
    def epoch(self) -> int:
        """The epoch that all levels share."""
        return self.nonce & UINT32_MAX

    @property
    def flags(self) -> int:
        """The flag byte of the order table."""
        return self.buy * BUY | self.post_only * POST_ONLY | self.reduce_only * REDUCE_ONLY | LADDER

    @property
    def key(self) -> tuple[int, int, int]:
        """The sort key of the order table, that of the first level."""
        return (self.account, 0, self.nonce)

    @property
    def nonces(self) -> range:
        """The nonce of each level, in the order of the slots."""
        return range(self.nonce, self.nonce + (len(self.prices) << 32), 1 << 32)

    def levels(self) -> list[Order]:
        """Write each level as the resting order that it is, in the order of the slots."""
        return [
            Order(
                account=self.account,
                market=self.market,
                buy=self.buy,
                immediate=False,
                post_only=self.post_only,
                reduce_only=self.reduce_only,
                price=price,
                size=size,
                expiry=self.expiry,
                nonce=nonce,
            )
            for nonce, price, size in zip(self.nonces, self.prices, self.sizes, strict=True)
        ]


class Cancel(Struct, frozen=True, gc=False, rename="camel"):
    """Kill a resting epoch, and all below it, in the slot that `nonce` names."""

    account: int
    nonce: int

    @property
    def slot(self) -> int:
        """The order slot."""
        return self.nonce >> 32

    @property
    def epoch(self) -> int:
        """The highest epoch that dies."""
        return self.nonce & UINT32_MAX


class Report(Struct, frozen=True, gc=False, rename="camel"):
    """One publisher's index price: ticks, at `time` in seconds."""

    market: int
    price: int
    time: int


class Withdrawal(Struct, frozen=True, gc=False, rename="camel"):
    """What the owner of an account asks the exit desk for: quote units, carried by `deadline`.

    `nonce` is any number that was not used for this account yet.
    """

    account: int
    recipient: str
    amount: int
    nonce: int
    deadline: int


class SignedLadder(Struct, frozen=True, gc=False):
    """A ladder and its compact signature (64 bytes, EIP-2098)."""

    ladder: Ladder
    signature: bytes

    def levels(self) -> list["SignedOrder"]:
        """Each level as an order that remembers the ladder which carries its signature."""
        return [SignedOrder(order, self.signature, self) for order in self.ladder.levels()]


class SignedOrder(Struct, frozen=True, gc=False):
    """An order and its compact signature (64 bytes, EIP-2098), `UNSIGNED` for a liquidation.

    A level of a ladder names the ladder: its signature is the ladder's and does not sign `order`
    alone. The batch writes such a ladder once, at level `order.slot - ladder.ladder.slot`.
    """

    order: Order
    signature: bytes
    ladder: SignedLadder | None = None


class SignedCancel(Struct, frozen=True, gc=False):
    """A cancel and its compact signature (64 bytes, EIP-2098)."""

    cancel: Cancel
    signature: bytes


class SignedReport(Struct, frozen=True, gc=False):
    """A price report and its publisher's compact signature (64 bytes, EIP-2098)."""

    report: Report
    signature: bytes

    @property
    def row(self) -> tuple[int, int, bytes, bytes]:
        """What the feed's `post` takes: price, time, and the two words of the signature."""
        return self.report.price, self.report.time, self.signature[:32], self.signature[32:]


class SignedWithdrawal(Struct, frozen=True, gc=False):
    """A withdrawal and its owner's signature: compact, of 65 bytes, or what its wallet takes."""

    withdrawal: Withdrawal
    signature: bytes


class Fill(Struct, frozen=True, gc=False):
    """`size` lots change hands between a resting maker and a taker."""

    maker: SignedOrder
    taker: SignedOrder
    size: int

    @property
    def price(self) -> int:
        """The price in ticks, which is the maker's."""
        return self.maker.order.price


def validate_order(order: Order) -> Order:
    """Return `order` when the contract could read it. Raises RangeError or FlagError."""
    check_range("account", order.account, 1, UINT32_MAX)
    check_range("market", order.market, 1, UINT16_MAX)
    check_range("price", order.price, 1, UINT32_MAX)
    check_range("size", order.size, 1, UINT32_MAX)
    check_range("expiry", order.expiry, 0, UINT32_MAX)
    check_range("nonce", order.nonce, 0, UINT32_MAX if order.immediate else UINT40_MAX)
    if order.immediate and order.post_only:
        raise FlagError("immediate", "post-only")
    if order.liquidation:
        raise FlagError("liquidation", "a signature")
    return order


def validate_ladder(ladder: Ladder) -> Ladder:
    """Return `ladder` when the contract could read it. Raises RangeError or LadderError."""
    check_range("account", ladder.account, 1, UINT32_MAX)
    check_range("market", ladder.market, 1, UINT16_MAX)
    check_range("expiry", ladder.expiry, 0, UINT32_MAX)
    check_range("nonce", ladder.nonce, 0, UINT40_MAX)
    levels = len(ladder.prices)
    if not 1 <= levels <= MAX_LEVELS:
        raise RangeError("levels", levels, 1, MAX_LEVELS)
    if len(ladder.sizes) != levels:
        raise LadderError("sizes", len(ladder.sizes), f"there are {levels} prices")
    if ladder.slot + levels > SLOTS:
        raise LadderError("slot", ladder.slot, f"{levels} levels would run past slot 255")
    for k, (price, size) in enumerate(zip(ladder.prices, ladder.sizes, strict=True)):
        check_range(f"prices[{k}]", price, 1, UINT32_MAX)
        check_range(f"sizes[{k}]", size, 1, UINT32_MAX)
    return ladder


def validate_cancel(cancel: Cancel) -> Cancel:
    """Return `cancel` when the contract could read it. Raises RangeError."""
    check_range("account", cancel.account, 1, UINT32_MAX)
    check_range("nonce", cancel.nonce, 0, UINT40_MAX)
    return cancel


def validate_report(report: Report) -> Report:
    """Return `report` when the contract could read it. Raises RangeError."""
    check_range("market", report.market, 1, UINT16_MAX)
    check_range("price", report.price, 1, UINT32_MAX)
    check_range("time", report.time, 1, UINT32_MAX)
    return report


def validate_withdrawal(withdrawal: Withdrawal) -> Withdrawal:
    """Return `withdrawal` when the contract could carry it. Raises RangeError or AddressError."""
    check_range("account", withdrawal.account, 1, UINT32_MAX)
    check_range("amount", withdrawal.amount, 1, INT56_MAX)
    check_range("nonce", withdrawal.nonce, 0, 2**64 - 1)
    check_range("deadline", withdrawal.deadline, 0, 2**256 - 1)
    if int.from_bytes(address_bytes("recipient", withdrawal.recipient), "big") == 0:
        raise AddressError("recipient", withdrawal.recipient)
    return withdrawal


def address_bytes(field: str, value: str | bytes) -> bytes:
    """Read an address, 20 bytes or hex digits. Raises AddressError."""
    try:
        raw = bytes.fromhex(value.removeprefix("0x")) if isinstance(value, str) else bytes(value)
    except ValueError:
        raise AddressError(field, value) from None
    if len(raw) != 20:
        raise AddressError(field, value)
    return raw

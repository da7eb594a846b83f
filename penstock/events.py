"""What the engine answers: typed events, in the order in which things happened.

A `Fill` is its own event. A trader's mistake is a `Rejected` with a reason, never an exception.
"""

from enum import IntEnum
from typing import TypeAlias

from msgspec import Struct

from penstock.commands import Direction
from penstock.messages import Cancel, Fill, SignedOrder, Verdict


class RejectReason(IntEnum):
    """Why an order or a cancel changed nothing. From 32 on, reasons are the gate's."""

    UNKNOWN_MARKET = 1
    EXPIRED = 2
    STALE_NUMBER = 3
    """Immediate: the number is not above the last accepted one of the account."""
    STALE_EPOCH = 4
    """The slot has seen a higher epoch."""
    BELOW_FLOOR = 5
    """The epoch is at or below the floor that the account set when it cancelled everything."""
    DUPLICATE = 6
    """This nonce rests, or waits for a mark, right now."""
    CANCELLED_EPOCH = 7
    NOTHING_LEFT = 8
    """This epoch has been filled to the size that the order asks for."""
    WOULD_CROSS = 9
    """Post-only: the order would trade against the book as it stands."""
    WOULD_NOT_FILL = 10
    """All or none: the book does not hold the whole size at that price."""
    WOULD_NOT_REDUCE = 11
    """Reduce-only: there is no position to lower, or less of it than all-or-none asks for."""
    NOT_IMMEDIATE = 12
    """All-or-none was asked of a resting order."""
    TOO_MANY_TRIGGERS = 13
    """The account has as many orders waiting for a mark as it may."""
    BAD_SIGNATURE = 32
    UNKNOWN_ACCOUNT = 33
    OUTSIDE_BAND = 34
    TOO_MANY_MARKETS = 35
    STALE_PRICE = 36
    BELOW_INITIAL_MARGIN = 37
    POSITION_TOO_LARGE = 38
    NOT_LIQUIDATABLE = 39
    """The account is not below its maintenance margin, or the chain was just down."""
    CLOSE_PENDING = 40
    """The owner asked the chain to close the position: only what lowers it is taken."""


class CancelReason(IntEnum):
    """Why a live order, or what was left of it, went away without a fill."""

    REQUESTED = 1
    REPLACED = 2
    """Another order took the slot, or an immediate one with a higher number was accepted."""
    CANCELLED_ALL = 3
    IMMEDIATE = 4
    """What an immediate order could not fill at once."""
    SELF_TRADE = 5
    REDUCED = 6
    """Reduce-only: the position is gone."""
    ILLEGAL = 7
    """The gate refused a fill; the verdict tells why."""
    LIQUIDATED = 8
    """The account is being liquidated, and the order stood in the way or could raise its risk."""


class Accepted(Struct, frozen=True, gc=False):
    """An order entered matching with `size` lots: what is left of it and may be filled now."""

    order: SignedOrder
    size: int


class Waiting(Struct, frozen=True, gc=False):
    """An order with `size` unfilled lots waits until the mark crosses `trigger_price` (ticks)."""

    order: SignedOrder
    size: int
    trigger_price: int
    direction: Direction


class Triggered(Struct, frozen=True, gc=False):
    """The mark, in ticks, let an order go: what follows is what placing it now does."""

    order: SignedOrder
    mark: int


class Rejected(Struct, frozen=True, gc=False):
    """An order or a cancel changed nothing, for `reason`."""

    message: SignedOrder | Cancel
    reason: RejectReason


class Cancelled(Struct, frozen=True, gc=False):
    """`size` lots of an order will not be filled. `verdict` is set when the reason is ILLEGAL."""

    order: SignedOrder
    size: int
    reason: CancelReason
    verdict: Verdict = Verdict.SETTLED


class Trimmed(Struct, frozen=True, gc=False):
    """A resting reduce-only order keeps its place with `left` lots, as the position shrank."""

    order: SignedOrder
    left: int


class Expired(Struct, frozen=True, gc=False):
    """A resting or waiting order outlived its expiry second with `size` lots unfilled."""

    order: SignedOrder
    size: int


class LiquidationSlowed(Struct, frozen=True, gc=False):
    """`left` lots of a liquidation were not tried: the market's pace allows more from `until` on.

    `until` is in seconds. What the book did not fill of the others is `Cancelled`.
    """

    account: int
    market: int
    left: int
    until: int


Event: TypeAlias = (
    Accepted
    | Waiting
    | Triggered
    | Rejected
    | Fill
    | Cancelled
    | Trimmed
    | Expired
    | LiquidationSlowed
)

"""What goes into the engine: the entries of its command log. Times are seconds, never going back.

The same commands in the same order give the same events and the same state.
"""

from enum import IntEnum, StrEnum
from typing import TypeAlias

from msgspec import Struct

from penstock.messages import Cancel, SignedLadder, SignedOrder


class SelfTrade(IntEnum):
    """What happens when an account would meet itself, or another account of its owner."""

    CANCEL_OLDEST = 0
    """The resting order goes; the taker goes on."""
    CANCEL_NEWEST = 1
    """What is left of the taker goes; the resting order stays."""
    CANCEL_BOTH = 2


class Direction(StrEnum):
    """Which way the mark must cross a trigger price; reaching it is enough."""

    AT_OR_ABOVE = "at_or_above"
    AT_OR_BELOW = "at_or_below"


class Place(Struct, frozen=True, gc=False, tag=True):
    """Match `order`. `all_or_none` is for immediate orders: fill it whole or reject it."""

    now: int
    order: SignedOrder
    all_or_none: bool = False
    self_trade: SelfTrade = SelfTrade.CANCEL_OLDEST


class PlaceLadder(Struct, frozen=True, gc=False, tag=True):
    """Match every level of a ladder, in the order of the slots."""

    now: int
    ladder: SignedLadder
    self_trade: SelfTrade = SelfTrade.CANCEL_OLDEST


class PlaceTrigger(Struct, frozen=True, gc=False, tag=True):
    """Hold `order` back until the mark of its market is at or beyond `trigger_price` (ticks).

    Neither price nor direction is signed: they are the trader's instruction to the operator.
    """

    now: int
    order: SignedOrder
    trigger_price: int
    direction: Direction
    all_or_none: bool = False
    self_trade: SelfTrade = SelfTrade.CANCEL_OLDEST


class Mark(Struct, frozen=True, gc=False, tag=True):
    """The mark of a market is `mark` ticks from now on; orders that waited for it are placed."""

    now: int
    market: int
    mark: int


class Liquidate(Struct, frozen=True, gc=False, tag=True):
    """Take up to `lots` lots off an account's position, at `price` (ticks) or better, unsigned."""

    now: int
    account: int
    market: int
    lots: int
    price: int


class Withdraw(Struct, frozen=True, gc=False, tag=True):
    """Kill the epoch that `cancel` names, and all below it in its slot."""

    now: int
    cancel: Cancel


class WithdrawTrigger(Struct, frozen=True, gc=False, tag=True):
    """End the immediate order that waits under `number`; resting ones have `Withdraw`."""

    now: int
    account: int
    number: int


class WithdrawAll(Struct, frozen=True, gc=False, tag=True):
    """End all resting and waiting orders of an account; their nonces stay usable."""

    now: int
    account: int


class RaiseFloor(Struct, frozen=True, gc=False, tag=True):
    """Follow the contract's `cancelAll`: epochs up to `floor`, numbers up to `number` are dead."""

    now: int
    account: int
    floor: int
    number: int


class Refresh(Struct, frozen=True, gc=False, tag=True):
    """A position changed outside of matching: trim the reduce-only orders that rest on it."""

    now: int
    account: int
    market: int


class Group(Struct, frozen=True, gc=False, tag=True):
    """Treat `account` as the owner of account number `owner` for self-trade prevention."""

    now: int
    account: int
    owner: int


class Advance(Struct, frozen=True, gc=False, tag=True):
    """Let time pass, so that orders expire."""

    now: int


TriggerCommand: TypeAlias = PlaceTrigger | Mark | WithdrawTrigger
Command: TypeAlias = (
    Place
    | PlaceLadder
    | TriggerCommand
    | Liquidate
    | Withdraw
    | WithdrawAll
    | RaiseFloor
    | Refresh
    | Group
    | Advance
)

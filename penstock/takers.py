"""Orders that are filled at once or not at all, and liquidations, which are such orders (pure)."""

from typing import Final

from msgspec.structs import replace

from penstock.book import Book
from penstock.commands import SelfTrade
from penstock.events import (
    Accepted,
    Cancelled,
    CancelReason,
    Event,
    LiquidationSlowed,
    RejectReason,
)
from penstock.gate import Gate
from penstock.matcher import Matcher, end
from penstock.messages import UNSIGNED, Order, SignedOrder
from penstock.nonces import Nonces
from penstock.pace import Liquidations
from penstock.triggers import Triggers


class Takers:
    """Spends the numbers of immediate orders, and ends what waits under those that are spent."""

    __slots__ = ("_gate", "_liquidations", "_matcher", "_nonces", "_triggers")

    def __init__(
        self,
        gate: Gate,
        matcher: Matcher,
        nonces: Nonces,
        triggers: Triggers,
        liquidations: Liquidations,
    ) -> None:
        self._gate: Final = gate
        self._matcher: Final = matcher
        self._nonces: Final = nonces
        self._triggers: Final = triggers
        self._liquidations: Final = liquidations

    def place(
        self,
        book: Book,
        signed: SignedOrder,
        all_or_none: bool,
        mode: SelfTrade,
        out: list[Event],
    ) -> RejectReason | None:
        """Match an immediate order, or say why it changed nothing."""
        order = signed.order
        left, reason = self._nonces.limit_immediate(order)
        if reason is None and all_or_none and left < order.size:
            return RejectReason.WOULD_NOT_REDUCE
        reason = reason or self._gate.admit(order)
        if reason is not None:
            return reason
        _, side = book.sides[order.buy]
        if all_or_none and not self._matcher.is_fillable(side, limit_of(order), order, mode):
            return RejectReason.WOULD_NOT_FILL
        self._nonces.numbers[order.account] = order.nonce
        end(self._triggers.numbered(order.account, 0, order.nonce), CancelReason.REPLACED, out)
        self._sweep(book, signed, left, mode, out)
        return None

    def refuse_liquidation(self, order: Order) -> RejectReason | None:
        """Say why an account may not be liquidated by this order, or None."""
        return self._nonces.limit_immediate(order)[1] or self._gate.admit_liquidation(order)

    def liquidate(self, book: Book, order: Order, now: int, out: list[Event]) -> None:
        """Match as much of a liquidation as the market's pace allows, and say what is left."""
        pace, market = self._liquidations, book.market
        size = min(order.size, pace.allowed(market, now))
        if size:
            signed = SignedOrder(replace(order, size=size), UNSIGNED)
            filled = self._sweep(book, signed, size, SelfTrade.CANCEL_OLDEST, out)
            pace.spend(market, filled, now)
        if size < order.size:
            until = pace.more_at(market, now)
            out.append(LiquidationSlowed(order.account, market, order.size - size, until))

    def _sweep(
        self, book: Book, signed: SignedOrder, size: int, mode: SelfTrade, out: list[Event]
    ) -> int:
        """Match an order whose number is spent. Returns what it filled, in lots."""
        order = signed.order
        out.append(Accepted(signed, size))
        _, side = book.sides[order.buy]
        left, stop = self._matcher.match(side, limit_of(order), signed, size, mode, out)
        if left:
            out.append(stop or Cancelled(signed, left, CancelReason.IMMEDIATE))
        return size - left


def limit_of(order: Order) -> int:
    """The key, on the side that it meets, of the worst level that an order accepts."""
    return order.price if order.buy else -order.price

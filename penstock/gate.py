"""What the engine asks of the risk model, and two gates that let everything pass."""

from collections import defaultdict
from typing import Protocol, TypeAlias

from penstock.events import RejectReason
from penstock.messages import Order, Side, Verdict

Fault: TypeAlias = tuple[Verdict, Side]
"""Why a fill is illegal and whose fault it is. A fault of neither side stops the taker."""


class Gate(Protocol):
    """The risk model as the engine sees it. Sizes are lots; positions are signed, long positive."""

    def admit(self, order: Order) -> RejectReason | None:
        """Say why `order` may not enter matching, or None."""

    def admit_liquidation(self, order: Order) -> RejectReason | None:
        """Say why an account may not be liquidated by `order`, which nobody signed, or None.

        Its fills are checked as all others are.
        """

    def check(self, maker: Order, taker: Order, size: int) -> Fault | None:
        """Say why the contract would skip this fill, or None. Changes nothing."""

    def rehearse(self, taker: Order, makers: list[tuple[Order, int]]) -> tuple[int, Fault] | None:
        """Check fills one after the other as if each had happened, and leave no trace.

        Returns the index of the first illegal one and its fault, or None.
        """

    def apply(self, maker: Order, taker: Order, size: int) -> None:
        """Take a checked fill into the positions of both sides."""

    def position(self, account: int, market: int) -> int:
        """Read the position of an account after all applied fills."""


class OpenGate:
    """Lets everything pass and knows of no position: for benchmarks and for books alone."""

    __slots__ = ()

    def admit(self, order: Order) -> RejectReason | None:
        """Admit."""
        return None

    def admit_liquidation(self, order: Order) -> RejectReason | None:
        """Admit."""
        return None

    def check(self, maker: Order, taker: Order, size: int) -> Fault | None:
        """Find nothing wrong."""
        return None

    def rehearse(self, taker: Order, makers: list[tuple[Order, int]]) -> tuple[int, Fault] | None:
        """Find nothing wrong."""
        return None

    def apply(self, maker: Order, taker: Order, size: int) -> None:
        """Forget."""

    def position(self, account: int, market: int) -> int:
        """Know of none."""
        return 0


class PositionGate(OpenGate):
    """Lets every fill pass and keeps positions, which reduce-only orders need: for simulation."""

    __slots__ = ("_positions",)

    def __init__(self) -> None:
        self._positions: defaultdict[int, int] = defaultdict(int)

    def apply(self, maker: Order, taker: Order, size: int) -> None:
        """Move `size` lots from the seller to the buyer."""
        positions = self._positions
        market = maker.market << 32
        bought = size if taker.buy else -size
        positions[market | taker.account] += bought
        positions[market | maker.account] -= bought

    def position(self, account: int, market: int) -> int:
        """Read a position, in lots."""
        return self._positions.get(market << 32 | account, 0)

"""What the engine asks of the risk model, and the gate that lets everything pass."""

from typing import Protocol, TypeAlias

from penstock.events import RejectReason
from penstock.messages import Order, Side, Verdict

Fault: TypeAlias = tuple[Verdict, Side]
"""Why a fill is illegal and whose fault it is. A fault of neither side stops the taker."""


class Gate(Protocol):
    """The risk model as the engine sees it. Sizes are lots; positions are signed, long positive."""

    def admit(self, order: Order) -> RejectReason | None:
        """Say why `order` may not enter matching, or None."""

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
    """Lets every fill pass and keeps positions only: for tests, benchmarks and simulation."""

    __slots__ = ("_positions",)

    def __init__(self) -> None:
        self._positions: dict[int, int] = {}

    def admit(self, order: Order) -> RejectReason | None:
        """Admit."""
        return None

    def check(self, maker: Order, taker: Order, size: int) -> Fault | None:
        """Find nothing wrong."""
        return None

    def rehearse(self, taker: Order, makers: list[tuple[Order, int]]) -> tuple[int, Fault] | None:
        """Find nothing wrong."""
        return None

    def apply(self, maker: Order, taker: Order, size: int) -> None:
        """Move `size` lots from the seller to the buyer."""
        positions = self._positions
        bought = size if taker.buy else -size
        key = taker.account << 16 | taker.market
        positions[key] = positions.get(key, 0) + bought
        key = maker.account << 16 | maker.market
        positions[key] = positions.get(key, 0) - bought

    def position(self, account: int, market: int) -> int:
        """Read a position, in lots."""
        return self._positions.get(account << 16 | market, 0)

"""What owners asked for and has not left their accounts yet: money, and positions to be closed.

The engine's gate counts money as gone at once, so that a withdrawal between matching and settlement
never makes an honest batch skip, and lets nobody raise a position whose owner asked to be out of
it: the request would have to be served again.
"""

from collections.abc import Hashable
from typing import Final


class Reserves:
    """Quote units by account; each request has a name, so that it counts once."""

    __slots__ = ("_closes", "_requests", "_sums")

    def __init__(self) -> None:
        self._closes: Final[dict[Hashable, tuple[int, int]]] = {}
        self._requests: Final[dict[Hashable, tuple[int, int]]] = {}
        self._sums: Final[dict[int, int]] = {}

    def of(self, account: int) -> int:
        """What is asked for of an account."""
        return self._sums.get(account, 0)

    def __contains__(self, name: Hashable) -> bool:
        """Whether a request is pending."""
        return name in self._requests or name in self._closes

    def is_closing(self, account: int, market: int) -> bool:
        """Whether an account asked to be out of its position in a market."""
        # NOTE: asked with every fill, and nearly always empty.
        return bool(self._closes) and (account, market) in self._closes.values()

    def close(self, name: Hashable, account: int, market: int) -> None:
        """Remember that a position is to be closed."""
        self._closes[name] = (account, market)

    def hold(self, name: Hashable, account: int, amount: int) -> None:
        """Reserve what a request asks for, in place of what it asked for before."""
        self.release(name)
        self._requests[name] = (account, amount)
        self._sums[account] = self.of(account) + amount

    def pay(self, name: Hashable, amount: int) -> None:
        """Take away what a request was paid, and keep the rest."""
        if name in self._requests:
            account, held = self._requests[name]
            self.hold(name, account, max(0, held - amount))

    def release(self, name: Hashable) -> None:
        """Forget a request: it is done, taken back, or too late."""
        self._closes.pop(name, None)
        account, amount = self._requests.pop(name, (0, 0))
        if amount:
            self._sums[account] -= amount

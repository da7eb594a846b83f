"""What owners asked for and has not left their accounts yet.

The engine's gate counts it as gone at once, so that a withdrawal between matching and settlement
never makes an honest batch skip.
"""

from collections.abc import Hashable
from typing import Final


class Reserves:
    """Quote units by account; each request has a name, so that it counts once."""

    __slots__ = ("_requests", "_sums")

    def __init__(self) -> None:
        self._requests: Final[dict[Hashable, tuple[int, int]]] = {}
        self._sums: Final[dict[int, int]] = {}

    def of(self, account: int) -> int:
        """What is asked for of an account."""
        return self._sums.get(account, 0)

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
        account, amount = self._requests.pop(name, (0, 0))
        if amount:
            self._sums[account] -= amount

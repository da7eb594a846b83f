"""What was tried, and when it is worth another try: longer each time (pure)."""

from collections.abc import Collection
from typing import Final

FIRST: Final = 10
LONGEST: Final = 600
"""Seconds after the first try, and the most that doubling comes to."""


class Rests:
    """By name. One that nobody can serve must not keep the others waiting."""

    def __init__(self, longest: int = LONGEST) -> None:
        self.longest: Final = longest
        self._until: Final[dict[str, tuple[int, int]]] = {}
        """The end of a rest and its length."""

    def holds(self, name: str, now: int) -> bool:
        """Whether something rests at second `now`."""
        return now < self._until.get(name, (0, 0))[0]

    def put(self, name: str, now: int) -> int:
        """Let something rest, twice as long as the time before; return until when."""
        before = self._until.get(name, (0, 0))[1]
        length = min(2 * before or FIRST, self.longest)
        self._until[name] = now + length, length
        return now + length

    def renew(self, names: Collection[str], now: int) -> None:
        """What came further rests for as short as at first."""
        self._until.update(dict.fromkeys(names, (now + FIRST, FIRST)))

    def keep(self, names: Collection[str]) -> None:
        """Forget all others."""
        for name in self._until.keys() - set(names):
            del self._until[name]

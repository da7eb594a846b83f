"""What the queue promised, and when it was kept (pure)."""

from collections.abc import Sequence
from typing import Final

from msgspec import Struct

QUANTILES: Final = (0.0, 0.1, 0.5, 0.9, 0.99, 1.0)


class Promise(Struct):
    """One ticket: times are seconds of the chain, money quote units."""

    ticket: int
    account: int
    recipient: str
    amount: int
    asked_at: int
    ready_at: int
    way: str = "sequencer"
    """Who took the request: the sequencer, L1, or the desk after its window."""
    to: str = "L2"
    promised: int = 0
    """By when all of it would be paid, as the queue said right after the request."""
    paid: int = 0
    parts: int = 0
    """Payments that it came in."""
    served_at: int = 0
    """When the last of it was paid; 0 before."""

    @property
    def waited(self) -> int:
        """Seconds from the request to the last of the money."""
        return self.served_at - self.asked_at

    @property
    def span(self) -> int:
        """Seconds from the request to the promised time."""
        return self.promised - self.asked_at

    @property
    def late(self) -> int:
        """Seconds that it was served after its promised time; negative when before."""
        return self.served_at - self.promised


def quantile(values: Sequence[int], share: float) -> int:
    """The smallest value that so large a share of them does not exceed."""
    ordered = sorted(values)
    return ordered[max(0, -(-round(share * 1_000) * len(ordered) // 1_000) - 1)]

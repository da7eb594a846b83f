"""The bucket through which money leaves the vault. Twin of the library Outflows.

Time is virtual: whoever is ready takes the units that flow in from then on, also if nobody releases
it until later. So it does not matter when and how often anyone releases.
"""

from dataclasses import dataclass

from penstock.units import div_up

LEAST_PART = 1_000 * 10**6
"""A payment in part is worth and leaves at least this much, quote units."""
BPS = 10_000
MOST = 2**88 - 1


@dataclass(slots=True)
class Outflow:
    """Terms, and `credit` as of the second `at`, in quote units times seconds of the window."""

    floor: int
    share: int
    """Basis points of what the vault has booked."""
    window: int
    credit: int = 0
    at: int = 0

    def capacity(self, booked: int) -> int:
        """What flows in per window, and the most that the bucket holds."""
        return min(self.floor + min(booked, MOST) * self.share // BPS, MOST)

    def filled(self, capacity: int, since: int) -> tuple[int, int]:
        """The credit, and its second, when nobody waits before `since`."""
        at = max(self.at, since)
        return min(self.credit + (at - self.at) * capacity, capacity * self.window), at

    def served_at(self, capacity: int, since: int, amount: int) -> int:
        """The second at which `amount` has flown in for somebody who waits from `since` on."""
        credit, at = self.filled(capacity, since)
        return at + div_up(max(0, amount * self.window - credit), capacity)

    def draw(self, capacity: int, since: int, rest: int, now: int) -> int:
        """Draw what is left of a ticket, or as much as has flown in by `now`; 0 for a crumb."""
        end = self.served_at(capacity, since, rest)
        credit, at = self.filled(capacity, since)
        until = min(end, now)
        credit += (until - at) * capacity
        part = rest if end <= now else _part(rest, credit // self.window)
        if part:
            self.credit, self.at = credit - part * self.window, until
        return part

    def set_terms(self, floor: int, share: int, window: int) -> None:
        """Replace the terms; the level stays. They count from the last second accounted for."""
        self.credit = self.credit * window // self.window
        self.floor, self.share, self.window = floor, share, window

    def level(self, booked: int, now: int) -> int:
        """What is in it if nobody is waiting."""
        return self.filled(self.capacity(booked), now)[0] // self.window


def _part(rest: int, most: int) -> int:
    part = min(most, max(0, rest - LEAST_PART))
    return 0 if part < LEAST_PART else part

"""Whether the chain was just down: beats, outages and the grace after them.

    outage         a gap between beats > limit, from the beat before it to the one after it
    minutes down   Σ ⌈outage / 60⌉
    calm           now >= end of the latest outage + grace

Twin of SequencerWatch. All questions are answered as if somebody beat at `now`.
"""

from dataclasses import dataclass, replace
from typing import Final

from penstock.units import div_up

MINUTE: Final = 60


@dataclass(frozen=True, slots=True)
class Watch:
    """What is remembered of the chain's life; times are seconds. A beat is a new value."""

    limit: int = 600
    """Longest gap between beats that is no outage."""
    grace: int = 900
    last: int = 0
    outage_start: int = 0
    outage_end: int = 0
    minutes_down: int = 0

    def beat(self, now: int) -> "Watch":
        """Say that the chain is alive."""
        gap = now - self.last
        if gap <= self.limit:
            return replace(self, last=now)
        down = self.minutes_down + div_up(gap, MINUTE)
        return Watch(self.limit, self.grace, now, self.last, now, down)

    def grace_ends_at(self, now: int) -> int:
        """When the latest grace ends or ended; 0 when there never was an outage."""
        end = self.beat(now).outage_end
        return end and end + self.grace

    def is_calm(self, now: int) -> bool:
        """Whether the chain is up, and has been for the time of grace."""
        return now >= self.grace_ends_at(now)

    def down_minutes_at(self, time: int, now: int) -> int:
        """Minutes of all outages up to `time`; those before the latest one count in full."""
        seen = self.beat(now)
        if time >= seen.outage_end:
            return seen.minutes_down
        return seen.minutes_down - div_up(seen.outage_end - max(time, seen.outage_start), MINUTE)

    @property
    def word(self) -> int:
        """`zero 128 · minutes down 32 · outage end 32 · outage start 32 · last beat 32`."""
        outage = self.outage_end << 64 | self.outage_start << 32
        return self.minutes_down << 96 | outage | self.last

"""Whether the chain was just down: beats, outages and the grace after them.

    outage         a gap between beats > limit, from the beat before it to the one after it
    seconds down   Σ outage
    calm           now >= end of the latest outage + grace

Twin of SequencerWatch. All questions are answered as if somebody beat at `now`.
"""

from bisect import bisect_right
from dataclasses import dataclass, replace
from typing import NamedTuple


class Outage(NamedTuple):
    """From a beat to the next one, too far apart; `down` is the seconds of all up to its end."""

    start: int
    end: int
    down: int

    @property
    def word(self) -> int:
        """`zero 160 · seconds down 32 · end 32 · start 32`."""
        return self.down << 64 | self.end << 32 | self.start


@dataclass(frozen=True, slots=True)
class Watch:
    """What is remembered of the chain's life; times are seconds. A beat is a new value."""

    limit: int = 600
    """Longest gap between beats that is no outage."""
    grace: int = 900
    last: int = 0
    outage_start: int = 0
    outage_end: int = 0
    seconds_down: int = 0
    outages: tuple[Outage, ...] = ()
    """Every outage that a beat ended."""

    def beat(self, now: int) -> "Watch":
        """Say that the chain is alive."""
        gap = now - self.last
        if gap <= self.limit:
            return replace(self, last=now)
        outage = Outage(self.last, now, self.seconds_down + gap)
        return Watch(self.limit, self.grace, now, *outage, (*self.outages, outage))

    def grace_ends_at(self, now: int) -> int:
        """When the latest grace ends or ended; 0 when there never was an outage."""
        end = self.beat(now).outage_end
        return end and end + self.grace

    def is_calm(self, now: int) -> bool:
        """Whether the chain is up, and has been for the time of grace."""
        return now >= self.grace_ends_at(now)

    def down_between(self, start: int, end: int, now: int) -> int:
        """Seconds of all outages within a time that has passed; 0 unless `end` is above `start`."""
        seen = self.beat(now)
        return max(0, seen._down_at(end) - seen._down_at(start))

    def _down_at(self, time: int) -> int:
        """Seconds of all outages up to `time`."""
        begun = bisect_right(self.outages, time, key=lambda outage: outage.start)
        if not begun:
            return 0
        _, end, down = self.outages[begun - 1]
        return down - max(0, end - time)

    @property
    def word(self) -> int:
        """`zero 128 · seconds down 32 · outage end 32 · outage start 32 · last beat 32`."""
        outage = self.outage_end << 64 | self.outage_start << 32
        return self.seconds_down << 96 | outage | self.last

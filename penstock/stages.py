"""Where the time goes: seconds and messages of each stage of the path."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import Final

NAMES: Final = ("decode", "verify", "match", "build", "settle")


class Stages:
    """A stopwatch for each stage."""

    __slots__ = ("counts", "seconds")

    def __init__(self, names: Iterable[str] = NAMES) -> None:
        self.seconds: Final = dict.fromkeys(names, 0.0)
        self.counts: Final = dict.fromkeys(self.seconds, 0)

    @contextmanager
    def timed(self, stage: str, count: int = 1) -> Iterator[None]:
        """Charge the block to a stage that handles `count` messages in it."""
        start = perf_counter()
        try:
            yield
        finally:
            self.add(stage, perf_counter() - start, count)

    def add(self, stage: str, seconds: float, count: int = 1) -> None:
        """Charge time to a stage: the hot path reads the clock itself."""
        self.seconds[stage] += seconds
        self.counts[stage] += count

    def rate(self, stage: str) -> float:
        """Messages a second, 0 when the stage never ran."""
        seconds = self.seconds[stage]
        return self.counts[stage] / seconds if seconds else 0.0

    @property
    def path_rate(self) -> float:
        """Orders a second through decode, verify and match together, on one core."""
        seconds = sum(self.seconds[name] for name in NAMES[:3])
        return self.counts["decode"] / seconds if seconds else 0.0

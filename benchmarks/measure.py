"""One line of the table that `make bench` prints."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Measure:
    """A measured value beside its goal. `met` is None where a figure is given for information."""

    name: str
    value: float
    unit: str
    goal: str
    met: bool | None

"""One line for each decision: what a keeper did or left, and the values that decided (pure).

time=1800000060 keeper=liquidations did=left why="below the floor" account=7 gain=12 cost=30
"""

from collections.abc import Callable, Mapping
from typing import Final

from msgspec import Struct

Value = int | str
"""What a note holds: integers in their units (ticks, lots, quote units, seconds), or words."""
Values = Mapping[str, Value]

ALARM: Final = "alarm"
"""What a keeper did when a person has to come."""


class Note(Struct, frozen=True):
    """A decision, or why there was none."""

    time: int
    """The chain's, in seconds; 0 when it could not be asked."""
    keeper: str
    did: str
    why: str
    values: Values

    def __str__(self) -> str:
        head: dict[str, Value] = {"time": self.time, "keeper": self.keeper, "did": self.did}
        fields = {**head, "why": self.why, **self.values}
        return " ".join(f"{name}={_quoted(value)}" for name, value in fields.items())


Sink = Callable[[Note], object]
"""Where notes go: a file, a screen, a list."""


def _quoted(value: Value) -> str:
    text = str(value)
    if text and not any(sign in text for sign in ' "=\n\\'):
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ")
    return f'"{escaped}"'

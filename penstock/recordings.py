"""Recorded order flow as messages: Bitstamp's order events and LOBSTER's message file (pure).

    RecordingError  ValueError  a line cannot be read: names file, line, column and rule

    Bitstamp   id,timestamp,exchange.timestamp,price,volume,action,direction     with this header
    LOBSTER    time,type,order id,size,price × 10000,direction                   without a header

What follows from matching is left out, as our engine matches for itself: `changed` and `deleted`
with nothing left of Bitstamp, hidden trades and halts of LOBSTER. LOBSTER records who was hit and
not who hit; an execution therefore becomes an immediate order of the other side.
"""

from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal, InvalidOperation
from enum import IntEnum
from typing import Final, TypeAlias

from msgspec import Struct

from penstock.errors import PenstockError
from penstock.units import UINT32_MAX

BITSTAMP_HEADER: Final = (
    *("id", "timestamp", "exchange.timestamp", "price", "volume", "action", "direction"),
)
LOBSTER_COLUMNS: Final = ("time", "type", "order id", "size", "price", "direction")


class RecordingError(PenstockError, ValueError):
    """A line of a recording cannot be read."""

    def __init__(self, file: str, line: int, column: str, value: str, rule: str) -> None:
        self.file: Final = file
        self.line: Final = line
        self.column: Final = column
        self.value: Final = value
        super().__init__(f"{file}, line {line}: {column} is {value!r}, but {rule}")


class Kind(IntEnum):
    """What somebody did."""

    ADD = 1
    """Sent a limit order."""
    CANCEL = 2
    """Took it back."""
    REDUCE = 3
    """Took `size` lots of it back."""
    TAKE = 4
    """Traded against the order, at once."""


class Record(Struct, frozen=True, gc=False):
    """One deed. Price in ticks, size in lots, time in milliseconds; `buy` is of the order `id`."""

    time: int
    kind: Kind
    id: int
    price: int
    size: int
    buy: bool


class Scale(Struct, frozen=True):
    """How the market of a recording counts."""

    symbol: str
    tick: Decimal
    lot: Decimal


BITSTAMP: Final = Scale("BTC-PERP", Decimal("0.01"), Decimal("0.0001"))
LOBSTER: Final = Scale("STOCK-PERP", Decimal("0.01"), Decimal(1))
BITSTAMP_LOT: Final = 10_000
"""Recorded volumes are 1e-8 BTC; a lot is this many of them, and a size is rounded up to lots."""
LOBSTER_TICK: Final = 100
"""Recorded prices are 1e-4; a tick is this many of them."""


class Row:
    """One line in its columns; every complaint names file, line and column."""

    __slots__ = ("_columns", "_file", "_line", "_values")

    def __init__(self, file: str, line: int, columns: tuple[str, ...], text: str) -> None:
        self._file, self._line, self._columns = file, line, columns
        self._values = text.strip().split(",")
        if len(self._values) != len(columns):
            rule = f"{len(columns)} columns are expected: {', '.join(columns)}"
            raise self.wrong("the line", text.strip(), rule)

    def wrong(self, column: str, value: str, rule: str) -> RecordingError:
        """Write a complaint."""
        return RecordingError(self._file, self._line, column, value, rule)

    def text(self, column: str) -> str:
        """A value as it stands."""
        return self._values[self._columns.index(column)].strip().strip('"')

    def one_of(self, column: str, *allowed: str) -> str:
        """A word out of a few."""
        value = self.text(column)
        if value not in allowed:
            raise self.wrong(column, value, f"it must be one of {', '.join(allowed)}")
        return value

    def number(self, column: str, low: int = 0) -> Decimal:
        """A decimal not below `low`."""
        value = self.text(column)
        try:
            found = Decimal(value)
        except InvalidOperation:
            raise self.wrong(column, value, "it must be a number") from None
        if not found.is_finite() or found < low:
            raise self.wrong(column, value, f"it must be a number from {low} on")
        return found

    def whole(self, column: str, low: int = 0) -> int:
        """A whole number not below `low`."""
        found = self.number(column, low)
        if found != int(found):
            raise self.wrong(column, self.text(column), "it must be a whole number")
        return int(found)

    def ticks(self, column: str, step: Decimal) -> int:
        """A price as ticks; what lies between two ticks is refused."""
        ticks = self.number(column) / step
        if ticks != int(ticks) or not 1 <= ticks <= UINT32_MAX:
            raise self.wrong(column, self.text(column), f"it must be a multiple of {step}, above 0")
        return int(ticks)


Parser: TypeAlias = Callable[[Row], Record | None]


def parse(lines: Iterable[str], file: str) -> tuple[Scale, Iterator[Record]]:
    """Tell the format by the first line, and read the rest on demand. Raises RecordingError."""
    numbered = enumerate(lines, start=1)
    number, first = next(numbered, (1, ""))
    if tuple(name.strip().strip('"') for name in first.split(",")) == BITSTAMP_HEADER:
        return BITSTAMP, _read(numbered, file, BITSTAMP_HEADER, _bitstamp)
    if not first[:1].isdigit():
        rule = f"a recording begins with {','.join(BITSTAMP_HEADER)}, or with a LOBSTER message"
        raise RecordingError(file, number, "the header", first.strip(), rule)

    def whole() -> Iterator[tuple[int, str]]:
        yield number, first
        yield from numbered

    return LOBSTER, _read(whole(), file, LOBSTER_COLUMNS, _lobster)


def _read(
    lines: Iterable[tuple[int, str]], file: str, columns: tuple[str, ...], parser: Parser
) -> Iterator[Record]:
    for number, text in lines:
        if text.strip():
            record = parser(Row(file, number, columns, text))
            if record is not None:
                yield record


def _bitstamp(row: Row) -> Record | None:
    action = row.one_of("action", "created", "changed", "deleted")
    volume = row.whole("volume")
    buy = row.one_of("direction", "bid", "ask") == "bid"
    time, id, price = row.whole("timestamp"), row.whole("id"), row.ticks("price", BITSTAMP.tick)
    if action == "changed" or volume == 0:
        return None
    size = min(-(-volume // BITSTAMP_LOT), UINT32_MAX)
    return Record(time, Kind.ADD if action == "created" else Kind.CANCEL, id, price, size, buy)


_LOBSTER_KINDS: Final = {"1": Kind.ADD, "2": Kind.REDUCE, "3": Kind.CANCEL, "4": Kind.TAKE}


def _lobster(row: Row) -> Record | None:
    kind = _LOBSTER_KINDS.get(row.one_of("type", "1", "2", "3", "4", "5", "6", "7"))
    time = int(row.number("time") * 1000)
    if kind is None:
        return None
    size, price = row.whole("size", 1), row.ticks("price", Decimal(LOBSTER_TICK))
    buy = row.one_of("direction", "1", "-1") == "1"
    return Record(time, kind, row.whole("order id"), price, size, buy)

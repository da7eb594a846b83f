"""Recordings go through the whole path, and a broken line is named.

├── Bitstamp, LOBSTER                   what settles is what the recording crosses
├── xz                                  is the same recording
├── twice                               the same fills, bytes and gas
└── broken                              file, line and column are named
"""

import lzma
from pathlib import Path

import pytest

from penstock.anvil import Anvil
from penstock.recordings import Kind, RecordingError
from penstock.replay import Outcome, Plan, Replay, read_recording

DATA = Path(__file__).resolve().parents[1] / "data"
BITSTAMP, LOBSTER = DATA / "bitstamp.csv", DATA / "lobster.csv"
HEADER = "id,timestamp,exchange.timestamp,price,volume,action,direction\n"


def play(path: Path, plan: Plan | None = None) -> Outcome:
    scale, records = read_recording(path)
    with Anvil() as anvil:
        return Replay(anvil, scale, plan or Plan(accounts=8, fills=3)).run(records)


@pytest.mark.parametrize(
    ("path", "kinds"),
    [
        (BITSTAMP, {Kind.ADD: 24, Kind.CANCEL: 3}),
        (LOBSTER, {Kind.ADD: 17, Kind.CANCEL: 2, Kind.REDUCE: 1, Kind.TAKE: 6}),
    ],
)
def test_replay__recording__settles_every_fill(path: Path, kinds: dict[Kind, int]) -> None:
    outcome = play(path)
    assert outcome.kinds == kinds
    assert outcome.ledger.fills > 0
    assert (outcome.skipped, outcome.differences) == (0, 0)
    assert len(outcome.settlements) == outcome.ledger.batches > 1


def test_replay__twice__the_same_batches() -> None:
    one, two = play(LOBSTER), play(LOBSTER)
    assert one.settlements == two.settlements


def test_read_recording__packed__is_the_same(tmp_path: Path) -> None:
    packed = tmp_path / "recording.csv.xz"
    packed.write_bytes(lzma.compress(BITSTAMP.read_bytes()))
    assert read_recording(packed) == read_recording(BITSTAMP)


def test_read_recording__not_packed_after_all__is_named(tmp_path: Path) -> None:
    path = tmp_path / "recording.csv.xz"
    path.write_text(HEADER)
    with pytest.raises(RecordingError, match=r"recording.csv.xz"):
        read_recording(path)


GOOD = "1,1700000000000,1700000000000,250.10,5000000,created,bid\n"


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("", 1, "the header"),
        ("price,volume\n", 1, "the header"),
        (HEADER + GOOD + "1,2,3\n", 3, "the line"),
        (HEADER + GOOD.replace("250.10", "cheap"), 2, "price"),
        (HEADER + GOOD.replace("250.10", "250.101"), 2, "price"),
        (HEADER + GOOD.replace("250.10", "0"), 2, "price"),
        (HEADER + GOOD.replace("5000000", "-5"), 2, "volume"),
        (HEADER + GOOD.replace("5000000", "0.5"), 2, "volume"),
        (HEADER + GOOD.replace("created", "born"), 2, "action"),
        (HEADER + GOOD.replace("bid", "up"), 2, "direction"),
        (HEADER + GOOD.replace("1,17", "x,17", 1), 2, "id"),
        ("34200.1,1,7,100,1000000,1\n34200.2,8,7,100,1000000,1\n", 2, "type"),
        ("34200.1,1,7,100,1000050,1\n", 1, "price"),
        ("34200.1,1,7,0,1000000,1\n", 1, "size"),
        ("34200.1,1,7,100,1000000,2\n", 1, "direction"),
    ],
)
def test_read_recording__broken__names_file_line_and_column(
    tmp_path: Path, text: str, line: int, column: str
) -> None:
    path = tmp_path / "broken.csv"
    path.write_text(text)
    with pytest.raises(RecordingError) as caught:
        read_recording(path)
    told = caught.value
    assert (told.file, told.line, told.column) == ("broken.csv", line, column)

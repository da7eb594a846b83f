"""Gas of named operations and bytecode sizes against the committed table.

more than 0.5 % above the table .... fails and names the operation
an operation not in the table ...... fails
below the table .................... passes; write the table anew to keep what was won

`PENSTOCK_GAS=update pytest tests/gas` writes gas.json anew.
"""

import json
import os
from pathlib import Path

import pytest

from tests.gas.operations import Table, measure

FILE = Path(__file__).with_name("gas.json")
TOLERANCE = 5
"""Parts of a thousand."""
LARGEST = 24_576
"""Bytes of a contract that a chain takes (EIP-170)."""


@pytest.fixture(scope="module")
def measured() -> Table:
    """What it costs now; written down when that is asked for."""
    table = measure()
    if os.environ.get("PENSTOCK_GAS") == "update":
        FILE.write_text(json.dumps(table, indent=2) + "\n")
    return table


def regressions(now: dict[str, int], before: dict[str, int]) -> list[str]:
    """One line for each figure that grew beyond the tolerance, or is not in the table."""
    return [
        f"{name}: {value:,}, and the table says {before.get(name, 'nothing')}"
        for name, value in now.items()
        if value * 1_000 > before.get(name, 0) * (1_000 + TOLERANCE)
    ]


@pytest.mark.parametrize("kind", ["gas", "bytecode"])
def test_measure__every_operation__costs_no_more_than_the_table_says(
    measured: Table, kind: str
) -> None:
    table: Table = json.loads(FILE.read_text())
    found = regressions(measured[kind], table[kind])
    hint = "if it is worth it: PENSTOCK_GAS=update pytest tests/gas"
    assert found == [], "\n".join([*found, hint])
    assert measured[kind].keys() == table[kind].keys(), hint


def test_measure__every_contract__fits_a_chain(measured: Table) -> None:
    assert max(measured["bytecode"].values()) <= LARGEST


def test_regressions__one_part_in_a_hundred__is_seen() -> None:
    assert regressions({"a": 1_006}, {"a": 1_000}) == ["a: 1,006, and the table says 1000"]
    assert regressions({"a": 1_005, "b": 9}, {"a": 1_000, "b": 10}) == []
    assert regressions({"new": 1}, {}) == ["new: 1, and the table says nothing"]

"""Run every benchmark, print each value beside its goal, and keep the result as JSON."""

import importlib
import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final, Protocol

ROOT: Final = Path(__file__).resolve().parents[1]
PLACE: Final = ROOT / "build" / "bench.json"


class Measured(Protocol):
    """What a benchmark returns; see `benchmarks.measure.Measure`."""

    name: str
    value: float
    unit: str
    goal: str
    met: bool | None


def modules() -> list[str]:
    """Names of the benchmarks, sorted."""
    return sorted(path.stem for path in (ROOT / "benchmarks").glob("[!_]*.py"))


def run(names: Iterable[str]) -> Iterator[Measured]:
    """Run benchmarks one after the other. A module without `run` is a helper."""
    # benchmarks/ is a folder of this tree, not an installed package.
    if str(ROOT) not in sys.path:
        sys.path.insert(0, str(ROOT))
    for name in names:
        module: Any = importlib.import_module(f"benchmarks.{name}")
        if hasattr(module, "run"):
            yield from module.run()


def row(measure: Measured) -> dict[str, object]:
    """A measure as bench.json holds it."""
    return {field: getattr(measure, field) for field in ("name", "value", "unit", "goal", "met")}


def write(measures: Iterable[Measured], path: Path = PLACE) -> None:
    """Keep the measures as a list of objects."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps([row(measure) for measure in measures], indent=2) + "\n")

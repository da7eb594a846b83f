"""penstock: the public list is explicit, sorted, complete and importable."""

import ast
import importlib
import inspect
from pathlib import Path

import pytest

import penstock
from penstock import errors
from penstock.errors import PenstockError

PACKAGE = Path(penstock.__file__).parent
PURE = {"units", "messages", "events", "commands", "gate", "book", "expiry", "matcher", "engine",
        "liquidations", "nonces", "takers", "triggers"}  # fmt: skip


def test_public_list__as_written__is_sorted_and_without_doubles() -> None:
    assert sorted(set(penstock.__all__)) == penstock.__all__


def test_public_list__every_name__is_importable_and_documented() -> None:
    for name in penstock.__all__:
        assert getattr(penstock, name).__doc__, name


def test_public_list__every_name_that_the_package_imports__is_in_it() -> None:
    tree = ast.parse((PACKAGE / "__init__.py").read_text())
    imports = [node for node in tree.body if isinstance(node, ast.ImportFrom)]
    imported = {alias.name for node in imports for alias in node.names}
    assert imported == set(penstock.__all__)


def test_errors__every_leaf__is_drawn_and_inherits_a_builtin() -> None:
    found = inspect.getmembers(errors, inspect.isclass)
    classes = [kind for _, kind in found if issubclass(kind, PenstockError)]
    for kind in classes:
        assert kind.__name__ in (errors.__doc__ or "")
        if kind is not PenstockError and not kind.__subclasses__():
            assert issubclass(kind, ValueError | RuntimeError | LookupError), kind


@pytest.mark.parametrize("module", sorted(PURE))
def test_pure_module__imports__hold_no_clock_network_or_ape(module: str) -> None:
    source = Path(importlib.import_module(f"penstock.{module}").__file__ or "").read_text()
    roots = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            roots |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            roots.add((node.module or "").split(".")[0])
    allowed = (
        "collections copy dataclasses decimal enum fractions hashlib heapq itertools math msgspec"
    )
    assert roots <= {*allowed.split(), "penstock", "typing"}

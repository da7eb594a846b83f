"""The devnet stands alone: it imports nothing of the venue, and says plainly what it offers."""

import ast
import inspect
from pathlib import Path

import pytest

from penstock import devnet
from penstock.devnet import errors
from penstock.devnet.errors import DevnetError

PACKAGE = Path(devnet.__file__ or "").parent
MODULES = sorted(path.stem for path in PACKAGE.glob("*.py"))
PURE = ["abi", "accounts", "batch", "blobs", "config", "contracts", "deposits", "fees", "genesis",
        "hashing", "predeploys", "state"]  # fmt: skip
EDGES = {"socket", "subprocess", "time", "http", "threading", "random", "datetime", "os"}


def imported(module: str) -> set[str]:
    """Whole names of the modules that a module of the devnet imports."""
    names: set[str] = set()
    for node in ast.walk(ast.parse((PACKAGE / f"{module}.py").read_text())):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module or "")
    return names


@pytest.mark.parametrize("module", MODULES)
def test_module__of_the_devnet__imports_nothing_of_the_venue(module: str) -> None:
    own = {name for name in imported(module) if name.split(".")[0] == "penstock"}
    assert {n for n in own if not n.startswith("penstock.devnet")} <= {"penstock.errors"}


@pytest.mark.parametrize("module", MODULES)
def test_module__of_the_devnet__imports_neither_ape_nor_web3(module: str) -> None:
    assert not {name.split(".")[0] for name in imported(module)} & {"ape", "web3", "eth_account"}


@pytest.mark.parametrize("module", PURE)
def test_pure_module__imports__no_clock_network_or_process(module: str) -> None:
    assert not {name.split(".")[0] for name in imported(module)} & EDGES


def test_public_list__as_written__is_sorted_complete_and_documented() -> None:
    assert sorted(set(devnet.__all__)) == sorted(devnet.__all__)
    tree = ast.parse((PACKAGE / "__init__.py").read_text())
    found = {a.name for n in tree.body if isinstance(n, ast.ImportFrom) for a in n.names}
    assert found == set(devnet.__all__)


def test_errors__every_one__is_drawn_and_every_leaf_inherits_a_builtin() -> None:
    kinds = [kind for _, kind in inspect.getmembers(errors, inspect.isclass)]
    for kind in (kind for kind in kinds if issubclass(kind, DevnetError)):
        assert kind.__name__ in (errors.__doc__ or "")
        if not kind.__subclasses__():
            assert issubclass(kind, ValueError | RuntimeError | LookupError | OSError), kind

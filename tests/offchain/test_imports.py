"""The arrow of imports: pure modules know no chain, no clock and no network."""

import ast
from pathlib import Path

import penstock

PACKAGE = Path(penstock.__file__).parent
EDGE = {
    *("anvil", "bidding", "console", "contracts", "probing", "remote", "rpc", "sender"),
    "submitter",
}
FORBIDDEN = {"ape", "web3", "time", "socket", "http", "urllib", "subprocess", "datetime", "random"}
CORE = ("units", "errors", "messages", "signing", "book", "nonces", "triggers", "pace", "takers",
        "engine", "ladders", "gate", "limits", "fund", "refusals", "markets", "venue", "outflow",
        "queue", "settlement", "margin", "funding", "watch", "views", "risk", "liquidation",
        "liquidations", "strategy", "quorum", "exposure", "stress", "exits", "forced", "closes",
        "escape", "reserves", "follow/progress", "keepers/docket", "keepers/rests",
        "keepers/closing", "keepers/serving", "batch", "records", "builder", "system",
        "deploy", "governance", "powers")  # fmt: skip


def imported(module: Path) -> set[str]:
    """Top-level packages, and names of penstock's own modules, that a module imports."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
    return {name.removeprefix("penstock.").split(".")[0] for name in names}


def test_core__every_module__imports_no_chain_clock_or_network() -> None:
    faults = {name: imported(PACKAGE / f"{name}.py") & FORBIDDEN for name in CORE}
    assert {name: fault for name, fault in faults.items() if fault} == {}


def test_core__every_module__imports_no_edge_module() -> None:
    faults = {name: imported(PACKAGE / f"{name}.py") & EDGE for name in CORE}
    assert {name: fault for name, fault in faults.items() if fault} == {}


def test_imported__of_an_edge_module__is_seen() -> None:
    assert "http" in imported(PACKAGE / "rpc.py")

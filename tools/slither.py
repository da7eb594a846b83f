"""Run slither over the contracts; fail on every finding that slither.toml does not explain.

The compiler is asked for syntax trees alone: code generation would take three times as long.
"""

import json
import re
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tools.build import sources
from tools.setup import ROOT, SOLCX, VENV, SetupError, clean_environment, give_up

CONFIG = ROOT / "slither.toml"
REMAPPING = "@openzeppelin/=node_modules/@openzeppelin/"
LEFT_OUT = "node_modules|contracts/mocks"
UNREAD = re.compile(r"to generate IR for ([\w.]+) \(contracts/(?!mocks)")


def compiler_input() -> dict[str, object]:
    """Ask for the syntax tree of every contract, as `solc --standard-json` reads it."""
    names = [str(path.relative_to(ROOT)) for path in sources()]
    settings = {"remappings": [REMAPPING], "outputSelection": {"*": {"": ["ast"]}}}
    return {
        "language": "Solidity",
        "sources": {name: {"urls": [name]} for name in names},
        "settings": settings,
    }


def analyse(off: list[str]) -> tuple[dict[str, Any], str]:
    """Run slither without the detectors that are off; returns its report and what it printed.

    NOTE: slither 0.11.6 never ends when a contract and a library have one name.
    """
    with tempfile.TemporaryDirectory() as folder:
        given, report = Path(folder) / "input.json", Path(folder) / "report.json"
        given.write_text(json.dumps(compiler_input()))
        command = [str(VENV / "bin" / "slither"), str(given), "--json", str(report)]
        command += ["--compile-force-framework", "Solc-json", "--solc-disable-warnings"]
        command += ["--solc", str(next(SOLCX.glob("solc-v*"))), "--filter-paths", LEFT_OUT]
        command += ["--exclude", ",".join(off), "--fail-none"]
        # Without the name of its environment, a library of slither makes a folder in HOME.
        env = {**clean_environment(), "VIRTUAL_ENV": str(VENV)}
        done = subprocess.run(
            command, cwd=ROOT, env=env, capture_output=True, text=True, check=False
        )
        if done.returncode or not report.exists():
            raise SetupError(f"slither ended with {done.returncode}:\n{done.stderr}")
        return json.loads(report.read_text()), done.stdout + done.stderr


def place(element: dict[str, Any]) -> str:
    """Name the function of a finding with its contract, whatever lies inside of the function."""
    parent = element.get("type_specific_fields", {}).get("parent")
    if element["type"] == "contract" or not parent or parent["type"] == "file":
        return str(element["name"])
    return f"{place(parent)}.{element['name']}" if element["type"] == "function" else place(parent)


def found(report: dict[str, Any], printed: str) -> Iterator[tuple[str, str, str]]:
    """List (detector, place, description); a function that could not be read is one as well."""
    for finding in report["results"].get("detectors", []):
        yield finding["check"], place(finding["elements"][0]), finding["description"].strip()
    for name in sorted(set(UNREAD.findall(printed))):
        yield "unread", name, f"{name} cannot be read by slither"


def main() -> int:
    config = tomllib.loads(CONFIG.read_text())
    explained = {**config["known"], "unread": config["unread"]}
    unused = {(check, name) for check, names in explained.items() for name in names}
    code = 0
    for check, name, description in found(*analyse(sorted(config["off"]))):
        unused.discard((check, name))
        if name not in explained.get(check, {}):
            print(f"{check}: {name}\n{description}\n")
            code = 1
    for check, name in sorted(unused):
        print(f"{check}: {name} is explained in slither.toml, but slither no longer says so")
    return 1 if unused else code


if __name__ == "__main__":
    try:
        sys.exit(main())
    except SetupError as error:
        give_up(str(error))

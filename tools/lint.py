"""Check formatting, style and types of Python and Solidity; with `--write`, put both into format.

Slither looks for bugs as well. Every check runs even when an earlier one fails, so one run shows
all there is to mend.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from typing import NamedTuple

from tools.build import sources
from tools.setup import ROOT, VENV, SetupError, clean_environment, find_node, give_up

PYTHON_PLACES = ("penstock", "scripts", "tests", "tools", "ape_console_extras.py")


class Check(NamedTuple):
    """A command, and the one that mends what it finds, where a program can."""

    name: str
    command: list[str]
    mended_by: str = ""


def python_places() -> list[str]:
    return [place for place in PYTHON_PLACES if any(iter_python(place))]


def iter_python(place: str) -> Iterator[object]:
    path = ROOT / place
    return iter([path] if path.is_file() else path.rglob("*.py"))


def node_tool(package: str, script: str) -> list[str]:
    node, _ = find_node()
    return [node, str(ROOT / "node_modules" / package / script)]


def checks(write: bool) -> list[Check]:
    places, contracts = python_places(), [str(path.relative_to(ROOT)) for path in sources()]
    tool = str(VENV / "bin") + os.sep
    prettier = node_tool("prettier", "bin/prettier.cjs")
    if write:
        jobs = [
            Check(
                "ruff: order imports", [tool + "ruff", "check", "--select", "I", "--fix", *places]
            ),
            Check("ruff: format", [tool + "ruff", "format", *places]),
        ]
        return jobs + [Check("prettier", [*prettier, "--write", *contracts])] * bool(contracts)
    jobs = [
        Check("ruff", [tool + "ruff", "check", *places]),
        Check("ruff format", [tool + "ruff", "format", "--check", *places], "make format"),
        Check("mypy --strict", [tool + "mypy", *places]),
    ]
    if contracts:
        solhint = node_tool("solhint", "solhint.js")
        jobs += [
            Check("prettier", [*prettier, "--check", *contracts], "make format"),
            Check("solhint", [*solhint, "--noPoster", *contracts]),
            Check("slither", [tool + "python", "-m", "tools.slither"]),
        ]
    return jobs


def passes(check: Check) -> bool:
    done = subprocess.run(check.command, cwd=ROOT, env=clean_environment(), check=False)
    ending = f"; mend it with: {check.mended_by}" if check.mended_by else ""
    print(f"[lint] {check.name}: {'ok' if done.returncode == 0 else 'FAILED' + ending}", flush=True)
    return done.returncode == 0


def main() -> int:
    results = [passes(check) for check in checks(write="--write" in sys.argv[1:])]
    return 0 if all(results) else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except SetupError as error:
        give_up(str(error))

"""Resolve pyproject.toml anew and write requirements.lock.

Resolves for the Python that runs `.venv`. What is already locked stays where it is unless
`--upgrade` is given.
"""

import json
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

from tools.setup import ROOT, venv_python

LOCK = ROOT / "requirements.lock"
HEADER = """\
# Every Python package of the project, each at one version; nothing else is installed.
# Python 3.13 has no build of pyrevm and numpy 1.26; ape's cap on numpy does no harm there.
# To move a pin: edit pyproject.toml, then `make lock`.
"""
# The lines that differ by Python; see the header.
BY_PYTHON = {
    "pyrevm": '{line}; python_version < "3.13"',
    "numpy": '{line}; python_version < "3.13"\nnumpy==2.3.5; python_version >= "3.13"',
}


def wanted() -> list[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    groups = project["dependency-groups"]
    named = [line for group in groups.values() for line in group if isinstance(line, str)]
    return [*project["project"]["dependencies"], *named]


def resolve(upgrade: bool) -> list[tuple[str, str]]:
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        command = [str(venv_python()), "-m", "pip", "install", "--quiet", "--dry-run"]
        command += ["--ignore-installed", "--report", str(report), *wanted()]
        if not upgrade:
            command += ["--constraint", str(LOCK)]
        subprocess.run(command, cwd=ROOT, check=True)
        packages = json.loads(report.read_text())["install"]
    return sorted(
        ((item["metadata"]["name"], item["metadata"]["version"]) for item in packages),
        key=lambda pair: pair[0].lower().replace("_", "-"),
    )


def lock_text(packages: list[tuple[str, str]]) -> str:
    lines = (
        BY_PYTHON.get(name, "{line}").format(line=f"{name}=={version}")
        for name, version in packages
    )
    return HEADER + "\n".join(lines) + "\n"


if __name__ == "__main__":
    LOCK.write_text(lock_text(resolve(upgrade="--upgrade" in sys.argv[1:])))
    print("requirements.lock is written; `make setup` installs it")

"""Say in one line each what is installed, which compiler and anvil are used, and what is wrong.

Runs on the machine's Python, so that it can speak even when nothing is installed. Ends non-zero
when something is wrong.
"""

import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from tools import build
from tools.setup import (
    NEWEST_PYTHON,
    OLDEST_NODE,
    OLDEST_PYTHON,
    ROOT,
    SOLCX,
    STAMPS,
    VENV,
    answer,
    node_major,
    pinned_solc,
    venv_python,
)

# Asked of the environment itself: installed versions, and which backends are really in use.
PROBE = """
import importlib, json, sys, time
from importlib.metadata import distributions
found = {d.metadata["Name"].lower().replace("_", "-"): d.version for d in distributions()}
told = {"installed": found, "python": sys.version_info[:2]}
def ask(name, question):
    try:
        told[name] = question()
    except Exception as error:
        told[name] = f"!{type(error).__name__}: {error}"
def recovery():
    import coincurve
    from eth_keys import keys
    signature = coincurve.PrivateKey(b"\\x01" * 32).sign_recoverable(b"\\x02" * 32, hasher=None)
    started = time.perf_counter()
    for _ in range(200):
        coincurve.PublicKey.from_signature_and_message(signature, b"\\x02" * 32, hasher=None)
    micros = (time.perf_counter() - started) / 200 * 1e6
    return [type(keys.PrivateKey(b"\\x01" * 32).backend).__name__, round(micros)]
def keccak():
    import os
    from eth_hash.utils import load_environment_backend
    return type(load_environment_backend(os.environ["ETH_HASH_BACKEND"])).__name__
def plugins():
    names = "ape_foundry", "ape_optimism", "ape_solidity"
    return [importlib.import_module(name).__name__ for name in names]
ask("recovery", recovery); ask("keccak", keccak); ask("plugins", plugins)
print(json.dumps(told))
"""


class Finding(NamedTuple):
    """One line of the report; `mend` is empty when all is well."""

    part: str
    text: str
    mend: str = ""


Told = dict[str, object]


def ask_venv() -> Told:
    reply = answer(venv_python(), "-c", PROBE)
    told: Told = json.loads(reply) if reply else {}
    return told


def python(_: Told) -> Finding:
    version = sys.version_info[:2]
    text = f"{sys.version.split()[0]} at {sys.executable}"
    good = OLDEST_PYTHON <= version <= NEWEST_PYTHON
    return Finding(
        "python", text, "" if good else "use a Python from 3.11 to 3.13: make setup PYTHON=…"
    )


def venv(told: Told) -> Finding:
    if not told:
        return Finding("venv", ".venv is missing or broken", "run: make setup")
    text = answer(venv_python(), "--version") + " in .venv"
    if has_newest_python(told):
        text += " (no pyrevm for it: parity and invariant tests need 3.11 or 3.12)"
    return Finding("venv", text)


def pins(told: Told) -> Finding:
    """Name the packages that are not what the lock says, then the pairs that exclude each other."""
    installed = told.get("installed")
    if not isinstance(installed, dict):
        return Finding("pins", "not installed", "run: make setup")
    locked = dict(locked_versions(told))
    wrong = [
        f"{n} {installed.get(n, 'missing')}, locked {v}"
        for n, v in locked.items()
        if installed.get(n) != v
    ]
    clashes = clashing_pairs()
    if wrong or clashes:
        return Finding("pins", "; ".join((wrong + clashes)[:4]), "run: rm -rf .venv && make setup")
    ape = ", ".join(
        f"{name} {installed[name]}" for name in ("eth-ape", "ape-foundry", "ape-solidity", "web3")
    )
    return Finding("pins", f"{len(locked)} packages as locked; {ape}")


def has_newest_python(told: Told) -> bool:
    return told.get("python") == list(NEWEST_PYTHON)


def locked_versions(told: Told) -> Iterator[tuple[str, str]]:
    newer = has_newest_python(told)
    for line in (ROOT / "requirements.lock").read_text().splitlines():
        pin, _, rest = line.partition(";")
        if not pin or pin.startswith("#") or (rest and (">=" in rest) != newer):
            continue
        name, version = pin.strip().split("==")
        yield name.lower().replace("_", "-"), version


def clashing_pairs() -> list[str]:
    done = subprocess.run(
        [str(venv_python()), "-m", "pip", "check"], capture_output=True, text=True, check=False
    )
    lines = [
        line
        for line in done.stdout.splitlines()
        if " has requirement " in line or " requires " in line
    ]
    # Known and harmless: ape's cap on numpy where only numpy 2 has a build; see requirements.lock.
    return [line for line in lines if "requirement numpy<2" not in line]


def node(_: Told) -> Finding:
    recorded = STAMPS / "node"
    path = VENV / "bin" / "node"
    if not path.exists() and recorded.is_file():
        path = Path(recorded.read_text())
    major = node_major(str(path))
    good = major >= OLDEST_NODE
    text = f"{answer(path, '--version')} at {shown(path)}" if major else "not found"
    return Finding("node", text, "" if good else "run: rm -f .tools/stamps/node && make setup")


def npm_packages(_: Told) -> Finding:
    locked = json.loads((ROOT / "package.json").read_text())
    wanted = {**locked["dependencies"], **locked["devDependencies"]}
    wrong = [
        f"{name} {npm_version(name)}, pinned {v}"
        for name, v in wanted.items()
        if npm_version(name) != v
    ]
    if wrong:
        return Finding("npm", "; ".join(wrong), "run: rm -rf node_modules && make setup")
    return Finding("npm", ", ".join(f"{name} {version}" for name, version in wanted.items()))


def npm_version(name: str) -> str:
    manifest = ROOT / "node_modules" / name / "package.json"
    return str(json.loads(manifest.read_text())["version"]) if manifest.is_file() else "missing"


def anvil(_: Told) -> Finding:
    path = VENV / "bin" / "anvil"
    found = re.search(r"\d+\.\d+\.\d+", answer(path, "--version"))
    if not found:
        return Finding(
            "anvil", "not found or does not start", "run: rm -rf node_modules && make setup"
        )
    good = found.group() == npm_version("@foundry-rs/anvil")
    return Finding(
        "anvil", f"{found.group()} at {shown(path.resolve())}", "" if good else "run: make setup"
    )


def compiler(_: Told) -> Finding:
    version = pinned_solc()
    path = SOLCX / f"solc-v{version}"
    if f"Version: {version}+" not in answer(path, "--version"):
        return Finding(
            "compiler",
            f"solc {version} not found in {shown(SOLCX)}",
            "run: rm -rf .tools && make setup",
        )
    kind = (
        f"native, {path.resolve()}"
        if path.is_symlink()
        else "WASM build of npm (a native one on PATH is faster)"
    )
    return Finding("compiler", f"solc {version}, {kind}")


def plugins(told: Told) -> Finding:
    found, installed = told.get("plugins"), told.get("installed")
    if not isinstance(found, list) or not isinstance(installed, dict):
        return Finding(
            "ape plugins",
            str(found or "not installed").lstrip("!"),
            "run: rm -rf .venv && make setup",
        )
    names = (name.replace("_", "-") for name in found)
    return Finding(
        "ape plugins", ", ".join(f"{name} {installed[name]}" for name in names) + " import"
    )


def recovery(told: Told) -> Finding:
    found = told.get("recovery")
    if not isinstance(found, list) or found[0] != "CoinCurveECCBackend":
        text = (
            f"eth-keys uses {found[0]}"
            if isinstance(found, list)
            else str(found or "not installed").lstrip("!")
        )
        return Finding(
            "coincurve",
            text,
            "run: rm -rf .venv && make setup (the Python fallback is 100 times slower)",
        )
    return Finding("coincurve", f"native backend in use, {found[1]} µs a recovery")


def keccak(told: Told) -> Finding:
    found = str(told.get("keccak") or "not installed")
    if found != "PySha3Backend":
        return Finding("safe-pysha3", found.lstrip("!"), "run: rm -rf .venv && make setup")
    return Finding("safe-pysha3", "the keccak that eth-hash uses")


def ports(_: Told) -> Finding:
    """Everything here takes a free port by itself; a busy 8545 is worth knowing, not an error."""
    try:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
    except OSError as error:
        return Finding(
            "ports",
            f"no port can be opened on 127.0.0.1: {error}",
            "allow local sockets on this machine",
        )
    with socket.socket() as probe:
        busy = probe.connect_ex(("127.0.0.1", 8545)) == 0
    return Finding(
        "ports",
        "8545 is taken by another program; a free one is chosen" if busy else "free, 8545 too",
    )


def artefacts(_: Told) -> Finding:
    if not build.sources():
        return Finding("build", "no contracts yet")
    if not build.is_fresh():
        return Finding(
            "build", "older than the contracts or the compiler settings", "run: make build"
        )
    return Finding(
        "build", f"{len(build.sources())} sources compiled, {shown(build.BUILD)} is fresh"
    )


def shown(path: Path) -> str:
    return os.path.relpath(path, ROOT) if path.is_relative_to(ROOT) else str(path)


CHECKS: tuple[Callable[[Told], Finding], ...] = (
    python,
    venv,
    pins,
    node,
    npm_packages,
    anvil,
    compiler,
    plugins,
    recovery,
    keccak,
    ports,
    artefacts,
)


def main() -> int:
    told = ask_venv()
    findings = [check(told) for check in CHECKS]
    for part, text, mend in findings:
        print(
            f"{'WRONG' if mend else 'ok':<5} {part:<11} {text}" + (f"  ->  {mend}" if mend else "")
        )
    return 1 if any(finding.mend for finding in findings) else 0


if __name__ == "__main__":
    sys.exit(main())

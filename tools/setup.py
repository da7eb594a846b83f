"""Install the toolchain into the project's own folder: `.venv/`, `node_modules/`, `.tools/`.

Runs on the machine's Python with nothing but the standard library. Each step leaves a stamp holding
a digest of what it was made from; a step whose stamp still fits is not repeated, so a second run
takes a fraction of a second.

    venv      .venv from requirements.lock        (every package at one version, no resolving)
    node      the machine's Node >= 20 with npm, else the one from requirements-node.lock
    npm       node_modules from package-lock.json (anvil, solc, Solidity libraries, formatters)
    anvil     .venv/bin/anvil -> the binary for this platform
    compiler  .tools/solcx/solc-v<version> -> a native solc of that version, else tools/solc.js
"""

import contextlib
import fcntl
import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
TOOLS = ROOT / ".tools"
STAMPS = TOOLS / "stamps"
SOLCX = TOOLS / "solcx"
OLDEST_PYTHON, NEWEST_PYTHON = (3, 11), (3, 13)
OLDEST_NODE = 20


class SetupError(Exception):
    """Say in one sentence what is missing and what to do about it."""


# --- stamps --------------------------------------------------------------------------------------


def digest_of(*parts: Path | str) -> str:
    """Identify the inputs of a step: file contents, or plain words."""
    h = hashlib.sha256()
    for part in parts:
        h.update(part.read_bytes() if isinstance(part, Path) else part.encode())
        h.update(b"\0")
    return h.hexdigest()


def is_stamped(step: str, digest: str) -> bool:
    stamp = STAMPS / step
    return stamp.is_file() and stamp.read_text() == digest


def write_stamp(step: str, digest: str) -> None:
    STAMPS.mkdir(parents=True, exist_ok=True)
    (STAMPS / step).write_text(digest)


def clear_stamps(*steps: str) -> None:
    for step in steps:
        (STAMPS / step).unlink(missing_ok=True)


@contextlib.contextmanager
def only_one_setup() -> Iterator[None]:
    """Let a second `make` wait for the first instead of installing into the same folders."""
    TOOLS.mkdir(exist_ok=True)
    with (TOOLS / "lock").open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another setup of this folder is running; waiting for it")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


# --- running things ------------------------------------------------------------------------------


def say(sentence: str) -> None:
    print(f"[setup] {sentence}", flush=True)


def run(*command: str | Path, what: str) -> None:
    """Run a long command quietly; on failure show the end of what it said."""
    started = time.monotonic()
    with subprocess.Popen(
        [str(word) for word in command],
        cwd=ROOT,
        env=clean_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as process:
        output = follow(process, what, started)
    if process.returncode:
        tail = "\n".join(line for line in output.splitlines()[-25:] if line.strip())
        raise SetupError(
            f"{what} failed (exit {process.returncode}). If the lines below speak of a connection "
            f"or a timeout, check the network and run `make setup` again; finished steps are kept."
            f"\n{tail}"
        )


def follow(process: "subprocess.Popen[str]", what: str, started: float) -> str:
    """Collect the output; every 20 seconds say that the step is still alive."""
    while True:
        try:
            output, _ = process.communicate(timeout=20)
            return output
        except subprocess.TimeoutExpired:
            say(f"  still {what} ({time.monotonic() - started:.0f} s)")


def clean_environment() -> dict[str, str]:
    env = dict(os.environ)
    env["PATH"] = os.pathsep.join((str(VENV / "bin"), env.get("PATH", os.defpath)))
    env["PIP_DISABLE_PIP_VERSION_CHECK"] = "1"
    env.pop("PYTHONPATH", None)
    env.pop("PIP_REQUIRE_VIRTUALENV", None)
    return env


def answer(*command: str | Path) -> str:
    """Return what a quick command prints, or nothing when it cannot run."""
    try:
        done = subprocess.run(
            [str(word) for word in command],
            capture_output=True,
            text=True,
            timeout=30,
            check=True,
            env=clean_environment(),
            cwd=ROOT,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip()


# --- Python --------------------------------------------------------------------------------------


def check_python() -> None:
    version = sys.version_info[:2]
    if not OLDEST_PYTHON <= version <= NEWEST_PYTHON:
        raise SetupError(
            f"this is Python {version[0]}.{version[1]}; Penstock's pinned packages exist for 3.11 "
            f"to 3.13. Install one of those, or name it: make setup PYTHON=/path/to/python3.12"
        )
    for module in ("venv", "ensurepip"):
        try:
            __import__(module)
        except ImportError:
            raise SetupError(
                f"this Python has no `{module}` module, so no virtual environment can be made. On "
                f"Debian or Ubuntu: apt install python{version[0]}.{version[1]}-venv; elsewhere "
                f"install a complete Python"
            ) from None


def mention_missing_pyrevm() -> None:
    if sys.version_info[:2] >= (3, 13):
        say("Python 3.13 has no pyrevm: parity and invariant tests need 3.11 or 3.12")


def venv_python() -> Path:
    return VENV / "bin" / "python"


def install_python_packages() -> None:
    lock = ROOT / "requirements.lock"
    # The path is part of it: a moved folder leaves scripts that point at the old place.
    digest = digest_of(lock, str(ROOT))
    if is_stamped("venv", digest) and answer(venv_python(), "--version"):
        return
    clear_stamps("venv", "package", "node", "anvil", "environment")
    say(f"making .venv with Python {platform.python_version()}")
    mention_missing_pyrevm()
    run(sys.executable, "-m", "venv", "--clear", VENV, what="making .venv")
    say("installing the pinned Python packages (about 110, one to two minutes)")
    # Python compiles what is imported when it is imported: half the time of installing all of it.
    pip = (venv_python(), "-m", "pip", "install", "--quiet", "--no-deps", "--no-compile")
    # Three small packages come as source; the pinned setuptools builds them, so that nothing
    # unpinned is fetched.
    run(*pip, pin_of("setuptools", lock), what="installing setuptools")
    run(*pip, "--no-build-isolation", "--use-pep517", "-r", lock, what="installing Python packages")
    write_stamp("venv", digest)


def pin_of(package: str, lock: Path) -> str:
    for line in lock.read_text().splitlines():
        if line.startswith(f"{package}=="):
            return line
    raise SetupError(
        f"{lock.name} has no line for {package}; restore the file with: git checkout {lock.name}"
    )


def install_environment() -> None:
    digest = digest_of(ROOT / "tools" / "venv_env.py")
    if is_stamped("environment", digest):
        return
    site = Path(
        answer(venv_python(), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))")
    )
    shutil.copyfile(ROOT / "tools" / "venv_env.py", site / "_penstock_env.py")
    (site / "penstock_env.pth").write_text("import _penstock_env\n")
    write_stamp("environment", digest)


def install_package() -> None:
    digest = digest_of(ROOT / "pyproject.toml")
    if is_stamped("package", digest):
        return
    say("linking the penstock package into .venv")
    pip = (venv_python(), "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation")
    run(*pip, "--editable", ROOT, what="linking penstock")
    write_stamp("package", digest)


# --- Node, npm, anvil ----------------------------------------------------------------------------


def node_major(node: str) -> int:
    found = re.match(r"v(\d+)\.", answer(node, "--version"))
    return int(found.group(1)) if found else 0


def machine_node() -> str | None:
    """The machine's own Node, when it is new enough and npm is beside it."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and node_major(node) >= OLDEST_NODE and answer(npm, "--version"):
        return node
    return None


def find_node() -> tuple[str, str]:
    """Return node and npm, installing the pinned wheel where the machine has none."""
    own = VENV / "bin" / "node"
    if own.exists():
        return str(own), str(VENV / "bin" / "npm")
    recorded = STAMPS / "node"
    if recorded.is_file() and Path(recorded.read_text()).exists():
        return recorded.read_text(), shutil.which("npm") or "npm"
    if node := machine_node():
        write_stamp("node", node)
        return node, str(shutil.which("npm"))
    say(f"this machine has no Node >= {OLDEST_NODE} with npm; installing the pinned one into .venv")
    lock = ROOT / "requirements-node.lock"
    run(
        venv_python(),
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "-r",
        lock,
        what="installing Node",
    )
    return str(own), str(VENV / "bin" / "npm")


def install_npm_packages(npm: str) -> None:
    digest = digest_of(
        ROOT / "package-lock.json", ROOT / "package.json", platform.machine(), sys.platform
    )
    if is_stamped("npm", digest) and (ROOT / "node_modules" / "solc").is_dir():
        return
    say("installing the pinned npm packages: anvil, solc, libraries, formatters (about 10 s)")
    run(
        npm,
        "ci",
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
        "--loglevel=error",
        what="installing npm packages",
    )
    clear_stamps("anvil", "compiler")
    write_stamp("npm", digest)


def platform_anvil() -> Path:
    system = {"linux": "linux", "darwin": "darwin"}.get(sys.platform, sys.platform)
    machine = {"x86_64": "amd64", "amd64": "amd64", "arm64": "arm64", "aarch64": "arm64"}.get(
        platform.machine().lower(), platform.machine()
    )
    return ROOT / "node_modules" / "@foundry-rs" / f"anvil-{system}-{machine}" / "bin" / "anvil"


def link_anvil() -> None:
    link, binary = VENV / "bin" / "anvil", platform_anvil()
    if link.exists() and (link.resolve() == binary.resolve() or not binary.exists()):
        return  # ours, or one linked by hand on a machine for which npm has no binary
    if not binary.exists():
        raise SetupError(
            f"the npm package @foundry-rs/anvil has no binary for this machine ({sys.platform}, "
            f"{platform.machine()}). Install Foundry's anvil 1.7.1 by hand and link it: "
            f"ln -s /path/to/anvil .venv/bin/anvil"
        )
    binary.chmod(0o755)
    link.unlink(missing_ok=True)
    link.symlink_to(os.path.relpath(binary, link.parent))


# --- the Solidity compiler -----------------------------------------------------------------------


def pinned_solc() -> str:
    version: str = json.loads((ROOT / "package.json").read_text())["devDependencies"]["solc"]
    return version


def native_solc(version: str) -> Path | None:
    """A native compiler of exactly the pinned version: faster than WASM, same bytecode."""
    candidates = [Path.home() / ".solcx" / f"solc-v{version}"]
    # NOTE: slither brings a `solc` into .venv that asks the network for a compiler when called.
    places = [place for place in os.get_exec_path() if Path(place).resolve() != VENV / "bin"]
    if on_path := shutil.which("solc", path=os.pathsep.join(places)):
        candidates.append(Path(on_path))
    for candidate in candidates:
        if candidate.is_file() and f"Version: {version}+" in answer(candidate, "--version"):
            return candidate.resolve()
    return None


def shim_text(node: str, version_answer: str) -> str:
    """A shell script, because it answers `--version` in 2 ms and py-solc-x asks at every step."""
    quoted = "\n".join(version_answer.splitlines())
    return f"""#!/bin/sh
# Written by tools/setup.py: npm's WASM compiler, where py-solc-x looks for a native one.
if [ "$1" = --version ]; then
    cat <<'END'
{quoted}
END
    exit 0
fi
root=$(cd "$(dirname "$0")/../.." && pwd)
node="{node}"
[ -x "$node" ] || {{ echo "Error: $node is gone; run: make setup" >&2; exit 1; }}
exec "$node" "$root/tools/solc.js" "$@"
"""


def install_compiler(node: str) -> None:
    version = pinned_solc()
    native = native_solc(version)
    target = SOLCX / f"solc-v{version}"
    digest = digest_of(str(native or node), version, Path(__file__), ROOT / "tools" / "solc.js")
    if is_stamped("compiler", digest) and target.exists():
        return
    shutil.rmtree(SOLCX, ignore_errors=True)
    SOLCX.mkdir(parents=True)
    if native:
        say(f"using the native Solidity compiler {version} of this machine")
        target.symlink_to(native)
    else:
        say(f"wrapping the WASM Solidity compiler {version}")
        spoken = answer(node, ROOT / "tools" / "solc.js", "--version")
        if f"Version: {version}+" not in spoken:
            raise SetupError(
                "the npm package solc does not start; run: rm -rf node_modules && make setup"
            )
        target.write_text(shim_text(node, spoken))
        target.chmod(0o755)
    write_stamp("compiler", digest)


# --- all of it -----------------------------------------------------------------------------------


def set_up() -> None:
    check_python()
    with only_one_setup():
        started = time.monotonic()
        install_python_packages()
        install_environment()
        install_package()
        node, npm = find_node()
        install_npm_packages(npm)
        link_anvil()
        install_compiler(node)
        if (seconds := time.monotonic() - started) > 5:
            say(f"ready after {seconds:.0f} s; the next time this takes no time")


def give_up(sentence: str) -> NoReturn:
    print(f"[setup] {sentence}", file=sys.stderr)
    sys.exit(1)


if __name__ == "__main__":
    try:
        set_up()
    except SetupError as error:
        give_up(str(error))
    except KeyboardInterrupt:
        give_up("interrupted; run `make setup` again, finished steps are kept")

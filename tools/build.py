"""Compile the contracts when, and only when, something that decides their bytecode has changed.

The build is always whole: left to itself ape misses a changed compiler setting, and does not
recompile a contract whose interface or library has changed.
"""

import subprocess
import sys
from pathlib import Path

from tools.setup import ROOT, SOLCX, VENV, digest_of, is_stamped, say, write_stamp

BUILD = ROOT / ".build"


def sources() -> list[Path]:
    """The project's own Solidity files; ape unpacks libraries into `contracts/.cache`."""
    found = (ROOT / "contracts").rglob("*.sol")
    return sorted(path for path in found if ".cache" not in path.parts)


def settings_digest() -> str:
    """Identify everything but the sources: ape's configuration, the libraries, the compiler."""
    compilers = sorted(path.name for path in SOLCX.glob("solc-v*"))
    return digest_of(ROOT / "ape-config.yaml", ROOT / "package-lock.json", *compilers)


def sources_digest() -> str:
    named = [part for path in sources() for part in (str(path.relative_to(ROOT)), path)]
    return digest_of(settings_digest(), *named)


def is_fresh() -> bool:
    return is_stamped("build", sources_digest()) and any(BUILD.glob("*.json"))


def trim_libraries() -> None:
    """Leave only Solidity among the libraries that ape unpacks below `contracts`.

    NOTE: ape lists no more than 500 files there, in the file system's order; with the libraries'
    other files among them it loses contracts on some machines and keeps them on others.
    """
    for path in (ROOT / "contracts" / ".cache").rglob("*"):
        if path.is_file() and path.suffix != ".sol":
            path.unlink()


def build() -> int:
    if not sources() or is_fresh():
        return 0
    command = [str(VENV / "bin" / "ape"), "compile", "--force"]
    trim_libraries()
    say(f"compiling {len(sources())} Solidity files")
    code = subprocess.run(command, cwd=ROOT, check=False).returncode
    trim_libraries()
    if code == 0:
        write_stamp("build", sources_digest())
    return code


if __name__ == "__main__":
    sys.exit(build())

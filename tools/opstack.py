"""Extract the rollup contracts that `penstock/devnet` needs from their npm package.

    python -m tools.opstack            ask npm for the package and write the bundle
    python -m tools.opstack package/   use an unpacked package
    python -m tools.opstack --check    say whether the bundle in the tree is the package's

The same package gives the same bytes. Nothing is compiled or changed: interface, code and the
places of immutables are copied as they are published.
"""

import gzip
import json
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tools.setup import ROOT, SetupError, clean_environment, find_node, give_up, say

PACKAGE, VERSION = "@eth-optimism/contracts-bedrock", "0.17.3"
PLACE = ROOT / "penstock" / "devnet" / "data"
BUNDLE, LICENCE = PLACE / "bundle.json.gz", PLACE / "LICENSE.optimism"
# Deployed by transactions on L1, so their creation code is needed.
ON_L1 = (
    "Proxy",
    "SuperchainConfig",
    "SystemConfig",
    "OptimismPortal",
    "L2OutputOracle",
    "L1CrossDomainMessenger",
    "L1StandardBridge",
    "OptimismMintableERC20Factory",
    "MockERC20",
)
# Written into the L2 genesis, so the code at rest is needed.
ON_L2 = (
    "Proxy",
    "ProxyAdmin",
    "L2CrossDomainMessenger",
    "L2StandardBridge",
    "L2ToL1MessagePasser",
    "L1Block",
    "GasPriceOracle",
    "OptimismMintableERC20Factory",
    "SequencerFeeVault",
    "BaseFeeVault",
    "L1FeeVault",
)
# NOTE: the second is one file's, the address aliasing of the L1 messenger and the portal. What is
# left out for its licence is WETH (GPL-3.0), which the bridge does not need.
LICENCES = ("MIT", "Apache-2.0")


def main(arguments: list[str]) -> int:
    folders = [word for word in arguments if not word.startswith("-")]
    with unpacked(*folders[:1]) as package:
        bundle, licence = bundle_of(package), (package / "LICENSE").read_bytes()
    if "--check" in arguments:
        same = BUNDLE.read_bytes() == bundle and LICENCE.read_bytes() == licence
        say(f"the bundle {'is' if same else 'is NOT'} what {PACKAGE} {VERSION} publishes")
        return 0 if same else 1
    PLACE.mkdir(exist_ok=True)
    BUNDLE.write_bytes(bundle)
    LICENCE.write_bytes(licence)
    say(f"{BUNDLE.relative_to(ROOT)}: {len(bundle):,} bytes")
    return 0


@contextmanager
def unpacked(folder: str | None = None) -> Iterator[Path]:
    """The package's folder: a given one, or npm's into a place that vanishes afterwards."""
    if folder is not None:
        yield Path(folder)
        return
    _, npm = find_node()
    with tempfile.TemporaryDirectory() as place:
        words = [npm, "pack", "--silent", f"{PACKAGE}@{VERSION}"]
        done = subprocess.run(
            words, cwd=place, env=clean_environment(), capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise SetupError(f"npm has no {PACKAGE} {VERSION} for us: {done.stderr.strip()}")
        with tarfile.open(Path(place) / done.stdout.split()[-1]) as archive:
            archive.extractall(place, filter="data")
        yield Path(place) / "package"


def bundle_of(package: Path) -> bytes:
    """The bundle as bytes; the time inside gzip is zero, so that it can be compared."""
    found = json.loads((package / "package.json").read_text())["version"]
    if found != VERSION:
        raise SetupError(f"this is {PACKAGE} {found}, the devnet is written for {VERSION}")
    names = sorted({*ON_L1, *ON_L2})
    contracts = {name: entry_of(name, package) for name in names}
    document = {"package": PACKAGE, "version": VERSION, "contracts": contracts}
    text = json.dumps(document, separators=(",", ":"), sort_keys=True)
    return gzip.compress(text.encode(), compresslevel=9, mtime=0)


def entry_of(name: str, package: Path) -> dict[str, Any]:
    """Interface, code and immutables of one contract."""
    path = package / "forge-artifacts" / f"{name}.sol" / f"{name}.json"
    artifact = json.loads(path.read_text())
    sources = artifact["metadata"]["sources"]
    foreign = [source for source, about in sources.items() if about.get("license") not in LICENCES]
    if foreign:
        raise SetupError(f"{name} is under a licence that we do not pass on: {', '.join(foreign)}")
    entry: dict[str, Any] = {"abi": artifact["abi"]}
    if name in ON_L1:
        entry["creation"] = artifact["bytecode"]["object"]
    if name in ON_L2:
        entry["runtime"] = artifact["deployedBytecode"]["object"]
        references = artifact["deployedBytecode"].get("immutableReferences", {})
        # Ascending ids of the syntax tree are the order in which the source declares them.
        ascending = sorted(references.items(), key=lambda item: int(item[0]))
        entry["immutables"] = [[place["start"] for place in places] for _, places in ascending]
    return entry


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except SetupError as error:
        give_up(str(error))

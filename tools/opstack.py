"""Extract the rollup contracts that `penstock/devnet` needs from their npm package.

    python -m tools.opstack            ask npm for the package and write the bundles
    python -m tools.opstack package/   use an unpacked package
    python -m tools.opstack --check    say whether the bundles in the tree are the package's

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
from typing import Any, NamedTuple

from tools.setup import ROOT, SetupError, clean_environment, find_node, give_up, say

PACKAGE, VERSION = "@eth-optimism/contracts-bedrock", "0.17.3"
PLACE = ROOT / "penstock" / "devnet" / "data"
LICENCE = PLACE / "LICENSE.optimism"
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
    "OptimismPortal2",
    "DisputeGameFactory",
    "AnchorStateRegistry",
    "PermissionedDisputeGame",
    "DelayedWETH",
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
# NOTE: one file of its source is under GPL-3.0, so it lies apart from the others, with its source.
COPYLEFT = ("DelayedWETH",)


class Bundle(NamedTuple):
    """A file of contracts, and the licences that their sources may be under."""

    name: str
    contracts: tuple[str, ...]
    licences: tuple[str, ...]
    with_sources: bool = False


# Apache-2.0 is one file's, the address aliasing of the L1 messenger and of the portals.
BUNDLES = (
    Bundle("bundle.json.gz", tuple({*ON_L1, *ON_L2} - {*COPYLEFT}), ("MIT", "Apache-2.0")),
    Bundle("weth.json.gz", COPYLEFT, ("MIT", "GPL-3.0"), with_sources=True),
)


def main(arguments: list[str]) -> int:
    folders = [word for word in arguments if not word.startswith("-")]
    with unpacked(*folders[:1]) as package:
        files = {PLACE / one.name: bundle_of(one, package) for one in BUNDLES}
        files[LICENCE] = (package / "LICENSE").read_bytes()
    if "--check" in arguments:
        same = all(path.read_bytes() == content for path, content in files.items())
        say(f"the bundles {'are' if same else 'are NOT'} what {PACKAGE} {VERSION} publishes")
        return 0 if same else 1
    PLACE.mkdir(exist_ok=True)
    for path, content in files.items():
        path.write_bytes(content)
        say(f"{path.relative_to(ROOT)}: {len(content):,} bytes")
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


def bundle_of(bundle: Bundle, package: Path) -> bytes:
    """A bundle as bytes; the time inside gzip is zero, so that it can be compared."""
    found = json.loads((package / "package.json").read_text())["version"]
    if found != VERSION:
        raise SetupError(f"this is {PACKAGE} {found}, the devnet is written for {VERSION}")
    contracts = {name: entry_of(name, bundle, package) for name in bundle.contracts}
    document = {"package": PACKAGE, "version": VERSION, "contracts": contracts}
    text = json.dumps(document, separators=(",", ":"), sort_keys=True)
    return gzip.compress(text.encode(), compresslevel=9, mtime=0)


def entry_of(name: str, bundle: Bundle, package: Path) -> dict[str, Any]:
    """Interface, code and immutables of one contract."""
    path = package / "forge-artifacts" / f"{name}.sol" / f"{name}.json"
    artifact = json.loads(path.read_text())
    sources = artifact["metadata"]["sources"]
    foreign = [
        path for path, about in sources.items() if about.get("license") not in bundle.licences
    ]
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
    if bundle.with_sources:
        own = [path for path in sources if path.startswith("src/")]
        entry["sources"] = {path: (package / path).read_text() for path in own}
    return entry


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except SetupError as error:
        give_up(str(error))

"""Where the compiler puts what a contract stores."""

import json
import subprocess
from typing import Any, Final, TypeAlias

from tools.build import sources
from tools.setup import ROOT, SOLCX
from tools.slither import REMAPPING

Layouts: TypeAlias = dict[str, list[str]]
"""By contract, `slot+byte: name type bytes` of each variable, a struct's members after it."""

DEPLOYED: Final = (
    *("PriceFeed", "SequencerWatch", "WithdrawalQueue", "CollateralVault", "FundingIndex"),
    *("PerpPositions", "InsuranceFund", "Liquidations", "PositionLens", "ExitDesk", "EscapeHatch"),
    *("Manager", "Timelock"),
)


def layouts() -> Layouts:
    """Ask the compiler for the storage of every contract of a venue; no code is generated."""
    names = [str(path.relative_to(ROOT)) for path in sources()]
    given = {
        "language": "Solidity",
        "sources": {name: {"urls": [name]} for name in names},
        "settings": {
            "remappings": [REMAPPING],
            "outputSelection": {"*": {"*": ["storageLayout"]}},
        },
    }
    command = [str(next(SOLCX.glob("solc-v*"))), "--standard-json"]
    done = subprocess.run(
        command, cwd=ROOT, input=json.dumps(given), capture_output=True, text=True, check=True
    )
    found = {
        contract: told["storageLayout"]
        for contracts in json.loads(done.stdout)["contracts"].values()
        for contract, told in contracts.items()
    }
    return {name: _rows(found[name]) for name in DEPLOYED}


def _rows(layout: dict[str, Any]) -> list[str]:
    types = layout["types"] or {}
    rows = [_row(entry, types) for entry in layout["storage"]]
    structs = sorted(
        (kind["label"], kind["members"]) for kind in types.values() if "members" in kind
    )
    for label, members in structs:
        rows += [f"{label}: {_row(member, types)}" for member in members]
    return rows


def _row(entry: dict[str, Any], types: dict[str, Any]) -> str:
    kind = types[entry["type"]]
    place = f"{entry['slot']}+{entry['offset']}"
    return f"{place}: {entry['label']} {kind['label']} {kind['numberOfBytes']}"

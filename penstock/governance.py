"""Who governs a venue: the roles of its access manager, and which functions each of them may call.

    governor ── proposes, executes ──▶ Timelock ── is GOVERNOR and ADMIN ──▶ Manager ──▶ contracts
    guardian ── cancels ─────────────▶    │
         └───── is GUARDIAN: pauses ──────┴──────────────────────────────────▶ Manager ──▶ contracts

A governed function that is named nowhere here is the admin's, and so the timelock's as well.
"""

from collections.abc import Iterator, Mapping
from typing import Final

ADMIN: Final = 0
GOVERNOR: Final = 1
GUARDIAN: Final = 2
ROLES: Final[Mapping[int, str]] = {ADMIN: "ADMIN", GOVERNOR: "GOVERNOR", GUARDIAN: "GUARDIAN"}

GOVERNED: Final[Mapping[str, Mapping[int, tuple[str, ...]]]] = {
    "PriceFeed": {GOVERNOR: ("setPublishers", "addPublisher", "removePublisher", "setGuards")},
    "WithdrawalQueue": {GOVERNOR: ("setDelay", "setOutflow")},
    "FundingIndex": {
        GOVERNOR: ("listMarket", "setMargins", "setFees", "setLimits", "setTerms"),
        GUARDIAN: ("pause",),
    },
    # Reached through the manager's `execute`: its address is the governor that the contract knows.
    "PerpPositions": {GOVERNOR: ("setSettings",)},
    "InsuranceFund": {GOVERNOR: ("withdraw", "withdrawResidual", "setLossCap", "setReserve")},
}


def assignments() -> Iterator[tuple[str, int, tuple[str, ...]]]:
    """Contract, role and functions, once for each role in each contract."""
    for contract, roles in GOVERNED.items():
        for role, functions in roles.items():
            yield contract, role, functions

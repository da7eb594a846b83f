"""ADM-9: no contract is deployed with the zero address where somebody is needed."""

from typing import Any

import pytest

from penstock.deploy import ZERO_ADDRESS
from tests.helpers.revm import RevmChain, reverts
from tests.helpers.venue import STRANGER, WIDE

Z, S = ZERO_ADDRESS, STRANGER.address
NO_MANAGER = ("AccessManagedInvalidAuthority", Z)
RULES = (S, 1, 1, 1, 1, 50, 25)
CASES: list[tuple[str, tuple[object, ...], tuple[Any, ...]]] = [
    ("Manager", (Z,), ("AccessManagerInvalidInitialAdmin", Z)),
    ("Timelock", (Z, 1, S, S), ("Timelock_AddressZero",)),
    ("Timelock", (S, 1, Z, S), ("Timelock_AddressZero",)),
    ("Timelock", (S, 1, S, Z), ("Timelock_AddressZero",)),
    ("PriceFeed", (Z, [S], 3, 60, 1), NO_MANAGER),
    ("WithdrawalQueue", ((S,) * 5, Z, 300, WIDE), NO_MANAGER),
    ("FundingIndex", (S, S, S, Z), NO_MANAGER),
    ("InsuranceFund", (S, S, S, S, Z), NO_MANAGER),
    ("ChainlinkPriceSource", (Z,), NO_MANAGER),
    ("PythPriceSource", (S, Z), NO_MANAGER),
    ("PerpPositions", ((S,) * 9, Z, RULES), ("Positions_AddressZero",)),
    ("PerpPositions", ((S,) * 9, S, (Z, *RULES[1:])), ("Settings_OperatorZero",)),
    *(
        ("PerpPositions", ((S,) * i + (Z,) + (S,) * (8 - i), S, RULES), ("Positions_AddressZero",))
        for i in range(9)
    ),
    *(
        ("CollateralVault", (S,) * i + (Z,) + (S,) * (3 - i), ("Vault_AddressZero",))
        for i in range(4)
    ),
    *(
        ("Liquidations", (S,) * i + (Z,) + (S,) * (4 - i), ("Liquidation_AddressZero",))
        for i in range(5)
    ),
    *(("PositionLens", pair, ("Lens_AddressZero",)) for pair in ((Z, S), (S, Z))),
    *(("L1Doors", (S,) * i + (Z,) + (S,) * (2 - i), ("Doors_AddressZero",)) for i in range(3)),
    *(
        ("ExitDesk", (S,) * i + (Z,) + (S,) * (3 - i) + (60, 1, 1), ("Desk_AddressZero",))
        for i in range(4)
    ),
]


@pytest.mark.parametrize(("contract", "arguments", "error"), CASES)
def test_adm_9__address_zero__is_refused(
    contract: str, arguments: tuple[object, ...], error: tuple[Any, ...]
) -> None:
    with reverts(*error):
        RevmChain().create(contract, *arguments)


@pytest.mark.parametrize(
    ("contract", "error", "count", "place"),
    [
        *(("FundingIndex", "Market_AddressZero", 3, place) for place in range(3)),
        *(("InsuranceFund", "Fund_AddressZero", 4, place) for place in range(4)),
    ],
)
def test_adm_9__address_zero_beside_a_manager__is_refused(
    contract: str, error: str, count: int, place: int
) -> None:
    chain = RevmChain()
    manager = chain.create("Manager", S)
    parts = (S,) * place + (Z,) + (S,) * (count - 1 - place)
    with reverts(error):
        chain.create(contract, *parts, manager)

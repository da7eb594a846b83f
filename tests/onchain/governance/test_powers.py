"""Who may do what, as the contracts say when everybody tries.

every function that changes something .. is in the written table, and nothing else is
each of them, tried by each role ....... lets in exactly whom the table says
a venue with a governor that acts at once is not taken for one without
"""

import pytest

from penstock.artifacts import artifact, artifacts
from penstock.governance import assignments
from penstock.localvenue import LocalVenue
from penstock.powers import NOBODY, Powers, doors, render, values, welcome
from penstock.probing import PARTS, Probe
from tests.helpers.venue import PARAMETERS, Venue
from tests.onchain.governance.matrix import MATRIX

ELSEWHERE = {
    # No part of a deployed venue, or not the venue's own.
    *("CollateralTokenMock", "OddTokenMock", "AggregatorMock", "PythMock", "Misbehaving"),
    *("ChainlinkPriceSource", "PythPriceSource"),
    # Only where a bridge is: tests/flows/test_doors.py.
    *("L1Door", "L1Doors"),
}


def test_adm_1__the_table__names_every_function_that_changes_something() -> None:
    deployable = {name for name, made in artifacts().items() if made.code}
    found = {
        name: {door["name"] for door in doors(artifact(name).abi)}
        for name in deployable - ELSEWHERE
        if not name.endswith("Mock")
    }
    assert {name: doors_ for name, doors_ in found.items() if doors_} == {
        name: set(rights) for name, rights in MATRIX.items()
    }


@pytest.mark.parametrize("contract", MATRIX)
def test_adm_1__every_function_and_every_role__as_the_table_says(
    powers: Powers, contract: str
) -> None:
    seen = {
        row.function: (row.who, row.role, row.delay == PARAMETERS.timelock_delay)
        for row in powers.rows
        if row.contract == contract
    }
    assert seen == {function: tuple(right) for function, right in MATRIX[contract].items()}


def test_adm_1__functions_given_to_a_role__are_those_that_deployment_names(powers: Powers) -> None:
    given = ("Manager.GOVERNOR", "Manager.GUARDIAN")
    seen = {(row.contract, row.function) for row in powers.rows if row.role in given}
    assert seen == {(contract, name) for contract, _, names in assignments() for name in names}


def test_powers__rendered__ends_with_who_can_stop_an_exit(powers: Powers) -> None:
    lines = list(render(powers))
    assert lines[-1] == f"who can stop an exit: {NOBODY}"
    assert lines[-2] == "a guardian can: FundingIndex.pause, Timelock.cancel"
    assert "the timelock waits 10 d" in lines


def test_powers__somebody_else_was_appointed__shows_at_once(
    inhabited: LocalVenue, powers: Powers
) -> None:
    remote, hasty = inhabited.remote, "0x" + "77" * 20
    rpc, manager, timelock = remote.rpc, remote.manager, remote.timelock
    checkpoint = rpc.call("evm_snapshot")
    data = manager.encode("grantRole", 1, hasty, 0)
    rpc.call("anvil_impersonateAccount", timelock.address)
    rpc.call("anvil_setBalance", timelock.address, hex(10**18))
    call = {"from": timelock.address, "to": manager.address, "data": "0x" + data.hex()}
    rpc.call("eth_sendTransaction", call)
    rpc.call("evm_mine")
    changed = Probe(remote).powers()
    rpc.call("evm_revert", checkpoint)
    row = changed.of("FundingIndex", "setFees")
    assert (row.who, row.delay) == (("Timelock", hasty), 0)
    assert changed.of("PerpPositions", "setSettings").delay == 0
    assert powers.of("FundingIndex", "setFees").delay == PARAMETERS.timelock_delay


def test_values__of_every_function__are_what_its_abi_takes(governed: Venue) -> None:
    for name in PARTS:
        part = getattr(governed, name)
        for door in doors(artifact(part.name).abi):
            made = artifact(part.name).functions[door["name"]]
            assert made.encode(values(door, governed.feed.address))[:4] == made.selector


def test_welcome__nobody_is_let_in__says_so() -> None:
    assert welcome({}) == (NOBODY,)

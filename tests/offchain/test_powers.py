"""powers: what the answers of a chain mean, without one

welcome ... everybody as soon as a stranger is let in; nobody when none is
wait ...... the timelock's delay, for the manager the shortest of those for whom it acts
replay .... who has a role after grants and revocations
render .... the table, and who can stop an exit
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.powers import (
    ANYONE,
    NOBODY,
    STRANGER,
    Answer,
    Grant,
    Powers,
    Row,
    Rules,
    accounts_of,
    doors,
    duration,
    render,
    row,
    still_held,
    values,
    welcome,
)

DELAY = 8 * 86_400
TIMELOCK = Grant("Manager", "GOVERNOR", "Timelock", 7)
HASTY = Grant("Manager", "GOVERNOR", "0xabc", 9, delay=3)
RULES = Rules(DELAY, (TIMELOCK,))
REFUSED, BUSY = Answer("AccessManagedUnauthorized", (1,)), Answer("Feed_QuorumMissed", (0, 3))
GOVERNOR = "Manager.GOVERNOR"
PLACE = "0x" + "11" * 20
DOOR = {
    "type": "function",
    "name": "takeOver",
    "stateMutability": "nonpayable",
    "inputs": [
        {"name": "account", "type": "uint32", "internalType": "AccountId"},
        {"name": "by", "type": "uint32", "internalType": "AccountId"},
        {"name": "markets", "type": "uint16[]"},
        {"name": "rules", "type": "tuple", "components": [{"name": "who", "type": "address"}]},
        {"name": "data", "type": "bytes"},
        {"name": "salt", "type": "bytes32"},
        {"name": "size", "type": "int64"},
        {"name": "note", "type": "string"},
    ],
}


def test_welcome__by_what_they_hear__names_who_is_let_in() -> None:
    assert welcome({STRANGER: BUSY, "guardian": REFUSED}) == (ANYONE,)
    assert welcome({STRANGER: REFUSED, "guardian": BUSY, "owner": Answer()}) == (
        "guardian",
        "owner",
    )
    assert welcome({STRANGER: REFUSED, "guardian": Answer("Empty")}) == (NOBODY,)


def test_doors__of_an_abi__are_the_functions_that_change_something() -> None:
    view = {**DOOR, "stateMutability": "view"}
    assert list(doors([view, {"type": "event", "name": "X"}, DOOR])) == [DOOR]


def test_values__of_each_kind__leave_one_account_for_each_parameter() -> None:
    assert accounts_of(DOOR) == ["account", "by"]
    *found, data, salt, size, note = values(DOOR, PLACE)
    assert found == [1, 2, [], (PLACE,)]
    assert (salt, size, note) == (bytes(32), 1, "")
    assert isinstance(data, bytes)
    assert len(data) == 36


@given(delay=st.integers(0, DELAY))
def test_wait__by_way_of_the_manager__is_that_of_the_quickest(delay: int) -> None:
    hasty = Grant("Manager", "GOVERNOR", "0xabc", 9, delay)
    rules = Rules(DELAY, (TIMELOCK, hasty))
    assert RULES.wait("Manager", GOVERNOR) == RULES.wait("Timelock", "") == DELAY
    assert rules.wait("Manager", GOVERNOR) == rules.wait("0xabc", GOVERNOR) == delay
    assert rules.wait("a stranger", GOVERNOR) == 0


def test_row__of_a_role__says_since_when_and_after_how_long() -> None:
    answers = {STRANGER: REFUSED, "Timelock": Answer()}
    found = row("PriceFeed", "setGuards", answers, GOVERNOR, Rules(DELAY, (TIMELOCK, HASTY)))
    assert (found.who, found.delay, found.since) == (("Timelock",), DELAY, 7)
    assert found.says == REFUSED.name


def test_still_held__granted_revoked_granted__counts_from_the_last() -> None:
    again = Grant("Manager", "GOVERNOR", "Timelock", 12)
    assert still_held([(True, TIMELOCK), (True, again)]) == (TIMELOCK,)
    assert still_held([(True, TIMELOCK), (False, again)]) == ()
    assert still_held([(False, TIMELOCK), (True, HASTY), (True, again)]) == (HASTY, again)


def test_stops_of_exits__an_exit_that_asks_for_a_role__is_one() -> None:
    free = Row("CollateralVault", "release", (ANYONE,), "", 0, None, "")
    held = Row("CollateralVault", "claim", ("Timelock",), GOVERNOR, DELAY, 7, "")
    gone = Row("CollateralVault", "claimTo", (NOBODY,), "", 0, None, "")
    pause = Row("FundingIndex", "pause", ("guardian",), "Manager.GUARDIAN", 0, 1, "")
    assert Powers((free, pause), RULES).stops_of_exits() == []
    found = Powers((free, held, gone, pause), RULES)
    assert found.stops_of_exits() == [held, gone]
    assert found.of("FundingIndex", "pause") == pause
    lines = list(render(found))
    assert lines[0] == "Manager.GOVERNOR: Timelock since 7"
    assert lines[1] == "the timelock waits 8 d"
    assert lines[-2] == "a guardian can: FundingIndex.pause"
    assert lines[-1] == "who can stop an exit: CollateralVault.claim, CollateralVault.claimTo"


def test_of__no_such_function__raises() -> None:
    with pytest.raises(KeyError, match=r"PriceFeed\.post"):
        Powers((), RULES).of("PriceFeed", "post")


def test_duration__of_any_length__is_said_in_its_largest_whole_unit() -> None:
    said = [duration(seconds) for seconds in (0, 59, 60, 5_400, 7_200, 86_400)]
    assert said == ["at once", "59 s", "1 min", "90 min", "2 h", "1 d"]

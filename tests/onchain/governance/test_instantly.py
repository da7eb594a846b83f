"""ADM-4, ADM-10: what nobody can do at once, by whatever door they try

by itself, through the manager's execute or multicall, through the timelock, by a contract that
calls on for others: turned away.
"""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.artifacts import artifact
from penstock.deploy import Parameters
from penstock.governance import ADMIN, GOVERNED, GOVERNOR
from penstock.powers import Answer, doors, values
from tests.helpers.actors import Actor, publishers
from tests.helpers.revm import DEPLOYER, Revert, reverts
from tests.helpers.venue import OPERATOR, PARAMETERS, STRANGER, Venue, isolated, make_venue
from tests.onchain.governance.changes import CHANGES, Change
from tests.onchain.governance.matrix import MATRIX
from tests.onchain.governance.offices import GOVERNS, GUARDS

SOMEBODY = Actor("somebody with a plan")
INSIDERS = (GOVERNS, GUARDS, OPERATOR, publishers()[0], STRANGER)
INSIDER = st.sampled_from([who.address for who in INSIDERS] + [DEPLOYER])
THEFTS = (
    # Moving funds.
    Change("fund", "withdraw", (SOMEBODY.address, 1), lambda v: v.queue.call("owed")),
    Change("vault", "payShare", (SOMEBODY.address, 1), lambda v: v.vault.call("booked")),
    Change("vault", "pay", (SOMEBODY.address, 1), lambda v: v.queue.call("owed")),
    Change("vault", "take", (SOMEBODY.address, 1), lambda v: v.vault.call("booked")),
    Change("queue", "push", (1, SOMEBODY.address, 1), lambda v: v.queue.call("owed")),
    # Bucket and gate out of the way.
    Change("queue", "lift", (), lambda v: v.queue.call("isLifted")),
    # Another authority, and with it everything.
    *(
        Change(part, "setAuthority", (SOMEBODY.address,), lambda v: v.feed.call("authority"))
        for part in ("feed", "queue", "index", "fund")
    ),
    # Prices of one's own, later payments, another operator.
    *CHANGES,
)
THEFT = st.sampled_from(THEFTS)
DOORS: dict[str, Callable[[Venue, Change], tuple[str, bytes]]] = {
    "itself": lambda v, c: (getattr(v, c.part).address, c.calldata(v)),
    "execute": lambda v, c: (v.manager.address, _execute(v, c)),
    "multicall": lambda v, c: (v.manager.address, _call("Manager", "multicall", [_execute(v, c)])),
    "schedule": lambda v, c: (
        v.manager.address,
        _call("Manager", "schedule", getattr(v, c.part).address, c.calldata(v), 0),
    ),
    "timelock": lambda v, c: (
        v.timelock.address,
        _call(
            "Timelock", "execute", c.operation(v).target, 0, c.operation(v).data, *[bytes(32)] * 2
        ),
    ),
}


def _call(contract: str, function: str, *arguments: object) -> bytes:
    return artifact(contract).functions[function].encode(arguments)


def _execute(venue: Venue, change: Change) -> bytes:
    place = getattr(venue, change.part).address
    return _call("Manager", "execute", place, change.calldata(venue))


@pytest.mark.parametrize("door", DOORS)
@given(theft=THEFT, who=INSIDER)
@isolated
def test_adm_4__any_insider_at_once__is_turned_away(
    governed: Venue, door: str, theft: Change, who: str
) -> None:
    place, data = DOORS[door](governed, theft)
    with pytest.raises(Revert) as caught:
        governed.chain.send(who, place, data)
    early = caught.value.name == "TimelockUnexpectedOperationState"
    assert early or Answer(caught.value.name).refuses


@pytest.mark.parametrize("parameters", [PARAMETERS, Parameters(markets=PARAMETERS.markets)])
def test_adm_4__the_delay_of_tickets_raised_to_its_bound__the_timelock_is_longer_than_the_way_out(
    parameters: Parameters,
) -> None:
    venue = make_venue(parameters)
    delay, most = venue.timelock.call("getMinDelay"), venue.queue.call("MAX_DELAY")
    venue.queue.transact("setDelay", most, sender=DEPLOYER)
    # No function changes windows and liveness, and the timelock does not grow shorter.
    fixed = 2 * venue.desk.call("WINDOW") + venue.hatch.call("LIVENESS")
    assert delay > fixed + venue.queue.call("delay")
    with reverts("Queue_DelayOutOfBounds", most + 1, venue.queue.call("MIN_DELAY"), most):
        venue.queue.transact("setDelay", most + 1, sender=DEPLOYER)


def test_adm_4__collateral_and_oracle__have_no_function_that_changes_them() -> None:
    assert not [
        name
        for contract, made in MATRIX.items()
        for name in made
        if any(word in name.lower() for word in ("token", "source", "collateral", "oracle"))
        and not name.startswith("on")
    ]


@given(who=st.sampled_from([GOVERNS, GUARDS, OPERATOR, STRANGER]), role=st.integers(0, 3))
@isolated
def test_adm_10__a_role_through_multicall__is_not_given(
    governed: Venue, who: Actor, role: int
) -> None:
    grant = _call("Manager", "grantRole", role, who.address, 0)
    nested = _call("Manager", "multicall", [grant])
    for calls in ([grant], [nested]):
        with reverts("AccessManagerUnauthorizedAccount", who.address, ADMIN):
            governed.manager.transact("multicall", calls, sender=who.address)


@pytest.fixture(scope="module")
def odd() -> Venue:
    """A venue whose token calls on whom it is told to."""
    return make_venue(odd_token=True, governor=GOVERNS.address, guardian=GUARDS.address)


@given(theft=THEFT, who=st.sampled_from([GOVERNS, GUARDS, OPERATOR]))
@isolated
def test_adm_10__a_contract_that_calls_on__lends_nobody_its_place(
    odd: Venue, theft: Change, who: Actor
) -> None:
    place, data = DOORS["itself"](odd, theft)
    odd.token.transact("setHook", place, data, sender=STRANGER.address)
    odd.token.transact("transfer", SOMEBODY.address, 0, sender=who.address)
    assert odd.token.call("hookSucceeded") is False


@isolated
def test_adm_10__guardian_through_the_manager__pauses_and_nothing_else(governed: Venue) -> None:
    index = governed.index.address
    pause = _call("FundingIndex", "pause", [1])
    governed.manager.transact("execute", index, pause, sender=GUARDS.address)
    assert governed.index.call("marketOf", 1)[4]
    for name in GOVERNED["FundingIndex"][GOVERNOR]:
        made = artifact("FundingIndex")
        door = next(one for one in doors(made.abi) if one["name"] == name)
        data = made.functions[name].encode(values(door, governed.feed.address))
        with reverts("AccessManagerUnauthorizedCall", GUARDS.address, index, data[:4]):
            governed.manager.transact("execute", index, data, sender=GUARDS.address)


@pytest.mark.parametrize("contract", MATRIX)
@isolated
def test_adm_1__deployer__is_a_stranger_once_it_has_deployed(
    governed: Venue, contract: str
) -> None:
    part = next(p for p in vars(governed).values() if getattr(p, "name", "") == contract)
    for door in doors(artifact(contract).abi):
        arguments = values(door, governed.feed.address)
        name = door["name"]
        assert _said(governed, part, name, arguments, DEPLOYER) == _said(
            governed, part, name, arguments, STRANGER.address
        )


def _said(venue: Venue, part: object, function: str, arguments: list[object], who: str) -> str:
    try:
        part.call(function, *arguments, sender=who)  # type: ignore[attr-defined]
    except Revert as refused:
        return refused.name
    return ""

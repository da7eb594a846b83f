"""After the freeze: every function that changes something, by the ABIs, beside a written table

LOCKED .... works until the freeze, and refuses by name after it
OPEN ...... is not in the way of anybody's exit, or part of it: the freeze does not refuse it
APART ..... contracts that know nothing of the freeze
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple

import pytest

from penstock.artifacts import ContractRevert, artifact
from penstock.batch import encode
from penstock.powers import doors, values
from penstock.system import CONTRACTS
from tests.helpers.actors import Actor
from tests.helpers.escapee import freeze_silent, look, stay_up, tally_all
from tests.helpers.exits import force_close, force_withdrawal, row, signed_withdrawal
from tests.helpers.revm import Contract
from tests.helpers.trouble import FUND, SIZE, endow, open_long
from tests.helpers.twin import DONE, OWNER, undoing
from tests.helpers.venue import GOVERNOR, OPERATOR, PARAMETERS
from tests.onchain.governance.changes import rules
from tests.onchain.settlement.desk import DEPOSIT, MARK, Desk

FEE: Final = PARAMETERS.request_fee_cap
SOMEBODY: Final = Actor("somebody").address
TERMS: Final = (60, 100_000, 7_500_000, 500_000, 3_750_000)
LISTING: Final = (100, 500, 250, 500, 200, TERMS, (1_000, 10_000))
NO_PERMIT: Final = (2**32 - 1, 27, bytes(32), bytes(32))
FROZEN, CLOSED, ENDED = "Positions_Frozen", "Queue_Closed", "Desk_Frozen"
TWICE: Final = "Hatch_AlreadyFrozen"


class Call(NamedTuple):
    """A call that works, by whom, and what it meets after the freeze."""

    sender: str
    arguments: Callable[[Desk], tuple[object, ...]]
    refusal: str = FROZEN


def _plain(sender: str, *arguments: object, refusal: str = FROZEN) -> Call:
    return Call(sender, lambda _: arguments, refusal)


def _signed(desk: Desk) -> tuple[object, ...]:
    signed = signed_withdrawal(desk, 4, 5)
    return row(signed.withdrawal), [1], signed.signature


def _word(desk: Desk) -> tuple[object, ...]:
    return 1, desk.word("market", 1, 0)


LOCKED: Final[Mapping[str, Mapping[str, Call]]] = {
    "PerpPositions": {
        "deposit": _plain("owner", 1, 5),
        "depositWithPermit": _plain("owner", 1, 5, *NO_PERMIT),
        "requestWithdrawal": _plain("owner", 3, SOMEBODY, 5, [1], refusal=CLOSED),
        "transfer": _plain("owner", 3, 4, 5, [1]),
        "settle": Call("operator", lambda desk: (encode(desk.batch()),)),
        "move": _plain("liquidations", 1, 2, 1, 1, MARK, 0),
        "setMarket": Call("index", _word),
        "beginPeriod": Call("index", _word),
        "setOpenInterestCap": _plain("index", 1, 8),
        "setSettings": _plain("governor", rules(OPERATOR.address)),
    },
    "WithdrawalQueue": {
        "push": _plain("positions", 3, SOMEBODY, 5, refusal=CLOSED),
        "shutGate": _plain("owner", 1, [1], refusal=CLOSED),
    },
    "FundingIndex": {
        "accrue": _plain("owner", 2),
        "prepare": _plain("owner", 2),
        "refresh": _plain("owner", [2]),
        "listMarket": _plain("governor", "NEW", LISTING),
        "setMargins": _plain("governor", 1, 600, 300),
        "setFees": _plain("governor", 1, 5, 5),
        "setLimits": _plain("governor", 1, (1_000, 10_000)),
        "setTerms": _plain("governor", 1, TERMS),
        "pause": _plain("governor", [1]),
    },
    "InsuranceFund": {
        "cover": _plain("liquidations", 3, [1], [5]),
        "withdraw": _plain("governor", SOMEBODY, 5, refusal=CLOSED),
    },
    "Liquidations": {
        "takeOver": _plain("owner", 1, FUND, [1], [SIZE], [1]),
        "deleverage": _plain("owner", 1, 1, [1], [2], [SIZE]),
    },
    "ExitDesk": {
        "request": Call("owner", lambda desk: _signed(desk), CLOSED),
        "forceWithdrawal": _plain("owner", 4, SOMEBODY, 5, refusal=ENDED),
        "executeWithdrawal": _plain("owner", 1, [1], refusal=CLOSED),
        "forceClose": _plain("owner", 4, 1, 1, refusal=ENDED),
        "executeClose": _plain("owner", 2, [1], [], 100),
    },
    "EscapeHatch": {
        "freezeSilent": _plain("owner", refusal=TWICE),
    },
}
OPEN: Final[Mapping[str, frozenset[str]]] = {
    "PerpPositions": frozenset(
        # Moves nothing between accounts: numbers, keys, orders that will never fill, and what an
        # account or the fund has anyway.
        {"register", "setSigner", "sweep", "cancel", "cancelAll", "collectFees"}
        # By the desk and the hatch alone.
        | {"setFilled", "freeze"}
    ),
    "WithdrawalQueue": frozenset(
        {"pop", "setAside", "settleAside", "admit", "lift", "setDelay", "setOutflow"}
        | {"announceGuard", "applyGuard", "withdrawGuardChange", "setAuthority"}
    ),
    "CollateralVault": frozenset({"take", "pay", "payShare", "release", "claim", "claimTo"}),
    "FundingIndex": frozenset({"setAuthority"}),
    "InsuranceFund": frozenset({"withdrawResidual", "setLossCap", "setReserve", "setAuthority"}),
    "Liquidations": frozenset(),
    # A page passes over what cannot be carried; what was paid for requests is paid back.
    "ExitDesk": frozenset({"carry", "revoke", "acknowledge", "drop", "collect"}),
    "EscapeHatch": frozenset({"look", "freezeIgnored", "tally", "escape", "payResidual"}),
}
APART: Final = {"CollateralTokenMock", "PriceFeed", "SequencerWatch", "Manager", "Timelock"}
CALLS: Final = [(contract, name) for contract, calls in LOCKED.items() for name in calls]


def _doors(contract: str) -> set[str]:
    return {entry["name"] for entry in doors(artifact(contract).abi)}


def _sender(desk: Desk, name: str) -> str:
    people = {"owner": OWNER.address, "governor": GOVERNOR, "operator": OPERATOR.address}
    return people.get(name) or str(getattr(desk.venue, name).address)


def _try(desk: Desk, contract: str, function: str, call: Call) -> str:
    """The name of what a call meets; empty when it goes through. Undone in either case."""
    part, arguments = desk.venue.chain.at(contract, _place(desk, contract)), call.arguments(desk)
    if function == "setSettings":
        # The manager speaks for whoever has the role.
        data = artifact(contract).functions[function].encode(arguments)
        part, function, arguments = desk.venue.manager, "execute", (part.address, data)
    return _name(part, function, arguments, _sender(desk, call.sender))


def _place(desk: Desk, contract: str) -> str:
    return desk.venue.system.places[contract]


def _name(part: Contract, function: str, arguments: Sequence[object], sender: str) -> str:
    chain, data = part.chain, artifact(part.name).functions[function].encode(arguments)
    value = FEE if function.startswith("force") else 0
    with chain.undone(), chain.impersonated(sender):
        chain.evm.set_balance(sender, value)
        try:
            chain.send(sender, part.address, data, value=value)
        except ContractRevert as refused:
            return refused.name
    return ""


def _about_to_freeze(desk: Desk, function: str) -> None:
    """All that is missing is the call; account 1 is in need, or bankrupt, by what is tried."""
    bankrupt = function in ("deleverage", "shutGate")
    if not bankrupt:
        endow(desk, DEPOSIT)
    open_long(desk)
    open_long(desk, 100, 3, 4)
    assert force_withdrawal(desk, 4, 5) is DONE
    assert force_close(desk, 3, 1, 100) is DONE
    # Less than a withdrawal leaves nothing to take over at the mark; the fund can carry the rest.
    assert look(desk) is DONE
    stay_up(desk, desk.hatch.liveness - 60)
    desk.pass_time(60)
    desk.marks(MARK * (92 if bankrupt else 95) // 100, desk.model.market(2).mark)
    # Funding of market 2 is due, and those in need have a fresh mark in their only market.
    if function in ("accrue", "prepare"):
        stay_up(desk, 3_600)
        assert desk.beat() is DONE


@pytest.mark.parametrize(("contract", "function"), CALLS)
@undoing
def test_frozen__function_that_worked__refuses_by_name(
    desk: Desk, contract: str, function: str
) -> None:
    call = LOCKED[contract][function]
    _about_to_freeze(desk, function)
    assert _try(desk, contract, function, call) == ""
    assert freeze_silent(desk) is DONE
    if function == "refresh":
        desk.chain.time += 1
        desk.venue.post(2, (desk.model.market(2).mark + 1,) * 3, desk.now)
    assert _try(desk, contract, function, call) == call.refusal
    tally_all(desk)
    assert _try(desk, contract, function, call) == call.refusal


@pytest.mark.parametrize("contract", sorted(OPEN))
@undoing
def test_frozen__function_of_the_exits__is_not_refused_for_the_freeze(
    desk: Desk, contract: str
) -> None:
    _about_to_freeze(desk, "")
    assert freeze_silent(desk) is DONE
    places = [getattr(desk.venue, name) for name in ("positions", "queue", "vault", "hatch")]
    senders = [OWNER.address, GOVERNOR, *(part.address for part in places)]
    part = desk.venue.chain.at(contract, _place(desk, contract))
    for entry in doors(artifact(contract).abi):
        if entry["name"] in LOCKED.get(contract, {}) or entry["name"] in ("freezeIgnored",):
            continue
        for sender in senders:
            met = _name(part, entry["name"], values(entry, SOMEBODY), sender)
            assert met not in (FROZEN, CLOSED, ENDED), entry["name"]


def test_frozen__tables__name_every_function_of_the_venue_once() -> None:
    changing = {name for name in CONTRACTS.values() if _doors(name)}
    assert set(OPEN) | APART == changing | {"ExitDesk"}
    for contract, names in OPEN.items():
        locked = set(LOCKED.get(contract, {}))
        assert not names & locked
        assert names | locked == _doors(contract), contract


@undoing
def test_frozen__refresh_that_changes_nothing__is_harmless(desk: Desk) -> None:
    assert look(desk) is DONE
    stay_up(desk, desk.hatch.liveness)
    mark = desk.model.market(1).mark
    assert desk.refresh(1, mark) is DONE
    assert freeze_silent(desk) is DONE
    words = [desk.word("market", 1, 0), desk.word("course", 1, 0)]
    for price in (mark, mark + 1):
        desk.refresh(1, price)
        assert [desk.word("market", 1, 0), desk.word("course", 1, 0)] == words
    desk.compare()

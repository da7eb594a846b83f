"""S8, S9: frozen at any moment of a random history, everybody leaves with nobody's leave.

every step ...... both allow it, or both refuse it with one error and the same values; every ticket
                  is paid once, in order, and the queue owes what tickets and holds have left
at the end ...... Σ paid ≤ vault: nothing is left when the claims are covered, dust when not;
                  each share is the same part of its claim; every ticket is paid in full
all together .... solvent and insolvent venues, both reasons to freeze, every refusal of the hatch
                  and every way out were met, so often at least
"""

import os
from collections import Counter
from functools import lru_cache
from random import Random

import pytest
from msgspec.structs import replace

from penstock.refusals import Refusal
from tests.helpers import escapee
from tests.helpers.twin import OWNER, Twin
from tests.parity import history as life
from tests.parity.exodus import Exodus, claims
from tests.parity.history import History

DEEP = os.environ.get("PENSTOCK_FUZZ") == "deep"
SEEDS = range(200 if DEEP else 10)
STEPS = (150, 1_500 if DEEP else 450)
HATCH = {refusal for refusal in Refusal if refusal.startswith(("Hatch_", "Positions_Frozen"))}

# A settlement window is over while a history lasts; the bucket holds less than a rich account has.
PARAMETERS = replace(life.PARAMETERS, settlement_window=3_600, outflow_floor=10**10)
LEAST = {
    **{"TicketIssued": 80, "TicketHeld": 35, "TicketAdmitted": 15, "TicketPaid": 80},
    **{"RequestCarried": 20, "RequestServed": 25, "RequestDropped": 10, "GateShut": 3},
    **{"WithdrawalForced": 50, "WithdrawalExecuted": 15},
    **{"CloseForced": 70, "CloseProgressed": 20, "OrderFilled": 20},
    **{"FrozenForSilence": 2, "FrozenForRequest": 2},
}
"""How often each event is met until the freeze, over the seeds that are run by default."""


@lru_cache(maxsize=len(SEEDS))
def left(seed: int) -> Counter[str]:
    """Live a history through to its end; return what was met."""
    history = History(seed, Twin(PARAMETERS))
    exodus, twin = Exodus(history), history.twin
    exodus.live(Random(seed).randint(*STEPS))
    exodus.end()
    history.outcomes.update(log.name for _, log in twin.logs if log.name in LEAST)
    twin.compare()
    expected = claims(twin)
    vault = escapee.balance(twin, twin.venue.vault.address)
    before = {who: escapee.balance(twin, who) for who in (OWNER.address, escapee.RECIPIENT)}
    owed = int(twin.venue.queue.call("owed"))
    exodus.leave()
    exodus.finish()
    escapee.compare(twin)
    twin.compare()
    twin.compare_storage()
    gone = {who: escapee.balance(twin, who) - had for who, had in before.items()}
    rest, solvent = vault - sum(gone.values()), vault - owed >= sum(expected.values())
    shares = {log.arguments[0]: log.arguments[2] for _, log in twin.logs if log.name == "Escaped"}
    assert gone[OWNER.address] == owed, "tickets are paid in full"
    assert shares == {
        who: share for who, claim in expected.items() if (share := twin.hatch.share_down(claim))
    }
    if solvent:
        assert rest == 0
        assert shares == {who: claim for who, claim in expected.items() if claim}
    else:
        assert 0 <= rest < len(expected)
        assert twin.hatch.pot == vault - owed
    history.outcomes["solvent" if solvent else "insolvent"] += 1
    return history.outcomes


@pytest.mark.parametrize("seed", SEEDS)
def test_s9__frozen_at_any_moment__everybody_leaves_with_the_share(seed: int) -> None:
    assert left(seed)["escape: done"] >= 0


def test_s9__all_seeds_together__meet_every_refusal_of_the_hatch() -> None:
    met = sum((left(seed) for seed in SEEDS), Counter[str]())
    errors = {name.split(": ")[1] for name in met if ": " in name}
    assert {str(refusal) for refusal in HATCH} - errors == set()
    assert met["solvent"]
    assert met["insolvent"]


def test_s8__all_seeds_together__leave_in_every_way_before_the_freeze() -> None:
    met = sum((left(seed) for seed in SEEDS), Counter[str]())
    assert {name: met[name] for name, least in LEAST.items() if met[name] < least} == {}

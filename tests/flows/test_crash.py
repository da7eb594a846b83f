"""A crash with everything that can bear a loss: small, twice from one seed, and drawn."""

from pathlib import Path

import pytest

from penstock.anvil import Anvil
from penstock.crash.moment import Outcome
from penstock.crash.plan import FIRST, PARAMETERS, SMALL
from penstock.crash.report import plot, show
from penstock.crash.run import Crash
from penstock.localvenue import LocalVenue


def crash() -> Outcome:
    with Anvil() as anvil:
        return Crash(LocalVenue.start(anvil, PARAMETERS), SMALL).run()


@pytest.fixture(scope="module")
def outcome() -> Outcome:
    return crash()


def test_crash__every_audit__holds(outcome: Outcome) -> None:
    assert outcome.broken == []
    assert outcome.audits > 2 * SMALL.after
    assert outcome.ledger.skipped == 0


def test_crash__two_fifths_and_an_outage__leave_nobody_in_debt(outcome: Outcome) -> None:
    assert min(m.mark for m in outcome.moments) < FIRST * 61 // 100
    assert any(m.phase == "outage" for m in outcome.moments)
    assert outcome.moments[-1].bankrupt == 0
    assert outcome.moments[-1].insurance >= 0


def test_crash__each_step_of_the_ladder__bore_its_part(outcome: Outcome) -> None:
    end = outcome.moments[-1]
    assert min(end.liquidated, end.taken, end.absorbed, end.deleveraged) > 0
    assert max(m.rate for m in outcome.moments) == PARAMETERS.markets[0].cap


def test_seq_1__outage_and_grace__nobody_is_liquidated_in_them(outcome: Outcome) -> None:
    quiet = [m for m in outcome.moments if m.phase in ("outage", "grace")]
    lots = [(m.liquidated, m.taken, m.absorbed, m.deleveraged) for m in quiet]
    # The grace ends within its last round, when the keepers have their turn.
    assert len(set(lots[:-1])) == 1


def test_crash__same_seed__same_moments_and_storage(outcome: Outcome) -> None:
    again = crash()
    assert again.moments == outcome.moments
    assert again.fingerprint == outcome.fingerprint


def test_crash__drawn__is_a_picture(outcome: Outcome, tmp_path: Path) -> None:
    place = tmp_path / "crash.png"
    plot(outcome.moments, place)
    assert place.read_bytes().startswith(b"\x89PNG")
    assert len(show(outcome).renderables) == 8

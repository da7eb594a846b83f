"""The loop of keepers, its notes, and what gas costs.

run
├── something to do             looks again at once
├── nothing to do               waits
├── trouble                     waits longer each time; after a good look from the start again
├── an empty wallet             is an alarm
├── a mistake of the program    ends it
└── until                       ends at that time
Note        one line, in words that a machine can take apart
Costs       rounded up
"""

import shlex
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.artifacts import ContractRevert
from penstock.keepers.costs import Costs
from penstock.keepers.keeper import Decision, run
from penstock.keepers.notes import Note
from penstock.keepers.wallet import WalletEmptyError
from penstock.mirror import MirrorError

WORK = Decision("worked", "it is there", {}, ())


class Scripted:
    """A keeper that finds what it is told to find: work, nothing, or trouble."""

    name = "scripted"

    def __init__(self, script: Iterable[Decision | Exception | None]) -> None:
        self.script = iter(script)
        self.acted = 0

    def decide(self, now: int) -> Decision | None:
        found = next(self.script)
        if isinstance(found, Exception):
            raise found
        return found

    def act(self, decision: Decision) -> None:
        assert decision is WORK
        self.acted += 1


class Clock:
    """Time that passes only when somebody waits."""

    def __init__(self) -> None:
        self.time = 100.0
        self.waited: list[float] = []

    def now(self) -> int:
        return int(self.time)

    def wait(self, seconds: float) -> None:
        self.time += seconds
        self.waited.append(seconds)


def play(*script: Decision | Exception | None) -> tuple[int, Clock, list[Note]]:
    clock, notes, keeper = Clock(), list[Note](), Scripted(script)
    done = run(keeper, clock, notes.append, steps=len(script))
    assert done == keeper.acted
    return done, clock, notes


def revert() -> ContractRevert:
    return ContractRevert("Liquidation_AccountSound", (1, 5, 4))


def test_run__work_and_nothing__looks_at_once_or_waits() -> None:
    done, clock, notes = play(WORK, WORK, None, WORK, None)
    assert (done, clock.waited, notes) == (3, [5, 5], [])


def test_run__trouble__waits_longer_and_begins_again_when_it_is_over() -> None:
    _, clock, notes = play(revert(), revert(), revert(), None, revert())
    assert clock.waited == [1, 2, 4, 5, 1]
    first = notes[0]
    assert (first.time, first.did, first.why) == (
        100,
        "failed",
        "Liquidation_AccountSound(1, 5, 4)",
    )
    assert first.values == {"error": "ContractRevert", "wait": "1"}


def test_run__trouble_for_long__waits_a_minute_at_most() -> None:
    _, clock, _ = play(*(revert() for _ in range(9)))
    assert clock.waited[-2:] == [64, 64]


def test_run__empty_wallet__is_an_alarm() -> None:
    _, _, (note,) = play(WalletEmptyError("0xab", 3, 7))
    assert note.did == "alarm"
    assert "0xab has 3 wei and a transaction may need 7" in note.why


@pytest.mark.parametrize("mistake", [MirrorError("left the chain"), KeyError("mark")])
def test_run__mistake__ends_it(mistake: Exception) -> None:
    with pytest.raises(type(mistake)):
        play(mistake)


def test_run__until_a_time__ends_then() -> None:
    clock, keeper = Clock(), Scripted([None] * 9)
    assert run(keeper, clock, print, until=111) == 0
    assert clock.waited == [5, 5, 5]


words = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), max_size=9)


@given(st.dictionaries(st.from_regex(r"[a-z]+", fullmatch=True), st.integers() | words, max_size=4))
def test_note__any_values__are_one_line_that_can_be_taken_apart(
    values: dict[str, int | str],
) -> None:
    text = str(Note(7, "fees", "left", 'so it "is" = so\nit is', values))
    assert "\n" not in text
    found = [part.partition("=") for part in shlex.split(text.replace("'", "’"))]
    told = [(name, value) for name, _, value in found]
    head = [("time", "7"), ("keeper", "fees"), ("did", "left"), ("why", 'so it "is" = so it is')]
    assert told[:4] == head
    assert told[4:] == [(name, str(value).replace("'", "’")) for name, value in values.items()]


def test_costs__of_gas__are_rounded_up() -> None:
    assert Costs(gas_price=10**9, ether=3_000 * 10**6).quote_up(100_000) == 300_000
    assert Costs(gas_price=1, ether=1).quote_up(1) == 1
    assert Costs().quote_up(10**9) == 0

"""penstock.engine: all rules at once, on any log of commands, against a reference.

any log of commands
├── gives the events of the reference matcher, with and without a gate that refuses
├── conserves every order's size, keeps positions in balance, never crosses the book
├── fills no trigger order before its mark
└── gives the same state on any machine and under any hash seed
"""

import os
import subprocess
import sys
from collections import defaultdict
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.commands import Command, Direction, Mark
from penstock.engine import Engine
from penstock.events import (
    Accepted,
    Cancelled,
    CancelReason,
    Event,
    Expired,
    Triggered,
    Trimmed,
    Waiting,
)
from penstock.gate import PositionGate
from penstock.messages import Fill
from penstock.pace import Pace
from tests.helpers.commands import MARKETS, CappedGate, log, logs
from tests.helpers.orders import resting
from tests.helpers.reference import Reference

PACE = Pace(lots=5, interval=4)


def ordered(events: list[Event]) -> list[Event]:
    """Sort what happens to several orders at one moment; the reference has another order there."""
    done: list[Event] = []
    together: list[Event] = []
    for event in events:
        reduced = isinstance(event, Cancelled) and event.reason == CancelReason.REDUCED
        if reduced or isinstance(event, Expired | Trimmed):
            together.append(event)
        else:
            done += [*sorted(together, key=repr), event]
            together = []
    return done + sorted(together, key=repr)


def is_met(waited: Waiting, mark: int) -> bool:
    """Whether the mark is where the order wanted it."""
    if waited.direction == Direction.AT_OR_ABOVE:
        return mark >= waited.trigger_price
    return mark <= waited.trigger_price


# --- any log of commands ---------------------------------------------------------------------


@given(logs, st.sampled_from([None, 4, 12]))
@settings(max_examples=300, deadline=None)
def test_execute__any_log__gives_the_events_of_the_reference(
    commands: list[Command], cap: int | None
) -> None:
    gates = [PositionGate() if cap is None else CappedGate(cap) for _ in range(2)]
    found = Engine(gates[0], MARKETS, max_waiting=3, paces={1: PACE})
    reference = Reference(gates[1], MARKETS, max_waiting=3, pace=PACE)
    for command in commands:
        assert ordered(found.execute(command)) == ordered(reference.execute(command))


@given(logs)
@settings(max_examples=100, deadline=None)
def test_execute__any_log__conserves_the_size_of_every_order(commands: list[Command]) -> None:
    found = Engine(PositionGate(), MARKETS)
    live: defaultdict[tuple[int, int, int], int] = defaultdict(int)
    waits: dict[tuple[int, int, int], int] = {}
    for event in (event for command in commands for event in found.execute(command)):
        match event:
            case Triggered(order=signed):
                # One that is met when it comes has not waited.
                waits.pop(signed.order.key, 0)
            case Waiting(order=signed, size=size):
                assert not live[signed.order.key]
                assert signed.order.key not in waits
                waits[signed.order.key] = size
            case Accepted(order=signed, size=size):
                assert live[signed.order.key] == 0
                live[signed.order.key] = size
            case Fill(maker=maker, taker=taker, size=size):
                assert size > 0
                live[maker.order.key] -= size
                live[taker.order.key] -= size
                assert min(live[maker.order.key], live[taker.order.key]) >= 0
            case Cancelled(order=signed, size=size) | Expired(order=signed, size=size):
                if signed.order.key in waits:
                    assert waits.pop(signed.order.key) == size
                    continue
                live[signed.order.key] -= size
                assert live[signed.order.key] == 0
            case Trimmed(order=signed, left=left):
                assert left < live[signed.order.key]
                live[signed.order.key] = left
    books = [found.book(market) for market in MARKETS]
    sides = [side for book in books for side in (book.bids, book.asks)]
    depth = sum(lots for side in sides for _, lots in side.depth(99))
    assert depth == sum(live.values())


@given(logs)
@settings(max_examples=100, deadline=None)
def test_execute__any_log__fills_no_trigger_before_its_mark(commands: list[Command]) -> None:
    found, marks = Engine(PositionGate(), MARKETS), dict[int, int]()
    waits: dict[tuple[int, int, int], Waiting] = {}
    for command in commands:
        if isinstance(command, Mark):
            marks[command.market] = command.mark
        for event in found.execute(command):
            if isinstance(event, Waiting):
                waits[event.order.order.key] = event
            elif isinstance(event, Cancelled | Expired):
                waits.pop(event.order.order.key, None)
            elif isinstance(event, Triggered):
                assert event.mark == marks[event.order.order.market]
                waited = waits.pop(event.order.order.key, None)
                assert waited is None or is_met(waited, event.mark)
            elif isinstance(event, Fill):
                assert event.maker.order.key not in waits
                assert event.taker.order.key not in waits


@given(logs)
@settings(max_examples=100, deadline=None)
def test_execute__any_log__fills_within_both_limits_and_leaves_no_crossed_book(
    commands: list[Command],
) -> None:
    found = Engine(PositionGate(), MARKETS)
    for command in commands:
        for fill in (event for event in found.execute(command) if isinstance(event, Fill)):
            maker, taker = fill.maker.order, fill.taker.order
            assert maker.buy != taker.buy
            assert maker.market == taker.market
            assert maker.account != taker.account
            assert not maker.immediate
            assert not taker.post_only
            assert fill.price <= taker.price if taker.buy else fill.price >= taker.price
        for market in MARKETS:
            bids, asks = found.book(market).bids.depth(1), found.book(market).asks.depth(1)
            assert not bids or not asks or bids[0][0] < asks[0][0]


@given(logs)
@settings(max_examples=100, deadline=None)
def test_execute__any_log__never_lets_reduce_only_raise_a_position(commands: list[Command]) -> None:
    gate = PositionGate()
    found = Engine(gate, MARKETS)
    positions: defaultdict[tuple[int, int], int] = defaultdict(int)
    for event in (event for command in commands for event in found.execute(command)):
        if isinstance(event, Fill):
            for side in (event.maker.order, event.taker.order):
                before = positions[side.account, side.market]
                after = before + (event.size if side.buy else -event.size)
                lowers = abs(after) < abs(before) and after * before >= 0
                assert lowers or not side.reduce_only
                positions[side.account, side.market] = after
    assert sum(positions.values()) == 0


@given(logs)
@settings(max_examples=50, deadline=None)
def test_execute__same_log_twice__gives_the_same_events_and_state(commands: list[Command]) -> None:
    first, second = Engine(PositionGate(), MARKETS), Engine(PositionGate(), MARKETS)
    for command in commands:
        assert first.execute(command) == second.execute(command)
    assert first.fingerprint() == second.fingerprint()


def state_of(seed: str) -> str:
    """Run a long log in a fresh interpreter with a hash seed and return the fingerprint."""
    code = (
        "from random import Random\n"
        "from penstock.engine import Engine\n"
        "from tests.helpers.commands import MARKETS, CappedGate, log\n"
        "engine = Engine(CappedGate(12), MARKETS)\n"
        "[engine.execute(command) for command in log(Random(5), 3000)]\n"
        "print(engine.fingerprint())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": "."},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def test_fingerprint__two_hash_seeds__is_equal(pytestconfig: pytest.Config) -> None:
    os.chdir(pytestconfig.rootpath)
    assert len({state_of("1"), state_of("2")}) == 1


@given(logs)
@settings(max_examples=50, deadline=None)
def test_fingerprint__one_more_order__differs(commands: list[Command]) -> None:
    found = Engine(PositionGate(), MARKETS)
    for command in commands:
        found.execute(command)
    before = found.fingerprint()
    found.place(resting(77, "buy", 1, 1, expiry=2**32 - 1), found.now)
    assert found.fingerprint() != before


def test_execute__ten_thousand_commands__keep_to_the_reference() -> None:
    found, reference = Engine(CappedGate(20), MARKETS), Reference(CappedGate(20), MARKETS)
    for command in log(Random("long"), 10_000):
        assert ordered(found.execute(command)) == ordered(reference.execute(command))

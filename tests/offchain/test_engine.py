"""penstock.engine: every rule of matching, by name, and all of them at once against a reference.

any log of commands
├── gives the events of the reference matcher, with and without a gate that refuses
├── conserves every order's size, keeps positions in balance, never crosses the book
└── gives the same state on any machine and under any hash seed
one rule each
├── price, then time · partial fills · good-till-time
├── immediate, all-or-none, post-only, reduce-only
├── self-trade prevention, owner groups
├── nonces: replace, cancel, cancel-all, floors, the same epoch again
├── ladders
└── the gate: admission, a maker's fault, a taker's fault
"""

import os
import subprocess
import sys
from collections import defaultdict
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.commands import Command, SelfTrade
from penstock.engine import Engine
from penstock.errors import EngineError
from penstock.events import (
    Accepted,
    Cancelled,
    CancelReason,
    Event,
    Expired,
    Rejected,
    RejectReason,
    Trimmed,
)
from penstock.gate import PositionGate
from penstock.messages import Cancel, Fill, Ladder, Order, SignedLadder, SignedOrder, Verdict
from tests.helpers.commands import MARKETS, CappedGate, log, logs
from tests.helpers.reference import Reference

SIGNATURE = bytes(64)
NOW = 100


def resting(account: int, side: str, price: int, size: int, **other: Any) -> SignedOrder:
    """Build a resting order in slot 0, epoch 1, unless told otherwise."""
    nonce = other.pop("slot", 0) << 32 | other.pop("epoch", 1)
    return order(account, side, price, size, nonce=nonce, **other)


def immediate(account: int, side: str, price: int, size: int, **other: Any) -> SignedOrder:
    """Build an immediate order with number 1, unless told otherwise."""
    return order(account, side, price, size, immediate=True, **other)


def order(account: int, side: str, price: int, size: int, **other: Any) -> SignedOrder:
    """Build any order of market 1."""
    fields: dict[str, Any] = {
        "market": 1,
        "immediate": False,
        "post_only": False,
        "reduce_only": False,
        "expiry": NOW + 50,
        "nonce": 1,
    }
    fields |= other
    return SignedOrder(
        Order(account=account, buy=side == "buy", price=price, size=size, **fields), SIGNATURE
    )


def engine(*orders: SignedOrder, gate: PositionGate | None = None) -> Engine:
    """Start an engine over two markets with these orders in it."""
    found = Engine(gate or PositionGate(), MARKETS)
    for each in orders:
        events = found.place(each, NOW)
        assert isinstance(events[0], Accepted), events
    return found


def held(account: int, lots: int) -> PositionGate:
    """Make a gate under which an account holds a position of market 1."""
    gate = PositionGate()
    side = "buy" if lots > 0 else "sell"
    other = "sell" if lots > 0 else "buy"
    gate.apply(resting(999, other, 1, 1).order, resting(account, side, 1, 1).order, abs(lots))
    return gate


def fills(events: list[Event]) -> list[tuple[int, int, int]]:
    """List fills as (maker's account, price, lots)."""
    return [(e.maker.order.account, e.price, e.size) for e in events if isinstance(e, Fill)]


def reason(events: list[Event]) -> RejectReason:
    """Read the reason of the rejection that must be the only event."""
    (event,) = events
    assert isinstance(event, Rejected)
    return event.reason


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


# --- any log of commands ---------------------------------------------------------------------


@given(logs, st.sampled_from([None, 4, 12]))
@settings(max_examples=300, deadline=None)
def test_execute__any_log__gives_the_events_of_the_reference(
    commands: list[Command], cap: int | None
) -> None:
    gates = [PositionGate() if cap is None else CappedGate(cap) for _ in range(2)]
    found, reference = Engine(gates[0], MARKETS), Reference(gates[1], MARKETS)
    for command in commands:
        assert ordered(found.execute(command)) == ordered(reference.execute(command))


@given(logs)
@settings(max_examples=100, deadline=None)
def test_execute__any_log__conserves_the_size_of_every_order(commands: list[Command]) -> None:
    found = Engine(PositionGate(), MARKETS)
    live: defaultdict[tuple[int, int, int], int] = defaultdict(int)
    for event in (event for command in commands for event in found.execute(command)):
        match event:
            case Accepted(order=signed, size=size):
                assert live[signed.order.key] == 0
                live[signed.order.key] = size
            case Fill(maker=maker, taker=taker, size=size):
                assert size > 0
                live[maker.order.key] -= size
                live[taker.order.key] -= size
                assert min(live[maker.order.key], live[taker.order.key]) >= 0
            case Cancelled(order=signed, size=size) | Expired(order=signed, size=size):
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


# --- one rule each ---------------------------------------------------------------------------


def test_place__two_makers_at_two_prices__fills_the_better_price_first() -> None:
    found = engine(resting(1, "sell", 11, 5), resting(2, "sell", 10, 5))
    assert fills(found.place(immediate(3, "buy", 11, 8), NOW)) == [(2, 10, 5), (1, 11, 3)]


@given(st.lists(st.integers(1, 9), min_size=1, max_size=12), st.integers(1, 120))
def test_place__makers_at_one_price__fills_first_come_first_served(
    sizes: list[int], size: int
) -> None:
    makers = [resting(a, "buy", 10, lots) for a, lots in enumerate(sizes, 1)]
    found = engine(*makers)
    got = fills(found.place(immediate(99, "sell", 10, size), NOW))
    left = size
    for (account, price, lots), (expected, available) in zip(
        got, enumerate(sizes, 1), strict=False
    ):
        assert (account, price, lots) == (expected, 10, min(left, available))
        left -= lots
    assert sum(lots for _, _, lots in got) == min(size, sum(sizes))


def test_place__partly_filled_maker__keeps_its_place() -> None:
    found = engine(resting(1, "sell", 10, 5), resting(2, "sell", 10, 5))
    found.place(immediate(3, "buy", 10, 2), NOW)
    assert fills(found.place(immediate(3, "buy", 10, 4, nonce=2), NOW)) == [(1, 10, 3), (2, 10, 1)]


def test_place__resting_order_that_crosses__fills_and_rests_with_what_is_left() -> None:
    found = engine(resting(1, "sell", 10, 5))
    assert fills(found.place(resting(2, "buy", 12, 8), NOW)) == [(1, 10, 5)]
    assert found.book(1).bids.depth(9) == [(12, 3)]
    assert found.book(1).asks.depth(9) == []


def test_place__expiry_second__lives_up_to_and_including_it() -> None:
    maker = resting(1, "sell", 10, 5, expiry=NOW + 1)
    assert fills(engine(maker).place(immediate(2, "buy", 10, 1), NOW + 1)) == [(1, 10, 1)]
    assert engine(maker).advance(NOW + 2) == [Expired(maker, 5)]
    late = engine(maker).place(immediate(2, "buy", 10, 1), NOW + 2)
    assert late[0] == Expired(maker, 5)
    assert fills(late) == []
    assert reason(engine().place(maker, NOW + 2)) == RejectReason.EXPIRED


def test_advance__order_quoted_to_and_fro_between_two_expiries__expires_once() -> None:
    found = engine()
    for epoch, expiry in ((1, NOW + 5), (2, NOW + 9), (3, NOW + 5)):
        found.place(resting(1, "sell", 10, 5, epoch=epoch, expiry=expiry), NOW)
    assert [type(event) for event in found.advance(NOW + 20)] == [Expired]


def test_advance__time_goes_back__raises() -> None:
    found = engine()
    found.advance(NOW)
    with pytest.raises(EngineError, match=f"time is {NOW - 1}, but it was {NOW}"):
        found.advance(NOW - 1)


def test_place__immediate__never_rests() -> None:
    found = engine(resting(1, "sell", 10, 3))
    taker = immediate(2, "buy", 10, 5)
    assert found.place(taker, NOW)[-1] == Cancelled(taker, 2, CancelReason.IMMEDIATE)
    assert found.book(1).bids.depth(9) == []


@given(st.lists(st.integers(1, 5), min_size=1, max_size=6), st.integers(1, 40))
def test_place__all_or_none__fills_whole_or_leaves_no_trace(sizes: list[int], size: int) -> None:
    found = engine(*(resting(a, "sell", 10, lots) for a, lots in enumerate(sizes, 1)))
    before = found.fingerprint()
    events = found.place(immediate(99, "buy", 10, size), NOW, all_or_none=True)
    if size <= sum(sizes):
        assert sum(lots for _, _, lots in fills(events)) == size
    else:
        assert reason(events) == RejectReason.WOULD_NOT_FILL
        assert found.fingerprint() == before


def test_place__all_or_none_across_own_order__follows_the_mode() -> None:
    makers = (resting(1, "sell", 10, 5), resting(2, "sell", 10, 5))
    taker = immediate(1, "buy", 10, 5)
    oldest = engine(*makers).place(taker, NOW, True, SelfTrade.CANCEL_OLDEST)
    assert fills(oldest) == [(2, 10, 5)]
    for mode in (SelfTrade.CANCEL_NEWEST, SelfTrade.CANCEL_BOTH):
        refused = engine(*makers).place(taker, NOW, True, mode)
        assert reason(refused) == RejectReason.WOULD_NOT_FILL


def test_place__all_or_none_resting__is_refused() -> None:
    found = engine().place(resting(1, "buy", 10, 5), NOW, all_or_none=True)
    assert reason(found) == RejectReason.NOT_IMMEDIATE


def test_place__post_only__rests_beside_the_spread_and_is_refused_across_it() -> None:
    found = engine(resting(1, "sell", 10, 5))
    assert reason(found.place(resting(2, "buy", 10, 1, post_only=True), NOW)) == (
        RejectReason.WOULD_CROSS
    )
    found.place(resting(2, "buy", 9, 1, post_only=True), NOW)
    assert found.book(1).bids.depth(9) == [(9, 1)]


def test_place__reduce_only_without_a_position_to_lower__is_refused() -> None:
    for found in (engine(), engine(gate=held(1, -5))):
        refused = found.place(resting(1, "sell", 10, 1, reduce_only=True), NOW)
        assert reason(refused) == RejectReason.WOULD_NOT_REDUCE


def test_place__reduce_only_above_the_position__is_trimmed_to_it() -> None:
    taker = immediate(1, "sell", 10, 9, reduce_only=True)
    found = engine(resting(2, "buy", 10, 9), gate=held(1, 4))
    assert found.place(taker, NOW)[0] == Accepted(taker, 4)
    whole = engine(resting(2, "buy", 10, 9), gate=held(1, 4)).place(taker, NOW, all_or_none=True)
    assert reason(whole) == RejectReason.WOULD_NOT_REDUCE


def test_place__position_shrinks__resting_reduce_only_shrinks_and_goes() -> None:
    stop = resting(1, "sell", 12, 4, slot=1, reduce_only=True)
    found = engine(stop, resting(2, "buy", 10, 9), gate=held(1, 4))
    assert Trimmed(stop, 1) in found.place(immediate(1, "sell", 10, 3), NOW)
    last = found.place(immediate(1, "sell", 10, 1, nonce=2), NOW)
    assert last[-1] == Cancelled(stop, 1, CancelReason.REDUCED)


def test_refresh__position_changed_outside__trims() -> None:
    gate = held(1, 4)
    stop = resting(1, "sell", 12, 4, reduce_only=True)
    found = engine(stop, gate=gate)
    gate.apply(resting(5, "buy", 1, 1).order, resting(1, "sell", 1, 1).order, 3)
    assert found.refresh(1, 1, NOW) == [Trimmed(stop, 1)]


@pytest.mark.parametrize(
    ("mode", "asks", "filled"),
    [
        (SelfTrade.CANCEL_OLDEST, [], 3),
        (SelfTrade.CANCEL_NEWEST, [(10, 5), (11, 3)], 0),
        (SelfTrade.CANCEL_BOTH, [(11, 3)], 0),
    ],
)
def test_place__meets_itself__cancels_by_the_mode(
    mode: SelfTrade, asks: list[tuple[int, int]], filled: int
) -> None:
    found = engine(resting(1, "sell", 10, 5), resting(2, "sell", 11, 3))
    events = found.place(immediate(1, "buy", 11, 6), NOW, self_trade=mode)
    assert sum(lots for _, _, lots in fills(events)) == filled
    assert found.book(1).asks.depth(9) == asks


def test_group__two_accounts_of_one_owner__never_meet() -> None:
    found = engine(resting(1, "sell", 10, 5))
    assert fills(found.place(immediate(2, "buy", 10, 1), NOW)) == [(1, 10, 1)]
    found.group(2, 1, NOW)
    assert fills(found.place(immediate(2, "buy", 10, 1, nonce=2), NOW)) == []


def test_place__higher_epoch__replaces_and_keeps_nothing_of_the_old() -> None:
    old, new = resting(1, "sell", 10, 5), resting(1, "sell", 11, 2, epoch=2)
    found = engine(old)
    found.place(immediate(2, "buy", 10, 1), NOW)
    events = found.place(new, NOW)
    assert events == [Cancelled(old, 4, CancelReason.REPLACED), Accepted(new, 2)]
    assert found.book(1).asks.depth(9) == [(11, 2)]


def test_place__replacement_in_another_market__empties_the_first() -> None:
    found = engine(resting(1, "sell", 10, 5))
    found.place(resting(1, "buy", 9, 2, epoch=2, market=2), NOW)
    assert (found.book(1).asks.depth(9), found.book(2).bids.depth(9)) == ([], [(9, 2)])


def test_place__refused_replacement__leaves_the_old_one() -> None:
    found = engine(resting(1, "sell", 12, 5), resting(2, "buy", 10, 5))
    refused = found.place(resting(1, "sell", 10, 5, epoch=2, post_only=True), NOW)
    assert reason(refused) == RejectReason.WOULD_CROSS
    assert found.book(1).asks.depth(9) == [(12, 5)]
    assert found.is_resting(1, 1)


def test_place__lower_or_same_epoch__is_refused() -> None:
    found = engine(resting(1, "sell", 10, 5, epoch=3))
    assert reason(found.place(resting(1, "sell", 9, 1, epoch=2), NOW)) == RejectReason.STALE_EPOCH
    assert reason(found.place(resting(1, "sell", 9, 1, epoch=3), NOW)) == RejectReason.DUPLICATE


def test_place__same_epoch_after_a_fill__has_only_the_rest_left() -> None:
    maker = resting(1, "sell", 10, 5)
    found = engine(maker)
    found.place(immediate(2, "buy", 10, 2), NOW)
    found.cancel_all(1, NOW)
    assert found.place(maker, NOW) == [Accepted(maker, 3)]
    found.place(immediate(2, "buy", 10, 3, nonce=2), NOW)
    assert reason(found.place(maker, NOW)) == RejectReason.NOTHING_LEFT


def test_place__immediate_number_not_above_the_last__is_refused() -> None:
    found = engine()
    found.place(immediate(1, "buy", 10, 1, nonce=7), NOW)
    for number in (0, 6, 7):
        refused = found.place(immediate(1, "buy", 10, 1, nonce=number), NOW)
        assert reason(refused) == RejectReason.STALE_NUMBER


def test_place__refused_immediate__does_not_burn_its_number() -> None:
    found, taker = engine(), immediate(1, "buy", 10, 5)
    assert reason(found.place(taker, NOW, all_or_none=True)) == RejectReason.WOULD_NOT_FILL
    assert isinstance(found.place(taker, NOW)[0], Accepted)


def test_cancel__live_epoch__goes_and_stays_dead() -> None:
    maker = resting(1, "sell", 10, 5)
    found = engine(maker)
    assert found.cancel(Cancel(1, 1), NOW) == [Cancelled(maker, 5, CancelReason.REQUESTED)]
    assert reason(found.place(maker, NOW)) == RejectReason.CANCELLED_EPOCH
    assert found.cancel(Cancel(1, 1), NOW) == []


def test_cancel__epoch_not_seen_yet__dies_before_it_is_placed() -> None:
    found = engine(resting(1, "sell", 10, 5))
    assert len(found.cancel(Cancel(1, 4), NOW)) == 1
    assert reason(found.place(resting(1, "sell", 10, 5, epoch=4), NOW)) == (
        RejectReason.CANCELLED_EPOCH
    )
    assert reason(found.cancel(Cancel(1, 3), NOW)) == RejectReason.STALE_EPOCH


def test_cancel_all__several_markets__leaves_other_accounts() -> None:
    mine = [resting(1, "sell", 10, 5), resting(1, "buy", 5, 5, slot=9, market=2)]
    found = engine(*mine, resting(2, "sell", 10, 1))
    gone = [Cancelled(each, 5, CancelReason.CANCELLED_ALL) for each in mine]
    assert found.cancel_all(1, NOW) == gone
    assert found.book(1).asks.depth(9) == [(10, 1)]


def test_raise_floor__low_epochs_and_numbers__are_dead() -> None:
    low, high = resting(1, "sell", 10, 5, epoch=4), resting(1, "sell", 10, 5, slot=1, epoch=6)
    found = engine(low, high)
    assert found.raise_floor(1, 5, 8, NOW) == [Cancelled(low, 5, CancelReason.CANCELLED_ALL)]
    assert reason(found.place(resting(1, "buy", 1, 1, slot=2, epoch=5), NOW)) == (
        RejectReason.BELOW_FLOOR
    )
    assert reason(found.place(immediate(1, "buy", 1, 1, nonce=8), NOW)) == RejectReason.STALE_NUMBER


def test_place_ladder__levels__rest_alone_and_remember_their_signature() -> None:
    ladder = SignedLadder(Ladder(1, 1, False, False, False, NOW, 1, (12, 10, 11), (1, 2, 3)), b"s")
    found = engine()
    assert len(found.place_ladder(ladder, NOW)) == 3
    assert found.book(1).asks.depth(2) == [(10, 2), (11, 3)]
    (_, fill, _) = found.place(immediate(2, "buy", 10, 3), NOW)
    assert isinstance(fill, Fill)
    assert fill.maker.ladder is ladder
    assert fill.maker.order.slot - ladder.ladder.slot == 1


def test_place__size_zero_or_unknown_market__is_refused() -> None:
    found = engine()
    assert reason(found.place(resting(1, "buy", 10, 0), NOW)) == RejectReason.NOTHING_LEFT
    assert reason(found.place(immediate(1, "buy", 10, 0), NOW)) == RejectReason.NOTHING_LEFT
    assert reason(found.place(resting(1, "buy", 10, 1, market=9), NOW)) == (
        RejectReason.UNKNOWN_MARKET
    )
    with pytest.raises(EngineError, match="market is 9"):
        found.book(9)


def test_place__gate_does_not_admit__is_refused_with_its_reason() -> None:
    found = engine(gate=CappedGate(2))
    refused = found.place(resting(1, "buy", 10, 5), NOW)
    assert reason(refused) == RejectReason.BELOW_INITIAL_MARGIN


def test_place__gate_finds_fault_with_the_maker__drops_it_and_goes_on() -> None:
    gate = CappedGate(4)
    bad = resting(1, "sell", 10, 4)
    found = engine(bad, resting(2, "sell", 11, 4), gate=gate)
    gate.apply(resting(9, "buy", 1, 1).order, resting(1, "sell", 1, 1).order, 1)
    events = found.place(immediate(3, "buy", 11, 4), NOW)
    dropped = Cancelled(bad, 4, CancelReason.ILLEGAL, Verdict.BELOW_INITIAL_MARGIN)
    assert events[1] == dropped
    assert fills(events) == [(2, 11, 4)]


def test_place__gate_finds_fault_with_the_taker__stops_it_and_keeps_the_maker() -> None:
    found = engine(resting(1, "sell", 10, 2), resting(2, "sell", 10, 4), gate=CappedGate(4))
    taker = immediate(3, "buy", 10, 6)
    events = found.place(taker, NOW)
    assert fills(events) == [(1, 10, 2)]
    assert events[-1] == Cancelled(taker, 4, CancelReason.ILLEGAL, Verdict.BELOW_INITIAL_MARGIN)
    assert found.book(1).asks.depth(9) == [(10, 4)]


def test_slots__used_ones__are_listed_with_what_they_remember() -> None:
    found = engine(resting(1, "sell", 10, 5, slot=3, epoch=8))
    found.place(immediate(2, "buy", 10, 2), NOW)
    ((number, slot),) = found.slots(1)
    assert (number, slot.epoch, slot.filled, slot.left) == (3, 8, 2, 3)
    assert found.markets() == MARKETS

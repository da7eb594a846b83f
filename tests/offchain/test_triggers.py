"""Trigger orders: what waits for a mark, what lets it go, and what ends it before.

place_trigger, mark
├── waits out of everybody's reach · is placed at its mark · at once when the mark is there already
├── the nearest trigger first, then the first come; what is placed lets nothing else go
└── asks the gate when it is let go
what ends a waiting order
├── cancel, cancel-all, floor, replacement, ladder, higher number, expiry, a position that is gone
└── refuses what cannot wait: by nonce, market, expiry, position, and one too many
queues: any marks and cancels are a sorted list; nothing piles up
"""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.commands import Direction, Mark, PlaceTrigger, SelfTrade, WithdrawTrigger
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
    Triggered,
    Waiting,
)
from penstock.gate import PositionGate
from penstock.messages import Cancel, Fill, Ladder, SignedLadder, SignedOrder
from tests.helpers.commands import MARKETS, CappedGate
from tests.helpers.orders import NOW, immediate, resting

ABOVE, BELOW = Direction.AT_OR_ABOVE, Direction.AT_OR_BELOW
MARK = 100


def engine(gate: PositionGate | None = None, **other: Any) -> Engine:
    """Start an engine whose mark of market 1 is `MARK`."""
    found = Engine(gate or PositionGate(), MARKETS, **other)
    assert found.mark(1, MARK, NOW) == []
    return found


def long(account: int, lots: int) -> PositionGate:
    """Make a gate under which an account has bought in market 1."""
    gate = PositionGate()
    gate.apply(resting(99, "sell", 1, 1).order, resting(account, "buy", 1, 1).order, lots)
    return gate


def wait(found: Engine, signed: SignedOrder, price: int, direction: Direction) -> None:
    """Let an order wait, with nothing else happening."""
    waiting = Waiting(signed, signed.order.size, price, direction)
    assert found.place_trigger(signed, price, direction, NOW) == [waiting]


def let_go(events: list[Event]) -> list[int]:
    """List the accounts whose orders were let go, in turn."""
    return [event.order.order.account for event in events if isinstance(event, Triggered)]


def reason(events: list[Event]) -> RejectReason:
    """Read the reason of the rejection that must be the only event."""
    (event,) = events
    assert isinstance(event, Rejected)
    return event.reason


# --- place_trigger, mark --------------------------------------------------------------------------


def test_place_trigger__stop_limit__waits_out_of_the_book_and_then_rests() -> None:
    found, stop = engine(), resting(1, "buy", 108, 5)
    wait(found, stop, 105, ABOVE)
    assert found.book(1).bids.depth(9) == []
    assert not found.is_resting(1, 1)
    assert found.mark(1, 104, NOW) == []
    assert found.mark(1, 105, NOW) == [Triggered(stop, 105), Accepted(stop, 5)]
    assert found.book(1).bids.depth(9) == [(108, 5)]
    assert found.is_resting(1, 1)


def test_place_trigger__stop_market__takes_what_is_there_and_never_rests() -> None:
    found, stop, bid = engine(long(1, 9)), immediate(1, "sell", 80, 5), resting(2, "buy", 90, 3)
    wait(found, stop, 95, BELOW)
    found.place(bid, NOW)
    assert found.mark(1, 94, NOW) == [
        Triggered(stop, 94),
        Accepted(stop, 5),
        Fill(bid, stop, 3),
        Cancelled(stop, 2, CancelReason.IMMEDIATE),
    ]


@given(st.integers(1, 200), st.sampled_from(Direction), st.integers(1, 200), st.booleans())
def test_ord_11__trigger_before_its_mark__never_fills(
    price: int, direction: Direction, mark: int, at_once: bool
) -> None:
    found = engine(long(1, 9))
    found.place(resting(2, "buy", 90, 9), NOW)
    stop = (immediate if at_once else resting)(1, "sell", 80, 5)
    events = found.place_trigger(stop, price, direction, NOW)
    events += found.place(immediate(3, "sell", 90, 1), NOW)
    events += found.mark(1, mark, NOW)
    reached = [m for m in (MARK, mark) if (m >= price if direction == ABOVE else m <= price)]
    mine = [e for e in events if isinstance(e, Fill) and e.taker is stop]
    assert bool(mine) == bool(reached)


@pytest.mark.parametrize(("price", "direction"), [(100, ABOVE), (99, ABOVE), (100, BELOW)])
def test_place_trigger__mark_is_there_already__is_placed_at_once(
    price: int, direction: Direction
) -> None:
    stop = resting(1, "buy", 90, 5)
    found = engine().place_trigger(stop, price, direction, NOW)
    assert found == [Triggered(stop, MARK), Accepted(stop, 5)]


def test_place_trigger__market_without_a_mark__waits_for_the_first() -> None:
    found, stop = engine(), resting(1, "buy", 90, 5, market=2)
    wait(found, stop, 50, ABOVE)
    assert found.mark(1, 200, NOW) == []
    assert found.mark(2, 200, NOW) == [Triggered(stop, 200), Accepted(stop, 5)]


def test_mark__several_triggers__the_nearest_goes_first_then_the_first_come() -> None:
    found = engine()
    for account, price in ((1, 103), (2, 101), (3, 103), (4, 102), (5, 110)):
        wait(found, resting(account, "buy", 90, 1), price, ABOVE)
    for account, price in ((6, 97), (7, 99), (8, 97)):
        wait(found, resting(account, "buy", 90, 1), price, BELOW)
    assert let_go(found.mark(1, 105, NOW)) == [2, 4, 1, 3]
    assert let_go(found.mark(1, 90, NOW)) == [7, 6, 8]
    assert let_go(found.mark(1, 120, NOW)) == [5]


def test_mark__first_of_its_market__lets_the_rising_go_before_the_falling() -> None:
    found = Engine(PositionGate(), MARKETS)
    for account, price, direction in ((1, 120, BELOW), (2, 90, ABOVE), (3, 101, BELOW)):
        wait(found, resting(account, "buy", 90, 1), price, direction)
    assert let_go(found.mark(1, 100, NOW)) == [2, 1, 3]


def test_mark__one_that_was_let_go_ends_another__that_one_is_not_let_go() -> None:
    found = engine(long(1, 5))
    found.place(resting(2, "buy", 90, 5), NOW)
    first, second = (immediate(1, "sell", 80, 5, reduce_only=True, nonce=n) for n in (7, 8))
    wait(found, first, 98, BELOW)
    wait(found, second, 97, BELOW)
    events = found.mark(1, 95, NOW)
    assert let_go(events) == [1]
    assert events[-1] == Cancelled(second, 5, CancelReason.REDUCED)


def test_mark__gate_refuses_by_now__is_rejected_then_and_not_before() -> None:
    found, stop = engine(CappedGate(2)), resting(1, "buy", 90, 5)
    wait(found, stop, 105, ABOVE)
    refused = Rejected(stop, RejectReason.BELOW_INITIAL_MARGIN)
    assert found.mark(1, 105, NOW) == [Triggered(stop, 105), refused]
    assert found.mark(1, 105, NOW) == []


def test_mark__options_of_the_command__are_those_of_the_order() -> None:
    found = engine()
    found.place(resting(1, "sell", 90, 3), NOW)
    for account, mode in ((1, SelfTrade.CANCEL_NEWEST), (2, SelfTrade.CANCEL_OLDEST)):
        stop = immediate(account, "buy", 90, 4)
        found.execute(PlaceTrigger(NOW, stop, 105, ABOVE, account == 2, mode))
    events = found.execute(Mark(NOW, 1, 105))
    assert [e.reason for e in events if isinstance(e, Cancelled)] == [CancelReason.SELF_TRADE]
    assert [e.reason for e in events if isinstance(e, Rejected)] == [RejectReason.WOULD_NOT_FILL]
    assert found.book(1).asks.depth(9) == [(90, 3)]


def test_mark__order_filled_in_part_before__has_the_rest_left() -> None:
    found, stop = engine(), resting(1, "sell", 90, 5)
    found.place(stop, NOW)
    found.place(immediate(2, "buy", 90, 2), NOW)
    found.cancel_all(1, NOW)
    assert found.place_trigger(stop, 95, BELOW, NOW) == [Waiting(stop, 3, 95, BELOW)]
    assert found.mark(1, 95, NOW) == [Triggered(stop, 95), Accepted(stop, 3)]


@pytest.mark.parametrize(("market", "mark"), [(9, 1), (1, 0)])
def test_mark__unknown_market_or_no_price__raises(market: int, mark: int) -> None:
    with pytest.raises(EngineError, match=f"market (is )?{market}"):
        engine().mark(market, mark, NOW)


# --- what ends a waiting order --------------------------------------------------------------------


def test_cancel__waiting_order__goes_and_its_epoch_stays_dead() -> None:
    found, stop = engine(), resting(1, "buy", 90, 5)
    wait(found, stop, 105, ABOVE)
    assert found.cancel(Cancel(1, 1), NOW) == [Cancelled(stop, 5, CancelReason.REQUESTED)]
    assert found.mark(1, 200, NOW) == []
    assert reason(found.place(stop, NOW)) == RejectReason.CANCELLED_EPOCH


def test_withdraw_trigger__number__ends_the_immediate_order_that_waits_under_it() -> None:
    found, stop = engine(), immediate(1, "buy", 90, 5, nonce=7)
    wait(found, stop, 105, ABOVE)
    assert found.execute(WithdrawTrigger(NOW, 1, 6)) == []
    gone = Cancelled(stop, 5, CancelReason.REQUESTED)
    assert found.execute(WithdrawTrigger(NOW, 1, 7)) == [gone]
    assert found.mark(1, 200, NOW) == []


def test_cancel_all__resting_and_waiting__both_go_and_may_come_again() -> None:
    found, stop, last = engine(), resting(1, "buy", 90, 5), immediate(1, "buy", 90, 5, nonce=7)
    order = resting(1, "buy", 90, 2, slot=2)
    found.place(order, NOW)
    for each in (last, stop):
        wait(found, each, 105, ABOVE)
    wait(found, resting(2, "buy", 90, 5), 106, ABOVE)
    why = CancelReason.CANCELLED_ALL
    gone = [Cancelled(stop, 5, why), Cancelled(order, 2, why), Cancelled(last, 5, why)]
    assert found.cancel_all(1, NOW) == gone
    wait(found, stop, 105, ABOVE)
    assert let_go(found.mark(1, 200, NOW)) == [1, 2]


def test_raise_floor__low_epochs_and_numbers__end_and_the_higher_wait_on() -> None:
    found = engine()
    low, high = (resting(1, "buy", 90, 1, slot=n, epoch=n) for n in (4, 6))
    few, many = (immediate(1, "buy", 90, 1, nonce=n) for n in (8, 9))
    for each in (low, high, few, many):
        wait(found, each, 105, ABOVE)
    gone = [Cancelled(each, 1, CancelReason.CANCELLED_ALL) for each in (low, few)]
    assert found.raise_floor(1, 5, 8, NOW) == gone
    assert found.mark(1, 105, NOW)[0::2][:2] == [Triggered(high, 105), Triggered(many, 105)]


def test_place__higher_epoch__replaces_what_waits_in_the_slot_and_the_other_way_round() -> None:
    found = engine()
    first, second, third = (resting(1, "buy", 90, 5, epoch=n) for n in (1, 2, 3))
    wait(found, first, 105, ABOVE)
    replaced = [Cancelled(each, 5, CancelReason.REPLACED) for each in (first, second)]
    assert found.place(second, NOW) == [replaced[0], Accepted(second, 5)]
    waiting = Waiting(third, 5, 105, ABOVE)
    assert found.place_trigger(third, 105, ABOVE, NOW) == [replaced[1], waiting]
    assert reason(found.place(third, NOW)) == RejectReason.DUPLICATE
    assert reason(found.place(second, NOW)) == RejectReason.STALE_EPOCH


def test_place_ladder__over_a_waiting_order__ends_it_and_the_other_way_round() -> None:
    found, stop = engine(), resting(1, "buy", 90, 5, slot=1)
    wait(found, stop, 105, ABOVE)
    rungs = Ladder(1, 1, True, False, False, NOW, 2, (80, 81), (1, 1))
    ladder = SignedLadder(rungs, bytes(64))
    events = found.place_ladder(ladder, NOW)
    assert events[0] == Cancelled(stop, 5, CancelReason.REPLACED)
    later = resting(1, "buy", 90, 5, slot=1, epoch=3)
    events = found.place_trigger(later, 105, ABOVE, NOW)
    assert [type(event) for event in events] == [Cancelled, Cancelled, Waiting]
    assert found.book(1).bids.depth(9) == []


def test_place__higher_number__ends_the_waiting_ones_that_it_makes_stale() -> None:
    found = engine()
    low, same, high = (immediate(1, "buy", 90, 1, nonce=n) for n in (5, 6, 7))
    for each in (low, same, high):
        wait(found, each, 105, ABOVE)
    events = found.place(immediate(1, "buy", 80, 1, nonce=6), NOW)
    assert events[:2] == [Cancelled(each, 1, CancelReason.REPLACED) for each in (low, same)]
    assert found.mark(1, 105, NOW)[0] == Triggered(high, 105)


def test_advance__expiry_second__lives_up_to_and_including_it() -> None:
    stops = resting(1, "buy", 90, 5, expiry=NOW + 1), immediate(1, "buy", 90, 5, expiry=NOW + 1)
    for stop in stops:
        found = engine()
        wait(found, stop, 105, ABOVE)
        assert found.advance(NOW + 1) == []
        assert found.mark(1, 200, NOW + 2) == [Expired(stop, 5)]


def test_place__position_is_gone__ends_reduce_only_and_leaves_the_others() -> None:
    gate = long(1, 5)
    found = engine(gate)
    found.place(resting(2, "buy", 90, 5), NOW)
    stops = [resting(1, "sell", 80, 5, slot=n, reduce_only=n < 2) for n in range(3)]
    last = immediate(1, "sell", 80, 5, nonce=9, reduce_only=True)
    for stop in (*stops, last):
        wait(found, stop, 80, BELOW)
    assert len(found.place(immediate(1, "sell", 90, 4), NOW)) == 2
    events = found.place(immediate(1, "sell", 90, 1, nonce=2), NOW)
    gone = [Cancelled(each, 5, CancelReason.REDUCED) for each in (stops[0], stops[1], last)]
    assert events[-3:] == gone
    assert let_go(found.mark(1, 80, NOW)) == [1]


def test_refresh__position_closed_outside__ends_reduce_only() -> None:
    gate, stop = long(1, 5), resting(1, "sell", 80, 5, reduce_only=True)
    found = engine(gate)
    wait(found, stop, 80, BELOW)
    gate.apply(resting(9, "buy", 1, 1).order, resting(1, "sell", 1, 1).order, 5)
    assert found.refresh(1, 1, NOW) == [Cancelled(stop, 5, CancelReason.REDUCED)]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"market": 9}, RejectReason.UNKNOWN_MARKET),
        ({"expiry": NOW - 1}, RejectReason.EXPIRED),
        ({"size": 0}, RejectReason.NOTHING_LEFT),
        ({"reduce_only": True}, RejectReason.WOULD_NOT_REDUCE),
        ({"nonce": 4}, RejectReason.STALE_EPOCH),
        ({"nonce": 5}, RejectReason.CANCELLED_EPOCH),
        ({"nonce": 1 << 32 | 3}, RejectReason.BELOW_FLOOR),
        ({"nonce": 2 << 32 | 9}, RejectReason.DUPLICATE),
        ({"immediate": True, "nonce": 3}, RejectReason.STALE_NUMBER),
        ({"immediate": True, "nonce": 9}, RejectReason.DUPLICATE),
        ({"immediate": True, "nonce": 10, "size": 0}, RejectReason.NOTHING_LEFT),
        ({"immediate": True, "nonce": 10, "reduce_only": True}, RejectReason.WOULD_NOT_REDUCE),
        ({"nonce": 3 << 32 | 9}, RejectReason.TOO_MANY_TRIGGERS),
        ({"immediate": True, "nonce": 10}, RejectReason.TOO_MANY_TRIGGERS),
    ],
)
def test_place_trigger__one_rule_broken__says_which(
    change: dict[str, Any], expected: RejectReason
) -> None:
    found = engine(max_waiting=2)
    found.cancel(Cancel(1, 5), NOW)
    found.raise_floor(1, 3, 3, NOW)
    wait(found, resting(1, "buy", 90, 5, slot=2, epoch=9), 105, ABOVE)
    wait(found, immediate(1, "buy", 90, 5, nonce=9), 105, ABOVE)
    make = immediate if change.get("immediate") else resting
    other = {"size": 5} | {k: v for k, v in change.items() if k != "immediate"}
    nonce = other.pop("nonce", 3 << 32 | 9)
    slot = {} if make is immediate else {"slot": nonce >> 32}
    place = {"nonce": nonce} if make is immediate else slot | {"epoch": nonce & 0xFFFFFFFF}
    stop = make(1, "buy", 90, **other, **place)
    assert reason(found.place_trigger(stop, 105, ABOVE, NOW)) == expected


def test_place_trigger__resting_all_or_none__is_refused() -> None:
    refused = engine().place_trigger(resting(1, "buy", 90, 5), 105, ABOVE, NOW, True)
    assert reason(refused) == RejectReason.NOT_IMMEDIATE


def test_place_trigger__as_many_as_may_wait__another_may_take_the_place_of_one() -> None:
    found = engine(max_waiting=1)
    wait(found, resting(1, "buy", 90, 5), 105, ABOVE)
    wait(found, resting(2, "buy", 90, 5), 105, ABOVE)
    again = resting(1, "buy", 90, 5, epoch=2)
    assert isinstance(found.place_trigger(again, 106, ABOVE, NOW)[-1], Waiting)
    found.cancel(Cancel(1, 2), NOW)
    wait(found, resting(1, "buy", 90, 5, slot=3), 105, ABOVE)


# --- queues ---------------------------------------------------------------------------------------


def test_fingerprint__an_order_waits_or_a_mark_moves__differs() -> None:
    states = set[str]()
    for price, direction, mark in ((105, ABOVE, 101), (106, ABOVE, 101), (105, ABOVE, 102)):
        found = engine()
        wait(found, resting(1, "buy", 90, 5), price, direction)
        found.mark(1, mark, NOW)
        states.add(found.fingerprint())
    assert len(states) == 3


def test_place_trigger__placed_and_cancelled_for_ever__leaves_little_behind() -> None:
    found = engine(max_waiting=1)
    for number in range(1, 10_000):
        wait(found, immediate(1, "buy", 90, 1, nonce=number), MARK + number, ABOVE)
        found.cancel_trigger(1, number, NOW)
    queue = found._triggers._queues[1][0]
    assert len(queue._levels) == len(queue._heap) <= 2 * 1024
    assert sum(map(len, found._triggers._held.values())) <= 1
    assert found._expiries._kept <= 5_000

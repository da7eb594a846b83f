"""penstock.engine: every rule of matching, by name.

one rule each
├── price, then time · partial fills · good-till-time
├── immediate, all-or-none, post-only, reduce-only
├── self-trade prevention, owner groups
├── nonces: replace, cancel, cancel-all, floors, the same epoch again
├── ladders
└── the gate: admission, a maker's fault, a taker's fault
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.commands import SelfTrade
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
from penstock.messages import Cancel, Fill, Ladder, SignedLadder, SignedOrder, Verdict
from tests.helpers.commands import MARKETS, CappedGate
from tests.helpers.orders import NOW, immediate, resting


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

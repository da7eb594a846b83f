"""Liquidation orders: against the book, without a signature, and not faster than the market's pace.

liquidate
├── takes what lowers the position, at its price or better; what nobody wants is cancelled
├── is refused without a position, without lots, by the gate, by numbers that are used up
├── ends the account's orders that stand in the way or could raise its risk, and no others
└── has a number of its own, as no trader counts
pace
├── what is beyond it is left, with the time when more is allowed
└── no interval sees more lots than the pace, whatever is asked for
RiskGate: what it lets pass settles; no fill at a loss beyond the account's equity
"""

from copy import deepcopy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock import views
from penstock.commands import Direction, Liquidate, SelfTrade
from penstock.engine import Engine
from penstock.errors import EngineError, RangeError
from penstock.events import (
    Accepted,
    Cancelled,
    CancelReason,
    Event,
    LiquidationSlowed,
    Rejected,
    RejectReason,
    Waiting,
)
from penstock.gate import OpenGate, PositionGate
from penstock.messages import UNSIGNED, Fill, Order, SignedOrder, Verdict
from penstock.pace import Liquidations, Pace, forced_order
from penstock.risk import RiskGate
from penstock.units import UINT32_MAX
from penstock.venue import Venue
from tests.helpers.commands import MARKETS
from tests.helpers.model import LOT, MARK, START, cross, model_venue, order, settle, sign
from tests.helpers.orders import NOW, immediate, resting


class ShutGate(PositionGate):
    """Keeps positions and lets nobody be liquidated."""

    __slots__ = ()

    def admit_liquidation(self, order: Order) -> RejectReason | None:
        """Refuse."""
        return RejectReason.STALE_PRICE


def engine(lots: int, gate: PositionGate | None = None, pace: Pace | None = None) -> Engine:
    """Start an engine under which account 1 holds `lots` (signed) of market 1."""
    gate = gate if gate is not None else PositionGate()
    sides = ("buy", "sell") if lots > 0 else ("sell", "buy")
    gate.apply(resting(9, sides[1], 1, 1).order, resting(1, sides[0], 1, 1).order, abs(lots))
    return Engine(gate, MARKETS, paces={1: pace} if pace else {})


def fills(events: list[Event]) -> list[tuple[int, int, int]]:
    """List fills as (maker's account, price, lots)."""
    return [(e.maker.order.account, e.price, e.size) for e in events if isinstance(e, Fill)]


def forced(events: list[Event]) -> SignedOrder:
    """Read the liquidation order that was accepted."""
    (found,) = [e.order for e in events if isinstance(e, Accepted) and e.order.order.liquidation]
    return found


# --- liquidate ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("lots", "side"), [(5, "buy"), (-5, "sell")])
def test_liquidate__long_or_short__takes_the_best_prices_down_to_its_limit(
    lots: int, side: str
) -> None:
    found = engine(lots)
    for account, price in ((2, 10), (3, 11), (4, 12)):
        found.place(resting(account, side, price, 2), NOW)
    events = found.execute(Liquidate(NOW, 1, 1, 5, 11))
    order = forced(events)
    assert (order.order.buy, order.order.size, order.signature) == (lots < 0, 5, UNSIGNED)
    assert (order.order.immediate, order.order.reduce_only) == (True, True)
    best = [(4, 12, 2), (3, 11, 2)] if lots > 0 else [(2, 10, 2), (3, 11, 2)]
    assert fills(events) == best
    assert events[-1] == Cancelled(order, 1, CancelReason.IMMEDIATE)


def test_liquidate__more_than_the_position__takes_the_position() -> None:
    found = engine(3)
    found.place(resting(2, "buy", 10, 9), NOW)
    assert fills(found.liquidate(1, 1, 100, 10, NOW)) == [(2, 10, 3)]
    assert found.book(1).bids.depth(9) == [(10, 6)]


@pytest.mark.parametrize(
    ("gate", "account", "lots", "expected"),
    [
        (PositionGate(), 5, 3, RejectReason.WOULD_NOT_REDUCE),
        (PositionGate(), 1, 0, RejectReason.NOTHING_LEFT),
        (PositionGate(), 1, -1, RejectReason.NOTHING_LEFT),
        (ShutGate(), 1, 3, RejectReason.STALE_PRICE),
    ],
)
def test_liquidate__one_rule_broken__says_which_and_changes_nothing(
    gate: PositionGate, account: int, lots: int, expected: RejectReason
) -> None:
    found = engine(3, gate)
    found.place(resting(1, "buy", 9, 2), NOW)
    before = found.fingerprint()
    (event,) = found.liquidate(account, 1, lots, 10, NOW)
    assert isinstance(event, Rejected)
    assert event.reason == expected
    assert found.fingerprint() == before


@pytest.mark.parametrize("price", [0, UINT32_MAX + 1])
def test_liquidate__price_or_market_that_is_none__raises(price: int) -> None:
    with pytest.raises(EngineError, match=f"price is {price}, but it must be from 1"):
        engine(3).liquidate(1, 1, 3, price, NOW)
    with pytest.raises(EngineError, match="market is 9"):
        engine(3).liquidate(1, 9, 3, 10, NOW)


def busy() -> tuple[Engine, list[SignedOrder], SignedOrder]:
    """Account 1 is long in two markets, and orders of all kinds rest and wait for it.

    With the engine come those that a liquidation in market 1 ends, in turn, and one that waits on.
    """
    found = engine(5)
    bought = resting(1, "buy", 1, 1, market=2).order
    found._gate.apply(resting(9, "sell", 1, 1, market=2).order, bought, 5)
    here = [
        resting(1, "buy", 10, 1, slot=0),
        resting(1, "sell", 20, 1, slot=1),
        resting(1, "sell", 20, 1, slot=2, reduce_only=True),
    ]
    raising = resting(1, "buy", 5, 1, slot=3, market=2)
    lowering = resting(1, "sell", 50, 1, slot=4, market=2, reduce_only=True)
    for each in (*here, raising, lowering):
        found.place(each, NOW)
    first = resting(1, "buy", 10, 1, slot=5)
    stays = resting(1, "sell", 10, 1, slot=6, reduce_only=True)
    last = immediate(1, "buy", 10, 1, nonce=7)
    for each in (first, stays, last):
        waits = found.place_trigger(each, 99, Direction.AT_OR_ABOVE, NOW)
        assert isinstance(waits[0], Waiting)
    return found, [*here, raising, first, last], stays


def test_liquidate__orders_of_the_account__go_first_unless_they_only_lower() -> None:
    found, ended, stays = busy()
    found.place(resting(2, "buy", 10, 2), NOW)
    events = found.liquidate(1, 1, 2, 10, NOW)
    gone = [Cancelled(each, 1, CancelReason.LIQUIDATED) for each in ended]
    assert events[: len(gone)] == gone
    assert fills(events) == [(2, 10, 2)]
    assert found.book(2).asks.depth(9) == [(50, 1)]
    left = found.mark(1, 99, NOW)
    assert [e.order for e in left if isinstance(e, Accepted)] == [stays]


def test_liquidate__account_of_the_same_owner__is_not_met() -> None:
    found = engine(5)
    found.group(2, 1, NOW)
    found.place(resting(2, "buy", 12, 5), NOW)
    found.place(resting(3, "buy", 10, 5), NOW)
    assert fills(found.liquidate(1, 1, 5, 10, NOW)) == [(3, 10, 5)]


def test_liquidate__number__is_none_of_the_traders() -> None:
    found = engine(5)
    found.place(resting(2, "buy", 10, 5), NOW)
    numbers = [forced(found.liquidate(1, 1, 1, 10, NOW)).order.nonce for _ in range(2)]
    assert numbers == [2**32 - 2, 2**32 - 3]
    assert fills(found.place(immediate(1, "sell", 10, 1, nonce=1), NOW)) == [(2, 10, 1)]


def test_liq_2__all_numbers_used_up__does_not_save_the_account() -> None:
    found = engine(5)
    found.place(resting(2, "buy", 10, 5), NOW)
    found.raise_floor(1, 0, 2**32 - 1, NOW)
    assert fills(found.liquidate(1, 1, 5, 10, NOW)) == [(2, 10, 5)]


# --- pace -----------------------------------------------------------------------------------------


def test_liquidate__beyond_the_pace__leaves_the_rest_and_says_until_when() -> None:
    found = engine(20, pace=Pace(lots=4, interval=10))
    found.place(resting(2, "buy", 10, 50), NOW)
    events = found.liquidate(1, 1, 9, 10, NOW)
    assert fills(events) == [(2, 10, 4)]
    assert forced(events).order.size == 4
    assert events[-1] == LiquidationSlowed(1, 1, 5, NOW + 10)
    assert found.liquidate(1, 1, 5, 10, NOW + 9) == [LiquidationSlowed(1, 1, 5, NOW + 10)]
    later = found.liquidate(1, 1, 5, 10, NOW + 10)
    assert fills(later) == [(2, 10, 4)]
    assert later[-1] == LiquidationSlowed(1, 1, 1, NOW + 20)


def test_liquidate__slowed_to_nothing__ends_the_risky_orders_all_the_same() -> None:
    found = engine(20, pace=Pace(lots=4, interval=10))
    found.place(resting(2, "buy", 10, 50), NOW)
    found.liquidate(1, 1, 4, 10, NOW)
    mine = resting(1, "buy", 9, 2)
    found.place(mine, NOW)
    events = found.liquidate(1, 1, 4, 10, NOW)
    slowed = LiquidationSlowed(1, 1, 4, NOW + 10)
    assert events == [Cancelled(mine, 2, CancelReason.LIQUIDATED), slowed]


def test_liquidate__book_without_buyers__spends_no_pace() -> None:
    found = engine(20, pace=Pace(lots=4, interval=10))
    events = found.liquidate(1, 1, 9, 10, NOW)
    assert events[-1] == LiquidationSlowed(1, 1, 5, NOW)
    found.place(resting(2, "buy", 10, 50), NOW)
    assert fills(found.liquidate(1, 1, 9, 10, NOW)) == [(2, 10, 4)]


def test_liquidate__two_markets__have_their_own_pace() -> None:
    gate = PositionGate()
    for market in MARKETS:
        bought = resting(1, "buy", 1, 1, market=market).order
        gate.apply(resting(9, "sell", 1, 1, market=market).order, bought, 9)
    found = Engine(gate, MARKETS, paces={1: Pace(2, 10), 2: Pace(3, 10)})
    for market in MARKETS:
        found.place(resting(2, "buy", 10, 9, market=market, slot=market), NOW)
    filled = [fills(found.liquidate(1, market, 9, 10, NOW))[0][2] for market in MARKETS]
    assert filled == [2, 3]


@given(
    st.integers(1, 6),
    st.integers(1, 8),
    st.lists(st.tuples(st.integers(0, 3), st.integers(1, 9)), max_size=40),
)
def test_allowed__any_liquidations__no_interval_sees_more_than_the_pace(
    lots: int, interval: int, steps: list[tuple[int, int]]
) -> None:
    bucket, now = Liquidations([1], {1: Pace(lots, interval)}), 0
    spent: list[tuple[int, int]] = []
    for wait, wanted in steps:
        now += wait
        window = sum(size for second, size in spent if now - interval < second)
        assert bucket.allowed(1, now) == lots - window >= 0
        size = min(wanted, bucket.allowed(1, now))
        bucket.spend(1, size, now)
        spent.append((now, size))
        until = bucket.more_at(1, now)
        assert until == now or deepcopy(bucket).allowed(1, until - 1) == 0
        assert deepcopy(bucket).allowed(1, until) > 0
    assert len(bucket._spent[1]) <= interval


def test_more_at__a_token_comes_back__in_that_second_and_not_before() -> None:
    bucket = Liquidations([1], {1: Pace(3, 10)})
    bucket.spend(1, 1, 0)
    bucket.spend(1, 2, 4)
    assert (bucket.more_at(1, 4), bucket.allowed(1, 9), bucket.allowed(1, 10)) == (10, 0, 1)
    assert (bucket.allowed(1, 13), bucket.allowed(1, 14)) == (1, 3)


@pytest.mark.parametrize(("pace", "field"), [(Pace(0, 1), "lots"), (Pace(1, 0), "interval")])
def test_engine__pace_of_nothing__raises(pace: Pace, field: str) -> None:
    with pytest.raises(RangeError, match=f"{field} is 0"):
        Engine(OpenGate(), MARKETS, paces={1: pace})


def test_fingerprint__pace_spent__differs() -> None:
    states = set[str]()
    for seconds in (0, 1):
        found = engine(20, pace=Pace(lots=4, interval=10))
        found.place(resting(2, "buy", 10, 4), NOW)
        found.liquidate(1, 1, 4, 10, NOW + seconds)
        found.advance(NOW + 2)
        states.add(found.fingerprint())
    assert len(states) == 2


# --- RiskGate -------------------------------------------------------------------------------------


def opened(lots: int) -> Venue:
    """A venue in which account 1 has bought from account 2 and cannot quite keep it."""
    venue = model_venue()
    settle(venue, cross(size=lots))
    seen = views.account_of(venue, 1, START)
    venue.accounts[1].collateral -= seen.equity - seen.maintenance_margin + 1
    return venue


def test_admit_liquidation__one_rule_broken__says_which() -> None:
    gate = RiskGate(opened(5), START)
    price = MARK * 99 // 100
    good = forced_order(1, 1, False, 5, price, 9).order
    assert gate.admit_liquidation(good) is None
    for fields, expected in (
        ((9, 1, False, 5, price, 9), RejectReason.UNKNOWN_ACCOUNT),
        ((1, 9, False, 5, price, 9), RejectReason.UNKNOWN_MARKET),
        ((1, 1, False, 5, 1, 9), RejectReason.OUTSIDE_BAND),
        ((2, 1, True, 5, MARK, 9), RejectReason.NOT_LIQUIDATABLE),
    ):
        assert gate.admit_liquidation(forced_order(*fields).order) == expected
    gate.venue.accounts[1].collateral += 1
    gate.rebase()
    assert gate.admit_liquidation(good) == RejectReason.NOT_LIQUIDATABLE
    gate.now = START + 61
    assert gate.admit_liquidation(good) == RejectReason.STALE_PRICE


@pytest.mark.parametrize(("lots", "expected"), [(1, None), (9, RejectReason.NOT_LIQUIDATABLE)])
def test_admit_liquidation__position_at_a_stale_mark__counts_for_the_account(
    lots: int, expected: RejectReason | None
) -> None:
    # Below by one unit and the margin of a lot; the mark of market 2 is stale.
    venue = model_venue(marks=(MARK, MARK))
    settle(venue, cross(size=5))
    settle(venue, cross(size=lots, nonce=2, market=2))
    venue.refresh(1, MARK, START + 61, START + 61)
    seen, needed = views.account_of(venue, 1, START + 61), 5 * LOT // 40
    venue.accounts[1].collateral -= seen.equity - needed + LOT // 20 + 1
    gate = RiskGate(venue, START + 61)
    good = forced_order(1, 1, False, 5, MARK, 9).order
    assert gate.admit_liquidation(good) is expected
    other = forced_order(1, 2, False, lots, MARK, 9).order
    assert gate.admit_liquidation(other) == RejectReason.STALE_PRICE


@given(st.integers(1, 5), st.lists(st.integers(1, 4), min_size=1, max_size=4))
def test_liquidate__under_the_risk_gate__settles_and_both_agree(
    lots: int, sizes: list[int]
) -> None:
    venue = opened(lots)
    gate = RiskGate(venue, START)
    found = Engine(gate, venue.markets)
    for slot, size in enumerate(sizes):
        bid = order(3, price=MARK - slot, size=size, nonce=slot << 32 | 1)
        found.place(sign(bid), START, self_trade=SelfTrade.CANCEL_OLDEST)
    events = found.liquidate(1, 1, lots, MARK - 9, START)
    matched = [event for event in events if isinstance(event, Fill)]
    nonce = venue.accounts[1].nonce
    if matched:
        records = settle(venue, *matched)
        assert {record.verdict for record in records} == {Verdict.LIQUIDATED}
    else:
        stopped = next(e for e in events if isinstance(e, Cancelled) and e.verdict is not None)
        assert stopped.verdict is Verdict.MORE_THAN_NEEDED
    assert gate.position(1, 1) == venue.accounts[1].positions[1].size
    assert venue.accounts[1].nonce == nonce


def test_liquidate__fill_that_would_leave_a_debt__stops_at_it() -> None:
    venue = opened(20)
    venue.accounts[1].collateral -= views.account_of(venue, 1, START).equity - LOT // 100
    found = Engine(RiskGate(venue, START), venue.markets)
    price = MARK * 99 // 100
    found.place(sign(order(3, price=price, size=20)), START)
    events = found.liquidate(1, 1, 20, price, START)
    assert isinstance(events[-1], Cancelled)
    assert (events[-1].reason, events[-1].verdict) == (CancelReason.ILLEGAL, Verdict.BANKRUPT)

"""The engine's gate: what it lets pass settles, and it agrees with the venue after each batch."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.accounts import Listing, Settings
from penstock.builder import split
from penstock.engine import Engine
from penstock.events import RejectReason
from penstock.messages import Fill, Ladder, Order, Side, Verdict
from penstock.risk import RiskGate
from penstock.venue import Venue
from penstock.views import (
    account_of,
    words,
)
from tests.helpers.model import (
    DEPOSIT,
    FAR,
    MARK,
    OK,
    START,
    cross,
    fill,
    model_venue,
    order,
    settle,
    verdicts,
)

# --- gate -----------------------------------------------------------------------------------------

signed_sides = st.builds(
    order,
    st.integers(1, 4),
    st.integers(1, 2),
    buy=st.booleans(),
    immediate=st.booleans(),
    reduce_only=st.integers(0, 4).map(lambda n: n == 0),
    price=st.integers(MARK - 300, MARK + 300),
    size=st.integers(1, 4_000),
    nonce=st.integers(0, 5),
)


def place_all(engine: Engine, orders: list[Order], numbers: dict[int, int]) -> list[Fill]:
    """Give each order the next nonce of its kind, match it, and collect the fills."""
    fills: list[Fill] = []
    for message in orders:
        number = numbers[message.account] = numbers.get(message.account, 0) + 1
        nonce = number if message.immediate else message.nonce << 32 | number
        placed = engine.place(fill(_with_nonce(message, nonce), message, 1).maker, START)
        fills += [event for event in placed if isinstance(event, Fill)]
    return fills


def _with_nonce(message: Order, nonce: int) -> Order:
    flags = (message.buy, message.immediate, message.post_only, message.reduce_only)
    sizes = (message.price, message.size, message.expiry, nonce)
    return Order(message.account, message.market, *flags, *sizes)


def agree(gate: RiskGate, venue: Venue, now: int = START) -> bool:
    """S11: equity, margin and every size of the gate are those of the venue."""
    return all(
        (gate.equity(a), gate.margin(a))
        == (account_of(venue, a, now).equity, account_of(venue, a, now).initial_margin)
        and all(gate.position(a, m) == p.size for m, p in account.positions.items())
        for a, account in venue.accounts.items()
    )


@given(st.lists(st.lists(signed_sides, max_size=25), min_size=1, max_size=4), st.booleans())
def test_gate__what_it_lets_pass__settles_and_both_agree(
    rounds: list[list[Order]], poor: bool
) -> None:
    venue = model_venue(marks=(MARK, MARK), deposit=10**7 if poor else DEPOSIT)
    gate, numbers = RiskGate(venue, START), dict[int, int]()
    engine = Engine(gate, venue.markets)
    for orders in rounds:
        fills = place_all(engine, orders, numbers)
        expected = {a: (gate.equity(a), gate.margin(a)) for a in venue.accounts}
        for part in split(fills, lambda a: venue.accounts[a].open_markets):
            assert {record.verdict for record in settle(venue, *part)} <= {Verdict.SETTLED}
        assert agree(gate, venue)
        assert gate.settled(len(fills)) == []
        assert agree(gate, venue)
        assert expected == {a: (gate.equity(a), gate.margin(a)) for a in venue.accounts}


@given(st.lists(signed_sides, max_size=25))
def test_restart__venue_that_lost_its_batches__has_every_fill_pending_again(
    orders: list[Order],
) -> None:
    settled, rolled_back = (model_venue(marks=(MARK, MARK), deposit=10**7) for _ in range(2))
    gate = RiskGate(settled, START)
    fills = place_all(Engine(gate, settled.markets), orders, {})
    matched = gate.pending.copy()
    settle(settled, *fills)
    gate.settled(len(fills))
    assert gate.restart(rolled_back, matched) == []
    assert gate.pending == matched
    assert agree(gate, settled)
    settle(rolled_back, *fills)
    gate.settled(len(fills))
    assert agree(gate, rolled_back)


@given(
    st.lists(signed_sides, min_size=1, max_size=25), st.integers(1, 20_000), st.integers(-99, 99)
)
def test_gate__time_and_mark_move__all_but_what_rebase_names_settles(
    orders: list[Order], later: int, off: int
) -> None:
    venue = model_venue(marks=(MARK, MARK), deposit=10**7)
    gate = RiskGate(venue, START)
    fills = place_all(Engine(gate, venue.markets), orders, {})
    now = START + later
    venue.refresh(1, MARK + off, now, now)
    gate.now = now
    doomed = gate.rebase()
    kept = [found for index, found in enumerate(fills) if index not in doomed]
    assert {record.verdict for record in settle(venue, *kept, now=now)} <= {Verdict.SETTLED}
    assert agree(gate, venue, now)
    gate.drop(doomed)
    assert gate.settled(len(kept)) == []
    assert agree(gate, venue, now)


@given(st.lists(signed_sides, max_size=25), st.integers(-99, 99))
def test_gate__only_marks_move__rebase_names_exactly_what_is_skipped(
    orders: list[Order], off: int
) -> None:
    venue = model_venue(marks=(MARK, MARK), deposit=10**7)
    gate = RiskGate(venue, START)
    fills = place_all(Engine(gate, venue.markets), orders, {})
    venue.refresh(1, MARK + off, START + 1, START + 1)
    gate.now = START + 1
    doomed, records = gate.rebase(), settle(venue, *fills, now=START + 1)
    assert doomed == [index for index, record in enumerate(records) if record.verdict]
    assert agree(gate, venue, START + 1)


@given(st.lists(signed_sides, min_size=2, max_size=12))
def test_gate__a_rehearsal__leaves_no_trace_and_tells_what_would_happen(
    orders: list[Order],
) -> None:
    venue = model_venue(marks=(MARK, MARK), deposit=10**7)
    gate = RiskGate(venue, START)
    taker = _with_nonce(replace_kind(orders[0]), 1)
    makers = [(_with_nonce(m, k << 32 | 1), m.size) for k, m in enumerate(orders[1:])]
    before = {a: (gate.equity(a), gate.margin(a), gate.position(a, 1)) for a in venue.accounts}
    found = gate.rehearse(taker, makers)
    after = {a: (gate.equity(a), gate.margin(a), gate.position(a, 1)) for a in venue.accounts}
    assert (before, gate.pending) == (after, [])
    for index, (maker, size) in enumerate(makers):
        fault = gate.check(maker, taker, size)
        assert (found == (index, fault)) if fault is not None else found is None or found[0] > index
        if fault is not None:
            break
        gate.apply(maker, taker, size)


def replace_kind(message: Order) -> Order:
    flags = (message.buy, True, False, message.reduce_only)
    tail = (message.price, 10**6, message.expiry, message.nonce)
    return Order(message.account, message.market, *flags, *tail)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({}, None),
        ({"account": 9}, RejectReason.UNKNOWN_ACCOUNT),
        ({"account": 0}, RejectReason.UNKNOWN_ACCOUNT),
        ({"market": 9}, RejectReason.UNKNOWN_MARKET),
        ({"market": 2}, RejectReason.TOO_MANY_MARKETS),
        ({"market": 3}, RejectReason.STALE_PRICE),
        ({"account": 3, "market": 3}, RejectReason.STALE_PRICE),
        ({"expiry": START - 1}, RejectReason.EXPIRED),
        ({"price": 4_749}, RejectReason.OUTSIDE_BAND),
        ({"price": 5_251}, RejectReason.OUTSIDE_BAND),
        ({"price": 5_251, "immediate": True, "nonce": 9}, None),
        ({"nonce": 1 << 32 | 4}, RejectReason.STALE_EPOCH),
        ({"nonce": 1 << 32 | 5}, RejectReason.CANCELLED_EPOCH),
        ({"nonce": 1 << 32 | 6}, None),
        ({"nonce": 1, "immediate": True}, RejectReason.STALE_NUMBER),
        ({"size": 500_000}, RejectReason.BELOW_INITIAL_MARGIN),
        ({"size": 500_000, "reduce_only": True}, None),
    ],
)
def test_admit__one_rule_broken__says_which(
    change: dict[str, int], reason: RejectReason | None
) -> None:
    venue = model_venue(marks=(MARK, MARK), settings=Settings(max_markets=1))
    venue.list_market(Listing(unit=10), START)
    settle(venue, cross())
    venue.cancel(1, [1 << 32 | 5])
    message = order(**{"account": 1, "nonce": 9} | change)  # type: ignore[arg-type]
    assert RiskGate(venue, START).admit(message) == reason


def test_admit__lead__refuses_what_would_be_too_old_when_it_settles() -> None:
    venue = model_venue()
    assert RiskGate(venue, START + 50, lead=10).admit(order()) is None
    assert RiskGate(venue, START + 51, lead=10).admit(order()) == RejectReason.STALE_PRICE
    short = order(expiry=START + 9)
    assert RiskGate(venue, START, lead=10).admit(short) == RejectReason.EXPIRED


def test_check__a_maker_that_the_mark_left_behind__is_the_makers_fault() -> None:
    venue = model_venue()
    gate = RiskGate(venue, START)
    venue.refresh(1, 6_000, START + 1, START + 1)
    gate.rebase()
    fault = gate.check(order(2, buy=False), order(1, immediate=True), 1)
    assert fault == (Verdict.OUTSIDE_BAND, Side.MAKER)


def test_ladder__levels__settle_under_one_signature() -> None:
    venue = model_venue()
    rungs = Ladder(2, 1, False, False, False, FAR, 3 << 32 | 1, (MARK, MARK + 1), (4, 5))
    taker = order(1, immediate=True, price=MARK + 1, size=9)
    fills = [fill(level, taker, level.size) for level in rungs.levels()]
    assert verdicts(venue, *fills) == [OK, OK]
    assert words(venue)["slots", 2, 0] == (1 << 32 | 4) << 192
    assert words(venue)["slots", 2, 1] == 1 << 32 | 5

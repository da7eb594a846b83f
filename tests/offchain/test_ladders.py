"""Ladders replaced by ladders and orders: engine → builder → reference model.

place_ladder, place
├── an accepted level ends what shares a slot with its ladder, other ladders as a whole
├── a refused ladder ends nothing; one with a slot that has seen a higher epoch is refused whole
└── the same ladder again brings back the levels that are gone
any ladders, orders and sweeps over few slots
├── leave no fill that the chain skips
└── leave nothing in the books beside a ladder that shares a slot with it
"""

from itertools import combinations
from typing import TypeAlias

from hypothesis import example, given
from hypothesis import strategies as st

from penstock.builder import document, split
from penstock.engine import Engine
from penstock.events import Accepted, Cancelled, CancelReason, Event, Rejected, RejectReason
from penstock.gate import OpenGate
from penstock.messages import Cancel, Fill, Ladder, SignedLadder, SignedOrder, Verdict
from penstock.risk import RiskGate
from tests.helpers.model import FAR, MARK, SIGNATURE, START, model_venue, order, settle, sign

Paper: TypeAlias = SignedLadder | SignedOrder
MAKERS, TAKER = (1, 2), 3

makers, epochs, flags = st.sampled_from(MAKERS), st.integers(1, 6), st.booleans()
prices, sizes = st.integers(MARK - 3, MARK + 3), st.integers(1, 5)


def rungs(
    account: int,
    slot: int,
    epoch: int,
    buy: bool,
    post_only: bool,
    levels: list[tuple[int, int]],
) -> SignedLadder:
    """A ladder of market 1 from `slot` on."""
    ticks, lots = zip(*levels, strict=True)
    nonce = slot << 32 | epoch
    return SignedLadder(
        Ladder(account, 1, buy, post_only, False, FAR, nonce, ticks, lots), SIGNATURE
    )


def single(account: int, slot: int, epoch: int, buy: bool, price: int, size: int) -> SignedOrder:
    """A resting order of market 1."""
    return sign(order(account, buy=buy, price=price, size=size, nonce=slot << 32 | epoch))


def sweep(number: int, buy: bool, size: int) -> SignedOrder:
    """An immediate order that takes whatever price there is."""
    price = MARK + 9 if buy else MARK - 9
    return sign(order(TAKER, buy=buy, immediate=True, price=price, size=size, nonce=number))


steps = st.lists(st.tuples(prices, sizes), min_size=1, max_size=4)
papers = st.one_of(
    st.builds(rungs, makers, st.integers(0, 4), epochs, flags, flags, steps),
    st.builds(single, makers, st.integers(0, 7), epochs, flags, prices, sizes),
    st.builds(sweep, st.integers(1, 9), flags, st.integers(1, 30)),
)
CROSSED: list[Paper] = [
    rungs(1, 0, 1, False, False, [(MARK, 1), (MARK + 1, 1)]),
    single(2, 0, 1, True, MARK - 1, 1),
    rungs(1, 0, 2, False, True, [(MARK, 1), (MARK - 1, 1)]),
    sweep(1, True, 2),
]
"""The second level of the second ladder is refused, and a taker sweeps what rests."""


def place(engine: Engine, paper: Paper) -> list[Event]:
    """Send a ladder or an order."""
    if isinstance(paper, SignedLadder):
        return engine.place_ladder(paper, START)
    return engine.place(paper, START)


def replaced(*levels: SignedOrder) -> list[Event]:
    """The events of levels that end whole."""
    return [Cancelled(level, level.order.size, CancelReason.REPLACED) for level in levels]


# --- one rule each --------------------------------------------------------------------------------

OLD = rungs(1, 2, 1, False, False, [(MARK, 1), (MARK + 1, 2), (MARK + 2, 3)])


def open_engine(*papers: Paper) -> Engine:
    """An engine without a gate, with these papers in it."""
    engine = Engine(OpenGate(), [1])
    for paper in papers:
        assert all(isinstance(event, Accepted) for event in place(engine, paper))
    return engine


def test_place_ladder__fewer_levels_than_before__the_old_ladder_goes_whole() -> None:
    new = rungs(1, 2, 2, False, False, [(MARK + 5, 9)])
    events = place(open_engine(OLD), new)
    assert events == [*replaced(*OLD.levels()), Accepted(new.levels()[0], 9)]


def test_place_ladder__over_the_end_of_one_and_an_order__both_go_before_it_matches() -> None:
    own, bid = single(1, 5, 1, False, MARK + 3, 4), single(2, 0, 1, True, MARK - 1, 1)
    new = rungs(1, 4, 2, False, False, [(MARK - 1, 1), (MARK + 4, 1)])
    first, second = new.levels()
    events = place(open_engine(OLD, own, bid), new)
    gone = replaced(*OLD.levels(), own)
    assert events == [*gone, Accepted(first, 1), Fill(bid, first, 1), Accepted(second, 1)]


def test_place_ladder__its_first_level_is_refused__the_next_one_replaces() -> None:
    bid = single(2, 0, 1, True, MARK - 1, 1)
    new = rungs(1, 2, 2, False, True, [(MARK - 1, 1), (MARK + 4, 1)])
    first, second = new.levels()
    crossing = Rejected(first, RejectReason.WOULD_CROSS)
    events = place(open_engine(OLD, bid), new)
    assert events == [crossing, *replaced(*OLD.levels()), Accepted(second, 1)]


def test_place_ladder__every_level_is_refused__the_old_ladder_stays() -> None:
    bid = single(2, 0, 1, True, MARK - 1, 1)
    new = rungs(1, 2, 2, False, True, [(MARK - 1, 1), (MARK - 2, 1)])
    engine = open_engine(OLD, bid)
    assert {type(event) for event in place(engine, new)} == {Rejected}
    assert all(engine.is_resting(1, nonce) for nonce in OLD.ladder.nonces)


def test_place_ladder__one_slot_has_seen_a_higher_epoch__is_refused_whole() -> None:
    engine = open_engine()
    engine.cancel(Cancel(1, 4 << 32 | 2), START)
    stale = [Rejected(level, RejectReason.STALE_EPOCH) for level in OLD.levels()]
    assert place(engine, OLD) == stale


def test_place_ladder__replaced_ladder_comes_again__is_refused_whole() -> None:
    engine = open_engine(OLD)
    place(engine, rungs(1, 4, 2, False, False, [(MARK, 1), (MARK + 5, 1)]))
    stale = [Rejected(level, RejectReason.STALE_EPOCH) for level in OLD.levels()]
    assert place(engine, OLD) == stale


def test_place_ladder__sent_again__brings_back_only_what_is_gone() -> None:
    engine = open_engine(OLD)
    first, *others = OLD.levels()
    meets_itself = sign(order(1, immediate=True, price=MARK))
    assert place(engine, meets_itself)[1] == Cancelled(first, 1, CancelReason.SELF_TRADE)
    again = SignedLadder(OLD.ladder, SIGNATURE)
    resting = [Rejected(level, RejectReason.DUPLICATE) for level in others]
    assert place(engine, again) == [Accepted(first, 1), *resting]


def test_place__order_in_a_ladders_slot__the_ladder_goes_whole() -> None:
    engine, new = open_engine(OLD), single(1, 3, 2, True, MARK - 5, 1)
    engine.cancel(Cancel(1, 3 << 32 | 1), START)
    first, _, last = OLD.levels()
    assert place(engine, new) == [*replaced(first, last), Accepted(new, 1)]


# --- any ladders, orders and sweeps ---------------------------------------------------------------


@given(st.lists(papers, max_size=20))
@example(CROSSED)
def test_place_ladder__any_replacements__the_chain_skips_no_fill(sent: list[Paper]) -> None:
    venue = model_venue()
    engine = Engine(RiskGate(venue, START), venue.markets)
    events = [event for paper in sent for event in place(engine, paper)]
    fills = [event for event in events if isinstance(event, Fill)]
    for part in split(fills, lambda account: venue.accounts[account].open_markets):
        assert {record.verdict for record in settle(venue, *part)} == {Verdict.SETTLED}


def slots_of(paper: Paper) -> set[int]:
    """The slots that a paper covers, whether its levels rest or not."""
    levels = paper.levels() if isinstance(paper, SignedLadder) else [paper]
    return {level.order.slot for level in levels}


@given(st.lists(papers, max_size=20))
@example(CROSSED)
def test_place_ladder__any_replacements__papers_that_rest_share_no_slot(sent: list[Paper]) -> None:
    venue = model_venue()
    engine = Engine(RiskGate(venue, START), venue.markets)
    for paper in sent:
        place(engine, paper)
        for account in MAKERS:
            slots = [slot for _, slot in engine.slots(account) if slot.level is not None]
            resting = [document(slot.signed) for slot in slots]
            for one, other in combinations(resting, 2):
                assert one == other or slots_of(one).isdisjoint(slots_of(other))

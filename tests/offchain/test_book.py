"""penstock.book and penstock.expiry: queues, levels and buckets, compared with plain lists.

BookSide: top · queue · depth · remove, over any interleaving; emptied levels do not pile up
Expiries: before, over any interleaving; slots that were left behind do not pile up
"""

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.book import BookSide, Slot, remove
from penstock.expiry import NEVER, Expiries


def check(side: BookSide, expected: list[tuple[int, Slot]]) -> None:
    """Compare a side with a list of (key, slot) in order of arrival."""
    by_price = sorted(expected, key=lambda pair: pair[0])
    assert list(side.queue(10**9)) == [slot for _, slot in by_price]
    assert (side.top.key if side.top else None) == (by_price[0][0] if by_price else None)
    depth = {key: sum(s.left for k, s in expected if k == key) for key, _ in by_price}
    assert side.depth(3) == [(abs(key), lots) for key, lots in sorted(depth.items())][:3]


@given(st.lists(st.tuples(st.integers(-3, 3), st.integers(0, 9)), max_size=60), st.randoms())
@settings(deadline=None)
def test_book_side__any_adds_and_removes__is_a_sorted_list(
    steps: list[tuple[int, int]], rng: Random
) -> None:
    side = BookSide()
    expected: list[tuple[int, Slot]] = []
    for key, lots in steps:
        if lots < 4 and expected:
            pair = rng.choice(expected)
            expected.remove(pair)
            remove(pair[1])
        else:
            slot = Slot()
            side.add(slot, key, lots + 1)
            expected.append((key, slot))
        check(side, expected)


def test_queue__a_limit__ends_at_it() -> None:
    side = BookSide()
    for key in (5, 3, 4):
        side.add(Slot(), key, 1)
    assert len(list(side.queue(4))) == 2


def test_book_side__a_price_that_drifts__leaves_few_levels_behind() -> None:
    side = BookSide()
    best, slot = Slot(), Slot()
    side.add(best, 0, 1)
    for key in range(1, 20_000):
        side.add(slot, key, 1)
        remove(slot)
    assert len(side._levels) == len(side._heap) <= 2 * 1024
    assert side.top is not None
    assert side.top.head is best


def test_remove__taken_out__holds_on_to_nobody() -> None:
    side, slots = BookSide(), [Slot(), Slot(), Slot()]
    for slot in slots:
        side.add(slot, 1, 1)
    remove(slots[1])
    assert (slots[1].prev, slots[1].next, slots[1].level) == (None, None, None)
    assert list(side.queue(1)) == [slots[0], slots[2]]


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 30)), max_size=60))
@settings(deadline=None)
def test_before__any_expiries__gives_up_exactly_the_dead(steps: list[tuple[int, int]]) -> None:
    side, slots = BookSide(), {n: Slot() for n in range(6)}
    expiries = Expiries()
    now = 0
    for number, expiry in steps:
        slot = slots[number]
        if expiry >= now:
            if slot.level is None:
                side.add(slot, 1, 1)
            expiries.add(slot, expiry)
        else:
            now += 1
            dead = {id(s) for s in slots.values() if s.level is not None and s.expiry < now}
            gone = {id(s): s for s in expiries.before(now)}
            assert set(gone) == dead
            for each in gone.values():
                remove(each)


def test_add__an_order_that_never_expires__is_not_kept() -> None:
    expiries = Expiries()
    expiries.add(Slot(), NEVER)
    assert expiries.before(NEVER) == []
    assert not expiries._seconds


def test_add__one_slot_quoted_for_ever__leaves_few_behind() -> None:
    slot = Slot()
    side, expiries = BookSide(), Expiries()
    side.add(slot, 1, 1)
    for expiry in range(100_000, 200_000):
        expiries.add(slot, expiry)
    assert sum(map(len, expiries._buckets.values())) <= 5_000
    assert expiries.before(200_000) == [slot]

"""The twelve risks of settling in packed words, each a test by its number."""

from dataclasses import replace
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock import batch as codec
from penstock import views
from penstock.batch import Batch, encode
from penstock.builder import BuildError
from penstock.messages import Fill, Side, SignedOrder, Verdict
from tests.helpers.revm import reverts
from tests.helpers.twin import DONE, trading_key, undoing
from tests.helpers.venue import OPERATOR
from tests.onchain.settlement.desk import DEPOSIT, LOT, MARK, OK, SIZES, UNIT, Desk

MAKER, TAKER = Side.MAKER, Side.TAKER


@given(good_first=st.booleans())
@undoing
def test_risk_1__invalid_signature_after_a_valid_one_of_the_account__is_not_the_one_before(
    desk: Desk, good_first: bool
) -> None:
    good = desk.rest(slot=1 - good_first)
    bad = SignedOrder(desk.rest(slot=int(good_first)).order, bytes(64))
    fills = [Fill(order, desk.take(), 1) for order in (good, bad)]
    assert desk.verdicts(*fills) == [OK, (Verdict.BAD_SIGNATURE, MAKER)]


@undoing
def test_risk_2__order_twice_in_a_batch__reverts(desk: Desk) -> None:
    batch = desk.batch(desk.cross())
    raw = unchecked(replace(batch, orders=(batch.orders[0], *batch.orders)))
    with reverts("Batch_OrdersNotAscending", 1):
        desk.venue.positions.transact("settle", raw, sender=OPERATOR.address)


@undoing
def test_risk_2__ladder_and_an_order_in_one_of_its_slots__cannot_share_a_batch(desk: Desk) -> None:
    level = desk.ladder(2, [(MARK, 5)] * 3)[0]
    inside = desk.rest(2, slot=1, epoch=2)
    with pytest.raises(BuildError):
        desk.batch(Fill(level, desk.take(), 1), Fill(inside, desk.take(), 1))
    base, own = desk.batch(Fill(level, desk.take(), 1)), desk.batch(Fill(inside, desk.take(), 1))
    entry = next(order for order in own.orders if order.nonce == inside.order.nonce)
    raw = unchecked(replace(base, orders=(*base.orders, entry)))
    with reverts("Batch_OrdersNotAscending", 2):
        desk.venue.positions.transact("settle", raw, sender=OPERATOR.address)


@given(sizes=st.tuples(SIZES, SIZES))
@undoing
def test_risk_3__two_orders_of_one_nonce__share_one_count(
    desk: Desk, sizes: tuple[int, int]
) -> None:
    first, second = (desk.rest(size=size) for size in sizes)
    assert desk.verdicts(Fill(first, desk.take(size=9_999), sizes[0])) == [OK]
    left = max(0, sizes[1] - sizes[0])
    fill = Fill(second, desk.take(size=9_999), left + 1)
    assert desk.verdicts(fill) == [(Verdict.OVERFILL, MAKER)]


@undoing
def test_risk_3__higher_epoch_signed_but_not_filled__leaves_the_lower_one_alive(desk: Desk) -> None:
    lower, higher = desk.rest(epoch=1), desk.rest(epoch=2)
    assert desk.verdicts(Fill(lower, desk.take(), 1)) == [OK]
    assert desk.verdicts(Fill(higher, desk.take(), 1)) == [OK]
    assert desk.verdicts(Fill(lower, desk.take(), 1)) == [(Verdict.REPLACED, MAKER)]


@undoing
def test_risk_4__slots_warm_up_once__later_epochs_cost_no_new_word(desk: Desk) -> None:
    def cost(epoch: int) -> int:
        fills = [Fill(desk.rest(slot=i, epoch=epoch), desk.take(), 1) for i in range(4)]
        batch = desk.batch(*fills)
        gas = desk.venue.positions.measure("settle", encode(batch), sender=OPERATOR.address)
        assert desk.settle(batch) is DONE
        return gas

    # The first batch also opens two positions and the market's first sample of the period.
    assert cost(1) - cost(2) > 17_100
    second, third = cost(3), cost(4)
    assert abs(second - third) < 1_000


@given(low=st.integers(1, 2**31), high=st.integers(2**31 + 1, 2**32 - 1))
@undoing
def test_risk_5__later_number_kills_earlier_ones_and_a_skipped_fill_burns_none(
    desk: Desk, low: int, high: int
) -> None:
    late, wrong = desk.take(number=high), desk.rest(key=trading_key("wrong"))
    assert desk.verdicts(Fill(wrong, late, 1)) == [(Verdict.BAD_SIGNATURE, MAKER)]
    assert desk.verdicts(Fill(desk.rest(slot=1), late, 1)) == [OK]
    early = desk.take(number=low)
    assert desk.verdicts(Fill(desk.rest(slot=2), early, 1)) == [(Verdict.SPENT, TAKER)]


@undoing
def test_risk_6__round_trip_inside_the_first_batch__leaves_the_account_free(desk: Desk) -> None:
    fills = [
        Fill(desk.rest(2, slot=0), desk.take(1), 5),
        Fill(desk.rest(2, slot=1, buy=True), desk.take(1, buy=False), 5),
    ]
    assert desk.verdicts(*fills) == [OK, OK]
    opened = desk.model.accounts[1].open_markets
    assert list(desk.venue.lens.call("openMarketsOf", 1)) == opened == [1]
    assert desk.sweep(1, 1) is DONE
    assert desk.verdicts(desk.cross()) == [OK]


@given(size=SIZES, buys=st.booleans(), premium=st.integers(-2_000, 2_000))
@undoing
def test_risk_7__funding__is_rounded_against_the_account_on_both_signs(
    desk: Desk, size: int, buys: bool, premium: int
) -> None:
    desk.trade(size if buys else -size, price=MARK + premium)
    desk.pass_time(3_600)
    desk.marks(MARK, 300_000)
    moved = desk.model.markets[1].index - 2**32
    shares = [desk.venue.lens.call("positionOf", account, 1)[2] for account in (1, 2)]
    exact = -moved * size * (1 if buys else -1)
    assert shares[0] * 2**32 <= exact < (shares[0] + 1) * 2**32
    assert shares[1] * 2**32 <= -exact < (shares[1] + 1) * 2**32
    assert -2 < sum(shares) <= 0


@given(size=st.integers(1, 50), mark=st.integers(499_000, 501_000))
@undoing
def test_risk_7__fee_and_margin_unit__round_up(desk: Desk, size: int, mark: int) -> None:
    desk.pass_time(30)
    desk.marks(mark, 300_000)
    desk.trade(size)
    notional = size * mark * UNIT
    assert desk.model.fees == -(-notional * 500 // 10**6) - (-notional * 200 // 10**6)
    margin = desk.venue.lens.call("accountOf", 1)[7]
    assert margin == size * -(-mark * UNIT * 500 // 10**4)


@undoing
def test_risk_8__collateral_beyond_its_word_by_a_sweep__reverts(desk: Desk) -> None:
    full = 2**55 - 1 - DEPOSIT
    assert desk.deposit(1, full) is DONE
    desk.trade(1_000)
    desk.trade(-1_000, price=MARK + 2_500)
    quote = desk.model.accounts[1].positions[1].quote
    if quote > 0:
        assert desk.sweep(1, 1) == ("Quantity_OutOfRange", (2**55 - 1 + quote, 56))
    assert desk.equity(1) == 2**55 - 1 + quote


@undoing
def test_risk_9__reducing_fill_second__is_why_the_first_is_refused(desk: Desk) -> None:
    poor = desk.register(trading_key("poor"))
    assert desk.deposit(poor, 2 * 10**7) is DONE
    most = 7
    assert desk.verdicts(desk.cross(poor, 2, most)) == [OK]
    adds = desk.cross(poor, 3, 5, price=300_000, market=2)
    lowers = desk.cross(3, poor, 5)
    below = (Verdict.BELOW_INITIAL_MARGIN, TAKER)
    with desk.undone():
        assert desk.verdicts(adds, lowers) == [below, OK]
    assert desk.verdicts(lowers, adds) == [OK, OK]


@given(limit=st.integers(128, 255))
@undoing
def test_risk_9__limit_of_open_markets__cannot_leave_its_seven_bits(desk: Desk, limit: int) -> None:
    rules = (OPERATOR.address, 86_400, 60, 500, limit, 50, 25)
    with reverts("Settings_OutOfRange", 60, 500, limit):
        desk.venue.set_settings(rules)


@given(amount=st.integers(1, DEPOSIT))
@undoing
def test_risk_10__withdrawal_between_match_and_inclusion__skips_that_fill_alone(
    desk: Desk, amount: int
) -> None:
    batch = desk.batch(desk.cross(1, 2, 1_900), desk.cross(3, 4, 10))
    assert desk.withdraw(1, amount) is DONE
    assert desk.settle(batch) is DONE
    left = DEPOSIT - amount - 1_900 * LOT * 500 // 10**6
    short = left < 1_900 * (LOT * 500 // 10**4)
    expected = Verdict.BELOW_INITIAL_MARGIN if short else Verdict.SETTLED
    assert desk.settled()[0].verdict is expected
    assert desk.settled()[1].verdict is Verdict.SETTLED
    desk.compare()


@undoing
def test_risk_11__every_word_of_a_lived_in_venue__is_one_that_the_docs_list(desk: Desk) -> None:
    desk.trade(5)
    desk.trade(3, market=2)
    assert desk.cancel_all(3, 7, 7) is DONE
    assert desk.cancel(4, [255 << 32 | 9]) is DONE
    assert desk.set_margins(1, 600, 300) is DONE
    assert desk.pause(2) is DONE
    desk.compare_storage()
    assert len({key[0] for key in views.words(desk.model)}) == 12


@given(sizes=st.lists(SIZES, min_size=1, max_size=8))
@undoing
def test_risk_12__fills__stand_in_the_event_with_all_that_an_indexer_needs(
    desk: Desk, sizes: list[int]
) -> None:
    fills = [desk.cross(1 + i % 2, 3 + i % 2, size) for i, size in enumerate(sizes)]
    records = desk.run(*fills)
    for fill, record in zip(fills, records, strict=True):
        maker, taker = fill.maker.order, fill.taker.order
        assert record[:5] == (maker.account, taker.account, 1, maker.price, fill.size)
        assert record[5:9] == (maker.nonce, taker.nonce, maker.flags, taker.immediate)
        assert record.taker_buys == taker.buy


def unchecked(batch: Batch) -> bytes:
    """Write a batch that breaks the rules of its layout."""
    with patch.object(codec, "_check", lambda _: None):
        return encode(batch)

"""executeClose: the resting orders that it is executed against

each order
  of the account itself .................... Close_SelfTrade
  on the wrong side ........................ Close_SameSide
  not signed by its trading key ............ Order_SignatureWrong, Order_LadderMalformed
  after its last second .................... Order_Expired
  replaced, or below the floor ............. Order_Replaced
  more than is left of it, or cancelled .... Order_Overfill
  reduce-only, and would raise ............. Order_ReduceOnly
  too cheap for who leaves ................. Close_PriceOutsideBand
  otherwise ................................ at its price, at the mark where that is worse
several ..................................... all or none
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.messages import Fill, SignedOrder
from penstock.units import div_up
from tests.helpers.closes import LOTS, NONCE, SIDES, asked, bid, close
from tests.helpers.exits import Taking, compare_exits
from tests.helpers.revm import reverts
from tests.helpers.trouble import FUND, fees, open_long
from tests.helpers.twin import DONE, trading_key, undoing
from tests.helpers.venue import OPERATOR
from tests.onchain.settlement.desk import MARK, OK, UNIT, Desk

LOW, HIGH = MARK * 9_875 // 10_000, MARK * 10_125 // 10_000
"""The liquidation discount is half of 2.5 %."""


@given(size=SIDES, lots=LOTS, price=st.integers(MARK * 9 // 10, MARK * 11 // 10))
@undoing
def test_execute_close__order_at_any_price__the_makers_but_never_better_than_the_mark(
    desk: Desk, size: int, lots: int, price: int
) -> None:
    asked(desk, size)
    long = size > 0
    before, maker, pot = desk.equity(1), desk.equity(3), fees(desk)
    outcome = close(desk, bid(desk, lots, sells=not long, price=price))
    if (price < LOW) if long else (price > HIGH):
        bounds = (price, LOW, MARK) if long else (price, MARK, HIGH)
        assert outcome == ("Close_PriceOutsideBand", bounds)
        return
    assert outcome is DONE
    paid = min(price, MARK) if long else max(price, MARK)
    loss = abs(MARK - paid) * lots * UNIT
    fee = div_up(lots * paid * UNIT * 500, 10**6)
    assert desk.equity(1) == before - loss - fee
    assert desk.equity(3) == maker + loss
    assert fees(desk) == pot + fee
    desk.compare()
    desk.compare_views()
    compare_exits(desk)


@given(first=st.integers(1, 60), second=st.integers(1, 60), size=SIDES)
@undoing
def test_execute_close__order_filled_in_part__remembers_it_in_its_slot(
    desk: Desk, first: int, second: int, size: int
) -> None:
    asked(desk, size)
    sells = size < 0
    assert close(desk, bid(desk, first, size=60, sells=sells)) is DONE
    told = next(log for _, log in reversed(desk.logs) if log.name == "OrderFilled")
    assert told.arguments == (3, 1, NONCE, first, MARK, first)
    outcome = close(desk, bid(desk, second, size=60, sells=sells))
    if second > 100 - first:
        assert outcome == ("Close_LotsOutOfRange", (1, second, 100 - first))
    elif first + second > 60:
        assert outcome == ("Order_Overfill", (3, NONCE, second, 60 - first))
    else:
        assert outcome is DONE
    desk.compare()


@undoing
def test_execute_close__order_that_a_batch_filled__only_what_is_left(desk: Desk) -> None:
    asked(desk)
    rests = desk.rest(3, buy=True, size=50)
    assert desk.verdicts(Fill(rests, desk.take(4, buy=False, size=30), 30)) == [OK]
    assert close(desk, Taking(rests, 21)) == ("Order_Overfill", (3, 1, 21, 20))
    assert close(desk, Taking(rests, 20)) is DONE
    # And a batch finds nothing left of it.
    verdict, _ = desk.verdicts(Fill(rests, desk.take(4, buy=False, size=1), 1))[0]
    assert verdict.name == "OVERFILL"
    desk.compare()


@given(level=st.integers(0, 3), lots=LOTS, slot=st.integers(0, 252))
@undoing
def test_execute_close__level_of_a_ladder__fills_that_slot(
    desk: Desk, level: int, lots: int, slot: int
) -> None:
    asked(desk, -100)
    levels = [(MARK + 10 * k, 25 * (k + 1)) for k in range(4)]
    signed = desk.ladder(3, levels, slot=slot)[level]
    outcome = close(desk, Taking(signed, lots))
    size = 25 * (level + 1)
    nonce = (slot + level) << 32 | 1
    assert outcome == (DONE if lots <= size else ("Order_Overfill", (3, nonce, lots, size)))
    desk.compare()


@undoing
def test_execute_close__ladder_that_is_none__reverts(desk: Desk) -> None:
    asked(desk, -100)
    signed = desk.ladder(3, [(MARK, 100)], slot=255)[0].signature
    contract, order = desk.venue.desk, (3, False, False, False, 0, 0, 2**32 - 1, 255 << 32 | 1)
    level = MARK.to_bytes(4, "big") + (100).to_bytes(4, "big")
    for levels, place in ((level, 1), (level + b"\0", 0), (2 * level, 1)):
        with reverts("Order_LadderMalformed", 3, 255 << 32 | 1, len(levels)):
            rows = [(order, 1, (), place, levels, signed)]
            contract.transact("executeClose", 1, [1], rows, 0, sender=OPERATOR.address)


@undoing
def test_execute_close__own_order__reverts(desk: Desk) -> None:
    asked(desk)
    assert close(desk, bid(desk, 10, 1)) == ("Close_SelfTrade", (1,))


@given(size=SIDES)
@undoing
def test_execute_close__order_on_the_same_side__reverts(desk: Desk, size: int) -> None:
    asked(desk, size)
    assert close(desk, bid(desk, 10, sells=size > 0)) == ("Close_SameSide", (3, NONCE))


@pytest.mark.parametrize("account", [FUND, 3, 99])
@undoing
def test_execute_close__order_of_another_key__reverts(desk: Desk, account: int) -> None:
    asked(desk)
    signed = desk.rest(account, buy=True, size=10, key=trading_key("somebody else"))
    assert close(desk, Taking(signed, 10)) == ("Order_SignatureWrong", (account, 1))


@given(
    field=st.sampled_from(("price", "size", "expiry", "nonce", "post_only", "reduce_only")),
)
@undoing
def test_execute_close__order_with_any_field_changed__reverts(desk: Desk, field: str) -> None:
    asked(desk)
    signed = desk.rest(2, buy=True, size=10, expiry=desk.now + 100)
    order = signed.order
    value = getattr(order, field)
    changed = type(order)(
        **{
            name: (not value if isinstance(value, bool) else value + 1)
            if name == field
            else getattr(order, name)
            for name in order.__struct_fields__
        }
    )
    signed = type(signed)(changed, signed.signature)
    outcome = close(desk, Taking(signed, 10))
    assert outcome == ("Order_SignatureWrong", (2, changed.nonce))


@undoing
def test_execute_close__immediate_order__is_not_a_resting_one(desk: Desk) -> None:
    asked(desk)
    taken = desk.take(3, size=10, number=1)
    rests = desk.rest(3, buy=True, size=10)
    # Whatever is said of it, its digest is another.
    assert close(desk, Taking(SignedOrder(rests.order, taken.signature), 10)) == (
        "Order_SignatureWrong",
        (3, 1),
    )


@pytest.mark.parametrize("late", [-1, 0, 1])
@undoing
def test_execute_close__order_about_its_expiry__good_up_to_that_second(
    desk: Desk, late: int
) -> None:
    asked(desk)
    expiry = desk.now + 10
    desk.chain.time = expiry + late
    refused = ("Order_Expired", (3, NONCE, expiry))
    assert close(desk, bid(desk, expiry=expiry)) == (refused if late > 0 else DONE)


@given(epoch=st.integers(1, 5), cancelled=st.integers(1, 5), floor=st.integers(0, 5))
@undoing
def test_execute_close__order_cancelled_on_the_chain__is_dead(
    desk: Desk, epoch: int, cancelled: int, floor: int
) -> None:
    asked(desk)
    assert desk.cancel(3, [7 << 32 | cancelled]) is DONE
    if floor:
        assert desk.cancel_all(3, floor, 0) is DONE
    outcome, nonce = close(desk, bid(desk, 10, epoch=epoch)), 7 << 32 | epoch
    if epoch < cancelled or epoch <= floor:
        assert outcome == ("Order_Replaced", (3, nonce))
    elif epoch == cancelled:
        assert outcome == ("Order_Overfill", (3, nonce, 10, 0))
    else:
        assert outcome is DONE
    desk.compare()


@given(own=st.integers(-150, 150), lots=LOTS)
@undoing
def test_execute_close__reduce_only_order__only_lowers(desk: Desk, own: int, lots: int) -> None:
    asked(desk)
    if own:
        open_long(desk, own, account=3, other=4)
    rests = desk.rest(3, buy=True, size=100, reduce_only=True, slot=7, epoch=9)
    outcome = close(desk, Taking(rests, lots))
    reduces = own < 0 and lots <= -own
    assert outcome == (DONE if reduces else ("Order_ReduceOnly", (3, 7 << 32 | 9)))
    desk.compare()


@given(parts=st.lists(st.integers(1, 40), min_size=1, max_size=5))
@undoing
def test_execute_close__several_orders__all_or_none(desk: Desk, parts: list[int]) -> None:
    asked(desk)
    makers = [bid(desk, lots, 2 + i % 3, slot=20 + i) for i, lots in enumerate(parts)]
    outcome = close(desk, *makers)
    left = 100
    for lots in parts:
        if lots > left:
            assert outcome == ("Close_LotsOutOfRange", (1, lots, left))
            assert desk.size(1) == 100
            break
        left -= lots
    else:
        assert (outcome, desk.size(1)) == (DONE, left)
    desk.compare()
    compare_exits(desk)

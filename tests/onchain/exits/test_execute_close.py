"""executeClose(request, markets, makers, byFund)

no such request, or it is done ............. Request_NotPending
it is a withdrawal ......................... Request_KindWrong
before the window, not by the operator ..... Request_TooEarly; with the fund by the operator, too
the position shrank by itself .............. Close_NothingLeft
the market's mark is stale ................. Desk_PriceStale
open markets not named each once ........... Desk_PositionsIncomplete
lots
  none, or more than are left .............. Close_LotsOutOfRange
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
who takes over, if it raises exposure
  the market is held ....................... Desk_MarketHeld
  one of its marks is stale ................ Desk_PriceStale
  beyond its last tier ..................... Desk_PositionTooLarge
  in one market too many ................... Desk_TooManyMarkets
  below its initial margin ................. Desk_BelowMargin
who is left without equity ................. Desk_Bankrupt
the fund
  would risk more than its loss cap ........ Close_LossCapReached
  otherwise ................................ at the mark less the discount, at the mark of
                                             the request where that is worse
"""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.forced import Status
from penstock.limits import Limits
from penstock.messages import Fill, SignedOrder
from penstock.units import div_up
from tests.helpers.exits import (
    Taking,
    compare_exits,
    execute_close,
    force_close,
    force_withdrawal,
    number,
    pass_window,
)
from tests.helpers.liquidator import set_loss_cap
from tests.helpers.revm import reverts
from tests.helpers.trouble import FUND, endow, fall, fees, open_long, spend, wealth
from tests.helpers.twin import DONE, trading_key, undoing
from tests.helpers.venue import OPERATOR, STRANGER
from tests.onchain.settlement.desk import DEPOSIT, MARK, MARKS, OK, UNIT, Desk

LOW, HIGH = MARK * 9_875 // 10_000, MARK * 10_125 // 10_000
"""The liquidation discount is half of 2.5 %."""
NONCE = 7 << 32 | 1
LOTS = st.integers(1, 100)
SIDES = st.sampled_from((100, -100))


def asked(desk: Desk, size: int = 100, lots: int = 0) -> None:
    """Account 1 has a position against account 2 and asks to be out of it."""
    open_long(desk, size)
    assert force_close(desk, lots=lots or abs(size)) is DONE


def bid(desk: Desk, lots: int = 100, account: int = 3, *, sells: bool = False, **o: int) -> Taking:
    """A resting order that takes lots of a long position over (of a short one, when it sells)."""
    # Slot 0 is where the tests' fills rest.
    fields = {"size": lots, "slot": 7} | o
    return Taking(desk.rest(account, buy=not sells, **fields), lots)  # type: ignore[arg-type]


def wait(desk: Desk, windows: int = 1) -> None:
    """Let a request's window pass; the marks are fresh again."""
    pass_window(desk, 1, windows)
    desk.marks(desk.model.market(1).mark, desk.model.market(2).mark)


def close(desk: Desk, *makers: Taking, by_fund: int = 0) -> object:
    """Have the operator execute request 1."""
    return execute_close(desk, 1, *makers, by_fund=by_fund, sender=OPERATOR)


def status(desk: Desk) -> Status:
    return Status(desk.venue.desk.call("requestOf", 1)[2])


# --- the request ----------------------------------------------------------------------------------


@pytest.mark.parametrize("late", [-1, 0, 1])
@pytest.mark.parametrize("who", [STRANGER, OPERATOR])
@undoing
def test_wdq_8__execute_close_about_the_window__anybody_from_its_end_on(
    desk: Desk, late: int, who: object
) -> None:
    asked(desk)
    pass_window(desk, 1, more=late)
    opens = desk.now - late
    desk.marks(*MARKS)
    early = late < 0 and who is not OPERATOR
    outcome = execute_close(desk, 1, bid(desk), sender=who)  # type: ignore[arg-type]
    assert outcome == (("Request_TooEarly", (1, opens)) if early else DONE)
    compare_exits(desk)
    desk.compare()


@given(request=st.integers(0, 2**256 - 1).filter(lambda n: n != 1))
@undoing
def test_execute_close__no_such_request__reverts(desk: Desk, request: int) -> None:
    refused = ("Request_NotPending", (request, 0))
    assert execute_close(desk, request, sender=OPERATOR) == refused


@undoing
def test_execute_close__of_a_withdrawal__reverts(desk: Desk) -> None:
    assert force_withdrawal(desk) is DONE
    assert close(desk) == ("Request_KindWrong", (1,))


@undoing
def test_execute_close__position_shrank_by_itself__reverts(desk: Desk) -> None:
    asked(desk, 100, 40)
    assert desk.verdicts(desk.cross(3, 1, 40)) == [OK]
    assert close(desk, bid(desk, 10)) == ("Close_NothingLeft", (1,))


@pytest.mark.parametrize("late", [-1, 0, 1])
@undoing
def test_execute_close__mark_about_its_age_limit__stale_only_beyond(desk: Desk, late: int) -> None:
    asked(desk)
    until = desk.model.market(1).fresh_until
    desk.chain.time = until + late
    refused = ("Desk_PriceStale", (1, 1, until))
    assert close(desk, bid(desk)) == (refused if late > 0 else DONE)


@pytest.mark.parametrize(("markets", "named"), [([], 0), ([2], 0), ([1, 1], 1), ([1, 2], 1)])
@undoing
def test_execute_close__markets_not_the_open_ones__reverts(
    desk: Desk, markets: list[int], named: int
) -> None:
    asked(desk)
    refused = ("Desk_PositionsIncomplete", (1, named, 1))
    assert execute_close(desk, 1, bid(desk), sender=OPERATOR, markets=markets) == refused
    theirs = Taking(bid(desk).signed, 100, (1,))
    assert close(desk, theirs) == ("Desk_PositionsIncomplete", (3, 0, 0))


@given(lots=st.integers(0, 200), asks=LOTS)
@undoing
def test_execute_close__any_lots__no_more_than_are_left(desk: Desk, lots: int, asks: int) -> None:
    asked(desk, 100, asks)
    outcome = close(desk, bid(desk, lots, size=200))
    if 0 < lots <= asks:
        assert outcome is DONE
        assert desk.size(1) == 100 - lots
    else:
        assert outcome == ("Close_LotsOutOfRange", (1, lots, asks))
    desk.compare()
    compare_exits(desk)


# --- orders ---------------------------------------------------------------------------------------


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
    if sum(parts) <= 100:
        assert outcome is DONE
        assert desk.size(1) == 100 - sum(parts)
    else:
        assert desk.size(1) == 100
    desk.compare()
    compare_exits(desk)


# --- who takes over -------------------------------------------------------------------------------


@given(more=st.integers(-2, 2))
@undoing
def test_execute_close__maker_about_its_initial_margin__exact(desk: Desk, more: int) -> None:
    asked(desk)
    margin = 100 * MARK * UNIT * 5 // 100
    spend(desk, 3, margin + more)
    refused = ("Desk_BelowMargin", (3, margin + more, margin))
    assert close(desk, bid(desk)) == (refused if more < 0 else DONE)


@given(tier=st.integers(1, 20), lots=LOTS)
@undoing
def test_execute_close__maker_about_its_last_tier__exact(desk: Desk, tier: int, lots: int) -> None:
    asked(desk)
    assert desk.set_limits(1, Limits(tier, 10_000)) is DONE
    refused = ("Desk_PositionTooLarge", (3, 1, lots, 8 * tier))
    assert close(desk, bid(desk, lots)) == (refused if lots > 8 * tier else DONE)
    desk.compare()


@undoing
def test_execute_close__maker_in_one_market_too_many__reverts(desk: Desk) -> None:
    open_long(desk, 1, account=3, other=4, market=2)
    asked(desk)
    rules = replace(desk.model.settings, max_markets=1)
    limits = (rules.open_after, rules.max_price_age, rules.band_bps, 1)
    said = (OPERATOR.address, *limits, rules.discount_share, rules.penalty_share)
    desk.venue.set_settings(said)
    desk.model.settings = rules
    assert close(desk, bid(desk)) == ("Desk_TooManyMarkets", (3, 1, 1))
    # Account 2 has a position there already.
    assert close(desk, bid(desk, 100, 2)) is DONE


@given(own=st.integers(-150, 150), lots=LOTS)
@undoing
def test_execute_close__market_is_held__only_against_who_lowers(
    desk: Desk, own: int, lots: int
) -> None:
    asked(desk)
    if own:
        open_long(desk, own, account=3, other=4)
    assert desk.pause(1) is DONE
    outcome = close(desk, bid(desk, lots, epoch=9))
    lowered = own < 0 and lots <= -own
    assert outcome == (DONE if lowered else ("Desk_MarketHeld", (1,)))


@given(lots=LOTS, own=st.integers(1, 150))
@undoing
def test_execute_close__another_mark_of_the_maker_is_stale__only_when_it_lowers(
    desk: Desk, lots: int, own: int
) -> None:
    open_long(desk, 10, account=3, other=4, market=2)
    open_long(desk, -own, account=3, other=4)
    asked(desk)
    until = desk.model.market(2).fresh_until
    desk.pass_time(61)
    assert desk.refresh(1, MARK) is DONE
    outcome = close(desk, bid(desk, lots, epoch=9))
    assert outcome == (DONE if lots <= own else ("Desk_PriceStale", (3, 2, until)))


@given(size=SIDES, own=st.integers(-300, 300), lots=LOTS, per_mille=st.integers(-30, 30))
@undoing
def test_execute_close__whatever_happens__nothing_is_made_or_lost(
    desk: Desk, size: int, own: int, lots: int, per_mille: int
) -> None:
    if own:
        open_long(desk, own, account=3, other=4)
    asked(desk, size)
    fall(desk, per_mille)
    mark = desk.model.market(1).mark
    before = wealth(desk, *range(5)) + fees(desk)
    close(desk, bid(desk, lots, sells=size < 0, price=mark, epoch=9))
    assert wealth(desk, *range(5)) + fees(desk) == before
    assert sum(desk.size(account) for account in range(5)) == 0
    desk.compare()


# --- solvency -------------------------------------------------------------------------------------


@given(per_mille=st.integers(40, 70), lots=st.integers(1, 3_000), off=st.integers(0, 120))
@undoing
def test_execute_close__account_near_bankruptcy__is_never_made_bankrupt(
    desk: Desk, per_mille: int, lots: int, off: int
) -> None:
    open_long(desk)
    assert force_close(desk, lots=3_000) is DONE
    fall(desk, per_mille)
    assert desk.deposit(3, 100 * DEPOSIT) is DONE
    mark = desk.model.market(1).mark
    price = mark - mark * off // 10_000
    before = desk.equity(1)
    cost = (mark - price) * lots * UNIT + div_up(lots * price * UNIT * 500, 10**6)
    outcome = close(desk, bid(desk, lots, price=price))
    left = before - cost
    assert outcome == (DONE if left >= 0 else ("Desk_Bankrupt", (1, left)))
    desk.compare()


# --- the fund -------------------------------------------------------------------------------------


@given(size=SIDES, lots=LOTS, per_mille=st.integers(-30, 30))
@undoing
def test_wdq_5__fund_takes_over__at_the_worse_of_the_mark_less_the_discount_and_the_mark_then(
    desk: Desk, size: int, lots: int, per_mille: int
) -> None:
    endow(desk, DEPOSIT)
    asked(desk, size)
    wait(desk)
    fall(desk, per_mille)
    mark, long = desk.model.market(1).mark, size > 0
    before, fund, pot = desk.equity(1), desk.equity(FUND), fees(desk)
    assert execute_close(desk, 1, by_fund=lots) is DONE
    discount = div_up(lots * mark * UNIT * 12_500, 10**6)
    since = (mark - MARK if long else MARK - mark) * lots * UNIT
    loss = max(discount, since)
    assert desk.equity(1) == before - loss
    assert desk.equity(FUND) == fund + loss
    assert fees(desk) == pot
    desk.compare()
    compare_exits(desk)


@pytest.mark.parametrize("late", [-1, 0, 1])
@undoing
def test_execute_close__fund_about_the_window__not_even_by_the_operator_before(
    desk: Desk, late: int
) -> None:
    endow(desk, DEPOSIT)
    asked(desk)
    pass_window(desk, 1, more=late)
    opens = desk.now - late
    desk.marks(*MARKS)
    assert close(desk, by_fund=10) == (("Request_TooEarly", (1, opens)) if late < 0 else DONE)


@given(more=st.integers(-2, 2))
@undoing
def test_execute_close__fund_about_its_initial_margin__exact(desk: Desk, more: int) -> None:
    asked(desk)
    wait(desk)
    margin = 100 * MARK * UNIT * 5 // 100
    gain = 100 * MARK * UNIT * 125 // 10_000
    endow(desk, margin - gain + more)
    refused = ("Desk_BelowMargin", (FUND, margin + more, margin))
    assert execute_close(desk, 1, by_fund=100) == (refused if more < 0 else DONE)
    desk.compare()


@given(more=st.integers(-2, 2))
@undoing
def test_execute_close__fund_about_its_loss_cap__risks_no_more(desk: Desk, more: int) -> None:
    asked(desk)
    wait(desk)
    endow(desk, DEPOSIT)
    margin = 100 * MARK * UNIT * 5 // 100
    assert set_loss_cap(desk, 1, margin + more) is DONE
    refused = ("Close_LossCapReached", (1, margin, margin + more))
    assert execute_close(desk, 1, by_fund=100) == (refused if more < 0 else DONE)


@undoing
def test_execute_close__fund_has_the_opposite__takes_over_without_a_cap(desk: Desk) -> None:
    # The fund is short: what account 1 wants to be out of takes it out as well.
    endow(desk, DEPOSIT)
    open_long(desk, 100, account=4, other=2)
    assert force_close(desk, 4, 1, 100) is DONE
    open_long(desk, 100, account=1, other=2)
    wait(desk)
    assert execute_close(desk, 1, by_fund=100) is DONE
    assert desk.size(FUND) == 100
    assert force_close(desk, 2, 1, 100) is DONE
    assert set_loss_cap(desk, 1, 0) is DONE
    pass_window(desk, 2)
    desk.marks(*MARKS)
    assert execute_close(desk, 2, by_fund=100) is DONE
    assert desk.size(FUND) == 0
    desk.compare()


@undoing
def test_execute_close__market_is_held__the_fund_raises_nothing(desk: Desk) -> None:
    endow(desk, DEPOSIT)
    asked(desk)
    wait(desk)
    assert desk.pause(1) is DONE
    assert execute_close(desk, 1, by_fund=100) == ("Desk_MarketHeld", (1,))


@given(by_order=st.integers(1, 100), by_fund=st.integers(0, 100))
@undoing
def test_execute_close__with_orders_and_the_fund__orders_come_first(
    desk: Desk, by_order: int, by_fund: int
) -> None:
    endow(desk, DEPOSIT)
    asked(desk)
    wait(desk)
    outcome = execute_close(desk, 1, bid(desk, by_order), by_fund=by_fund)
    if by_order + by_fund > 100:
        assert outcome == ("Close_LotsOutOfRange", (1, by_fund, 100 - by_order))
    else:
        assert outcome is DONE
        assert (desk.size(3), desk.size(FUND)) == (by_order, by_fund)
    desk.compare()
    compare_exits(desk)


# --- the fee --------------------------------------------------------------------------------------


@given(first=st.integers(1, 99))
@undoing
def test_execute_close__in_two_parts__each_has_its_part_of_the_fee(desk: Desk, first: int) -> None:
    asked(desk)
    fee = desk.exits.requests[1].fee
    assert close(desk, bid(desk, first)) is DONE
    wait(desk)
    assert execute_close(desk, 1, bid(desk, 100 - first, 4), sender=STRANGER) is DONE
    shares = [desk.exits.credits.get(number(who), 0) for who in (OPERATOR, STRANGER)]
    assert shares == [fee * first // 100, fee - fee * first // 100]
    assert status(desk) is Status.SERVED
    compare_exits(desk)


@pytest.mark.parametrize("late", [-1, 0, 1])
@undoing
def test_wdq_8__executed_about_two_windows__too_late_for_the_fee(desk: Desk, late: int) -> None:
    asked(desk)
    fee = desk.exits.requests[1].fee
    pass_window(desk, 1, 2, late)
    desk.marks(*MARKS)
    assert execute_close(desk, 1, bid(desk), sender=STRANGER) is DONE
    assert desk.exits.credits.get(number(STRANGER), 0) == (fee if late < 0 else 0)
    compare_exits(desk)

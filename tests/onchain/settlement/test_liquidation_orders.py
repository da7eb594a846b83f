"""Liquidation orders of a batch: flags 32|8|2, and 1 for a buy; 64 zero bytes for a signature

malformed .................. test_malformed.py
its status, first that applies:
  expired .................. Expired
  a position left out ...... IncompleteAccount
  its mark is stale ........ StalePrice
  the chain was just down .. GracePeriod
  not below maintenance .... NotLiquidatable
  worse than the discount .. OutsideBand
fill:
  as a maker ............... MakerImmediate
  raises the position ...... ReduceOnly
  leaves a debt ............ Bankrupt
  more than needed ......... MoreThanNeeded
  back at initial margin ... NotLiquidatable, for the fills after
  otherwise ................ Liquidated: at the maker's price, the penalty to the fees, and with it
                             what the price is better than the mark
account 0 .................. whenever the mark is fresh, in part or whole, without a penalty
"""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.messages import Fill, Side, Verdict
from penstock.units import div_up
from tests.helpers.liquidator import forced, liquidate, take_over, with_forced
from tests.helpers.trouble import (
    FUND,
    SIZE,
    after_outage,
    deposit_to_maintenance,
    endow,
    fall,
    fees,
    let_stale,
    move,
    open_long,
    seen,
    set_tier,
    spend,
    stale_margin,
    wealth,
)
from tests.helpers.twin import DONE, undoing
from tests.onchain.settlement.desk import DEPOSIT, FAR, OK, UNIT, Desk

MAKER, TAKER = Side.MAKER, Side.TAKER
LIQUIDATED = (Verdict.LIQUIDATED, Side.NONE)
BELOW = 43


def close(
    desk: Desk,
    size: int,
    off: int = 0,
    *,
    account: int = 1,
    maker: int = 3,
    buy: bool = False,
    market: int = 1,
    limit: int | None = None,
    slot: int = 0,
    expiry: int = FAR,
    post_only: bool = False,
) -> Fill:
    """The operator closes for an account against an order `off` ticks above the mark."""
    price = desk.model.market(market).mark + off
    number = desk.model.tally.number
    rests = desk.rest(
        maker, buy=not buy, size=size, price=price, market=market, slot=8 + slot, epoch=number
    )
    at = price if limit is None else limit
    order = forced(
        account, buy=buy, price=at, size=size, number=number + slot, market=market, expiry=expiry
    )
    return Fill(rests, order, size)


def said(desk: Desk, *fills: Fill) -> list[tuple[Verdict, Side]]:
    """Settle, compare all words, return what was said of each fill."""
    assert liquidate(desk, *fills) is DONE
    return [(record.verdict, record.side) for record in desk.settled()]


def trouble(desk: Desk, per_mille: int = BELOW, size: int = SIZE) -> None:
    open_long(desk, size)
    fall(desk, per_mille)


@given(past=st.integers(0, 3))
@undoing
def test_liquidation__about_its_expiry__expired_only_after(desk: Desk, past: int) -> None:
    trouble(desk)
    verdict = LIQUIDATED if past == 0 else (Verdict.EXPIRED, TAKER)
    assert said(desk, close(desk, 10, expiry=desk.now - past)) == [verdict]


@undoing
def test_liquidation__an_open_position_left_out__incomplete(desk: Desk) -> None:
    open_long(desk, 1, market=2)
    trouble(desk)
    batch = with_forced(desk.batch(close(desk, 10)))
    accounts = tuple(
        entry._replace(markets=(0,)) if entry.account == 1 else entry for entry in batch.accounts
    )
    orders = tuple(
        order._replace(position=order.position - (order.position > 0)) for order in batch.orders
    )
    assert desk.settle(replace(batch, accounts=accounts, orders=orders)) is DONE
    (record,) = desk.settled()
    assert (record.verdict, record.side) == (Verdict.INCOMPLETE_ACCOUNT, TAKER)


@pytest.mark.parametrize("market", [1, 2])
@undoing
def test_liquidation__a_mark_is_stale__only_in_the_market_of_the_order(
    desk: Desk, market: int
) -> None:
    open_long(desk, 1, market=2)
    trouble(desk)
    let_stale(desk, market)
    expected = (Verdict.STALE_PRICE, TAKER) if market == 1 else LIQUIDATED
    assert said(desk, close(desk, 10)) == [expected]


@given(size=st.integers(1, 400), more=st.integers(-1, 1))
@undoing
def test_liquidation__position_at_a_stale_mark__needs_nothing_and_counts_with_its_margin(
    desk: Desk, size: int, more: int
) -> None:
    open_long(desk, size, market=2)
    trouble(desk, 50)
    let_stale(desk, 2)
    deposit_to_maintenance(desk, size, more)
    verdict = LIQUIDATED if more < 0 else (Verdict.NOT_LIQUIDATABLE, TAKER)
    assert said(desk, close(desk, 10)) == [verdict]


@given(size=st.integers(1, 400))
@undoing
def test_liquidation__position_at_a_stale_mark__the_others_go_as_far_as_they_need(
    desk: Desk, size: int
) -> None:
    open_long(desk, size, market=2)
    trouble(desk, 50)
    let_stale(desk, 2)
    lot = desk.model.market(1).mark * UNIT
    # The penalty costs 0.625 % of notional, a lot frees 5 %.
    lack = SIZE * lot // 20 - desk.equity(1) - stale_margin(size)
    enough = div_up(lack, lot * 4_375 // 100_000)
    assert said(desk, close(desk, enough + 1)) == [(Verdict.MORE_THAN_NEEDED, TAKER)]
    fills = close(desk, enough), close(desk, 1, slot=1)
    assert said(desk, *fills) == [LIQUIDATED, (Verdict.NOT_LIQUIDATABLE, TAKER)]


@given(size=st.integers(1, 400), part=st.integers(1, 400), lots=st.integers(1, SIZE))
@undoing
def test_liquidation__position_at_a_stale_mark_lowered_in_the_batch__counts_for_less(
    desk: Desk, size: int, part: int, lots: int
) -> None:
    open_long(desk, size, market=2)
    trouble(desk, 50)
    let_stale(desk, 2)
    lowered = desk.cross(1, 2, -min(part, size), price=300_000, market=2)
    assert said(desk, lowered, close(desk, lots))[0] == OK


@undoing
def test_liquidation__debt_within_the_margin_at_a_stale_mark__is_not_closed_into_it(
    desk: Desk,
) -> None:
    open_long(desk, 600, market=2)
    trouble(desk, 68)
    let_stale(desk, 2)
    assert -stale_margin(600) < desk.equity(1) < 0
    assert said(desk, close(desk, 10)) == [(Verdict.BANKRUPT, TAKER)]


@given(passed=st.integers(1, 1_200))
@undoing
def test_liquidation__after_an_outage__only_once_the_grace_is_over(desk: Desk, passed: int) -> None:
    late = after_outage(desk, BELOW, passed)
    assert said(desk, close(desk, 10)) == [LIQUIDATED if late else (Verdict.GRACE_PERIOD, TAKER)]


@given(more=st.integers(-2, 2))
@undoing
def test_liquidation__equity_about_maintenance_margin__only_below(desk: Desk, more: int) -> None:
    trouble(desk)
    lack = seen(desk, 1).maintenance_margin - seen(desk, 1).equity
    assert desk.deposit(1, lack + more) is DONE
    verdict = LIQUIDATED if more < 0 else (Verdict.NOT_LIQUIDATABLE, TAKER)
    assert said(desk, close(desk, 10)) == [verdict]


@given(short=st.booleans(), ticks=st.integers(-2, 2))
@undoing
def test_liquidation__limit_about_the_discount__exact(desk: Desk, short: bool, ticks: int) -> None:
    open_long(desk, -SIZE if short else SIZE)
    fall(desk, -BELOW if short else BELOW)
    mark = desk.model.market(1).mark
    # Half of a maintenance margin of 2.5 %, rounded in favour of the account.
    low, high = div_up(mark * 987_500, 10**6), mark * 1_012_500 // 10**6
    edge = high + ticks if short else low - ticks
    fill = close(desk, 10, buy=short, limit=edge)
    verdict = (Verdict.OUTSIDE_BAND, TAKER) if ticks > 0 else LIQUIDATED
    assert said(desk, fill) == [verdict]


@given(size=st.integers(1, SIZE), off=st.integers(-6_000, 30_000), short=st.booleans())
@undoing
def test_liquidation__any_size_and_price__as_the_model_says(
    desk: Desk, size: int, off: int, short: bool
) -> None:
    open_long(desk, -SIZE if short else SIZE)
    fall(desk, -BELOW if short else BELOW)
    before = seen(desk, 1)
    ((verdict, _),) = said(desk, close(desk, size, -off if short else off, buy=short))
    if verdict is Verdict.LIQUIDATED:
        assert desk.equity(1) <= before.equity
        assert abs(desk.size(1)) == SIZE - size
    desk.compare_views()


@given(size=st.integers(1, 1_000), off=st.integers(0, 20_000))
@undoing
def test_liquidation__price_above_the_mark__the_account_gains_nothing_by_it(
    desk: Desk, size: int, off: int
) -> None:
    trouble(desk)
    equity, pot, mark = desk.equity(1), fees(desk), desk.model.market(1).mark
    assert said(desk, close(desk, size, off)) == [LIQUIDATED]
    notional = size * (mark + off) * UNIT
    penalty = div_up(notional * 6_250, 10**6)
    assert desk.equity(1) == equity - penalty
    above, maker_fee = size * off * UNIT, div_up(notional * 200, 10**6)
    assert fees(desk) == pot + penalty + above + maker_fee


@given(size=st.integers(1, 1_000), off=st.integers(1, 5_900))
@undoing
def test_liquidation__price_below_the_mark__the_account_bears_it(
    desk: Desk, size: int, off: int
) -> None:
    trouble(desk)
    equity, mark = desk.equity(1), desk.model.market(1).mark
    assert said(desk, close(desk, size, -off)) == [LIQUIDATED]
    notional = size * (mark - off) * UNIT
    assert desk.equity(1) == equity - size * off * UNIT - div_up(notional * 6_250, 10**6)


@undoing
def test_liquidation__little_left__the_penalty_takes_no_more_than_there_is(desk: Desk) -> None:
    trouble(desk, 65)
    equity, pot = desk.equity(1), fees(desk)
    notional = SIZE * desk.model.market(1).mark * UNIT
    assert 0 < equity < notional * 6_250 // 10**6
    assert said(desk, close(desk, SIZE)) == [LIQUIDATED]
    assert desk.equity(1) == 0
    assert fees(desk) == pot + equity + div_up(notional * 200, 10**6)


@given(off=st.integers(-100, 4_000), size=st.integers(1, SIZE))
@undoing
def test_liquidation__bankrupt__is_not_closed_into_a_debt(desk: Desk, off: int, size: int) -> None:
    trouble(desk, 80)
    assert desk.equity(1) < 0
    assert said(desk, close(desk, size, off)) == [(Verdict.BANKRUPT, TAKER)]


@undoing
def test_liquidation__a_lot_more_than_needed__more_than_needed(desk: Desk) -> None:
    trouble(desk)
    lot = desk.model.market(1).mark * UNIT
    # The penalty costs 0.625 % of notional, a lot frees 5 %.
    enough = div_up(-seen(desk, 1).free_collateral, lot * 4_375 // 100_000)
    assert said(desk, close(desk, enough + 1)) == [(Verdict.MORE_THAN_NEEDED, TAKER)]
    assert said(desk, close(desk, enough)) == [LIQUIDATED]
    assert 0 <= seen(desk, 1).free_collateral < lot


@undoing
def test_liquidation__two_fills_and_the_first_is_enough__second_not_liquidatable(
    desk: Desk,
) -> None:
    trouble(desk)
    lot = desk.model.market(1).mark * UNIT
    enough = div_up(-seen(desk, 1).free_collateral, lot * 4_375 // 100_000)
    fills = close(desk, enough), close(desk, 1, slot=1)
    assert said(desk, *fills) == [LIQUIDATED, (Verdict.NOT_LIQUIDATABLE, TAKER)]


@given(size=st.integers(1, 1_000))
@undoing
def test_liquidation__away_from_safety__reduce_only(desk: Desk, size: int) -> None:
    trouble(desk)
    buys = close(desk, size, buy=True)
    assert said(desk, buys) == [(Verdict.REDUCE_ONLY, TAKER)]


@undoing
def test_liquidation__through_zero__reduce_only(desk: Desk) -> None:
    trouble(desk)
    assert said(desk, close(desk, SIZE + 1)) == [(Verdict.REDUCE_ONLY, TAKER)]


@given(size=st.integers(0, 10))
@undoing
def test_liquidation__as_a_maker__maker_immediate(desk: Desk, size: int) -> None:
    # Its status is no verdict: the record once said 255, which nobody can read.
    trouble(desk)
    mark = desk.model.market(1).mark
    order = forced(1, buy=False, price=mark, size=10, number=1)
    fill = Fill(order, desk.take(3, price=mark), size)
    expected = (Verdict.MAKER_IMMEDIATE if size else Verdict.SIZE_ZERO, Side.NONE)
    assert said(desk, fill) == [expected]


def both_forced(desk: Desk) -> Fill:
    """Account 1 sells to account 2, and neither signed."""
    mark = desk.model.market(1).mark
    one = forced(1, buy=False, price=mark, size=10, number=1)
    return Fill(forced(2, buy=True, price=mark, size=10, number=1), one, 10)


@undoing
def test_liquidation__against_another_liquidation__maker_immediate(desk: Desk) -> None:
    # One bought before the fall, the other sold before half of it was made good.
    open_long(desk, other=3)
    spend(desk, 1)
    fall(desk, 60)
    open_long(desk, -SIZE // 2, account=2, other=4)
    spend(desk, 2)
    fall(desk, 32)
    for account, buy in ((1, False), (2, True)):
        with desk.undone():
            assert said(desk, close(desk, 10, account=account, buy=buy)) == [LIQUIDATED]
    assert said(desk, both_forced(desk)) == [(Verdict.MAKER_IMMEDIATE, Side.NONE)]


@undoing
def test_liquidation__against_that_of_a_sound_account__not_liquidatable(desk: Desk) -> None:
    open_long(desk)
    trouble(desk, 0, -SIZE // 2)
    fall(desk, 50)
    assert said(desk, both_forced(desk)) == [(Verdict.NOT_LIQUIDATABLE, MAKER)]


@given(size=st.integers(1, 200))
@undoing
def test_liquidation__maker_without_margin__is_the_makers_fault_and_leaves_nothing_behind(
    desk: Desk, size: int
) -> None:
    trouble(desk)
    assert desk.withdraw(3, DEPOSIT - 1) is DONE
    before = wealth(desk, 1, 3), desk.size(1)
    assert said(desk, close(desk, size)) == [(Verdict.BELOW_INITIAL_MARGIN, MAKER)]
    assert (wealth(desk, 1, 3), desk.size(1)) == before


@given(size=st.integers(1, 300), tier=st.integers(1, 30))
@undoing
def test_liquidation__maker_about_the_last_tier__exact(desk: Desk, size: int, tier: int) -> None:
    trouble(desk)
    assert desk.deposit(3, 100 * DEPOSIT) is DONE
    set_tier(desk, tier)
    too_large = (Verdict.POSITION_TOO_LARGE, MAKER)
    assert said(desk, close(desk, size)) == [too_large if size > 8 * tier else LIQUIDATED]


@given(size=st.integers(1, 100))
@undoing
def test_liquidation__order_numbers__are_not_spent(desk: Desk, size: int) -> None:
    # Nothing of the account's own is used up: its orders stay good.
    trouble(desk)
    nonce = desk.model.account(1).nonce
    assert said(desk, close(desk, size)) == [LIQUIDATED]
    assert desk.model.account(1).nonce == nonce


@given(size=st.integers(1, 1_000), own=st.integers(-500, 500))
@undoing
def test_liquidation__open_interest__falls_as_positions_net(
    desk: Desk, size: int, own: int
) -> None:
    if own:
        open_long(desk, own, account=3, other=4)
    trouble(desk)
    before = desk.model.market(1).open_interest
    assert said(desk, close(desk, size)) == [LIQUIDATED]
    closed = min(size, max(0, -own))
    assert desk.model.market(1).open_interest == before - closed


@given(size=st.integers(1, 500))
@undoing
def test_liquidation__of_one_and_trades_of_others__share_a_batch(desk: Desk, size: int) -> None:
    trouble(desk)
    trade = desk.cross(4, 2, size, price=desk.model.market(1).mark + 7)
    assert said(desk, close(desk, 10), trade) == [LIQUIDATED, OK]


# --- account 0 ------------------------------------------------------------------------------------


def carry(desk: Desk) -> None:
    """The fund holds 1,000 lots that it took over."""
    endow(desk, DEPOSIT)
    trouble(desk)
    assert take_over(desk, 1, FUND, {1: 1_000}) is DONE


@given(size=st.integers(1, 1_000), off=st.integers(-5_900, 5_900))
@undoing
def test_liquidation__of_the_fund__unwinds_in_part_without_penalty(
    desk: Desk, size: int, off: int
) -> None:
    carry(desk)
    before = desk.equity(FUND)
    assert said(desk, close(desk, size, off, account=FUND)) == [LIQUIDATED]
    assert desk.equity(FUND) == before + size * off * UNIT
    assert desk.size(FUND) == 1_000 - size


@undoing
def test_liquidation__of_the_fund_during_the_grace__unwinds(desk: Desk) -> None:
    carry(desk)
    desk.chain.time += desk.model.watch.limit + 1
    desk.marks(desk.model.market(1).mark, 300_000)
    fills = close(desk, 10), close(desk, 10, account=FUND, slot=1)
    assert said(desk, *fills) == [(Verdict.GRACE_PERIOD, TAKER), LIQUIDATED]


@pytest.mark.parametrize("market", [1, 2])
@undoing
def test_liquidation__of_the_fund_with_a_stale_mark__unwinds_in_the_other_market(
    desk: Desk, market: int
) -> None:
    endow(desk, DEPOSIT)
    open_long(desk, 100, account=3, other=4, market=2)
    spend(desk, 3)
    move(desk, desk.model.market(1).mark, 300_000 * 955 // 1_000)
    assert take_over(desk, 3, FUND, {2: 50}) is DONE
    carry(desk)
    let_stale(desk, market)
    expected = (Verdict.STALE_PRICE, TAKER) if market == 1 else LIQUIDATED
    assert said(desk, close(desk, 10, account=FUND, maker=2)) == [expected]


@undoing
def test_liquidation__of_the_fund_beyond_the_discount__outside_band(desk: Desk) -> None:
    carry(desk)
    fill = close(desk, 10, account=FUND, limit=desk.model.market(1).mark * 987 // 1_000)
    assert said(desk, fill) == [(Verdict.OUTSIDE_BAND, TAKER)]


@undoing
def test_settle__signed_order_of_account_0__bad_signature(desk: Desk) -> None:
    order = desk.take(FUND, key=desk.keys[1])
    assert said(desk, Fill(desk.rest(2), order, 1)) == [(Verdict.BAD_SIGNATURE, TAKER)]

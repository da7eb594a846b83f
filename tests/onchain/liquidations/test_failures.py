"""Failures of other venues, by the names of the list: liquidation, solvency

LIQ-1   maintenance margin to the unit, funding that is due counted
LIQ-2   nothing that an account does keeps it from being liquidated
LIQ-4   what waits in the queue is owed and not margin
LIQ-5   whoever liquidates, a group gains nothing by liquidating itself
LIQ-8   a market beyond its loss cap does not touch the others
LIQ-10  no liquidation in the first block after an outage
SOL     Σ size = 0, Σ equity + tickets + fees = tokens up to dust, remnants close, fees count once
"""

from typing import Final

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from msgspec import structs

from penstock import strategy
from penstock.messages import Fill, Verdict
from tests.helpers.liquidator import (
    deleverage,
    forced,
    liquidate,
    set_loss_cap,
    take_over,
    withdraw_from_fund,
)
from tests.helpers.trouble import (
    FUND,
    SIZE,
    bankrupt,
    covered,
    endow,
    fall,
    fees,
    let_stale,
    move,
    open_long,
    seen,
    spend,
    wealth,
)
from tests.helpers.twin import DONE, OWNER, undoing
from tests.helpers.venue import PARAMETERS
from tests.onchain.settlement.desk import DEPOSIT, MARK, OK, Desk

FALLEN: Final = {"batch": (47, 50), "takeover": (47, 65), "fund": (47, 65), "deleverage": (72, 110)}
"""Per mille by which the mark must fall for each way of liquidating account 1."""
PATHS = st.sampled_from(sorted(FALLEN))
OFF = st.integers(-5_800, 20_000)
"""Ticks from the mark at which a liquidation order may be filled."""


def ways(**fallen: tuple[int, int]) -> st.SearchStrategy[tuple[str, int]]:
    """A way, and a fall of the mark that it is for."""
    falls = FALLEN | fallen
    return PATHS.flatmap(lambda path: st.tuples(st.just(path), st.integers(*falls[path])))


# The fund takes a bankrupt account too.
WAYS = ways(fund=(47, 110))


@pytest.fixture(scope="module")
def wide() -> Desk:
    """Sixteen markets, the most that an account may be in."""
    first = PARAMETERS.markets[0]
    markets = tuple(structs.replace(first, symbol=f"M{n}-PERP") for n in range(16))
    desk = Desk(structs.replace(PARAMETERS, markets=markets))
    for market in range(3, 17):
        assert desk.refresh(market, MARK) is DONE
    return desk


def tokens(desk: Desk) -> int:
    """What the vault holds less what it owes: never negative, never more than dust."""
    held = desk.venue.token.call("balanceOf", desk.venue.vault.address)
    owed = desk.venue.queue.call("owed") + fees(desk)
    return int(held - owed - wealth(desk, *range(5)))


def liquidated(desk: Desk, path: str, lots: int, off: int = 0) -> None:
    """Liquidate account 1 in one of the ways, as far as that goes: something of it moves."""
    if path == "fund" and desk.equity(1) < 0:
        lots = SIZE
    if path == "batch":
        # Where the price is best, this part of what a takeover needs is needed.
        plan = strategy.take_over(desk.model, 1, 3, desk.now)
        assert plan is not None
        lots = min(lots, plan.lots[0] * 7 // 10)
    before = desk.size(1)
    liquidate_by(desk, path, lots, off)
    assert 0 < before - desk.size(1) <= lots


def liquidate_by(desk: Desk, path: str, lots: int, off: int = 0) -> None:
    """Try to liquidate account 1, who is long, in one of the ways."""
    if path == "batch":
        mark = desk.model.market(1).mark
        maker = desk.rest(3, buy=True, size=lots, price=mark + off, slot=9, epoch=900)
        order = forced(1, buy=False, price=mark + off, size=lots, number=1)
        assert liquidate(desk, Fill(maker, order, lots)) is DONE
    elif path == "deleverage":
        deleverage(desk, 1, 1, [(2, lots)])
    else:
        take_over(desk, 1, FUND if path == "fund" else 3, {1: lots})


# --- LIQ ------------------------------------------------------------------------------------------


@given(more=st.integers(-1, 1))
@undoing
def test_liq_1__equity_about_maintenance_with_funding_due__liquidated_only_below(
    desk: Desk, more: int
) -> None:
    open_long(desk)
    # The mark enters just before the hour ends: the long owes interest that nobody accrued.
    fall(desk, 40)
    began = desk.model.market(1).sample.period_start
    desk.pass_time(began + 3_600 - 10 - desk.now)
    desk.marks(MARK * 955 // 1_000, 300_000)
    desk.pass_time(20)
    assert desk.model.market(1).due(desk.now)
    gap = seen(desk, 1).maintenance_margin - seen(desk, 1).equity
    assert desk.deposit(1, gap + more) is DONE
    assert seen(desk, 1).equity == seen(desk, 1).maintenance_margin + more
    margin = seen(desk, 1).maintenance_margin
    sound = ("Liquidation_AccountSound", (1, margin + more, margin))
    assert take_over(desk, 1, 3, {1: 10}) == (DONE if more < 0 else sound)
    desk.compare()


@given(dust=st.integers(1, 3))
@undoing
def test_liq_2__dust_in_another_market__is_liquidated_all_the_same(desk: Desk, dust: int) -> None:
    open_long(desk, dust, market=2)
    open_long(desk)
    fall(desk, 50)
    with desk.undone():
        assert take_over(desk, 1, 3, {1: 100}) is DONE
        desk.compare()
    liquidate_by(desk, "batch", 100)
    assert desk.settled()[0].verdict is Verdict.LIQUIDATED


@given(dust=st.integers(1, 3), path=PATHS)
@undoing
def test_liq_2__dust_at_a_stale_mark__is_liquidated_all_the_same(
    desk: Desk, dust: int, path: str
) -> None:
    open_long(desk, dust, market=2)
    open_long(desk)
    fall(desk, 80 if path == "deleverage" else 50)
    if path == "fund":
        endow(desk, 10 * DEPOSIT)
    let_stale(desk, 2)
    liquidate_by(desk, path, 100)
    assert desk.size(1) == SIZE - 100
    desk.compare()


@given(size=st.integers(1, 200), way=ways(), lots=st.integers(1, SIZE), off=OFF)
@undoing
def test_liq_5__group_with_a_position_at_a_stale_mark__gains_nothing_but_the_gap(
    desk: Desk, size: int, way: tuple[str, int], lots: int, off: int
) -> None:
    # As below, and the loser has what cannot be closed.
    path, per_mille = way
    open_long(desk, size, market=2, other=4)
    open_long(desk)
    assert desk.deposit(3, 10 * DEPOSIT) is DONE
    fall(desk, per_mille)
    endow(desk, 10 * DEPOSIT)
    let_stale(desk, 2)
    group, before = wealth(desk, 1, 2, 3), desk.equity(1)
    liquidated(desk, path, lots, off)
    assert wealth(desk, 1, 2, 3) - group <= covered(desk) <= max(0, -before)
    assert desk.equity(1) <= max(before, before + covered(desk))
    desk.compare()


@undoing
def test_liq_2__position_in_as_many_markets_as_there_may_be__fits_a_block(wide: Desk) -> None:
    # Market 2 began at 300,000.
    marks = [MARK, 300_000, *[MARK] * 14]
    fills = [wide.cross(1, 2, 150, at, market) for market, at in enumerate(marks, 1)]
    assert wide.verdicts(*fills) == [OK] * 16
    spend(wide, 1)
    wide.pass_time(60)
    wide.marks(*[mark * 97 // 100 for mark in marks])
    endow(wide, 10 * DEPOSIT)
    markets = list(range(1, 17))
    call = (1, FUND, markets, [50] * 16, markets)
    liquidations = wide.venue.liquidations
    gas = liquidations.measure("takeOver", *call, sender=OWNER.address)
    assert gas < 5_000_000
    assert take_over(wide, 1, FUND, dict.fromkeys(markets, 50)) is DONE
    wide.compare()


@given(part=st.integers(1, 100))
@undoing
def test_liq_2__queued_withdrawal__neither_stops_liquidation_nor_is_stopped_by_it(
    desk: Desk, part: int
) -> None:
    open_long(desk)
    amount = seen(desk, 1).withdrawable * part // 100
    assert desk.withdraw(1, amount) is DONE
    fall(desk, 50)
    owed = desk.venue.queue.call("owed")
    assert take_over(desk, 1, 3, {1: 100}) is DONE
    assert desk.venue.queue.call("owed") == owed == amount
    desk.chain.time += 300
    paid = desk.transact(desk.venue.vault, "release", 10, sender=OWNER.address)
    assert paid == amount


@given(lots=st.integers(1, 500))
@undoing
def test_liq_2__nothing_left_to_pay_with__is_liquidated_all_the_same(desk: Desk, lots: int) -> None:
    bankrupt(desk)
    assert desk.deposit(1, -desk.equity(1)) is DONE
    others = desk.equity(3)
    assert take_over(desk, 1, 3, {1: lots}) is DONE
    # Nobody is paid for it, because there is nothing.
    assert (desk.equity(1), desk.equity(3)) == (0, others)
    desk.compare()


@given(part=st.integers(0, 200))
@undoing
def test_liq_2__deposit_in_front_of_the_takeover__saves_only_who_is_sound_then(
    desk: Desk, part: int
) -> None:
    open_long(desk)
    fall(desk, 50)
    gap = seen(desk, 1).maintenance_margin - seen(desk, 1).equity
    if part:
        assert desk.deposit(1, gap * part // 100) is DONE
    outcome = take_over(desk, 1, 3, {1: 10})
    assert (outcome is DONE) == (gap * part // 100 < gap)
    desk.compare()


@given(
    per_mille=st.integers(43, 65),
    pokes=st.lists(st.integers(1, 2 * 10**9), min_size=1, max_size=4),
    by=st.sampled_from((3, FUND)),
)
@example(per_mille=50, pokes=[248_359_375], by=3)
@example(per_mille=50, pokes=[1_484_375] * 4, by=3)
@undoing
def test_liq_2__poke_in_front_of_the_takeover__helps_by_what_it_adds_and_no_more(
    desk: Desk, per_mille: int, pokes: list[int], by: int
) -> None:
    # The keeper names the most lots that are needed; each time the owner pays in a little first,
    # so that fewer would do. Once that undid the takeover, as often as he liked.
    open_long(desk)
    assert desk.deposit(3, 10 * DEPOSIT) is DONE
    endow(desk, 10 * DEPOSIT)
    fall(desk, per_mille)
    for poke in pokes:
        plan = strategy.take_over(desk.model, 1, by, desk.now)
        if plan is None:
            break
        assert desk.deposit(1, poke) is DONE
        before, lots = seen(desk, 1), dict(zip(plan.markets, plan.lots, strict=True))
        outcome = take_over(desk, 1, by, lots, by_markets=plan.by_markets)
        if before.equity >= before.maintenance_margin:
            named = (1, before.equity, before.maintenance_margin)
            assert outcome == ("Liquidation_AccountSound", named)
        else:
            assert outcome is DONE
            # All that is needed has gone: initial margin is there again, or no position is left.
            assert seen(desk, 1).free_collateral >= 0
            assert 0 < desk.size(by) <= plan.lots[0]
        desk.compare()
    left = seen(desk, 1)
    assert desk.size(by) or left.equity >= left.maintenance_margin


@given(size=st.integers(1, SIZE))
@undoing
def test_liq_4__what_waits_in_the_queue__is_owed_and_not_margin(desk: Desk, size: int) -> None:
    open_long(desk, size)
    before = seen(desk, 1)
    amount = before.withdrawable
    assert desk.withdraw(1, amount) is DONE
    after = seen(desk, 1)
    assert after.equity == before.equity - amount
    assert after.equity >= after.initial_margin
    assert tokens(desk) >= 0


@given(way=WAYS, lots=st.integers(1, SIZE), off=OFF)
@undoing
def test_liq_5__group_liquidates_itself_in_any_way__gains_nothing_but_the_gap(
    desk: Desk, way: tuple[str, int], lots: int, off: int
) -> None:
    # Accounts 1, 2 and 3 are of one person: the loser, its other side, and the liquidator.
    path, per_mille = way
    open_long(desk)
    assert desk.deposit(3, 10 * DEPOSIT) is DONE
    fall(desk, per_mille)
    # While the fund can carry an account nobody is deleveraged.
    endow(desk, 10**8 if path == "deleverage" else 10 * DEPOSIT)
    group, pot = wealth(desk, 1, 2, 3), desk.equity(FUND) + fees(desk)
    gap = max(0, -desk.equity(1))
    liquidated(desk, path, lots, off)
    profit = wealth(desk, 1, 2, 3) - group
    assert profit <= min(gap, covered(desk))
    assert desk.equity(FUND) + fees(desk) >= pot - gap
    desk.compare()


@given(way=WAYS, lots=st.integers(1, SIZE), off=OFF)
@undoing
def test_liquidation__in_any_way__leaves_no_more_than_closing_at_the_mark(
    desk: Desk, way: tuple[str, int], lots: int, off: int
) -> None:
    path, per_mille = way
    open_long(desk)
    assert desk.deposit(3, 10 * DEPOSIT) is DONE
    fall(desk, per_mille)
    if path != "deleverage":
        endow(desk, 10 * DEPOSIT)
    before = desk.equity(1)
    liquidated(desk, path, lots, off)
    # Equity at the mark is what closing at the mark leaves; a bankrupt one ends at nothing, and
    # each rounding of a shortfall leaves a unit at most.
    assert desk.equity(1) <= max(before, 1 if path == "deleverage" else 0)


@given(cap=st.integers(0, 10**8))
@undoing
def test_liq_8__market_beyond_its_loss_cap__is_deleveraged_and_the_other_is_insured(
    desk: Desk, cap: int
) -> None:
    bankrupt(desk)
    open_long(desk, 150, account=3, other=4, market=2)
    spend(desk, 3)
    endow(desk, 10 * DEPOSIT)
    move(desk, desk.model.market(1).mark, 300_000 * 93 // 100)
    assert desk.equity(3) < 0
    assert set_loss_cap(desk, 1, cap) is DONE
    lack, left = -desk.equity(1), desk.venue.fund.call("lossLeft", 2)
    assert take_over(desk, 1, FUND, {1: SIZE}) == ("Fund_LossCapReached", (1, lack, cap))
    assert deleverage(desk, 1, 1, [(2, SIZE)]) is DONE
    assert covered(desk) == min(cap, lack)
    assert desk.venue.fund.call("lossLeft", 2) == left
    assert take_over(desk, 3, FUND, {2: 150}) is DONE
    desk.compare()


@given(early=st.integers(0, 899))
@undoing
def test_liq_10__outage_and_a_fall_in_it__nobody_is_liquidated_during_the_grace(
    desk: Desk, early: int
) -> None:
    open_long(desk)
    desk.chain.time += 90_000
    # The first block after it: nobody has beaten yet.
    assert take_over(desk, 1, 3, {1: 10}) == ("Liquidation_GracePeriod", ())
    fall(desk, 80)
    desk.pass_time(early or 1)
    desk.marks(desk.model.market(1).mark, 300_000)
    if early < 899:
        assert take_over(desk, 1, 3, {1: 10}) == ("Liquidation_GracePeriod", ())
        assert deleverage(desk, 1, 1, [(2, 10)]) == ("Liquidation_GracePeriod", ())
        liquidate_by(desk, "batch", 10)
        assert desk.settled()[0].verdict is Verdict.GRACE_PERIOD
    # Margin can be topped up meanwhile, and exposure lowered.
    assert desk.deposit(1, 2 * DEPOSIT) is DONE
    price = desk.model.market(1).mark
    assert desk.verdicts(desk.cross(2, 1, 10, price=price)) == [OK]
    desk.pass_time(1_000)
    desk.marks(price, 300_000)
    now = seen(desk, 1)
    sound = ("Liquidation_AccountSound", (1, now.equity, now.maintenance_margin))
    assert take_over(desk, 1, 3, {1: 10}) == sound


# --- SOL ------------------------------------------------------------------------------------------


@given(way=WAYS, lots=st.integers(1, SIZE), money=st.integers(1, 10**9))
@undoing
def test_sol_1_and_2__after_any_liquidation__sizes_cancel_and_tokens_cover(
    desk: Desk, way: tuple[str, int], lots: int, money: int
) -> None:
    path, per_mille = way
    open_long(desk)
    open_long(desk, 100, account=3, other=4)
    assert desk.deposit(3, 10 * DEPOSIT) is DONE
    desk.pass_time(3_600)
    fall(desk, per_mille)
    endow(desk, money + (10 * DEPOSIT if path == "fund" else 0))
    liquidated(desk, path, lots)
    assert sum(desk.size(account) for account in range(5)) == 0
    assert 0 <= tokens(desk) <= 8


@given(per_mille=st.integers(43, 60))
@undoing
def test_sol_7__one_lot_left__is_closed_like_any_other(desk: Desk, per_mille: int) -> None:
    open_long(desk, 1)
    spend(desk, 1)
    fall(desk, per_mille)
    if seen(desk, 1).equity < 0:
        endow(desk, DEPOSIT)
    assert take_over(desk, 1, 3, {1: 1}) is DONE
    assert desk.size(1) == 0
    assert desk.verdicts(desk.cross(2, 3, 1, price=desk.model.market(1).mark)) == [OK]
    assert desk.model.market(1).open_interest == 0


@given(lots=st.integers(1, 1_000))
@undoing
def test_sol_8__penalty__is_in_the_sum_once_before_and_after_it_is_collected(
    desk: Desk, lots: int
) -> None:
    open_long(desk)
    fall(desk, 43)
    assert take_over(desk, 1, 3, {1: lots}) is DONE
    pot, left = fees(desk), tokens(desk)
    assert pot > 0
    assert desk.collect_fees(1) is DONE
    assert (fees(desk), desk.collateral(FUND), tokens(desk)) == (0, pot, left)


@given(amount=st.integers(1, 10**6))
@undoing
def test_vault__a_donation_to_it__changes_no_account_and_no_fund(desk: Desk, amount: int) -> None:
    open_long(desk)
    before = [desk.equity(account) for account in range(5)], desk.venue.fund.call("spare")
    vault = desk.venue.vault.address
    desk.venue.token.transact("mint", vault, amount, sender=OWNER.address)
    assert ([desk.equity(account) for account in range(5)], desk.venue.fund.call("spare")) == before
    fall(desk, 50)
    assert take_over(desk, 1, 3, {1: 10}) is DONE
    desk.compare()


@given(hours=st.integers(1, 4), lots=st.integers(100, 1_000), more=st.integers(-1, 1))
@undoing
def test_fund__with_funding_that_it_owes__pays_only_what_is_left_of_it(
    desk: Desk, hours: int, lots: int, more: int
) -> None:
    endow(desk, 3 * 10**9)
    open_long(desk, 600, account=3, other=4, market=2)
    spend(desk, 3)
    open_long(desk)
    fall(desk, 43)
    assert take_over(desk, 1, FUND, {1: lots}) is DONE
    # What it owes comes out of a profit first, so it has a loss there.
    fall(desk, 60)
    before, price = desk.venue.fund.call("spare"), desk.model.market(1).mark
    for _ in range(hours):
        desk.pass_time(3_600)
        desk.marks(price, 300_000)
    desk.pass_time(3_600 - 30)
    # Account 3 goes bankrupt, and lacks what the fund has, or a unit more or less.
    desk.marks(price, 200_000)
    desk.pass_time(40)
    # Interest is charged to the long, and counts before anybody accrues it.
    owed = desk.venue.lens.call("positionOf", FUND, 1)[2]
    spare = desk.venue.fund.call("spare")
    assert owed < 0
    assert spare == before + owed
    assert desk.deposit(3, -desk.equity(3) - spare - more) is DONE
    refused = ("Withdrawal_ExceedsWithdrawable", (FUND, spare + more, spare))
    assert take_over(desk, 3, 4, {2: 600}) == (refused if more > 0 else DONE)
    assert covered(desk) == (0 if more > 0 else spare + more)
    assert desk.venue.fund.call("spare") == spare - covered(desk)
    desk.compare_views()


@undoing
def test_fund__its_own_mark_is_stale__covers_at_the_last_one(desk: Desk) -> None:
    # A dead market does not keep the fund from paying for the others.
    endow(desk, 10 * DEPOSIT)
    open_long(desk, 100, account=3, other=4, market=2)
    spend(desk, 3)
    move(desk, MARK, 300_000 * 955 // 1_000)
    assert take_over(desk, 3, FUND, {2: 50}) is DONE
    open_long(desk)
    desk.pass_time(61)
    assert desk.refresh(1, MARK * 92 // 100) is DONE
    before = desk.venue.fund.call("spare")
    assert take_over(desk, 1, 2, {1: SIZE}, by_markets=[1]) is DONE
    assert desk.venue.fund.call("spare") < before
    # What it gives away to nobody in need waits, as with any account.
    stale = ("Withdrawal_PriceStale", (FUND, 2, desk.model.market(2).fresh_until))
    assert withdraw_from_fund(desk, 1) == stale

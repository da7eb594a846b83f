"""takeOver(account, by, markets, lots, byMarkets)

the chain was just down .................. Liquidation_GracePeriod
from itself, or from the fund ............ Liquidation_PairRefused
caller neither owner nor key of `by` ..... Liquidation_CallerNotTaker; for the fund anyone may
lists of two lengths ..................... Liquidation_LengthsDiffer
open markets not named each once ......... Liquidation_PositionsIncomplete
a mark at which lots would move is stale . Liquidation_PriceStale
equity at or above maintenance margin .... Liquidation_AccountSound
more lots than the position has .......... Liquidation_LotsTooMany
bankrupt, and would keep a position ...... Liquidation_BankruptKeepsPosition
the fund may not, or cannot, pay ......... Fund_LossCapReached, Withdrawal_ExceedsWithdrawable
taker has a position at a stale mark ..... Liquidation_PriceStale
taker below its initial margin ........... Liquidation_TakerBelowMargin
taker beyond the last tier ............... Liquidation_TakerTooLarge
taker in too many markets ................ Liquidation_TakerTooManyMarkets
otherwise ................................ moved at the mark less the discount, the penalty to the
                                           fees, the shortfall out of the fund, one event; where
                                           fewer lots suffice, fewer move
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.limits import Limits
from penstock.liquidation import is_needed
from penstock.units import div_up
from tests.helpers.liquidator import set_loss_cap, take_over
from tests.helpers.revm import reverts
from tests.helpers.trouble import (
    FUND,
    SIZE,
    WRONG_MARKETS,
    after_outage,
    allow_markets,
    bankrupt,
    deposit_to_maintenance,
    endow,
    fall,
    fees,
    let_stale,
    open_long,
    seen,
    set_tier,
    spend,
    stale_margin,
    wealth,
)
from tests.helpers.twin import DONE, OWNER, address_text, undoing
from tests.helpers.venue import STRANGER
from tests.onchain.settlement.desk import DEPOSIT, UNIT, Desk

FALLS = st.integers(0, 110)
BELOW = 50
"""Per mille by which market 1 falls until account 1 is below maintenance, and not bankrupt."""


def trouble(desk: Desk, per_mille: int = BELOW) -> None:
    open_long(desk)
    fall(desk, per_mille)


@given(passed=st.integers(1, 1_200), by=st.sampled_from((FUND, 3)))
@undoing
def test_take_over__after_an_outage__only_once_the_grace_is_over(
    desk: Desk, passed: int, by: int
) -> None:
    endow(desk, DEPOSIT)
    late = after_outage(desk, BELOW, passed)
    expected = DONE if late else ("Liquidation_GracePeriod", ())
    assert take_over(desk, 1, by, {1: 100}) == expected
    desk.compare()


@given(account=st.integers(0, 3))
@undoing
def test_take_over__from_itself_or_from_the_fund__reverts(desk: Desk, account: int) -> None:
    refused = ("Liquidation_PairRefused", (account, account))
    assert take_over(desk, account, account, {}, markets=[], by_markets=[]) == refused
    assert take_over(desk, FUND, 1, {}) == ("Liquidation_PairRefused", (FUND, 1))


@undoing
def test_take_over__caller_is_a_stranger_to_the_taker__reverts(desk: Desk) -> None:
    trouble(desk)
    call = (1, 3, [1], [10], [1])
    with reverts("Liquidation_CallerNotTaker", 3, STRANGER.address):
        desk.venue.liquidations.transact("takeOver", *call, sender=STRANGER.address)
    with reverts("Liquidation_CallerNotTaker", 99, OWNER.address):
        desk.venue.liquidations.transact("takeOver", 1, 99, [1], [10], [1], sender=OWNER.address)
    key = address_text(desk.keys[3].address)
    with desk.chain.undone():
        desk.venue.liquidations.transact("takeOver", *call, sender=key)


@undoing
def test_take_over__by_the_fund__anyone_may_call(desk: Desk) -> None:
    trouble(desk)
    endow(desk, DEPOSIT)
    assert take_over(desk, 1, FUND, {1: 100}, sender=STRANGER) is DONE
    assert desk.size(FUND) == 100


@given(more=st.integers(1, 3))
@undoing
def test_take_over__lists_of_two_lengths__reverts(desk: Desk, more: int) -> None:
    with reverts("Liquidation_LengthsDiffer", 1, 1 + more):
        call = (1, 3, [1], [1] * (1 + more), [1])
        desk.venue.liquidations.transact("takeOver", *call, sender=OWNER.address)


@pytest.mark.parametrize(("markets", "named"), WRONG_MARKETS)
@undoing
def test_take_over__markets_not_the_open_ones__reverts(
    desk: Desk, markets: list[int], named: int
) -> None:
    trouble(desk)
    refused = ("Liquidation_PositionsIncomplete", (1, named, 1))
    assert take_over(desk, 1, 3, {1: 10}, markets=markets) == refused


@undoing
def test_take_over__takers_markets_not_the_open_ones__reverts(desk: Desk) -> None:
    trouble(desk)
    for named in ([], [2], [0, 2], [2, 1]):
        refused = ("Liquidation_PositionsIncomplete", (3, 0, 1))
        assert take_over(desk, 1, 3, {1: 10}, by_markets=named) == refused
    refused = ("Liquidation_PositionsIncomplete", (3, 1, 1))
    assert take_over(desk, 1, 3, {1: 10}, by_markets=[1, 1]) == refused


@pytest.mark.parametrize("named", [[1], [0, 1], [1, 2], [0, 1, 2, 99]])
@undoing
def test_take_over__takers_markets_and_others__passes_over_the_others(
    desk: Desk, named: list[int]
) -> None:
    trouble(desk)
    assert take_over(desk, 1, 3, {1: 10}, by_markets=named) is DONE
    desk.compare()


@given(age=st.integers(0, 3))
@undoing
def test_take_over__mark_about_its_age_limit__stale_only_beyond(desk: Desk, age: int) -> None:
    trouble(desk)
    desk.pass_time(58 + age)
    until = desk.model.market(1).fresh_until
    stale = ("Liquidation_PriceStale", (1, 1, until))
    assert take_over(desk, 1, 3, {1: 10}) == (stale if desk.now > until else DONE)


@given(size=st.integers(1, 400), more=st.integers(-1, 1))
@undoing
def test_take_over__position_at_a_stale_mark__needs_nothing_and_counts_with_its_margin(
    desk: Desk, size: int, more: int
) -> None:
    open_long(desk, size, market=2)
    trouble(desk)
    let_stale(desk, 2)
    needed = deposit_to_maintenance(desk, size, more)
    sound = ("Liquidation_AccountSound", (1, needed + more, needed))
    assert take_over(desk, 1, 3, {1: 10}) == (DONE if more < 0 else sound)
    desk.compare()


@given(size=st.integers(1, 200), more=st.integers(0, 500))
@undoing
def test_take_over__position_at_a_stale_mark__the_others_go_as_far_as_they_need(
    desk: Desk, size: int, more: int
) -> None:
    open_long(desk, size, market=2)
    trouble(desk, 45)
    let_stale(desk, 2)
    lot = desk.model.market(1).mark * UNIT
    lack = SIZE * lot // 20 - desk.equity(1) - stale_margin(size)

    def excess(lots: int) -> int:
        # What is taken costs 1.25 % and 0.625 % of notional and frees 5 %.
        cost = div_up(lots * lot * 12_500, 10**6) + div_up(lots * lot * 6_250, 10**6)
        return lots * lot // 20 - cost - lack

    enough = next(lots for lots in range(1, SIZE) if excess(lots) >= 0)
    assert take_over(desk, 1, 3, {1: min(SIZE, enough + more)}) is DONE
    assert desk.size(3) == enough
    desk.compare()


@given(lots=st.integers(1, 2_000))
@undoing
def test_take_over__debt_within_the_margin_at_a_stale_mark__closed_at_the_mark_and_nobody_pays(
    desk: Desk, lots: int
) -> None:
    open_long(desk, 600, market=2)
    trouble(desk, 68)
    let_stale(desk, 2)
    endow(desk, DEPOSIT)
    before = [desk.equity(account) for account in (1, 3, FUND)], fees(desk)
    assert -stale_margin(600) < desk.equity(1) < 0
    assert take_over(desk, 1, 3, {1: lots}) is DONE
    assert ([desk.equity(account) for account in (1, 3, FUND)], fees(desk)) == before
    desk.compare()


@given(size=st.integers(1, 100), lots=st.integers(1, 100))
@undoing
def test_take_over__lots_at_a_stale_mark__stay(desk: Desk, size: int, lots: int) -> None:
    open_long(desk, size, market=2)
    trouble(desk)
    let_stale(desk, 2)
    stale = ("Liquidation_PriceStale", (1, 2, desk.model.market(2).fresh_until))
    assert take_over(desk, 1, 3, {1: 10, 2: lots}) == stale


@undoing
def test_take_over__taker_has_a_position_at_a_stale_mark__reverts(desk: Desk) -> None:
    open_long(desk, 1, account=3, other=4, market=2)
    trouble(desk)
    let_stale(desk, 2)
    stale = ("Liquidation_PriceStale", (3, 2, desk.model.market(2).fresh_until))
    assert take_over(desk, 1, 3, {1: 10}) == stale


@undoing
def test_take_over__bankrupt_with_a_position_at_a_stale_mark__does_not_go_whole(
    desk: Desk,
) -> None:
    open_long(desk, 1, market=2)
    bankrupt(desk)
    endow(desk, 10 * DEPOSIT)
    let_stale(desk, 2)
    keeps = ("Liquidation_BankruptKeepsPosition", (1, 2, 1))
    assert take_over(desk, 1, FUND, {1: SIZE}) == keeps
    stale = ("Liquidation_PriceStale", (1, 2, desk.model.market(2).fresh_until))
    assert take_over(desk, 1, FUND, {1: SIZE, 2: 1}) == stale


@given(per_mille=FALLS, lots=st.integers(0, SIZE + 1), by=st.sampled_from((FUND, 2, 3)))
@undoing
def test_take_over__any_mark_and_lots__as_the_model_says(
    desk: Desk, per_mille: int, lots: int, by: int
) -> None:
    trouble(desk, per_mille)
    endow(desk, DEPOSIT)
    before = seen(desk, 1)
    outcome = take_over(desk, 1, by, {1: lots})
    sound = ("Liquidation_AccountSound", (1, before.equity, before.maintenance_margin))
    assert (outcome == sound) == (before.equity >= before.maintenance_margin)
    desk.compare()
    desk.compare_views()


@given(short=st.booleans(), lots=st.integers(1, 500))
@undoing
def test_take_over__part_of_it__at_the_mark_less_the_discount(
    desk: Desk, short: bool, lots: int
) -> None:
    open_long(desk, -SIZE if short else SIZE)
    fall(desk, -BELOW if short else BELOW)
    mark, equity, others, pot = (
        desk.model.market(1).mark,
        desk.equity(1),
        desk.equity(3),
        fees(desk),
    )
    assert take_over(desk, 1, 3, {1: lots}) is DONE
    notional = lots * mark * UNIT
    # 2.5 % maintenance: half of it is the discount, a quarter the penalty.
    discount, penalty = div_up(notional * 12_500, 10**6), div_up(notional * 6_250, 10**6)
    assert desk.equity(1) == equity - discount - penalty
    assert desk.equity(3) == others + discount
    assert fees(desk) == pot + penalty
    assert desk.size(3) == (-lots if short else lots)
    desk.compare()


@given(more=st.integers(0, SIZE))
@undoing
def test_take_over__as_far_as_needed__not_a_lot_further(desk: Desk, more: int) -> None:
    trouble(desk, 43)
    # What is taken costs 1.875 % of notional and frees 5 %.
    lot = desk.model.market(1).mark * UNIT
    enough = div_up(-seen(desk, 1).free_collateral, lot * 3_125 // 100_000)
    with desk.undone():
        assert take_over(desk, 1, 3, {1: enough - 1}) is DONE
        assert seen(desk, 1).free_collateral < 0
    assert take_over(desk, 1, 3, {1: min(SIZE, enough + more)}) is DONE
    assert desk.size(3) == enough
    assert 0 <= seen(desk, 1).free_collateral < lot * 3_125 // 100_000
    desk.compare()


@given(
    tier=st.sampled_from((40, 100, 375)),
    lots=st.integers(1, SIZE),
    per_mille=st.integers(27, 48),
)
@undoing
def test_take_over__position_of_many_tiers__not_a_lot_more_than_was_needed(
    desk: Desk, tier: int, lots: int, per_mille: int
) -> None:
    # Lots of the last tier free most: each that goes frees less than the one before.
    size = 8 * tier
    open_long(desk, size)
    spend(desk, 1)
    assert desk.set_limits(1, Limits(tier, 10_000)) is DONE
    fall(desk, per_mille)
    assert desk.deposit(3, 100 * DEPOSIT) is DONE
    before, asked = seen(desk, 1).free_collateral, min(lots, size)
    assert take_over(desk, 1, 3, {1: asked}) is DONE
    desk.compare()
    moved, after = desk.size(3), seen(desk, 1).free_collateral
    assert is_needed(moved, before, after)
    assert moved == asked or after >= 0


@given(poke=st.integers(0, 10**9), second=st.integers(1, 200))
@undoing
def test_take_over__second_market_no_longer_needed__stays_and_may_be_named(
    desk: Desk, poke: int, second: int
) -> None:
    open_long(desk, second, market=2)
    trouble(desk, 43)
    plan = {1: SIZE, 2: second}
    assert desk.deposit(3, 10 * DEPOSIT) is DONE
    assert desk.deposit(1, poke) is DONE if poke else True
    if seen(desk, 1).equity < seen(desk, 1).maintenance_margin:
        assert take_over(desk, 1, 3, plan, by_markets=[1, 2]) is DONE
        assert desk.size(3, 2) == 0 < desk.size(3, 1)
        desk.compare()


@given(lots=st.integers(SIZE + 1, 2**255))
@undoing
def test_take_over__more_lots_than_there_are__reverts(desk: Desk, lots: int) -> None:
    trouble(desk)
    assert take_over(desk, 1, 3, {1: lots}) == ("Liquidation_LotsTooMany", (1, 1, lots, SIZE))


@given(lots=st.integers(0, SIZE - 1))
@undoing
def test_take_over__bankrupt_in_part__reverts(desk: Desk, lots: int) -> None:
    bankrupt(desk)
    endow(desk, 10 * DEPOSIT)
    assert desk.deposit(3, 10 * DEPOSIT) is DONE
    refused = ("Liquidation_BankruptKeepsPosition", (1, 1, SIZE - lots))
    assert take_over(desk, 1, 3, {1: lots}) == refused


@given(per_mille=st.integers(70, 100))
@undoing
def test_take_over__bankrupt_and_whole__the_fund_pays_what_is_lacking(
    desk: Desk, per_mille: int
) -> None:
    bankrupt(desk, per_mille=per_mille)
    endow(desk, 10 * DEPOSIT)
    lack, taker, fund = -desk.equity(1), desk.equity(4), desk.equity(FUND)
    assert take_over(desk, 1, 4, {1: SIZE}) is DONE
    assert (desk.equity(1), desk.equity(4), desk.equity(FUND)) == (0, taker, fund - lack)
    assert desk.logs[-1][1].arguments[4] == lack
    desk.compare()
    # What is left of it is swept away to nothing.
    assert desk.sweep(1, 1) is DONE
    assert desk.collateral(1) == 0


@given(less=st.integers(1, 10**6))
@undoing
def test_take_over__loss_cap_one_unit_short__reverts(desk: Desk, less: int) -> None:
    bankrupt(desk)
    endow(desk, 10 * DEPOSIT)
    lack = -desk.equity(1)
    assert set_loss_cap(desk, 1, lack - less) is DONE
    assert take_over(desk, 1, 4, {1: SIZE}) == ("Fund_LossCapReached", (1, lack, lack - less))
    assert set_loss_cap(desk, 1, lack) is DONE
    assert take_over(desk, 1, 4, {1: SIZE}) is DONE
    desk.compare()


@given(less=st.integers(1, 10**6))
@undoing
def test_take_over__fund_one_unit_short__reverts(desk: Desk, less: int) -> None:
    bankrupt(desk)
    lack = -desk.equity(1)
    endow(desk, lack - less)
    refused = ("Withdrawal_ExceedsWithdrawable", (FUND, lack, lack - less))
    assert take_over(desk, 1, 4, {1: SIZE}) == refused
    endow(desk, less)
    assert take_over(desk, 1, 4, {1: SIZE}) is DONE
    assert desk.collateral(FUND) == 0


@given(less=st.integers(0, 5))
@undoing
def test_take_over__taker_about_its_initial_margin__exact(desk: Desk, less: int) -> None:
    trouble(desk)
    with desk.undone():
        assert take_over(desk, 1, 3, {1: 100}) is DONE
        spare = seen(desk, 3).free_collateral
    assert desk.withdraw(3, spare - 2 + less) is DONE
    outcome = take_over(desk, 1, 3, {1: 100})
    if less <= 2:
        assert outcome is DONE
        assert seen(desk, 3).free_collateral == 2 - less
    else:
        margin = seen(desk, 1).initial_margin * 100 // SIZE
        assert outcome == ("Liquidation_TakerBelowMargin", (3, margin + 2 - less, margin))


@given(tier=st.integers(1, 60), lots=st.integers(1, 500))
@undoing
def test_take_over__taker_about_the_last_tier__exact(desk: Desk, tier: int, lots: int) -> None:
    trouble(desk)
    assert desk.deposit(3, 100 * DEPOSIT) is DONE
    set_tier(desk, tier)
    outcome = take_over(desk, 1, 3, {1: lots})
    if lots > 8 * tier:
        assert outcome == ("Liquidation_TakerTooLarge", (3, 1, lots, 8 * tier))
    else:
        assert outcome is DONE
    desk.compare()


@undoing
def test_take_over__taker_in_one_market_too_many__reverts(desk: Desk) -> None:
    open_long(desk, 1, account=3, other=4, market=2)
    trouble(desk)
    allow_markets(desk, 1)
    assert take_over(desk, 1, 3, {1: 10}) == ("Liquidation_TakerTooManyMarkets", (3, 2, 1))


@given(size=st.integers(1, 200), lots=st.tuples(st.integers(0, 300), st.integers(0, 300)))
@undoing
def test_take_over__positions_in_two_markets__takes_both_parts_or_nothing(
    desk: Desk, size: int, lots: tuple[int, int]
) -> None:
    open_long(desk, size, market=2)
    trouble(desk)
    endow(desk, DEPOSIT)
    outcome = take_over(desk, 1, 3, {1: lots[0], 2: min(lots[1], size)})
    desk.compare()
    taken = (lots[0], min(lots[1], size)) if outcome is DONE else (0, 0)
    assert (desk.size(3, 1), desk.size(3, 2)) == taken


@given(lots=st.integers(1, 400), own=st.integers(-600, 600).filter(bool))
@undoing
def test_take_over__taker_had_the_opposite__nets_and_open_interest_falls(
    desk: Desk, lots: int, own: int
) -> None:
    open_long(desk, own, account=3, other=4)
    trouble(desk)
    before = desk.model.market(1).open_interest
    assert take_over(desk, 1, 3, {1: lots}) is DONE
    assert desk.size(3) == own + lots
    assert desk.model.market(1).open_interest == before - min(lots, max(0, -own))
    desk.compare()


@given(per_mille=FALLS, lots=st.integers(1, SIZE))
@undoing
def test_take_over__whatever_happens__nothing_is_made_or_lost(
    desk: Desk, per_mille: int, lots: int
) -> None:
    trouble(desk, per_mille)
    endow(desk, DEPOSIT)
    before = wealth(desk, *range(5)) + fees(desk)
    take_over(desk, 1, 3, {1: lots})
    assert wealth(desk, *range(5)) + fees(desk) == before


@undoing
def test_take_over__account_withdrew_what_it_could_before__is_taken_over_all_the_same(
    desk: Desk,
) -> None:
    open_long(desk)
    spend(desk, 1)
    fall(desk, 30)
    assert take_over(desk, 1, 3, {1: 100}) is DONE
    desk.compare()

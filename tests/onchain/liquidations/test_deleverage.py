"""deleverage(account, market, markets, counterparties, lots): the account and its position

Counterparties: test_deleverage_counterparties.py; the fund: test_deleverage_fund.py

the chain was just down .................. Liquidation_GracePeriod
lists of two lengths ..................... Liquidation_LengthsDiffer
open markets not named each once ......... Liquidation_PositionsIncomplete
more lots than the position has .......... Liquidation_LotsTooMany
the market's mark is stale ............... Liquidation_PriceStale
equity not below zero .................... Deleverage_NotBankrupt
otherwise ................................ closed at the bankruptcy price, by lots
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.units import div_up
from tests.helpers.liquidator import deleverage, take_over
from tests.helpers.revm import reverts
from tests.helpers.trouble import (
    FUND,
    SIZE,
    WRONG_MARKETS,
    after_outage,
    bankrupt,
    endow,
    fall,
    fees,
    let_stale,
    move,
    open_long,
    stale_margin,
    wealth,
)
from tests.helpers.twin import DONE, OWNER, undoing
from tests.onchain.settlement.desk import DEPOSIT, UNIT, Desk


@given(passed=st.integers(1, 1_200))
@undoing
def test_deleverage__after_an_outage__only_once_the_grace_is_over(desk: Desk, passed: int) -> None:
    late = after_outage(desk, 80, passed)
    expected = DONE if late else ("Liquidation_GracePeriod", ())
    assert deleverage(desk, 1, 1, [(2, SIZE)]) == expected
    desk.compare()


@undoing
def test_deleverage__lists_of_two_lengths__reverts(desk: Desk) -> None:
    with reverts("Liquidation_LengthsDiffer", 2, 1):
        call = (1, 1, [1], [2, 3], [1])
        desk.venue.liquidations.transact("deleverage", *call, sender=OWNER.address)


@pytest.mark.parametrize(("markets", "named"), WRONG_MARKETS)
@undoing
def test_deleverage__markets_not_the_open_ones__reverts(
    desk: Desk, markets: list[int], named: int
) -> None:
    bankrupt(desk)
    refused = ("Liquidation_PositionsIncomplete", (1, named, 1))
    assert deleverage(desk, 1, 1, [(2, 1)], markets=markets) == refused


@undoing
def test_deleverage__mark_is_stale__reverts(desk: Desk) -> None:
    bankrupt(desk)
    desk.pass_time(61)
    until = desk.model.market(1).fresh_until
    assert deleverage(desk, 1, 1, [(2, 1)]) == ("Liquidation_PriceStale", (1, 1, until))


@given(lots=st.lists(st.integers(1, SIZE), max_size=3), size=st.integers(1, 50))
@undoing
def test_deleverage__position_elsewhere_at_a_stale_mark__piece_by_piece_and_the_fund_pays(
    desk: Desk, lots: list[int], size: int
) -> None:
    # The account cannot go whole, so a fund that could carry it does not stand in the way.
    open_long(desk, size, market=2)
    bankrupt(desk)
    endow(desk, 10 * DEPOSIT)
    let_stale(desk, 2)
    left, part = SIZE, size * 300_000 * UNIT
    lot = desk.model.market(1).mark * UNIT
    for wanted in [*lots, SIZE]:
        piece = min(wanted, left)
        if not piece:
            break
        lack = -desk.equity(1) - stale_margin(size)
        share = div_up(lack * piece * lot, left * lot + part)
        assert deleverage(desk, 1, 1, [(2, piece)]) is DONE
        assert desk.logs[-1][1].arguments[2:] == (piece, share, 0)
        left -= piece
    desk.compare()
    # The mark comes back, and the rest can go.
    move(desk, desk.model.market(1).mark)
    assert take_over(desk, 1, FUND, {2: size}) is DONE
    assert desk.equity(1) == 0
    desk.compare()


@given(size=st.integers(1, 600), more=st.integers(-1, 1))
@undoing
def test_deleverage__position_elsewhere_at_a_stale_mark__bankrupt_only_beyond_its_margin(
    desk: Desk, size: int, more: int
) -> None:
    open_long(desk, size, market=2)
    open_long(desk)
    fall(desk, 100)
    let_stale(desk, 2)
    gap = -desk.equity(1) - stale_margin(size)
    assert desk.deposit(1, gap + more) is DONE
    refused = ("Deleverage_NotBankrupt", (1, 1, more))
    assert deleverage(desk, 1, 1, [(2, 1)]) == (DONE if more < 0 else refused)
    desk.compare()


@given(more=st.integers(1, 100))
@undoing
def test_deleverage__more_lots_than_there_are__reverts(desk: Desk, more: int) -> None:
    bankrupt(desk)
    refused = ("Liquidation_LotsTooMany", (1, 1, SIZE + more, SIZE))
    assert deleverage(desk, 1, 1, [(2, SIZE), (3, more)]) == refused


@given(equity=st.integers(-2, 2))
@undoing
def test_deleverage__equity_about_zero__only_below(desk: Desk, equity: int) -> None:
    bankrupt(desk)
    assert desk.deposit(1, equity - desk.equity(1)) is DONE
    refused = ("Deleverage_NotBankrupt", (1, 1, equity))
    assert deleverage(desk, 1, 1, [(2, 1)]) == (DONE if equity < 0 else refused)
    desk.compare()


@given(per_mille=st.integers(70, 110), lots=st.integers(1, SIZE))
@undoing
def test_deleverage__fund_is_empty__counterparty_gives_up_the_share_of_its_lots(
    desk: Desk, per_mille: int, lots: int
) -> None:
    bankrupt(desk, per_mille=per_mille)
    lack, other = -desk.equity(1), desk.equity(2)
    share = -(-lack * lots // SIZE)
    assert deleverage(desk, 1, 1, [(2, lots)]) is DONE
    assert desk.equity(1) == share - lack
    assert desk.equity(2) == other - share
    assert (desk.size(1), desk.size(2)) == (SIZE - lots, lots - SIZE)
    assert desk.logs[-1][1].arguments[2:] == (lots, 0, share)
    desk.compare()


@given(parts=st.lists(st.integers(1, SIZE), min_size=1, max_size=6), short=st.booleans())
@undoing
def test_deleverage__piece_by_piece__ends_with_nothing_but_what_rounding_left(
    desk: Desk, parts: list[int], short: bool
) -> None:
    open_long(desk, -SIZE if short else SIZE)
    fall(desk, -80 if short else 80)
    left = SIZE
    for part in [*parts, SIZE]:
        lots = min(part, left)
        if lots:
            assert deleverage(desk, 1, 1, [(2, lots)]) is DONE
            left -= lots
    assert 0 <= desk.equity(1) <= len(parts) + 1
    assert desk.model.market(1).open_interest == 0
    desk.compare()


@given(
    size=st.integers(1, 200),
    per_mille=st.integers(60, 110),
    lots=st.tuples(st.integers(0, SIZE), st.integers(0, SIZE)),
    money=st.sampled_from((0, 1, 10**8, 10**9, 10**11)),
)
@undoing
def test_deleverage__two_markets_two_counterparties__as_the_model_says(
    desk: Desk, size: int, per_mille: int, lots: tuple[int, int], money: int
) -> None:
    open_long(desk, size, market=2)
    open_long(desk, SIZE // 2)
    open_long(desk, SIZE // 2, other=3)
    fall(desk, per_mille)
    if money:
        endow(desk, money)
    before = wealth(desk, *range(5)) + fees(desk)
    deleverage(desk, 1, 1, [(2, lots[0]), (3, lots[1])])
    assert wealth(desk, *range(5)) + fees(desk) == before
    desk.compare()
    desk.compare_views()

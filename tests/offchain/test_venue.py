"""Accounts and views of the reference model.

rounding      fee, margin, band, each against the account
accounts      withdrawals without paper profit, sweeping, floors, liquidation price
"""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.accounts import CANCELLED, Position
from penstock.errors import RangeError
from penstock.margin import band, lot_margin_up
from penstock.refusals import Refusal, Refused
from penstock.units import INT56_MAX, UINT32_MAX, fee_up
from penstock.views import (
    NonceStatus,
    account_of,
    liquidation_price,
    order_status,
    position_of,
    words,
)
from tests.helpers.model import (
    DEPOSIT,
    LOT,
    MARK,
    START,
    UNIT,
    cross,
    model_venue,
    settle,
)

prices = st.integers(1, UINT32_MAX)


# --- rounding -------------------------------------------------------------------------------------


@given(st.integers(0, 2**96), st.integers(0, 10_000))
def test_fee__any_notional__is_rounded_up(notional: int, rate: int) -> None:
    assert 0 <= fee_up(notional, rate) - Fraction(notional * rate, 10**6) < 1


@given(prices, prices, st.integers(1, 10_000))
def test_lot_margin__any_mark__is_rounded_up(mark: int, unit: int, bps: int) -> None:
    assert 0 <= lot_margin_up(mark, unit, bps) - Fraction(mark * unit * bps, 10_000) < 1


@given(prices, st.integers(1, 9_999))
def test_band__any_mark__is_rounded_inwards(mark: int, bps: int) -> None:
    low, high = band(mark, bps)
    width = Fraction(mark * bps, 10_000)
    assert 0 <= low - (mark - width) < 1
    assert 0 <= mark + width - high < 1


# --- accounts -------------------------------------------------------------------------------------


def refusal(error: pytest.ExceptionInfo[Refused]) -> tuple[Refusal, tuple[int, ...]]:
    return error.value.refusal, error.value.values


def test_withdrawal__profit_of_an_open_position__is_margin_and_not_money() -> None:
    venue = model_venue()
    settle(venue, cross(size=100))
    venue.refresh(1, 2 * MARK, START + 1, START + 1)
    seen = account_of(venue, 1, START + 1)
    assert seen.withdrawable == DEPOSIT - 100 * 2 * LOT * 5 // 100 < seen.free_collateral
    with pytest.raises(Refused) as raised:
        venue.request_withdrawal(1, seen.withdrawable + 1, START + 1)
    asked = (1, seen.withdrawable + 1, seen.withdrawable)
    assert refusal(raised) == (Refusal.EXCEEDS, asked)
    venue.request_withdrawal(1, seen.withdrawable, START + 1)
    assert account_of(venue, 1, START + 1).withdrawable == 0
    assert venue.tickets == [(1, seen.withdrawable)]


def test_withdrawal__an_open_loss__is_debited() -> None:
    venue = model_venue()
    settle(venue, cross(size=100))
    venue.refresh(1, 4_990, START + 1, START + 1)
    value = position_of(venue, 1, 1, START + 1).value
    expected = DEPOSIT + value - 100 * lot_margin_up(4_990, UNIT, 500)
    assert value < 0
    assert account_of(venue, 1, START + 1).withdrawable == expected


def test_withdrawal__closed_profit__is_swept_and_paid() -> None:
    venue = model_venue()
    settle(venue, cross(size=100))
    venue.refresh(1, 5_100, START + 1, START + 1)
    settle(venue, cross(2, 1, 100, 5_100, nonce=2), now=START + 1)
    quote = venue.accounts[1].positions[1].quote
    venue.request_withdrawal(1, DEPOSIT + quote, START + 9_999)
    assert quote > 0
    assert (venue.accounts[1].collateral, venue.accounts[1].open_markets) == (0, [])
    assert words(venue)["position", 1, 1] == venue.accounts[1].positions[1].snapshot


def test_withdrawal__stale_mark__is_refused_to_accounts_with_a_size_only() -> None:
    venue = model_venue()
    settle(venue, cross())
    venue.request_withdrawal(3, DEPOSIT, START + 61)
    with pytest.raises(Refused) as raised:
        venue.request_withdrawal(1, 1, START + 61)
    assert refusal(raised) == (Refusal.STALE, (1, 1, START + 60))


@pytest.mark.parametrize(
    ("markets", "named"), [([], 0), ([1], 1), ([2, 1], 1), ([1, 1], 1), ([1, 3], 1)]
)
def test_withdrawal__markets_not_named_once_and_ascending__is_refused(
    markets: list[int], named: int
) -> None:
    venue = model_venue(marks=(MARK,) * 3)
    settle(venue, cross(), cross(market=2, nonce=2))
    with pytest.raises(Refused) as raised:
        venue.request_withdrawal(1, 1, START, markets)
    assert refusal(raised) == (Refusal.INCOMPLETE, (1, named, 2))


@pytest.mark.parametrize("amount", [0, -1, INT56_MAX + 1])
def test_amounts__zero_or_beyond_an_account__are_refused(amount: int) -> None:
    venue = model_venue()
    with pytest.raises(Refused) as raised:
        venue.deposit(1, amount)
    assert refusal(raised) == (Refusal.AMOUNT, (amount,))
    with pytest.raises(Refused) as raised:
        venue.request_withdrawal(1, amount, START)
    assert refusal(raised) == (Refusal.AMOUNT, (amount,))


def test_deposit__beyond_what_the_word_holds__is_refused() -> None:
    venue = model_venue()
    with pytest.raises(RangeError, match="collateral"):
        venue.deposit(1, INT56_MAX)
    assert venue.accounts[1].collateral == DEPOSIT


def test_sweep__an_open_or_an_empty_position__is_refused() -> None:
    venue = model_venue()
    settle(venue, cross(size=3))
    for account, size in ((1, 3), (3, 0)):
        with pytest.raises(Refused) as raised:
            venue.sweep(account, 1)
        assert refusal(raised) == (Refusal.NOT_CLOSED, (account, 1, size))


def test_sweep__a_closed_position__leaves_equity_alone() -> None:
    venue = model_venue()
    settle(venue, cross(size=3), cross(2, 1, 3, nonce=2))
    before = account_of(venue, 1, START)
    venue.sweep(1, 1)
    after = account_of(venue, 1, START)
    assert (after.equity, after.collateral) == (before.equity, before.equity)


def test_cancel__kills_the_epoch_and_all_below_but_not_a_higher_one() -> None:
    venue = model_venue()
    venue.cancel(1, [4 << 32 | 7, 4 << 32 | 6])
    assert venue.accounts[1].slots == {4: (7, CANCELLED)}
    assert order_status(venue, 1, False, 4 << 32 | 7) == (NonceStatus.CANCELLED, 0)
    assert order_status(venue, 1, False, 4 << 32 | 6) == (NonceStatus.REPLACED, 0)
    assert order_status(venue, 1, False, 4 << 32 | 8) == (NonceStatus.LIVE, 0)


def test_cancel_all__raises_both_floors_and_never_lowers_them() -> None:
    venue = model_venue()
    venue.cancel_all(1, 7, 9)
    assert order_status(venue, 1, False, 7) == (NonceStatus.REPLACED, 0)
    assert order_status(venue, 1, False, 8) == (NonceStatus.LIVE, 0)
    assert order_status(venue, 1, True, 9) == (NonceStatus.SPENT, 0)
    for floors in ((6, 9), (7, 8)):
        with pytest.raises(Refused) as raised:
            venue.cancel_all(1, *floors)
        assert refusal(raised) == (Refusal.FLOOR, (1, 7, 9))


def test_collect_fees__moves_them_to_the_venues_account() -> None:
    venue = model_venue()
    settle(venue, cross(size=7))
    fees = venue.fees
    assert venue.collect_fees(1) == fees == venue.accounts[0].collateral
    assert venue.fees == 0


@given(st.integers(-20_000, 20_000), st.integers(1_000, 20_000))
def test_liquidation_price__is_the_first_tick_below_maintenance(size: int, mark: int) -> None:
    venue = model_venue()
    venue.accounts[1].positions[1] = Position(size, -size * LOT, venue.markets[1].index)
    venue.refresh(1, mark, START + 1, START + 1)
    found = liquidation_price(venue, 1, 1, START + 1)
    if found is None:
        assert size >= 0
        found = 0

    def excess(tick: int) -> int:
        venue.markets[1].mark = tick
        seen = account_of(venue, 1, START + 1)
        return seen.equity - seen.maintenance_margin

    if size:
        safe = found + 1 if size > 0 else found - 1
        assert excess(safe) >= 0
        assert found == 0 or excess(found) < 0

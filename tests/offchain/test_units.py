"""penstock.units: exact integers inside, decimals at the edge only.

check_range · div_up · fee_up · MarketSpec (unit, to_…, show_…) · to_quote and show_quote
"""

from decimal import Decimal
from fractions import Fraction
from math import ceil

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from penstock.errors import NumberError, RangeError, RoundingError, SpecError
from penstock.units import (
    INT96_MAX,
    UINT23_MAX,
    UINT32_MAX,
    MarketSpec,
    check_range,
    div_up,
    fee_up,
    notional,
    show_quote,
    to_decimal,
    to_quote,
)

ETH = MarketSpec(1, "ETH-USD", Decimal("0.01"), Decimal("0.001"), 6)
uint32s = st.integers(1, UINT32_MAX)


@given(st.integers(-(10**40), 10**40), st.integers(1, 10**20))
def test_div_up__either_sign__is_the_ceiling(numerator: int, denominator: int) -> None:
    assert div_up(numerator, denominator) == ceil(Fraction(numerator, denominator))


@given(uint32s, uint32s, uint32s, st.integers(0, 65535))
def test_fee_up__any_fill__is_the_ceiling_of_the_exact_fee(
    price: int, size: int, unit: int, rate: int
) -> None:
    value = notional(price, size, unit)
    assert fee_up(value, rate) == ceil(Fraction(value * rate, 10**6))


def test_fee_up__one_unit_at_the_smallest_rate__costs_one() -> None:
    assert fee_up(1, 1) == 1
    assert fee_up(0, 500) == 0


@pytest.mark.parametrize("value", [0, UINT32_MAX + 1, -1, True, 1.0, "1", None])
def test_check_range__outside_or_no_integer__names_the_field(value: object) -> None:
    with pytest.raises(RangeError) as caught:
        check_range("price", value, 1, UINT32_MAX)  # type: ignore[arg-type]
    assert (caught.value.field, caught.value.value) == ("price", value)
    assert "from 1 to 4294967295" in caught.value.rule


def test_market_spec__usual_steps__have_a_whole_unit() -> None:
    assert ETH.unit == 10
    assert ETH.notional(300_000, -7) == -21_000_000


@given(
    st.decimals("0.00000001", 1000, allow_nan=False, places=8),
    st.decimals("0.00000001", 1000, allow_nan=False, places=8),
    st.integers(0, 18),
)
def test_market_spec__any_steps__unit_is_exact_or_refused(
    tick: Decimal, lot: Decimal, decimals: int
) -> None:
    exact = Fraction(tick) * Fraction(lot) * 10**decimals
    if exact.denominator == 1 and exact <= UINT23_MAX:
        assert MarketSpec(1, "X", tick, lot, decimals).unit == exact
    else:
        with pytest.raises(SpecError, match="unit"):
            MarketSpec(1, "X", tick, lot, decimals)


@pytest.mark.parametrize("step", ["0", "-1", "NaN", "Infinity"])
def test_market_spec__step_not_positive__raises(step: str) -> None:
    with pytest.raises(SpecError, match="tick"):
        MarketSpec(1, "X", Decimal(step), Decimal(1))
    with pytest.raises(SpecError, match="lot"):
        MarketSpec(1, "X", Decimal(1), Decimal(step))


def test_market_spec__market_zero__raises() -> None:
    with pytest.raises(RangeError, match="market"):
        MarketSpec(0, "X", Decimal(1), Decimal(1))


@given(uint32s)
def test_to_ticks__shown_price__comes_back(ticks: int) -> None:
    assert ETH.to_ticks(ETH.show_price(ticks)) == ticks


@given(uint32s)
def test_to_lots__shown_size__comes_back(lots: int) -> None:
    assert ETH.to_lots(ETH.show_size(lots)) == lots


@given(st.integers(-INT96_MAX - 1, INT96_MAX))
def test_to_quote__shown_quote__comes_back(quote: int) -> None:
    assert ETH.to_quote(ETH.show_quote(quote)) == quote
    assert to_quote(show_quote(quote, 18), 18) == quote


@given(st.decimals(0, 10**7, allow_nan=False, places=4))
def test_to_ticks__between_two_ticks__raises(price: Decimal) -> None:
    assume(price % ETH.tick != 0)
    with pytest.raises(RoundingError, match=r"price is .*multiple of 0\.01"):
        ETH.to_ticks(price)


def test_to_lots__zero_negative_or_too_large__raises() -> None:
    for size in ("0", "-0.001", "4294967.296"):
        with pytest.raises(RangeError, match="size"):
            ETH.to_lots(Decimal(size))


def test_to_quote__below_the_smallest_unit_or_not_finite__raises() -> None:
    with pytest.raises(RoundingError, match="quote"):
        to_quote(Decimal("0.0000001"))
    with pytest.raises(RoundingError, match="quote"):
        to_quote(Decimal("NaN"))
    with pytest.raises(RangeError, match="quote"):
        to_quote(Decimal(10) ** 30)


@pytest.mark.parametrize("text", ["", "abc", "1,5", "nan", "-Infinity"])
def test_to_decimal__no_number__is_named(text: str) -> None:
    with pytest.raises(NumberError, match="is no number; write digits and a point"):
        to_decimal(text)


@given(st.decimals(allow_nan=False, allow_infinity=False))
def test_to_decimal__a_number__is_that_one(number: Decimal) -> None:
    assert to_decimal(str(number)) == number

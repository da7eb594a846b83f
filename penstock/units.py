"""Integer quantities, their widths, and the only conversions to and from decimals.

Inside, everything is an integer: prices in ticks, sizes in lots, money in quote units
(docs/units.md). Decimals exist only where a person reads or types a number; a conversion that
would round raises.
"""

from dataclasses import dataclass, field
from decimal import Context, Decimal, InvalidOperation
from fractions import Fraction
from typing import Final

from penstock.errors import NumberError, RangeError, RoundingError, SpecError

UINT16_MAX: Final = 2**16 - 1
UINT23_MAX: Final = 2**23 - 1
UINT32_MAX: Final = 2**32 - 1
UINT40_MAX: Final = 2**40 - 1
INT56_MAX: Final = 2**55 - 1
INT64_MAX: Final = 2**63 - 1
INT72_MAX: Final = 2**71 - 1
INT96_MAX: Final = 2**95 - 1

FEE_SCALE: Final = 10**6
"""A fee is this many parts of notional."""
BPS_SCALE: Final = 10**4
"""Margin and price band are this many parts of notional, or of the mark."""

# NOTE: an int96 has 29 digits; the default context keeps 28 and would round the largest quotes.
_EXACT: Final = Context(prec=80)


def check_range(field: str, value: int, low: int, high: int) -> int:
    """Return `value` when low ≤ value ≤ high; raise RangeError naming `field` otherwise."""
    # A bool is an int to Python, and `True` lots is somebody's typing mistake.
    if type(value) is not int or not low <= value <= high:
        raise RangeError(field, value, low, high)
    return value


def div_up(numerator: int, denominator: int) -> int:
    """Divide and round towards plus infinity, on both signs of `numerator`."""
    return -(-numerator // denominator)


def notional(price: int, size: int, unit: int) -> int:
    """Value `size` lots at `price` ticks, in quote units. Exact; has the sign of `size`."""
    return price * size * unit


def fee_up(notional: int, rate: int) -> int:
    """Charge `rate` parts of 10^6 of a notional ≥ 0, in quote units, rounded up against it."""
    return div_up(notional * rate, FEE_SCALE)


@dataclass(frozen=True, slots=True)
class MarketSpec:
    """How one market counts. `unit` = tick × lot × 10^decimals, in quote units per tick and lot.

    Raises RangeError for the id, SpecError when tick or lot is not positive or unit is not a whole
    number that fits 32 bits.
    """

    market: int
    symbol: str
    tick: Decimal
    lot: Decimal
    decimals: int = 6
    unit: int = field(init=False)

    def __post_init__(self) -> None:
        check_range("market", self.market, 1, UINT16_MAX)
        check_range("decimals", self.decimals, 0, 36)
        for name, step in (("tick", self.tick), ("lot", self.lot)):
            if not (step.is_finite() and step > 0):
                raise SpecError(name, step, "it must be above zero")
        unit = Fraction(self.tick) * Fraction(self.lot) * 10**self.decimals
        if unit.denominator != 1 or unit > UINT23_MAX:
            raise SpecError("unit", unit, "tick × lot × 10^decimals must be whole and below 2^23")
        object.__setattr__(self, "unit", unit.numerator)

    def to_ticks(self, price: Decimal) -> int:
        """Convert a price in quote currency to ticks. Raises RoundingError or RangeError."""
        return check_range("price", _steps("price", price, self.tick), 1, UINT32_MAX)

    def to_lots(self, size: Decimal) -> int:
        """Convert an unsigned size in base currency to lots. Raises RoundingError or RangeError."""
        return check_range("size", _steps("size", size, self.lot), 1, UINT32_MAX)

    def to_quote(self, amount: Decimal) -> int:
        """Convert signed money to quote units. Raises RoundingError or RangeError."""
        return to_quote(amount, self.decimals)

    def show_price(self, ticks: int) -> Decimal:
        """Show ticks as a price in quote currency. Exact."""
        return _EXACT.multiply(self.tick, ticks)

    def show_size(self, lots: int) -> Decimal:
        """Show lots, signed or not, as a size in base currency. Exact."""
        return _EXACT.multiply(self.lot, lots)

    def show_quote(self, quote: int) -> Decimal:
        """Show quote units as money. Exact."""
        return show_quote(quote, self.decimals)

    def notional(self, price: int, size: int) -> int:
        """Value `size` lots at `price` ticks, in quote units. Exact; has the sign of `size`."""
        return price * size * self.unit


def to_decimal(text: str) -> Decimal:
    """Read a number as a person types it. Raises NumberError."""
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise NumberError(text) from None
    if not value.is_finite():
        raise NumberError(text)
    return value


def to_quote(amount: Decimal, decimals: int = 6) -> int:
    """Convert signed money to quote units of a token. Raises RoundingError or RangeError."""
    quote = _steps("quote", amount, Decimal(1).scaleb(-decimals))
    return check_range("quote", quote, -INT96_MAX - 1, INT96_MAX)


def show_quote(quote: int, decimals: int = 6) -> Decimal:
    """Show quote units of a token as money. Exact."""
    return Decimal(quote).scaleb(-decimals, _EXACT)


def _steps(field: str, value: Decimal, step: Decimal) -> int:
    # Fractions, because a Decimal quotient rounds silently at the precision of its context.
    if not value.is_finite():
        raise RoundingError(field, value, step)
    steps = Fraction(value) / Fraction(step)
    if steps.denominator != 1:
        raise RoundingError(field, value, step)
    return steps.numerator

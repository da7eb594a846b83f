"""Write money.json anew: `python -m tests.vectors.money`.

Money of tokens with 6, 8 and 18 decimals on several scales of price. Each number is worked out
from decimals as a person writes them, exactly, and rounded once at the end; nothing is shared with
the formulas of penstock.units and penstock.funding.
"""

import json
from fractions import Fraction
from math import ceil, floor
from pathlib import Path
from typing import Final

FILE: Final = Path(__file__).with_name("money.json")

MARK: Final = 500_000
"""Ticks."""
HOUR_OF_EIGHT: Final = Fraction(1, 8)
INTEREST: Final = Fraction(100_000, 10**9)
TAKER, MAKER = Fraction(500, 10**6), Fraction(200, 10**6)
INITIAL, MAINTENANCE = Fraction(5, 100), Fraction(5, 200)

SCALES: Final = (
    # Decimals of the token, tick and lot as they are written, lots that are traded.
    (6, "0.1", "0.001", 37),
    (6, "0.01", "0.01", 1_001),
    (6, "1", "0.000001", 999_983),
    (6, "2.5", "3.355442", 1),
    (8, "0.1", "0.00001", 37),
    (8, "0.01", "0.0003", 7_919),
    (8, "0.00000001", "1", 104_729),
    (18, "0.000001", "0.000000000003", 1_299_709),
    (18, "0.000000001", "0.000001", 7_919),
    (18, "0.000001", "0.000008388607", 1),
)
PRICES: Final = (MARK, MARK + 1, MARK - 9_973, MARK + 14_989)


def vector(decimals: int, tick: str, lot: str, lots: int, ticks: int) -> dict[str, object]:
    """One trade of `lots` at `ticks`, and the first period of funding after it."""
    whole = 10**decimals
    price, mark, size = Fraction(tick) * ticks, Fraction(tick) * MARK, Fraction(lot) * lots
    worth, at_mark = price * size * whole, mark * size * whole
    a_lot = mark * Fraction(lot) * whole
    fees = ceil(worth * TAKER), ceil(worth * MAKER)
    # Kept to 2^-32 of a unit for one lot, then paid up by the long and received down by the short.
    index = Fraction(floor(a_lot * INTEREST * HOUR_OF_EIGHT * 2**32), 2**32)
    return {
        "decimals": decimals,
        "tick": tick,
        "lot": lot,
        "ticks": ticks,
        "lots": lots,
        "unit": _whole(Fraction(tick) * Fraction(lot) * whole),
        "notional": _whole(worth),
        "takerFee": fees[0],
        "makerFee": fees[1],
        "initial": ceil(a_lot * INITIAL) * lots,
        "maintenance": ceil(a_lot * MAINTENANCE) * lots,
        "indexMove": _whole(index * 2**32),
        "longFunding": floor(-lots * index),
        "shortFunding": floor(lots * index),
        "longValue": _whole(at_mark - worth) - fees[0] + floor(-lots * index),
        "shortValue": _whole(worth - at_mark) - fees[1] + floor(lots * index),
    }


def _whole(number: Fraction) -> int:
    assert number.denominator == 1, number
    return number.numerator


def vectors() -> list[dict[str, object]]:
    """Every scale at every price."""
    return [vector(*scale, ticks) for scale in SCALES for ticks in PRICES]


def main() -> None:
    """Write the file."""
    lines = ",\n".join(json.dumps(one) for one in vectors())
    FILE.write_text(f"[\n{lines}\n]\n")


if __name__ == "__main__":
    main()

"""How much a market bears: tiers of initial margin, and the most lots that may be open.

    weighted(x) = x · (k + 1) − tier · k · (k + 1) / 2,  k = ⌊x / tier⌋

Each lot of the first tier needs one initial margin, each of the second two, and so on; a position
ends with its eighth tier. On the chain a limit is `mantissa · exponent 3`, the mantissa times
10^exponent; a cap's mantissa has 13 bits, a tier's 10.
"""

from typing import Final, NamedTuple

from penstock.errors import LimitError
from penstock.units import div_up

MOST_TIERS: Final = 8
CAP_MANTISSA: Final = 8_191
TIER_MANTISSA: Final = 1_023
MOST_CAP: Final = CAP_MANTISSA * 10**7
MOST_TIER: Final = TIER_MANTISSA * 10**7


def pack_bound(field: str, lots: int, most: int) -> int:
    """Write a limit whose mantissa is at most `most`. Raises LimitError, which names `field`."""
    mantissa, exponent = lots, 0
    while exponent < 7 and mantissa and mantissa % 10 == 0:
        mantissa, exponent = mantissa // 10, exponent + 1
    if not 0 < mantissa <= most:
        raise LimitError(field, lots, most)
    return mantissa << 3 | exponent


def unpack_bound(word: int) -> int:
    """Read a limit."""
    return int((word >> 3) * 10 ** (word & 7))


def bound_up(lots: int, most: int) -> int:
    """The smallest limit of at least `lots` whose mantissa is at most `most`."""
    power = 1
    while div_up(lots, power) > most:
        power *= 10
    return div_up(lots, power) * power


def weighted(lots: int, tier: int) -> int:
    """Lots of a position as initial margin counts them."""
    if lots <= tier:
        return lots
    k = lots // tier
    return lots * (k + 1) - tier * k * (k + 1) // 2


class Limits(NamedTuple):
    """The limits of a market, in lots."""

    tier: int = MOST_TIER
    open_interest_cap: int = MOST_CAP

    @property
    def tier_bits(self) -> int:
        """The tier as the market word holds it."""
        return pack_bound("tier", self.tier, TIER_MANTISSA)

    @property
    def cap_bits(self) -> int:
        """The open interest cap as the activity word holds it."""
        return pack_bound("open_interest_cap", self.open_interest_cap, CAP_MANTISSA)

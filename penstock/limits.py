"""How much a market bears: tiers of initial margin, the largest position, the most open lots.

    weighted(x) = x · (k + 1) − tier · k · (k + 1) / 2,  k = ⌊x / tier⌋

Each lot of the first tier needs one initial margin, each of the second two, and so on. On the chain
a limit has 16 bits, `mantissa 13 · exponent 3`: the mantissa times 10^exponent.
"""

from typing import Final, NamedTuple

from penstock.errors import LimitError

MOST_LOTS: Final = 8_191 * 10**7
"""The largest limit that a word holds."""


def pack_bound(field: str, lots: int) -> int:
    """Write a limit in 16 bits. Raises LimitError, naming `field`, for one that does not fit."""
    mantissa, exponent = lots, 0
    while exponent < 7 and mantissa and mantissa % 10 == 0:
        mantissa, exponent = mantissa // 10, exponent + 1
    if not 0 < mantissa <= 8_191:
        raise LimitError(field, lots)
    return mantissa << 3 | exponent


def weighted(lots: int, tier: int) -> int:
    """Lots of a position as initial margin counts them."""
    if lots <= tier:
        return lots
    k = lots // tier
    return lots * (k + 1) - tier * k * (k + 1) // 2


class Limits(NamedTuple):
    """The limits of a market, in lots."""

    tier: int = MOST_LOTS
    position_cap: int = MOST_LOTS
    open_interest_cap: int = MOST_LOTS

    @property
    def bits(self) -> int:
        """`tier 16 · position cap 16 · open interest cap 16`."""
        tier, position, interest = map(pack_bound, self._fields, self)
        return tier << 32 | position << 16 | interest

"""What a liquidation may cost, and how far it may go.

    discount = maintenance bps · discount share     how far from the mark a position may be closed
    penalty  = maintenance bps · penalty share      what the insurance fund receives, of notional
    band     = [⌈mark · (1 − discount)⌉, ⌊mark · (1 + discount)⌋]
    needed   : excess after · lots < excess after − excess before, or excess after ≤ 0

Ratios are parts of 10^6: basis points times a share in percent. Twin of LiquidationRules.
"""

from typing import Final

from penstock.units import div_up

PPM: Final = 10**6


def band(mark: int, discount: int) -> tuple[int, int]:
    """Lowest price for a long, highest for a short; both rounded in favour of the account."""
    return div_up(mark * (PPM - discount), PPM), mark * (PPM + discount) // PPM


def part_up(notional: int, ratio: int) -> int:
    """Take a part of a notional, rounded up against the account."""
    return div_up(notional * ratio, PPM)


def is_needed(lots: int, before: int, after: int) -> bool:
    """Say whether the last of `lots` was needed to bring the excess from `before` to `after`."""
    return after <= 0 or after * lots < after - before

"""What a transaction costs in quote units (pure).

cost = ⌈gas · wei per gas · quote units per ether / 10^18⌉
"""

from typing import Final

from msgspec import Struct

from penstock.units import div_up

WEI: Final = 10**18


class Costs(Struct, frozen=True):
    """Prices of gas. Zero for either makes gas free."""

    gas_price: int = 0
    """Wei for a unit of gas."""
    ether: int = 0
    """Quote units for an ether."""

    def quote_up(self, gas: int) -> int:
        """What so much gas costs, quote units, rounded up."""
        return div_up(gas * self.gas_price * self.ether, WEI)

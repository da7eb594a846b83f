"""The insurance fund's books: what each market may cost it, and what it did lately.

Twin of InsuranceFund. Its money and its positions are account 0's.
"""

from dataclasses import dataclass, field
from typing import Final, NamedTuple

from penstock.units import div_up

WINDOW: Final = 24 * 3600
"""Seconds over which a payment is forgotten."""


class Loss(NamedTuple):
    """Cap of a market, and what was paid for it as of a second; quote units."""

    cap: int = 0
    paid: int = 0
    paid_at: int = 0

    def counted(self, now: int) -> int:
        """What of the payments still counts."""
        past = now - self.paid_at
        return 0 if past >= WINDOW else div_up(self.paid * (WINDOW - past), WINDOW)

    def after(self, amount: int, now: int) -> "Loss":
        """The books after another payment."""
        return Loss(self.cap, self.counted(now) + amount, now)

    @property
    def word(self) -> int:
        """`zero 32 · paid at 32 · paid 96 · cap 96`."""
        return self.paid_at << 192 | self.paid << 96 | self.cap


@dataclass(slots=True)
class Fund:
    """Loss caps by market, and the reserve that withdrawals must leave."""

    losses: dict[int, Loss] = field(default_factory=dict)
    reserve: int = 0

    def loss(self, market: int) -> Loss:
        """The books of a market."""
        return self.losses.get(market, Loss())

    def pay(self, market: int, amount: int, now: int) -> None:
        """Count a payment to a market."""
        self.losses[market] = self.loss(market).after(amount, now)

    def set_cap(self, market: int, cap: int) -> None:
        """Replace the loss cap of a market."""
        self.losses[market] = self.loss(market)._replace(cap=cap)

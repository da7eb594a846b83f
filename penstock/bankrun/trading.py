"""Edge: enough trading for people to have positions when they want out."""

from random import Random
from typing import Final

from penstock.bankrun.tickets import Tickets
from penstock.crash import trading
from penstock.localvenue import LocalVenue, Trader

LEVERAGE: Final = {"trader": (1.0, 3.0), "gambler": (6.0, 6.5)}
WIDTH: Final = 0.001
"""Of makers' quotes, as a share of the mark, to either side."""
LOTS: Final = 12_000
"""Of one quote."""


class Trading(trading.Trading):
    """The operator's engine and books, and the tickets of those who leave."""

    def __init__(
        self, venue: LocalVenue, traders: dict[int, Trader], tickets: Tickets, rng: Random
    ) -> None:
        super().__init__(venue, traders, rng, tickets.read)
        self.tickets: Final = tickets
        self.rounds: int = 0

    def quote_all(self) -> None:
        """Every maker quotes both sides."""
        self.rounds += 1
        for place, maker in enumerate(self.named("maker")):
            self.quote(maker, place, LOTS, self.rounds, width=WIDTH)

    def open_some(self, trader: Trader, buy: bool) -> None:
        """Take a position, as far as people of its kind are levered."""
        self.open(trader, buy, self.rng.uniform(*LEVERAGE[trader.name.split()[0]]))

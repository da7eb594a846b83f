"""Edge: traders who see their end coming and bring margin, as long as there is a way.

    lacking = maintenance margin + loss, if the price fell by another quarter, − equity

They look at the price of the world, which falls while the mark stands still. Half of them bring all
that is lacking, the others half of it; whom that price has made bankrupt already lets it be.
"""

from random import Random
from typing import Final

from penstock import views
from penstock.crash.network import Network
from penstock.crash.plan import DOLLAR, MARKET
from penstock.crash.topup import TopUp
from penstock.localvenue import Trader
from penstock.units import div_up
from penstock.venue import Venue

FEAR: Final = 4
"""The part of the price that people fear to lose: a quarter."""
SHARE: Final = 4
"""One of so many acts at each look in an outage; in the grace after it, one at all."""
STEP: Final = 1_000 * DOLLAR
"""Money comes in thousands."""


class Rescue:
    """Remembers who brought what, and how it landed."""

    def __init__(self, network: Network, traders: list[Trader], rng: Random) -> None:
        self.network: Final = network
        self.traders: Final = traders
        self.rng: Final = rng
        self.top_ups: Final[list[TopUp]] = []

    @property
    def accounts(self) -> set[int]:
        """Who brought margin."""
        return {top_up.account for top_up in self.top_ups}

    @property
    def forced(self) -> int:
        """Messages from L1 that landed without the sequencer."""
        return sum(len(top_up.landing.l1_blocks) for top_up in self.top_ups)

    @property
    def added(self) -> int:
        """What was brought so far, in quote units."""
        return sum(top_up.amount for top_up in self.top_ups)

    def worried(self, venue: Venue, price: int, phase: str) -> list[tuple[Trader, int]]:
        """Who lacks something and has brought nothing in this phase, and what."""
        done = {top_up.account for top_up in self.top_ups if top_up.phase == phase}
        now = self.network.venue.chain.time()
        found = [(t, lacking(venue, t.account, price, now)) for t in self.traders]
        return [(trader, lack) for trader, lack in found if lack > 0 and trader.account not in done]

    def bring(self, venue: Venue, price: int, phase: str) -> None:
        """Let some of the worried bring margin, one at least."""
        worried = self.worried(venue, price, phase)
        count = max(1, len(worried) // SHARE) if phase == "outage" else 1
        for trader, lack in self.rng.sample(worried, min(len(worried), count)):
            amount = div_up(lack // self.rng.choice((1, 2)), STEP) * STEP
            self.top_ups.append(self._top_up(venue, trader, amount, phase))

    def _top_up(self, venue: Venue, trader: Trader, amount: int, phase: str) -> TopUp:
        seen = views.account_of(venue, trader.account, self.network.venue.chain.time())
        lots = venue.account(trader.account).position(MARKET).size
        before = (lots, seen.equity, seen.maintenance_margin)
        landing = self.network.deposit(trader, amount)
        return TopUp(trader.name, trader.account, phase, amount, *before, landing)


def lacking(venue: Venue, account: int, price: int, now: int) -> int:
    """What a long position lacks to outlive the next fall; 0 for others and for the bankrupt.

    NOTE: a stale mark counts as it is, because in an outage there is no other one.
    """
    market, size = venue.market(MARKET), venue.account(account).position(MARKET).size
    seen = views.account_of(venue, account, now)
    value = size * market.listing.unit
    equity = seen.equity - value * (market.mark - price)
    if size <= 0 or equity <= 0:
        return 0
    return max(0, seen.maintenance_margin + div_up(value * price, FEAR) - equity)

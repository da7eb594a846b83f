"""Gas of the way out of a venue that is over, on a real node.

    freeze  after three days without a batch
    tally   a page of accounts with one open market each, the first of the venue
    escape  an account with one open market, and one with eight, to somebody who had no tokens

Whoever counts and leaves finds every word cold.
"""

from typing import Final

from benchmarks.gas import ALIVE, Cases
from benchmarks.measure import Measure
from benchmarks.node import Site, listing, site
from penstock.messages import Fill

MARKETS: Final = tuple(range(1, 9))
PAGE: Final = 50
LOTS: Final = 10
PER_ACCOUNT, EIGHT_MARKETS = 15_000, 250_000
"""The goals, gas."""


class EightMarkets(Site):
    """The venue with eight markets."""

    parameters = listing(*(f"M{n}-PERP" for n in MARKETS))
    first_prices = (50_000, 30_000, 20_000, 40_000, 10_000, 60_000, 70_000, 80_000)


class End(Cases):
    """A page of accounts with one position each, and one that has a position in every market."""

    def prepare(self) -> tuple[int, int, list[int]]:
        """Trade; return the house, the one with eight positions, and the page."""
        house, leaver, *page = self.site.open_accounts(2 + PAGE)
        maker = self._rest(house, 1, True, 0, LOTS * PAGE)
        self._settle([Fill(maker, self._take(a, 1, False, LOTS), LOTS) for a in page])
        for market in MARKETS:
            maker = self._rest(house, market, True, market, LOTS)
            self._settle([Fill(maker, self._take(leaver, market, False, LOTS), LOTS)])
        return house, leaver, page

    def freeze(self) -> int:
        """Let the silence last; return the gas of the freeze."""
        site, node = self.site, self.site.anvil
        site.call("EscapeHatch", "look")
        due = node.time() + site.parameters.liveness
        while node.time() + ALIVE < due:
            node.warp(node.time() + ALIVE)
            site.call("SequencerWatch", "beat")
        node.warp(due)
        return site.call("EscapeHatch", "freezeSilent").gas


def measure() -> dict[str, int]:
    """Run everything on a node of its own; gas of the calls by their names."""
    with site(EightMarkets) as venue:
        end = End(venue)
        house, leaver, page = end.prepare()
        all_markets = list(MARKETS)
        gas = {"freezeSilent": end.freeze()}
        counted = venue.call("EscapeHatch", "tally", page, [[1]] * PAGE)
        gas[f"tally: {PAGE} accounts, one market each"] = counted.gas
        venue.call("EscapeHatch", "tally", [house, leaver], [all_markets] * 2)
        for account, markets, recipient in ((page[0], [1], 1), (leaver, all_markets, 2)):
            place = f"0x{0xE5CA9E << 64 | recipient:040x}"
            paid = venue.call("EscapeHatch", "escape", account, place, markets)
            gas[f"escape: {len(markets)} open markets"] = paid.gas
        return gas


def run() -> list[Measure]:
    """Measure the freeze, a page, and escapes."""
    frozen, page, one, eight = measure().values()
    each = page / PAGE
    return [
        Measure("gas of a freeze", frozen, "gas", "", None),
        Measure(
            f"gas of an account counted, page of {PAGE}",
            each,
            "gas",
            f"≤ {PER_ACCOUNT:,}",
            each <= PER_ACCOUNT,
        ),
        Measure("gas of an escape, 1 open market", one, "gas", "", None),
        Measure(
            "gas of an escape, 8 open markets",
            eight,
            "gas",
            f"≤ {EIGHT_MARKETS:,}",
            eight <= EIGHT_MARKETS,
        ),
    ]

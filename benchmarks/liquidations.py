"""Gas of what becomes of accounts below their maintenance margin, on a real node.

    fill        case A, 20 of the 100 fills by four accounts in need: the same makers, accounts and
                lots, once with signed immediate orders and once with liquidation orders
    takeover    whole positions by a keeper who took over in these markets before; by the fund
    deleverage  a bankrupt position closed against one counterparty; the fund pays a part

Markets fall by 6 % at once. How much an account has left is chosen by its deposit.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from benchmarks.gas import QUOTERS, Cases
from benchmarks.measure import Measure
from benchmarks.node import Site, listing, site
from penstock.messages import Fill
from penstock.pace import forced_order
from penstock.units import UINT32_MAX

MARKETS: Final = (1, 2, 3, 4, 5)
FELL: Final = 6
"""Percent by which every market falls."""
FILLS, FORCED, SUBJECTS = 100, 20, 4
"""Fills of a batch, liquidation fills among them, and accounts that these belong to."""
EARLIER: Final = 40
"""Place of the first of the fills that subjects take in every batch, so that all load the same."""
LOTS: Final = 1_000
"""Size of every position in need."""
UNIT: Final = 100
"""Quote units of a lot for each tick."""
FEE: Final = 0.05
"""Fee of a taker, in percent."""
SMALL, LARGE = 10**5, 10**12
"""What the fund is given: less and more than a bankrupt account lacks, quote units."""
MOST_EXTRA: Final = 15
IN_NEED, NEARLY_SPENT, BANKRUPT = 2.5, 2.0, -0.5
"""Equity after the fall, in percent of the notional before it. Maintenance margin is 3; discount
and penalty take 2.25, so a takeover of the second kind is of whole positions."""


class Crowd(NamedTuple):
    """Accounts of one kind."""

    left: float
    markets: Sequence[int]
    size: int


CROWDS: Final = {
    "subject": Crowd(IN_NEED, (1, 2), SUBJECTS),
    "one": Crowd(NEARLY_SPENT, (1,), 2),
    "five": Crowd(NEARLY_SPENT, MARKETS, 2),
    "bankrupt": Crowd(BANKRUPT, (1,), 3),
}


class FiveMarkets(Site):
    """The venue with five markets."""

    parameters = listing(*(f"M{n}-PERP" for n in MARKETS))
    first_prices = (50_000, 30_000, 20_000, 40_000, 10_000)


@dataclass(frozen=True, slots=True)
class Forced:
    """Gas of a batch with liquidations, and of one more fill of it by either kind of order."""

    batch: int
    normal: float
    forced: float

    @property
    def extra(self) -> float:
        """How much dearer a liquidation fill is, in percent."""
        return (self.forced / self.normal - 1) * 100


@dataclass(slots=True)
class Distress(Cases):
    """Case A, accounts that the fall puts in need, and who bears it."""

    house: int = 0
    """Sold them all that they hold, so it is in profit."""
    keepers: list[int] = field(default_factory=list)
    crowds: dict[str, list[int]] = field(default_factory=dict)

    def prepare(self) -> None:
        """Open everything, let the markets fall, and have everybody take over once."""
        self.quoters = self.site.open_accounts(QUOTERS)
        self.house, *self.keepers = self.site.open_accounts(3)
        for market in (2, 1, 1):
            self.unique(FILLS, market)
        for name, crowd in CROWDS.items():
            self.crowds[name] = self._open(crowd)
        self._fall()
        self.take_over("one", self.keepers[0])
        self.take_over("five", self.keepers[1])

    def _open(self, crowd: Crowd) -> list[int]:
        """Give them long positions, and money to have `crowd.left` of it after the fall."""
        notional = sum(self.site.prices[market - 1] for market in crowd.markets) * LOTS * UNIT
        deposit = round(notional * (FELL + crowd.left + FEE) / 100)
        found = self.site.open_accounts(crowd.size, deposit)
        for market in crowd.markets:
            maker = self._rest(self.house, market, False, market, LOTS * crowd.size)
            takers = [self._take(account, market, True, LOTS) for account in found]
            self._settle([Fill(maker, taker, LOTS) for taker in takers])
        return found

    def _fall(self) -> None:
        site, node = self.site, self.site.anvil
        # The speed guard lets a price fall so far within a minute.
        node.warp(node.time() + 60)
        for market in MARKETS:
            site.prices[market - 1] -= site.prices[market - 1] * FELL // 100
            site.post(market, site.prices[market - 1])
        site.call("FundingIndex", "refresh", list(MARKETS))

    # Fills.

    def fills(self) -> Forced:
        """Settle the batch without its last fills, with signed ones and with liquidations."""
        normal = self._draw_unique(FILLS, 1)
        for place in (*range(EARLIER, EARLIER + SUBJECTS), *range(FILLS - FORCED, FILLS)):
            normal[place] = self._by_subject(normal[place], place)
        first, last = normal[:-FORCED], normal[-FORCED:]
        base, signed = self._try(first), self._try(normal)
        forced = self._try([*first, *map(_forced, last)])
        return Forced(forced, (signed - base) / FORCED, (forced - base) / FORCED)

    def _by_subject(self, fill: Fill, place: int) -> Fill:
        """The same fill, its taker an account in need that sells."""
        subjects = self.crowds["subject"]
        order = fill.taker.order
        taker = self._take(subjects[place % SUBJECTS], order.market, False, order.size)
        return Fill(fill.maker, taker, fill.size)

    def _try(self, fills: Sequence[Fill]) -> int:
        """Gas of a batch, which is undone."""
        rpc = self.site.anvil.rpc
        before = rpc.call("evm_snapshot")
        gas = self._settle(fills).gas * len(fills)
        rpc.call("evm_revert", before)
        self.number -= 1
        return round(gas)

    # Whole positions.

    def take_over(self, name: str, by: int) -> int:
        """Gas of the takeover of all that the next of a crowd holds."""
        account, markets = self.crowds[name].pop(), list(CROWDS[name].markets)
        lots = [LOTS] * len(markets)
        arguments = (account, by, markets, lots, markets)
        return self.site.call("Liquidations", "takeOver", *arguments).gas

    def deleverage(self) -> int:
        """Gas of closing a bankrupt position against the house; the fund pays what it has."""
        self.endow(SMALL)
        account = self.crowds["bankrupt"].pop()
        arguments = (account, 1, [1], [self.house], [LOTS])
        return self.site.call("Liquidations", "deleverage", *arguments).gas

    def endow(self, amount: int) -> None:
        """Give the insurance fund money, in quote units."""
        self.site.call("PerpPositions", "deposit", 0, amount)


def _forced(fill: Fill) -> Fill:
    """The same fill by a liquidation order, which is numbered from the top."""
    order = fill.taker.order
    number = UINT32_MAX - order.nonce
    taker = forced_order(order.account, order.market, order.buy, order.size, order.price, number)
    return Fill(fill.maker, taker, fill.size)


def measure() -> tuple[Forced, dict[str, int]]:
    """Run everything on a node of its own; gas of the calls by their names."""
    with site(FiveMarkets) as venue:
        cases = Distress(venue)
        cases.prepare()
        fills = cases.fills()
        gas = {
            "takeOver: one market": cases.take_over("one", cases.keepers[0]),
            "takeOver: five markets": cases.take_over("five", cases.keepers[1]),
            "deleverage: one counterparty": cases.deleverage(),
        }
        cases.endow(LARGE)
        cases.take_over("bankrupt", 0)
        gas["takeOver: by the fund, bankrupt"] = cases.take_over("bankrupt", 0)
        return fills, gas


def run() -> list[Measure]:
    """Measure fills and calls."""
    fills, gas = measure()
    one, five = gas["takeOver: one market"], gas["takeOver: five markets"]
    deleveraged, absorbed = (
        gas["deleverage: one counterparty"],
        gas["takeOver: by the fund, bankrupt"],
    )
    dearer = "gas of a liquidation fill beyond a normal one"
    return [
        Measure(dearer, fills.extra, "%", f"≤ {MOST_EXTRA}", fills.extra <= MOST_EXTRA),
        Measure("gas of one more fill, immediate order", fills.normal, "gas", "", None),
        Measure("gas of one more fill, liquidation order", fills.forced, "gas", "", None),
        Measure("gas of a takeover, 1 open market", one, "gas", "≤ 150,000", one <= 150_000),
        Measure("gas of a takeover, 5 open markets", five, "gas", "≤ 220,000", five <= 220_000),
        Measure("gas of a takeover by the fund, bankrupt", absorbed, "gas", "", None),
        Measure("gas of a deleveraging, 1 counterparty", deleveraged, "gas", "", None),
    ]

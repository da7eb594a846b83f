"""Edge: closes bankrupt positions that the insurance fund cannot carry, and its own past the cap.

    1. the fund can take a bankrupt account over          the liquidator's business
    2. it could, if the fees were collected               collect them
    3. otherwise                                          close against the highest ranks
    4. a position of the fund beyond its loss cap, or of
       a fund that has lost all that it had               the same

Never during grace. Ranks, shares and the price are the contract's rules (`penstock.strategy`).
"""

from typing import Final

from penstock import strategy
from penstock.keepers.fees import collect
from penstock.keepers.keeper import Call, Decision
from penstock.keepers.notes import Values
from penstock.keepers.station import Post, Station
from penstock.liquidations import loss_left
from penstock.strategy import MOST_COUNTERPARTIES, Deleveraging
from penstock.venue import VENUE_ACCOUNT, Venue

GAS: Final = 500_000
MARKET_GAS: Final = 150_000
COUNTERPARTY_GAS: Final = 150_000
LISTED_GAS: Final = 15_000
"""Limit of a deleveraging's gas; what each market of the account adds, and each counterparty: the
contract looks for it in every market that is listed."""
MOST_GAS: Final = 12_000_000
"""What all counterparties of one deleveraging may add: far below a block."""


class Deleverager(Post):
    """Anybody may run it; it earns nothing and pays gas."""

    name = "deleveraging"

    def __init__(self, station: Station, most: int = MOST_COUNTERPARTIES) -> None:
        """`most` is the number of counterparties of one transaction."""
        super().__init__(station)
        self.most: Final = most

    def decide(self, now: int) -> Decision | None:
        """Choose what to close, the deepest bankruptcy first. Raises RpcError."""
        venue = self.look(now)
        bankrupt = [n for n, found in strategy.in_need(venue, now) if found.judged < 0]
        beyond = self._beyond_cap(venue, now)
        if not bankrupt and not beyond:
            self.left("nobody is bankrupt, and the fund within its loss caps")
            return None
        if self.in_grace(venue, now, bankrupt=len(bankrupt)):
            return None
        for account in bankrupt:
            decision = self.decide_for(venue, account, now)
            if decision is not None:
                return decision
        return self._close_first(venue, VENUE_ACCOUNT, beyond, now) if beyond else None

    def decide_for(self, venue: Venue, account: int, now: int) -> Decision | None:
        """What to do about a bankrupt account; note why when nothing can be done."""
        if strategy.take_over(venue, account, VENUE_ACCOUNT, now) is not None:
            self.left("the fund can take it over", account=account)
            return None
        rich = strategy.with_fees(venue, now)
        if strategy.take_over(rich, account, VENUE_ACCOUNT, now) is not None:
            markets = [market for market in sorted(venue.markets) if venue.markets[market].fees]
            why = "with them the fund can take an account over"
            values: Values = {"account": account, "fees": venue.fees}
            return Decision("collected fees", why, values, collect(markets))
        return self._close_first(venue, account, venue.account(account).open_markets, now)

    def _close_first(
        self, venue: Venue, account: int, markets: list[int], now: int
    ) -> Decision | None:
        each = COUNTERPARTY_GAS + LISTED_GAS * len(venue.markets)
        most = max(1, min(self.most, MOST_GAS // each))
        for market in markets:
            plan = strategy.deleverage(venue, account, market, now, most)
            if plan is not None:
                return _decision(plan, each)
        named = ",".join(map(str, markets))
        self.left("no counterparty has profit enough", account=account, markets=named)
        return None

    def _beyond_cap(self, venue: Venue, now: int) -> list[int]:
        """Markets with a fresh mark in which the fund's position lost too much.

        All with a fresh mark when the fund is bankrupt.
        """
        held, found = venue.account(VENUE_ACCOUNT), strategy.weighed(venue, VENUE_ACCOUNT, now)
        sized = [market for market in held.open_markets if held.positions[market].size]
        fresh = [market for market in sized if now <= venue.market(market).fresh_until]
        return [m for m in fresh if found.judged < 0 or loss_left(venue, m, now) < 0]


def deleverage_call(plan: Deleveraging, each: int) -> Call:
    """The transaction that makes a plan come true; `each` is the gas of a counterparty."""
    accounts, lots = zip(*plan.lots, strict=True)
    gas = GAS + MARKET_GAS * len(plan.markets) + each * len(lots)
    named = (list(plan.markets), list(accounts), list(lots))
    return Call("liquidations", "deleverage", (plan.account, plan.market, *named), gas)


def _decision(plan: Deleveraging, each: int) -> Decision:
    lots = ",".join(f"{account}:{count}" for account, count in plan.lots)
    where: Values = {"account": plan.account, "market": plan.market, "lots": lots}
    values = {**where, "covered": plan.covered, "borne": plan.borne}
    return Decision(
        "deleveraged", "the fund cannot carry it", values, (deleverage_call(plan, each),)
    )

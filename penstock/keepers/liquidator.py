"""Edge: takes over positions of accounts below their maintenance margin.

discount − cost of gas ≥ floor               by its own account, when that is above zero
otherwise the insurance fund takes over, when it can pay and carry

Never during grace. Discount: what the taker's equity rises by at the mark, quote units.
"""

from typing import Final

from msgspec.structs import replace

from penstock import strategy
from penstock.keepers.costs import Costs
from penstock.keepers.keeper import Call, Decision
from penstock.keepers.notes import Values
from penstock.keepers.station import Post, Station
from penstock.strategy import Takeover
from penstock.venue import VENUE_ACCOUNT, Venue

TAKE_GAS: Final = 60_000
MARKET_GAS: Final = 40_000
"""Estimate of a takeover, and of each market that a side has open. With one each it is 110,745."""
LIMIT: Final = 3
"""The limit of a transaction's gas, times the estimate: funding may fall due on the way."""


class Liquidator(Post):
    """Owner or trading key of `account` must hold the wallet; 0 works for the fund alone."""

    name = "liquidations"

    def __init__(
        self,
        station: Station,
        account: int = VENUE_ACCOUNT,
        *,
        costs: Costs | None = None,
        floor: int = 0,
        for_fund: bool = True,
    ) -> None:
        """`floor` is the least profit worth having, quote units. With `for_fund` it also pays the
        gas of takeovers by the fund, which earn it nothing."""
        super().__init__(station)
        self.account: Final = account
        self.costs: Final = costs or Costs()
        self.floor: Final = floor
        self.for_fund: Final = for_fund

    def decide(self, now: int) -> Decision | None:
        """Choose the takeover to make, the account deepest in need first. Raises RpcError."""
        venue = self.look(now)
        needy = strategy.in_need(venue, now)
        if not needy:
            self.left("nobody is below maintenance", accounts=len(venue.accounts) - 1)
            return None
        if self.in_grace(venue, now, needy=len(needy)):
            return None
        for account, found in needy:
            decision = self.decide_for(venue, account, now)
            if decision is not None:
                state = {"equity": found.judged, "maintenance": found.maintenance}
                return replace(decision, values={**decision.values, **state})
        return None

    def decide_for(self, venue: Venue, account: int, now: int) -> Decision | None:
        """Take over for itself when it pays, else let the fund; note why when neither can."""
        own = self._own(venue, account, now)
        if own is not None:
            return own
        plan = strategy.take_over(venue, account, VENUE_ACCOUNT, now) if self.for_fund else None
        if plan is not None:
            return _decision(plan, "the fund can carry it", self.costs.quote_up(gas_of(plan)))
        self.left("the fund cannot carry it", account=account, for_fund=int(self.for_fund))
        return None

    def _own(self, venue: Venue, account: int, now: int) -> Decision | None:
        if self.account in (VENUE_ACCOUNT, account):
            return None
        plan = strategy.take_over(venue, account, self.account, now)
        if plan is None:
            self.left("its own account cannot carry it", account=account, by=self.account)
            return None
        cost = self.costs.quote_up(gas_of(plan))
        # Without any gain it would carry the position for nothing: that is what the fund is for.
        if plan.gain - cost < max(1, self.floor):
            values = {"gain": plan.gain, "cost": cost, "floor": self.floor}
            self.left("the profit is below the floor", account=account, **values)
            return None
        return _decision(plan, "it pays", cost)


def gas_of(plan: Takeover) -> int:
    """Estimate the gas of a takeover."""
    return TAKE_GAS + MARKET_GAS * (len(plan.markets) + len(plan.by_markets))


def take_over_call(plan: Takeover) -> Call:
    """The transaction that makes a plan come true."""
    named = (list(plan.markets), list(plan.lots), list(plan.by_markets))
    return Call("liquidations", "takeOver", (plan.account, plan.by, *named), LIMIT * gas_of(plan))


def _decision(plan: Takeover, why: str, cost: int) -> Decision:
    lots = ",".join(f"{m}:{n}" for m, n in zip(plan.markets, plan.lots, strict=True))
    money = {"gain": plan.gain, "cost": cost, "shortfall": plan.shortfall}
    values: Values = {"account": plan.account, "by": plan.by, "lots": lots, **money}
    return Decision("took over", why, values, (take_over_call(plan),))

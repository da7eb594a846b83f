"""What a market's fall or rise would do, before it happens (pure).

    shortfall  Σ −equity over accounts that would be bankrupt
    covered    what the insurance fund could pay of it, at that price: its spare money, within the
               loss cap of the market
    borne      the rest: what the other side would give up of its profit
    nobody's   what even that does not reach

The price jumps at once, nobody is liquidated on the way, and no other mark moves.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from msgspec import Struct

from penstock.liquidations import capacity
from penstock.strategy import narrow, ranks
from penstock.units import UINT32_MAX
from penstock.venue import VENUE_ACCOUNT, Venue
from penstock.views import account_of

MOVES: Final = tuple(range(-50, 51, 10))
"""Per cent of the mark."""


class Amount(Struct, frozen=True):
    """An account and quote units."""

    account: int
    quote: int


class Scenario(Struct, frozen=True):
    """A market at another mark; money in quote units."""

    market: int
    move: int
    """Per cent."""
    mark: int
    liquidatable: tuple[int, ...]
    """Accounts below maintenance margin, those in `bankrupt` included."""
    bankrupt: tuple[Amount, ...]
    """Accounts without equity, and what each lacks."""
    covered: int
    bearers: tuple[Amount, ...]
    """Who would be deleveraged, the first in rank first, and the most that each could lose."""

    @property
    def shortfall(self) -> int:
        """What all bankrupt accounts lack."""
        return sum(lack.quote for lack in self.bankrupt)

    @property
    def borne(self) -> int:
        """What the bearers would give up together."""
        rest = self.shortfall - self.covered
        return min(rest, sum(bearer.quote for bearer in self.bearers))

    @property
    def nobodys(self) -> int:
        """What is left over."""
        return self.shortfall - self.covered - self.borne


def stress(
    venue: Venue, market: int, now: int, moves: Iterable[int] = MOVES
) -> tuple[Scenario, ...]:
    """A market at each of these distances from its mark. Raises Refused for one not listed."""
    venue.market(market)
    return tuple(scenario(venue, market, move, now) for move in moves)


def scenario(venue: Venue, market: int, move: int, now: int) -> Scenario:
    """A market at one other mark; `move` in per cent, the mark rounded down and at least a tick."""
    shocked = moved(venue, market, move, now)
    weak = _weak(shocked, market, now)
    bankrupt = tuple(Amount(one.account, -one.quote) for one in weak if one.quote < 0)
    shortfall = sum(lack.quote for lack in bankrupt)
    covered = min(shortfall, capacity(shocked, market, now))
    bearers = _bearers(
        shocked, market, [lack.account for lack in bankrupt], shortfall - covered, now
    )
    weak_accounts, mark = tuple(one.account for one in weak), shocked.market(market).mark
    return Scenario(market, move, mark, weak_accounts, bankrupt, covered, bearers)


def moved(venue: Venue, market: int, move: int, now: int) -> Venue:
    """The venue with one mark elsewhere; the original stays."""
    shocked = narrow(venue, venue.accounts, now)
    before = shocked.markets[market]
    mark = min(max(1, before.mark * (100 + move) // 100), UINT32_MAX)
    shocked.markets[market] = replace(before, mark=mark)
    return shocked


def _weak(shocked: Venue, market: int, now: int) -> list[Amount]:
    """Accounts with a position in the market below maintenance, and their equity."""
    weak = []
    for held in shocked.accounts.values():
        if held.account == VENUE_ACCOUNT or not held.position(market).size:
            continue
        seen = account_of(shocked, held.account, now)
        if seen.equity < seen.maintenance_margin:
            weak.append(Amount(held.account, seen.equity))
    return weak


def _bearers(
    shocked: Venue, market: int, bankrupt: Sequence[int], rest: int, now: int
) -> tuple[Amount, ...]:
    """Profitable positions opposite to the bankrupt ones, as far as the rest goes."""
    longs = {shocked.accounts[account].positions[market].size > 0 for account in bankrupt}
    found: list[Amount] = []
    for long in sorted(longs):
        for rank in ranks(shocked, market, not long, now):
            if rest > 0 and rank.account not in bankrupt:
                found.append(Amount(rank.account, min(rank.profit, rest)))
                rest -= found[-1].quote
    return tuple(found)

"""What a market's fall or rise would do, before it happens (pure).

    shortfall  Σ −equity over accounts that would be bankrupt
    covered    what the insurance fund could pay of it, at that price: its spare money, within the
               loss cap of the market
    borne      the rest: what the other side would give up of its profit, and of its equity
    nobody's   what even that does not reach

The price jumps at once, nobody is liquidated on the way, and no other mark moves.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from fractions import Fraction
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
    move: int | Fraction
    """Per cent of the mark as it is: whole, or what a price is away from it."""
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
    venue: Venue, market: int, now: int, moves: Iterable[int] = MOVES, prices: Iterable[int] = ()
) -> tuple[Scenario, ...]:
    """A market at each of these distances from its mark, and at these prices, in ticks; by mark.

    Raises Refused for a market that is not listed.
    """
    venue.market(market)
    told = [scenario(venue, market, move, now) for move in moves]
    told += [at_price(venue, market, price, now) for price in prices]
    return tuple(sorted(told, key=lambda one: one.mark))


def scenario(venue: Venue, market: int, move: int, now: int) -> Scenario:
    """A market at one other mark; `move` in per cent, the mark rounded down and at least a tick."""
    return _scenario(moved(venue, market, move, now), market, move, now)


def at_price(venue: Venue, market: int, price: int, now: int) -> Scenario:
    """A market at one other mark, in ticks."""
    mark = venue.market(market).mark
    # Without a mark nobody has a position.
    move = Fraction(100 * (price - mark), mark or price)
    return _scenario(marked(venue, market, price, now), market, move, now)


def _scenario(shocked: Venue, market: int, move: int | Fraction, now: int) -> Scenario:
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
    """The venue with one mark elsewhere, by so many per cent; the original stays."""
    mark = venue.market(market).mark * (100 + move) // 100
    return marked(venue, market, min(max(1, mark), UINT32_MAX), now)


def marked(venue: Venue, market: int, mark: int, now: int) -> Venue:
    """The venue with another mark in one market; the original stays."""
    shocked = narrow(venue, venue.accounts, now)
    shocked.markets[market] = replace(shocked.markets[market], mark=mark)
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
                found.append(Amount(rank.account, min(rank.profit, rank.equity, rest)))
                rest -= found[-1].quote
    return tuple(found)

"""How far accounts, and the insurance fund, are from their end (pure).

    margin ratio  = equity / maintenance margin       below one: anybody may liquidate
    liquidation   the mark nearest to safety at which equity < maintenance; no other mark moves
    distance      ticks from the mark to there, where it hurts positive; zero or less: it is there
    periods       N funding periods, each charged at the cap against the position and at this mark,
                  leave equity ≥ maintenance; N + 1 do not

Everything is exact, in the model's arithmetic, with the funding that is due at `now` applied.
"""

from fractions import Fraction
from typing import Final

from msgspec import Struct

from penstock.accounts import Account
from penstock.funding import index_move
from penstock.liquidations import capacity, loss_left, spare
from penstock.strategy import Rank, most_accepted, ranks
from penstock.venue import VENUE_ACCOUNT, Venue
from penstock.views import account_of, position_of

FOR_EVER: Final = 2**40
"""Periods up to which is counted; no funding market lives so long."""


class PositionRisk(Struct, frozen=True):
    """One position. `size` in signed lots, money in quote units, prices in ticks."""

    account: int
    market: int
    size: int
    mark: int
    value: int
    liquidation_price: int | None
    """None when no mark liquidates it."""
    distance: int | None
    periods: int | None
    """Only this position pays; None for ever."""
    place: int | None
    """In the order of deleveraging on its side, from 1; None while it is not in profit."""
    rank: Rank | None

    @property
    def move(self) -> Fraction | None:
        """The distance as a part of the mark; one hundredth is a per cent."""
        return None if self.distance is None else Fraction(self.distance, self.mark)


class AccountRisk(Struct, frozen=True):
    """An account in quote units."""

    account: int
    equity: int
    initial_margin: int
    maintenance_margin: int
    periods: int | None
    """All positions pay; None for ever."""
    positions: tuple[PositionRisk, ...]

    @property
    def ratio(self) -> Fraction | None:
        """Equity over maintenance margin; None without a position."""
        return Fraction(self.equity, self.maintenance_margin) if self.maintenance_margin else None


class CapRisk(Struct, frozen=True):
    """What one market may still cost the fund, quote units; `size` is the fund's own, in lots."""

    market: int
    cap: int
    paid: int
    """Of what was paid lately, what still counts."""
    size: int
    left: int
    """Cap less paid less the loss of the fund's own position; negative beyond the cap."""
    capacity: int
    """What the fund can pay for this market now."""


class FundRisk(Struct, frozen=True):
    """The insurance fund, quote units."""

    collateral: int
    spare: int
    """Collateral and losses of its positions, less initial margin."""
    reserve: int
    uncollected: int
    """Fees that still lie in the markets."""
    caps: tuple[CapRisk, ...]


def account_risk(venue: Venue, account: int, now: int) -> AccountRisk:
    """Everything that a trader wants to know. Raises Refused for an account that is not there."""
    held, seen = venue.account(account), account_of(venue, account, now)
    sized = [market for market in held.open_markets if held.positions[market].size]
    positions = tuple(position_risk(venue, account, market, now) for market in sized)
    margins = (seen.initial_margin, seen.maintenance_margin)
    return AccountRisk(account, seen.equity, *margins, periods(venue, held, sized, now), positions)


def position_risk(venue: Venue, account: int, market: int, now: int) -> PositionRisk:
    """One position that is not closed."""
    held, seen = venue.account(account), position_of(venue, account, market, now)
    price, distance = seen.liquidation_price, None
    if price is not None:
        distance = seen.mark - price if seen.size > 0 else price - seen.mark
    ranked = ranks(venue, market, seen.size > 0, now)
    place = next((n for n, rank in enumerate(ranked, 1) if rank.account == account), None)
    return PositionRisk(
        account,
        market,
        seen.size,
        seen.mark,
        seen.value,
        price,
        distance,
        periods(venue, held, [market], now),
        place,
        ranked[place - 1] if place else None,
    )


def periods(venue: Venue, held: Account, markets: list[int], now: int) -> int | None:
    """How many periods at the cap the account survives when its positions in `markets` pay."""
    seen = account_of(venue, held.account, now)
    left = seen.equity - seen.maintenance_margin

    def survives(count: int) -> bool:
        return sum(_paid(venue, held, market, count, now) for market in markets) <= left

    count = most_accepted(FOR_EVER, survives)
    return None if count == FOR_EVER else count


def _paid(venue: Venue, held: Account, market: int, count: int, now: int) -> int:
    """What a position pays in `count` periods at the cap against it, quote units."""
    listed, position = venue.seen(market, now), held.positions[market]
    terms = listed.listing
    move = index_move(terms.terms.cap, listed.mark, terms.unit, listed.seconds)
    index = listed.index + (move if position.size > 0 else -move) * count
    return position.quote_down(listed.index) - position.quote_down(index)


def fund_risk(venue: Venue, now: int) -> FundRisk:
    """What the insurance fund has, and what it may lose."""
    held = venue.account(VENUE_ACCOUNT)
    caps = tuple(_cap_risk(venue, held, market, now) for market in sorted(venue.markets))
    return FundRisk(held.collateral, spare(venue, now), venue.fund.reserve, venue.fees, caps)


def _cap_risk(venue: Venue, held: Account, market: int, now: int) -> CapRisk:
    loss, size = venue.fund.loss(market), held.position(market).size
    left = loss_left(venue, market, now)
    return CapRisk(market, loss.cap, loss.counted(now), size, left, capacity(venue, market, now))

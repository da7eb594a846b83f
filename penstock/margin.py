"""Value and margin of positions, and what one fill does to one side.

    lot value      = mark · unit
    margin per lot = ⌈mark · unit · bps / 10^4⌉
    value          = quote + size · lot value
    weighted(x)    = x · (k + 1) − tier · k · (k + 1) / 2,  k = ⌊x / tier⌋
    initial        = weighted(|size|) · margin per lot
    maintenance    = |size| · maintenance margin per lot
    band           = [⌈mark · (10^4 − band) / 10^4⌉, ⌊mark · (10^4 + band) / 10^4⌋]

Settlement and the engine's gate ask the same two functions: `weigh` whether a side may have a fill,
`trade` to apply it. Equity and margin of an account run along, so both are O(1).
"""

from dataclasses import dataclass
from typing import Final, Self

from penstock.accounts import Market, Position, Settings
from penstock.limits import MOST_TIERS, weighted
from penstock.messages import Verdict
from penstock.units import BPS_SCALE, div_up, fee_up

ALWAYS: Final = 2**64
"""A time that never comes: an account without markets needs no fresh mark."""


def lot_margin_up(mark: int, unit: int, bps: int) -> int:
    """Margin of one lot, rounded up against the account."""
    return div_up(mark * unit * bps, BPS_SCALE)


def band(mark: int, bps: int) -> tuple[int, int]:
    """Lowest and highest price of a fill, both rounded inwards."""
    low = div_up(mark * (BPS_SCALE - bps), BPS_SCALE)
    return low, mark * (BPS_SCALE + bps) // BPS_SCALE


def lowers(before: int, after: int) -> bool:
    """Whether the exposure falls: `after` lies between zero and `before`, and is not `before`."""
    return 0 <= after < before or before < after <= 0


def raised(size: int, lots: int) -> int:
    """Lots by which a trade moves a position away from zero."""
    return (abs(size + lots) - abs(size) + abs(lots)) // 2


@dataclass(slots=True)
class Priced:
    """A market at its mark, and what a batch settled in it."""

    market: int
    mark: int
    unit: int
    index: int
    low: int
    high: int
    lot_value: int
    lot_margin: int
    lot_maintenance: int
    tier: int
    discount_ppm: int
    penalty_ppm: int
    taker_fee: int
    maker_fee: int
    fresh_until: int
    """Last second at which exposure may be raised."""
    marked_until: int = ALWAYS
    """Last second at which the mark is good for everything else."""
    raised: int = 0
    """Lots by which positions moved away from zero in the batch, on both sides."""
    settled: int = 0
    """Lots of all fills of the batch."""
    volume: int = 0
    """Lots of its ordinary fills, which are a sample of the premium; `value` is at their prices."""
    value: int = 0
    fees: int = 0

    @classmethod
    def of(cls, market: Market, index: int, settings: Settings) -> Self:
        """Price `market` with the funding `index` after accrual."""
        listing, mark = market.listing, market.mark
        low, high = band(mark, settings.band_bps)
        return cls(
            market=market.market,
            mark=mark,
            unit=listing.unit,
            index=index,
            low=low,
            high=high,
            lot_value=mark * listing.unit,
            lot_margin=lot_margin_up(mark, listing.unit, listing.initial_bps),
            lot_maintenance=lot_margin_up(mark, listing.unit, listing.maintenance_bps),
            tier=listing.limits.tier,
            discount_ppm=listing.maintenance_bps * settings.discount_share,
            penalty_ppm=listing.maintenance_bps * settings.penalty_share,
            taker_fee=listing.taker_fee,
            maker_fee=listing.maker_fee,
            # While a market is held its mark is good for everything but raising exposure.
            fresh_until=market.open_until,
            marked_until=market.fresh_until,
        )

    @property
    def grown(self) -> int:
        """Lots by which the batch left more open."""
        return self.raised - self.settled

    def worth(self, position: Position) -> int:
        """What a position is worth at the mark, funding applied."""
        return position.quote_down(self.index) + position.size * self.lot_value

    def initial(self, size: int) -> int:
        """Initial margin of a position of signed lots."""
        return weighted(abs(size), self.tier) * self.lot_margin

    def maintenance(self, size: int) -> int:
        """Maintenance margin of a position of signed lots."""
        return abs(size) * self.lot_maintenance

    def is_too_large(self, before: int, after: int) -> bool:
        """Whether a trade raises a position beyond its last tier."""
        return abs(after) > abs(before) and abs(after) > MOST_TIERS * self.tier


@dataclass(slots=True)
class Weight:
    """An account weighed at the marks, the last ones where they are stale, quote units."""

    equity: int
    initial: int = 0
    maintenance: int = 0
    notional: int = 0
    stale_margin: int = 0
    """Initial margin of the positions whose mark is stale; the margins above are the others'."""
    profit: int = 0
    """Of open positions: margin, not money."""
    oldest: int = 0
    """The market with an open position whose mark grows stale first."""
    fresh_until: int = ALWAYS
    """Last second at which its mark is good."""

    @property
    def judged(self) -> int:
        """The equity by which an account is judged: what a stale mark may hide counts for it."""
        return self.equity + self.stale_margin

    @property
    def excess(self) -> int:
        """By how much it is above the initial margin."""
        return self.judged - self.initial

    @property
    def withdrawable(self) -> int:
        """What of it is money: equity above initial margin, leaving out profit."""
        return self.equity - self.initial - self.stale_margin - self.profit

    def add(self, position: Position, priced: Priced, *, stale: bool = False) -> None:
        """Take up a position, funding applied."""
        worth = priced.worth(position)
        self.equity += worth
        self.notional += abs(position.size) * priced.lot_value
        if position.size:
            self.profit += max(0, worth)
            if priced.marked_until < self.fresh_until:
                self.oldest, self.fresh_until = priced.market, priced.marked_until
        if stale:
            self.stale_margin += priced.initial(position.size)
        else:
            self.initial += priced.initial(position.size)
            self.maintenance += priced.maintenance(position.size)


@dataclass(slots=True)
class Standing:
    """An account's running equity and initial margin."""

    account: int
    equity: int
    margin: int = 0
    opened: int = 0
    """Open markets, counting each that opened and never falling."""
    fresh_until: int = ALWAYS
    """Last second at which every market that the account brings has a fresh mark."""
    complete: bool = True
    """Whether the account is registered and every open position was supplied."""
    named: bool = True
    """Whether every open position was supplied."""
    nonce: int = 0
    """Highest immediate number that filled."""
    reserved: int = 0
    """What withdrawals are going to take; the chain knows of none."""


@dataclass(slots=True)
class Holding:
    """One account's position in one market, funding applied."""

    standing: Standing
    market: Priced
    size: int = 0
    quote: int = 0
    traded: bool = False
    barred: bool = False
    """Whether the account has no room for it among its open markets."""

    @property
    def empty(self) -> bool:
        """Whether the account had nothing in the market and has not traded in it since."""
        return self.size == 0 and self.quote == 0 and not self.traded


def hold(standing: Standing, market: Priced, position: Position | None) -> Holding:
    """Take up a position, funding applied, into the standing of its account."""
    if position is None or not position.is_open:
        return Holding(standing, market)
    holding = Holding(standing, market, position.size, position.quote_down(market.index))
    standing.equity += holding.quote + holding.size * market.lot_value
    standing.margin += market.initial(holding.size)
    return holding


def weigh(side: Holding, lots: int, paid: int, reduce_only: bool, limit: int, now: int) -> Verdict:
    """Say whether an account may trade `lots` (signed) for `paid`, fee included; change nothing.

    `limit` is the most markets that an account may have open.
    """
    standing, market = side.standing, side.market
    after = side.size + lots
    equity = standing.equity + lots * market.lot_value - paid
    if lowers(side.size, after):
        # A withdrawal leaves initial margin: it takes no more than what is above it.
        leaving = min(standing.reserved, max(0, standing.equity - standing.margin))
        return Verdict.BANKRUPT if equity < leaving else Verdict.SETTLED
    if market.is_too_large(side.size, after):
        return Verdict.POSITION_TOO_LARGE
    if reduce_only:
        return Verdict.REDUCE_ONLY
    if standing.opened >= limit and side.empty:
        return Verdict.TOO_MANY_MARKETS
    if now > standing.fresh_until or now > market.fresh_until:
        return Verdict.STALE_PRICE
    margin = standing.margin + market.initial(after) - market.initial(side.size)
    enough = equity >= margin + standing.reserved
    return Verdict.SETTLED if enough else Verdict.BELOW_INITIAL_MARGIN


def cash(price: int, lots: int, market: Priced, *, maker: bool) -> int:
    """What an account pays for signed `lots` at `price`, fee included; negative: it receives."""
    notional = price * lots * market.unit
    return notional + fee_up(abs(notional), market.maker_fee if maker else market.taker_fee)


def trade(side: Holding, lots: int, paid: int) -> None:
    """Apply what `weigh` allowed."""
    standing, market = side.standing, side.market
    if side.empty:
        standing.opened += 1
        standing.fresh_until = min(standing.fresh_until, market.fresh_until)
    after = side.size + lots
    standing.equity += lots * market.lot_value - paid
    standing.margin += market.initial(after) - market.initial(side.size)
    side.size, side.quote, side.traded = after, side.quote - paid, True

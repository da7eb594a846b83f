"""What a liquidation may cost, and how far it may go.

    discount = maintenance bps · discount share     how far from the mark a position may be closed
    penalty  = maintenance bps · penalty share      what the insurance fund receives, of notional
    band     = [⌈mark · (1 − discount)⌉, ⌊mark · (1 + discount)⌋]
    needed   : excess after · lots < excess after − excess before, or excess after ≤ 0
    fewer    = ⌈lots · −excess before / (excess after − excess before)⌉, where not all are needed

Ratios are parts of 10^6: basis points times a share in percent. Twin of LiquidationRules.
"""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from penstock.margin import Holding, Priced, cash, weigh
from penstock.messages import Side, Verdict
from penstock.units import div_up

PPM: Final = 10**6


class Terms(NamedTuple):
    """What each side of a liquidation pays, fee or penalty included; negative: it receives."""

    maker: int
    taker: int


def band(mark: int, discount: int) -> tuple[int, int]:
    """Lowest price for a long, highest for a short; both rounded in favour of the account."""
    return div_up(mark * (PPM - discount), PPM), mark * (PPM + discount) // PPM


def part_up(notional: int, ratio: int) -> int:
    """Take a part of a notional, rounded up against the account."""
    return div_up(notional * ratio, PPM)


def is_needed(lots: int, before: int, after: int) -> bool:
    """Say whether the last of `lots` was needed to bring the excess from `before` to `after`."""
    return after <= 0 or after * lots < after - before


def fewer_up(lots: int, before: int, after: int) -> int:
    """How many would do where `lots` are more than needed: each is taken to add the same.

    At least one, and fewer than `lots`; with tiers still more than needed at times: ask again.
    """
    return div_up(lots * -before, after - before)


def is_within(price: int, buy: bool, market: Priced) -> bool:
    """Say whether an account may be liquidated at a price; `buy` when it is short."""
    low, high = band(market.mark, market.discount_ppm)
    return price <= high if buy else price >= low


def is_stale(market: Priced, now: int) -> bool:
    """Say whether a mark is too old for lots to move at it."""
    return now > market.marked_until


def stale_margin(holdings: Iterable[Holding], now: int) -> int:
    """Initial margin of the positions whose mark is stale."""
    stale = (held for held in holdings if is_stale(held.market, now))
    return sum(held.market.initial(held.size) for held in stale)


def is_liquidatable(holdings: Sequence[Holding], equity: int, now: int) -> bool:
    """Say whether an account with these positions is below its maintenance margin.

    A position whose mark is stale needs none; its initial margin is counted for the account.
    """
    fresh = (held for held in holdings if not is_stale(held.market, now))
    needed = sum(held.market.maintenance(held.size) for held in fresh)
    return equity + stale_margin(holdings, now) < needed


def weigh_forced(
    maker: Holding,
    taker: Holding,
    price: int,
    bought: int,
    reduce_only: bool,
    limit: int,
    now: int,
    stale: int = 0,
) -> tuple[Terms, Verdict, Side]:
    """Weigh a fill of a liquidation order: towards safety, as far as needed, never above the mark.

    `bought` is what the liquidated account buys, signed; `reduce_only` is the maker's. `stale` is
    the taker's `stale_margin`. Account 0, the fund's, unwinds as far as it likes and pays no
    penalty.
    """
    standing, market = taker.standing, taker.market
    # The margin contains that of stale positions: it is neither needed here nor missing.
    before = standing.equity - standing.margin + 2 * stale
    private = bool(standing.account)
    got = cash(price, -bought, market, maker=True)
    notional = price * bought * market.unit
    terms = Terms(got, notional + (_penalty(taker, bought, notional) if private else 0))
    if private and before >= 0:
        return terms, Verdict.NOT_LIQUIDATABLE, Side.TAKER
    verdict = weigh(maker, -bought, got, reduce_only, limit, now)
    if verdict is not Verdict.SETTLED:
        return terms, verdict, Side.MAKER
    verdict = weigh(taker, bought, terms.taker, True, limit, now)
    if verdict is Verdict.SETTLED and private:
        margin = market.initial(taker.size + bought) - market.initial(taker.size)
        after = before + bought * market.lot_value - terms.taker - margin
        # A record has 48 bits for the penalty.
        penalty = terms.taker - notional
        if not is_needed(abs(bought), before, after) or penalty >= 2**48:
            verdict = Verdict.MORE_THAN_NEEDED
    return terms, verdict, Side.NONE if verdict is Verdict.SETTLED else Side.TAKER


def _penalty(side: Holding, bought: int, notional: int) -> int:
    """A part of the notional, no more than there is, and what the account gains at the mark."""
    gain = bought * side.market.lot_value - notional
    left = side.standing.equity + min(0, gain)
    part = min(part_up(abs(notional), side.market.penalty_ppm), max(0, left))
    return max(0, gain) + part

"""What a person, or a test, asks a venue: margin, liquidation price, order status, storage words.

Views have the contracts' names and answer the same numbers, with funding that is due applied.
"""

from bisect import bisect_left
from collections.abc import Sequence
from enum import IntEnum
from typing import Any, NamedTuple, TypeAlias

from penstock.accounts import CANCELLED, Account, Interim, Listing, Market
from penstock.funding import Sample, Terms
from penstock.limits import unpack_bound
from penstock.margin import Weight, lot_margin_up
from penstock.units import UINT32_MAX
from penstock.venue import Venue
from penstock.watch import Watch

WordKey: TypeAlias = tuple[str, int, int]
"""Name of a word in docs/storage.md, and up to two numbers that find it (0 where not needed)."""


class AccountView(NamedTuple):
    """An account in quote units, funding applied."""

    collateral: int
    equity: int
    initial_margin: int
    maintenance_margin: int
    free_collateral: int
    """Equity above initial margin: what new positions may use."""
    withdrawable: int
    """As free collateral, but leaving out the profit of open positions."""


class PositionView(NamedTuple):
    """A position in quote units; `liquidation_price` in ticks, None for never."""

    size: int
    quote: int
    funding: int
    value: int
    mark: int
    liquidation_price: int | None


class NonceStatus(IntEnum):
    """What can be said of an order's nonce."""

    LIVE = 0
    REPLACED = 1
    CANCELLED = 2
    SPENT = 3


def account_of(venue: Venue, account: int, now: int) -> AccountView:
    """Weigh an account at the marks of `now`."""
    held = venue.account(account)
    found = Weight(held.collateral)
    for market in held.open_markets:
        found.add(held.positions[market], venue.priced(market, now))
    free, margins = found.equity - found.initial, (found.initial, found.maintenance)
    return AccountView(held.collateral, found.equity, *margins, free, found.withdrawable)


def position_of(venue: Venue, account: int, market: int, now: int) -> PositionView:
    """Value a position at the mark of `now`."""
    held = venue.account(account)
    position, priced = held.position(market), venue.priced(market, now)
    quote, value = position.quote_down(priced.index), priced.worth(position)
    price = liquidation_price(venue, account, market, now)
    return PositionView(position.size, quote, quote - position.quote, value, priced.mark, price)


def liquidation_price(venue: Venue, account: int, market: int, now: int) -> int | None:
    """The mark nearest to safety at which equity is below maintenance margin, None for never.

    Only this market moves. What a position adds to equity less margin is monotone in its mark, so
    the tick is found by halving: the highest such mark of a long, the lowest of a short.
    """
    held = venue.account(account)
    listing, priced = venue.seen(market, now).listing, venue.priced(market, now)
    size = held.position(market).size
    if size == 0:
        return None
    seen = account_of(venue, account, now)
    rest = seen.equity - size * priced.lot_value
    rest -= seen.maintenance_margin - priced.maintenance(size)

    def is_unsafe(mark: int) -> bool:
        needed = abs(size) * lot_margin_up(mark, listing.unit, listing.maintenance_bps)
        return rest + size * mark * listing.unit < needed

    if size < 0:
        found = bisect_left(range(UINT32_MAX + 1), True, lo=1, key=is_unsafe)
        return found if found <= UINT32_MAX else None
    found = bisect_left(range(UINT32_MAX + 1), True, lo=1, key=lambda mark: not is_unsafe(mark))
    return found - 1 or None


def order_status(
    venue: Venue, account: int, immediate: bool, nonce: int
) -> tuple[NonceStatus, int]:
    """State of a nonce, and the lots filled of a resting order so far."""
    held = venue.held(account)
    if immediate:
        return (NonceStatus.LIVE if nonce > held.nonce else NonceStatus.SPENT), 0
    slot, epoch = nonce >> 32, nonce & UINT32_MAX
    highest, filled = held.slots.get(slot, (0, 0))
    if highest > epoch or (held.floored and epoch <= held.floor):
        return NonceStatus.REPLACED, 0
    if highest == epoch and filled == CANCELLED:
        return NonceStatus.CANCELLED, 0
    return NonceStatus.LIVE, filled if highest == epoch else 0


def words(venue: Venue) -> dict[WordKey, int]:
    """Every storage word of the model that is not zero, packed as the contracts pack it."""
    found: dict[WordKey, int] = {
        ("reserve", 0, 0): venue.fund.reserve,
        ("tally", 0, 0): venue.tally.word(venue.settings),
        ("rules", 0, 0): venue.settings.rules_word,
        ("watch", 0, 0): venue.watch.word,
    }
    for number, market in venue.markets.items():
        found["market", number, 0] = market.word
        found["loss", number, 0] = venue.fund.loss(number).word
        found["activity", number, 0] = market.activity_word
        found["course", number, 0] = market.course_word
        found["interim", number, 0] = market.interim.word
    for account in venue.accounts.values():
        found.update(_account_words(account))
    return {key: word for key, word in found.items() if word}


def course_word(market: Sequence[Any]) -> int:
    """The word behind what `FundingIndex.marketOf` answers."""
    _, time, _, unit, _, index, initial, maintenance, taker, maker, interval, *funded = market
    rate, start, *terms, paid = funded
    listing = Listing(unit, initial, maintenance, taker, maker, interval // 60, Terms(*terms))
    sample = Sample(rate, start, charged_before=paid)
    return Market(0, listing, sample, time=time, index=index).course_word


def interim_word(interim: Sequence[int]) -> int:
    """The word behind what `FundingIndex.interimOf` answers."""
    a, b, c, d, started_at, paused_until, *bounds, tier_started_at = interim
    start, end = map(unpack_bound, bounds)
    return Interim((a, b), (c, d), started_at, paused_until, (start, end), tier_started_at).word


def watch_word(beats: Sequence[int]) -> int:
    """The word behind what `SequencerWatch.beats` answers."""
    last, start, end, down = beats
    return Watch(0, 0, last, start, end, down).word


def _account_words(account: Account) -> dict[WordKey, int]:
    number = account.account
    found: dict[WordKey, int] = {
        ("account", number, 0): account.word,
        ("floor", number, 0): account.floor,
    }
    for market, position in account.positions.items():
        found["position", number, market] = position.word
    for quarter in {slot // 4 for slot in account.slots}:
        found["slots", number, quarter] = account.slots_word(quarter)
    return found

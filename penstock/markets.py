"""The markets of the reference model: prices, funding, terms, margins, limits, pauses.

Twin of `FundingIndex`. Times are seconds and are passed in; prices are ticks.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from penstock import funding
from penstock.accounts import Listing, Market, Settings
from penstock.limits import Limits
from penstock.margin import Priced
from penstock.refusals import Refusal, Refused
from penstock.units import UINT32_MAX
from penstock.watch import Watch

PAUSE: Final = 24 * 60 * 60
"""Seconds that a pause of the guardian lasts."""
REST: Final = 7 * 24 * 60 * 60
"""Seconds from the end of a pause until the next may begin."""


class Markets:
    """Every market, the rules that they share, and the watch that says whether the chain was up."""

    __slots__ = ("frozen", "markets", "paused_until", "settings", "watch")

    def __init__(self, settings: Settings, watch: Watch) -> None:
        self.settings: Settings = settings
        self.watch: Watch = watch
        self.markets: dict[int, Market] = {}
        self.paused_until: int = 0
        """First second after the guardian's latest pause."""
        self.frozen: bool = False
        """Whether the venue is over."""

    def _check_not_frozen(self) -> None:
        if self.frozen:
            raise Refused(Refusal.FROZEN)

    def list_market(self, listing: Listing, now: int) -> int:
        """List a market and return its number."""
        self._check_not_frozen()
        number = len(self.markets) + 1
        self.markets[number] = Market(number, listing, funding.Sample())
        self.markets[number].begin(0, now)
        return number

    def refresh(
        self, market: int, price: int, time: int, now: int, *, clamped: bool = False
    ) -> None:
        """Beat, accrue at the old mark, then take the source's price; margins move on."""
        self._check_still(market, price, time, now, clamped)
        self.beat(now)
        self.accrue(market, now)
        self._take_price(self.markets[market], price, time, now, clamped)

    def _check_still(self, market: int, price: int, time: int, now: int, clamped: bool) -> None:
        """A refresh of a frozen venue is good as long as it changes nothing."""
        if not self.frozen:
            return
        self.accrue(market, now)
        refreshed = replace(self.markets[market])
        self._take_price(refreshed, price, time, now, clamped)
        if refreshed != self.markets[market]:
            raise Refused(Refusal.FROZEN)

    def _take_price(self, listed: Market, price: int, time: int, now: int, clamped: bool) -> None:
        listed.listing = listed.interim.applied(listed.listing, now)
        # Without a price the mark grows stale; what held the market may go on until there is one.
        if price and time >= listed.time:
            listed.held = clamped or now < listed.interim.paused_until
        if price and time > listed.time:
            listed.mark, listed.time = price, time
            listed.fresh_until = min(time + self.settings.max_price_age, UINT32_MAX)

    def beat(self, now: int) -> None:
        """Say that the chain is alive."""
        self.watch = self.watch.beat(now)

    def accrue(self, market: int, now: int) -> None:
        """Charge the funding that is due in a market."""
        listed = self.market(market)
        if listed.due(now):
            self._check_not_frozen()
        listed.accrue(now, self.watch)

    def market(self, market: int) -> Market:
        """Look a market up."""
        if market not in self.markets:
            raise Refused(Refusal.NOT_LISTED, market)
        return self.markets[market]

    def _changeable(self, market: int) -> Market:
        listed = self.market(market)
        self._check_not_frozen()
        return listed

    def seen(self, market: int, now: int) -> Market:
        """A market with the funding that is due at `now`."""
        return self.market(market).seen(now, self.watch)

    def priced(self, market: int, now: int) -> Priced:
        """Price a market as a batch would find it at `now`."""
        seen = self.seen(market, now)
        return Priced.of(seen, seen.index, self.settings)

    def predicted_rate(self, market: int, now: int) -> int:
        """Rate at which the running period would close if nothing more were settled in it."""
        # A period that is due is over: the running one has no sample yet.
        return self.seen(market, now).rate_at_close()

    # What the governor and the guardian may do to a market.

    def set_margins(self, market: int, initial_bps: int, maintenance_bps: int, now: int) -> None:
        """Move margins: down at once, up along a line within a day."""
        listed = self._changeable(market)
        listed.interim = replace(
            listed.interim,
            initial=(listed.listing.initial_bps, initial_bps),
            maintenance=(listed.listing.maintenance_bps, maintenance_bps),
            started_at=now,
        )
        listed.listing = listed.interim.applied(listed.listing, now)

    def set_fees(self, market: int, taker_fee: int, maker_fee: int) -> None:
        """Change fees at once."""
        listed = self._changeable(market)
        listed.listing = replace(listed.listing, taker_fee=taker_fee, maker_fee=maker_fee)

    def set_limits(self, market: int, limits: Limits, now: int) -> None:
        """Replace limits: at once, but for a smaller tier, which comes along a line in a day."""
        listed = self._changeable(market)
        tier = (listed.listing.limits.tier, limits.tier)
        listed.interim = replace(listed.interim, tier=tier, tier_started_at=now)
        listing = replace(listed.listing, limits=limits)
        listed.listing = listed.interim.applied(listing, now)

    def set_terms(self, market: int, interval: int, terms: funding.Terms, now: int) -> None:
        """End the running period on the old terms and begin one on the new; minutes."""
        listed = self._changeable(market)
        self.accrue(market, now)
        listed.close(now, self.watch)
        listed.listing = replace(listed.listing, interval=interval, terms=terms)
        # A rate beyond a new cap is not where the next one steps from.
        last = funding.clamp(listed.sample.last_rate, terms.cap)
        listed.sample = listed.sample._replace(last_rate=last)
        listed.begin(now, now)

    def pause(self, markets: Sequence[int], now: int) -> None:
        """Hold markets until the end of the pause that lasts, or of a new one."""
        rests_until = self.paused_until + REST
        lasts = now < self.paused_until
        if not lasts and self.paused_until and now < rests_until:
            raise Refused(Refusal.RESTING, now, rests_until)
        listed = [self._changeable(market) for market in markets]
        self.paused_until = self.paused_until if lasts else now + PAUSE
        for market in listed:
            market.held = True
            market.interim = replace(market.interim, paused_until=self.paused_until)

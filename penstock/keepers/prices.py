"""Edge: carries the publishers' reports to the feed and refreshes the index, which beats the watch.

A price is due by age, or when it moved; one that somebody else posted is only taken up. Where there
is no price to post, the watch is told that the chain is alive.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Final, TypeAlias

from penstock.accounts import Market
from penstock.errors import SignatureError
from penstock.keepers.keeper import Call, Decision
from penstock.keepers.notes import Values
from penstock.keepers.station import Post, Station
from penstock.messages import SignedReport
from penstock.quorum import Seen, Window, choose, median
from penstock.signing import Domain, recover
from penstock.units import BPS_SCALE

Source: TypeAlias = Callable[[], Iterable[SignedReport]]
"""Returns what the publishers signed lately, in any order, old ones and wrong ones included."""

POST_GAS: Final = 150_000
REPORT_GAS: Final = 30_000
REFRESH_GAS: Final = 100_000
REFRESHED_GAS: Final = 250_000
"""Limits: a post and each report of it, a refresh and each market of it."""
SLACK: Final = 15


class PricePoster(Post):
    """Anybody may run it; it earns nothing and pays gas."""

    name = "prices"

    def __init__(
        self, station: Station, source: Source, *, age: int = 30, move_bps: int = 10
    ) -> None:
        """Post when the last price is `age` seconds old, or `move_bps` away from the mark."""
        super().__init__(station)
        self.source: Final = source
        self.age: Final = age
        self.move_bps: Final = move_bps
        remote = station.remote
        self._domain: Final = Domain(station.wallet.sender.chain_id, remote.system.feed)

    def decide(self, now: int) -> Decision | None:
        """Choose what to post and to refresh. Raises RpcError, and what the source raises."""
        venue = self.look(now)
        markets = sorted(venue.markets)
        publishers, window, latest = self._ask_feed(markets, now)
        seen = self._read()
        posts, stale = [], []
        for market, (_, time, _) in zip(markets, latest, strict=True):
            reports = [one for one in seen if one.signed.report.market == market]
            chosen = choose(reports, publishers, window._replace(last=time), SLACK)
            if chosen and self._is_due(venue.markets[market], chosen, time, now):
                posts.append(_post(market, chosen))
                stale.append(market)
            elif time > venue.markets[market].time:
                stale.append(market)
            elif not chosen and now - time >= self.age:
                values = {"reports": len(reports), "quorum": window.quorum}
                self.left("no quorum of reports", market=market, age=now - time, **values)
        if stale:
            return _decision(posts, stale)
        return self._beat(venue.watch.last, venue.watch.limit, now)

    def _ask_feed(
        self, markets: Sequence[int], now: int
    ) -> tuple[list[bytes], Window, list[tuple[int, int, bool]]]:
        rules = [("publishers",), ("quorum",), ("maxAge",)]
        questions = [*rules, *(("latest", market) for market in markets)]
        publishers, quorum, max_age, *latest = self.station.remote.feed.ask_many(questions)
        known = [bytes.fromhex(address[2:]) for address in publishers]
        return known, Window(0, now, max_age, quorum), latest

    def _read(self) -> list[Seen]:
        seen = []
        for signed in self.source():
            try:
                publisher = recover(self._domain.report_digest(signed.report), signed.signature)
            except SignatureError:
                continue
            seen.append(Seen(publisher, signed))
        return seen

    def _is_due(self, market: Market, chosen: Sequence[SignedReport], time: int, now: int) -> bool:
        moved = abs(median(chosen) - market.mark) * BPS_SCALE >= self.move_bps * market.mark
        return moved or now - time >= self.age

    def _beat(self, last: int, limit: int, now: int) -> Decision | None:
        """Half of what would be an outage is soon enough."""
        if now - last < limit // 2:
            self.left("no price is due", beat_age=now - last)
            return None
        call = Call("watch", "beat", (), REFRESH_GAS)
        values = {"age": now - last, "limit": limit}
        return Decision("beat", "no price is due and the last beat is old", values, (call,))


def _post(market: int, reports: Sequence[SignedReport]) -> Call:
    rows = [signed.row for signed in reports]
    return Call("feed", "post", (market, rows), POST_GAS + REPORT_GAS * len(rows))


def _decision(posts: Sequence[Call], markets: list[int]) -> Decision:
    gas = REFRESH_GAS + REFRESHED_GAS * len(markets)
    refresh = Call("index", "refresh", (markets,), gas)
    why = "a price is due" if posts else "the feed has a newer price"
    posted = ",".join(str(post.arguments[0]) for post in posts)
    values: Values = {"posted": posted, "refreshed": ",".join(map(str, markets))}
    return Decision("posted prices" if posts else "refreshed", why, values, (*posts, refresh))

"""The way out of a venue that is over: the clock of silence, the freeze, the tally, the shares.

    claim(a)  = max(0, collateral + Σ (quote + funding + size · mark · unit))   a ≥ 1, as frozen
    pot       = what the vault holds − what the queue owes
    share(a)  = claim(a)                        when pot ≥ Σ claim
                ⌊claim(a) · pot / Σ claim⌋      otherwise
    residual  = max(0, pot − Σ claim)           for the insurance fund

Twin of EscapeHatch. The functions refuse what the contract refuses and change nothing then; who may
call is left to the contract, and so is the desk's word on a request.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from penstock.accounts import Account, Market
from penstock.refusals import Refusal, Refused
from penstock.venue import VENUE_ACCOUNT, Venue

Page: TypeAlias = Sequence[tuple[int, Sequence[int]]]
"""Accounts, each with the markets that are named for it."""
WORD: Final = 256
"""Accounts in a word of a bitmap."""


@dataclass(slots=True)
class Hatch:
    """What EscapeHatch remembers; times are seconds, amounts quote units."""

    liveness: int = 3 * 86_400
    """Seconds without a batch after which anybody may freeze."""
    noted: int = 0
    """Batch number that was noted last; 0 before anybody looked."""
    since: int = 0
    """When it was first noted."""
    frozen_at: int = 0
    accounts: int = 0
    """Accounts that have a share, numbered from 1."""
    counted: set[int] = field(default_factory=set)
    claims: int = 0
    fixed_at: int = 0
    """When the last account was counted; 0 before."""
    pot: int = 0
    paid: set[int] = field(default_factory=set)

    @property
    def words(self) -> dict[str, int]:
        """Its storage words that are not zero, by name; of bitmaps by name and place."""
        counts = self.frozen_at | self.accounts << 32 | len(self.counted) << 64
        found = {
            "silence": self.since << 40 | self.noted,
            "count": self.claims << 96 | counts,
            "pot": self.pot << 32 | self.fixed_at,
            **_bitmap("counted", self.counted),
            **_bitmap("paid", self.paid),
        }
        return {name: word for name, word in found.items() if word}

    def share_down(self, claim: int) -> int:
        """What a claim is paid, all shares together no more than the pot."""
        return claim if self.pot >= self.claims else claim * self.pot // self.claims

    @property
    def residual(self) -> int:
        """What no account claims."""
        return max(0, self.pot - self.claims)


def _bitmap(name: str, accounts: set[int]) -> dict[str, int]:
    words: dict[str, int] = {}
    for account in accounts:
        place = f"{name} {account // WORD}"
        words[place] = words.get(place, 0) | 1 << account % WORD
    return words


# When the venue is over.


def look(hatch: Hatch, venue: Venue, now: int) -> None:
    """Note the number of the next batch. One that was noted before keeps its time."""
    venue.beat(now)
    if hatch.noted != venue.tally.number:
        hatch.noted, hatch.since = venue.tally.number, now


def freezable_at(hatch: Hatch, venue: Venue, now: int) -> int:
    """From when silence suffices if it lasts and the chain stays up; 0 when nothing was noted."""
    if hatch.frozen_at or hatch.noted != venue.tally.number:
        return 0
    return max(hatch.since + hatch.liveness, venue.watch.grace_ends_at(now))


def freeze_silent(hatch: Hatch, venue: Venue, now: int) -> None:
    """Freeze because no batch landed for the liveness window."""
    _check_freezable(hatch, venue, now)
    if hatch.noted != venue.tally.number:
        raise Refused(Refusal.HATCH_NOT_NOTED, venue.tally.number, hatch.noted)
    if now < hatch.since + hatch.liveness:
        raise Refused(Refusal.HATCH_TOO_SHORT, now, hatch.since + hatch.liveness)
    _freeze(hatch, venue, now)


def freeze_ignored(hatch: Hatch, venue: Venue, request: int, ignored: bool, now: int) -> None:
    """Freeze because a forced request was ignored, as the desk says or not."""
    _check_freezable(hatch, venue, now)
    if not ignored:
        raise Refused(Refusal.HATCH_NOT_IGNORED, request)
    _freeze(hatch, venue, now)


def _check_freezable(hatch: Hatch, venue: Venue, now: int) -> None:
    if hatch.frozen_at:
        raise Refused(Refusal.HATCH_FROZEN, hatch.frozen_at)
    if not venue.watch.is_calm(now):
        raise Refused(Refusal.HATCH_GRACE, now, venue.watch.grace_ends_at(now))


def _freeze(hatch: Hatch, venue: Venue, now: int) -> None:
    hatch.frozen_at, hatch.accounts = now, len(venue.accounts) - 1
    venue.freeze()


# What everybody has.


def claim(venue: Venue, account: int, markets: Sequence[int]) -> int:
    """max(0, equity) as frozen; `markets` names every open position and may name more."""
    held, equity, named = venue.account(account), venue.account(account).collateral, 0
    for place, market in enumerate(markets):
        if place and market <= markets[place - 1]:
            raise Refused(Refusal.HATCH_NOT_ASCENDING, account, market)
        if held.position(market).is_open:
            named += 1
            listed = venue.markets[market]
            equity += value(held, listed, listed.mark)
    if named != len(held.open_markets):
        raise Refused(Refusal.HATCH_INCOMPLETE, account, named, len(held.open_markets))
    return max(0, equity)


def value(held: Account, market: Market, mark: int) -> int:
    """A position at a mark and the stored index: what is due and was not accrued does not count."""
    position = held.position(market.market)
    return position.quote_down(market.index) + position.size * mark * market.listing.unit


def tally(hatch: Hatch, venue: Venue, page: Page, now: int) -> None:
    """Count accounts; one that is counted already is passed over. The last fixes the pot."""
    if not hatch.frozen_at:
        raise Refused(Refusal.HATCH_NOT_FROZEN)
    if hatch.fixed_at:
        raise Refused(Refusal.HATCH_COMPLETE, hatch.accounts)
    found: dict[int, int] = {}
    for account, markets in page:
        _check_has_share(hatch, account)
        if account not in hatch.counted and account not in found:
            found[account] = claim(venue, account, markets)
    hatch.counted |= found.keys()
    hatch.claims += sum(found.values())
    if len(hatch.counted) == hatch.accounts:
        hatch.fixed_at, hatch.pot = now, max(0, venue.unpromised)


def share_of(hatch: Hatch, venue: Venue, account: int, markets: Sequence[int]) -> int:
    """What an account is paid, or was."""
    _check_tallied(hatch)
    _check_has_share(hatch, account)
    return hatch.share_down(claim(venue, account, markets))


def escape(hatch: Hatch, venue: Venue, account: int, markets: Sequence[int]) -> int:
    """Pay an account its share, once; return it."""
    amount = share_of(hatch, venue, account, markets)
    _pay(hatch, account, amount)
    return amount


def pay_residual(hatch: Hatch) -> int:
    """Pay the fund what no account claims, once; return it."""
    _check_tallied(hatch)
    _pay(hatch, VENUE_ACCOUNT, hatch.residual)
    return hatch.residual


def plan(venue: Venue) -> Mapping[int, Sequence[int]]:
    """Every account that is to be counted, with its open markets."""
    return {number: held.open_markets for number, held in venue.accounts.items() if number}


def _pay(hatch: Hatch, account: int, amount: int) -> None:
    if account in hatch.paid:
        raise Refused(Refusal.HATCH_PAID, account)
    if not amount:
        raise Refused(Refusal.HATCH_NOTHING, account)
    hatch.paid.add(account)


def _check_tallied(hatch: Hatch) -> None:
    if not hatch.fixed_at:
        raise Refused(Refusal.HATCH_UNTALLIED, len(hatch.counted), hatch.accounts)


def _check_has_share(hatch: Hatch, account: int) -> None:
    if not 0 < account <= hatch.accounts:
        raise Refused(Refusal.HATCH_NO_SHARE, account, hatch.accounts)

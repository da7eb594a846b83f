"""What the accounts of a frozen venue claim, and what each was paid (pure).

S9   every account with a claim is paid ⌊claim · min(1, pot / claims)⌋, to the last unit,
     and all of them together no more than the pot
"""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from penstock import escape
from penstock.invariants import Check
from penstock.units import show_quote
from penstock.venue import VENUE_ACCOUNT, Venue


class Share(Struct, frozen=True):
    """One account; money in quote units."""

    account: int
    claim: int
    due: int
    """The share, as the model has it."""
    paid: int


def shares(venue: Venue, hatch: escape.Hatch, paid: Mapping[int, int]) -> list[Share]:
    """Every account that has a share, and what it got."""
    made = []
    for account, held in sorted(venue.accounts.items()):
        if account != VENUE_ACCOUNT:
            claim = escape.claim(venue, account, held.open_markets)
            made.append(Share(account, claim, hatch.share_down(claim), paid.get(account, 0)))
    return made


def check_shares(hatch: escape.Hatch, found: Sequence[Share]) -> list[Check]:
    """S9."""
    paid, ratio = sum(one.paid for one in found), min(1.0, hatch.pot / hatch.claims)
    exact = sum(one.paid == one.due for one in found)
    said = f"{exact} of {len(found)} accounts, {ratio:.6f} of each claim"
    spent = f"{show_quote(paid):,.2f} of {show_quote(hatch.pot):,.2f}"
    return [
        Check("each account is paid its share to the unit", exact == len(found), said),
        Check("shares paid ≤ pot", paid <= hatch.pot, spent),
    ]


def ratio_price(venue: Venue, market: int, share: float) -> int:
    """The highest mark at which a venue has at most `share` for each unit of its claims."""
    high = venue.market(market).mark
    low = high // 2
    while low < high:
        middle = (low + high + 1) // 2
        if ratio_at(venue, market, middle) <= share:
            low = middle
        else:
            high = middle - 1
    return low


def ratio_at(venue: Venue, market: int, mark: int) -> float:
    """What a venue has for each unit of its claims, were the mark this one."""
    listed, claims = venue.market(market), 0
    for account, held in venue.accounts.items():
        if account != VENUE_ACCOUNT:
            claims += max(0, held.collateral + escape.value(held, listed, mark))
    return venue.unpromised / claims

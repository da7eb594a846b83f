"""Venues full of positions, sound and bankrupt, at any marks."""

from collections.abc import Callable
from typing import Final, TypeVar

from hypothesis import strategies as st

from penstock.accounts import Listing
from penstock.limits import Limits
from penstock.venue import Venue
from penstock.watch import Watch
from tests.helpers.model import MARK, START, UNIT, model_venue

T = TypeVar("T")
Draw = Callable[[st.SearchStrategy[T]], T]

ACCOUNTS: Final = 5
TIER: Final = 100
CAP: Final = 10**12


def fresh(venue: Venue, market: int, mark: int, now: int) -> None:
    """Give a market a mark of this second."""
    venue.refresh(market, mark, now, now)


def trade(venue: Venue, buyer: int, seller: int, lots: int, price: int, market: int = 1) -> None:
    """Move lots at a price, whatever the margins say."""
    venue.move(seller, buyer, market, lots, lots * price * UNIT, 0, START)


def crowd_venue(accounts: int = ACCOUNTS, deposit: int = 10**7, *, cap: int = CAP) -> Venue:
    """Two markets with tiers, a fund with nothing but its loss caps, and a chain that is calm."""
    listing = Listing(unit=UNIT, limits=Limits(tier=TIER))
    venue = model_venue(accounts, (MARK, MARK), deposit=deposit, listing=listing)
    for market in (1, 2):
        venue.fund.set_cap(market, cap)
    venue.watch = Watch(limit=10**9, last=START)
    return venue


@st.composite
def crowds(draw: Draw[int]) -> Venue:
    """Anything from peace to ruin."""
    venue = crowd_venue(deposit=draw(st.integers(10**5, 10**7)), cap=draw(st.integers(0, 10**8)))
    venue.accounts[0].credit(draw(st.integers(0, 10**8)))
    for _ in range(draw(st.integers(1, 12))):
        buyer, step = draw(st.integers(0, ACCOUNTS)), draw(st.integers(1, ACCOUNTS))
        seller = (buyer + step) % (ACCOUNTS + 1)
        lots, price = draw(st.integers(1, 300)), MARK + draw(st.integers(-150, 150))
        trade(venue, buyer, seller, lots, price, draw(st.integers(1, 2)))
    for market in (1, 2):
        fresh(venue, market, MARK + draw(st.integers(-500, 500)), START + 1)
    return venue

"""Orders, fills and venues of the reference model, for tests that need no chain."""

from collections.abc import Sequence
from typing import Final

from penstock.accounts import Listing, Settings
from penstock.builder import build
from penstock.messages import Fill, Ladder, Order, Side, SignedLadder, SignedOrder, Verdict
from penstock.records import FillRecord
from penstock.venue import Venue
from penstock.watch import Watch

START: Final = 1_700_000_000 - 1_700_000_000 % 28_800
"""First second of an hour, and of a funding period of any usual length."""
FAR: Final = START + 10**8
DEPOSIT: Final = 10**9
MARK: Final = 5_000
UNIT: Final = 10
LOT: Final = MARK * UNIT
SIGNATURE: Final = bytes(range(64))
OK: Final = (Verdict.SETTLED, Side.NONE)


def order(
    account: int = 1,
    market: int = 1,
    *,
    buy: bool = True,
    immediate: bool = False,
    post_only: bool = False,
    reduce_only: bool = False,
    price: int = MARK,
    size: int = 1,
    expiry: int = FAR,
    nonce: int = 1,
) -> Order:
    """An order that says only what a test is about."""
    flags = (buy, immediate, post_only, reduce_only)
    return Order(account, market, *flags, price, size, expiry, nonce)


def sign(message: Order) -> SignedOrder:
    """An order with a signature that the model does not look at."""
    return SignedOrder(message, SIGNATURE)


def ladder(
    account: int,
    nonce: int,
    levels: Sequence[tuple[int, int]],
    *,
    market: int = 1,
    buy: bool = True,
) -> list[SignedOrder]:
    """The levels of a signed ladder."""
    prices, sizes = zip(*levels, strict=True)
    message = Ladder(account, market, buy, False, False, FAR, nonce, prices, sizes)
    return SignedLadder(message, SIGNATURE).levels()


def fill(maker: Order, taker: Order, size: int) -> Fill:
    """A fill between two orders with signatures that the model does not look at."""
    return Fill(sign(maker), sign(taker), size)


def model_venue(
    accounts: int = 4,
    marks: Sequence[int] = (MARK,),
    *,
    deposit: int = DEPOSIT,
    listing: Listing | None = None,
    settings: Settings | None = None,
) -> Venue:
    """A venue with funded accounts 1 to `accounts` and one market for each mark."""
    # A chain that is never down.
    venue = Venue(settings, START, Watch(limit=10**9, last=START))
    for market, mark in enumerate(marks, 1):
        venue.list_market(listing or Listing(unit=UNIT), START)
        venue.refresh(market, mark, START, START)
    for account in range(1, accounts + 1):
        venue.register(signer=1_000 + account)
        venue.deposit(account, deposit)
    return venue


def settle(
    venue: Venue, *fills: Fill, now: int = START, recovered: list[int] | None = None
) -> list[FillRecord]:
    """Build the next batch from fills and settle it."""
    batch = build(venue.tally.number, fills, (), lambda a: venue.accounts[a].open_markets)
    return venue.settle(batch, now, recovered)


def verdicts(venue: Venue, *fills: Fill, now: int = START) -> list[tuple[Verdict, Side]]:
    return [(record.verdict, record.side) for record in settle(venue, *fills, now=now)]


def cross(
    buyer: int = 1,
    seller: int = 2,
    size: int = 1,
    price: int = MARK,
    nonce: int = 1,
    market: int = 1,
) -> Fill:
    """The seller rests, the buyer takes."""
    maker = order(seller, market, buy=False, price=price, size=size, nonce=nonce)
    return fill(
        maker, order(buyer, market, immediate=True, price=price, size=size, nonce=nonce), size
    )

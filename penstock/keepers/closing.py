"""How a forced close is worked off, as far as the contract lets it (pure).

Resting orders first, the best price for who leaves before the others; then the insurance fund, once
the window is over. Everything is rehearsed on the model (`penstock.closes`).
"""

from collections.abc import Iterable, Sequence
from copy import copy
from itertools import islice
from typing import Final

from msgspec import Struct

from penstock.closes import Maker
from penstock.errors import RangeError
from penstock.exits import ExitDesk
from penstock.forced import Request
from penstock.keepers.makers import Offer, row, signer_of
from penstock.messages import SignedOrder
from penstock.refusals import Refusal, Refused
from penstock.signing import Domain
from penstock.strategy import most_accepted, with_fees
from penstock.venue import VENUE_ACCOUNT, Venue

MOST_MAKERS: Final = 12
"""Orders that one transaction fills at most, so that its gas stays far below a block's."""
MOST_TRIED: Final = 100
"""Orders that are looked at for one close, the best first."""
GAS: Final = 1_000_000
MARKET_GAS: Final = 100_000
MAKER_GAS: Final = 250_000
"""Limit of a close's gas, the fund's markets included, and what each market of its account and each
order adds."""

Taken = tuple[Offer, int]
"""An order, and the lots that it takes."""


class Asker(Struct, frozen=True):
    """Who would execute a close, and when."""

    address: int
    now: int
    window: int
    """Seconds in which only the operator may execute a request."""
    domain: Domain
    """Under which orders are signed."""


class Close(Struct, frozen=True):
    """The arguments of the contract's call, and what they come to."""

    request: int
    markets: tuple[int, ...]
    """Every open market of the account, ascending."""
    makers: tuple[tuple[object, ...], ...]
    by_orders: int
    by_fund: int
    """Lots for each."""

    @property
    def gas(self) -> int:
        """The limit of the call's."""
        return GAS + MARKET_GAS * len(self.markets) + MAKER_GAS * len(self.makers)


class Rehearsal:
    """One close, executed on the model as often as it takes; the venue stays as it is."""

    def __init__(self, venue: Venue, number: int, asked: Request, asker: Asker) -> None:
        self.venue, self.number, self.asked, self.asker = venue, number, asked, asker
        self._signers: dict[SignedOrder, int] = {}

    def refused(self, taken: Sequence[Taken], by_fund: int) -> Refused | RangeError | None:
        """What the contract would say to these lots; None when it accepts."""
        asker = self.asker
        desk = ExitDesk(asker.window, 0, 0, requests={self.number: self.asked})
        makers = [Maker(o.signed.order, lots, self._signer(o.signed)) for o, lots in taken]
        executing = (makers, by_fund, asker.address, asker.now)
        try:
            desk.execute_close(copy(self.venue), self.number, *executing)
        except (Refused, RangeError) as refused:
            return refused
        return None

    def with_offers(self, offers: Iterable[Offer]) -> list[Taken]:
        """Take as much of each order as is accepted after those before it."""
        taken: list[Taken] = []
        for offer in self._ranked(offers):
            left = min(offer.lots, self.left(taken), _open_lots(self.venue, offer))

            def accepted(lots: int, offer: Offer = offer) -> bool:
                return self.refused([*taken, (offer, lots)], 0) is None

            if lots := most_accepted(left, accepted):
                taken.append((offer, lots))
            if len(taken) == MOST_MAKERS or not self.left(taken):
                break
        return taken

    def with_fund(self, taken: Sequence[Taken]) -> int:
        """How much of the rest the fund may take, lots."""
        return most_accepted(self.left(taken), lambda lots: self.refused(taken, lots) is None)

    def left(self, taken: Sequence[Taken]) -> int:
        """What these orders leave, lots."""
        return self.asked.left - sum(lots for _, lots in taken)

    def _ranked(self, offers: Iterable[Offer]) -> list[Offer]:
        """Who gives most, and of those the largest; no fill is better than the mark."""
        mark, long = self.venue.market(self.asked.market).mark, self.asked.held > 0

        def worth(offer: Offer) -> tuple[int, int]:
            price = offer.signed.order.price
            return (min(price, mark) if long else -max(price, mark)), offer.lots

        fit = sorted(filter(self._fits, offers), key=worth, reverse=True)
        return list(islice(filter(self._is_signed, fit), MOST_TRIED))

    def _fits(self, offer: Offer) -> bool:
        order, asked = offer.signed.order, self.asked
        other = order.account != asked.account and order.account in self.venue.accounts
        opposite = order.market == asked.market and order.buy == (asked.held > 0)
        alive = not order.immediate and _open_lots(self.venue, offer) > 0
        return other and opposite and alive

    def _is_signed(self, offer: Offer) -> bool:
        return self._signer(offer.signed) == self.venue.held(offer.signed.order.account).signer

    def _signer(self, signed: SignedOrder) -> int:
        """Who signed, found out once: it takes longer than all the rest of a rehearsal."""
        if signed not in self._signers:
            self._signers[signed] = signer_of(self.asker.domain, signed)
        return self._signers[signed]


def plan(
    venue: Venue, number: int, asked: Request, offers: Iterable[Offer], asker: Asker
) -> Close | None:
    """Choose orders, and lots for the fund; None when nobody can take anything now.

    `asked` is the close as the desk has it, what happened elsewhere counted.
    """
    rehearsal = Rehearsal(venue, number, asked, asker)
    taken = rehearsal.with_offers(offers)
    by_fund = rehearsal.with_fund(taken)
    if not taken and not by_fund:
        return None
    markets = tuple(venue.account(asked.account).open_markets)
    return Close(number, markets, _rows(venue, taken), sum(lots for _, lots in taken), by_fund)


def obstacle(venue: Venue, number: int, asked: Request, asker: Asker) -> str:
    """Why the fund does not take a single lot, as the contract would say it."""
    return str(Rehearsal(venue, number, asked, asker).refused((), 1))


def fees_would_do(venue: Venue, number: int, asked: Request, asker: Asker) -> bool:
    """Whether the fund lacks only what lies uncollected in the markets."""
    refused = Rehearsal(venue, number, asked, asker).refused((), 1)
    if not (isinstance(refused, Refused) and refused.refusal is Refusal.DESK_MARGIN):
        return False
    if refused.values[0] != VENUE_ACCOUNT or not venue.fees:
        return False
    rich = with_fees(venue, asker.now)
    return Rehearsal(rich, number, asked, asker).refused((), 1) is None


def _open_lots(venue: Venue, offer: Offer) -> int:
    """What the chain knows to be left of an order, lots."""
    order = offer.signed.order
    epoch, filled = venue.held(order.account).slots.get(order.slot, (0, 0))
    return max(0, order.size - filled) if epoch == order.epoch else order.size


def _rows(venue: Venue, taken: Sequence[Taken]) -> tuple[tuple[object, ...], ...]:
    """Orders as the desk takes them. Who took some has a position when the next is filled."""
    rows, opened = [], dict[int, set[int]]()
    for offer, lots in taken:
        order = offer.signed.order
        markets = opened.setdefault(order.account, {*venue.account(order.account).open_markets})
        rows.append(row(offer.signed, lots, sorted(markets)))
        markets.add(order.market)
    return tuple(rows)

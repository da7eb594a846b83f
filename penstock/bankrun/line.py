"""Edge: people who ask for their money, on L2 or from L1, and whoever pushes the line."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any, Final

from penstock.bankrun.plan import DOORS
from penstock.bankrun.promise import Promise
from penstock.bankrun.trading import Trading
from penstock.journey import REQUEST_GAS, WITHDRAWABLE
from penstock.localvenue import Call, Trader
from penstock.remote import read_logs
from penstock.rollup import RollupVenue

PAGE: Final = 25
FORCED_PAGE: Final = 8
"""Tickets that one push pays at most, and one that is forced from L1."""
PUSH_GAS: Final = 400_000
"""For each of them: a payment may burn 300,000."""
POPPED: Final = "TicketPopped"


class Line:
    """The line of one venue, as its people use it. Nobody here is the operator."""

    def __init__(self, venue: RollupVenue, trading: Trading) -> None:
        self.venue: Final = venue
        self.trading: Final = trading
        self.pusher: Final[Trader] = trading.named("maker")[0]
        """Who pushes: somebody who stays, with an account or without."""
        self.pushes: Final[list[int]] = []
        """When the line was pushed."""
        self.doors: Final = venue.remote.doors
        self.forced: int = 0

    @property
    def gap(self) -> int:
        """The most seconds from one push to the next."""
        return max((later - sooner for sooner, later in pairwise(self.pushes)), default=0)

    def broken(self) -> list[Promise]:
        """Tickets that a push at or after the promised second did not pay in full."""
        return [one for one in self.trading.tickets.promises.values() if self._is_broken(one)]

    def _is_broken(self, one: Promise) -> bool:
        place = bisect_left(self.pushes, one.promised)
        return place < len(self.pushes) and not 0 < one.served_at <= self.pushes[place]

    # Requests.

    def ask(self, people: Sequence[Trader]) -> None:
        """Have people ask for all that they can spare, in blocks that they share."""
        wanted = self.wishes(people)
        self.venue.together([(trader.owner, call) for trader, call in wanted])
        self._promise("sequencer")

    def force(self, people: Sequence[Trader]) -> None:
        """The same from L1, one after the other."""
        for trader, call in self.wishes(people):
            self.venue.force(trader, call, REQUEST_GAS)
            self.forced += 1
        self._promise("L1")

    def wishes(self, people: Sequence[Trader]) -> list[tuple[Trader, Call]]:
        """What each would ask for; who can spare nothing asks for nothing."""
        remote = self.venue.remote
        views = remote.lens.ask_many([("accountOf", one.account) for one in people])
        open_ = remote.lens.ask_many([("openMarketsOf", one.account) for one in people])
        recipients, found = self.recipients(people), list[tuple[Trader, Call]]()
        for trader, view, markets, to in zip(people, views, open_, recipients, strict=True):
            values = (trader.account, to, int(view[WITHDRAWABLE]), list(markets))
            if view[WITHDRAWABLE] > 0:
                found.append((trader, (remote.positions, "requestWithdrawal", values)))
        return found

    def recipients(self, people: Sequence[Trader]) -> list[str]:
        """Where their money goes: for some to a door to L1, for the others to the owner."""
        assert self.doors is not None, "the collateral came over a bridge"
        doors = self.doors.ask_many([("doorOf", one.owner.address) for one in people])
        return [
            str(door) if uses_door(trader) else trader.owner.address
            for trader, door in zip(people, doors, strict=True)
        ]

    def _promise(self, way: str) -> None:
        """Take up new tickets, and ask the queue by when it pays them."""
        self.trading.submitter.follow()
        asked = self.trading.tickets.unpromised
        numbers = [("etaOf", one.ticket) for one in asked]
        for one, eta in zip(asked, self.venue.remote.queue.ask_many(numbers, block="latest"),
                            strict=True):  # fmt: skip
            trader = self.trading.traders[one.account]
            one.promised, one.way = eta, way
            one.to = "L1" if uses_door(trader) else "L2"

    def carried(self) -> None:
        """Take up tickets of requests that somebody executed at the desk."""
        self._promise("desk")

    # Pushes.

    def push(self) -> None:
        """Have somebody pay what can be paid, page by page."""
        count, gas = PAGE, (PAGE + 2) * PUSH_GAS
        while count == PAGE:
            done = self.venue.remote.vault.transact(self.pusher.owner, "release", PAGE, gas=gas)
            count = _popped(done.logs)
        self._pushed(done.block)

    def force_push(self) -> None:
        """The same from L1, while no sequencer takes transactions."""
        count, gas = FORCED_PAGE, (FORCED_PAGE + 2) * PUSH_GAS
        call = (self.venue.remote.vault, "release", (FORCED_PAGE,))
        while count == FORCED_PAGE:
            landed = self.venue.force(self.pusher, call, gas).l2
            count = _popped(landed.logs)
        self._pushed(landed.block)

    def _pushed(self, block: int) -> None:
        """Note when it was, by the block of its last page."""
        self.trading.submitter.follow()
        self.pushes.append(self.venue.net.blocks[block].time)

    # What is seen.

    def waiting(self) -> tuple[int, int]:
        """Tickets in line, and what they are still to be paid."""
        left = [one for one in self.trading.tickets.promises.values() if not one.served_at]
        return len(left), sum(one.amount - one.paid for one in left)

    def bucket(self) -> tuple[int, int]:
        """What flows in per window, and what is in it."""
        *_, capacity, level = self.venue.remote.queue.ask("outflow", block="latest")
        return capacity, level


def uses_door(trader: Trader) -> bool:
    """Whether somebody is paid on L1: a share of the people, makers not."""
    return not trader.name.startswith("maker") and trader.account % DOORS == 0


def _popped(logs: Iterable[dict[str, Any]]) -> int:
    return sum(log.name == POPPED for log in read_logs(logs, {}))

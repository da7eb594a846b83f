"""What a governor may want: one change of each kind, and how to see whether it has come."""

from collections.abc import Callable
from typing import Any, NamedTuple

from penstock.artifacts import artifact
from tests.helpers.governance import Operation, operation
from tests.helpers.venue import PARAMETERS, Venue

BTC = PARAMETERS.markets[0]


class Change(NamedTuple):
    """A call, by the part of the venue that it reaches, and the view that shows what it did."""

    part: str
    function: str
    arguments: tuple[object, ...]
    seen: Callable[[Venue], Any]

    def calldata(self, venue: Venue) -> bytes:
        name = getattr(venue, self.part).name
        return artifact(name).functions[self.function].encode(self.arguments)

    def operation(self, venue: Venue, salt: int = 0) -> Operation:
        """What the timelock is asked for: the rules are changed by way of the manager."""
        part = getattr(venue, self.part)
        if self.part == "positions":
            call = ("execute", part.address, self.calldata(venue))
            return operation(venue.timelock, venue.manager, *call, salt=salt)
        return operation(venue.timelock, part, self.function, *self.arguments, salt=salt)


def rules(operator: str) -> tuple[object, ...]:
    """The rules, with another operator."""
    p = PARAMETERS
    numbers = (p.open_after, p.max_price_age, p.band_bps, p.max_markets)
    return (operator, *numbers, p.discount_share, p.penalty_share)


CROWD = tuple("0x" + f"{number:02x}" * 20 for number in (1, 2, 3))
CHANGES = (
    Change("feed", "setPublishers", (CROWD, 3), lambda v: v.feed.call("publishers")),
    Change("feed", "setGuards", (30, 1_000), lambda v: v.feed.call("maxAge")),
    Change("queue", "setDelay", (3_600,), lambda v: v.queue.call("delay")),
    Change(
        "queue",
        "setOutflow",
        ((10**11, 5_000, 3_600),),
        lambda v: v.queue.call("outflow")[:3],
    ),
    Change("index", "setFees", (1, 7, 5), lambda v: v.index.call("marketOf", 1)[8:10]),
    Change("index", "setMargins", (1, 800, 400), lambda v: v.index.call("interimOf", 1)),
    Change("fund", "setReserve", (5,), lambda v: v.fund.call("reserve")),
    Change("fund", "setLossCap", (1, 9), lambda v: v.fund.call("lossCap", 1)),
    Change(
        "positions",
        "setSettings",
        (rules("0x" + "99" * 20),),
        lambda v: v.lens.call("settings")[0],
    ),
)

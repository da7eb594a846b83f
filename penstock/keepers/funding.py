"""Edge: charges the funding that fell due. A batch or a price does it on its way; this is for quiet
markets, and it waits a while for them."""

from typing import Final

from penstock.keepers.keeper import Call, Decision
from penstock.keepers.notes import Values
from penstock.keepers.station import Post, Station

ACCRUE_GAS: Final = 200_000
"""Limit of one accrual, however many periods were missed."""


class FundingAccruer(Post):
    """Anybody may run it; it earns nothing and pays gas. A second accrual of a period changes
    nothing: the contract has none left to charge."""

    name = "funding"

    def __init__(self, station: Station, *, patience: int = 60) -> None:
        """A period may be over for `patience` seconds before it is closed."""
        super().__init__(station)
        self.patience: Final = patience

    def decide(self, now: int) -> Decision | None:
        """Choose the markets whose period is over. Raises RpcError."""
        venue = self.look(now)
        ends = {market: venue.markets[market].due_at for market in sorted(venue.markets)}
        due = [market for market, end in ends.items() if now >= end + self.patience]
        if not due:
            self.left("no period is over", next=min(ends.values(), default=0))
            return None
        calls = tuple(Call("index", "accrue", (market,), ACCRUE_GAS) for market in due)
        late = max(now - ends[market] for market in due)
        values: Values = {"markets": ",".join(map(str, due)), "late": late}
        return Decision("accrued", "a period is over", values, calls)

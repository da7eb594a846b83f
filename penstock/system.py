"""A deployed venue: which contracts it is made of, where they are, how its markets count (pure).

UnknownMarketError  LookupError  there is no market of this symbol
"""

from collections.abc import Iterable, Mapping
from typing import Final

from msgspec import Struct

from penstock.errors import PenstockError
from penstock.units import MarketSpec

CONTRACTS: Final[Mapping[str, str]] = {
    # The mock's ABI is that of any ERC-20 with permit; it mints where that is allowed.
    "token": "CollateralTokenMock",
    "feed": "PriceFeed",
    "watch": "SequencerWatch",
    "queue": "WithdrawalQueue",
    "vault": "CollateralVault",
    "index": "FundingIndex",
    "positions": "PerpPositions",
    "lens": "PositionLens",
    "fund": "InsuranceFund",
    "liquidations": "Liquidations",
    "desk": "ExitDesk",
    "hatch": "EscapeHatch",
    "manager": "Manager",
    "timelock": "Timelock",
}
"""The contracts of a venue, under the names that `System` has for their places."""


class UnknownMarketError(PenstockError, LookupError):
    """No market has this symbol."""

    def __init__(self, symbol: str, known: Iterable[str]) -> None:
        self.symbol: Final = symbol
        super().__init__(f"{symbol!r} names no market; there are {', '.join(known)}")


class System(Struct, frozen=True):
    """A deployed venue: where its parts are, and how its markets count."""

    token: str
    feed: str
    watch: str
    queue: str
    vault: str
    index: str
    positions: str
    lens: str
    fund: str
    liquidations: str
    desk: str
    hatch: str
    manager: str
    timelock: str
    operator: str
    governor: str
    guardian: str
    publishers: tuple[str, ...]
    markets: tuple[MarketSpec, ...]
    doors: str | None = None
    """`L1Doors`, where the collateral came over a bridge."""

    @property
    def places(self) -> dict[str, str]:
        """Where each contract is."""
        found = {contract: getattr(self, name) for name, contract in CONTRACTS.items()}
        return found if self.doors is None else {**found, "L1Doors": self.doors}

    def market(self, symbol: str) -> MarketSpec:
        """Find a market by its symbol. Raises UnknownMarketError."""
        for spec in self.markets:
            if spec.symbol == symbol:
                return spec
        raise UnknownMarketError(symbol, (spec.symbol for spec in self.markets))

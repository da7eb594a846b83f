"""What the checks look at: the venue as the chain tells it, and the orders that people signed."""

from dataclasses import dataclass, field
from typing import NamedTuple

from penstock.batch import Batch
from penstock.messages import IMMEDIATE
from tests.helpers.twin import Twin


class Held(NamedTuple):
    """A stored position: lots, quote units, funding index when last touched."""

    size: int
    quote: int
    snapshot: int


class Market(NamedTuple):
    """A market; `funding` is its index with what is due."""

    mark: int
    unit: int
    funding: int
    initial_bps: int
    taker_fee: int
    maker_fee: int
    maintenance_bps: int = 250
    tier: int = 10**9
    open_interest: int = 5


@dataclass(frozen=True)
class State:
    """Every amount that somebody is owed, read from the chain."""

    collateral: dict[int, int]
    positions: dict[tuple[int, int], Held]
    markets: dict[int, Market]
    fees: int
    tickets: int
    tokens: int
    """Balance of the vault by the token's own books."""
    penalty_share: int = 25


class Level(NamedTuple):
    """One fillable order of a batch, and whether its signature is the account's."""

    account: int
    market: int
    flags: int
    nonce: int
    price: int
    size: int
    signed: bool

    @property
    def key(self) -> tuple[int, bool, int]:
        """What names the order for ever: account, kind, nonce."""
        return self.account, bool(self.flags & IMMEDIATE), self.nonce


@dataclass
class Ledger:
    """What happened to every order and to funding since the beginning."""

    filled: dict[tuple[int, bool, int], int] = field(default_factory=dict)
    signed: dict[tuple[int, bool, int], int] = field(default_factory=dict)
    """Largest size that was signed under a key."""
    batches: dict[tuple[int, bool, int], set[int]] = field(default_factory=dict)
    paid: int = 0
    received: int = 0
    touches: int = 0


def read(twin: Twin) -> State:
    """Read the chain; the model is not asked."""
    venue = twin.venue
    accounts = range(venue.positions.call("accountCount") + 1)
    markets = {n: _market(twin, n) for n in range(1, venue.index.call("marketCount") + 1)}
    places = [(account, market) for account in accounts for market in markets]
    return State(
        collateral={n: _signed(twin.word("account", n, 0) >> 160, 56) for n in accounts},
        positions={place: _held(twin.word("position", *place)) for place in places},
        markets=markets,
        fees=venue.lens.call("progress")[2],
        tickets=venue.queue.call("owed"),
        tokens=venue.token.call("balanceOf", venue.vault.address),
        penalty_share=twin.word("rules", 0, 0) >> 72,
    )


def levels(twin: Twin, batch: Batch) -> list[Level]:
    """The levels of a batch in the order in which fills name them."""
    found, places = [], batch.positions
    signers = twin.signers(batch)[len(batch.cancels) :]
    for entry, signer in zip(batch.orders, signers, strict=True):
        account, market = places[entry.position]
        key = twin.word("account", account, 0) % 2**160
        for k, (price, size) in enumerate(entry.levels):
            nonce = entry.nonce + (k << 32)
            signed = signer == key != 0
            found.append(Level(account, market, entry.flags, nonce, price, size, signed))
    return found


def _market(twin: Twin, number: int) -> Market:
    word = int(twin.venue.index.call("peek", number))
    return Market(
        mark=word >> 224,
        unit=word >> 201 & 2**23 - 1,
        funding=_signed(word >> 128, 72),
        initial_bps=word >> 114 & 2**14 - 1,
        taker_fee=word >> 86 & 2**14 - 1,
        maker_fee=word >> 72 & 2**14 - 1,
        maintenance_bps=word >> 100 & 2**14 - 1,
        tier=(word >> 62 & 2**10 - 1) * 10 ** (word >> 59 & 7),
        open_interest=twin.word("activity", number, 0) >> 80 & 2**40 - 1,
    )


def _held(word: int) -> Held:
    return Held(_signed(word >> 192, 64), _signed(word >> 96, 96), _signed(word, 96))


def _signed(value: int, bits: int) -> int:
    value &= 2**bits - 1
    return value - 2**bits if value >> (bits - 1) else value

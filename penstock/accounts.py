"""Accounts, positions and markets as the chain stores them, and the words that hold them.

Twin of docs/storage.md. `word` packs a record exactly as the contract does, so that a test can
compare storage slot by slot; a value that does not fit raises RangeError, as the contract reverts.
"""

from dataclasses import dataclass, field
from typing import Final

from penstock import funding
from penstock.units import INT56_MAX, INT64_MAX, INT80_MAX, INT96_MAX, UINT32_MAX, check_range

DEFAULT_TERMS: Final = funding.Terms()
CANCELLED: Final = UINT32_MAX
"""`filled` of a cancelled epoch."""


def _bits(value: int, width: int) -> int:
    """Two's complement of `value` in `width` bits."""
    return value & ((1 << width) - 1)


def check_collateral(collateral: int) -> int:
    """Return the collateral of an account if it fits its word; raise RangeError otherwise."""
    return check_range("collateral", collateral, -INT56_MAX - 1, INT56_MAX)


@dataclass(slots=True)
class Position:
    """Lots, cash flow, and the funding index when last touched."""

    size: int = 0
    quote: int = 0
    snapshot: int = 0

    @property
    def is_open(self) -> bool:
        """Whether the position has a size or a quote."""
        return self.size != 0 or self.quote != 0

    def quote_down(self, index: int) -> int:
        """Quote with the funding up to `index`, rounded against the account."""
        return self.quote + funding.received_down(self.size, index, self.snapshot)

    def check(self) -> None:
        """Raise RangeError when the position does not fit its word."""
        check_range("size", self.size, -INT64_MAX - 1, INT64_MAX)
        check_range("quote", self.quote, -INT96_MAX - 1, INT96_MAX)

    @property
    def word(self) -> int:
        """`size int64 · quote int96 · funding snapshot int96`."""
        head = _bits(self.size, 64) << 192 | _bits(self.quote, 96) << 96
        return head | _bits(self.snapshot, 96)


@dataclass(slots=True)
class Account:
    """A trading account with its positions (swept ones included) and order slots."""

    account: int
    signer: int
    collateral: int = 0
    nonce: int = 0
    floored: bool = False
    floor: int = 0
    positions: dict[int, Position] = field(default_factory=dict)
    slots: dict[int, tuple[int, int]] = field(default_factory=dict)
    """Epoch and filled lots by slot."""

    @property
    def open_markets(self) -> list[int]:
        """Markets in which the account has a position, ascending."""
        return sorted(market for market, position in self.positions.items() if position.is_open)

    def credit(self, amount: int) -> None:
        """Change the collateral. Raises RangeError when it does not fit its word."""
        self.collateral = check_collateral(self.collateral + amount)

    def kill(self, nonce: int) -> bool:
        """Kill an epoch and all below it in its slot; a higher epoch stays. Say whether it did."""
        slot, epoch = nonce >> 32, nonce & UINT32_MAX
        if self.slots.get(slot, (0, 0))[0] > epoch:
            return False
        self.slots[slot] = (epoch, CANCELLED)
        return True

    @property
    def word(self) -> int:
        """`nonce 32 · floored 1 · open markets 7 · collateral int56 · signer 160`."""
        head = self.nonce << 224 | self.floored << 223 | len(self.open_markets) << 216
        return head | _bits(self.collateral, 56) << 160 | self.signer

    def slots_word(self, quarter: int) -> int:
        """Four neighbouring slots: `4 × (epoch 32 · filled 32)`, the first lowest."""
        word = 0
        for place in range(4):
            epoch, filled = self.slots.get(4 * quarter + place, (0, 0))
            word |= (epoch << 32 | filled) << 64 * place
        return word


@dataclass(frozen=True, slots=True)
class Listing:
    """Parameters of a market: margins in bps, fees in parts of 10^6, interval in minutes."""

    unit: int
    initial_bps: int = 500
    maintenance_bps: int = 250
    taker_fee: int = 500
    maker_fee: int = 200
    interval: int = 60
    terms: funding.Terms = DEFAULT_TERMS


@dataclass(slots=True)
class Market:
    """A listed market: parameters, mark, funding."""

    market: int
    listing: Listing
    sample: funding.Sample
    mark: int = 0
    time: int = 0
    index: int = funding.FIRST_INDEX

    @property
    def seconds(self) -> int:
        """Funding interval in seconds."""
        return self.listing.interval * 60

    @property
    def word(self) -> int:
        """`mark 32 · unit 32 · index int80 · margins 2×16 · fees 2×16 · minutes 16 · time 32`."""
        terms = self.listing
        head = self.mark << 224 | terms.unit << 192 | _bits(self.index, 80) << 112
        margins = terms.initial_bps << 96 | terms.maintenance_bps << 80
        fees = terms.taker_fee << 64 | terms.maker_fee << 48
        return head | margins | fees | terms.interval << 32 | self.time

    @property
    def sample_word(self) -> int:
        """`last rate 32 · period start 32 · sampled at 32 · premium 32 · weighted 96 · zero 32`."""
        rate, start, sampled_at, premium, weighted = self.sample
        head = _bits(rate, 32) << 224 | start << 192 | sampled_at << 160
        return head | _bits(premium, 32) << 128 | _bits(weighted, 96) << 32

    def due(self, now: int) -> bool:
        """Whether a funding period ended since the last accrual."""
        return now >= self.sample.period_start + self.seconds

    def rate_at_close(self, sample: funding.Sample) -> int:
        """Funding rate of the period of `sample` if nothing more is settled in it."""
        weighted = funding.weighted_until(sample, sample.period_start + self.seconds)
        return funding.rate(weighted, self.seconds, self.listing.terms)

    def accrued(self, now: int) -> tuple[int, funding.Sample]:
        """Index and sample after the accrual that is due at `now`; the market does not change.

        The first ended period is charged if a mark was published during it; periods after it had
        none, because a new mark accrues before it enters.
        """
        if not self.due(now):
            return self.index, self.sample
        start = funding.period_start(now, self.seconds)
        if self.time < self.sample.period_start:
            return self.index, funding.Sample(period_start=start)
        rate = self.rate_at_close(self.sample)
        move = funding.index_move(rate, self.mark, self.listing.unit, self.seconds)
        index = check_range("index", self.index + move, -INT80_MAX - 1, INT80_MAX)
        return index, funding.Sample(rate, start)

    def accrue(self, now: int) -> None:
        """Charge what is due."""
        self.index, self.sample = self.accrued(now)


@dataclass(frozen=True, slots=True)
class Settings:
    """Rules of the venue."""

    operator: int = 1
    open_after: int = 3600
    max_price_age: int = 60
    band_bps: int = 500
    max_markets: int = 8

    @property
    def word(self) -> int:
        """`0 8 · max markets 8 · band bps 16 · max price age 32 · open after 32 · operator 160`."""
        ages = self.max_price_age << 192 | self.open_after << 160
        return self.max_markets << 240 | self.band_bps << 224 | ages | self.operator


@dataclass(slots=True)
class Tally:
    """Number of the next batch, when the last one settled, fees that await collection."""

    number: int = 1
    settled_at: int = 0
    fees: int = 0

    @property
    def word(self) -> int:
        """`fees 168 · settled at 40 · batch number 48`."""
        return self.fees << 88 | self.settled_at << 48 | self.number

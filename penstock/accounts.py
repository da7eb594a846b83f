"""Accounts, positions and markets as the chain stores them, and the words that hold them.

Twin of docs/storage.md. `word` packs a record exactly as the contract does, so that a test can
compare storage slot by slot; a value that does not fit raises RangeError, as the contract reverts.
"""

from dataclasses import dataclass, field, replace
from typing import Final

from penstock import funding
from penstock.limits import TIER_MANTISSA, Limits, bound_up, pack_bound
from penstock.units import (
    INT56_MAX,
    INT64_MAX,
    INT72_MAX,
    INT96_MAX,
    UINT32_MAX,
    check_range,
    div_up,
)
from penstock.watch import Watch

MINUTE: Final = 60
NO_LIMITS: Final = Limits()
DEFAULT_TERMS: Final = funding.Terms()
RAMP: Final = 24 * 60 * 60
"""Seconds that a rise of margins takes."""
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

    def position(self, market: int) -> Position:
        """The position in a market; an empty one where there is none."""
        return self.positions.get(market) or Position()

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
    limits: Limits = NO_LIMITS


@dataclass(frozen=True, slots=True)
class Interim:
    """What holds in a market for the time being: margins and a tier on their way, and a pause."""

    initial: tuple[int, int] = (0, 0)
    """From where to where the initial margin moves, basis points."""
    maintenance: tuple[int, int] = (0, 0)
    started_at: int = 0
    """When the margins began to move; 0 when they never did."""
    paused_until: int = 0
    """First second after the pause."""
    tier: tuple[int, int] = (0, 0)
    """From where to where the tier moves, lots."""
    tier_started_at: int = 0
    """When the tier began to move; 0 when it never did."""

    def applied(self, listing: Listing, now: int) -> Listing:
        """The same listing with the margins and the tier of this second."""
        if self.started_at:
            initial, maintenance = (
                eased(*way, now - self.started_at) for way in (self.initial, self.maintenance)
            )
            listing = replace(listing, initial_bps=initial, maintenance_bps=maintenance)
        if self.tier_started_at:
            tier = eased_tier(*self.tier, now - self.tier_started_at)
            listing = replace(listing, limits=listing.limits._replace(tier=tier))
        return listing

    @property
    def word(self) -> int:
        """`zero 64 · tier started at 32 · tier (to 16 · from 16) · paused until 32 · started at 32
        · maintenance, initial (to 16 · from 16)`, tiers as bounds."""
        start, end = (lots and pack_bound("tier", lots, TIER_MANTISSA) for lots in self.tier)
        tier = self.tier_started_at << 160 | end << 144 | start << 128
        maintenance = self.maintenance[1] << 48 | self.maintenance[0] << 32
        margins = maintenance | self.initial[1] << 16 | self.initial[0]
        return tier | self.paused_until << 96 | self.started_at << 64 | margins


def eased(start: int, end: int, passed: int) -> int:
    """Margins rise along a line within a day, rounded down, and fall at once."""
    if end <= start or passed >= RAMP:
        return end
    return start + (end - start) * passed // RAMP


def eased_tier(start: int, end: int, passed: int) -> int:
    """A tier falls along a line within a day, up to what a limit can be, and rises at once."""
    if end >= start or passed >= RAMP:
        return end
    return bound_up(end + div_up((start - end) * (RAMP - passed), RAMP), TIER_MANTISSA)


@dataclass(frozen=True, slots=True)
class Charge:
    """What closing a period comes to; nothing is charged when `charged` is zero."""

    start: int
    end: int
    charged: int = 0
    """Seconds that pay."""
    premium: int = 0
    rate: int = 0
    index: int = 0


@dataclass(slots=True)
class Market:
    """A listed market: parameters, mark, funding, and the fees that await collection."""

    market: int
    listing: Listing
    sample: funding.Sample
    mark: int = 0
    time: int = 0
    """When the mark was published."""
    fresh_until: int = 0
    """Last second at which the mark is good."""
    index: int = funding.FIRST_INDEX
    fees: int = 0
    held: bool = False
    """Whether exposure may not be raised although the mark may be fresh."""
    interim: Interim = Interim()
    open_interest: int = 0
    """Lots that are open: the sum of all long positions, and of all short ones."""

    @property
    def seconds(self) -> int:
        """Funding interval in seconds."""
        return self.listing.interval * 60

    @property
    def due_at(self) -> int:
        """When the running period ends."""
        return self.sample.period_start + self.seconds

    @property
    def open_until(self) -> int:
        """Last second at which exposure may be raised."""
        return -1 if self.held else self.fresh_until

    @property
    def word(self) -> int:
        """`mark 32 · unit 23 · held 1 · index int72 · initial, maintenance bps, taker, maker fee
        4×14 · tier 13 · fresh until 32 · due at 27`, the last in minutes."""
        terms = self.listing
        head = (
            self.mark << 224 | terms.unit << 201 | self.held << 200 | _bits(self.index, 72) << 128
        )
        margins = terms.initial_bps << 114 | terms.maintenance_bps << 100
        fees = terms.taker_fee << 86 | terms.maker_fee << 72
        tier = terms.limits.tier_bits << 59
        return head | margins | fees | tier | self.fresh_until << 27 | self.due_at // MINUTE

    @property
    def activity_word(self) -> int:
        """`sampled at 32 · premium int32 · weighted int56 · open interest cap 16 · open interest 40
        · fees 80`."""
        sample = self.sample
        head = sample.sampled_at << 224 | _bits(sample.premium, 32) << 192
        head |= _bits(sample.weighted, 56) << 136 | self.listing.limits.cap_bits << 120
        return head | self.open_interest << 80 | self.fees

    @property
    def course_word(self) -> int:
        """`charged before 16 · step 32 · mark time 32 · period start 32 · last rate 32 · interval
        16`, then damp, cap and interest with 32 each."""
        interest, cap, damp, step = self.listing.terms
        terms = self.listing.interval << 96 | damp << 64 | cap << 32 | _bits(interest, 32)
        funded = self.sample.period_start << 144 | _bits(self.sample.last_rate, 32) << 112
        return self.sample.charged_before << 240 | step << 208 | self.time << 176 | funded | terms

    def due(self, now: int) -> bool:
        """Whether a funding period ended since the last accrual."""
        return now >= self.due_at

    def rate_after(self, average: int) -> int:
        """Funding rate of a period with this average premium, a step from the last at most."""
        return funding.rate(average, self.sample.last_rate, self.listing.terms)

    def rate_at_close(self) -> int:
        """Funding rate of the running period if nothing more is settled in it."""
        weighted = funding.weighted_until(self.sample, self.due_at)
        return self.rate_after(funding.average(weighted, self.seconds))

    def charge(self, now: int, watch: Watch) -> Charge:
        """What the running period comes to if it ends at `now`, or when it is due.

        It is charged if a mark was published during it, for the seconds in which the chain was up.
        Periods after it had no mark, because a new one accrues before it enters. An index that
        would not fit stays.
        """
        start, end = self.sample.period_start, min(self.due_at, now)
        skipped = Charge(start, end, index=self.index)
        paid = start + self.sample.charged_before * MINUTE
        charged = max(0, end - paid - watch.down_between(paid, end, now))
        if self.time < start or not charged:
            return skipped
        average = funding.average(funding.weighted_until(self.sample, end), self.seconds)
        rate = self.rate_after(average)
        index = self.index + funding.index_move(rate, self.mark, self.listing.unit, charged)
        if not -INT72_MAX - 1 <= index <= INT72_MAX:
            return skipped
        return Charge(start, end, charged, average, rate, index)

    def begin(self, end: int, now: int) -> None:
        """Begin the period that holds `now`; what of it lies before `end` has been charged."""
        start = funding.period_start(now, self.seconds)
        paid = div_up(max(0, end - start), MINUTE)
        self.sample = funding.Sample(self.sample.last_rate, start, now, charged_before=paid)

    def close(self, now: int, watch: Watch) -> Charge:
        """End the running period and begin the next one; margins move on."""
        done = self.charge(now, watch)
        if done.charged:
            self.index = done.index
            self.sample = self.sample._replace(last_rate=done.rate)
        self.begin(done.end, now)
        self.listing = self.interim.applied(self.listing, now)
        return done

    def accrue(self, now: int, watch: Watch) -> None:
        """Charge what is due."""
        if self.due(now):
            self.close(now, watch)

    def seen(self, now: int, watch: Watch) -> "Market":
        """The market as an accrual at `now` would leave it; this one does not change."""
        if not self.due(now):
            return self
        accrued = replace(self)
        accrued.close(now, watch)
        return accrued


@dataclass(frozen=True, slots=True)
class Settings:
    """Rules of the venue."""

    operator: int = 1
    open_after: int = 3600
    max_price_age: int = 60
    band_bps: int = 500
    max_markets: int = 8
    discount_share: int = 50
    """How far from the mark a liquidation may close, in percent of the maintenance margin."""
    penalty_share: int = 25
    """What the insurance fund receives of a liquidation, in percent of the maintenance margin."""

    @property
    def rules_word(self) -> int:
        """`penalty share 8 · discount share 8 · max price age 32 · open after 32`; the other rules
        stand in the tally."""
        shares = self.penalty_share << 72 | self.discount_share << 64
        return shares | self.max_price_age << 32 | self.open_after


@dataclass(slots=True)
class Tally:
    """Number of the next batch, and when a fill was settled last."""

    number: int = 1
    settled_at: int = 0

    def word(self, settings: Settings) -> int:
        """`max markets 8 · band bps 16 · settled at 32 · batch number 40 · operator 160`."""
        limits = settings.max_markets << 248 | settings.band_bps << 232
        return limits | self.settled_at << 200 | self.number << 160 | settings.operator

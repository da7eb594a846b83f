"""Rebuild the storage of a venue from its events alone: what an indexer without calldata does.

Shares nothing with the model but the record's layout.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from penstock.messages import Verdict
from penstock.records import FillRecord, decode_records
from tests.helpers.revm import Log

CANCELLED = 2**32 - 1
HOLD, CLAMP, E9 = 900, 50_000_000, 10**9
WINDOW = 86_400


def cut(value: int, bits: int) -> int:
    """Two's complement in `bits` bits."""
    return value & ((1 << bits) - 1)


def toward_zero(numerator: int, denominator: int) -> int:
    """Divide as the EVM does."""
    return abs(numerator) // denominator * (1 if numerator >= 0 else -1)


@dataclass
class Account:
    """Fields of an account word."""

    signer: int = 0
    nonce: int = 0
    floored: bool = False
    floor: int = 0
    collateral: int = 0


@dataclass
class Market:
    """Fields of a market word, of its activity word and of its course word."""

    unit: int
    initial_bps: int
    maintenance_bps: int
    taker_fee: int
    maker_fee: int
    interval: int
    terms: tuple[int, int, int, int]
    start: int
    sampled_at: int
    mark: int = 0
    time: int = 0
    fresh_until: int = 0
    index: int = 2**32
    last_rate: int = 0
    premium: int = 0
    weighted: int = 0
    fees: int = 0
    tier: int = 0
    interest_cap: int = 0
    open_interest: int = 0
    held: bool = False
    charged_before: int = 0
    ways: tuple[int, int, int, int] = (0, 0, 0, 0)
    moving_since: int = 0
    tier_way: tuple[int, int] = (0, 0)
    tier_moving_since: int = 0
    paused_until: int = 0


@dataclass
class Replay:
    """A venue out of events; `apply` takes them in order with the times of their blocks."""

    accounts: dict[int, Account] = field(default_factory=lambda: {0: Account()})
    positions: dict[tuple[int, int], list[int]] = field(default_factory=dict)
    slots: dict[tuple[int, int], tuple[int, int]] = field(default_factory=dict)
    markets: dict[int, Market] = field(default_factory=dict)
    number: int = 1
    settled_at: int = 0
    limits: int = 0
    open_after: int = 0
    max_age: int = 0
    shares: int = 0
    losses: dict[int, list[int]] = field(default_factory=dict)
    """Loss cap of each market, what was paid for it, and when."""
    reserve: int = 0
    gap_limit: int = 0
    beat: int = 0
    outage: tuple[int, int, int] = (0, 0, 0)
    """Start and end of the latest outage, and seconds of all."""

    def apply(self, time: int, log: Log) -> None:
        """Take one event."""
        handler = getattr(self, f"_on_{log.name}", None)
        if handler is not None:
            handler(time, *log.arguments)

    def _on_SettingsChanged(self, time: int, rules: tuple[Any, ...]) -> None:
        operator, after, age, band, most, discount, penalty = rules
        self.shares = penalty << 8 | discount
        self.limits = most << 248 | band << 232 | int(operator, 16)
        self.open_after, self.max_age = after, age

    def _on_AccountRegistered(self, time: int, account: int, owner: str, signer: str) -> None:
        self.accounts[account] = Account(int(signer, 16))

    def _on_SignerRotated(self, time: int, account: int, signer: str) -> None:
        self.accounts[account].signer = int(signer, 16)

    def _on_Deposited(self, time: int, account: int, payer: str, amount: int) -> None:
        self.accounts[account].collateral += amount

    def _on_TicketIssued(
        self, time: int, ticket: int, account: int, recipient: str, amount: int, ready_at: int
    ) -> None:
        self.accounts[account].collateral -= amount

    def _on_TicketHeld(
        self, time: int, hold: int, account: int, recipient: str, amount: int, until: int
    ) -> None:
        self.accounts[account].collateral -= amount

    def _on_Transferred(self, time: int, giver: int, taker: int, amount: int) -> None:
        self.accounts[giver].collateral -= amount
        self.accounts[taker].collateral += amount

    def _on_PositionMoved(
        self, time: int, giver: int, taker: int, market: int, lots: int, paid: int, penalty: int
    ) -> None:
        self._change(giver, market, -lots, paid - penalty)
        self._change(taker, market, lots, -paid)
        self.markets[market].fees += penalty

    def _on_OrderFilled(
        self, time: int, account: int, request: int, nonce: int, lots: int, price: int, filled: int
    ) -> None:
        self.slots[account, nonce >> 32] = (nonce % 2**32, filled)

    def _on_ShortfallCovered(self, time: int, account: int, market: int, amount: int) -> None:
        held = self.losses.setdefault(market, [0, 0, 0])
        rest = max(0, WINDOW - (time - held[2]))
        held[1:] = [amount - -held[1] * rest // WINDOW, time]

    def _on_LossCapChanged(self, time: int, market: int, cap: int) -> None:
        self.losses.setdefault(market, [0, 0, 0])[0] = cap

    def _on_ReserveChanged(self, time: int, reserve: int) -> None:
        self.reserve = reserve

    def _on_PositionSwept(self, time: int, account: int, market: int, quote: int) -> None:
        self.accounts[account].collateral += quote
        self.positions[account, market][1] = 0

    def _on_OrderCancelled(self, time: int, account: int, nonce: int) -> None:
        self.slots[account, nonce >> 32] = (nonce % 2**32, CANCELLED)

    def _on_AllCancelled(self, time: int, account: int, floor: int, nonce: int) -> None:
        held = self.accounts[account]
        held.floored, held.floor, held.nonce = True, floor, nonce

    def _on_FeesCollected(self, time: int, market: int, amount: int) -> None:
        self.accounts[0].collateral += amount
        self.markets[market].fees -= amount

    def _on_MarketListed(
        self, time: int, market: int, symbol: str, listing: tuple[Any, ...]
    ) -> None:
        unit, initial, maintenance, taker, maker, (interval, *rates), limits = listing
        ratios, terms = (initial, maintenance, taker, maker), (*rates[:3], rates[3])
        self.markets[market] = Market(unit, *ratios, interval, terms, 0, sampled_at=time)
        self.markets[market].tier, self.markets[market].interest_cap = map(bound, limits)
        self._open_period(time, market, 0)

    def _on_LimitsChanged(self, time: int, market: int, limits: tuple[int, int]) -> None:
        held, (tier, cap) = self.markets[market], map(bound, limits)
        held.tier_way, held.tier_moving_since = (held.tier, tier), time
        held.interest_cap = cap
        self._move_margins(time, held)

    def _on_MarkUpdated(
        self, time: int, market: int, price: int, published: int, held: bool
    ) -> None:
        marked = self.markets[market]
        if published > marked.time:
            marked.fresh_until = published + self.max_age
        marked.mark, marked.time, marked.held = price, published, held
        self._move_margins(time, marked)

    def _on_MarginsChanged(self, time: int, market: int, initial: int, maintenance: int) -> None:
        held = self.markets[market]
        held.ways = (held.initial_bps, initial, held.maintenance_bps, maintenance)
        held.moving_since = time
        self._move_margins(time, held)

    def _move_margins(self, time: int, held: Market) -> None:
        if held.moving_since:
            passed, (a, b, c, d) = min(time - held.moving_since, 86_400), held.ways
            held.initial_bps = b if b <= a else a + (b - a) * passed // 86_400
            held.maintenance_bps = d if d <= c else c + (d - c) * passed // 86_400
        if held.tier_moving_since:
            held.tier = tier_after(*held.tier_way, min(time - held.tier_moving_since, 86_400))

    def _on_FeesChanged(self, time: int, market: int, taker: int, maker: int) -> None:
        self.markets[market].taker_fee, self.markets[market].maker_fee = taker, maker

    def _on_TermsChanged(self, time: int, market: int, terms: tuple[int, ...]) -> None:
        held = self.markets[market]
        held.interval, cap = terms[0], terms[2]
        held.terms = (terms[1], terms[2], terms[3], terms[4])
        held.last_rate = max(-cap, min(cap, held.last_rate))
        self._open_period(time, market, time)

    def _on_MarketPaused(self, time: int, market: int, until: int) -> None:
        self.markets[market].held, self.markets[market].paused_until = True, until

    def _on_FundingAccrued(
        self, time: int, market: int, start: int, end: int, charged: int, rate: int, *rest: int
    ) -> None:
        self.markets[market].last_rate, self.markets[market].index = rate, rest[2]
        self._open_period(time, market, end)

    def _on_FundingSkipped(self, time: int, market: int, start: int) -> None:
        self._open_period(time, market, start + self.markets[market].interval * 60)

    def _open_period(self, time: int, market: int, end: int) -> None:
        held, end = self.markets[market], min(end, time)
        held.start = time - time % (held.interval * 60)
        held.charged_before = -(min(0, held.start - end) // 60)
        held.sampled_at, held.premium, held.weighted = time, 0, 0
        self._move_margins(time, held)

    def _on_WatchStarted(self, time: int, limit: int, grace: int, feed: str) -> None:
        self.gap_limit, self.beat = limit, time

    def _on_Beat(self, time: int) -> None:
        self.outage, self.beat = self._outage(time), time

    def _outage(self, time: int) -> tuple[int, int, int]:
        gap = time - self.beat
        if gap <= self.gap_limit:
            return self.outage
        return self.beat, time, self.outage[2] + gap

    def _on_BatchSettled(self, time: int, number: int, fills: bytes) -> None:
        self.number = number + 1
        volumes: dict[int, list[int]] = {}
        for record in decode_records(fills):
            if not record.verdict.moved:
                continue
            self.settled_at = time
            if record.verdict is Verdict.LIQUIDATED:
                # It is no sample of the premium.
                self._liquidate(record)
                continue
            self._fill(record)
            volume = volumes.setdefault(record.market, [0, 0])
            volume[0] += record.size
            volume[1] += record.size * record.price
        for market, (lots, value) in volumes.items():
            self._sample(time, self.markets[market], lots, value)

    def _fill(self, record: FillRecord) -> None:
        market = self.markets[record.market]
        bought = record.size if record.taker_buys else -record.size
        self._trade(record.taker, record, bought, market.taker_fee)
        self._trade(record.maker, record, -bought, market.maker_fee)
        self._count(record.maker, record.maker_nonce, record.size)
        if record.taker_immediate:
            taker = self.accounts[record.taker]
            taker.nonce = max(taker.nonce, record.taker_nonce)
        else:
            self._count(record.taker, record.taker_nonce, record.size)

    def _liquidate(self, record: FillRecord) -> None:
        market = self.markets[record.market]
        bought = record.size if record.taker_buys else -record.size
        notional = record.size * record.price * market.unit
        gain = bought * (market.mark - record.price) * market.unit
        penalty = self._penalty(record.taker, market, gain, notional) if record.taker else 0
        self._trade(record.maker, record, -bought, market.maker_fee)
        paid = notional if bought > 0 else -notional
        self._change(record.taker, record.market, bought, -paid - penalty)
        market.fees += penalty
        self._count(record.maker, record.maker_nonce, record.size)

    def _penalty(self, account: int, market: Market, gain: int, notional: int) -> int:
        left = max(0, self._equity(account) + min(0, gain))
        ratio = market.maintenance_bps * (self.shares >> 8)
        return max(0, gain) + min(left, -(-notional * ratio // 10**6))

    def _equity(self, account: int) -> int:
        worth = self.accounts[account].collateral
        for (owner, number), (size, quote, snapshot) in self.positions.items():
            if owner == account:
                market = self.markets[number]
                worth += quote + -size * (market.index - snapshot) // 2**32
                worth += size * market.mark * market.unit
        return worth

    def _trade(self, account: int, record: FillRecord, lots: int, rate: int) -> None:
        market = self.markets[record.market]
        notional = record.size * record.price * market.unit
        fee = -(-notional * rate // 10**6)
        received = (-notional if lots > 0 else notional) - fee
        self._change(account, record.market, lots, received)
        market.fees += fee

    def _change(self, account: int, number: int, lots: int, received: int) -> None:
        market = self.markets[number]
        size, quote, snapshot = self.positions.get((account, number), [0, 0, 0])
        quote += -size * (market.index - snapshot) // 2**32 + received
        self.positions[account, number] = [size + lots, quote, market.index]
        market.open_interest += max(0, size + lots) - max(0, size)

    def _count(self, account: int, nonce: int, size: int) -> None:
        slot, epoch = nonce >> 32, nonce % 2**32
        highest, filled = self.slots.get((account, slot), (0, 0))
        # NOTE: a carried cancel is announced before the fills of its batch and applied after them.
        if epoch > highest:
            self.slots[account, slot] = (epoch, size)
        elif epoch == highest and filled != CANCELLED:
            self.slots[account, slot] = (epoch, filled + size)

    def _sample(self, time: int, market: Market, lots: int, value: int) -> None:
        at_mark = lots * market.mark
        premium = toward_zero((value - at_mark) * E9, at_mark)
        market.weighted += market.premium * min(time - market.sampled_at, HOLD)
        market.premium = max(-CLAMP, min(CLAMP, premium))
        market.sampled_at = time

    def words(self) -> dict[tuple[str, int, int], int]:
        """Every storage word that is not zero, by the names of docs/storage.md."""
        found = {
            ("rules", 0, 0): self.shares << 64 | self.max_age << 32 | self.open_after,
            ("reserve", 0, 0): self.reserve,
            ("watch", 0, 0): self._watch_word(),
            ("tally", 0, 0): self.limits | self.settled_at << 200 | self.number << 160,
        }
        for (account, market), (size, quote, snapshot) in self.positions.items():
            word = cut(size, 64) << 192 | cut(quote, 96) << 96 | cut(snapshot, 96)
            found["position", account, market] = word
        for market, (cap, paid, at) in self.losses.items():
            found["loss", market, 0] = at << 192 | paid << 96 | cap
        for (account, slot), (epoch, filled) in self.slots.items():
            key = ("slots", account, slot // 4)
            found[key] = found.get(key, 0) | (epoch << 32 | filled) << 64 * (slot % 4)
        for number, account_ in self.accounts.items():
            found["account", number, 0] = self._account_word(number, account_)
            found["floor", number, 0] = account_.floor
        for number, market_ in self.markets.items():
            found["market", number, 0] = _market_word(market_)
            found["activity", number, 0] = _activity_word(market_)
            found["course", number, 0] = _course_word(market_)
            found["interim", number, 0] = _interim_word(market_)
        return {key: word for key, word in found.items() if word}

    def _watch_word(self) -> int:
        start, end, seconds = self.outage
        return seconds << 96 | end << 64 | start << 32 | self.beat

    def _account_word(self, number: int, held: Account) -> int:
        mine = [p for (account, _), p in self.positions.items() if account == number]
        count = sum(size != 0 or quote != 0 for size, quote, _ in mine)
        head = held.nonce << 224 | held.floored << 223 | count << 216
        return head | cut(held.collateral, 56) << 160 | held.signer


def tier_after(start: int, end: int, passed: int) -> int:
    """Where a tier is on its way; all three are as stored."""
    a, b = ((word >> 3) * 10 ** (word & 7) for word in (start, end))
    lots = b if b >= a else b - -(a - b) * (86_400 - passed) // 86_400
    power = next(10**p for p in range(8) if lots <= 1_023 * 10**p)
    return bound(-(-lots // power) * power)


def bound(lots: int) -> int:
    """A number of lots as a limit is stored: `mantissa · exponent 3`."""
    power = max(p for p in range(8) if lots % 10**p == 0)
    return int(lots // 10**power) << 3 | power


def _market_word(m: Market) -> int:
    word = (
        m.mark << 224
        | m.unit << 201
        | m.held << 200
        | cut(m.index, 72) << 128
        | m.initial_bps << 114
    )
    word |= m.maintenance_bps << 100 | m.taker_fee << 86 | m.maker_fee << 72
    return word | m.tier << 59 | m.fresh_until << 27 | (m.start // 60 + m.interval)


def _activity_word(m: Market) -> int:
    sample = m.sampled_at << 224 | cut(m.premium, 32) << 192 | cut(m.weighted, 56) << 136
    return sample | m.interest_cap << 120 | m.open_interest << 80 | m.fees


def _course_word(m: Market) -> int:
    interest, cap, damp, step = m.terms
    word = (
        m.charged_before << 240
        | step << 208
        | m.time << 176
        | m.start << 144
        | cut(m.last_rate, 32) << 112
        | m.interval << 96
    )
    return word | damp << 64 | cap << 32 | cut(interest, 32)


def _interim_word(m: Market) -> int:
    a, b, c, d = m.ways
    start, end = m.tier_way
    tier = m.tier_moving_since << 160 | end << 144 | start << 128
    return tier | m.paused_until << 96 | m.moving_since << 64 | d << 48 | c << 32 | b << 16 | a


def replay(events: Iterable[tuple[int, Log]], start: Replay | None = None) -> Replay:
    """Apply events in order."""
    done = start or Replay()
    for time, log in events:
        done.apply(time, log)
    return done

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
    terms: tuple[int, int, int]
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

    def apply(self, time: int, log: Log) -> None:
        """Take one event."""
        handler = getattr(self, f"_on_{log.name}", None)
        if handler is not None:
            handler(time, *log.arguments)

    def _on_SettingsChanged(self, time: int, rules: tuple[Any, ...]) -> None:
        operator, after, age, band, most = rules
        self.limits = most << 248 | band << 232 | int(operator, 16)
        self.open_after, self.max_age = after, age

    def _on_AccountRegistered(self, time: int, account: int, owner: str, signer: str) -> None:
        self.accounts[account] = Account(int(signer, 16))

    def _on_SignerRotated(self, time: int, account: int, signer: str) -> None:
        self.accounts[account].signer = int(signer, 16)

    def _on_Deposited(self, time: int, account: int, payer: str, amount: int) -> None:
        self.accounts[account].collateral += amount

    def _on_WithdrawalRequested(
        self, time: int, account: int, ticket: int, recipient: str, amount: int
    ) -> None:
        self.accounts[account].collateral -= amount

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
        self, time: int, market: int, symbol: str, listing: tuple[int, ...]
    ) -> None:
        unit, initial, maintenance, taker, maker, interval, interest, cap, damp = listing
        start, terms = time - time % (interval * 60), (interest, cap, damp)
        ratios = (initial, maintenance, taker, maker)
        self.markets[market] = Market(unit, *ratios, interval, terms, start, sampled_at=time)

    def _on_MarkUpdated(self, time: int, market: int, price: int, published: int) -> None:
        held = self.markets[market]
        held.mark, held.time, held.fresh_until = price, published, published + self.max_age

    def _on_FundingAccrued(
        self, time: int, market: int, start: int, rate: int, index: int, mark: int
    ) -> None:
        self._open_period(time, market, rate)
        self.markets[market].index = index

    def _on_FundingSkipped(self, time: int, market: int, start: int) -> None:
        self._open_period(time, market, 0)

    def _open_period(self, time: int, market: int, rate: int) -> None:
        held = self.markets[market]
        held.start = time - time % (held.interval * 60)
        held.last_rate, held.sampled_at, held.premium, held.weighted = rate, time, 0, 0

    def _on_BatchSettled(self, time: int, number: int, fills: bytes) -> None:
        self.number = number + 1
        volumes: dict[int, list[int]] = {}
        for record in decode_records(fills):
            if record.verdict is Verdict.SETTLED:
                self.settled_at = time
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

    def _trade(self, account: int, record: FillRecord, lots: int, rate: int) -> None:
        market = self.markets[record.market]
        size, quote, snapshot = self.positions.get((account, record.market), [0, 0, 0])
        quote += -size * (market.index - snapshot) // 2**32
        notional = record.size * record.price * market.unit
        quote -= (notional if lots > 0 else -notional) - (-notional * rate // 10**6)
        self.positions[account, record.market] = [size + lots, quote, market.index]
        market.fees += -(-notional * rate // 10**6)

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
            ("rules", 0, 0): self.max_age << 32 | self.open_after,
            ("tally", 0, 0): self.limits | self.settled_at << 200 | self.number << 160,
        }
        for (account, market), (size, quote, snapshot) in self.positions.items():
            word = cut(size, 64) << 192 | cut(quote, 96) << 96 | cut(snapshot, 96)
            found["position", account, market] = word
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
        return {key: word for key, word in found.items() if word}

    def _account_word(self, number: int, held: Account) -> int:
        mine = [p for (account, _), p in self.positions.items() if account == number]
        count = sum(size != 0 or quote != 0 for size, quote, _ in mine)
        head = held.nonce << 224 | held.floored << 223 | count << 216
        return head | cut(held.collateral, 56) << 160 | held.signer


def _market_word(m: Market) -> int:
    word = m.mark << 224 | m.unit << 201 | cut(m.index, 80) << 120 | m.initial_bps << 106
    word |= m.maintenance_bps << 92 | m.taker_fee << 78 | m.maker_fee << 64
    return word | m.fresh_until << 32 | m.start + m.interval * 60


def _activity_word(m: Market) -> int:
    sample = m.sampled_at << 224 | cut(m.premium, 32) << 192 | cut(m.weighted, 64) << 128
    return sample | m.fees


def _course_word(m: Market) -> int:
    interest, cap, damp = m.terms
    word = m.time << 176 | m.start << 144 | cut(m.last_rate, 32) << 112 | m.interval << 96
    return word | damp << 64 | cap << 32 | cut(interest, 32)


def replay(events: Iterable[tuple[int, Log]], start: Replay | None = None) -> Replay:
    """Apply events in order."""
    done = start or Replay()
    for time, log in events:
        done.apply(time, log)
    return done

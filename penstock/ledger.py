"""Who traded, paid and received what: kept from the venue's events alone (pure).

cash     = Σ −size · price · unit           over the account's fills, buys positive,
           and what it received for lots that were moved
fees     = Σ ⌈notional · rate / 10^6⌉       and penalties
funding  = Σ ⌊ −size · (index − snapshot) / 2^32 ⌋   at each touch
quote    = cash − fees + funding − swept    which is what the position word holds
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from penstock.funding import FIRST_INDEX, received_down
from penstock.messages import Verdict
from penstock.records import FillRecord, decode_records
from penstock.remote import Log
from penstock.units import fee_up


@dataclass(slots=True)
class Line:
    """One account in one market; money in quote units."""

    size: int = 0
    snapshot: int = 0
    trades: int = 0
    volume: int = 0
    """Notional bought and sold."""
    cash: int = 0
    fees: int = 0
    funding: int = 0
    swept: int = 0

    @property
    def quote(self) -> int:
        """What the position word should hold."""
        return self.cash - self.fees + self.funding - self.swept


@dataclass(slots=True)
class Terms:
    """What the ledger must know of a market."""

    symbol: str
    unit: int
    taker_fee: int
    maker_fee: int
    index: int = FIRST_INDEX
    mark: int = 0
    accruals: int = 0
    rates: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Profit:
    """What an account made in a market, valued at the mark. All but `fees` are signed gains."""

    gross: int
    fees: int
    funding: int

    @property
    def net(self) -> int:
        """What is left."""
        return self.gross - self.fees + self.funding


class Ledger:
    """Read the events in order, then ask."""

    def __init__(self) -> None:
        self.markets: Final[dict[int, Terms]] = {}
        self.lines: Final[dict[tuple[int, int], Line]] = {}
        self.deposits: Final[dict[int, int]] = {}
        self.withdrawals: Final[dict[int, int]] = {}
        self.paid: int = 0
        """Quote units that left the vault."""
        self.batches: int = 0
        self.fills: int = 0
        self.skipped: int = 0
        self.liquidations: int = 0
        """Fills of liquidation orders."""
        self.moves: int = 0
        """Positions, or parts of them, that changed hands outside of a batch."""
        self.covered: int = 0
        """Quote units that the insurance fund paid for others."""
        self.touches: int = 0

    def read(self, logs: Iterable[Log]) -> None:
        """Take up events."""
        for log in logs:
            self._read_market(log)
            match log.name, log.arguments:
                case "Deposited", (account, _, amount):
                    self.deposits[account] = self.deposits.get(account, 0) + amount
                case "TicketIssued" | "TicketHeld", (_, account, _, amount, _):
                    self.withdrawals[account] = self.withdrawals.get(account, 0) + amount
                case "TicketPaid", (_, _, amount):
                    self.paid += amount
                case "PositionSwept", (account, market, quote):
                    self._line(account, market).swept += quote
                case "PositionMoved", (giver, taker, market, lots, paid, penalty):
                    self.moves += 1
                    self._move(giver, market, -lots, paid, penalty)
                    self._move(taker, market, lots, -paid, 0)
                case "ShortfallCovered", (_, _, amount):
                    self.covered += amount
                case "BatchSettled", (_, data):
                    self._settle(decode_records(data))

    def _read_market(self, log: Log) -> None:
        match log.name, log.arguments:
            case "MarketListed", (market, symbol, listing):
                self.markets[market] = Terms(symbol, listing[0], listing[3], listing[4])
            case "MarkUpdated", (market, price, _, _):
                self.markets[market].mark = price
            case "FeesChanged", (market, taker_fee, maker_fee):
                terms = self.markets[market]
                terms.taker_fee, terms.maker_fee = taker_fee, maker_fee
            case "FundingAccrued", (market, _, _, _, rate, _, _, index, _):
                self._accrue(self.markets[market], rate, index)

    def line(self, account: int, market: int) -> Line:
        """What is known of an account in a market; an empty line when it never traded there."""
        return self.lines.get((account, market)) or Line()

    def funding_due(self, account: int, market: int) -> int:
        """Funding since the position was last touched."""
        line = self.line(account, market)
        return received_down(line.size, self.markets[market].index, line.snapshot)

    def profit(self, account: int, market: int) -> Profit:
        """Value what an account did in a market at the last mark."""
        line, terms = self.line(account, market), self.markets[market]
        gross = line.cash + line.size * terms.mark * terms.unit
        return Profit(gross, line.fees, line.funding + self.funding_due(account, market))

    def funding_totals(self) -> tuple[int, int]:
        """What was paid and what was received, over all accounts and markets."""
        amounts = [
            line.funding + self.funding_due(account, market)
            for (account, market), line in self.lines.items()
        ]
        return -sum(min(0, amount) for amount in amounts), sum(max(0, a) for a in amounts)

    @property
    def volume(self) -> int:
        """Notional that changed hands, each fill counted once."""
        return sum(line.volume for line in self.lines.values()) // 2

    @property
    def fees(self) -> int:
        """Fees of all accounts."""
        return sum(line.fees for line in self.lines.values())

    def _accrue(self, terms: Terms, rate: int, index: int) -> None:
        terms.index = index
        terms.accruals += 1
        terms.rates.append(rate)

    def _settle(self, records: Iterable[FillRecord]) -> None:
        self.batches += 1
        for record in records:
            if not record.verdict.moved:
                self.skipped += 1
                continue
            self.fills += 1
            forced = record.verdict is Verdict.LIQUIDATED
            self.liquidations += forced
            terms = self.markets[record.market]
            lots = record.size if record.taker_buys else -record.size
            notional = record.price * record.size * terms.unit
            fee = record.penalty if forced else fee_up(notional, terms.taker_fee)
            self._trade(record.taker, record, lots, fee)
            self._trade(record.maker, record, -lots, fee_up(notional, terms.maker_fee))

    def _trade(self, account: int, record: FillRecord, lots: int, fee: int) -> None:
        line = self._touch(account, record.market)
        cash = record.price * self.markets[record.market].unit
        line.size += lots
        line.cash -= lots * cash
        line.fees += fee
        line.volume += abs(lots) * cash
        line.trades += 1

    def _move(self, account: int, market: int, lots: int, received: int, penalty: int) -> None:
        """Take up a position that changed hands outside of a batch; the penalty is a fee."""
        line = self._touch(account, market)
        line.size += lots
        line.cash += received
        line.fees += penalty

    def _touch(self, account: int, market: int) -> Line:
        """Pay the funding of a position up to now."""
        terms, line = self.markets[market], self._line(account, market)
        self.touches += line.snapshot != terms.index
        line.funding += received_down(line.size, terms.index, line.snapshot)
        line.snapshot = terms.index
        return line

    def _line(self, account: int, market: int) -> Line:
        return self.lines.setdefault((account, market), Line())

"""The invariants as assertions over plain state; README.md has them as formulas.

They share no arithmetic with the model: what a fill and a funding payment do is spelled out again.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from penstock.messages import BUY, IMMEDIATE, LIQUIDATION, Verdict
from penstock.records import FillRecord
from tests.invariant.state import Held, Ledger, Level, Market, State


def funding(held: Held, index: int) -> int:
    """What a position receives up to an index, rounded down."""
    return -(held.size * (index - held.snapshot)) // 2**32 if held.size else 0


def sizes_balance(state: State) -> None:
    """S1."""
    for market in state.markets:
        total = sum(held.size for (_, at), held in state.positions.items() if at == market)
        assert total == 0, f"S1: sizes of market {market} add up to {total}"
        longs = sum(max(0, held.size) for (_, at), held in state.positions.items() if at == market)
        counted = state.markets[market].open_interest
        assert longs == counted, f"S1: {longs} lots of market {market} are long, {counted} counted"


def debts_are_held(state: State) -> None:
    """Whoever lacks something has a position that can be laid on others."""
    for account in state.collateral:
        holds = any(held.size for (owner, _), held in state.positions.items() if owner == account)
        lack = min(0, equity(state, account))
        assert holds or not lack, f"S2: {account} lacks {-lack} and has no position"


def nobody_ruined(before: State, after: State) -> None:
    """At marks that did not move nobody becomes bankrupt, whatever is done to him.

    Funding is no deed: time may charge it meanwhile.
    """
    marks = {number: market.mark for number, market in before.markets.items()}
    if marks != {number: market.mark for number, market in after.markets.items()}:
        return
    charged = replace(before, markets=after.markets)
    for account in before.collateral:
        had, has = equity(charged, account), equity(after, account)
        assert has >= min(0, had), f"S2: {account} had {had}, and {has} now, at the same marks"


def equity(state: State, account: int, marks: dict[int, int] | None = None) -> int:
    """Collateral and value of all positions, at other marks if some are given."""
    value = state.collateral[account]
    for number, market in state.markets.items():
        held = state.positions.get((account, number), Held(0, 0, 0))
        mark = market.mark if marks is None else marks[number]
        value += held.quote + funding(held, market.funding) + held.size * mark * market.unit
    return value


def vault_covers(state: State, ledger: Ledger, marks: dict[int, int]) -> None:
    """S2, at the given marks."""
    claims = sum(equity(state, account, marks) for account in state.collateral)
    excess = state.tokens - claims - state.tickets - state.fees
    assert excess >= 0, f"S2: the vault lacks {-excess}"
    dust = ledger.touches + sum(held.size != 0 for held in state.positions.values())
    assert excess <= dust, f"S2: {excess} is more than the dust of {dust} roundings"


def funding_balances(state: State, ledger: Ledger) -> None:
    """S7, with what is due to open positions."""
    due = [
        funding(held, state.markets[market].funding)
        for (_, market), held in state.positions.items()
    ]
    paid = ledger.paid - sum(amount for amount in due if amount < 0)
    received = ledger.received + sum(amount for amount in due if amount > 0)
    assert paid >= received, f"S7: received {received}, but only {paid} was paid"
    moved = ledger.touches + sum(held.size != 0 for held in state.positions.values())
    assert paid - received <= moved, f"S7: {paid - received} lost in {moved} roundings"


class Replay:
    """A batch done again from the state before it, by its records alone."""

    def __init__(self, before: State) -> None:
        self.state = before
        self.collateral = dict(before.collateral)
        self.positions = {
            place: Held(held.size, held.quote + self._funding(place, held), held.snapshot)
            for place, held in before.positions.items()
        }
        self.traded: set[tuple[int, int]] = set()

    def _funding(self, place: tuple[int, int], held: Held) -> int:
        return funding(held, self.state.markets[place[1]].funding)

    def fill(self, record: FillRecord) -> None:
        """Apply a settled fill to both sides; S3 must hold for each."""
        market = self.state.markets[record.market]
        bought = record.size if record.taker_buys else -record.size
        notional = record.price * record.size * market.unit
        if record.verdict is Verdict.LIQUIDATED:
            self._liquidate(record, bought, notional)
        else:
            self._side(record.taker, record, bought, _fee(notional, market.taker_fee))
        self._side(record.maker, record, -bought, _fee(notional, market.maker_fee))

    def _liquidate(self, record: FillRecord, bought: int, notional: int) -> None:
        """The taker did not sign: it was in need, pays a penalty, and gains nothing."""
        market, account = self.state.markets[record.market], record.taker
        before, margin = self._weigh(account)
        gain = bought * market.mark * market.unit - (notional if bought > 0 else -notional)
        part = _fee(notional, market.maintenance_bps * self.state.penalty_share)
        penalty = max(0, gain) + min(part, max(0, before + min(0, gain))) if account else 0
        assert account == 0 or before < margin, f"S3: {account} was liquidated and sound"
        self._side(account, record, bought, penalty)
        after, _ = self._weigh(account)
        assert account == 0 or after <= before, f"S3: {account} gained by its liquidation"

    def _side(self, account: int, record: FillRecord, lots: int, fee: int) -> None:
        place = account, record.market
        held, market = self.positions[place], self.state.markets[record.market]
        notional = record.price * record.size * market.unit
        cost = (notional if lots > 0 else -notional) + fee
        after = Held(held.size + lots, held.quote - cost, market.funding)
        self.positions[place] = after
        self.traded.add(place)
        lowered = min(0, held.size) <= after.size <= max(0, held.size) and lots != 0
        value, margin = self._weigh(account)
        assert lowered or value >= margin, f"S3: {account} has {value} and needs {margin}"

    def _weigh(self, account: int) -> tuple[int, int]:
        value, margin = self.collateral[account], 0
        for number, market in self.state.markets.items():
            held = self.positions[account, number]
            value += held.quote + held.size * market.mark * market.unit
            margin += _weighted(abs(held.size), market.tier) * _lot_margin(market)
        return value, margin


def _fee(notional: int, ratio: int) -> int:
    return -(-notional * ratio // 10**6)


def _weighted(lots: int, tier: int) -> int:
    """Each tier's lots count once more than those of the tier before."""
    return sum(max(0, lots - tier * step) for step in range(lots // tier + 1))


def _lot_margin(market: Market) -> int:
    return -(-market.mark * market.unit * market.initial_bps // 10**4)


def margin_holds(before: State, after: State, records: Sequence[FillRecord]) -> Replay:
    """S3 fill by fill; then every position is where the settled fills put it."""
    replay = Replay(before)
    for record in records:
        if record.verdict.moved:
            replay.fill(record)
    for place in before.positions:
        done = replay.positions[place] if place in replay.traded else before.positions[place]
        assert after.positions[place] == done, f"S3: position {place} is not what its fills made"
    assert after.collateral == before.collateral, "S3: a batch moved collateral"
    return replay


def orders_obeyed(
    ledger: Ledger, number: int, fills: Iterable[tuple[Level, Level, FillRecord]]
) -> None:
    """S4, S5 and S6, and both signatures, for every settled fill; remembers them."""
    for maker, taker, record in fills:
        if not record.verdict.moved:
            continue
        forced = bool(taker.flags & LIQUIDATION)
        assert forced == (record.verdict is Verdict.LIQUIDATED), f"S6: {record} was forced"
        assert all((maker.signed, taker.signed or forced)), f"S6: {record} was not signed by both"
        limit = taker.price - record.price if taker.flags & BUY else record.price - taker.price
        assert limit >= 0, f"S6: {record} is worse than the taker's {taker.price}"
        assert record.price == maker.price, f"S6: {record} is not at the maker's {maker.price}"
        for level in (maker,) if forced else (maker, taker):
            _count(ledger, number, level, record.size)


def _count(ledger: Ledger, number: int, level: Level, size: int) -> None:
    key = level.key
    ledger.signed[key] = max(level.size, ledger.signed.get(key, 0))
    ledger.filled[key] = ledger.filled.get(key, 0) + size
    signed, filled = ledger.signed[key], ledger.filled[key]
    assert filled <= signed, f"S4: {key} filled {filled} of {signed}"
    if level.flags & IMMEDIATE:
        ledger.batches.setdefault(key, set()).add(number)
        assert len(ledger.batches[key]) == 1, f"S5: {key} filled in {ledger.batches[key]}"


def funding_counted(ledger: Ledger, before: State, replay: Replay) -> None:
    """Remember the funding that a batch moved, for S2 and S7."""
    for place in replay.traded:
        held = before.positions[place]
        _count_funding(ledger, held, before.markets[place[1]].funding)


def funding_touched(ledger: Ledger, before: State, after: State) -> None:
    """The same for what moved outside of batches: a touched position has another snapshot."""
    for place, held in before.positions.items():
        snapshot = after.positions[place].snapshot
        if snapshot != held.snapshot:
            _count_funding(ledger, held, snapshot)


def _count_funding(ledger: Ledger, held: Held, index: int) -> None:
    moved = funding(held, index)
    ledger.paid += max(0, -moved)
    ledger.received += max(0, moved)
    ledger.touches += held.size != 0

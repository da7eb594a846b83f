"""Edge: recorded order flow through the whole path, from JSON to settled positions."""

import lzma
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Final

from msgspec import Struct

from penstock.anvil import START, Anvil
from penstock.builder import Limits
from penstock.deploy import MarketParameters, Parameters
from penstock.engine import Engine
from penstock.events import Cancelled, CancelReason, Event, Rejected, RejectReason
from penstock.gateway import Gateway
from penstock.ledger import Ledger
from penstock.localvenue import LocalVenue
from penstock.messages import SLOTS, Cancel, Fill, Order, SignedOrder
from penstock.mirror import Mirror
from penstock.recordings import Kind, Record, RecordingError, Scale, parse
from penstock.risk import RiskGate
from penstock.signing import Signer
from penstock.stages import Stages
from penstock.submitter import Settlement, Submitter
from penstock.units import UINT32_MAX
from penstock.wire import encode_cancel, encode_order

DEPOSIT: Final = 10**15
"""A billion: nobody's margin shall decide what a recording shows."""
MARKET: Final = 1
LEAD: Final = 3600
Place = tuple[int, int]
"""Account and nonce of a resting order."""


class Plan(Struct, frozen=True):
    """How a recording is played."""

    accounts: int = 64
    fills: int = 200
    """Fills that wait before a batch is sent."""


class Outcome(Struct, frozen=True):
    """What became of a recording."""

    records: int
    kinds: Counter[Kind]
    stages: Stages
    ledger: Ledger
    settlements: list[Settlement]
    rejections: Counter[RejectReason]
    self_trades: int
    """Makers taken away because one signing account stood on both sides."""
    dropped: int
    differences: int

    @property
    def gas_per_fill(self) -> float:
        """Gas of all batches over their fills."""
        return sum(s.gas for s in self.settlements) / max(1, self.ledger.fills)

    @property
    def bytes_per_fill(self) -> float:
        """Bytes of all batches over their fills."""
        return sum(s.size for s in self.settlements) / max(1, self.ledger.fills)

    @property
    def skipped(self) -> int:
        """Fills that did not settle."""
        return self.ledger.skipped + self.dropped


def read_recording(path: Path) -> tuple[Scale, list[Record]]:
    """Read a .csv or .csv.xz file. Raises RecordingError."""
    try:
        with lzma.open(path, "rt") if path.suffix == ".xz" else path.open() as lines:
            scale, records = parse(lines, path.name)
            return scale, list(records)
    except (lzma.LZMAError, EOFError, UnicodeDecodeError) as error:
        rule = f"it must be text, or text packed by xz ({error})"
        raise RecordingError(path.name, 1, "the file", path.suffix, rule) from error


class Slots:
    """The order slots of the signing accounts. A recorded order gets its account by its id."""

    def __init__(self, accounts: list[int]) -> None:
        self._accounts: Final = accounts
        self._free: Final = {account: list(range(SLOTS))[::-1] for account in accounts}
        self._epochs: Final[dict[tuple[int, int], int]] = {}

    def account_of(self, id: int) -> int:
        """Spread ids over accounts, the same way each time."""
        return self._accounts[id * 2_654_435_761 % 2**32 % len(self._accounts)]

    def take(self, account: int) -> int | None:
        """A nonce in a free slot; None when all of the account's are in use."""
        return self.renew(account, self._free[account].pop()) if self._free[account] else None

    def renew(self, account: int, slot: int) -> int:
        """The next epoch of a slot."""
        epoch = self._epochs[account, slot] = self._epochs.get((account, slot), 0) + 1
        return slot << 32 | epoch

    def release(self, account: int, nonce: int) -> None:
        """Use the slot again."""
        self._free[account].append(nonce >> 32)


class Replay:
    """A venue with one market, as the recording counts it."""

    def __init__(self, anvil: Anvil, scale: Scale, plan: Plan) -> None:
        self.anvil: Final = anvil
        self.plan: Final = plan
        self.devnet: Final = LocalVenue.start(anvil, _parameters(scale))
        names = [f"participant {n}" for n in range(1, plan.accounts + 1)]
        traders = self.devnet.open(names, DEPOSIT)
        self.signers: Final[dict[int, Signer]] = {t.account: t.signer for t in traders}
        self.slots: Final = Slots(sorted(self.signers))
        self.ledger: Final = Ledger()
        self.stages: Final = Stages()
        mirror = Mirror(self.devnet.remote)
        self.ledger.read(mirror.follow())
        self.gate: Final = RiskGate(mirror.venue, anvil.time(), LEAD)
        self.engine: Final = Engine(self.gate, [MARKET])
        domain = self.devnet.domain
        self.gateway: Final = Gateway(self.engine, self.gate, domain, self.stages)
        limits = Limits(fills=max(plan.fills, 200))
        self.submitter: Final = Submitter(
            mirror, self.gate, self.devnet.operator, limits, self.stages, watch=self.ledger.read
        )
        self.now: int = 0
        self.places: Final[dict[int, Place]] = {}
        self.ids: Final[dict[Place, int]] = {}
        self.sizes: Final[dict[int, Order]] = {}
        self.numbers: Final[Counter[int]] = Counter()
        self.rejections: Final[Counter[RejectReason]] = Counter()
        self.kinds: Final[Counter[Kind]] = Counter()
        self.settlements: Final[list[Settlement]] = []
        self.self_trades = 0

    def run(
        self, records: list[Record], progress: Callable[[int], object] = lambda done: None
    ) -> Outcome:
        """Play every record, settle what is left, compare with the chain."""
        if records:
            self._post(records[0].price)
            start = records[0].time
        for number, record in enumerate(records, start=1):
            self._pass_time(START + 3600 + (record.time - start) // 1000)
            self._play(record)
            if len(self.submitter.pending) >= self.plan.fills:
                self._settle()
            if number % 250 == 0:
                progress(number)
        if self.submitter.pending:
            self._settle()
        progress(len(records))
        return self._outcome(len(records))

    def _outcome(self, records: int) -> Outcome:
        return Outcome(
            records=records,
            kinds=self.kinds,
            stages=self.stages,
            ledger=self.ledger,
            settlements=self.settlements,
            rejections=self.rejections,
            self_trades=self.self_trades,
            dropped=len(self.submitter.dropped),
            differences=len(self.submitter.mirror.differences()),
        )

    def _pass_time(self, now: int) -> None:
        if now > self.now:
            self.now = now
            self._sort(self.gateway.advance(now))

    def _play(self, record: Record) -> None:
        self.kinds[record.kind] += 1
        if record.kind is Kind.ADD:
            self._add(record)
        elif record.kind is Kind.TAKE:
            self._take(record)
        elif record.id in self.places:
            self._cancel(record) if record.kind is Kind.CANCEL else self._reduce(record)

    def _add(self, record: Record) -> None:
        account = self.slots.account_of(record.id)
        nonce = self.slots.take(account)
        if nonce is None:
            self.rejections[RejectReason.DUPLICATE] += 1
            return
        self._rest(record.id, _order(account, record, record.size, nonce))

    def _rest(self, id: int, order: Order) -> None:
        place = order.account, order.nonce
        self.places[id], self.ids[place], self.sizes[id] = place, id, order
        self._place(order)
        if not self.engine.is_resting(*place):
            self._forget(place)

    def _reduce(self, record: Record) -> None:
        """Send the order anew in the same slot, smaller; the engine knows no other way."""
        account, nonce = self.places[record.id]
        left = self.sizes[record.id].size - record.size
        if left <= 0:
            self._cancel(record)
            return
        del self.ids[account, nonce]
        renewed = self.slots.renew(account, nonce >> 32)
        self._rest(record.id, _order(account, record, left, renewed))

    def _take(self, record: Record) -> None:
        """Hit the recorded order from the other side."""
        account = self.slots.account_of(record.id + 1)
        self.numbers[account] += 1
        order = _order(account, record, record.size, self.numbers[account])
        self._place(_hitting(order))

    def _cancel(self, record: Record) -> None:
        account, nonce = self.places[record.id]
        signed = self.signers[account].sign_cancel(self.devnet.domain, Cancel(account, nonce))
        self._sort(self.gateway.cancel(encode_cancel(signed), self.now))

    def _place(self, order: Order) -> None:
        signed = self.signers[order.account].sign_order(self.devnet.domain, order)
        self._sort(self.gateway.place(encode_order(signed), self.now))

    def _sort(self, events: list[Event]) -> None:
        fills = [event for event in events if isinstance(event, Fill)]
        if fills:
            self.submitter.take(fills)
        for event in events:
            match event:
                case Rejected(reason=reason):
                    self.rejections[reason] += 1
                case Cancelled(order=signed, reason=reason):
                    self.self_trades += reason is CancelReason.SELF_TRADE
                    self._leave(signed)
                case Fill(maker=maker):
                    self._leave(maker)

    def _leave(self, signed: SignedOrder) -> None:
        place = signed.order.account, signed.order.nonce
        if place in self.ids and not self.engine.is_resting(*place):
            self._forget(place)

    def _forget(self, place: Place) -> None:
        id = self.ids.pop(place, None)
        if id is not None:
            del self.places[id], self.sizes[id]
            self.slots.release(*place)

    def _settle(self) -> None:
        """Bring the chain's clock and mark up to date, and settle what waits."""
        self.anvil.warp(max(self.now, self.anvil.time()))
        self._post(self.submitter.pending[-1].price)
        self.settlements.extend(self.submitter.settle())

    def _post(self, price: int) -> None:
        self.devnet.post(MARKET, [price] * len(self.devnet.publishers))
        self.devnet.refresh()
        self.submitter.follow()
        self._pass_time(self.anvil.time())


def _order(account: int, record: Record, size: int, nonce: int) -> Order:
    price, buy = record.price, record.buy
    return Order(account, MARKET, buy, False, False, False, price, size, UINT32_MAX, nonce)


def _hitting(order: Order) -> Order:
    """The immediate order of the other side."""
    account, price, size, number = order.account, order.price, order.size, order.nonce
    return Order(
        account, MARKET, not order.buy, True, False, False, price, size, UINT32_MAX, number
    )


def _parameters(scale: Scale) -> Parameters:
    """Rules that refuse nothing a recording holds: a wide band, and marks that last."""
    market = MarketParameters(scale.symbol, scale.tick, scale.lot, 500, 250, 500, 200)
    return Parameters(
        (market,),
        max_speed_ppm=1_000_000,
        max_price_age=30 * 86_400,
        outage_after=86_400,
        band_bps=9_000,
    )

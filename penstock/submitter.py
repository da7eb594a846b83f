"""Edge: brings the engine's fills to the chain, each exactly once.

    SubmitError           RuntimeError  settlement cannot go on by itself
    ├── OvertakenError                  another submitter settled the batch of that number
    ├── DisagreementError               simulation and model see a batch differently
    └── HistoryError                    the chain settled fills that the engine does not know

A batch is sent under one nonce, at a price that rises to a ceiling while blocks are made without
it. Whether it arrived is decided by the chain's next batch number and the fills in its
`BatchSettled` event, never by sending under another nonce: `resume` does so after a crash, and
after the chain itself went back.
"""

from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext
from functools import partial
from typing import Final

from msgspec import Struct

from penstock.artifacts import ContractRevert
from penstock.batch import Batch, encode
from penstock.bidding import Bidder, NonceTakenError
from penstock.builder import Limits, build, split
from penstock.errors import PenstockError
from penstock.messages import Fill, Side, SignedCancel, Verdict
from penstock.mirror import Mirror
from penstock.records import FillRecord, decode_records
from penstock.remote import Log
from penstock.risk import RiskGate
from penstock.sender import PATIENCE, Receipt, Sender
from penstock.stages import Stages

SETTLE_GAS: Final = 16_700_000
"""Below 2^24, which some chains do not let a transaction exceed."""


class SubmitError(PenstockError, RuntimeError):
    """Settlement cannot go on by itself."""


class OvertakenError(SubmitError):
    """`Batch_NumberWrong`: another submitter settled the batch of that number."""

    def __init__(self, number: int, expected: int) -> None:
        self.number: Final = number
        self.expected: Final = expected
        super().__init__(
            f"Batch_NumberWrong: batch {number} was not settled, the chain expects {expected}; "
            f"another submitter works for this venue: end one of the two, then resume"
        )


class DisagreementError(SubmitError):
    """Simulation and model see a batch differently; it was not sent."""

    def __init__(self, number: int, index: int, ours: object, theirs: object) -> None:
        self.number: Final = number
        self.index: Final = index
        super().__init__(
            f"batch {number}, fill {index}: the model expects {ours}, the simulation says "
            f"{theirs}; nothing was sent"
        )


class HistoryError(SubmitError):
    """The chain settled fills that are not the next ones of the engine."""

    def __init__(self, number: int, index: int, record: FillRecord) -> None:
        self.number: Final = number
        self.index: Final = index
        super().__init__(
            f"batch {number}, fill {index} is {record}, which is not the engine's next fill; the "
            f"command log does not belong to this venue"
        )


class Skipped(Struct, frozen=True):
    """A fill that did not settle, and why."""

    fill: Fill
    verdict: Verdict
    side: Side


class Settlement(Struct, frozen=True):
    """A batch that the chain settled."""

    number: int
    transaction: str
    gas: int
    size: int
    """Bytes of the batch."""
    fills: int
    skipped: list[Skipped]


class Submitter:
    """Sends what `take` was given, in order. One mirror, one gate and one sender belong to it.

    The mirror must have followed the chain. Raises DifferenceError when a word of the chain, such
    as a funding index, is another one than the model has: nothing is settled on top of that.
    """

    def __init__(
        self,
        mirror: Mirror,
        gate: RiskGate,
        sender: Sender,
        limits: Limits | None = None,
        stages: Stages | None = None,
        rehearse: bool = True,
        patience: float = PATIENCE,
        watch: Callable[[list[Log]], None] | None = None,
    ) -> None:
        mirror.check()
        self.mirror: Final = mirror
        self.gate: Final = gate
        self.sender: Final = sender
        self.limits: Final = limits or Limits()
        self.stages: Final = stages or Stages()
        self.rehearse: Final = rehearse
        self.bidder: Final = Bidder(sender, patience)
        self.pending: list[Fill] = []
        self.cancels: list[SignedCancel] = []
        self.dropped: list[Skipped] = []
        """Fills that were left out of batches, because the chain would have skipped them."""
        self._number: int = mirror.venue.tally.number
        """Number of our next batch; when the chain expects another, somebody else settled."""
        self._doubtful: int | None = None
        """Number of a batch that was sent and about which nothing is known."""
        self._watch: Final = watch or (lambda logs: None)

    # What comes in.

    def take(self, fills: Iterable[Fill], cancels: Iterable[SignedCancel] = ()) -> None:
        """Queue fills, as the gate has applied them, and cancels to be carried after them."""
        self.pending += fills
        self.cancels += cancels

    def follow(self) -> list[Log]:
        """Take up what happened on the chain, and weigh what is pending anew."""
        logs = self.mirror.follow()
        if logs:
            self._watch(logs)
            self.gate.rebase()
        return logs

    # What goes out.

    def settle(self) -> list[Settlement]:
        """Settle everything that is pending.

        Raises OvertakenError, DisagreementError, RolledBackError, ReceiptMissingError,
        FeeCeilingError, NonceTakenError or RpcError; what was not settled stays pending. A batch
        whose fate is unknown is looked for on the chain first. Only `resume` goes on after a
        RolledBackError or an OvertakenError.
        """
        if len(self.gate.pending) != len(self.pending):
            raise SubmitError("the gate applied fills that were not given to the submitter")
        if self._doubtful is not None:
            self._look_for(self._doubtful)
        self._check_number()
        self.drop_doomed()
        done = []
        while self.pending or self.cancels:
            done.append(self._settle_next())
        return done

    def drop_doomed(self) -> None:
        """Give up pending fills that the chain would skip as things stand."""
        doomed = self.gate.rebase()
        for index in doomed:
            maker, taker, size = self.gate.pending[index]
            verdict, side = self.gate.fault(maker, taker, size) or (Verdict.SETTLED, Side.NONE)
            self.dropped.append(Skipped(self.pending[index], verdict, side))
        if doomed:
            gone = set(doomed)
            self.pending = [fill for i, fill in enumerate(self.pending) if i not in gone]
            self.gate.drop(doomed)

    def prepare(self) -> tuple[Batch, int]:
        """Write the next batch, and say how many of the pending fills are in it."""
        venue = self.mirror.venue

        def open_markets(account: int) -> list[int]:
            return venue.account(account).open_markets

        # Of a long queue only what can fit is looked at; twice as much, so that no run is cut.
        parts = split(self.pending[: 2 * self.limits.fills], open_markets, self.limits)
        fills = parts[0] if parts else []
        last = len(fills) == len(self.pending)
        cancels = self.cancels if last else []
        return build(venue.tally.number, fills, cancels, open_markets), len(fills)

    def _settle_next(self) -> Settlement:
        with self.stages.timed("build", min(len(self.pending), self.limits.fills)):
            batch, count = self.prepare()
            data = encode(batch)
        with self.stages.timed("settle", count) if count else nullcontext():
            if self.rehearse:
                self._rehearse(batch, data)
            receipt, records = self._send(batch, data)
        return self._conclude(batch, len(data), receipt, records)

    def _rehearse(self, batch: Batch, data: bytes) -> None:
        """Compare what the chain would say with what the model says."""
        try:
            answer = self.mirror.remote.positions.ask("simulate", data)
        except ContractRevert as revert:
            raise _named(revert) from revert
        theirs = decode_records(answer)
        ours = self.mirror.venue.simulate(batch, self.sender.rpc.next_time())
        for index, (one, other) in enumerate(zip(ours, theirs, strict=True)):
            if one != other:
                raise DisagreementError(batch.number, index, one, other)

    def _send(self, batch: Batch, data: bytes) -> tuple[Receipt, Sequence[FillRecord]]:
        positions = self.mirror.remote.positions
        call = positions.encode("settle", data)
        receipt = self._deliver(batch, call)
        if not receipt.succeeded:
            try:
                self.sender.explain(receipt, positions.address, call, SETTLE_GAS)
            except ContractRevert as revert:
                self._doubtful = None
                raise _named(revert) from revert
        logs = self.mirror.follow()
        self._watch(logs)
        return receipt, _records(logs, batch.number)

    def _deliver(self, batch: Batch, call: bytes) -> Receipt:
        """Bring it into a block. Whoever took the nonce may have settled the number, too."""
        self._doubtful = batch.number
        expect = partial(self.mirror.expect, batch=batch)
        try:
            to = self.mirror.remote.positions.address
            return self.bidder.deliver(to, call, SETTLE_GAS, expect)
        except NonceTakenError:
            self._doubtful = None
            self._check_number()
            raise

    def _check_number(self) -> None:
        """See whether the chain expects our next batch."""
        self.follow()
        if self.mirror.venue.tally.number != self._number:
            raise OvertakenError(self._number, self.mirror.venue.tally.number)

    def _conclude(
        self, batch: Batch, size: int, receipt: Receipt, records: Sequence[FillRecord]
    ) -> Settlement:
        fills = self.pending[: len(records)]
        self._forget(len(records))
        if batch.cancels:
            self.cancels = []
        counts = batch.number, receipt.hash, receipt.gas, size, len(records)
        return Settlement(*counts, _skipped(fills, records))

    def _forget(self, fills: int) -> None:
        """The first `fills` pending fills are the chain's now."""
        self._doubtful = None
        self._number = self.mirror.venue.tally.number
        self.pending = self.pending[fills:]
        self.gate.settled(fills)

    # After a crash, and after the chain was rolled back.

    def resume(self, fills: Sequence[Fill], cancels: Iterable[SignedCancel] = ()) -> int:
        """Begin again from every fill that the engine ever made; say how many had been settled.

        What waits in the node's pool is waited for first: it may be ours. Blocks that are made
        without it show that its price is too low; it is replaced by nothing then. After a rollback
        the mirror reads the chain from its first event, and `watch` is told of all of it once more.
        Raises HistoryError when the chain's fills are not the engine's, DifferenceError when its
        words are not the model's, ReceiptMissingError or FeeCeilingError while the pool does not
        empty.
        """
        self.bidder.drain()
        if not self.mirror.stands():
            self.mirror.rewind()
        history, settled = self._history(), 0
        self.mirror.check()
        for number, records in history:
            for index, record in enumerate(records):
                settled = _match(fills, settled, record, number, index)
        self.pending, self.cancels = list(fills[settled:]), list(cancels)
        self._doubtful, self._number = None, self.mirror.venue.tally.number
        again = set(self.pending)
        self.dropped = [skipped for skipped in self.dropped if skipped.fill not in again]
        matched = [(f.maker.order, f.taker.order, f.size) for f in self.pending]
        self.gate.restart(self.mirror.venue, matched)
        return settled

    def _look_for(self, number: int) -> None:
        """Find out whether a batch that was sent has settled; it has not once the pool is empty."""
        self.bidder.drain()
        for settled, records in self._history():
            if settled == number:
                at = 0
                for index, record in enumerate(records):
                    at = _match(self.pending, at, record, number, index)
                self._forget(at)
        self._doubtful = None

    def _history(self) -> list[tuple[int, Sequence[FillRecord]]]:
        """Every batch that the chain has settled."""
        self.follow()
        logs = self.mirror.remote.logs(0)
        settled = (log for log in logs if log.name == "BatchSettled")
        return [(log.arguments[0], decode_records(log.arguments[1])) for log in settled]


def _match(fills: Sequence[Fill], at: int, record: FillRecord, number: int, index: int) -> int:
    """Find the record among the fills from `at` on, passing over those that were dropped."""
    for place in range(at, len(fills)):
        if _is_of(record, fills[place]):
            return place + 1
    raise HistoryError(number, index, record)


def _is_of(record: FillRecord, fill: Fill) -> bool:
    maker, taker = fill.maker.order, fill.taker.order
    ours = (maker.account, taker.account, maker.market, maker.price, fill.size)
    nonces = (maker.nonce, taker.nonce, taker.immediate)
    theirs = (record.maker_nonce, record.taker_nonce, record.taker_immediate)
    if record.verdict is Verdict.LIQUIDATED:
        # The record says the penalty instead of the order's number.
        return record[:5] == ours and taker.liquidation and maker.nonce == record.maker_nonce
    return record[:5] == ours and nonces == theirs


def _records(logs: Iterable[Log], number: int) -> Sequence[FillRecord]:
    for log in logs:
        if log.name == "BatchSettled" and log.arguments[0] == number:
            return decode_records(log.arguments[1])
    raise SubmitError(f"batch {number} has a receipt and no BatchSettled event; resume")


def _skipped(fills: Sequence[Fill], records: Sequence[FillRecord]) -> list[Skipped]:
    return [
        Skipped(fill, record.verdict, record.side)
        for fill, record in zip(fills, records, strict=True)
        if not record.verdict.moved
    ]


def _named(revert: ContractRevert) -> Exception:
    if revert.name == "Batch_NumberWrong":
        return OvertakenError(*revert.arguments)
    return revert

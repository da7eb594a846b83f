"""Edge: the model kept equal to the contracts by following their events, from the first on.

    MirrorError           RuntimeError  model and contract disagree, or a batch cannot be read back
    ├── RolledBackError                 a block that was read is in the chain no more
    └── DifferenceError                 a stored word is not what the events made of it

Nothing is loaded from storage: what the events say must be enough, and `differences` compares the
result with every stored word. Who acts on the model begins with `check`.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, NamedTuple, TypeAlias

from penstock.accounts import Listing, Settings
from penstock.artifacts import artifact
from penstock.batch import Batch, OrderEntry, decode
from penstock.errors import PenstockError, SignatureError
from penstock.funding import Terms
from penstock.limits import Limits
from penstock.messages import (
    BUY,
    IMMEDIATE,
    LADDER,
    POST_ONLY,
    REDUCE_ONLY,
    Cancel,
    Ladder,
    Order,
)
from penstock.records import decode_records
from penstock.remote import Log, Remote
from penstock.signing import Domain, recover
from penstock.venue import Venue
from penstock.views import (
    WordKey,
    course_word,
    interim_word,
    watch_word,
    words,
)
from penstock.watch import Watch

Handler: TypeAlias = Callable[["Mirror", Log], None]
Difference: TypeAlias = tuple[WordKey, int, int]
"""A word in which model and contract differ: key, ours, theirs."""
CHUNK: Final = 500
"""Questions in one message to the node."""


class MirrorError(PenstockError, RuntimeError):
    """Model and contract disagree; nothing that the engine believes can be trusted any more."""


class RolledBackError(MirrorError):
    """A block that was read is in the chain no more: what was taken up may never have happened."""

    def __init__(self, block: int, hash: str) -> None:
        self.block: Final = block
        self.hash: Final = hash
        super().__init__(
            f"block {block} with hash {hash} was read and is in the chain no more; resume with "
            f"every fill that the engine ever made"
        )


class DifferenceError(MirrorError):
    """The chain holds other words than the model, at the block that was read last."""

    def __init__(self, block: int, differences: Sequence[Difference]) -> None:
        self.block: Final = block
        self.key, self.ours, self.theirs = differences[0]
        self.count: Final = len(differences)
        kind, *places = self.key
        super().__init__(
            f"at block {block} the model has {self.ours:#x} as {kind} word of {places}, the chain "
            f"{self.theirs:#x}, and {self.count} words differ in all; nothing was sent: see "
            f"whether the node has every event of the venue since its deployment"
        )


class Mirror:
    """A `Venue` that follows a deployed one."""

    def __init__(self, remote: Remote) -> None:
        self.remote: Final = remote
        self.venue: Venue = Venue()
        self.block: int = -1
        """The last block that was read."""
        self.hash: str = ""
        """Of that block: a chain that has another one at its place was rolled back."""
        chain_id = int(remote.rpc.call("eth_chainId"), 16)
        self.domain: Final = Domain(chain_id, remote.system.positions)
        self._sent: dict[str, Batch] = {}

    def expect(self, transaction: str, batch: Batch) -> None:
        """Name a batch of one's own, which need not be read back and verified."""
        self._sent[transaction] = batch

    def follow(self) -> list[Log]:
        """Take up every new event and return them. Raises MirrorError, RolledBackError."""
        last, hash, stands = self._look()
        if not stands:
            raise RolledBackError(self.block, self.hash)
        if last == self.block:
            return []
        logs = self.remote.logs(self.block + 1, last)
        settling = {log.transaction for log in logs if log.name == "BatchSettled"}
        for log in logs:
            handler = _HANDLERS.get(log.name)
            # Cancels that a batch carries happen after its fills, though their events come first.
            carried = log.name == "OrderCancelled" and log.transaction in settling
            if handler is not None and not carried:
                handler(self, log)
        self.block, self.hash = last, hash
        return logs

    def stands(self) -> bool:
        """Whether the last block that was read is still in the chain."""
        return self._look()[2]

    def rewind(self) -> None:
        """Forget everything: `follow` begins with the chain's first event again, on a new venue."""
        self.venue, self.block, self.hash = Venue(), -1, ""

    def _look(self) -> tuple[int, str, bool]:
        """Number and hash of the newest block, and whether the one read last still stands.

        NOTE: one message, before the events are read: a chain that is rolled back in between has
        lost the newest block too, and is found out the next time.
        """
        tags = "latest", hex(max(self.block, 0))
        newest, read = self.remote.rpc.batch([("eth_getBlockByNumber", (t, False)) for t in tags])
        stands = self.block < 0 or (read is not None and read["hash"] == self.hash)
        return int(newest["number"], 16), newest["hash"], stands

    def batch_of(self, transaction: str) -> Batch:
        """Read back the batch that a transaction carried. Raises MirrorError."""
        found = self.remote.rpc.call("eth_getTransactionByHash", transaction)
        settle = artifact("PerpPositions").functions["settle"]
        data = bytes.fromhex(found["input"][2:])
        if data[:4] != settle.selector:
            raise MirrorError(f"transaction {transaction} settled a batch that it did not carry")
        return decode(_argument(data))

    def check(self) -> None:
        """Make sure that every stored word is the model's. Raises DifferenceError."""
        if found := self.differences():
            raise DifferenceError(self.block, found)

    def differences(self) -> list[Difference]:
        """Every word in which model and contract differ, at the block read last."""
        ours = words(self.venue)
        theirs = self._stored(sorted(ours))
        return [(key, ours[key], word) for key, word in theirs if ours[key] != word]

    def _stored(self, keys: Sequence[WordKey]) -> Iterator[tuple[WordKey, int]]:
        for contract, readers in (
            (self.remote.lens, _POSITIONS),
            (self.remote.index, _INDEX),
            (self.remote.watch, _WATCH),
            (self.remote.fund, _FUND),
        ):
            wanted = [key for key in keys if key[0] in readers]
            for start in range(0, len(wanted), CHUNK):
                part = wanted[start : start + CHUNK]
                asked = [readers[key[0]].question(key) for key in part]
                answers = contract.ask_many(asked, block=hex(self.block))
                for key, answer in zip(part, answers, strict=True):
                    yield key, readers[key[0]].word(answer)

    def _settle(self, log: Log) -> None:
        number, data = log.arguments
        sent = self._sent.pop(log.transaction, None)
        batch = sent or self.batch_of(log.transaction)
        recovered = None if sent else signers(batch, self.domain)
        ours = self.venue.settle(batch, log.time, recovered)
        for index, (one, other) in enumerate(zip(ours, decode_records(data), strict=True)):
            if one != other:
                raise MirrorError(
                    f"batch {number}, fill {index}: the model says {one}, the chain {other}"
                )


def signers(batch: Batch, domain: Domain) -> list[int]:
    """Who signed what a batch carries, cancels first; 0 for nobody."""
    places = batch.positions
    signed = [
        (domain.cancel_digest(Cancel(batch.accounts[c.account].account, c.nonce)), c.signature)
        for c in batch.cancels
    ]
    signed += [
        (_digest(domain, order, *places[order.position]), order.signature) for order in batch.orders
    ]
    return [_recovered(digest, signature) for digest, signature in signed]


def _recovered(digest: bytes, signature: bytes) -> int:
    try:
        return int.from_bytes(recover(digest, signature), "big")
    except SignatureError:
        return 0


def _digest(domain: Domain, entry: OrderEntry, account: int, market: int) -> bytes:
    flags = entry.flags
    buy, post, reduce = bool(flags & BUY), bool(flags & POST_ONLY), bool(flags & REDUCE_ONLY)
    prices, sizes = zip(*entry.levels, strict=True)
    expiry, nonce = entry.expiry, entry.nonce
    if flags & LADDER:
        ladder = Ladder(account, market, buy, post, reduce, expiry, nonce, prices, sizes)
        return domain.ladder_digest(ladder)
    now = bool(flags & IMMEDIATE)
    order = Order(account, market, buy, now, post, reduce, prices[0], sizes[0], expiry, nonce)
    return domain.order_digest(order)


def _argument(data: bytes) -> bytes:
    """The one `bytes` argument of a call."""
    length = int.from_bytes(data[36:68], "big")
    return data[68 : 68 + length]


class _Reader(NamedTuple):
    """How a word is asked for, and made of the answer."""

    question: Callable[[WordKey], Sequence[object]]
    word: Callable[[Any], int] = int


_POSITIONS: Final[dict[str, _Reader]] = {
    "account": _Reader(lambda key: ("accountWord", key[1])),
    "position": _Reader(lambda key: ("positionWord", key[1], key[2])),
    "slots": _Reader(lambda key: ("slotsWord", key[1], 4 * key[2])),
    "floor": _Reader(lambda key: ("epochFloor", key[1])),
    "market": _Reader(lambda key: ("marketWord", key[1])),
    "activity": _Reader(lambda key: ("activityWord", key[1])),
    "tally": _Reader(lambda key: ("tallyWord",)),
    "rules": _Reader(lambda key: ("rulesWord",)),
}
_INDEX: Final[dict[str, _Reader]] = {
    "course": _Reader(lambda key: ("marketOf", key[1]), course_word),
    "interim": _Reader(lambda key: ("interimOf", key[1]), interim_word),
}
_FUND: Final[dict[str, _Reader]] = {
    "loss": _Reader(lambda key: ("lossWord", key[1])),
    "reserve": _Reader(lambda key: ("reserve",)),
}
_WATCH: Final[dict[str, _Reader]] = {
    "watch": _Reader(lambda key: ("beats",), watch_word),
}


def _change_settings(mirror: Mirror, log: Log) -> None:
    operator, *rules = log.arguments[0]
    settings = Settings(int(operator, 16), *rules)
    if mirror.block < 0 and not mirror.venue.markets:
        # The constructor says its first rules: the venue begins with this event.
        mirror.venue.tally.settled_at = log.time
    mirror.venue.settings = settings


def _list_market(mirror: Mirror, log: Log) -> None:
    unit, initial, maintenance, taker, maker, (interval, *rates), limits = log.arguments[2]
    terms = Terms(*rates)
    listing = Listing(unit, initial, maintenance, taker, maker, interval, terms, Limits(*limits))
    mirror.venue.list_market(listing, log.time)


def _register(mirror: Mirror, log: Log) -> None:
    account, _, signer = log.arguments
    if mirror.venue.register(int(signer, 16)) != account:
        raise MirrorError(f"account {account} was registered, but the model has another number")


def _withdraw(mirror: Mirror, log: Log) -> None:
    _, account, _, amount, _ = log.arguments
    mirror.venue.account(account).credit(-amount)
    mirror.venue.tickets.append((account, amount))


def _call(name: str, *places: int) -> Handler:
    """Do what the event says with the model's function of that name."""

    def handle(mirror: Mirror, log: Log) -> None:
        function: Callable[..., Any] = getattr(mirror.venue, name)
        function(*(log.arguments[place] for place in places))

    return handle


def _accrue(mirror: Mirror, log: Log) -> None:
    mirror.venue.accrue(log.arguments[0], log.time)


def _refresh(mirror: Mirror, log: Log) -> None:
    market, price, time, held = log.arguments
    mirror.venue.refresh(market, price, time, log.time, clamped=held)


def _start_watch(mirror: Mirror, log: Log) -> None:
    limit, grace, _ = log.arguments
    mirror.venue.watch = Watch(limit, grace, log.time)


def _beat(mirror: Mirror, log: Log) -> None:
    mirror.venue.beat(log.time)


def _set_margins(mirror: Mirror, log: Log) -> None:
    market, initial, maintenance = log.arguments
    mirror.venue.set_margins(market, initial, maintenance, log.time)


def _set_terms(mirror: Mirror, log: Log) -> None:
    market, (interval, *terms) = log.arguments
    mirror.venue.set_terms(market, interval, Terms(*terms), log.time)


def _set_limits(mirror: Mirror, log: Log) -> None:
    mirror.venue.set_limits(log.arguments[0], Limits(*log.arguments[1]), log.time)


def _move(mirror: Mirror, log: Log) -> None:
    giver, taker, market, lots, paid, penalty = log.arguments
    mirror.venue.move(giver, taker, market, lots, paid, penalty, log.time)


def _transfer(mirror: Mirror, log: Log) -> None:
    # What `Venue.transfer` also does, accruing and sweeping, has events of its own.
    giver, taker, amount = log.arguments
    mirror.venue.account(giver).credit(-amount)
    mirror.venue.account(taker).credit(amount)


def _cover(mirror: Mirror, log: Log) -> None:
    _, market, amount = log.arguments
    mirror.venue.fund.pay(market, amount, log.time)


def _set_loss_cap(mirror: Mirror, log: Log) -> None:
    mirror.venue.fund.set_cap(*log.arguments)


def _set_reserve(mirror: Mirror, log: Log) -> None:
    (mirror.venue.fund.reserve,) = log.arguments


def _pause(mirror: Mirror, log: Log) -> None:
    mirror.venue.pause([log.arguments[0]], log.time)


def _rotate(mirror: Mirror, log: Log) -> None:
    mirror.venue.set_signer(log.arguments[0], int(log.arguments[1], 16))


def _cancel(mirror: Mirror, log: Log) -> None:
    mirror.venue.cancel(log.arguments[0], [log.arguments[1]])


def _fill_order(mirror: Mirror, log: Log) -> None:
    # The lots themselves move with `PositionMoved`.
    account, _, nonce, _, _, filled = log.arguments
    mirror.venue.set_filled(account, nonce, filled)


def _reserve(mirror: Mirror, log: Log) -> None:
    request, account, _, amount = log.arguments
    mirror.venue.reserves.hold(request, account, amount)


def _reserve_close(mirror: Mirror, log: Log) -> None:
    request, account, market, _, _ = log.arguments
    mirror.venue.reserves.close(request, account, market)


def _pay_reserved(mirror: Mirror, log: Log) -> None:
    request, _, amount = log.arguments
    mirror.venue.reserves.pay(request, amount)


def _release(mirror: Mirror, log: Log) -> None:
    mirror.venue.reserves.release(log.arguments[0])


def _release_signed(mirror: Mirror, log: Log) -> None:
    mirror.venue.reserves.release(tuple(log.arguments[:2]))


def _freeze(mirror: Mirror, _: Log) -> None:
    mirror.venue.freeze()


_HANDLERS: Final[dict[str, Handler]] = {
    "SettingsChanged": _change_settings,
    "MarketListed": _list_market,
    "AccountRegistered": _register,
    "SignerRotated": _rotate,
    "Deposited": _call("deposit", 0, 2),
    "TicketIssued": _withdraw,
    # What it holds was debited; its ticket, later, is no second debit.
    "TicketHeld": _withdraw,
    "PositionSwept": _call("sweep", 0, 1),
    "OrderCancelled": _cancel,
    "AllCancelled": _call("cancel_all", 0, 1, 2),
    "FeesCollected": _call("collect_fees", 0),
    "MarkUpdated": _refresh,
    "MarginsChanged": _set_margins,
    "FeesChanged": _call("set_fees", 0, 1, 2),
    "TermsChanged": _set_terms,
    "LimitsChanged": _set_limits,
    "MarketPaused": _pause,
    "PositionMoved": _move,
    "OrderFilled": _fill_order,
    "WithdrawalForced": _reserve,
    "CloseForced": _reserve_close,
    "WithdrawalExecuted": _pay_reserved,
    "RequestServed": _release,
    "RequestDropped": _release,
    "RequestCarried": _release_signed,
    "RequestRevoked": _release_signed,
    "Transferred": _transfer,
    "ShortfallCovered": _cover,
    "LossCapChanged": _set_loss_cap,
    "ReserveChanged": _set_reserve,
    "WatchStarted": _start_watch,
    "Beat": _beat,
    "FundingAccrued": _accrue,
    "FundingSkipped": _accrue,
    "BatchSettled": lambda mirror, log: mirror._settle(log),
    "FrozenForSilence": _freeze,
    "FrozenForRequest": _freeze,
}

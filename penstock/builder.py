"""From fills to batches: the touch table, the sorted order table, and where one batch ends.

    BuildError  RuntimeError  fills that no batch can hold

`split` cuts fills into lists that each fit a batch, `build` writes one of them. The fills of an
immediate order are a run that stays together, because its number is spent after the batch that
fills it. Nor does a ladder share a slot with another paper of the batch: they could not stand one
above the other in the order table. The engine keeps such papers out of one run, but not out of two,
because what filled may be replaced; so a batch ends before the second of them.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Final, TypeAlias, TypeVar

from penstock.batch import (
    ACCOUNT_BYTES,
    FILL_BYTES,
    HEADER_BYTES,
    LADDER_BYTES,
    LEVEL_BYTES,
    MARKET_BYTES,
    ORDER_BYTES,
    AccountEntry,
    Batch,
    CancelEntry,
    FillEntry,
    OrderEntry,
)
from penstock.errors import PenstockError
from penstock.messages import (
    SIGNATURE_BYTES,
    Fill,
    Ladder,
    SignedCancel,
    SignedLadder,
    SignedOrder,
)

OpenMarkets: TypeAlias = Callable[[int], Iterable[int]]
"""The markets in which an account has a position on the chain."""
Signed: TypeAlias = SignedOrder | SignedLadder
Key: TypeAlias = tuple[int, int, int]
T = TypeVar("T")

GAS_BATCH: Final = 60_000
GAS_ORDER: Final = 6_000
GAS_LEVEL: Final = 700
GAS_SLOTS: Final = 22_100
GAS_FILL: Final = 2_000
GAS_ACCOUNT: Final = 7_500
GAS_POSITION: Final = 24_500


class BuildError(PenstockError, RuntimeError):
    """Fills that no batch can hold; the engine should not have matched them."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How large a batch may grow; gas is estimated as if every word were new.

    A node's pool takes transactions of 128 KiB; some chains cap one at 2^24 gas.
    """

    fills: int = 400
    size: int = 128 * 1024 - 512
    gas: int = 15_000_000


def document(signed: SignedOrder) -> Signed:
    """Return what carries the signature: the order, or the ladder whose level it is."""
    return signed if signed.ladder is None else signed.ladder


def _key(signed: Signed) -> Key:
    return signed.ladder.key if isinstance(signed, SignedLadder) else signed.order.key


def _levels(signed: Signed) -> int:
    return len(signed.ladder.prices) if isinstance(signed, SignedLadder) else 1


def _slots(signed: Signed) -> list[tuple[int, int]]:
    """The order slots that a paper covers, with their account; an immediate order has none."""
    if isinstance(signed, SignedLadder):
        return [(signed.ladder.account, nonce >> 32) for nonce in signed.ladder.nonces]
    return [] if signed.order.immediate else [(signed.order.account, signed.order.slot)]


@dataclass(slots=True)
class _Draft:
    """A batch in the making: what it holds and what that costs."""

    open_markets_of: OpenMarkets
    documents: dict[Key, Signed] = field(default_factory=dict)
    places: dict[int, set[int]] = field(default_factory=dict)
    markets: set[int] = field(default_factory=set)
    words: set[tuple[int, int]] = field(default_factory=set)
    papers: dict[tuple[int, int], Signed] = field(default_factory=dict)
    fills: list[Fill] = field(default_factory=list)
    size: int = HEADER_BYTES
    gas: int = GAS_BATCH

    def add(self, run: Sequence[Fill]) -> bool:
        """Take up fills that belong together; say False, and hold nonsense, if they clash."""
        for fill in run:
            for signed in (fill.maker, fill.taker):
                if not self._add_order(signed):
                    return False
            self.fills.append(fill)
            self.size += FILL_BYTES
            self.gas += GAS_FILL
        return True

    def fits(self, limits: Limits) -> bool:
        """Whether the batch keeps within its limits."""
        size = self.size + MARKET_BYTES * len(self.markets)
        return size <= limits.size and self.gas <= limits.gas and len(self.fills) <= limits.fills

    def _add_place(self, account: int, market: int) -> None:
        """Bring an account with the positions that it has, and with the market that it trades."""
        markets = self.places.get(account)
        if markets is None:
            markets = self.places[account] = set()
            self.size += ACCOUNT_BYTES
            self.gas += GAS_ACCOUNT
            for held in self.open_markets_of(account):
                self._add_place(account, held)
        if market not in markets:
            markets.add(market)
            self.markets.add(market)
            self.size += 1
            self.gas += GAS_POSITION

    def _add_order(self, signed: SignedOrder) -> bool:
        paper, order = document(signed), signed.order
        self._add_place(order.account, order.market)
        self._add_word(order.account, order.slot, order.immediate)
        known = self.documents.get(_key(paper))
        if known is not None:
            return known == paper
        if not self._take_slots(paper):
            return False
        self.documents[_key(paper)] = paper
        self._charge(paper)
        return True

    def _add_word(self, account: int, slot: int, immediate: bool) -> None:
        word = (account, slot >> 2)
        if not immediate and word not in self.words:
            self.words.add(word)
            self.gas += GAS_SLOTS

    def _take_slots(self, paper: Signed) -> bool:
        """Put a paper into its slots; say False if a ladder would share one of them."""
        slots = _slots(paper)
        others = [self.papers[slot] for slot in slots if slot in self.papers]
        if others and any(isinstance(one, SignedLadder) for one in (paper, *others)):
            return False
        self.papers.update(dict.fromkeys(slots, paper))
        return True

    def _charge(self, paper: Signed) -> None:
        levels = _levels(paper)
        is_ladder = isinstance(paper, SignedLadder)
        self.size += SIGNATURE_BYTES
        self.size += LADDER_BYTES + LEVEL_BYTES * levels if is_ladder else ORDER_BYTES
        self.gas += GAS_ORDER + GAS_LEVEL * levels


def _runs(fills: Iterable[Fill]) -> Iterator[list[Fill]]:
    """Fills that may not be parted: those of one immediate order follow each other."""
    for _, run in groupby(enumerate(fills), key=_run_key):
        yield [fill for _, fill in run]


def _run_key(numbered: tuple[int, Fill]) -> tuple[int, int, int]:
    index, fill = numbered
    taker = fill.taker.order
    return (taker.account, taker.nonce, -1) if taker.immediate else (0, 0, index)


def split(
    fills: Iterable[Fill], open_markets_of: OpenMarkets, limits: Limits | None = None
) -> list[list[Fill]]:
    """Cut fills, in order, into lists that each fit one batch. Raises BuildError.

    A run that no batch can hold is cut all the same, and the chain skips what follows the cut with
    `Spent`. Sizes are counted with the markets that are open now; `build` asks again.
    """
    limits = limits or Limits()
    drafts: list[_Draft] = []
    for run in _runs(fills):
        if _take(drafts, run, open_markets_of, limits):
            continue
        if not all(_take(drafts, [fill], open_markets_of, limits) for fill in run):
            raise BuildError(f"a batch of {limits.size} bytes and {limits.gas} gas holds no fill")
    return [draft.fills for draft in drafts]


def _take(
    drafts: list[_Draft], run: Sequence[Fill], open_markets_of: OpenMarkets, limits: Limits
) -> bool:
    """Add a run to the last draft, or begin another; say whether one could hold it."""
    if drafts:
        last = drafts[-1]
        kept = len(last.fills)
        if last.add(run) and last.fits(limits):
            return True
        del last.fills[kept:]
    fresh = _Draft(open_markets_of)
    if not (fresh.add(run) and fresh.fits(limits)):
        return False
    drafts.append(fresh)
    return True


def build(
    number: int,
    fills: Sequence[Fill],
    cancels: Sequence[SignedCancel],
    open_markets_of: OpenMarkets,
) -> Batch:
    """Write fills and carried cancels as batch `number`. Raises BuildError.

    `open_markets_of` names the markets in which an account has a position on the chain before the
    batch. The batch brings all of them, and those that the fills trade. Cancels take effect after
    the fills, so they belong to the last batch of the fills matched before them.
    """
    draft = _Draft(open_markets_of)
    if not draft.add(fills):
        raise BuildError("two orders of an account take the same place in the order table")
    for signed in cancels:
        draft.places.setdefault(signed.cancel.account, set())
    papers = [draft.documents[key] for key in sorted(draft.documents)]
    places = {account: sorted(draft.places[account]) for account in sorted(draft.places)}
    markets = _numbered(sorted(draft.markets))
    positions = _numbered((a, market) for a, held in places.items() for market in held)
    levels = _numbered((_key(paper), k) for paper in papers for k in range(_levels(paper)))
    return Batch(
        number,
        tuple(markets),
        tuple(AccountEntry(a, tuple(markets[m] for m in held)) for a, held in places.items()),
        _cancel_entries(cancels, _numbered(places)),
        tuple(_order_entry(paper, positions) for paper in papers),
        tuple(FillEntry(levels[_place(f.maker)], levels[_place(f.taker)], f.size) for f in fills),
    )


def _numbered(things: Iterable[T]) -> dict[T, int]:
    return {thing: index for index, thing in enumerate(things)}


def _place(signed: SignedOrder) -> tuple[Key, int]:
    """Key of the paper in the order table, and the level on it."""
    paper = document(signed)
    step = signed.order.slot - paper.ladder.slot if isinstance(paper, SignedLadder) else 0
    return _key(paper), step


def _cancel_entries(
    cancels: Iterable[SignedCancel], accounts: dict[int, int]
) -> tuple[CancelEntry, ...]:
    return tuple(
        CancelEntry(accounts[signed.cancel.account], signed.cancel.nonce, signed.signature)
        for signed in cancels
    )


def _order_entry(paper: Signed, positions: dict[tuple[int, int], int]) -> OrderEntry:
    message = paper.ladder if isinstance(paper, SignedLadder) else paper.order
    if isinstance(message, Ladder):
        levels = tuple(zip(message.prices, message.sizes, strict=True))
    else:
        levels = ((message.price, message.size),)
    position = positions[message.account, message.market]
    flags, expiry, nonce = message.flags, message.expiry, message.nonce
    return OrderEntry(position, flags, expiry, nonce, levels, paper.signature)

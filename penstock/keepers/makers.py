"""Edge: resting orders that may take over what a forced close gives up: of a file, or of a book.

OrdersMissingError  FileNotFoundError  there is no such file
"""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Final, TypeAlias

from msgspec import Struct

from penstock.engine import Engine
from penstock.errors import PenstockError, SignatureError
from penstock.messages import Ladder, SignedOrder
from penstock.signing import Domain, recover
from penstock.wire import decode_ladder, decode_order


class Offer(Struct, frozen=True):
    """A resting order, and how many of its lots may be taken at most."""

    signed: SignedOrder
    lots: int


Orders: TypeAlias = Callable[[], Iterable[Offer]]
"""Where orders come from; asked anew each time."""


class OrdersMissingError(PenstockError, FileNotFoundError):
    """There is no file of orders."""

    def __init__(self, path: Path) -> None:
        self.path: Final = path
        super().__init__(
            f"{path} cannot be read; name the file that makers append their signed orders and "
            f"ladders to, one JSON object a line"
        )


def none() -> Iterable[Offer]:
    """Nobody rests: the insurance fund alone takes over."""
    return ()


def from_file(path: Path) -> Orders:
    """Read signed orders and ladders anew each time. Raises OrdersMissingError when asked."""

    def read() -> list[Offer]:
        try:
            lines = path.read_bytes().splitlines()
        except OSError:
            raise OrdersMissingError(path) from None
        return [Offer(signed, signed.order.size) for line in lines for signed in _decoded(line)]

    return read


def _decoded(line: bytes) -> list[SignedOrder]:
    try:
        return decode_ladder(line).levels() if b'"ladder"' in line else [decode_order(line)]
    except ValueError:
        # One maker's mistake must not silence the others.
        return []


def from_engine(engine: Engine) -> Orders:
    """The operator's own books, as they stand: what is matched and not settled is left out."""

    def read() -> Iterator[Offer]:
        for market in engine.markets():
            book = engine.book(market)
            for side in (book.bids, book.asks):
                for slot in side.queue(2**33):
                    yield Offer(slot.signed, slot.left)

    return read


def signer_of(domain: Domain, signed: SignedOrder) -> int:
    """Who signed an order, or the ladder that it is a level of; 0 for nobody."""
    if signed.ladder is None:
        digest = domain.order_digest(signed.order)
    else:
        digest = domain.ladder_digest(signed.ladder.ladder)
    try:
        return int.from_bytes(recover(digest, signed.signature), "big")
    except SignatureError:
        return 0


def row(signed: SignedOrder, lots: int, markets: Iterable[int]) -> tuple[object, ...]:
    """An order as the desk takes it: what its trader signed, and what is taken of it."""
    order = signed.order
    flags = (order.account, order.buy, order.post_only, order.reduce_only)
    if signed.ladder is None:
        said = (*flags, order.price, order.size, order.expiry, order.nonce)
        return said, lots, list(markets), 0, b"", signed.signature
    ladder = signed.ladder.ladder
    # Prices and sizes stand beside it, all of them.
    said = (*flags, 0, 0, ladder.expiry, ladder.nonce)
    level = order.slot - ladder.slot
    return said, lots, list(markets), level, _levels(ladder), signed.signature


def _levels(ladder: Ladder) -> bytes:
    pairs = zip(ladder.prices, ladder.sizes, strict=True)
    return b"".join(p.to_bytes(4, "big") + s.to_bytes(4, "big") for p, s in pairs)

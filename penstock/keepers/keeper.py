"""Edge: the loop of every keeper: look, decide, act; after an error wait, longer each time.

    Keeper.decide(now) -> Decision | None     looks at the chain; notes why when there is nothing
    Keeper.act(decision)                      sends; raises when it could not
    run(keeper, clock, sink, steps=, until=)  returns how many decisions were carried out

What is survived: a node that does not answer or refuses, a transaction that was undone or has no
receipt, an empty wallet. What is not: a model that left the chain (MirrorError), and mistakes of
the program; those end the loop.
"""

from collections.abc import Iterator
from typing import Final, Protocol

from msgspec import Struct

from penstock.artifacts import ContractRevert
from penstock.keepers.notes import ALARM, Note, Sink, Values
from penstock.keepers.wallet import WalletEmptyError, WalletError
from penstock.rpc import RpcError
from penstock.sender import SendError

PAUSE: Final = 5.0
"""Seconds between two looks when there was nothing to do."""
FIRST_WAIT: Final = 1.0
LONGEST_WAIT: Final = 64.0
"""Seconds after the first error, and the most that doubling comes to."""

TROUBLE: Final = (RpcError, SendError, ContractRevert, WalletError)
"""What passes by itself, or when a person has seen to it."""


class Call(Struct, frozen=True):
    """A transaction to send. `contract` is a name of `Remote`, `gas` its limit."""

    contract: str
    function: str
    arguments: tuple[object, ...]
    gas: int


class Decision(Struct, frozen=True):
    """What a keeper will do, and why: calls in their order, and the values that decided."""

    did: str
    why: str
    values: Values
    calls: tuple[Call, ...]


class Keeper(Protocol):
    """Somebody who looks after one thing."""

    @property
    def name(self) -> str:
        """What it is called in notes."""

    def decide(self, now: int) -> Decision | None:
        """Look at the chain at second `now`, and say what should be done. Raises RpcError."""

    def act(self, decision: Decision) -> None:
        """Do it. Raises RpcError, SendError, ContractRevert or WalletError."""


class Clock(Protocol):
    """Time as a keeper meets it."""

    def now(self) -> int:
        """The chain's time of the next block, in seconds. Raises RpcError."""

    def wait(self, seconds: float) -> None:
        """Let time pass."""


def waits(first: float = FIRST_WAIT, most: float = LONGEST_WAIT) -> Iterator[float]:
    """Seconds to wait after one error after the other."""
    wait = first
    while True:
        yield wait
        wait = min(2 * wait, most)


def run(
    keeper: Keeper,
    clock: Clock,
    sink: Sink,
    *,
    steps: int | None = None,
    until: int | None = None,
    pause: float = PAUSE,
) -> int:
    """Look `steps` times, or until the chain's time is `until`; without either for ever.

    Returns how many decisions were carried out. A look that led to a deed is followed by the next
    one at once, because there may be more to do.
    """
    done, looks, now = 0, 0, 0
    backoff = waits()
    while steps is None or looks < steps:
        looks += 1
        try:
            now = clock.now()
            if until is not None and now >= until:
                break
            acted = step(keeper, now)
        except TROUBLE as error:
            wait = next(backoff)
            sink(_failure(keeper, now, error, wait))
            clock.wait(wait)
            continue
        backoff, done = waits(), done + acted
        if not acted:
            clock.wait(pause)
    return done


def step(keeper: Keeper, now: int) -> bool:
    """Look once and do what should be done; say whether there was something."""
    decision = keeper.decide(now)
    if decision is not None:
        keeper.act(decision)
    return decision is not None


def _failure(keeper: Keeper, now: int, error: Exception, wait: float) -> Note:
    did = ALARM if isinstance(error, WalletEmptyError) else "failed"
    values: Values = {"error": type(error).__name__, "wait": f"{wait:g}"}
    return Note(now, keeper.name, did, str(error), values)

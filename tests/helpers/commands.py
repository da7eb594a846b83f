"""Random command logs for the engine, and a gate that has something to refuse."""

from copy import deepcopy
from random import Random

from hypothesis import strategies as st

from penstock.commands import (
    Advance,
    Command,
    Direction,
    Group,
    Liquidate,
    Mark,
    Place,
    PlaceLadder,
    PlaceTrigger,
    RaiseFloor,
    Refresh,
    SelfTrade,
    Withdraw,
    WithdrawAll,
    WithdrawTrigger,
)
from penstock.events import RejectReason
from penstock.gate import Fault, PositionGate
from penstock.messages import Cancel, Ladder, Order, Side, SignedLadder, SignedOrder, Verdict

SIGNATURE = bytes(64)
NEVER = 2**32 - 1
MARKETS = [1, 2]


class CappedGate(PositionGate):
    """Keeps positions and refuses whatever makes one larger than `cap` lots."""

    __slots__ = ("cap",)

    def __init__(self, cap: int) -> None:
        super().__init__()
        self.cap = cap

    def admit(self, order: Order) -> RejectReason | None:
        """Refuse an order that alone is larger than the cap."""
        return RejectReason.BELOW_INITIAL_MARGIN if order.size > 2 * self.cap else None

    def check(self, maker: Order, taker: Order, size: int) -> Fault | None:
        """Look at the maker first, as the contract does."""
        for order, side in ((maker, Side.MAKER), (taker, Side.TAKER)):
            before = self.position(order.account, order.market)
            after = before + (size if order.buy else -size)
            if abs(after) > self.cap and abs(after) > abs(before):
                return Verdict.BELOW_INITIAL_MARGIN, side
        return None

    def rehearse(self, taker: Order, makers: list[tuple[Order, int]]) -> tuple[int, Fault] | None:
        """Let the fills happen to a copy."""
        copy = deepcopy(self)
        for index, (maker, size) in enumerate(makers):
            fault = copy.check(maker, taker, size)
            if fault is not None:
                return index, fault
            copy.apply(maker, taker, size)
        return None


def command(rng: Random, now: int) -> Command:
    """Draw one command: mostly orders, on few prices and slots so that everything meets."""
    draw = rng.random()
    account = rng.randint(1, 5)
    if draw < 0.18:
        return _trigger(rng, account, now)
    if draw < 0.24:
        return Mark(now, rng.choice([1, 1, 1, 2]), rng.randint(7, 13))
    if draw < 0.28:
        return Liquidate(now, account, 1, rng.randint(0, 9), rng.randint(8, 12))
    if draw < 0.72:
        mode = SelfTrade(rng.randrange(3))
        order = _order(rng, account, now)
        all_or_none = _one_in(rng, 3 if order.immediate else 40)
        return Place(now, SignedOrder(order, SIGNATURE), all_or_none, mode)
    if draw < 0.78:
        return PlaceLadder(now, SignedLadder(_ladder(rng, account, now), SIGNATURE))
    if draw < 0.90:
        return Withdraw(now, Cancel(account, _nonce(rng, now)))
    rare: list[Command] = [
        Advance(now),
        Refresh(now, account, rng.choice(MARKETS)),
        WithdrawAll(now, account),
        WithdrawTrigger(now, account, rng.randint(1, 4 + now)),
        RaiseFloor(now, account, rng.randint(0, now // 3), rng.randint(0, now)),
        Group(now, account, rng.randint(1, 4)),
    ]
    return rng.choice(rare)


def _trigger(rng: Random, account: int, now: int) -> Command:
    order = SignedOrder(_order(rng, account, now), SIGNATURE)
    price, direction = rng.randint(7, 13), rng.choice(list(Direction))
    all_or_none, mode = _one_in(rng, 5), SelfTrade(rng.randrange(3))
    return PlaceTrigger(now, order, price, direction, all_or_none, mode)


def log(rng: Random, length: int) -> list[Command]:
    """Draw a command log; the clock moves in every third command or so."""
    now = 0
    commands = []
    for _ in range(length):
        now += rng.choice([0, 0, 1])
        commands.append(command(rng, now))
    return commands


# The seed is drawn and not each field: it is a hundred times as fast, and a failing log is short
# because its length is drawn first and shrinks.
logs = st.builds(lambda length, seed: log(Random(seed), length), st.integers(1, 80), st.integers(0))


def _order(rng: Random, account: int, now: int) -> Order:
    immediate = _one_in(rng, 3)
    return Order(
        account=account,
        market=rng.choice([1, 1, 1, 2, 3]) if _one_in(rng, 4) else 1,
        buy=_one_in(rng, 2),
        immediate=immediate,
        post_only=not immediate and _one_in(rng, 5),
        reduce_only=_one_in(rng, 4),
        price=rng.randint(8, 12),
        size=rng.randint(0, 9) if _one_in(rng, 9) else rng.randint(1, 6),
        expiry=NEVER if _one_in(rng, 2) else now + rng.randint(-1, 9),
        nonce=rng.randint(1, 4 + now) if immediate else _nonce(rng, now),
    )


def _ladder(rng: Random, account: int, now: int) -> Ladder:
    levels = rng.randint(1, 4)
    return Ladder(
        account=account,
        market=1,
        buy=_one_in(rng, 2),
        post_only=_one_in(rng, 2),
        reduce_only=_one_in(rng, 5),
        expiry=now + rng.randint(0, 6),
        nonce=_nonce(rng, now),
        prices=tuple(rng.randint(8, 12) for _ in range(levels)),
        sizes=tuple(rng.randint(1, 6) for _ in range(levels)),
    )


def _nonce(rng: Random, now: int) -> int:
    # Epochs rise with time, so that most orders are fresh and some are not.
    return rng.randint(0, 4) << 32 | rng.randint(now // 4, now // 2 + 2)


def _one_in(rng: Random, count: int) -> bool:
    return rng.randrange(count) == 0

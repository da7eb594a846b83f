"""What random walks on a devnet share: steps that may be refused, withdrawals, and who is paid."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from random import Random
from typing import ClassVar, Final, TypeAlias

from penstock.devnet import Devnet, Token, Withdrawal, balance_of
from penstock.devnet.errors import (
    CallRevertedError,
    DepositFailedError,
    FundsError,
    NodeRefusedError,
    ReorgDepthError,
    WithdrawalError,
)

Move: TypeAlias = Callable[[], object]


class Walker(ABC):
    """Remembers what it asked for, never what became of it: that is read from the chains."""

    EXPECTED: ClassVar[tuple[type[Exception], ...]] = (
        CallRevertedError,
        DepositFailedError,
        FundsError,
        NodeRefusedError,
        ReorgDepthError,
        WithdrawalError,
    )
    """What a user may meet on the way: a step that cannot be taken now. Nothing else may happen."""
    DEEPEST: ClassVar[int] = 4
    """L1 blocks that a reorg takes at the most."""

    def __init__(self, net: Devnet, seed: int) -> None:
        self.net: Final = net
        self.dice: Final = Random(seed)
        self.ether: Final[dict[str, tuple[str, int]]] = {}
        self.tokens: Final[dict[str, tuple[str, int]]] = {}

    @abstractmethod
    def moves(self) -> list[tuple[int, Move]]:
        """What can be done, and how often compared with the rest."""

    def go(self, steps: int) -> None:
        """Take steps at random; those that cannot be taken are refused and change nothing."""
        weights, moves = zip(*self.moves(), strict=True)
        for _ in range(steps):
            # NOTE: one draw a step, between those of the moves: pinned seeds stand on this order.
            self.attempt(self.dice.choices(moves, weights)[0])

    def attempt(self, move: Move) -> None:
        """Take a step, or let time go on where it is refused."""
        try:
            move()
        except self.EXPECTED:
            self.net.step()

    def go_on(self) -> None:
        """Try either step of some withdrawal, whether its time has come or not."""
        if known := list(self.known().values()):
            found = self.dice.choice(known)
            steps: list[Move] = [found.prove, found.finalize]
            self.dice.choice(steps)()

    def reorg(self) -> None:
        """Take some blocks of L1 away, with what stood in them or without."""
        depth = self.dice.randint(1, self.DEEPEST)
        self.net.l1_reorg(depth, replay=self.dice.random() < 0.5)

    def switch_on(self) -> None:
        """Let every part of the node work again."""
        for part in (self.net.sequencer, self.net.batcher, self.net.proposer):
            part.resume()

    def known(self) -> dict[str, Withdrawal]:
        """Withdrawals whose L2 transactions are in the chain."""
        receipts = [self.net.l2.receipt(hash) for hash in (*self.ether, *self.tokens)]
        mined = [receipt.hash for receipt in receipts if receipt and receipt.succeeded]
        return {hash: self.net.withdrawal(hash) for hash in mined}

    def receiver(self) -> str:
        """An address that nobody else is paid at."""
        return f"0x{self.dice.getrandbits(152) + 2**152:040x}"

    def check_paid(self, token: Token) -> None:
        """Whoever is paid on L1 has the whole amount once, the others have nothing."""
        l1 = self.net.l1
        paid = {hash for hash, found in self.known().items() if found.status == "final"}
        for hash, (to, amount) in self.ether.items():
            assert l1.balance(to) == (amount if hash in paid else 0)
        for hash, (to, amount) in self.tokens.items():
            assert balance_of(l1, token.l1, to) == (amount if hash in paid else 0)

"""A random walk over everything that can happen, and what must hold wherever it leads.

    portal ether = L2 supply + what is under way        tokens locked = tokens on L2 + under way
    L1 alone gives every block                          nobody is paid twice, or another amount

`PENSTOCK_FUZZ=deep` walks further.
"""

import os
import random
from collections.abc import Callable
from typing import Final

import pytest

from penstock.devnet import Devnet, Key, Token, Withdrawal, balance_of
from penstock.devnet.errors import (
    CallRevertedError,
    DepositFailedError,
    FundsError,
    NodeRefusedError,
    ReorgDepthError,
    WithdrawalError,
)
from tests.devnet.world import check_ether, check_tokens, check_verified, ripen

DEEP: Final = os.environ.get("PENSTOCK_FUZZ") == "deep"
SEEDS: Final = range(200 if DEEP else 4)
STEPS: Final = 120 if DEEP else 40
PINNED: Final = (7, 13, 82, 92, 122)
"""Long walks that once found something: a deletion lost in a reorg, a proof for another output, a
zero that a rollback left in the trie."""
EXPECTED: Final = (
    CallRevertedError,
    DepositFailedError,
    FundsError,
    NodeRefusedError,
    ReorgDepthError,
    WithdrawalError,
)
"""What a user may meet on the way: a step that cannot be taken now. Nothing else may happen."""


class Walk:
    """Remembers what it asked for, never what became of it: that is read from the chains."""

    def __init__(self, net: Devnet, token: Token, seed: int) -> None:
        self.net: Final = net
        self.token: Final = token
        self.dice: Final = random.Random(seed)
        self.ether: Final[dict[str, tuple[str, int]]] = {}
        self.tokens: Final[dict[str, tuple[str, int]]] = {}
        self._moves: Final[list[tuple[int, Callable[[], object]]]] = [
            (4, self.deposit),
            (2, self.deposit_tokens),
            (2, self.force),
            (4, self.transfer),
            (3, self.withdraw),
            (2, self.withdraw_tokens),
            (6, self.go_on),
            (3, net.sync),
            (2, lambda: net.step(self.dice.randint(1, 4))),
            (1, lambda: net.warp(self.dice.choice([1, 60, 3_600, 86_400]))),
            (2, self.reorg),
            (3, self.switch),
            (1, net.lie),
            (1, net.challenge),
        ]

    def go(self, steps: int) -> None:
        """Take steps at random; those that cannot be taken are refused and change nothing."""
        weights, moves = zip(*self._moves, strict=True)
        for _ in range(steps):
            try:
                self.dice.choices(moves, weights)[0]()
            except EXPECTED:
                self.net.step()

    def settle(self) -> None:
        """Switch everything on, and end every withdrawal that can be ended."""
        for switch in (self.net.sequencer, self.net.batcher, self.net.proposer):
            switch.resume()
        self.net.node.state.lying = False
        while self.net.challenge() is not None:
            pass
        for _ in range(12):
            self.net.sync()
        for found in self.known():
            self.end(found)

    def known(self) -> list[Withdrawal]:
        """Withdrawals whose L2 transactions are in the chain."""
        hashes = [*self.ether, *self.tokens]
        receipts = [self.net.l2.receipt(hash) for hash in hashes]
        mined = [receipt.hash for receipt in receipts if receipt and receipt.succeeded]
        return [self.net.withdrawal(hash) for hash in mined]

    def end(self, found: Withdrawal) -> None:
        """Take the steps that are left."""
        if found.status == "provable":
            found.prove()
        if found.status == "proven":
            ripen(self.net, found)
        if found.status == "ready":
            assert found.finalize().succeeded
        assert found.status == "final"

    def deposit(self) -> None:
        self.net.deposit_eth(self.somebody(), self.dice.randint(0, 10**19))

    def deposit_tokens(self) -> None:
        self.net.deposit_erc20(self.net.accounts[0], self.token, self.dice.randint(1, 10**6))

    def force(self) -> None:
        value = self.dice.choice([0, 1, 10**18, 10**24])
        mint = self.dice.choice([0, 5, 10**18])
        to = self.dice.choice(["", self.somebody().address])
        self.net.force(self.somebody(), to, mint=mint, value=value)

    def transfer(self) -> None:
        sender, to = self.somebody(), self.somebody().address
        self.net.l2.send(sender, to, value=self.dice.randint(0, 10**18))

    def withdraw(self) -> None:
        to, amount = self.receiver(), self.dice.randint(1, 10**18)
        self.ether[self.net.withdraw_eth(self.somebody(), amount, to)] = (to, amount)

    def withdraw_tokens(self) -> None:
        to, amount = self.receiver(), self.dice.randint(1, 10**5)
        hash = self.net.withdraw_erc20(self.net.accounts[0], self.token, amount, to)
        self.tokens[hash] = (to, amount)

    def go_on(self) -> None:
        """Try either step of some withdrawal, whether its time has come or not."""
        if known := self.known():
            found = self.dice.choice(known)
            steps: list[Callable[[], object]] = [found.prove, found.finalize]
            self.dice.choice(steps)()

    def reorg(self) -> None:
        self.net.l1_reorg(self.dice.randint(1, 4), replay=self.dice.random() < 0.5)

    def switch(self) -> None:
        parts = (self.net.sequencer, self.net.batcher, self.net.proposer)
        part = self.dice.choice(parts)
        self.dice.choice([part.pause, part.resume, part.resume])()

    def somebody(self) -> Key:
        return self.dice.choice(self.net.accounts)

    def receiver(self) -> str:
        """An address that nobody else is paid at."""
        return f"0x{self.dice.getrandbits(152) + 2**152:040x}"


@pytest.mark.parametrize("seed", SEEDS)
def test_walk__wherever_it_leads__keeps_every_sum(devnet: Devnet, token: Token, seed: int) -> None:
    walk(devnet, token, seed, STEPS)


@pytest.mark.parametrize("seed", PINNED)
def test_walk__that_once_failed__keeps_every_sum(devnet: Devnet, token: Token, seed: int) -> None:
    walk(devnet, token, seed, 120)


def walk(devnet: Devnet, token: Token, seed: int, steps: int) -> None:
    """Walk, end every withdrawal, and add everything up."""
    walk = Walk(devnet, token, seed)
    walk.go(steps)
    walk.settle()
    check_ether(devnet)
    check_tokens(devnet, token)
    check_verified(devnet)
    final = {found.hash for found in walk.known() if found.status == "final"}
    assert len(final) == len(walk.known())
    for hash, (to, amount) in walk.ether.items():
        receipt = devnet.l2.receipt(hash)
        assert devnet.l1.balance(to) == (amount if receipt and receipt.succeeded else 0)
    for hash, (to, amount) in walk.tokens.items():
        receipt = devnet.l2.receipt(hash)
        due = amount if receipt and receipt.succeeded else 0
        assert balance_of(devnet.l1, token.l1, to) == due

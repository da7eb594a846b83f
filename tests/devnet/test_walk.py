"""A random walk over everything that can happen, and what must hold wherever it leads.

    portal ether = L2 supply + what is under way        tokens locked = tokens on L2 + under way
    L1 alone gives every block                          nobody is paid twice, or another amount

`PENSTOCK_FUZZ=deep` walks further.
"""

import os
from typing import Final

import pytest

from penstock.devnet import Devnet, Key, Token, Withdrawal
from tests.devnet.walker import Move, Walker
from tests.devnet.world import check_ether, check_tokens, check_verified, ripen

DEEP: Final = os.environ.get("PENSTOCK_FUZZ") == "deep"
SEEDS: Final = range(200 if DEEP else 4)
STEPS: Final = 120 if DEEP else 40
PINNED: Final = (7, 13, 82, 92, 122)
"""Long walks that once found something: a deletion lost in a reorg, a proof for another output, a
zero that a rollback left in the trie."""


class Walk(Walker):
    """Ether, a token and lies, with every fault that a devnet can be told."""

    def __init__(self, net: Devnet, token: Token, seed: int) -> None:
        super().__init__(net, seed)
        self.token: Final = token

    def moves(self) -> list[tuple[int, Move]]:
        """What can be done, and how often compared with the rest."""
        net = self.net
        return [
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

    def settle(self) -> None:
        """Switch everything on, and end every withdrawal that can be ended."""
        self.switch_on()
        self.net.node.state.lying = False
        while self.net.challenge() is not None:
            pass
        for _ in range(12):
            self.net.sync()
        for found in self.known().values():
            self.end(found)

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

    def switch(self) -> None:
        parts = (self.net.sequencer, self.net.batcher, self.net.proposer)
        part = self.dice.choice(parts)
        self.dice.choice([part.pause, part.resume, part.resume])()

    def somebody(self) -> Key:
        return self.dice.choice(self.net.accounts)


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
    assert {found.status for found in walk.known().values()} <= {"final"}
    walk.check_paid(token)

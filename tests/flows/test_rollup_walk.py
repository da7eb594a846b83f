"""A random walk of a venue on a rollup, and what must hold wherever it leads.

portal ether = L2 supply + under way        tokens locked = tokens on L2 + under way
L1 alone gives every block                  each withdrawal and each ticket is paid once
the venue's invariants                      each fill settles once, or is given up with a reason

`PENSTOCK_FUZZ=deep` walks oftener.
"""

import os
from collections.abc import Callable, Iterator
from random import Random
from typing import Final

import pytest

from penstock.devnet import Config, Devnet, Key, Withdrawal, balance_of
from penstock.devnet.errors import (
    CallRevertedError,
    DepositFailedError,
    FundsError,
    NodeRefusedError,
    ReorgDepthError,
    WithdrawalError,
)
from penstock.devnet.withdrawals import Status
from penstock.journey import REQUEST_GAS, WITHDRAWABLE
from penstock.localvenue import Trader
from penstock.mirror import RolledBackError
from penstock.rollup import RollupVenue
from penstock.sender import ReceiptMissingError
from penstock.settings import DEFAULTS
from tests.devnet.world import check_ether, check_tokens, check_verified
from tests.flows.desk import Desk
from tests.flows.sums import check_venue

SEEDS: Final = range(100 if os.environ.get("PENSTOCK_FUZZ") == "deep" else 4)
STEPS: Final = 40
"""Between two rests."""
LEGS: Final = 2
DELAY: Final = 300
"""Seconds that the venue's queue lets a ticket wait."""
EXPECTED: Final = (
    CallRevertedError,
    DepositFailedError,
    FundsError,
    NodeRefusedError,
    ReceiptMissingError,  # a batch sent in an outage
    ReorgDepthError,
    WithdrawalError,
)
"""What may be met on the way: a step that cannot be taken now. Nothing else may happen."""


class Walk:
    """Remembers what it asked for, never what became of it: that is read from the chains."""

    def __init__(self, net: Devnet, seed: int) -> None:
        self.net: Final = net
        self.dice: Final = Random(seed)
        self.venue: Final = RollupVenue.launch(net, DEFAULTS)
        self.desk: Final = Desk(self.venue, self.dice)
        self.ether: Final[dict[str, tuple[str, int]]] = {}
        self.tokens: Final[dict[str, tuple[str, int]]] = {}
        for trader in self.desk.traders.values():
            net.l1.send(self.venue.rollup.treasury, trader.owner.address, value=10**20)
        net.sync()
        # No reorg goes below a snapshot: the venue stays deployed.
        net.snapshot()
        self._moves: Final[list[tuple[int, Callable[[], object]]]] = [
            (6, self.trade),
            (4, self.quote),
            (4, self.desk.submitter.settle),
            (1, self.desk.outbid),
            (2, self.deposit_ether),
            (3, self.bring_tokens),
            (3, self.pay_in),
            (3, self.ask_back),
            (2, self.force_back),
            (2, self.release),
            (2, self.withdraw_ether),
            (5, self.withdraw_tokens),
            (5, self.go_on),
            (2, net.sync),
            (2, lambda: net.step(self.dice.randint(1, 4))),
            (2, lambda: net.warp(self.dice.choice([1, 45, DELAY, 3_600]))),
            (3, self.reorg),
            (4, self.trade_in_vain),
            (2, self.trade_into_outage),
            (4, self.switch),
        ]

    def go(self, steps: int) -> None:
        """Take steps at random; those that cannot be taken are refused and change nothing."""
        weights, moves = zip(*self._moves, strict=True)
        for move in self.dice.choices(moves, weights, k=steps):
            self._try(move)

    def _try(self, move: Callable[[], object]) -> None:
        try:
            move()
        except RolledBackError:
            self._try(self.desk.recover)
        except EXPECTED:
            self.net.step()

    # --- trading -----------------------------------------------------------------------------

    def trade(self) -> None:
        self.quote()
        self.desk.submitter.settle()

    def quote(self) -> None:
        if self.net.sequencer.running:
            self.desk.quote()

    def release(self) -> None:
        if self.net.sequencer.running:
            self.desk.release()

    def pay_in(self) -> None:
        for trader, amount in self.holder():
            positions = self.venue.remote.positions
            self.desk.call(trader, positions, "deposit", trader.account, amount)

    def ask_back(self) -> None:
        trader = self.somebody()
        self.desk.call(trader, self.venue.remote.positions, *self.request(trader))

    def force_back(self) -> None:
        trader, positions = self.somebody(), self.venue.remote.positions
        call = positions.encode(*self.request(trader))
        self.net.force(self.key(trader), positions.address, call, gas=REQUEST_GAS)

    def request(self, trader: Trader) -> tuple[str, int, str, int, list[int]]:
        """Ask for some of what an account can spare."""
        lens, account = self.venue.remote.lens, trader.account
        spare = int(lens.ask("accountOf", account)[WITHDRAWABLE])
        amount = self.dice.randint(1, max(spare, 4) // 4)
        markets = list(lens.ask("openMarketsOf", account))
        return "requestWithdrawal", account, trader.owner.address, amount, markets

    # --- between the chains ------------------------------------------------------------------

    def deposit_ether(self) -> None:
        key = self.dice.choice(self.net.accounts)
        self.net.deposit_eth(key, self.dice.randint(0, 10**19))

    def bring_tokens(self) -> None:
        treasury, token = self.venue.rollup.treasury, self.venue.collateral
        amount = self.dice.randint(1, 10**9)
        self.net.bridge.mint(treasury, token, treasury.address, amount)
        self.net.deposit_erc20(treasury, token, amount, self.somebody().owner.address)

    def withdraw_ether(self) -> None:
        key, to, amount = self.dice.choice(self.net.accounts), self.receiver(), 10**18
        self.ether[self.net.withdraw_eth(key, amount, to)] = (to, amount)

    def withdraw_tokens(self) -> None:
        for trader, amount in self.holder():
            key, to, token = self.key(trader), self.receiver(), self.venue.collateral
            self.tokens[self.net.withdraw_erc20(key, token, amount, to)] = (to, amount)

    def go_on(self) -> None:
        """Try either step of some withdrawal, whether its time has come or not."""
        if known := list(self.known().values()):
            found = self.dice.choice(known)
            if self.dice.random() < 0.5:
                found.prove()
            else:
                found.finalize()

    # --- faults ------------------------------------------------------------------------------

    def reorg(self) -> None:
        self.net.l1_reorg(self.dice.randint(1, 5), replay=self.dice.random() < 0.5)

    def trade_in_vain(self) -> None:
        """Let what was settled wait again in an outage, and half the time never be mined."""
        self.net.sequencer.resume()
        self.trade()
        self.net.sequencer.pause()
        self.reorg()
        if self.dice.random() < 0.5:
            self.desk.outbid()

    def trade_into_outage(self) -> None:
        """Send a batch that no block takes yet."""
        self.net.sequencer.resume()
        self.desk.quote()
        self.net.sequencer.pause()
        self.desk.submitter.settle()

    def switch(self) -> None:
        net = self.net
        part = self.dice.choice((net.sequencer, net.sequencer, net.batcher, net.proposer))
        self.dice.choice([part.pause, part.resume])()

    # --- where it leads ----------------------------------------------------------------------

    def rest(self) -> None:
        """Switch everything on, let both chains and the desk take up what waits, and add up."""
        for switch in (self.net.sequencer, self.net.batcher, self.net.proposer):
            switch.resume()
        for _ in range(3):
            self.net.sync()
        if not self.desk.submitter.mirror.stands():
            self.desk.recover()
        self.desk.submitter.settle()
        check_ether(self.net)
        check_tokens(self.net, self.venue.collateral, self.under_way())
        check_venue(self.desk)
        self.check_paid()

    def end(self) -> None:
        """End every withdrawal, pay every ticket, and add up once more."""
        for _ in range(2 * self.net.config.output_interval):
            self.net.sync()
        found = self.known().values()
        for one in found:
            if one.status is Status.PROVABLE:
                one.prove()
        self.net.warp(max(self.net.config.window, DELAY) + 1)
        self.desk.release()
        for one in found:
            assert one.status is Status.FINAL or one.finalize().succeeded
        self.rest()
        assert self.under_way() == int(self.venue.remote.queue.ask("owed")) == 0

    def check_paid(self) -> None:
        """Whoever is paid on L1 has the whole amount once, the others have nothing."""
        l1, token = self.net.l1, self.venue.collateral.l1
        known = self.known()
        paid = {hash for hash, found in known.items() if found.status is Status.FINAL}
        for hash, (to, amount) in self.ether.items():
            assert l1.balance(to) == (amount if hash in paid else 0)
        for hash, (to, amount) in self.tokens.items():
            assert balance_of(l1, token, to) == (amount if hash in paid else 0)

    def under_way(self) -> int:
        """Tokens that left L2 and are not paid on L1 yet."""
        left = self.known().items()
        waits = [hash for hash, found in left if found.status is not Status.FINAL]
        return sum(self.tokens[hash][1] for hash in waits if hash in self.tokens)

    def known(self) -> dict[str, Withdrawal]:
        """Withdrawals whose L2 transactions are in the chain."""
        receipts = [self.net.l2.receipt(hash) for hash in (*self.ether, *self.tokens)]
        mined = [receipt.hash for receipt in receipts if receipt and receipt.succeeded]
        return {hash: self.net.withdrawal(hash) for hash in mined}

    def somebody(self) -> Trader:
        return self.dice.choice(list(self.desk.traders.values()))

    def holder(self) -> list[tuple[Trader, int]]:
        """An owner with tokens on L2, if there is one, and a part of them."""
        token, traders = self.venue.collateral.l2, self.desk.traders.values()
        held = [(one, balance_of(self.net.l2, token, one.owner.address)) for one in traders]
        found = [(trader, self.dice.randint(1, amount)) for trader, amount in held if amount]
        return self.dice.sample(found, min(len(found), 1))

    def key(self, trader: Trader) -> Key:
        return self.venue.owner_key(trader.name)

    def receiver(self) -> str:
        """An address that nobody else is paid at."""
        return f"0x{self.dice.getrandbits(152) + 2**152:040x}"


@pytest.fixture
def net() -> Iterator[Devnet]:
    """A devnet of its own, with a window that walks come to the end of."""
    with Devnet.start(Config(window=120)) as net:
        yield net


@pytest.mark.parametrize("seed", SEEDS)
def test_walk__wherever_it_leads__keeps_every_sum(net: Devnet, seed: int) -> None:
    walk = Walk(net, seed)
    for _ in range(LEGS):
        walk.go(STEPS)
        walk.rest()
    walk.end()
    check_verified(net)

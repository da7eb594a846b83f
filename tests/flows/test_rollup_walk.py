"""A random walk of a venue on a rollup, and what must hold wherever it leads.

portal ether = L2 supply + under way        tokens locked = tokens on L2 + under way
L1 alone gives every block                  each withdrawal and each ticket is paid once
the venue's invariants                      each fill settles once, or is given up with a reason

`PENSTOCK_FUZZ=deep` walks oftener.
"""

import os
from collections.abc import Iterator
from typing import ClassVar, Final

import pytest

from penstock.bidding import FeeCeilingError
from penstock.devnet import Config, Devnet, Key, balance_of
from penstock.devnet.withdrawals import Status
from penstock.journey import REQUEST_GAS, WITHDRAWABLE
from penstock.localvenue import Trader
from penstock.mirror import RolledBackError
from penstock.rollup import RollupVenue
from penstock.sender import ReceiptMissingError
from penstock.settings import DEFAULTS
from tests.devnet.walker import Move, Walker
from tests.devnet.world import check_ether, check_tokens, check_verified
from tests.flows.desk import Desk
from tests.flows.sums import check_venue

SEEDS: Final = range(100 if os.environ.get("PENSTOCK_FUZZ") == "deep" else 4)
STEPS: Final = 40
"""Between two rests."""
LEGS: Final = 2
DELAY: Final = 300
"""Seconds that the venue's queue lets a ticket wait."""


class Walk(Walker):
    """A venue with a desk on it, and with every fault below it."""

    # A batch that was sent in an outage has no receipt, and no price brings it into forced blocks.
    EXPECTED: ClassVar[tuple[type[Exception], ...]] = (
        *Walker.EXPECTED,
        ReceiptMissingError,
        FeeCeilingError,
    )
    DEEPEST: ClassVar[int] = 5

    def __init__(self, net: Devnet, seed: int) -> None:
        super().__init__(net, seed)
        self.venue: Final = RollupVenue.launch(net, DEFAULTS)
        self.desk: Final = Desk(self.venue, self.dice)
        for trader in self.desk.traders.values():
            net.l1.send(self.venue.rollup.treasury, trader.owner.address, value=10**20)
        net.sync()
        # No reorg goes below a snapshot: the venue stays deployed.
        net.snapshot()

    def moves(self) -> list[tuple[int, Move]]:
        """What can be done, and how often compared with the rest."""
        net = self.net
        return [
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

    def attempt(self, move: Move) -> None:
        """As on any devnet; and the desk takes up what a reorg took from it."""
        try:
            super().attempt(move)
        except RolledBackError:
            self.attempt(self.desk.recover)

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

    # --- faults ------------------------------------------------------------------------------

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
        self.switch_on()
        for _ in range(3):
            self.net.sync()
        if not self.desk.submitter.mirror.stands():
            self.desk.recover()
        self.desk.submitter.settle()
        check_ether(self.net)
        check_tokens(self.net, self.venue.collateral, self.under_way())
        check_venue(self.desk)
        self.check_paid(self.venue.collateral)

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

    def under_way(self) -> int:
        """Tokens that left L2 and are not paid on L1 yet."""
        left = self.known().items()
        waits = [hash for hash, found in left if found.status is not Status.FINAL]
        return sum(self.tokens[hash][1] for hash in waits if hash in self.tokens)

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

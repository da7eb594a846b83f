"""Forced requests that come from L1, and an L1 that takes them back

├── the reorg removes it ... never filed, no fee; the owner asks again under the same number
└── it is mined again ...... filed once, with a window from then on
"""

from collections.abc import Iterator
from typing import Final

import pytest

from penstock.devnet import ETHER, Config, Devnet
from penstock.localvenue import Trader
from penstock.rollup import RollupVenue
from penstock.settings import DEFAULTS

DEPOSIT: Final = 10**9
GAS: Final = 1_000_000


class Case:
    """A person who forces a withdrawal from L1."""

    def __init__(self, net: Devnet) -> None:
        self.venue: Final = RollupVenue.launch(net, DEFAULTS)
        (self.ann,) = self.venue.open(["ann"], DEPOSIT)
        self.net: Final = net
        key = self.venue.owner_key(self.ann.name)
        net.l1.send(self.venue.rollup.treasury, key.address, value=10 * ETHER)
        for _ in range(3):
            net.sync()

    def force(self) -> None:
        """File a withdrawal of everything through the portal."""
        key, desk = self.venue.owner_key(self.ann.name), self.venue.remote.desk
        call = desk.encode("forceWithdrawal", self.ann.account, key.address, DEPOSIT)
        assert self.net.force(key, desk.address, call, ETHER, ETHER, GAS).succeeded

    def lose(self, depth: int, *, replay: bool) -> None:
        """Let L1 take its last blocks back, and go on."""
        self.net.l1_reorg(depth, replay=replay)
        self.net.sync()

    def filed(self) -> int:
        """How many requests there are."""
        return int(self.venue.remote.desk.ask("requestCount"))

    def pending(self, request: int) -> bool:
        """Whether a request waits for its window."""
        return bool(self.venue.remote.desk.ask("requestOf", request)[2] == 1)


@pytest.fixture
def case() -> Iterator[Case]:
    with Devnet.start(Config(window=60)) as net:
        yield Case(net)


def test_forced_withdrawal__reorg_removes_it__was_never_filed_and_can_be_filed_anew(
    case: Case,
) -> None:
    owner: Trader = case.ann
    height = case.net.l1.height()
    case.force()
    assert (case.filed(), case.pending(1)) == (1, True)
    case.lose(case.net.l1.height() - height, replay=False)
    assert case.filed() == 0
    assert case.venue.remote.desk.ask("creditOf", owner.owner.address) == 0
    case.force()
    assert (case.filed(), case.pending(1)) == (1, True)
    assert case.net.verify().agrees


def test_forced_withdrawal__mined_again_after_a_reorg__is_filed_once(case: Case) -> None:
    height = case.net.l1.height()
    case.force()
    case.lose(case.net.l1.height() - height, replay=True)
    assert (case.filed(), case.pending(1)) == (1, True)
    assert case.net.verify().agrees

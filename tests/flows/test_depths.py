"""SEQ-4: the chain goes back by 1 to 64 blocks, at every stage of the settlement path

matched ... fills wait, what the engine read is gone
sent ...... a batch waits in the node's pool while blocks below it are lost
mined ..... the batch is lost before anybody has seen its receipt
settled ... the batch is lost after it was counted
charged ... a batch is lost, and the funding that was charged after it

Each time: named, nothing sent; `resume` goes back to the last block that stands, with every word;
every fill settles once, and the operator's nonce is the chain's.
"""

from collections.abc import Callable
from typing import Final

import pytest
from msgspec.structs import replace

from penstock.anvil import Anvil
from penstock.console import Session
from penstock.localvenue import LocalVenue
from penstock.messages import Fill
from penstock.mirror import RolledBackError
from penstock.operations import next_number
from penstock.sender import Receipt
from penstock.settings import DEFAULTS
from tests.flows.test_restart import Killed

DEEPEST: Final = 64
SIZE: Final = "0.01"
LOTS: Final = 10


class Line:
    """A venue on a chain that goes back, and all fills that its engine ever made."""

    def __init__(self, anvil: Anvil) -> None:
        self.anvil: Final = anvil
        # A mark must outlive the blocks that are lost.
        parameters = replace(DEFAULTS, max_price_age=600)
        self.session: Final = Session(LocalVenue.start(anvil, parameters))
        self.submitter: Final = self.session.submitter
        self.fills: Final[list[Fill]] = []
        self.pad(DEEPEST)

    def pad(self, blocks: int) -> None:
        """Make blocks in which nothing happens."""
        for _ in range(blocks):
            self.anvil.mine()

    def height(self) -> int:
        """Number of the newest block."""
        return int(self.anvil.rpc.call("eth_blockNumber"), 16)

    def sent(self, until: str = "latest") -> int:
        """How many transactions of the operator the node knows."""
        name = self.submitter.sender.address
        return int(self.anvil.rpc.call("eth_getTransactionCount", name, until), 16)

    def trade(self) -> None:
        """Make a fill that waits."""
        alice, bob, *_ = self.session.traders
        self.session.order(alice, "buy", SIZE, "60000")
        self.session.order(bob, "sell", SIZE)
        self.fills.append(self.submitter.pending[-1])

    def lose(self, depth: int) -> None:
        """Replace the newest blocks by others, one more than they were; time has gone on."""
        now = self.anvil.time()
        self.anvil.rpc.call("anvil_rollback", depth)
        self.anvil.rpc.call("anvil_setCoinbase", f"0x{0xC0FFEE00 + depth:040x}")
        self.pad(depth)
        self.anvil.warp(now)
        self.anvil.mine()

    def send(self, monkeypatch: pytest.MonkeyPatch, mined: bool) -> None:
        """Send the batch, and end before its receipt is looked at."""
        wait = self.submitter.sender.wait

        def die(hash: str, patience: float) -> Receipt:
            if mined:
                wait(hash, patience)
            raise Killed

        with monkeypatch.context() as patch:
            patch.setattr(self.submitter.sender, "wait", die)
            with pytest.raises(Killed):
                self.submitter.settle()

    def recover(self) -> None:
        """Begin again from the log of commands, and settle what is not settled."""
        self.submitter.resume(self.fills)
        assert self.submitter.mirror.stands()
        self.session.settle()

    def check(self) -> None:
        """Everything is settled once, and both sides agree on every word."""
        mirror = self.submitter.mirror
        assert (self.submitter.pending, self.submitter.dropped) == ([], [])
        assert next_number(self.session.devnet.remote) == 1 + len(self.fills)
        assert mirror.venue.account(1).positions[1].size == LOTS * len(self.fills)
        assert mirror.differences() == []
        assert self.submitter.sender.nonce == self.sent()


def matched(line: Line, depth: int, _: pytest.MonkeyPatch) -> None:
    line.pad(depth)
    line.submitter.follow()
    line.lose(depth)


def sent(line: Line, depth: int, monkeypatch: pytest.MonkeyPatch) -> None:
    line.pad(depth)
    line.submitter.follow()
    line.anvil.rpc.call("evm_setAutomine", False)
    line.send(monkeypatch, mined=False)
    line.lose(depth)
    line.anvil.rpc.call("evm_setAutomine", True)


def mined(line: Line, depth: int, monkeypatch: pytest.MonkeyPatch) -> None:
    # The block before it is the ancestor that the engine must find.
    line.send(monkeypatch, mined=True)
    line.pad(depth - 1)
    line.submitter.follow()
    line.lose(depth)


def settled(line: Line, depth: int, _: pytest.MonkeyPatch) -> None:
    (done,) = line.submitter.settle()
    assert done.fills == 1
    line.pad(depth - 1)
    line.submitter.follow()
    line.lose(depth)


def charged(line: Line, depth: int, _: pytest.MonkeyPatch) -> None:
    before = line.height()
    line.submitter.settle()
    line.session.warp(3_600)
    line.pad(max(0, depth - (line.height() - before)))
    line.submitter.follow()
    line.lose(line.height() - before)


STAGES: Final[tuple[Callable[[Line, int, pytest.MonkeyPatch], None], ...]] = (
    *(matched, sent, mined, settled, charged),
)


@pytest.mark.parametrize("place", range(len(STAGES)), ids=[s.__name__ for s in STAGES])
def test_seq_4__chain_goes_back__rewinds_to_the_ancestor_and_settles_each_fill_once(
    anvil: Anvil, place: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = Line(anvil)
    # Between them the stages see every depth, each of them shallow ones and deep ones.
    for depth in sorted({1, *range(1 + place, DEEPEST + 1, len(STAGES)), DEEPEST}):
        line.trade()
        STAGES[place](line, depth, monkeypatch)
        read, known = line.submitter.mirror.block, line.sent("pending")
        with pytest.raises(RolledBackError) as caught:
            line.submitter.settle()
        assert (caught.value.block, line.sent("pending")) == (read, known)
        line.recover()
        line.check()

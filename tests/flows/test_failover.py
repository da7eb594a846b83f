"""SEQ-7: two submitters are alive after a failover, with one key and the same fills

the rival settles
├── before the other looks ............ the chain expects another number
├── between looking and rehearsing .... the rehearsal is refused
├── between rehearsing and sending .... the nonce is taken
└── under the nonce before ............ the chain undoes the batch
its batch waits in the pool ........... the nonce is taken; once it is mined, so is the number

Each time one wins, the other is named and sends nothing more until it resumes; each fill settles
once.
"""

from collections.abc import Callable
from random import Random
from typing import Any, Final

import pytest

from penstock.anvil import Anvil
from penstock.bidding import NonceTakenError
from penstock.console import Session
from penstock.messages import Fill
from penstock.operations import next_number
from penstock.submitter import OvertakenError, Submitter
from tests.flows.test_restart import Killed, kill, restarted

ROUNDS: Final = 12
SIZE: Final = "0.01"
LOTS: Final = 10


class Pair:
    """Two submitters of one venue, and every fill that its engine made."""

    def __init__(self, session: Session, rehearse: bool = True) -> None:
        self.session: Final = session
        self.submitters: Final = [restarted(session, rehearse) for _ in range(2)]
        self.fills: Final[list[Fill]] = []

    def trade(self) -> None:
        """Make a fill and let both have it."""
        alice, bob, *_ = self.session.traders
        self.session.order(alice, "buy", SIZE, "60000")
        self.session.order(bob, "sell", SIZE)
        self.fills.append(self.session.submitter.pending[-1])
        for one in self.submitters:
            one.resume(self.fills)

    def rejoin(self, loser: Submitter) -> None:
        """Let the loser and the engine's own gate see that everything is settled."""
        for one in (loser, self.session.submitter):
            assert one.resume(self.fills) == len(self.fills)

    def check(self) -> None:
        """Each fill is on the chain once, one in a batch, and both agree with it on every word."""
        assert next_number(self.session.devnet.remote) == 1 + len(self.fills)
        for one in self.submitters:
            assert one.settle() == []
            assert one.mirror.differences() == []
            assert one.mirror.venue.account(1).positions[1].size == LOTS * len(self.fills)


Moment = Callable[[Submitter, Submitter, pytest.MonkeyPatch], None]


def before(part: object, name: str, deed: Callable[[], object], patch: pytest.MonkeyPatch) -> None:
    """Do something before a step that another takes."""
    step = getattr(part, name)

    def late(*values: Any) -> object:
        deed()
        return step(*values)

    patch.setattr(part, name, late)


def looks(rival: Submitter, other: Submitter, patch: pytest.MonkeyPatch) -> None:
    before(other, "follow", rival.settle, patch)


def prepares(rival: Submitter, other: Submitter, patch: pytest.MonkeyPatch) -> None:
    before(other, "prepare", rival.settle, patch)


def sends(rival: Submitter, other: Submitter, patch: pytest.MonkeyPatch) -> None:
    before(other.bidder, "deliver", rival.settle, patch)


def sends_after(rival: Submitter, other: Submitter, patch: pytest.MonkeyPatch) -> None:
    before(other.bidder, "deliver", other.sender.resync, patch)
    before(other.bidder, "deliver", rival.settle, patch)


MOMENTS: Final[tuple[Moment, ...]] = (looks, prepares, sends, sends_after)


def lose(pair: Pair, moment: Moment, rival: Submitter, other: Submitter) -> None:
    """Let the rival settle at that moment, and the other be named and send no more."""
    number = len(pair.fills)
    with pytest.MonkeyPatch.context() as patch:
        moment(rival, other, patch)
        with pytest.raises(OvertakenError) as caught:
            other.settle()
    assert (caught.value.number, caught.value.expected) == (number, number + 1)
    sent = other.sender.counts()
    with pytest.raises(OvertakenError):
        other.settle()
    assert (other.sender.counts(), other.pending) == (sent, pair.fills[-1:])


@pytest.mark.parametrize("rehearse", [True, False], ids=["rehearsed", "unrehearsed"])
@pytest.mark.parametrize("moment", MOMENTS, ids=[one.__name__ for one in MOMENTS])
def test_seq_7__rival_settles_before_the_other__one_wins_and_the_other_is_named(
    session: Session, moment: Moment, rehearse: bool
) -> None:
    pair = Pair(session, rehearse)
    for rival, other in (pair.submitters, pair.submitters[::-1]):
        pair.trade()
        lose(pair, moment, rival, other)
        pair.rejoin(other)
    pair.check()


@pytest.mark.parametrize("more", [0, 1], ids=["same_batch", "longer_batch"])
def test_seq_7__rivals_batch_waits_in_the_pool__nonce_is_named_and_nothing_is_replaced(
    anvil: Anvil, session: Session, more: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A rehearsal sees what the pool holds, and names the number at once.
    pair = Pair(session, rehearse=False)
    rival, other = pair.submitters
    for _ in range(1 + more):
        pair.trade()
    rival.resume(pair.fills[:1])
    anvil.rpc.call("evm_setAutomine", False)
    with monkeypatch.context() as patch:
        patch.setattr(rival.sender, "wait", kill)
        with pytest.raises(Killed):
            rival.settle()
    mined, known = other.sender.counts()
    with pytest.raises(NonceTakenError) as caught:
        other.settle()
    assert (caught.value.nonce, caught.value.mined, caught.value.known) == (mined, mined, mined + 1)
    assert other.sender.counts() == (mined, known)
    anvil.mine()
    anvil.rpc.call("evm_setAutomine", True)
    with pytest.raises(OvertakenError):
        other.settle()
    assert other.resume(pair.fills) == 1
    assert [done.fills for done in other.settle()] == [1] * more
    rival.resume(pair.fills)
    pair.check()


def test_seq_7__both_stay_alive__each_fill_settles_once_whoever_wins(session: Session) -> None:
    pair, dice = Pair(session), Random(7)
    for _ in range(ROUNDS):
        pair.trade()
        rival, other = dice.sample(pair.submitters, 2)
        lose(pair, dice.choice(MOMENTS), rival, other)
        pair.rejoin(other)
    pair.check()

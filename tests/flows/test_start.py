"""FUN-7: nothing is settled by an engine whose words are not the chain's

an index ...... of 0, of a new market, or some units off: named at the start, and at `resume`
another word .. collateral, size: named alike
lost events ... a node that left accruals out: named, however well the rest agrees
the same words  begins, and settles
"""

from typing import NamedTuple

import pytest

from penstock.console import LEAD, Session
from penstock.messages import Fill
from penstock.mirror import DifferenceError, Mirror
from penstock.operations import KEY_VARIABLE, next_number, settle_orders
from penstock.remote import Log, Remote
from penstock.risk import RiskGate
from penstock.sender import Sender
from penstock.signing import keccak
from penstock.submitter import Submitter

INDEX_BITS, INDEX_AT = 72, 128
MARKETS, ACCOUNTS = 2, 4
"""Slots of the mappings (docs/storage.md)."""


class Traded(NamedTuple):
    """A venue whose index has moved, and all fills of its engine: the second waits."""

    session: Session
    fills: list[Fill]


@pytest.fixture
def traded(session: Session) -> Traded:
    """One batch settled, funding charged, and a fill that waits to be settled."""
    alice, bob, *_ = session.traders
    session.order(alice, "buy", "1", "60000")
    session.order(bob, "sell", "0.5")
    fills = list(session.submitter.pending)
    session.settle()
    session.warp(7_200)
    session.order(bob, "sell", "0.1")
    assert session.gate.venue.market(1).index > 2**32
    return Traded(session, fills + session.submitter.pending)


def slot(key: int, base: int) -> str:
    """Where a mapping holds a key."""
    return "0x" + keccak(key.to_bytes(32, "big") + base.to_bytes(32, "big")).hex()


def restarted(session: Session) -> Submitter:
    """A new process, which knows nothing but what the chain says."""
    mirror = Mirror(session.devnet.remote)
    mirror.follow()
    gate = RiskGate(mirror.venue, session.devnet.chain.time(), LEAD)
    return Submitter(mirror, gate, Sender(session.devnet.chain.rpc, session.devnet.operator.signer))


def overwrite(session: Session, place: str, word: int) -> None:
    """Put a word into the storage of the positions, and let a block pass."""
    rpc, to = session.devnet.chain.rpc, session.devnet.remote.positions.address
    rpc.call("anvil_setStorageAt", to, place, f"{word:#066x}")
    session.devnet.chain.mine()


def with_index(word: int, index: int) -> int:
    """A market word with another index."""
    mask = ((1 << INDEX_BITS) - 1) << INDEX_AT
    return word & ~mask | index << INDEX_AT


@pytest.mark.parametrize("index", [0, 2**32, None])
def test_fun_7__index_is_another_than_the_chains__refuses_to_begin(
    traded: Traded, index: int | None
) -> None:
    session, _ = traded
    ours = session.gate.venue.market(1)
    theirs = with_index(ours.word, ours.index + 1 if index is None else index)
    overwrite(session, slot(1, MARKETS), theirs)
    with pytest.raises(DifferenceError, match=r"market word of \[1, 0\]") as caught:
        restarted(session)
    found = caught.value
    assert (found.key, found.ours, found.theirs) == (("market", 1, 0), ours.word, theirs)
    assert (found.count, next_number(session.devnet.remote)) == (1, 2)


def test_fun_7__index_was_reset_while_it_ran__resume_refuses(traded: Traded) -> None:
    session, fills = traded
    overwrite(session, slot(1, MARKETS), with_index(session.gate.venue.market(1).word, 2**32))
    with pytest.raises(DifferenceError, match="market word"):
        session.submitter.resume(fills)
    assert next_number(session.devnet.remote) == 2


def test_fun_7__collateral_is_another__operations_refuse_before_any_order(
    traded: Traded, monkeypatch: pytest.MonkeyPatch
) -> None:
    session, _ = traded
    monkeypatch.setenv(KEY_VARIABLE, "0x" + "11" * 32)
    overwrite(session, slot(1, ACCOUNTS), session.gate.venue.account(1).word + (1 << 160))
    with pytest.raises(DifferenceError, match=r"account word of \[1, 0\]") as caught:
        settle_orders(session.devnet.remote, ["no order"])
    assert caught.value.theirs - caught.value.ours == 1 << 160


def test_fun_7__node_lost_the_events_of_funding__refuses_to_begin(
    traded: Traded, monkeypatch: pytest.MonkeyPatch
) -> None:
    session, _ = traded
    whole, index = Remote.logs, {"FundingAccrued", "FundingSkipped", "MarkUpdated"}
    settled = max(log.block for log in session.devnet.remote.logs(0) if log.name == "BatchSettled")

    def without(remote: Remote, first: int, last: int | str = "latest") -> list[Log]:
        found = whole(remote, first, last)
        return [log for log in found if log.block <= settled or log.name not in index]

    monkeypatch.setattr(Remote, "logs", without)
    with pytest.raises(DifferenceError, match="word of"):
        restarted(session)
    assert next_number(session.devnet.remote) == 2


def test_fun_7__every_word_is_the_chains__begins_and_settles(traded: Traded) -> None:
    session, fills = traded
    submitter = restarted(session)
    assert submitter.resume(fills) == 1
    (done,) = submitter.settle()
    assert (done.number, done.fills, done.skipped) == (2, 1, [])
    assert submitter.mirror.differences() == []

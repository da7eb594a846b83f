"""SEQ-6: what a batch may cost when blocks grow dear or full, and that it settles once all the same

fee × 100 ........ within the ceiling: outbid, paid, settled once
                   beyond it: named, nothing spent; settled when it is cheaper
full blocks ...... offers rise to the ceiling under one nonce; one of them is mined
underpriced ...... what a process that died left waiting is replaced by nothing, then settled anew
"""

from collections.abc import Sequence
from typing import Any, Final

import pytest

from penstock.anvil import Anvil
from penstock.bidding import FeeCeilingError
from penstock.console import LEAD, Session
from penstock.messages import Fill
from penstock.mirror import Mirror
from penstock.risk import RiskGate
from penstock.rpc import Request, Rpc
from penstock.sender import Sender
from penstock.submitter import SETTLE_GAS, Submitter
from penstock.transactions import Fees
from tests.flows.test_restart import Killed, assert_settled_once, kill, trade

GWEI: Final = 10**9
CALM: Final = GWEI
SPIKE: Final = 100 * CALM
CROWD_GAS: Final = 50_000_000
"""Of a transaction beside which no batch finds room in a block."""
BURN: Final = b"\xfe"
"""Code that uses up all its gas."""


class MarketRpc(Rpc):
    """The node of a chain that makes a block when somebody waits; `base` wei per gas in each."""

    def __init__(self, anvil: Anvil) -> None:
        super().__init__(anvil.url)
        self.node: Final = anvil.rpc
        self.offers: Final[list[str]] = []
        """Hashes of the transactions that the node took."""
        self.base = CALM
        self.node.call("evm_setAutomine", False)
        self.mine()

    def mine(self) -> None:
        """Make a block; the next one asks the same."""
        ask = "anvil_setNextBlockBaseFeePerGas", (hex(self.base),)
        for method, parameters in (ask, ("evm_mine", ()), ask):
            self.node.call(method, *parameters)

    def batch(self, requests: Sequence[Request]) -> list[Any]:
        """Ask; where the answer is to wait, make a block and ask again."""
        answers = super().batch(requests)
        method = requests[0][0] if requests else ""
        if method == "eth_sendRawTransaction":
            self.offers.extend(answers)
        if _waits(method, answers):
            self.mine()
            answers = super().batch(requests)
        return answers

    def mined(self) -> list[str]:
        """Which offers are in the chain."""
        asked = [("eth_getTransactionReceipt", (hash,)) for hash in self.offers]
        return [found["transactionHash"] for found in self.node.batch(asked) if found]


def _waits(method: str, answers: list[Any]) -> bool:
    """Whether no receipt is there, or mined and known transactions differ in number."""
    if method == "eth_getTransactionReceipt":
        return not any(answers)
    return method == "eth_getTransactionCount" and len(set(answers)) > 1


class Payer:
    """A submitter whose node's blocks are dear or full, and what it spends."""

    def __init__(self, anvil: Anvil, session: Session, fees: Fees | None = None) -> None:
        self.session: Final = session
        self.rpc: Final = MarketRpc(anvil)
        self.sender: Final = Sender(self.rpc, session.devnet.operator.signer, fees)
        mirror = Mirror(session.devnet.remote)
        mirror.follow()
        gate = RiskGate(mirror.venue, session.devnet.chain.time(), LEAD)
        self.submitter: Final = Submitter(mirror, gate, self.sender, patience=0)
        self.before: Final = self.balance(), self.sender.counts()[0]

    def balance(self) -> int:
        """Wei of the operator."""
        return int(self.rpc.call("eth_getBalance", self.sender.address, "latest"), 16)

    def spent(self) -> int:
        """Wei since the beginning."""
        return self.before[0] - self.balance()

    def crowd(self, blocks: int) -> None:
        """Fill that many blocks with what others sent before."""
        trader = self.session.traders[0].owner
        rich = Sender(self.rpc, trader.signer, Fees(cap=SPIKE))
        for _ in range(blocks):
            rich.send("", BURN, CROWD_GAS)
        self.rpc.offers.clear()

    def check(self, ceiling: int, transactions: int = 1) -> None:
        """One of the offers was mined, for no more than may be spent, and each fill settled."""
        assert_settled_once(self.session, self.submitter, 3)
        assert self.sender.counts() == (self.before[1] + transactions,) * 2
        assert 0 < self.spent() <= transactions * SETTLE_GAS * ceiling


@pytest.fixture
def fills(session: Session) -> list[Fill]:
    """Fills that wait to be settled."""
    return trade(session)


@pytest.fixture
def payer(anvil: Anvil, session: Session, fills: list[Fill]) -> Payer:
    """Who has them to settle, and pays no more than the usual fees."""
    found = Payer(anvil, session)
    found.submitter.resume(fills)
    return found


def test_seq_6__fee_rises_a_hundredfold__is_outbid_within_the_ceiling_and_settled_once(
    anvil: Anvil, session: Session, fills: list[Fill]
) -> None:
    payer = Payer(anvil, session, Fees(ceiling=3 * SPIKE))
    payer.submitter.resume(fills)
    payer.rpc.base = SPIKE
    (done,) = payer.submitter.settle()
    assert (done.fills, done.transaction) == (3, payer.rpc.offers[-1])
    assert payer.rpc.mined() == payer.rpc.offers[1:]
    assert SPIKE * done.gas <= payer.spent() <= 2 * SPIKE * done.gas
    payer.check(3 * SPIKE)


@pytest.mark.parametrize("late", [False, True], ids=["before_it_is_sent", "while_it_waits"])
def test_seq_6__fee_beyond_the_ceiling__is_named_and_spends_nothing_until_it_is_cheaper(
    payer: Payer, fills: list[Fill], late: bool
) -> None:
    fees = payer.sender.fees
    payer.rpc.base = SPIKE
    if not late:
        payer.rpc.mine()
    for _ in range(2):
        with pytest.raises(FeeCeilingError) as caught:
            payer.submitter.settle()
        error = caught.value
        told = error.nonce, error.offered, error.asked, error.ceiling
        assert told == (payer.before[1], fees.ceiling, SPIKE, fees.ceiling)
        assert (payer.spent(), payer.submitter.pending) == (0, fills)
    payer.rpc.base = CALM
    payer.rpc.mine()
    assert [done.fills for done in payer.submitter.settle()] == [3]
    payer.check(fees.ceiling)


def test_seq_6__blocks_are_full__offers_more_under_one_nonce_and_one_is_mined(
    payer: Payer,
) -> None:
    payer.crowd(8)
    (done,) = payer.submitter.settle()
    assert len(payer.rpc.offers) > 2
    assert payer.rpc.mined() == [done.transaction]
    payer.check(payer.sender.fees.ceiling)


def test_seq_6__blocks_stay_full__stops_at_the_ceiling_and_finds_the_last_offer_settled(
    payer: Payer,
) -> None:
    payer.crowd(30)
    for _ in range(2):
        with pytest.raises(FeeCeilingError) as caught:
            payer.submitter.settle()
        assert (caught.value.offered, payer.spent()) == (payer.sender.fees.ceiling, 0)
    assert len(payer.rpc.offers) == 5
    while payer.sender.waiting():
        payer.rpc.mine()
    payer.check(payer.sender.fees.ceiling)
    assert payer.rpc.mined() == payer.rpc.offers[4:]


def test_seq_6__underpriced_when_its_process_died__is_replaced_by_nothing_and_settled_once(
    anvil: Anvil, session: Session, fills: list[Fill], monkeypatch: pytest.MonkeyPatch
) -> None:
    dead = Payer(anvil, session)
    dead.submitter.resume(fills)
    dead.crowd(8)
    monkeypatch.setattr(dead.sender, "wait", kill)
    with pytest.raises(Killed):
        dead.submitter.settle()
    payer = Payer(anvil, session)
    assert payer.submitter.resume(fills) == 0
    assert (len(payer.rpc.mined()), dead.rpc.mined()) == (1, [])
    assert [done.fills for done in payer.submitter.settle()] == [3]
    payer.check(payer.sender.fees.ceiling, transactions=2)

"""Settlement on ape's network: anvil, or ape's own chain."""

from typing import TYPE_CHECKING, Any

import ape
import pytest

from penstock.batch import Batch, encode
from penstock.builder import build
from penstock.contracts import Handles
from penstock.messages import Fill, Order, Report, Verdict
from penstock.records import decode_records
from penstock.signing import Domain, Signer
from tests.helpers.actors import publishers
from tests.helpers.twin import trading_key

if TYPE_CHECKING:
    from ape.api import AccountAPI
    from ape.managers.chain import ChainManager

KEYS = {1: trading_key("maker"), 2: trading_key("taker")}
FAR, MARK, DEPOSIT = 2**32 - 1, 500_000, 10**10


@pytest.fixture
def market(
    handles: Handles, chain: "ChainManager", alice: "AccountAPI", bob: "AccountAPI"
) -> Domain:
    """Two funded accounts and a mark; returns what orders are signed under."""
    handles.token.mint(alice, 10 * DEPOSIT, sender=alice)
    handles.token.approve(handles.vault, 2**256 - 1, sender=alice)
    for number, key in KEYS.items():
        handles.positions.register("0x" + key.address.hex(), sender=alice)
        handles.positions.deposit(number, DEPOSIT, sender=alice)
    feed = Domain(chain.chain_id, handles.feed.address)
    report = Report(1, MARK, chain.blocks.head.timestamp)
    signers = [Signer(bytes(publisher.account.key)) for publisher in publishers()[:3]]
    signed = [signer.sign_report(feed, report).signature for signer in signers]
    rows = [(MARK, report.time, one[:32], one[32:]) for one in signed]
    handles.feed.post(1, rows, sender=bob)
    handles.index.refresh([1], sender=bob)
    return Domain(chain.chain_id, handles.positions.address)


def batch(domain: Domain, number: int = 1, size: int = 10) -> Batch:
    """Account 2 takes from account 1."""
    maker = Order(1, 1, False, False, False, False, MARK, 10, FAR, 1)
    taker = Order(2, 1, True, True, False, False, MARK, 10, FAR, 1)
    pair = [KEYS[order.account].sign_order(domain, order) for order in (maker, taker)]
    return build(number, [Fill(pair[0], pair[1], size)], (), lambda _: ())


def test_settle__one_fill__is_what_was_simulated_and_both_sides_hold_it(
    handles: Handles, market: Domain, operator: "AccountAPI"
) -> None:
    raw = encode(batch(market))
    simulated = bytes(handles.positions.simulate(raw))
    receipt = handles.positions.settle(raw, sender=operator)
    (event,) = receipt.events.filter(handles.positions.BatchSettled)
    assert bytes(event.fills) == simulated
    assert [record.verdict for record in decode_records(simulated)] == [Verdict.SETTLED]
    sizes = [handles.lens.positionOf(account, 1).size for account in KEYS]
    assert sizes == [-10, 10]
    total: Any = sum(handles.lens.accountOf(account).equity for account in KEYS)
    assert total == 2 * DEPOSIT - handles.lens.progress().fees


def test_settle__overfill__is_skipped(
    handles: Handles, market: Domain, operator: "AccountAPI"
) -> None:
    receipt = handles.positions.settle(encode(batch(market, size=11)), sender=operator)
    (event,) = receipt.events.filter(handles.positions.BatchSettled)
    assert decode_records(bytes(event.fills))[0].verdict is Verdict.OVERFILL
    assert handles.lens.positionOf(1, 1).size == 0


def test_settle__wrong_number__reverts_with_both(
    handles: Handles, market: Domain, operator: "AccountAPI"
) -> None:
    expected = {"number": 2, "expected": 1}
    with ape.reverts(handles.positions.Batch_NumberWrong, error_inputs=expected):
        handles.positions.settle(encode(batch(market, number=2)), sender=operator)


def test_request_withdrawal__by_a_stranger__reverts_with_caller_and_owner(
    handles: Handles, market: Domain, alice: "AccountAPI", carol: "AccountAPI"
) -> None:
    expected = {"account": 1, "caller": carol.address, "owner": alice.address}
    with ape.reverts(handles.positions.Account_CallerNotOwner, error_inputs=expected):
        handles.positions.requestWithdrawal(1, carol, 1, [], sender=carol)

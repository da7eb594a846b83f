"""Withdrawals: the way back, through the real portal, and every step taken wrongly.

withdrawal
├── of ether, of tokens, of a message
├── status and earliest payout, at each stage
├── proven early, twice, forged, against a false output
├── finalised unproven, early, twice
└── unknown, or with a dead node
"""

import pytest
from msgspec.structs import replace

from penstock.devnet import ETHER, Config, Devnet, Key, Token, balance_of
from penstock.devnet.abi import contract
from penstock.devnet.errors import (
    AlreadyFinalizedError,
    AlreadyProvenError,
    CallRevertedError,
    ForgedWithdrawalError,
    FundsError,
    NodeDeadError,
    NotProposedError,
    NotProvenError,
    UnknownWithdrawalError,
)
from penstock.devnet.hashing import raw
from tests.devnet.world import (
    REJECT,
    STORE,
    check_ether,
    check_first_second,
    check_tokens,
    check_verified,
    deploy,
    paid,
    provable,
    proven,
    word,
)


def test_withdraw_eth__through_all_steps__pays_exactly_the_amount(
    devnet: Devnet, alice: Key
) -> None:
    stranger = "0x" + "88" * 20
    paid(devnet, devnet.withdraw_eth(alice, 2 * ETHER + 5, stranger))
    assert devnet.l1.balance(stranger) == 2 * ETHER + 5
    check_ether(devnet)
    check_verified(devnet)


def test_withdraw_erc20__through_all_steps__unlocks_what_was_burnt(
    devnet: Devnet, alice: Key, bob: Key, token: Token
) -> None:
    devnet.deposit_erc20(alice, token, 500)
    hash = devnet.withdraw_erc20(alice, token, 200, bob.address)
    check_tokens(devnet, token, under_way=200)
    paid(devnet, hash)
    assert balance_of(devnet.l1, token.l1, bob.address) == 200
    check_tokens(devnet, token)


def test_withdraw_message__through_all_steps__calls_the_target_on_l1(
    devnet: Devnet, alice: Key
) -> None:
    target = deploy(devnet, devnet.l1, alice, STORE)
    paid(devnet, devnet.withdraw_message(alice, target, (77).to_bytes(32, "big")))
    assert word(devnet.l1, target) == 77


def test_finalize__a_target_that_fails__is_final_and_says_so(devnet: Devnet, alice: Key) -> None:
    target = deploy(devnet, devnet.l1, alice, REJECT)
    found = proven(devnet, devnet.withdraw_message(alice, target, b"", value=4))
    devnet.warp(devnet.config.window)
    assert not found.finalize().succeeded
    assert found.status == "final"
    # The messenger keeps the money for a replay.
    assert devnet.l1.balance(devnet.addresses.messenger) == 4


def test_withdraw_eth__more_than_the_account_has__names_both_amounts(
    devnet: Devnet, alice: Key
) -> None:
    balance = devnet.l2.balance(alice.address)
    with pytest.raises(FundsError) as caught:
        devnet.withdraw_eth(alice, balance + 1)
    assert (caught.value.amount, caught.value.balance) == (balance + 1, balance)


def test_status__at_each_stage__names_it(devnet: Devnet, alice: Key) -> None:
    hash = devnet.withdraw_eth(alice, 1)
    found = devnet.withdrawal(hash)
    seen = [found.status]
    provable(devnet, hash)
    seen.append(found.status)
    found.prove()
    seen.append(found.status)
    devnet.warp(devnet.config.window)
    seen.append(found.status)
    found.finalize()
    assert [*seen, found.status] == ["waiting", "provable", "proven", "ready", "final"]


def test_earliest__while_it_waits__is_never_later_than_the_true_payout(
    devnet: Devnet, alice: Key
) -> None:
    hash = devnet.withdraw_eth(alice, 1)
    found = devnet.withdrawal(hash)
    promised = [found.earliest]
    provable(devnet, hash)
    promised.append(found.earliest)
    found.prove()
    last = found.earliest
    assert last is not None
    assert all(early is not None and early <= last for early in promised)


def test_earliest__of_a_proven_one__is_the_first_second_at_which_the_portal_pays(
    devnet: Devnet, alice: Key
) -> None:
    found = proven(devnet, devnet.withdraw_eth(alice, 1))
    check_first_second(devnet, found)


def test_finalize__one_second_early__is_what_the_portal_itself_refuses(
    devnet: Devnet, alice: Key
) -> None:
    found = proven(devnet, devnet.withdraw_eth(alice, 1))
    earliest = found.earliest
    assert earliest is not None
    data = contract("OptimismPortal").encode("finalizeWithdrawalTransaction", found.message.fields)
    devnet.warp(earliest - devnet.node.state.now - 1)
    # The latest L1 block is one second before `earliest`.
    question = {"to": devnet.addresses.portal, "data": "0x" + data.hex()}
    with pytest.raises(CallRevertedError, match="finalization period has not elapsed"):
        devnet.l1.rpc.call("eth_call", question, "latest")


def test_finalize__after_a_week__pays(devnet: Devnet, alice: Key) -> None:
    found = proven(devnet, devnet.withdraw_eth(alice, 1))
    devnet.warp(7 * 86_400)
    assert found.finalize().succeeded
    assert devnet.deposit_eth(alice, 1).succeeded
    check_verified(devnet)


def test_wdq_14__proven_before_an_output_covers_it__names_both_blocks(
    devnet: Devnet, alice: Key
) -> None:
    found = devnet.withdrawal(devnet.withdraw_eth(alice, 1))
    with pytest.raises(NotProposedError) as caught:
        found.prove()
    assert caught.value.block == found.block
    assert caught.value.latest < found.block
    assert paid(devnet, _hash_of(devnet, found.block)).status == "final"


def test_wdq_14__proven_twice__is_refused_and_starts_no_new_wait(
    devnet: Devnet, alice: Key
) -> None:
    found = proven(devnet, devnet.withdraw_eth(alice, 1))
    earliest = found.earliest
    with pytest.raises(AlreadyProvenError):
        found.prove()
    assert found.earliest == earliest


def test_wdq_14__forged_amount__is_refused_by_name(devnet: Devnet, alice: Key) -> None:
    found = provable(devnet, devnet.withdraw_eth(alice, 1))
    forged = replace(found.message, value=2)
    with pytest.raises(ForgedWithdrawalError, match=forged.hash):
        devnet.withdrawal_of(forged, found.block).prove()
    found.prove()


def test_wdq_14__forged_amount_with_a_true_proof__is_refused_by_the_portal(
    devnet: Devnet, alice: Key
) -> None:
    found = provable(devnet, devnet.withdraw_eth(alice, 1))
    forged = replace(found.message, target=alice.address)
    devnet.node.state.proofs[forged.hash] = devnet.node.state.proofs[found.hash]
    with pytest.raises(CallRevertedError, match=r"MerkleTrie|inclusion proof"):
        devnet.withdrawal_of(forged, found.block).prove()
    found.prove()


def test_finalize__unproven__is_refused(devnet: Devnet, alice: Key) -> None:
    found = provable(devnet, devnet.withdraw_eth(alice, 1))
    with pytest.raises(NotProvenError, match=found.hash):
        found.finalize()


def test_finalize__twice__pays_once(devnet: Devnet, alice: Key) -> None:
    stranger = "0x" + "99" * 20
    found = paid(devnet, devnet.withdraw_eth(alice, 6, stranger))
    with pytest.raises(AlreadyFinalizedError, match=found.hash):
        found.finalize()
    with pytest.raises(AlreadyFinalizedError, match=found.hash):
        found.prove()
    assert devnet.l1.balance(stranger) == 6


def test_withdrawal__of_an_unknown_transaction__says_so(devnet: Devnet) -> None:
    with pytest.raises(UnknownWithdrawalError, match="is not in the L2 chain") as caught:
        devnet.withdrawal("0x" + "12" * 32)
    assert caught.value.found is None


def test_withdrawal__of_a_plain_transfer__says_how_many_it_started(
    devnet: Devnet, alice: Key, bob: Key
) -> None:
    hash = devnet.l2.send(alice, bob.address, value=1)
    devnet.step()
    with pytest.raises(UnknownWithdrawalError, match="started 0 withdrawals"):
        devnet.withdrawal(hash)


def test_prove__of_an_output_long_ago__uses_the_proof_taken_then() -> None:
    with Devnet.start(Config(history=50, accounts=1)) as net:
        found = provable(net, net.withdraw_eth(net.accounts[0], 3))
        for _ in range(70):
            net.sync()
        assert found.prove().succeeded
        assert net.verify().agrees


def test_finalize__with_a_dead_l1__names_the_url_and_nothing_is_lost() -> None:
    with Devnet.start(Config(accounts=1)) as net:
        found = proven(net, net.withdraw_eth(net.accounts[0], 3))
        net._launched.l1.close()
        with pytest.raises(NodeDeadError, match=net.l1.url):
            found.finalize()
        with pytest.raises(NodeDeadError, match="anvil has ended"):
            net.check()


def _hash_of(net: Devnet, block: int) -> str:
    """The only user's transaction of a block."""
    return str(net.l2.block(block)["transactions"][-1])


def test_prove__with_a_message_of_another_chain__does_not_verify(
    devnet: Devnet, alice: Key
) -> None:
    found = provable(devnet, devnet.withdraw_eth(alice, 1))
    other = replace(found.message, nonce=found.message.nonce + 1)
    data = contract("OptimismPortal").encode("finalizeWithdrawalTransaction", other.fields)
    with pytest.raises(CallRevertedError, match="has not been proven yet"):
        devnet.l1.send(alice, devnet.addresses.portal, data)
    assert raw(other.hash) != raw(found.hash)

"""Deposits: what L1 forces into L2, with the corner cases that a node could get wrong.

deposit
├── of ether, of tokens, of a message
├── several of one sender in one L1 block
├── beside a user's transaction of the same sender
├── whose call fails: mint kept, nonce used
├── with gas below what any transaction costs
├── with more value than anybody has
└── that creates a contract
"""

import pytest

from penstock.devnet import ETHER, Devnet, Key, Token, balance_of
from penstock.devnet.abi import contract
from penstock.devnet.deposits import Deposit, from_logs
from penstock.devnet.errors import AmountError, DepositFailedError, FundsError
from penstock.devnet.hashing import hexed
from penstock.devnet.predeploys import BRIDGE, L1_BLOCK, MESSENGER, REJECTOR, aliased
from tests.devnet.world import (
    ANSWER,
    REJECT,
    STORE,
    check_ether,
    check_tokens,
    check_verified,
    creation,
    deploy,
    landed,
    word,
)


def test_deposit_eth__to_oneself__credits_exactly_the_amount(devnet: Devnet, alice: Key) -> None:
    before = devnet.l2.balance(alice.address)
    arrival = devnet.deposit_eth(alice, 3 * ETHER + 1)
    assert arrival.succeeded
    assert devnet.l2.balance(alice.address) == before + 3 * ETHER + 1
    check_ether(devnet)


def test_deposit_eth__to_somebody_new__costs_him_nothing(devnet: Devnet, alice: Key) -> None:
    stranger = "0x" + "77" * 20
    devnet.deposit_eth(alice, 5, stranger)
    assert devnet.l2.balance(stranger) == 5


def test_deposit_eth__more_than_the_sender_has__names_both_amounts(
    devnet: Devnet, alice: Key
) -> None:
    balance = devnet.l1.balance(alice.address)
    with pytest.raises(FundsError) as caught:
        devnet.deposit_eth(alice, balance + 1)
    assert (caught.value.amount, caught.value.balance) == (balance + 1, balance)


@pytest.mark.parametrize("amount", [-1, 2**256])
def test_deposit_eth__a_wrong_amount__is_refused_before_anything_is_sent(
    devnet: Devnet, alice: Key, amount: int
) -> None:
    height = devnet.l1.height()
    with pytest.raises(AmountError, match=str(amount)):
        devnet.deposit_eth(alice, amount)
    assert devnet.l1.height() == height


def test_deposit_erc20__of_tokens__locks_on_l1_and_mints_on_l2(
    devnet: Devnet, alice: Key, bob: Key, token: Token
) -> None:
    assert devnet.deposit_erc20(alice, token, 7_000_000, bob.address).succeeded
    assert balance_of(devnet.l2, token.l2, bob.address) == 7_000_000
    check_tokens(devnet, token)


def test_deposit_erc20__more_than_the_sender_has__names_both_amounts(
    devnet: Devnet, bob: Key, token: Token
) -> None:
    with pytest.raises(FundsError) as caught:
        devnet.deposit_erc20(bob, token, 1)
    assert (caught.value.amount, caught.value.balance) == (1, 0)


def test_deposit_message__to_a_contract__calls_it_with_data(devnet: Devnet, alice: Key) -> None:
    target = deploy(devnet, devnet.l2, alice, STORE)
    assert devnet.deposit_message(alice, target, (123).to_bytes(32, "big")).succeeded
    assert word(devnet.l2, target) == 123


def test_deposit_message__to_a_contract_that_fails__is_kept_for_a_replay(
    devnet: Devnet, alice: Key
) -> None:
    target = deploy(devnet, devnet.l2, alice, REJECT)
    arrival = devnet.deposit_message(alice, target, b"", value=9)
    failed = contract("L2CrossDomainMessenger").events["FailedRelayedMessage"].topic
    assert [log["topics"][0] for log in arrival.l2.logs][-1] == failed
    assert devnet.l2.balance(MESSENGER) == 9
    check_ether(devnet)


def test_deposits__three_of_one_sender_in_one_l1_block__all_arrive_in_order(
    devnet: Devnet, alice: Key
) -> None:
    bridge, before = devnet.addresses.bridge, devnet.l2.balance(alice.address)
    data = contract("L1StandardBridge").encode("depositETH", 200_000, b"")
    hashes = [
        devnet.l1.send(alice, bridge, data, value, gas=2_000_000, nonce=nonce)
        for nonce, value in enumerate((1, 2, 4), devnet.l1.nonce(alice.address))
    ]
    arrivals = [devnet.bridge.arrival(hash) for hash in hashes]
    assert len({arrival.l1.block for arrival in arrivals}) == 1
    assert [(a.l2.block, a.l2.index) for a in arrivals] == [
        (arrivals[0].l2.block, 1 + place) for place in range(3)
    ]
    assert devnet.l2.balance(alice.address) == before + 7
    check_verified(devnet)


def test_deposit__beside_a_waiting_transaction_with_its_nonce__comes_first(
    devnet: Devnet, bob: Key
) -> None:
    sent = devnet.l2.send(bob, bob.address)
    nonce = devnet.l2.nonce(bob.address)
    assert devnet.force(bob, bob.address).succeeded
    assert devnet.l2.receipt(sent) is None
    assert devnet.node.state.dropped[sent] == "nonce too low"
    assert devnet.l2.nonce(bob.address) == nonce
    check_verified(devnet)


def test_deposit__before_a_waiting_transaction_with_the_next_nonce__closes_its_gap(
    devnet: Devnet, bob: Key
) -> None:
    sent = devnet.l2.send(bob, bob.address, gas=100_000, nonce=devnet.l2.nonce(bob.address) + 1)
    arrival = devnet.force(bob, bob.address)
    devnet.step(2)
    assert landed(devnet.l2, sent).block > arrival.l2.block
    check_verified(devnet)


def test_force__to_a_failing_target__keeps_the_mint_and_uses_the_nonce(
    devnet: Devnet, bob: Key
) -> None:
    before, nonce = devnet.l2.balance(bob.address), devnet.l2.nonce(bob.address)
    arrival = devnet.force(bob, REJECTOR, mint=50, value=50)
    assert not arrival.succeeded
    assert devnet.l2.balance(bob.address) == before + 50
    assert devnet.l2.nonce(bob.address) == nonce + 1
    check_ether(devnet)
    check_verified(devnet)


def test_force__gas_below_intrinsic__is_included_as_failed_with_all_gas_used(
    devnet: Devnet, bob: Key
) -> None:
    # The portal asks for 21,000 and 16 a byte; a creation costs 32,000 more than that.
    gas, code = 22_000, creation(ANSWER)
    arrival = devnet.force(bob, "", code, mint=3, gas=gas)
    assert (arrival.succeeded, arrival.l2.gas) == (False, gas)
    check_ether(devnet)
    check_verified(devnet)


def test_force__gas_below_the_floor_of_its_calldata__is_included_as_failed(
    devnet: Devnet, bob: Key
) -> None:
    data = b"\xff" * 1_000
    gas = 21_000 + 16 * len(data)
    arrival = devnet.force(bob, bob.address, data, gas=gas)
    assert (arrival.succeeded, arrival.l2.gas) == (False, gas)
    check_verified(devnet)


def test_force__value_above_balance_and_mint__fails_with_the_mint_kept(
    devnet: Devnet, bob: Key
) -> None:
    balance, nonce = devnet.l2.balance(bob.address), devnet.l2.nonce(bob.address)
    arrival = devnet.force(bob, "0x" + "66" * 20, mint=10, value=balance + 11)
    assert (arrival.succeeded, arrival.l2.gas) == (False, 200_000)
    assert devnet.l2.balance(bob.address) == balance + 10
    assert devnet.l2.nonce(bob.address) == nonce + 1
    check_ether(devnet)
    check_verified(devnet)


def test_force__without_target__creates_the_contract_at_the_senders_address(
    devnet: Devnet, bob: Key
) -> None:
    arrival = devnet.force(bob, "", creation(ANSWER))
    assert arrival.succeeded
    code = devnet.l2.rpc.call("eth_getCode", arrival.l2.created, "latest")
    assert code == hexed(ANSWER)
    check_verified(devnet)


def test_force__from_an_l1_contract__comes_from_its_alias(devnet: Devnet, alice: Key) -> None:
    arrival = devnet.deposit_eth(alice, 1)
    sent = devnet.l2.rpc.call("eth_getTransactionByHash", arrival.l2.hash)
    assert sent["from"] == aliased(devnet.addresses.messenger)
    assert sent["to"] == MESSENGER


def test_force__more_gas_than_the_portal_gives_a_block__fails_on_l1(
    devnet: Devnet, alice: Key
) -> None:
    data = contract("OptimismPortal").encode(
        "depositTransaction", alice.address, 0, 20_000_001, False, b""
    )
    hash = devnet.l1.send(alice, devnet.addresses.portal, data, gas=24_000_000)
    with pytest.raises(DepositFailedError, match=r"OutOfGas|cannot buy more gas"):
        devnet.bridge.arrival(hash)


def test_blocks__every_one__begins_with_what_l1_says_of_itself(devnet: Devnet) -> None:
    devnet.step(3)
    for block in devnet.blocks[-3:]:
        first = devnet.l2.block(block.number)["transactions"][0]
        assert devnet.l2.rpc.call("eth_getTransactionByHash", first)["to"] == L1_BLOCK
    origin = devnet.blocks[-1].origin
    assert devnet.l2.read(L1_BLOCK, "L1Block", "number") == origin.number
    assert devnet.l2.read(L1_BLOCK, "L1Block", "basefee") == origin.base_fee
    assert devnet.l2.read(L1_BLOCK, "L1Block", "hash") == bytes.fromhex(origin.hash[2:])


def test_pool__a_deposit_that_nobody_made_on_l1__is_dropped_with_a_reason(
    devnet: Devnet, bob: Key
) -> None:
    before = devnet.l2.balance(bob.address)
    forged = Deposit(bytes(32), bob.address, bob.address, ETHER, 0, 100_000, b"")
    devnet.l2.rpc.call("eth_sendRawTransaction", hexed(forged.raw))
    devnet.step(2)
    assert devnet.l2.receipt(forged.hash) is None
    assert devnet.l2.balance(bob.address) == before
    assert devnet.node.state.dropped == {
        forged.hash: "a deposit comes from L1, never from the pool"
    }


def test_from_logs__of_a_bridged_deposit__gives_the_hash_that_l2_knows(
    devnet: Devnet, alice: Key
) -> None:
    arrival = devnet.deposit_eth(alice, 1)
    (deposit,) = from_logs(arrival.l1.logs)
    assert deposit.hash == arrival.l2.hash
    assert deposit.sender == aliased(devnet.addresses.messenger)
    assert deposit.to == MESSENGER
    assert BRIDGE[2:] in deposit.data.hex()

"""Costs: the L1 fee that L2 charges, to the wei, and what posting really takes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.devnet import ETHER, GWEI, Config, Devnet, FeeCurve, Key, constant
from penstock.devnet.fees import compressed_length, data_fee
from penstock.devnet.predeploys import GAS_ORACLE, L1_BLOCK, L1_FEE_VAULT
from tests.devnet.world import check_verified, landed, noise

SAMPLES = [b"", b"\0" * 400, bytes(range(256)), b"abcabc" * 50, bytes(range(7)) * 31 + b"\xff" * 90]


@pytest.mark.parametrize("data", SAMPLES, ids=["none", "zeros", "bytes", "abc", "mixed"])
def test_data_fee__of_a_mined_transaction__is_what_the_vault_received(
    devnet: Devnet, alice: Key, data: bytes
) -> None:
    before = devnet.l2.balance(L1_FEE_VAULT)
    devnet.l2.send(alice, alice.address, data)
    devnet.step()
    block = devnet.blocks[-1]
    (signed,) = block.users
    charged = data_fee(devnet.node.rollup, block.origin, signed)
    assert devnet.l2.balance(L1_FEE_VAULT) - before == charged


def test_costs__of_a_story__add_up_to_the_vault_and_to_the_batchers_purse(
    devnet: Devnet, alice: Key, bob: Key
) -> None:
    batcher = devnet.node.batcher.party.key.address
    vault, purse = devnet.l2.balance(L1_FEE_VAULT), devnet.l1.balance(batcher)
    known = devnet.costs()
    for n in range(5):
        devnet.l2.send(alice, bob.address, bytes([n]) * 50 * n)
        devnet.step()
    devnet.sync()
    found = devnet.costs()
    assert found.charged - known.charged == devnet.l2.balance(L1_FEE_VAULT) - vault
    assert found.paid - known.paid == purse - devnet.l1.balance(batcher)
    assert [batch.last + 1 for batch in found.batches[:-1]] == [b.first for b in found.batches[1:]]
    assert sum(batch.charged for batch in found.batches) == found.charged


def test_costs__of_a_large_batch__reach_the_floor_of_forty_gas_a_byte(
    devnet: Devnet, alice: Key
) -> None:
    devnet.sync()
    nonce = devnet.l2.nonce(alice.address)
    for place in range(3):
        data = noise(1_000, place)
        devnet.l2.send(alice, alice.address, data, gas=2_000_000, nonce=nonce + place)
    devnet.step()
    devnet.sync()
    batch = max(devnet.costs().batches, key=lambda one: one.size)
    assert batch.gas <= 40.3 * batch.size
    assert batch.gas == sum(landed(devnet.l1, h).gas for h in _hashes(devnet, batch.first))


def test_receipt__of_an_l2_transaction__does_not_tell_the_l1_fee(
    devnet: Devnet, alice: Key
) -> None:
    before = devnet.l2.balance(alice.address)
    receipt = landed(devnet.l2, _stepped(devnet, devnet.l2.send(alice, alice.address)))
    fee = devnet.costs().transactions[-1].charged
    assert fee > 0
    assert before - devnet.l2.balance(alice.address) == receipt.fee + fee


def test_gas_oracle__on_l2__shows_the_configured_scalars_and_fees(devnet: Devnet) -> None:
    config = devnet.config
    assert devnet.l2.read(GAS_ORACLE, "GasPriceOracle", "l1BaseFee") == config.l1_base_fee.at(0)
    assert devnet.l2.read(L1_BLOCK, "L1Block", "blobBaseFee") == config.blob_base_fee.at(0)
    assert devnet.l2.read(L1_BLOCK, "L1Block", "baseFeeScalar") == config.base_fee_scalar


def test_curve__of_l1_fees__is_what_blocks_and_batches_pay() -> None:
    curve = FeeCurve(((0, 2 * GWEI), (100, 2 * GWEI), (200, 50 * GWEI)))
    blob = FeeCurve(((0, 1), (100, 1_000)))
    config = Config(accounts=1, l1_base_fee=curve, blob_base_fee=blob, blob_base_fee_scalar=10**6)
    with Devnet.start(config) as net:
        net.warp(150 - (net.node.state.now - config.start))
        assert int(net.l1.block()["baseFeePerGas"], 16) == 26 * GWEI
        assert net.l2.read(L1_BLOCK, "L1Block", "blobBaseFee") == 1_000
        net.l2.send(net.accounts[0], net.accounts[0].address)
        net.warp(1_000)
        assert net.blocks[-1].origin.base_fee == 50 * GWEI
        assert net.deposit_eth(net.accounts[0], ETHER).succeeded
        check_verified(net)


@given(st.integers(0, 400))
def test_at__between_two_points__is_straight_and_rounds_down(seconds: int) -> None:
    curve = FeeCurve(((100, 7), (200, 1_000)))
    inside = 7 + (1_000 - 7) * (seconds - 100) // 100
    expected = 7 if seconds <= 100 else 1_000 if seconds >= 200 else inside
    assert curve.at(seconds) == expected


def test_at__of_a_constant__is_always_the_same() -> None:
    assert [constant(5).at(second) for second in (-1, 0, 10**9)] == [5, 5, 5]


@given(st.binary(max_size=40))
def test_compressed_length__of_short_data__is_at_most_literals(data: bytes) -> None:
    assert compressed_length(data) <= len(data) + -(-len(data) // 32)


def _stepped(net: Devnet, hash: str) -> str:
    net.step()
    return hash


def _hashes(net: Devnet, first: int) -> tuple[str, ...]:
    return next(p.hashes for p in net.node.state.postings if p.first == first)

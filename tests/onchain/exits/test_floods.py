"""Floods of forced requests (WDQ-7): what they cost who makes them, and what they do to others

ten thousand in one second ... nearly all cost the cap; who comes then pays it, and waits no longer
a request every block ........ the pressure is what was asked for and not yet forgotten; the fee of
                               whoever comes is the cap at most, window and gas are as ever
it ends ...................... pressure falls by half an hour, and within a day the fee is the base
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.artifacts import artifact
from penstock.exits import HALF_LIFE, ONE, decayed, fee_of
from tests.helpers.actors import Actor
from tests.helpers.exits import WEALTH, compare_exits, force_withdrawal
from tests.helpers.revm import reverts
from tests.helpers.twin import DONE, OWNER, undoing
from tests.helpers.venue import STRANGER
from tests.onchain.settlement.desk import DEPOSIT, Desk

ATTACKER = Actor("attacker")
# A day's worth of requests is much of a flood, and a second or two of test.
BLOCKS = 1_500


def flood(desk: Desk, spam: int) -> int:
    """An attacker makes so many requests, all with the cap; returns what he paid for them."""
    contract, positions, top = desk.venue.desk, desk.venue.positions, desk.exits.fee_cap
    positions.transact("register", ATTACKER.address, sender=ATTACKER.address)
    positions.transact("deposit", 5, DEPOSIT, sender=OWNER.address)
    desk.chain.evm.set_balance(ATTACKER.address, spam * top)
    data = artifact("ExitDesk").functions["forceWithdrawal"].encode([5, ATTACKER.address, 1])
    for _ in range(spam):
        desk.chain.send(ATTACKER.address, contract.address, data, value=top)
    return spam * top - int(contract.call("creditOf", ATTACKER.address))


@undoing
def test_wdq_7__ten_thousand_requests__cost_who_makes_them_and_nobody_elses_time(
    desk: Desk,
) -> None:
    contract, spam = desk.venue.desk, 10_000
    base, top, calm = desk.exits.base_fee, desk.exits.fee_cap, force_gas(desk)
    # He paid what the curve says, nearly all of it the cap: 2 % of an ether each.
    paid = flood(desk, spam)
    assert paid == sum(fee_of(base, top, place * ONE) for place in range(spam))
    assert paid > spam * top * 95 // 100
    # Who comes then pays the cap and no more, at the same gas, and waits for his window alone.
    assert contract.call("requestFee") == top
    assert force_gas(desk) < calm + 3_000
    desk.chain.evm.set_balance(OWNER.address, WEALTH)
    call = (1, OWNER.address, DEPOSIT)
    contract.transact("forceWithdrawal", *call, sender=OWNER.address, value=top)
    began = desk.now
    desk.chain.time = began + desk.exits.window - 1
    with reverts("Request_TooEarly", spam + 1, began + desk.exits.window):
        contract.transact("executeWithdrawal", spam + 1, [], sender=STRANGER.address)
    desk.chain.time += 1
    contract.transact("executeWithdrawal", spam + 1, [], sender=STRANGER.address)
    assert desk.collateral(1) == 0
    assert contract.call("creditOf", STRANGER.address) == top
    # A day later, 24 halvings, the flood is forgotten.
    left = decayed((spam + 1) * ONE, desk.exits.window)
    assert contract.call("pressure") == left
    assert base <= contract.call("requestFee") == fee_of(base, top, left) < base * 1_001 // 1_000


def force_gas(desk: Desk) -> int:
    """What a forced withdrawal costs in gas, of account 1; it is undone."""
    desk.chain.evm.set_balance(OWNER.address, WEALTH)
    with desk.chain.undone():
        call, top = (1, OWNER.address, 5), desk.exits.fee_cap
        contract = desk.venue.desk
        contract.transact("forceWithdrawal", *call, sender=OWNER.address, value=top)
        assert desk.chain.result is not None
        return int(desk.chain.result.gas_used)


@given(before=st.integers(0, 40), gap=st.integers(0, 10_000))
@undoing
def test_wdq_7__requests_of_others_in_front__raise_the_fee_and_never_beyond_the_cap(
    desk: Desk, before: int, gap: int
) -> None:
    for _ in range(before):
        calm = desk.exits.fee(desk.now)
        assert force_withdrawal(desk, 2, 1) is DONE
        assert calm <= desk.exits.fee(desk.now) <= desk.exits.fee_cap
    desk.chain.time += gap
    assert force_withdrawal(desk, 1, 1, paid=desk.exits.fee_cap) is DONE
    compare_exits(desk)


def begin_flood(desk: Desk) -> bytes:
    """The attacker has an account and ether; returns the request that he sends again and again."""
    positions = desk.venue.positions
    positions.transact("register", ATTACKER.address, sender=ATTACKER.address)
    positions.transact("deposit", 5, DEPOSIT, sender=OWNER.address)
    desk.chain.evm.set_balance(ATTACKER.address, WEALTH)
    return artifact("ExitDesk").functions["forceWithdrawal"].encode([5, ATTACKER.address, 1])


def flood_blocks(desk: Desk, data: bytes, blocks: int, seconds: int, pressure: int = 0) -> int:
    """Send it in each of so many blocks; return the pressure that this should have made."""
    contract, top = desk.venue.desk, desk.exits.fee_cap
    for _ in range(blocks):
        desk.chain.time += seconds
        pressure = decayed(pressure, seconds) + ONE
        desk.chain.send(ATTACKER.address, contract.address, data, value=top)
    assert contract.call("pressure") == pressure
    return pressure


@pytest.mark.parametrize("seconds", [2, 12, 300])
@undoing
def test_wdq_7__a_request_every_block__moves_nobodys_window_gas_or_fee_beyond_the_cap(
    desk: Desk, seconds: int
) -> None:
    contract, top, calm = desk.venue.desk, desk.exits.fee_cap, force_gas(desk)
    data = begin_flood(desk)
    pressure = flood_blocks(desk, data, BLOCKS, seconds)
    # However long it lasts: an hour forgets half, so no more than two hours of it count.
    assert pressure <= (2 * HALF_LIFE // seconds + 1) * ONE
    fee = contract.call("requestFee")
    assert fee == fee_of(desk.exits.base_fee, top, pressure) <= top
    assert force_gas(desk) < calm + 3_000
    desk.chain.evm.set_balance(OWNER.address, WEALTH)
    victim = contract.transact(
        "forceWithdrawal", 1, OWNER.address, DEPOSIT, sender=OWNER.address, value=top
    )
    assert contract.call("creditOf", OWNER.address) == top - fee
    # It goes on in every block of the victim's window.
    began, window = desk.now, desk.exits.window
    spam = min(BLOCKS, window // seconds - 1)
    flood_blocks(desk, data, spam, seconds, pressure + ONE)
    desk.chain.time = began + window - 1
    with reverts("Request_TooEarly", victim, began + window):
        contract.transact("executeWithdrawal", victim, [], sender=STRANGER.address)
    desk.chain.time += 1
    contract.transact("executeWithdrawal", victim, [], sender=STRANGER.address)
    assert desk.collateral(1) == 0
    assert contract.call("creditOf", STRANGER.address) == fee


@undoing
def test_wdq_7__a_request_every_block_has_ended__the_pressure_falls_by_half_an_hour(
    desk: Desk,
) -> None:
    contract, base, top = desk.venue.desk, desk.exits.base_fee, desk.exits.fee_cap
    pressure = flood_blocks(desk, begin_flood(desk), BLOCKS, 12)
    fees = [contract.call("requestFee")]
    for _ in range(24):
        desk.chain.time += HALF_LIFE
        seen = contract.call("pressure")
        assert seen == pressure // 2
        fees.append(contract.call("requestFee"))
        assert fees[-1] == fee_of(base, top, pressure := seen) <= fees[-2]
    assert fees[0] == top
    assert base <= fees[-1] < base * 1_001 // 1_000

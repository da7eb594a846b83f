"""Failures of other venues, by the names of the list: forced exits, signed requests, their fees."""

from collections.abc import Iterator
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.artifacts import ContractRevert as Revert
from penstock.artifacts import artifact, decode_revert
from penstock.forced import Status
from penstock.messages import SignedWithdrawal, Withdrawal
from penstock.units import div_up
from tests.helpers.actors import Actor
from tests.helpers.closes import asked, bid, close
from tests.helpers.exits import (
    FAR,
    WEALTH,
    acknowledge,
    compare_exits,
    desk_domain,
    drop,
    execute_close,
    execute_withdrawal,
    force_close,
    force_withdrawal,
    is_ignored,
    pass_window,
    request,
    row,
    signed_withdrawal,
)
from tests.helpers.liquidator import take_over
from tests.helpers.revm import Contract, reverts
from tests.helpers.trouble import FUND, SIZE, endow, fall, fees, open_long, seen, wealth
from tests.helpers.twin import DONE, OWNER, undoing
from tests.helpers.venue import OPERATOR, STRANGER
from tests.onchain.settlement.desk import DEPOSIT, MARK, MARKS, OK, UNIT, Desk

ATTACKER = Actor("attacker")
FAULTS = st.integers(1, 4)


@pytest.fixture
def wallet(desk: Desk) -> Iterator[Contract]:
    """A contract that owns account 5, with money in it."""
    with desk.undone():
        yield own_wallet(desk)


def own_wallet(desk: Desk) -> Contract:
    """Deploy a wallet that owns account 5, with money in it."""
    made = desk.chain.at("WalletMock", desk.chain.create("WalletMock"))
    key = "0x" + desk.keys[1].address.hex()
    register = artifact("PerpPositions").functions["register"].encode([key])
    made.transact("perform", desk.venue.positions.address, register, sender=OWNER.address)
    desk.venue.positions.transact("deposit", 5, DEPOSIT, sender=OWNER.address)
    return made


def of_wallet(desk: Desk, wallet: Contract, amount: int = 5, nonce: int = 0) -> SignedWithdrawal:
    """A withdrawal of account 5, signed by its wallet in its own way."""
    withdrawal = Withdrawal(5, wallet.address, amount, nonce, FAR)
    digest = desk_domain(desk).withdrawal_digest(withdrawal)
    wallet.transact("sign", digest, sender=OWNER.address)
    return SignedWithdrawal(withdrawal, b"in my own way")


def perform(desk: Desk, wallet: Contract, function: str, *values: object, value: int = 0) -> None:
    """Have the wallet call the exit desk."""
    data = artifact("ExitDesk").functions[function].encode(values)
    call = (desk.venue.desk.address, data)
    desk.chain.evm.set_balance(OWNER.address, WEALTH)
    wallet.transact("perform", *call, sender=OWNER.address, value=value)


# --- SIG ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("chain_id", [1, 10, 2**63])
@undoing
def test_sig_1__the_chain_forks__a_request_counts_on_the_one_it_was_signed_for(
    desk: Desk, chain_id: int
) -> None:
    signed = signed_withdrawal(desk)
    fork = desk.chain.fork(chain_id)
    with reverts("Request_SignatureWrong", 1, 0, OWNER.address):
        call = (row(signed.withdrawal), (), signed.signature)
        fork.at("ExitDesk", desk.venue.desk.address).transact(
            "request", *call, sender=STRANGER.address
        )
    assert request(desk, signed) is DONE


@undoing
def test_sig_3__signature_of_an_order_or_a_cancel__is_none_of_a_withdrawal(desk: Desk) -> None:
    withdrawal = Withdrawal(1, OWNER.address, 10**6, 0, FAR)
    for signature in (desk.rest(1).signature, desk.cancel_order(1, 0, 1).signature):
        with reverts("Request_SignatureWrong", 1, 0, OWNER.address):
            desk.venue.desk.transact(
                "request", row(withdrawal), [], signature, sender=STRANGER.address
            )


@undoing
def test_sig_12__carried_by_a_forwarder_or_a_page__counts_once_all_the_same(desk: Desk) -> None:
    signed = signed_withdrawal(desk, 1, 5)
    rows = [(row(signed.withdrawal), (), signed.signature)] * 3
    desk.venue.desk.transact("carry", rows, sender=OPERATOR.address)
    assert desk.collateral(1) == DEPOSIT - 5
    refused = [log.arguments[2] for log in desk.chain.logs() if log.name == "RequestSkipped"]
    assert [decode_revert(reason).name for reason in refused] == ["Request_NonceUsed"] * 2


def test_wallet__that_owns_the_account__signs_in_its_own_way(desk: Desk, wallet: Contract) -> None:
    signed = of_wallet(desk, wallet, 7)
    contract = desk.venue.desk
    call = (row(signed.withdrawal), (), signed.signature)
    contract.transact("request", *call, sender=STRANGER.address)
    assert desk.collateral(5) == DEPOSIT - 7
    unsigned = Withdrawal(5, wallet.address, 7, 1, FAR)
    with reverts("Request_SignatureWrong", 5, 1, wallet.address):
        contract.transact("request", row(unsigned), [], b"", sender=STRANGER.address)


@given(fault=FAULTS)
def test_bat_1__wallet_misbehaves_in_a_page__it_alone_is_skipped(fault: int) -> None:
    desk = Desk()
    wallet = desk.chain.at("WalletMock", desk.chain.create("WalletMock"))
    key = "0x" + desk.keys[1].address.hex()
    register = artifact("PerpPositions").functions["register"].encode([key])
    wallet.transact("perform", desk.venue.positions.address, register, sender=OWNER.address)
    signed = of_wallet(desk, wallet)
    wallet.transact("setFault", fault, sender=OWNER.address)
    page = [signed_withdrawal(desk, 1, 5), signed, signed_withdrawal(desk, 2, 6)]
    rows = [(row(s.withdrawal), (), s.signature) for s in page]
    desk.venue.desk.transact("carry", rows, sender=OPERATOR.address)
    # BAT-2: what it costs to carry one that burns all it is given is bounded.
    assert desk.chain.result is not None
    assert desk.chain.result.gas_used < 2_000_000 + 600_000
    assert (desk.collateral(1), desk.collateral(2)) == (DEPOSIT - 5, DEPOSIT - 6)
    assert not desk.venue.desk.call("isUsed", 5, 0)


# --- WDQ-5 ----------------------------------------------------------------------------------------


@given(size=st.integers(1, 3_900))
@undoing
def test_wdq_5__matched_before_and_settled_after_a_forced_withdrawal__is_skipped_or_has_its_margin(
    desk: Desk, size: int
) -> None:
    assert force_withdrawal(desk, 1, DEPOSIT) is DONE
    pass_window(desk, 1)
    desk.marks(*MARKS)
    # The engine matched this a moment ago.
    fill = desk.cross(size=size)
    assert execute_withdrawal(desk) is DONE
    verdict, _ = desk.verdicts(fill)[0]
    assert verdict.name == "BELOW_INITIAL_MARGIN"
    assert (desk.size(1), desk.collateral(1)) == (0, 0)


@given(size=st.integers(1, 1_000), lots=st.integers(1, 1_000))
@undoing
def test_wdq_5__a_fill_that_lowers__settles_after_a_forced_withdrawal(
    desk: Desk, size: int, lots: int
) -> None:
    open_long(desk, size)
    fill = desk.cross(3, 1, min(lots, size))
    assert force_withdrawal(desk, 1, DEPOSIT) is DONE
    assert execute_withdrawal(desk, sender=OPERATOR) is DONE
    assert desk.verdicts(fill) == [OK]


@given(per_mille=st.integers(1, 40), size=st.sampled_from((100, -100)))
@undoing
def test_wdq_5__close_against_an_order_from_before_the_fall__dodges_no_loss(
    desk: Desk, per_mille: int, size: int
) -> None:
    open_long(desk, size)
    long = size > 0
    stale = bid(desk, sells=not long, price=MARK)
    assert force_close(desk, lots=100) is DONE
    fall(desk, per_mille if long else -per_mille)
    before, maker = desk.equity(1), desk.equity(3)
    assert execute_close(desk, 1, stale, sender=OPERATOR) is DONE
    # It gets the mark, not the old price; the maker, who had cancelled off-chain, loses nothing.
    mark = desk.model.market(1).mark
    assert desk.equity(1) == before - div_up(100 * mark * UNIT * 500, 10**6)
    assert desk.equity(3) == maker
    desk.compare()


@given(per_mille=st.integers(-40, 40), lots=st.integers(1, 100), off=st.integers(-700, 200))
@undoing
def test_wdq_5__executor_brings_its_own_order__takes_no_more_than_the_discount(
    desk: Desk, per_mille: int, lots: int, off: int
) -> None:
    asked(desk)
    pass_window(desk, 1)
    fall(desk, per_mille)
    mark = desk.model.market(1).mark
    price = mark + mark * off // 10_000
    before, pot = desk.equity(1), fees(desk)
    # Accounts 3 and 4 are the executor's.
    own = bid(desk, lots, size=100, price=price)
    outcome = execute_close(desk, 1, own)
    loss = before - desk.equity(1) - (fees(desk) - pot)
    assert 0 <= loss * 10**6 <= lots * mark * UNIT * 12_500
    assert outcome is DONE or outcome[0] == "Close_PriceOutsideBand"
    desk.compare()


@given(per_mille=st.integers(60, 80), lots=st.integers(1, SIZE), by_fund=st.booleans())
@undoing
def test_wdq_5__close_of_an_account_in_trouble__leaves_no_loss_to_others(
    desk: Desk, per_mille: int, lots: int, by_fund: bool
) -> None:
    asked(desk, SIZE)
    endow(desk, 100 * DEPOSIT)
    assert desk.deposit(3, 100 * DEPOSIT) is DONE
    pass_window(desk, 1)
    fall(desk, per_mille)
    mark = desk.model.market(1).mark
    rests = bid(desk, lots, size=SIZE, price=mark)
    makers = () if by_fund else (rests,)
    before = desk.equity(1)
    outcome = execute_close(desk, 1, *makers, by_fund=lots if by_fund else 0)
    if before < 0 or outcome is not DONE:
        assert outcome is not DONE
        assert outcome[0] == "Desk_Bankrupt"
        assert desk.equity(1) == before
    else:
        assert desk.equity(1) >= 0
    desk.compare()


# --- WDQ-8, WDQ-11 --------------------------------------------------------------------------------


@undoing
def test_wdq_8__forced_close_of_a_bankrupt_account__is_no_reason_to_freeze(desk: Desk) -> None:
    asked(desk, SIZE)
    fall(desk, 80)
    assert desk.equity(1) < 0
    pass_window(desk, 1, 5)
    assert not is_ignored(desk, 1)


@given(amount=st.integers(1, DEPOSIT), forced=st.integers(1, DEPOSIT))
@undoing
def test_wdq_11__asked_for_in_every_way_at_once__is_paid_once(
    desk: Desk, amount: int, forced: int
) -> None:
    signed = signed_withdrawal(desk, 1, amount)
    assert force_withdrawal(desk, 1, forced) is DONE
    assert request(desk, signed) is DONE
    execute_withdrawal(desk, sender=OPERATOR)
    desk.withdraw(1, 1)
    owed = desk.venue.queue.call("owed")
    assert owed + desk.collateral(1) == DEPOSIT
    assert owed <= DEPOSIT
    desk.compare()


@given(per_mille=st.integers(50, 100))
@undoing
def test_wdq_11__taken_over_while_a_close_waits__nothing_is_closed_twice(
    desk: Desk, per_mille: int
) -> None:
    asked(desk, SIZE)
    endow(desk, 100 * DEPOSIT)
    fall(desk, per_mille)
    lots = SIZE if desk.equity(1) < 0 else 100
    assert take_over(desk, 1, FUND, {1: lots}) is DONE
    left = SIZE - lots
    assert desk.venue.desk.call("closeOf", 1) == (left, left)
    assert acknowledge(desk, 1) is DONE
    mark = desk.model.market(1).mark
    served = ("Request_NotPending", (1, Status.SERVED))
    refused = ("Close_LotsOutOfRange", (1, SIZE, left)) if left else served
    assert close(desk, bid(desk, SIZE, 4, price=mark)) == refused
    desk.compare()
    compare_exits(desk)


@undoing
def test_wdq_11__dropped_and_asked_for_again__the_first_is_dead(desk: Desk) -> None:
    assert force_withdrawal(desk, 1, 5) is DONE
    assert drop(desk, 1) is DONE
    assert force_withdrawal(desk, 1, 7) is DONE
    refused = ("Request_NotPending", (1, Status.DROPPED))
    assert execute_withdrawal(desk, 1, sender=OPERATOR) == refused
    assert execute_withdrawal(desk, 2, sender=OPERATOR) is DONE
    assert desk.collateral(1) == DEPOSIT - 7


# --- WDQ-17 ---------------------------------------------------------------------------------------


@undoing
def test_wdq_17__deposit_and_trade_after_a_forced_exit__are_the_accounts_again(desk: Desk) -> None:
    assert force_withdrawal(desk, 1, DEPOSIT) is DONE
    assert execute_withdrawal(desk, sender=OPERATOR) is DONE
    assert desk.deposit(1, DEPOSIT) is DONE
    # The request is done: nobody takes the new money out.
    refused = ("Request_NotPending", (1, Status.SERVED))
    assert execute_withdrawal(desk, sender=OPERATOR) == refused
    assert desk.verdicts(desk.cross()) == [OK]
    assert seen(desk, 1).collateral == DEPOSIT


# --- WDQ-16 ---------------------------------------------------------------------------------------


def fill_credit(desk: Desk, wallet: Contract) -> int:
    """Give the wallet a credit of all but the fee, and work to do when ether comes."""
    fee = desk.exits.fee(desk.now)
    top = desk.exits.fee_cap
    perform(desk, wallet, "forceWithdrawal", 5, wallet.address, 5, value=top)
    work = artifact("WalletMock").functions["setFault"].encode([1])
    wallet.transact("setHook", wallet.address, work, sender=OWNER.address)
    return top - fee


@undoing
def test_wdq_16__recipient_needs_more_than_a_stipend__has_all_gas_and_is_paid(
    desk: Desk, wallet: Contract
) -> None:
    credit = fill_credit(desk, wallet)
    # With the 2,300 gas of a plain transfer it could not take anything.
    with pytest.raises((Revert, RuntimeError)):
        desk.chain.send(OWNER.address, wallet.address, b"", gas=21_000 + 2_300, value=1)
    perform(desk, wallet, "collect", wallet.address)
    assert desk.chain.evm.get_balance(wallet.address) == credit
    assert wallet.call("hookWentThrough")


@given(gas=st.integers(40_000, 200_000))
def test_wdq_16__collected_with_any_gas__is_paid_whole_or_stays_a_credit(
    desk: Desk, gas: int
) -> None:
    with desk.undone():
        wallet = own_wallet(desk)
        credit, contract = fill_credit(desk, wallet), desk.venue.desk
        data = artifact("ExitDesk").functions["collect"].encode([wallet.address])
        with suppress(Revert, RuntimeError):
            wallet.transact("perform", contract.address, data, sender=OWNER.address, gas=gas)
        paid = desk.chain.evm.get_balance(wallet.address)
        assert (paid, contract.call("creditOf", wallet.address)) in ((credit, 0), (0, credit))
        if not paid:
            perform(desk, wallet, "collect", wallet.address)
        assert desk.chain.evm.get_balance(wallet.address) == credit


# --- VLT-5, SEQ-10 --------------------------------------------------------------------------------


@pytest.mark.parametrize("again", ["collect", "forceWithdrawal", "drop", "executeWithdrawal"])
def test_vlt_5__recipient_calls_again_while_it_is_paid__gets_what_it_had_and_no_more(
    desk: Desk, wallet: Contract, again: str
) -> None:
    contract, top = desk.venue.desk, desk.exits.fee_cap
    fee = desk.exits.fee(desk.now)
    perform(desk, wallet, "forceWithdrawal", 5, wallet.address, 5, value=top)
    values: dict[str, tuple[object, ...]] = {
        "collect": (wallet.address,),
        "forceWithdrawal": (5, wallet.address, 5),
        "drop": (1,),
        "executeWithdrawal": (1, []),
    }
    data = artifact("ExitDesk").functions[again].encode(values[again])
    wallet.transact("setHook", contract.address, data, sender=OWNER.address)
    perform(desk, wallet, "collect", wallet.address)
    assert desk.chain.evm.get_balance(wallet.address) == top - fee
    # To take a request back is its right at any time, and pays nobody twice.
    assert wallet.call("hookWentThrough") == (again == "drop")
    credits = [contract.call("creditOf", who) for who in (wallet.address, OPERATOR.address)]
    pending = contract.call("requestOf", 1)[5]
    assert desk.chain.evm.get_balance(contract.address) == sum(credits) + pending == fee


@given(gas=st.integers(21_000, 300_000))
@undoing
def test_seq_10__forced_with_any_gas__whole_or_not_at_all(desk: Desk, gas: int) -> None:
    contract, top = desk.venue.desk, desk.exits.fee_cap
    desk.chain.evm.set_balance(OWNER.address, WEALTH)
    data = artifact("ExitDesk").functions["forceWithdrawal"].encode([1, OWNER.address, 5])
    with suppress(Revert, RuntimeError):
        desk.chain.send(OWNER.address, contract.address, data, gas=gas, value=top)
    count, held = contract.call("requestCount"), desk.chain.evm.get_balance(contract.address)
    assert (count, held) in ((0, 0), (1, top))


@given(lots=st.integers(1, 100), gas=st.integers(100_000, 800_000))
@undoing
def test_seq_10__executed_with_any_gas__whole_or_not_at_all(
    desk: Desk, lots: int, gas: int
) -> None:
    asked(desk)
    before = wealth(desk, *range(5)) + fees(desk)
    signed = desk.rest(3, buy=True, size=100, slot=7)
    order = (3, True, False, False, MARK, 100, FAR, 7 << 32 | 1)
    rows = [(order, lots, (), 0, b"", signed.signature)]
    data = artifact("ExitDesk").functions["executeClose"].encode([1, [1], rows, 0])
    with suppress(Revert, RuntimeError):
        desk.chain.send(OPERATOR.address, desk.venue.desk.address, data, gas=gas)
    assert (desk.size(1), desk.size(3)) in ((100, 0), (100 - lots, lots))
    assert wealth(desk, *range(5)) + fees(desk) == before
    status = desk.venue.lens.call("orderStatus", 3, False, 7 << 32 | 1)
    assert status == (0, desk.size(3))

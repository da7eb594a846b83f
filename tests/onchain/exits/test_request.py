"""request(withdrawal, markets, signature), carry(page), revoke(account, nonce)

carried after its deadline ................ Request_Expired
account not registered, or the fund's ..... Desk_AccountRefused
not signed by the owner ................... Request_SignatureWrong
number used, or revoked ................... Request_NonceUsed
open markets not named each once .......... Desk_PositionsIncomplete
an open position's mark is stale .......... Desk_PriceStale
more than the account can spare ........... Withdrawal_ExceedsWithdrawable
otherwise ................................. a ticket, once, whoever carries it
in a page ................................. what fails is skipped with its error, and can come again
"""

from contextlib import suppress

import pytest
from hexbytes import HexBytes
from hypothesis import given
from hypothesis import strategies as st

from penstock.artifacts import ContractRevert as Revert
from penstock.artifacts import artifact
from penstock.messages import SignedWithdrawal, Withdrawal
from penstock.signing import Domain
from tests.helpers.exits import (
    FAR,
    OWNER_KEY,
    age_mark,
    desk_domain,
    now_open,
    request,
    revoke,
    row,
    signed_withdrawal,
)
from tests.helpers.revm import decode_revert, reverts
from tests.helpers.trouble import FUND, WRONG_MARKETS, open_long, seen, spend
from tests.helpers.twin import DONE, OWNER, trading_key, undoing
from tests.helpers.venue import OPERATOR, STRANGER
from tests.onchain.settlement.desk import DEPOSIT, Desk
from tests.vectors.make import digest

NONCES = st.integers(0, 2**64 - 1)


def carry(desk: Desk, *page: SignedWithdrawal) -> list[str]:
    """Have the operator carry a page; what was said of each: the event, or the error."""
    rows = [(row(s.withdrawal), now_open(desk, s.withdrawal.account), s.signature) for s in page]
    desk.transact(desk.venue.desk, "carry", rows, sender=OPERATOR.address)
    told = [log for log in desk.chain.logs() if log.name.startswith("Request")]
    return [
        decode_revert(log.arguments[2]).name if log.name == "RequestSkipped" else log.name
        for log in told
    ]


def send(desk: Desk, withdrawal: Withdrawal, signature: bytes) -> None:
    """Have a stranger carry it, on the chain alone."""
    contract, markets = desk.venue.desk, now_open(desk, withdrawal.account)
    contract.transact("request", row(withdrawal), markets, signature, sender=STRANGER.address)


@given(amount=st.integers(1, DEPOSIT), nonce=NONCES, deadline=st.integers(0, 100))
@undoing
def test_request__signed_by_the_owner__is_queued_whoever_carries_it(
    desk: Desk, amount: int, nonce: int, deadline: int
) -> None:
    signed = signed_withdrawal(desk, 1, amount, nonce=nonce, deadline=desk.now + deadline)
    before = desk.venue.queue.call("owed")
    assert request(desk, signed) is DONE
    assert desk.venue.queue.call("owed") == before + amount
    assert desk.collateral(1) == DEPOSIT - amount
    names = [log.name for _, log in desk.logs[-2:]]
    assert names == ["TicketIssued", "RequestCarried"]
    desk.compare()


@given(nonce=NONCES, amount=st.integers(1, DEPOSIT // 2))
@undoing
def test_request__carried_twice__only_once(desk: Desk, nonce: int, amount: int) -> None:
    signed = signed_withdrawal(desk, 1, amount, nonce=nonce)
    assert request(desk, signed) is DONE
    assert desk.venue.desk.call("isUsed", 1, nonce)
    assert request(desk, signed) == ("Request_NonceUsed", (1, nonce))
    # Neither does another withdrawal of that number come through.
    other = signed_withdrawal(desk, 1, amount + 1, nonce=nonce)
    assert request(desk, other) == ("Request_NonceUsed", (1, nonce))


@given(nonces=st.lists(NONCES, min_size=2, max_size=6, unique=True))
@undoing
def test_request__numbers_in_any_order__each_counts_once(desk: Desk, nonces: list[int]) -> None:
    for nonce in nonces:
        assert request(desk, signed_withdrawal(desk, 1, 1, nonce=nonce)) is DONE
    # The numbers are those of one account alone.
    assert request(desk, signed_withdrawal(desk, 2, 1, nonce=nonces[0])) is DONE
    assert desk.collateral(1) == DEPOSIT - len(nonces)


@pytest.mark.parametrize("late", [-1, 0, 1])
@undoing
def test_request__about_its_deadline__good_up_to_that_second(desk: Desk, late: int) -> None:
    deadline = desk.now + 1_000
    signed = signed_withdrawal(desk, deadline=deadline)
    desk.chain.time = deadline + late
    refused = ("Request_Expired", (1, 0, deadline))
    assert request(desk, signed) == (refused if late > 0 else DONE)


@given(
    field=st.sampled_from(("account", "recipient", "amount", "nonce", "deadline")),
    more=st.integers(1, 3),
)
@undoing
def test_sig_13__any_field_changed__is_not_what_was_signed(
    desk: Desk, field: str, more: int
) -> None:
    signed = signed_withdrawal(desk)
    fields = list(row(signed.withdrawal))
    place = ("account", "recipient", "amount", "nonce", "deadline").index(field)
    fields[place] = STRANGER.address if field == "recipient" else int(str(fields[place])) + more
    changed = Withdrawal(*fields)  # type: ignore[arg-type]
    refused = ("Request_SignatureWrong", changed.account, changed.nonce, OWNER.address)
    with reverts(*refused):
        send(desk, changed, signed.signature)


@pytest.mark.parametrize("account", [FUND, 99])
@undoing
def test_wdq_17__of_the_fund_or_of_nobody__reverts(desk: Desk, account: int) -> None:
    signed = signed_withdrawal(desk, account)
    assert request(desk, signed, markets=[]) == ("Desk_AccountRefused", (account,))


@undoing
def test_sig_9__signed_by_the_trading_key__reverts(desk: Desk) -> None:
    key = trading_key("a")
    signed = signed_withdrawal(desk, key=key)
    with reverts("Request_SignatureWrong", 1, 0, OWNER.address):
        send(desk, signed.withdrawal, signed.signature)


@pytest.mark.parametrize("place", ["contract", "chain"])
@undoing
def test_sig_3__signed_for_another_contract_or_chain__reverts(desk: Desk, place: str) -> None:
    withdrawal = Withdrawal(1, OWNER.address, 10**6, 0, FAR)
    chain_id = desk.chain.chain_id + (place == "chain")
    at = desk.venue.positions if place == "contract" else desk.venue.desk
    domain = Domain(chain_id, at.address)
    signature = OWNER_KEY.sign(domain.withdrawal_digest(withdrawal))
    with reverts("Request_SignatureWrong", 1, 0, OWNER.address):
        send(desk, withdrawal, signature)


@given(signature=st.binary(max_size=70))
@undoing
def test_request__any_bytes_for_a_signature__reverts(desk: Desk, signature: bytes) -> None:
    withdrawal = Withdrawal(1, OWNER.address, 10**6, 0, FAR)
    with reverts("Request_SignatureWrong", 1, 0, OWNER.address):
        send(desk, withdrawal, signature)


@given(amount=st.integers(1, DEPOSIT), nonce=NONCES, deadline=st.integers(2**31, 2**256 - 1))
@undoing
def test_sig_4__digest_of_eth_account_in_a_wallets_own_form__is_taken(
    desk: Desk, amount: int, nonce: int, deadline: int
) -> None:
    names = ("account", "recipient", "amount", "nonce", "deadline")
    values = (1, OWNER.address, amount, nonce, deadline)
    where = desk.chain.chain_id, desk.venue.desk.address
    theirs = digest("Withdrawal", dict(zip(names, values, strict=True)), *where)
    ours = desk_domain(desk).withdrawal_digest(Withdrawal(*values))
    assert theirs == "0x" + ours.hex()
    signature = bytes(OWNER.account.unsafe_sign_hash(HexBytes(theirs)).signature)  # type: ignore[arg-type]
    assert len(signature) == 65
    send(desk, Withdrawal(*values), signature)
    assert desk.collateral(1) == DEPOSIT - amount


@given(amount=st.integers(1, 2 * DEPOSIT), size=st.integers(1, 1_000))
@undoing
def test_request__with_an_open_position__what_the_account_can_spare_and_no_more(
    desk: Desk, amount: int, size: int
) -> None:
    open_long(desk, size)
    spare = seen(desk, 1).withdrawable
    outcome = request(desk, signed_withdrawal(desk, 1, amount))
    refused = ("Withdrawal_ExceedsWithdrawable", (1, amount, spare))
    assert outcome == (DONE if amount <= spare else refused)
    desk.compare()


@pytest.mark.parametrize("late", [-1, 0, 1])
@undoing
def test_request__mark_about_its_age_limit__stale_only_beyond(desk: Desk, late: int) -> None:
    open_long(desk)
    expected = age_mark(desk, late)
    assert request(desk, signed_withdrawal(desk)) == expected


@undoing
def test_request__without_positions__needs_no_mark(desk: Desk) -> None:
    desk.pass_time(10_000)
    assert request(desk, signed_withdrawal(desk)) is DONE


@pytest.mark.parametrize(("markets", "named"), WRONG_MARKETS)
@undoing
def test_request__markets_not_the_open_ones__reverts(
    desk: Desk, markets: list[int], named: int
) -> None:
    open_long(desk)
    refused = ("Desk_PositionsIncomplete", (1, named, 1))
    assert request(desk, signed_withdrawal(desk), markets=markets) == refused


@given(nonce=NONCES)
@undoing
def test_revoke__by_the_owner__the_number_is_dead(desk: Desk, nonce: int) -> None:
    signed = signed_withdrawal(desk, nonce=nonce)
    assert revoke(desk, 1, nonce) is DONE
    assert request(desk, signed) == ("Request_NonceUsed", (1, nonce))
    assert revoke(desk, 1, nonce) == ("Request_NonceUsed", (1, nonce))


@undoing
def test_revoke__by_somebody_else__reverts(desk: Desk) -> None:
    with reverts("Desk_CallerNotOwner", 1, STRANGER.address, OWNER.address):
        desk.venue.desk.transact("revoke", 1, 0, sender=STRANGER.address)


@undoing
def test_carry__one_bad_request_of_each_kind_among_good_ones__it_alone_is_skipped(
    desk: Desk,
) -> None:
    spend(desk, 3)
    page = [
        signed_withdrawal(desk, 1, 5, nonce=1),
        signed_withdrawal(desk, 1, 5, nonce=1),
        signed_withdrawal(desk, 2, 5, deadline=desk.now - 1),
        signed_withdrawal(desk, 99),
        signed_withdrawal(desk, 3, 5),
        signed_withdrawal(desk, 4, 5, key=trading_key("d")),
        signed_withdrawal(desk, 4, 7),
    ]
    assert carry(desk, *page) == [
        "RequestCarried",
        "Request_NonceUsed",
        "Request_Expired",
        "Desk_AccountRefused",
        "Withdrawal_ExceedsWithdrawable",
        "Request_SignatureWrong",
        "RequestCarried",
    ]
    assert (desk.collateral(1), desk.collateral(4)) == (DEPOSIT - 5, DEPOSIT - 7)


@undoing
def test_carry__what_was_skipped__can_come_again(desk: Desk) -> None:
    spend(desk, 1)
    signed = signed_withdrawal(desk, 1, 5)
    assert carry(desk, signed) == ["Withdrawal_ExceedsWithdrawable"]
    assert not desk.venue.desk.call("isUsed", 1, 0)
    assert desk.deposit(1, 5) is DONE
    assert carry(desk, signed) == ["RequestCarried"]


@given(gas=st.integers(60_000, 400_000))
@undoing
def test_sig_10__carried_with_any_gas__whole_or_not_at_all(desk: Desk, gas: int) -> None:
    signed = signed_withdrawal(desk, 1, 5)
    contract = desk.venue.desk
    data = (
        artifact("ExitDesk")
        .functions["carry"]
        .encode([[(row(signed.withdrawal), [], signed.signature)]])
    )
    with suppress(Revert, RuntimeError):
        desk.chain.send(OPERATOR.address, contract.address, data, gas=gas)
    used = contract.call("isUsed", 1, 0)
    assert desk.collateral(1) == DEPOSIT - 5 * used


@undoing
def test_request__the_operator_is_gone__works_all_the_same(desk: Desk) -> None:
    desk.chain.time += 10**6
    assert request(desk, signed_withdrawal(desk, 1, DEPOSIT)) is DONE
    assert desk.collateral(1) == 0

"""deposit(account, amount), depositWithPermit(account, amount, deadline, v, r, s)

account not registered ............... Account_NotRegistered
amount zero or beyond int56 .......... Collateral_AmountOutOfRange
collateral would leave its word ...... Quantity_OutOfRange
token refuses ........................ the token's error
otherwise ............................ tokens in the vault, collateral credited, whoever pays
with a permit ........................ as above, also when somebody carried the permit first
"""

from eth_account.messages import encode_typed_data
from hypothesis import given
from hypothesis import strategies as st

from tests.helpers.actors import Actor
from tests.helpers.amounts import PEOPLE
from tests.helpers.revm import reverts
from tests.helpers.twin import DONE, OWNER, undoing
from tests.helpers.venue import STRANGER
from tests.onchain.settlement.desk import ACCOUNTS, DEPOSIT, FAR, Desk

MOST = 2**55 - 1
AMOUNTS = st.one_of(st.integers(1, 1_000), st.integers(1, 10**15))
PAYER = Actor("payer")
Permit = tuple[int, int, bytes, bytes]


@given(account=st.sampled_from((0, *ACCOUNTS)), amount=AMOUNTS)
@undoing
def test_deposit__any_amount__is_credited_and_held_by_the_vault(
    desk: Desk, account: int, amount: int
) -> None:
    booked = desk.venue.vault.call("booked")
    assert desk.deposit(account, amount) is DONE
    assert desk.logs[-1][1].arguments == (account, OWNER.address, amount)
    assert desk.venue.vault.call("booked") == booked + amount
    assert desk.collateral(account) == amount + (DEPOSIT if account else 0)
    desk.compare()


@given(account=st.integers(len(ACCOUNTS) + 1, 2**32 - 1), amount=AMOUNTS)
@undoing
def test_deposit__account_not_registered__reverts(desk: Desk, account: int, amount: int) -> None:
    assert desk.deposit(account, amount) == ("Account_NotRegistered", (account,))


@given(amount=st.one_of(st.just(0), st.integers(MOST + 1, 2**256 - 1)))
@undoing
def test_deposit__amount_out_of_range__reverts(desk: Desk, amount: int) -> None:
    assert desk.deposit(1, amount) == ("Collateral_AmountOutOfRange", (amount,))


@given(over=st.integers(1, DEPOSIT))
@undoing
def test_deposit__collateral_leaves_its_word__reverts(desk: Desk, over: int) -> None:
    amount = MOST - DEPOSIT + over
    assert desk.deposit(1, amount) == ("Quantity_OutOfRange", (MOST + over, 56))
    assert desk.deposit(1, amount - over) is DONE


@given(amount=AMOUNTS)
@undoing
def test_deposit__payer_has_no_tokens__reverts_with_the_tokens_error(
    desk: Desk, amount: int
) -> None:
    poor = PAYER.address
    desk.venue.token.transact("approve", desk.venue.vault.address, 2**255, sender=poor)
    with reverts("ERC20InsufficientBalance", poor, 0, amount):
        desk.venue.positions.transact("deposit", 1, amount, sender=poor)


@given(who=PEOPLE, amount=AMOUNTS)
@undoing
def test_deposit__into_anothers_account__is_a_gift(desk: Desk, who: Actor, amount: int) -> None:
    desk.venue.mint(who.address, amount)
    desk.venue.positions.transact("deposit", 1, amount, sender=who.address)
    assert desk.collateral(1) == DEPOSIT + amount


def permit(desk: Desk, amount: int, deadline: int, payer: Actor = PAYER) -> Permit:
    """An approval of the vault, signed as a wallet would."""
    token = desk.venue.token
    fields = ("owner", "address"), ("spender", "address"), ("value", "uint256")
    fields += ("nonce", "uint256"), ("deadline", "uint256")  # type: ignore[assignment]
    domain = {
        "name": token.call("name"),
        "version": "1",
        "chainId": desk.chain.chain_id,
        "verifyingContract": token.address,
    }
    message = {
        "owner": payer.address,
        "spender": desk.venue.vault.address,
        "value": amount,
        "nonce": token.call("nonces", payer.address),
        "deadline": deadline,
    }
    types = {"Permit": [{"name": name, "type": kind} for name, kind in fields]}
    signed = payer.account.sign_message(encode_typed_data(domain, types, message))
    return deadline, signed.v, signed.r.to_bytes(32, "big"), signed.s.to_bytes(32, "big")


@given(amount=AMOUNTS, account=st.sampled_from(ACCOUNTS))
@undoing
def test_deposit_with_permit__without_approval__is_credited(
    desk: Desk, amount: int, account: int
) -> None:
    desk.venue.token.transact("mint", PAYER.address, amount, sender=PAYER.address)
    signed = permit(desk, amount, FAR)
    desk.venue.positions.transact(
        "depositWithPermit", account, amount, *signed, sender=PAYER.address
    )
    assert desk.collateral(account) == DEPOSIT + amount


@given(amount=AMOUNTS)
@undoing
def test_deposit_with_permit__carried_by_a_stranger_first__does_no_harm(
    desk: Desk, amount: int
) -> None:
    token, vault = desk.venue.token, desk.venue.vault
    token.transact("mint", PAYER.address, amount, sender=PAYER.address)
    signed = permit(desk, amount, FAR)
    carried = (PAYER.address, vault.address, amount, *signed)
    token.transact("permit", *carried, sender=STRANGER.address)
    desk.venue.positions.transact("depositWithPermit", 1, amount, *signed, sender=PAYER.address)
    assert desk.collateral(1) == DEPOSIT + amount


@given(amount=AMOUNTS, late=st.integers(1, 10**6))
@undoing
def test_deposit_with_permit__expired__reverts_for_want_of_allowance(
    desk: Desk, amount: int, late: int
) -> None:
    desk.venue.token.transact("mint", PAYER.address, amount, sender=PAYER.address)
    signed = permit(desk, amount, desk.now - late)
    with reverts("ERC20InsufficientAllowance", desk.venue.vault.address, 0, amount):
        desk.venue.positions.transact("depositWithPermit", 1, amount, *signed, sender=PAYER.address)


@given(amount=AMOUNTS)
@undoing
def test_deposit_with_permit__of_somebody_else__reverts_for_want_of_allowance(
    desk: Desk, amount: int
) -> None:
    desk.venue.token.transact("mint", PAYER.address, amount, sender=PAYER.address)
    signed = permit(desk, amount, FAR)
    with reverts("ERC20InsufficientAllowance", desk.venue.vault.address, 0, amount):
        desk.venue.positions.transact(
            "depositWithPermit", 1, amount, *signed, sender=STRANGER.address
        )

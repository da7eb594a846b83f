"""take(payer, amount)

    caller is not PerpPositions ......... Vault_CallerNotPositions
    amount is zero ...................... Vault_AmountZero
balance below booked (rebased down) . Vault_BalanceBelowBooked
    token refuses ....................... the token's error
    token moves another amount .......... Vault_AmountNotReceived
    otherwise ........................... books and holds exactly the amount, emits CollateralTaken
"""

from hypothesis import given
from hypothesis import strategies as st

from tests.helpers.actors import Actor
from tests.helpers.amounts import AMOUNTS, PEOPLE
from tests.helpers.revm import reverts
from tests.helpers.venue import POSITIONS, Custody, isolated


@given(who=PEOPLE, amount=AMOUNTS)
@isolated
def test_take__caller_is_not_positions__reverts(custody: Custody, who: Actor, amount: int) -> None:
    custody.mint(who.address, amount)
    with reverts("Vault_CallerNotPositions", who.address, POSITIONS.address):
        custody.vault.transact("take", who.address, amount, sender=who.address)


@isolated
def test_take__amount_is_zero__reverts(custody: Custody) -> None:
    with reverts("Vault_AmountZero"):
        custody.take(Actor("alice").address, 0)


@given(who=PEOPLE, amounts=st.lists(AMOUNTS, min_size=1, max_size=4))
@isolated
def test_take__token_behaves__holds_and_books_the_sum(
    custody: Custody, who: Actor, amounts: list[int]
) -> None:
    custody.mint(who.address, sum(amounts))
    for amount in amounts:
        custody.take(who.address, amount)
        taken = [log for log in custody.chain.logs() if log.name == "CollateralTaken"]
        assert [log.arguments for log in taken] == [(who.address, amount)]
    assert custody.vault.call("booked") == sum(amounts)
    assert custody.balance(custody.vault.address) == sum(amounts)
    assert custody.balance(who.address) == 0


@given(amount=AMOUNTS, missing=st.integers(1, 10**6))
@isolated
def test_take__payer_has_too_little__passes_the_tokens_error_on(
    custody: Custody, amount: int, missing: int
) -> None:
    alice = Actor("alice").address
    custody.mint(alice, amount)
    with reverts("ERC20InsufficientBalance", alice, amount, amount + missing):
        custody.take(alice, amount + missing)


@given(amount=st.integers(10_000, 2**100), fee=st.integers(1, 10_000))
@isolated
def test_take__token_takes_a_fee__reverts(odd_custody: Custody, amount: int, fee: int) -> None:
    alice = Actor("alice").address
    odd_custody.mint(alice, amount)
    odd_custody.token.transact("setFees", fee, 0, sender=alice)
    with reverts("Vault_AmountNotReceived", amount, amount - amount * fee // 10_000):
        odd_custody.take(alice, amount)


@given(amount=AMOUNTS)
@isolated
def test_take__token_answers_nothing__takes(odd_custody: Custody, amount: int) -> None:
    alice = Actor("alice").address
    odd_custody.mint(alice, amount)
    odd_custody.token.transact("setAnswer", 1, sender=alice)
    odd_custody.take(alice, amount)
    assert odd_custody.vault.call("booked") == amount


@given(amount=AMOUNTS)
@isolated
def test_take__token_answers_false__reverts(odd_custody: Custody, amount: int) -> None:
    alice = Actor("alice").address
    odd_custody.mint(alice, amount)
    odd_custody.token.transact("setAnswer", 2, sender=alice)
    with reverts("SafeERC20FailedOperation", odd_custody.token.address):
        odd_custody.take(alice, amount)


@given(amount=AMOUNTS)
@isolated
def test_take__token_pretends__reverts(odd_custody: Custody, amount: int) -> None:
    alice = Actor("alice").address
    odd_custody.mint(alice, amount)
    odd_custody.token.transact("setIdle", True, sender=alice)
    with reverts("Vault_AmountNotReceived", amount, 0):
        odd_custody.take(alice, amount)

"""escape, payResidual, and InsuranceFund.withdrawResidual

not all counted ............ Hatch_TallyIncomplete
not the owner .............. Hatch_CallerNotOwner
twice ...................... Hatch_AlreadyPaid
less than nothing .......... Hatch_NothingToPay
recipient not listed ....... Hatch_RecipientRefused, for a guarded account
solvent .................... everybody has the whole claim, the fund the rest, no unit stays
not solvent ................ everybody has the same part, whoever comes first; dust stays
tickets .................... are paid in full before, between and after
"""

from fractions import Fraction
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock import escape as model
from penstock.deploy import ZERO_ADDRESS
from tests.helpers.actors import Actor
from tests.helpers.escapee import (
    RECIPIENT,
    balance,
    compare,
    escape,
    everybody,
    freeze,
    held,
    last,
    tally,
    tally_all,
    withdraw_residual,
)
from tests.helpers.revm import reverts
from tests.helpers.trouble import FUND, SIZE, bankrupt, endow, open_long
from tests.helpers.twin import DONE, OWNER, undoing
from tests.helpers.venue import STRANGER
from tests.onchain.settlement.desk import DEPOSIT, Desk

ACCOUNTS = (1, 2, 3, 4)
ORDERS = st.permutations(ACCOUNTS)


def over(desk: Desk) -> None:
    """The venue is frozen and everybody counted."""
    freeze(desk)
    tally_all(desk)


@given(counted=st.integers(0, 3), account=st.integers(1, 4))
@undoing
def test_escape__not_all_counted__reverts(desk: Desk, counted: int, account: int) -> None:
    freeze(desk)
    assert tally(desk, everybody(desk)[:counted]) is DONE
    assert escape(desk, account, []) == ("Hatch_TallyIncomplete", (counted, 4))
    assert withdraw_residual(desk) == ("Hatch_TallyIncomplete", (counted, 4))


@undoing
def test_escape__venue_not_frozen__reverts(desk: Desk) -> None:
    assert escape(desk, 1) == ("Hatch_TallyIncomplete", (0, 0))


@given(name=st.sampled_from(["operator", "governor"]))
@undoing
def test_escape__not_the_owner__reverts(desk: Desk, name: str) -> None:
    over(desk)
    sender = str(getattr(desk.venue.system, name)).lower()
    with reverts("Hatch_CallerNotOwner", 1, sender, OWNER.address):
        desk.venue.hatch.transact("escape", 1, sender, [], sender=sender)
    # The fund owns account 0, which has no share.
    fund, refused = desk.venue.fund.address, reverts("Hatch_AccountWithoutShare", FUND, 4)
    with desk.chain.impersonated(fund), refused:
        desk.venue.hatch.transact("escape", FUND, RECIPIENT, [], sender=fund)


@pytest.mark.parametrize("recipient", ["zero", "vault"])
@undoing
def test_escape__recipient_that_cannot_be_paid__reverts(desk: Desk, recipient: str) -> None:
    over(desk)
    address = ZERO_ADDRESS if recipient == "zero" else desk.venue.vault.address
    with reverts("Vault_RecipientRefused", address):
        desk.venue.hatch.transact("escape", 1, address, [], sender=OWNER.address)
    assert escape(desk, 1) is DONE


@given(order=ORDERS, again=st.integers(0, 3))
@undoing
def test_escape__twice__reverts(desk: Desk, order: list[int], again: int) -> None:
    over(desk)
    for account in order:
        assert escape(desk, account) is DONE
        assert last(desk, "Escaped").arguments == (account, RECIPIENT, DEPOSIT)
    assert escape(desk, order[again]) == ("Hatch_AlreadyPaid", (order[again],))
    assert [desk.venue.hatch.call("isPaid", account) for account in range(6)] == [
        *(False, True, True, True, True, False)
    ]
    compare(desk)


@undoing
def test_escape__account_with_less_than_nothing__has_nothing_to_pay(desk: Desk) -> None:
    bankrupt(desk)
    over(desk)
    assert escape(desk, 1) == ("Hatch_NothingToPay", (1,))
    compare(desk)


@undoing
def test_escape__open_position_left_out__reverts(desk: Desk) -> None:
    open_long(desk)
    over(desk)
    assert escape(desk, 1, []) == ("Hatch_PositionsIncomplete", (1, 0, 1))
    assert escape(desk, 1, [2]) == ("Hatch_PositionsIncomplete", (1, 0, 1))
    assert escape(desk, 1, [1, 1]) == ("Hatch_MarketsNotAscending", (1, 1))
    assert escape(desk, 1, [1, 2, 9]) is DONE


@given(order=ORDERS, money=st.integers(0, DEPOSIT), per_mille=st.integers(-60, 60))
@undoing
def test_s9__solvent__everybody_has_the_whole_claim_and_no_unit_stays(
    desk: Desk, order: list[int], money: int, per_mille: int
) -> None:
    endow(desk, money) if money else None
    open_long(desk, SIZE)
    mark = desk.model.market(1).mark
    desk.pass_time(60)
    desk.marks(mark - mark * per_mille // 1_000, desk.model.market(2).mark)
    claims = {account: desk.equity(account) for account in ACCOUNTS}
    over(desk)
    for account in order:
        before = balance(desk)
        outcome = escape(desk, account)
        assert outcome is DONE
        assert balance(desk) - before == claims[account]
    assert withdraw_residual(desk) is DONE
    assert last(desk, "ResidualPaid").arguments == (RECIPIENT, held(desk) + desk.hatch.residual)
    assert held(desk) == 0
    assert withdraw_residual(desk) == ("Hatch_AlreadyPaid", (FUND,))
    compare(desk)


@given(order=ORDERS, per_mille=st.integers(75, 250))
@undoing
def test_wdq_10__insolvent_at_exit__same_ratio_for_all_in_any_order(
    desk: Desk, order: list[int], per_mille: int
) -> None:
    bankrupt(desk, per_mille=per_mille)
    claims = {account: max(0, desk.equity(account)) for account in ACCOUNTS}
    over(desk)
    pot = held(desk)
    assert pot < sum(claims.values())
    for account in order:
        before = balance(desk)
        outcome = escape(desk, account)
        assert (outcome is DONE) == (claims[account] > 0)
        assert balance(desk) - before == claims[account] * pot // sum(claims.values())
    assert withdraw_residual(desk) == ("Hatch_NothingToPay", (FUND,))
    assert 0 <= held(desk) < len(ACCOUNTS)
    compare(desk)


@undoing
def test_wdq_10__a_tenth_is_missing__everybody_has_nine_tenths(desk: Desk) -> None:
    # Tokens that the vault no longer has, as after a theft: nine tenths of the claims are there.
    vault, stolen = desk.venue.vault.address, 4 * DEPOSIT // 10
    with desk.chain.impersonated(vault):
        desk.venue.token.transact("transfer", STRANGER.address, stolen, sender=vault)
    freeze(desk)
    nothing: list[int] = []
    arguments = list(ACCOUNTS), [nothing] * 4
    desk.venue.hatch.transact("tally", *arguments, sender=STRANGER.address)
    assert desk.venue.hatch.call("pot")[1] == 4 * DEPOSIT - stolen
    for account in ACCOUNTS:
        call = (account, RECIPIENT, nothing)
        paid = desk.venue.hatch.transact("escape", *call, sender=OWNER.address)
        assert Fraction(paid, DEPOSIT) == Fraction(9, 10)
    assert balance(desk, vault) == 0


@given(seed=st.integers(0, 2**32 - 1), amounts=st.lists(st.integers(1, DEPOSIT // 4), max_size=4))
@undoing
def test_wdq_11__queue_and_escape_in_any_interleaving__nobody_is_paid_twice(
    desk: Desk, seed: int, amounts: list[int]
) -> None:
    rng = Random(seed)
    for amount in amounts:
        assert desk.withdraw(rng.choice((3, 4)), amount) is DONE
    bankrupt(desk, rng.choice((SIZE, SIZE // 2)), per_mille=150)
    over(desk)
    claims = {who: model.claim(desk.model, who, named) for who, named in everybody(desk)}
    owner, before = balance(desk, OWNER.address), balance(desk)
    for _ in range(20):
        desk.chain.time += rng.choice((0, 10**4))
        if rng.random() < 0.5:
            desk.venue.vault.transact("release", rng.randint(0, 3), sender=STRANGER.address)
        else:
            escape(desk, rng.choice(ACCOUNTS))
    for account in ACCOUNTS:
        escape(desk, account)
    desk.chain.time += 10**6
    desk.venue.vault.transact("release", 10, sender=STRANGER.address)
    assert balance(desk, OWNER.address) - owner == sum(amounts)
    shares = [desk.hatch.share_down(claim) for claim in claims.values()]
    assert balance(desk) - before == sum(shares)
    assert 0 <= balance(desk, desk.venue.vault.address) < len(ACCOUNTS)
    compare(desk)


@given(lots=st.integers(1, 1_000), first=st.booleans())
@undoing
def test_escape__swept_after_the_tally__has_the_same_share(
    desk: Desk, lots: int, first: bool
) -> None:
    desk.trade(lots)
    desk.trade(-lots)
    over(desk)
    share = model.share_of(desk.hatch, desk.model, 1, [1])
    if first:
        assert desk.sweep(1, 1) is DONE
    before = balance(desk)
    assert escape(desk, 1, [1]) is DONE
    assert balance(desk) - before == share


@given(listed=st.booleans())
@undoing
def test_escape__guarded_account__goes_to_its_list_alone(desk: Desk, listed: bool) -> None:
    queue, friend = desk.venue.queue, Actor("friend").address
    queue.transact("announceGuard", 1, 0, [friend], sender=OWNER.address)
    over(desk)
    if listed:
        assert escape(desk, 1, recipient=friend) is DONE
        assert balance(desk, friend) == DEPOSIT
    else:
        with reverts("Hatch_RecipientRefused", 1, RECIPIENT):
            desk.venue.hatch.transact("escape", 1, RECIPIENT, [], sender=OWNER.address)
    assert escape(desk, 2) is DONE


@undoing
def test_withdraw_residual__another_than_the_governor__reverts(desk: Desk) -> None:
    endow(desk, DEPOSIT)
    over(desk)
    for who in (OWNER.address, STRANGER.address, desk.venue.system.operator.lower()):
        with reverts("AccessManagedUnauthorized", who):
            desk.venue.fund.transact("withdrawResidual", who, sender=who)
        with reverts("Hatch_CallerNotOwner", FUND, who, desk.venue.fund.address):
            desk.venue.hatch.transact("payResidual", who, sender=who)


@given(money=st.integers(1, DEPOSIT), order=st.booleans(), traded=st.booleans())
@undoing
def test_withdraw_residual__fees_and_the_funds_money__are_what_nobody_claims(
    desk: Desk, money: int, order: bool, traded: bool
) -> None:
    endow(desk, money)
    if traded:
        desk.trade(100)
    over(desk)
    rest = 5 * DEPOSIT - DEPOSIT + money - sum(max(0, desk.equity(a)) for a in ACCOUNTS)
    if order:
        assert withdraw_residual(desk) is DONE
        assert balance(desk) == rest
    for account in ACCOUNTS:
        assert escape(desk, account) is DONE
    if not order:
        assert withdraw_residual(desk) is DONE
    assert held(desk) == 0
    compare(desk)

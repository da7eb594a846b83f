"""register(signer), setSigner(account, signer)

register:   signer zero ............ Account_SignerZero
            otherwise .............. the next account, of the caller
setSigner:  caller is not the owner  Account_CallerNotOwner
            signer zero ............ Account_SignerZero
            account 0 .............. Account_CallerNotOwner: the fund has no trading key
            otherwise .............. the old key's orders are dead, the new key's live
"""

from hypothesis import given
from hypothesis import strategies as st

from penstock.deploy import ZERO_ADDRESS
from penstock.messages import Fill, Side, Verdict
from tests.helpers.actors import Actor
from tests.helpers.amounts import PEOPLE
from tests.helpers.revm import reverts
from tests.helpers.twin import DONE, OWNER, address_text, trading_key, undoing
from tests.onchain.settlement.desk import ACCOUNTS, OK, Desk


@given(people=st.lists(st.tuples(PEOPLE, st.integers(1, 2**160 - 1)), max_size=6))
@undoing
def test_register__anyone__opens_the_next_account(
    desk: Desk, people: list[tuple[Actor, int]]
) -> None:
    for number, (who, key) in enumerate(people, len(ACCOUNTS) + 1):
        signer = address_text(key)
        opened = desk.venue.positions.transact("register", signer, sender=who.address)
        (log,) = desk.chain.logs()
        assert opened == number == desk.venue.positions.call("accountCount")
        assert (log.name, log.arguments) == ("AccountRegistered", (number, who.address, signer))
        seen = desk.venue.lens.call("accountOf", number)
        assert seen[:5] == (who.address, signer, 0, 0, 0)


@undoing
def test_register__signer_zero__reverts(desk: Desk) -> None:
    with reverts("Account_SignerZero"):
        desk.venue.positions.transact("register", ZERO_ADDRESS, sender=OWNER.address)


@given(who=PEOPLE.filter(lambda actor: actor != OWNER), account=st.sampled_from(ACCOUNTS))
@undoing
def test_set_signer__not_the_owner__reverts(desk: Desk, who: Actor, account: int) -> None:
    with reverts("Account_CallerNotOwner", account, who.address, OWNER.address):
        desk.venue.positions.transact("setSigner", account, who.address, sender=who.address)


@undoing
def test_set_signer__by_the_trading_key__reverts(desk: Desk) -> None:
    key = address_text(desk.keys[1].address)
    with reverts("Account_CallerNotOwner", 1, key, OWNER.address):
        desk.venue.positions.transact("setSigner", 1, key, sender=key)


@undoing
def test_set_signer__zero__reverts(desk: Desk) -> None:
    with reverts("Account_SignerZero"):
        desk.venue.positions.transact("setSigner", 1, ZERO_ADDRESS, sender=OWNER.address)


@given(who=PEOPLE)
@undoing
def test_set_signer__account_of_the_fund__reverts(desk: Desk, who: Actor) -> None:
    # Its owner is a contract that never asks for it, so account 0 has no trading key.
    fund = desk.venue.fund.address
    with reverts("Account_CallerNotOwner", 0, who.address, fund):
        desk.venue.positions.transact("setSigner", 0, who.address, sender=who.address)


@given(name=st.text(max_size=8))
@undoing
def test_set_signer__by_the_owner__old_orders_die_and_new_ones_live(desk: Desk, name: str) -> None:
    old = desk.rest()
    assert desk.set_signer(2, trading_key("new " + name)) is DONE
    fills = [Fill(old, desk.take(), 1), Fill(desk.rest(slot=1), desk.take(), 1)]
    assert desk.verdicts(*fills) == [(Verdict.BAD_SIGNATURE, Side.MAKER), OK]

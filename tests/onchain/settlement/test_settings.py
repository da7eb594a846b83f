"""setSettings(settings), constructor

caller is not the governor ........................ OwnableUnauthorizedAccount
operator zero ..................................... Settings_OperatorZero
band 0 or ≥ 100 %, age 0, market limit not 1..127 . Settings_OutOfRange
otherwise ......................................... in force from the next batch
"""

from hypothesis import given
from hypothesis import strategies as st

from penstock.accounts import Settings
from penstock.deploy import ZERO_ADDRESS
from tests.helpers.actors import Actor
from tests.helpers.amounts import PEOPLE
from tests.helpers.revm import reverts
from tests.helpers.twin import DONE, address_text, undoing
from tests.helpers.venue import GOVERNOR, OPERATOR
from tests.onchain.settlement.desk import Desk

SECONDS = st.integers(0, 2**32 - 1)


@given(who=PEOPLE)
@undoing
def test_set_settings__not_the_governor__reverts(desk: Desk, who: Actor) -> None:
    with reverts("OwnableUnauthorizedAccount", who.address):
        rules = (OPERATOR.address, 1, 1, 1, 1)
        desk.venue.positions.transact("setSettings", rules, sender=who.address)


@undoing
def test_set_settings__operator_zero__reverts(desk: Desk) -> None:
    with reverts("Settings_OperatorZero"):
        rules = (ZERO_ADDRESS, 1, 1, 1, 1)
        desk.venue.positions.transact("setSettings", rules, sender=GOVERNOR)


@given(age=SECONDS, band=st.integers(0, 2**16 - 1), most=st.integers(0, 255), after=SECONDS)
@undoing
def test_set_settings__any_numbers__in_force_or_out_of_range(
    desk: Desk, age: int, band: int, most: int, after: int
) -> None:
    rules = (OPERATOR.address, after, age, band, most)
    if age == 0 or not 0 < band < 10_000 or not 0 < most < 128:
        with reverts("Settings_OutOfRange", age, band, most):
            desk.venue.positions.transact("setSettings", rules, sender=GOVERNOR)
        return
    desk.transact(desk.venue.positions, "setSettings", rules, sender=GOVERNOR)
    assert desk.logs[-1][1].arguments == (rules,)
    desk.model.settings = Settings(int(OPERATOR.address, 16), after, age, band, most)
    desk.compare()


@given(key=st.integers(1, 2**160 - 1))
@undoing
def test_set_settings__another_operator__settles_and_the_old_one_does_not(
    desk: Desk, key: int
) -> None:
    name = address_text(key)
    rules = desk.model.settings
    changed = (name, rules.open_after, rules.max_price_age, rules.band_bps, rules.max_markets)
    desk.venue.positions.transact("setSettings", changed, sender=GOVERNOR)
    desk.model.settings = Settings(key, *changed[1:])
    assert desk.settle(desk.batch(desk.cross()), sender=name) is DONE


@undoing
def test_accept_ownership__another_governor__owns_account_0(desk: Desk) -> None:
    heir, positions = Actor("heir").address, desk.venue.positions
    positions.transact("transferOwnership", heir, sender=GOVERNOR)
    assert positions.call("ownerOf", 0).lower() == GOVERNOR.lower()
    positions.transact("acceptOwnership", sender=heir)
    assert positions.call("ownerOf", 0).lower() == heir.lower()

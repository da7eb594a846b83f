"""setSettings(settings), constructor

caller is not the governor ........................ Settings_CallerNotGovernor
operator zero ..................................... Settings_OperatorZero
band 0 or ≥ 100 %, age 0, market limit not 1..127 . Settings_OutOfRange
discount and penalty 100 % or more ................ Settings_SharesTooHigh
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
from tests.helpers.venue import OPERATOR
from tests.onchain.settlement.desk import Desk

SECONDS = st.integers(0, 2**32 - 1)


@given(who=PEOPLE)
@undoing
def test_set_settings__not_the_governor__reverts(desk: Desk, who: Actor) -> None:
    governor = desk.venue.manager.address
    with reverts("Settings_CallerNotGovernor", who.address, governor):
        rules = (OPERATOR.address, 1, 1, 1, 1, 50, 25)
        desk.venue.positions.transact("setSettings", rules, sender=who.address)


@undoing
def test_set_settings__operator_zero__reverts(desk: Desk) -> None:
    with reverts("Settings_OperatorZero"):
        rules = (ZERO_ADDRESS, 1, 1, 1, 1, 50, 25)
        desk.venue.set_settings(rules)


SHARES = st.tuples(st.integers(0, 120), st.integers(0, 120))


@given(
    age=SECONDS,
    band=st.integers(0, 2**16 - 1),
    most=st.integers(0, 255),
    after=SECONDS,
    shares=SHARES,
)
@undoing
def test_set_settings__any_numbers__in_force_or_out_of_range(
    desk: Desk, age: int, band: int, most: int, after: int, shares: tuple[int, int]
) -> None:
    rules = (OPERATOR.address, after, age, band, most, *shares)
    if age == 0 or not 0 < band < 10_000 or not 0 < most < 128:
        with reverts("Settings_OutOfRange", age, band, most):
            desk.venue.set_settings(rules)
        return
    if sum(shares) >= 100:
        with reverts("Settings_SharesTooHigh", *shares):
            desk.venue.set_settings(rules)
        return
    desk.venue.set_settings(rules)
    assert [log.arguments for log in desk.chain.logs()] == [(rules,)]
    desk.model.settings = Settings(int(OPERATOR.address, 16), after, age, band, most, *shares)
    desk.compare()


@given(key=st.integers(1, 2**160 - 1))
@undoing
def test_set_settings__another_operator__settles_and_the_old_one_does_not(
    desk: Desk, key: int
) -> None:
    name = address_text(key)
    rules = desk.model.settings
    limits = (rules.open_after, rules.max_price_age, rules.band_bps, rules.max_markets)
    changed = (name, *limits, rules.discount_share, rules.penalty_share)
    desk.venue.set_settings(changed)
    desk.model.settings = Settings(key, *changed[1:])
    assert desk.settle(desk.batch(desk.cross()), sender=name) is DONE

"""pause(markets), and what a clamped price does

caller is not the guardian ............. AccessManagedUnauthorized
no market named, or not listed ......... Pause_MarketsMissing, Market_NotListed
before the rest is over ................ Pause_Resting
while a pause lasts .................... further markets, until the same second
otherwise .............................. the markets are held for a day
refresh: the pause is over ............. the market is no longer held
         the feed held the price back .. held until it does not
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.helpers.actors import Actor
from tests.helpers.amounts import PEOPLE
from tests.helpers.revm import reverts
from tests.helpers.twin import DONE, undoing
from tests.helpers.venue import GOVERNOR
from tests.onchain.settlement.desk import MARK, MARKS, OK, SIZES, Desk
from tests.onchain.settlement.test_held import HELD

DAY = 86_400
REST = 7 * DAY


def is_held(desk: Desk, market: int = 1) -> bool:
    return bool(desk.venue.index.call("marketOf", market)[4])


@given(who=PEOPLE)
@undoing
def test_pause__not_the_guardian__reverts(desk: Desk, who: Actor) -> None:
    with reverts("AccessManagedUnauthorized", who.address):
        desk.venue.index.transact("pause", [1], sender=who.address)


@undoing
def test_pause__no_market_or_not_listed__reverts(desk: Desk) -> None:
    with reverts("Pause_MarketsMissing"):
        desk.venue.index.transact("pause", [], sender=GOVERNOR)
    assert desk.pause(1, 3) == ("Market_NotListed", (3,))
    assert not is_held(desk)


@given(passed=st.one_of(st.integers(1, 2 * DAY), st.sampled_from([DAY - 1, DAY])), size=SIZES)
@undoing
def test_adm_6__a_pause__expires_by_itself(desk: Desk, passed: int, size: int) -> None:
    assert desk.pause(1) is DONE
    desk.pass_time(passed)
    desk.marks(*MARKS)
    assert is_held(desk) is (passed < DAY)
    assert desk.verdicts(desk.cross(size=size)) == [OK if passed >= DAY else HELD]


@given(passed=st.integers(0, DAY - 1))
@undoing
def test_adm_6__named_again_while_it_lasts__it_does_not_grow(desk: Desk, passed: int) -> None:
    end = desk.now + DAY
    assert desk.pause(1) is DONE
    desk.pass_time(passed)
    assert desk.pause(1, 2) is DONE
    assert desk.venue.index.call("pausedUntil") == end
    assert [desk.venue.index.call("interimOf", market)[5] for market in (1, 2)] == [end, end]
    desk.compare_storage()


@given(passed=st.one_of(st.integers(DAY, 9 * DAY), st.sampled_from([DAY + REST - 1, DAY + REST])))
@undoing
def test_adm_6__armed_again__waits_for_the_rest(desk: Desk, passed: int) -> None:
    rests_until = desk.now + DAY + REST
    assert desk.pause(1) is DONE
    desk.pass_time(passed)
    resting = ("Pause_Resting", (desk.now, rests_until))
    assert desk.pause(2) == (DONE if passed >= DAY + REST else resting)


@given(size=SIZES, amount=st.integers(1, 10**9))
@undoing
def test_adm_6__paused__exits_and_lowering_fills_go_on(desk: Desk, size: int, amount: int) -> None:
    desk.trade(size)
    assert desk.pause(1, 2) is DONE
    assert desk.verdicts(desk.cross(buyer=2, seller=1, size=size)) == [OK]
    assert desk.withdraw(1, amount) is DONE
    assert desk.withdraw(4, amount) is DONE


@pytest.mark.parametrize("up", [True, False])
@undoing
def test_ora_1__price_held_back_by_the_guard__may_not_be_traded_up(desk: Desk, up: bool) -> None:
    far = MARK * 3 // 2 if up else MARK // 2
    desk.pass_time(1)
    assert desk.refresh(1, far) is DONE
    mark = desk.model.markets[1].mark
    assert mark != far
    assert is_held(desk)
    assert desk.verdicts(desk.cross(size=1, price=mark)) == [HELD]
    desk.compare_storage()
    # Once the guard lets the whole way through, the market is open again.
    desk.pass_time(3_600)
    assert desk.refresh(1, mark + 1) is DONE
    assert not is_held(desk)
    assert desk.verdicts(desk.cross(size=1, price=mark)) == [OK]


@undoing
def test_refresh__nothing_newer__ends_a_pause_all_the_same(desk: Desk) -> None:
    assert desk.pause(1) is DONE
    desk.pass_time(DAY)
    desk.transact(desk.venue.index, "refresh", [1], sender=GOVERNOR)
    desk.model.refresh(1, MARK, desk.model.markets[1].time, desk.now)
    assert not is_held(desk)
    desk.compare()


@undoing
def test_ora_4__price_updated_twice_in_a_block__the_second_is_no_newer(desk: Desk) -> None:
    desk.pass_time(1)
    assert desk.refresh(1, MARK + 10) is DONE
    assert desk.refresh(1, MARK + 20) == ("Feed_ReportNotNewer", ())
    assert desk.model.markets[1].mark == MARK + 10

"""PositionLens: what a person asks is what the model answers, at any mark and time

accountOf, positionOf, openMarketsOf, orderStatus .. equal to the model's views
liquidation price .................................. at it unsafe, one tick towards the mark safe
account not registered ............................. zeros
"""

from hypothesis import given
from hypothesis import strategies as st

from tests.helpers.twin import undoing
from tests.onchain.settlement.desk import DEPOSIT, MARK, SIZES, UNIT, Desk


@given(size=SIZES, buys=st.booleans(), move=st.integers(-100, 100), wait=st.integers(0, 9_000))
@undoing
def test_views__any_position_mark_and_time__equal_the_models(
    desk: Desk, size: int, buys: bool, move: int, wait: int
) -> None:
    desk.trade(size if buys else -size)
    desk.trade(7, market=2)
    desk.pass_time(30)
    desk.marks(MARK + 100 * move, 300_000 - 10 * move)
    desk.pass_time(wait)
    desk.compare_views()


@given(size=st.integers(100, 1_000), buys=st.booleans())
@undoing
def test_position_of__liquidation_price__is_the_first_unsafe_tick(
    desk: Desk, size: int, buys: bool
) -> None:
    desk.trade(size if buys else -size)
    at, sign = desk.venue.lens.call("positionOf", 1, 1)[5], 1 if buys else -1
    quote = desk.model.accounts[1].positions[1].quote

    def excess(mark: int) -> int:
        margin = size * -(-mark * UNIT * 250 // 10_000)
        return DEPOSIT + quote + sign * size * mark * UNIT - margin

    if at:
        assert excess(at) < 0 <= excess(at + sign)
    else:
        assert excess(1) >= 0


@given(account=st.integers(5, 2**32 - 1))
@undoing
def test_account_of__not_registered__is_empty(desk: Desk, account: int) -> None:
    assert set(desk.venue.lens.call("accountOf", account)[2:]) == {0}
    assert desk.venue.lens.call("openMarketsOf", account) == ()
    assert desk.venue.lens.call("orderStatus", account, False, 1) == (0, 0)

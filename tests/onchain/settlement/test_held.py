"""A market that is held: the mark stays good for everything but raising exposure

a fill raises exposure ........... StalePrice, although the mark is fresh
a fill lowers exposure ........... settles
an account brings another market . it may not raise exposure there either
a withdrawal ..................... is judged at the mark, as ever
"""

from hypothesis import given
from hypothesis import strategies as st

from penstock.messages import Side, Verdict
from tests.helpers.twin import DONE, undoing
from tests.onchain.settlement.desk import OK, SIZES, Desk

HELD = (Verdict.STALE_PRICE, Side.MAKER)


def hold(desk: Desk, market: int = 1) -> None:
    """Have the guardian pause it; what the feed holds back is the same bit."""
    assert desk.pause(market) is DONE
    assert desk.venue.index.call("marketOf", market)[4] is True


@given(size=SIZES, buy=st.booleans())
@undoing
def test_settle__held_market__exposure_is_not_raised(desk: Desk, size: int, buy: bool) -> None:
    hold(desk)
    assert desk.verdicts(desk.cross(size=size if buy else -size)) == [HELD]


@given(size=SIZES, part=st.integers(1, 1_000))
@undoing
def test_settle__held_market__exposure_is_lowered(desk: Desk, size: int, part: int) -> None:
    desk.trade(size)
    hold(desk)
    closed = min(size, part)
    assert desk.verdicts(desk.cross(buyer=2, seller=1, size=closed)) == [OK]
    assert desk.verdicts(desk.cross(buyer=2, seller=1, size=2 * size)) == [HELD]
    assert desk.size(1) == size - closed


@given(size=SIZES)
@undoing
def test_settle__held_market_is_brought_along__holds_the_account(desk: Desk, size: int) -> None:
    desk.trade(size, market=2)
    hold(desk, 2)
    mark = desk.model.market(1).mark
    assert desk.verdicts(desk.cross(size=1, price=mark)) == [HELD]
    # Those who have nothing there trade on.
    assert desk.verdicts(desk.cross(buyer=3, seller=4, size=1, price=mark)) == [OK]


@given(size=SIZES, amount=st.integers(1, 10**10))
@undoing
def test_request_withdrawal__held_market__is_judged_at_the_mark(
    desk: Desk, size: int, amount: int
) -> None:
    desk.trade(size)
    with desk.undone():
        expected = desk.withdraw(1, amount)
    hold(desk)
    assert desk.withdraw(1, amount) == expected
    assert desk.withdraw(3, 1) is DONE
    desk.compare()

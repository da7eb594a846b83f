"""setMargins(market, initialBps, maintenanceBps), setFees(market, takerFee, makerFee)

caller is not the governor ........ AccessManagedUnauthorized
market not listed ................. Market_NotListed
out of their ranges ............... Market_MarginsInconsistent, Market_FeeTooHigh
a lower margin .................... acts at once
a higher one ...................... moves along a line within a day, at each refresh
a change on the way ............... a new way from where the margin stands
fees .............................. act at once
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.messages import Side, Verdict
from tests.helpers.actors import Actor
from tests.helpers.amounts import PEOPLE
from tests.helpers.revm import reverts
from tests.helpers.twin import DONE, undoing
from tests.helpers.venue import GOVERNOR
from tests.onchain.settlement.desk import MARK, OK, SIZES, Desk

DAY = 86_400
INITIAL, MAINTENANCE = 500, 250
MARGINS = st.integers(2, 10_000).flatmap(
    lambda initial: st.tuples(st.just(initial), st.integers(1, initial - 1))
)


def margins(desk: Desk, market: int = 1) -> tuple[int, int]:
    """Initial and maintenance margin that are in force."""
    seen = desk.venue.index.call("marketOf", market)
    return seen[6], seen[7]


@given(who=PEOPLE)
@undoing
def test_set_margins_and_fees__not_the_governor__reverts(desk: Desk, who: Actor) -> None:
    for function in ("setMargins", "setFees"):
        with reverts("AccessManagedUnauthorized", who.address):
            desk.venue.index.transact(function, 1, 500, 250, sender=who.address)


@given(market=st.integers(3, 2**16 - 1))
@undoing
def test_set_margins_and_fees__market_not_listed__reverts(desk: Desk, market: int) -> None:
    assert desk.set_margins(market, 500, 250) == ("Market_NotListed", (market,))
    assert desk.set_fees(market, 5, 2) == ("Market_NotListed", (market,))


@pytest.mark.parametrize("wrong", [(250, 250), (10_001, 250), (500, 0), (0, 0)])
def test_set_margins__inconsistent__reverts(desk: Desk, wrong: tuple[int, int]) -> None:
    with reverts("Market_MarginsInconsistent", *wrong):
        desk.venue.index.transact("setMargins", 1, *wrong, sender=GOVERNOR)


@pytest.mark.parametrize(("fees", "fee"), [((10_001, 0), 10_001), ((0, 10_002), 10_002)])
def test_set_fees__too_high__reverts(desk: Desk, fees: tuple[int, int], fee: int) -> None:
    with reverts("Market_FeeTooHigh", fee, 10_000):
        desk.venue.index.transact("setFees", 1, *fees, sender=GOVERNOR)


@given(taker=st.integers(0, 10_000), maker=st.integers(0, 10_000), size=SIZES)
@undoing
def test_set_fees__legal__the_next_fill_pays_them(
    desk: Desk, taker: int, maker: int, size: int
) -> None:
    assert desk.set_fees(1, taker, maker) is DONE
    desk.trade(size)
    desk.compare()


@given(to=MARGINS, passed=st.integers(1, 2 * DAY))
@undoing
def test_set_margins__up__moves_along_a_line__down__acts_at_once(
    desk: Desk, to: tuple[int, int], passed: int
) -> None:
    assert desk.set_margins(1, *to) is DONE
    assert margins(desk) == (min(INITIAL, to[0]), min(MAINTENANCE, to[1]))
    desk.pass_time(passed)
    assert desk.refresh(1, MARK) is DONE
    desk.compare()
    expected = tuple(
        end if end < start else start + (end - start) * min(passed, DAY) // DAY
        for start, end in ((INITIAL, to[0]), (MAINTENANCE, to[1]))
    )
    assert margins(desk) == expected
    assert expected[1] < expected[0]


@pytest.mark.parametrize(("passed", "seen"), [(DAY - 1, 999), (DAY, 1_000), (DAY + 1, 1_000)])
@undoing
def test_set_margins__at_the_end_of_the_way__is_exactly_there(
    desk: Desk, passed: int, seen: int
) -> None:
    assert desk.set_margins(1, 1_000, 250) is DONE
    desk.pass_time(passed)
    assert desk.refresh(1, MARK) is DONE
    assert margins(desk) == (seen, 250)


@given(first=MARGINS, second=MARGINS, passed=st.integers(1, DAY), later=st.integers(1, DAY))
@undoing
def test_set_margins__again_on_the_way__begins_where_the_margin_stands(
    desk: Desk, first: tuple[int, int], second: tuple[int, int], passed: int, later: int
) -> None:
    assert desk.set_margins(1, *first) is DONE
    desk.pass_time(passed)
    desk.marks(MARK)
    stood = margins(desk)
    assert desk.set_margins(1, *second) is DONE
    assert all(now <= before for now, before in zip(margins(desk), stood, strict=True))
    desk.pass_time(later)
    assert desk.accrue(1) is DONE
    desk.compare()
    assert desk.refresh(1, MARK) is DONE
    desk.compare()


@given(to=MARGINS, size=SIZES)
@undoing
def test_liq_11__margins_change__nobody_falls_below_them_in_that_block(
    desk: Desk, to: tuple[int, int], size: int
) -> None:
    desk.trade(size)
    before = desk.venue.lens.call("accountOf", 1)
    assert desk.set_margins(1, *to) is DONE
    # Whatever may be called in the same block changes nothing more.
    desk.venue.index.transact("refresh", [1, 2], sender=GOVERNOR)
    desk.venue.index.transact("accrue", 1, sender=GOVERNOR)
    after = desk.venue.lens.call("accountOf", 1)
    # Equity, then initial and maintenance margin.
    assert after[6] == before[6]
    assert after[7] <= before[7]
    assert after[8] <= before[8]


@undoing
def test_set_margins__a_raise_on_its_way__binds_fills_bit_by_bit(desk: Desk) -> None:
    assert desk.set_margins(1, 10_000, 250) is DONE
    # 2,000 lots would have been backed before the change; half of the way is 52.5 %.
    desk.pass_time(DAY // 2)
    desk.marks(MARK, MARK)
    assert margins(desk) == (5_250, 250)
    poor = (Verdict.BELOW_INITIAL_MARGIN, Side.MAKER)
    assert desk.verdicts(desk.cross(size=400)) == [poor]
    assert desk.verdicts(desk.cross(size=300)) == [OK]

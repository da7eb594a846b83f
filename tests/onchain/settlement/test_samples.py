"""What a batch samples of the premium: its ordinary fills, and nothing of its liquidations

liquidations alone ........ the sample before goes on counting; open interest and fees move on
both in one batch ......... the sample is that of the ordinary fills
nothing to be counted ..... a liquidation without fee, penalty or growth is settled all the same
"""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock import funding
from penstock.messages import Fill
from tests.helpers.trouble import fees
from tests.helpers.twin import undoing
from tests.helpers.venue import OPERATOR
from tests.onchain.settlement.desk import MARK, OK, Desk
from tests.onchain.settlement.test_liquidation_orders import LIQUIDATED, close, said, trouble

OFF = st.integers(-1_500, 1_500).filter(bool)


def sample(desk: Desk) -> int:
    """When it was taken, what it says, and what those before it came to, in one number."""
    return desk.word("activity", 1, 0) >> 136


def traded_off_the_mark(desk: Desk, off: int, size: int = 7) -> Fill:
    """A fill of two others, so many ticks above the mark."""
    return desk.cross(3, 4, size, price=desk.model.market(1).mark + off)


@given(
    off=OFF, sizes=st.lists(st.integers(1, 100), min_size=1, max_size=3), later=st.integers(0, 59)
)
@undoing
def test_sample__liquidations_alone__the_one_before_goes_on_counting(
    desk: Desk, off: int, sizes: list[int], later: int
) -> None:
    trouble(desk)
    assert desk.verdicts(traded_off_the_mark(desk, off)) == [OK]
    mark = desk.model.market(1).mark
    assert desk.model.market(1).sample.premium == funding.truncated(off * 10**9, mark)
    desk.pass_time(later)
    before, charged = sample(desk), fees(desk)
    fills = [close(desk, size, off, slot=i) for i, size in enumerate(sizes)]
    assert said(desk, *fills) == [LIQUIDATED] * len(sizes)
    assert sample(desk) == before
    assert fees(desk) > charged
    longs = sum(max(0, desk.size(account)) for account in (1, 2, 3, 4))
    assert desk.model.market(1).open_interest == longs
    desk.compare()


@given(off=OFF, away=st.integers(-1_500, 1_500), size=st.integers(1, 100), first=st.booleans())
@undoing
def test_sample__liquidation_and_ordinary_fill__is_that_of_the_ordinary_one(
    desk: Desk, off: int, away: int, size: int, first: bool
) -> None:
    trouble(desk)
    forced, free = close(desk, size, away), traded_off_the_mark(desk, off)
    pairs = ((forced, LIQUIDATED), (free, OK))[:: 1 if first else -1]
    fills, verdicts = zip(*pairs, strict=True)
    assert said(desk, *fills) == list(verdicts)
    seen = desk.model.market(1).sample
    mark = desk.model.market(1).mark
    assert seen.premium == funding.truncated(off * 10**9, mark)
    assert seen.sampled_at == desk.now == sample(desk) >> 88
    desk.compare()


@pytest.mark.parametrize("size", [1, 100])
@undoing
def test_sample__liquidation_without_fee_or_growth__is_settled_all_the_same(
    desk: Desk, size: int
) -> None:
    rules = replace(desk.model.settings, penalty_share=0)
    limits = (rules.open_after, rules.max_price_age, rules.band_bps, rules.max_markets)
    desk.venue.set_settings((OPERATOR.address, *limits, rules.discount_share, 0))
    desk.model.settings = rules
    desk.set_fees(1, 0, 0)
    trouble(desk)
    desk.pass_time(30)
    before = desk.word("activity", 1, 0)
    # Account 3 opens what account 1 closes.
    assert said(desk, close(desk, size)) == [LIQUIDATED]
    assert desk.word("activity", 1, 0) == before
    assert desk.word("tally", 0, 0) >> 200 & 2**32 - 1 == desk.now
    assert desk.model.market(1).mark < MARK
    desk.compare()

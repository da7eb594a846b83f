"""SEQ-6: an offer that follows another is taken by nodes, and never above the ceiling (pure)."""

from hypothesis import given
from hypothesis import strategies as st

from penstock.transactions import Fees

PRICES = st.integers(0, 10**15)


@given(st.data(), PRICES, PRICES)
def test_seq_6__offer_raised__replaces_the_one_before_or_stands_at_the_ceiling(
    data: st.DataObject, base: int, tip: int
) -> None:
    ceiling = data.draw(st.integers(1, 10**15))
    cap = data.draw(st.integers(1, ceiling))
    before = Fees(cap, data.draw(st.integers(0, cap)), ceiling=ceiling)
    after = before.raised(base, tip)
    assert before.cap <= after.cap <= ceiling
    assert after.tip <= after.cap
    if 10 * after.cap < 11 * before.cap:
        assert after.cap == ceiling
    else:
        # What geth asks of a replacement: more of both, and a tenth more.
        assert after.tip > before.tip
        assert 10 * after.tip >= 11 * before.tip


@given(PRICES, PRICES)
def test_raised__first_offer_above_the_ceiling__is_never_lowered(base: int, tip: int) -> None:
    assert Fees(cap=9, ceiling=5).raised(base, tip).cap == 9

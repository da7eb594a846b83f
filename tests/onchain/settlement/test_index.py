"""FundingIndex: listMarket, refresh, accrue, prepare and peek, views; where its words lie

listMarket: caller is not the governor .... AccessManagedUnauthorized
            unit, margins, fees, interval,
            terms out of their ranges ..... Market_…
            otherwise ..................... the next market, without a mark
refresh:    market not listed ............. Market_NotListed
            price not newer ............... nothing changes
            otherwise ..................... accrues at the old mark, then takes the new one
accrue:     nothing due ................... nothing changes
            first ended period was priced . charged once, however long ago
            it was not .................... skipped, nothing charged
            the index would not fit ....... skipped, and the market goes on
setMarket, beginPeriod of PerpPositions:
            not FundingIndex .............. Market_CallerNotIndex
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock import funding
from penstock.accounts import Listing
from penstock.limits import Limits
from tests.helpers.actors import Actor
from tests.helpers.amounts import PEOPLE
from tests.helpers.revm import reverts
from tests.helpers.twin import DONE, undoing
from tests.helpers.venue import GOVERNOR, STRANGER
from tests.onchain.settlement.desk import MARK, OK, SIZES, UNIT, Desk

GOOD = (100, 500, 250, 500, 200, 60, 100_000, 7_500_000, 500_000, 3_750_000, 1_000, 50_000)


def changed(place: int, value: int) -> tuple[object, ...]:
    """A good listing but for one number."""
    return nested((*GOOD[:place], value, *GOOD[place + 1 :]))


def nested(numbers: tuple[int, ...]) -> tuple[object, ...]:
    """A listing as the contract takes it, the terms of funding and the limits within."""
    return (*numbers[:5], numbers[5:10], numbers[10:])


@given(who=PEOPLE)
@undoing
def test_list_market__not_the_governor__reverts(desk: Desk, who: Actor) -> None:
    with reverts("AccessManagedUnauthorized", who.address):
        desk.venue.index.transact("listMarket", "SOL-PERP", nested(GOOD), sender=who.address)


@pytest.mark.parametrize(
    ("listing", "name", "values"),
    [
        (changed(0, 0), "Market_UnitOutOfRange", (0, 2**23 - 1)),
        (changed(0, 2**23), "Market_UnitOutOfRange", (2**23, 2**23 - 1)),
        (changed(1, 250), "Market_MarginsInconsistent", (250, 250)),
        (changed(1, 10_001), "Market_MarginsInconsistent", (10_001, 250)),
        (changed(2, 0), "Market_MarginsInconsistent", (500, 0)),
        (changed(3, 10_001), "Market_FeeTooHigh", (10_001, 10_000)),
        (changed(4, 10_001), "Market_FeeTooHigh", (10_001, 10_000)),
        (changed(5, 0), "Market_IntervalOutOfRange", (0,)),
        (changed(5, 1_441), "Market_IntervalOutOfRange", (1_441,)),
        (changed(6, 7_500_001), "Market_TermsOutOfRange", (7_500_001, 7_500_000, 500_000)),
        (changed(6, -7_500_001), "Market_TermsOutOfRange", (-7_500_001, 7_500_000, 500_000)),
        (changed(7, 50_000_001), "Market_TermsOutOfRange", (100_000, 50_000_001, 500_000)),
        (changed(8, 7_500_001), "Market_TermsOutOfRange", (100_000, 7_500_000, 7_500_001)),
        (changed(9, 15_000_001), "Market_StepOutOfRange", (15_000_001, 7_500_000)),
        (changed(9, 0), "Market_StepOutOfRange", (0, 7_500_000)),
        (changed(10, 50_001), "Market_LimitsInconsistent", (50_001, 50_000)),
        (changed(10, 0), "Bound_NotRepresentable", (0, 1_023)),
        (changed(10, 1_024), "Bound_NotRepresentable", (1_024, 1_023)),
        (changed(11, 81_910_000_001), "Bound_NotRepresentable", (81_910_000_001, 8_191)),
    ],
)
def test_list_market__out_of_range__reverts_with_the_values(
    desk: Desk, listing: tuple[object, ...], name: str, values: tuple[int, ...]
) -> None:
    with reverts(name, *values):
        desk.venue.index.transact("listMarket", "SOL-PERP", listing, sender=GOVERNOR)


@given(unit=st.integers(1, 2**23 - 1), interval=st.integers(1, 1_440))
@undoing
def test_list_market__good__is_the_next_without_a_mark(
    desk: Desk, unit: int, interval: int
) -> None:
    listing = (unit, *GOOD[1:5], interval, *GOOD[6:])
    desk.pass_time(1_234)
    number = desk.venue.index.transact("listMarket", "SOL-PERP", nested(listing), sender=GOVERNOR)
    terms, limits = funding.Terms(*GOOD[6:10]), Limits(*GOOD[10:])
    assert number == desk.model.list_market(Listing(*listing[:6], terms, limits), desk.now) == 3
    desk.compare()
    assert desk.venue.index.call("marketOf", 3)[:6] == (0, 0, 0, unit, False, 2**32)


@given(market=st.integers(0, 2**16 - 1).filter(lambda m: m not in (1, 2)))
@undoing
def test_refresh__market_not_listed__reverts(desk: Desk, market: int) -> None:
    with reverts("Market_NotListed", market):
        desk.venue.index.transact("refresh", [1, market], sender=STRANGER.address)
    for function in ("accrue", "prepare", "peek", "marketOf", "predictedRate"):
        with reverts("Market_NotListed", market):
            desk.venue.index.transact(function, market, sender=STRANGER.address)


@given(seconds=st.integers(1, 10_000), move=st.integers(-500, 500))
@undoing
def test_refresh__newer_price__accrues_at_the_old_mark_first(
    desk: Desk, seconds: int, move: int
) -> None:
    desk.pass_time(seconds)
    assert desk.refresh(1, MARK + move) is DONE
    names = [log.name for time, log in desk.logs if time == desk.now and log.name != "Beat"]
    expected = ["FundingAccrued"] if seconds >= 3_600 else []
    assert names == [*expected, "MarkUpdated"]
    desk.compare()
    assert desk.venue.index.transact("refresh", [1], sender=STRANGER.address) is None
    desk.compare()


@given(hours=st.integers(1, 1_000), size=SIZES, premium=st.integers(-2_000, 2_000))
@undoing
def test_accrue__any_time_later__charges_one_period_once(
    desk: Desk, hours: int, size: int, premium: int
) -> None:
    desk.trade(size, price=MARK + premium)
    desk.pass_time(3_600 * hours)
    assert desk.accrue(1) is DONE
    sample = premium * 10**9 // MARK if premium >= 0 else -(-premium * 10**9 // MARK)
    average = abs(sample) * 900 // 3_600 * (1 if sample >= 0 else -1)
    pulled = average + max(-500_000, min(500_000, 100_000 - average))
    rate = max(-7_500_000, min(7_500_000, pulled))
    move = abs(rate) * MARK * UNIT * 3_600 * 2**32 // (8 * 3_600 * 10**9)
    assert desk.model.markets[1].index == 2**32 + (move if rate >= 0 else -move)
    desk.compare()
    assert desk.accrue(1) is DONE
    desk.compare()


@given(first=st.integers(3_600, 10_000), second=st.integers(3_600, 10_000))
@undoing
def test_accrue__period_without_a_price__is_skipped(desk: Desk, first: int, second: int) -> None:
    desk.pass_time(first)
    assert desk.accrue(2) is DONE
    index = desk.model.markets[2].index
    desk.pass_time(second)
    assert desk.accrue(2) is DONE
    assert [log.name for _, log in desk.logs[-2:]] == ["FundingAccrued", "FundingSkipped"]
    assert desk.model.markets[2].index == index
    desk.compare()


@given(seconds=st.integers(0, 20_000))
@undoing
def test_peek__at_any_time__is_what_prepare_returns(desk: Desk, seconds: int) -> None:
    desk.pass_time(seconds)
    seen = desk.venue.index.call("peek", 1)
    assert desk.venue.index.transact("prepare", 1, sender=STRANGER.address) == seen
    assert desk.venue.lens.call("marketWord", 1) == seen


@given(who=PEOPLE, word=st.integers(0, 2**256 - 1))
@undoing
def test_set_market__not_the_index__reverts(desk: Desk, who: Actor, word: int) -> None:
    for function in ("setMarket", "beginPeriod"):
        with reverts("Market_CallerNotIndex", who.address, desk.venue.index.address):
            desk.venue.positions.transact(function, 1, word, sender=who.address)


@given(above=st.integers(0, 2**40), hours=st.integers(1, 3))
@undoing
def test_accrue__index_would_not_fit__skips_and_the_market_goes_on(
    desk: Desk, above: int, hours: int
) -> None:
    market, positions = desk.model.markets[1], desk.venue.positions.address
    held = desk.chain._storages()[positions]
    slot = next(key for key, word in held.items() if word == market.word)
    market.index = 2**71 - 1 - above
    desk.chain.evm.insert_account_storage(positions, slot, market.word)
    desk.pass_time(3_600 * hours)
    assert desk.accrue(1) is DONE
    fits = above >= funding.index_move(100_000, MARK, UNIT, 3_600)
    assert desk.logs[-1][1].name == ("FundingAccrued" if fits else "FundingSkipped")
    desk.marks(MARK)
    desk.compare()
    assert desk.verdicts(desk.cross()) == [OK]

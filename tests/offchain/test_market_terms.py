"""What governor, guardian and time do to a market in the model.

set_margins   down at once, up along a line within a day
set_terms     the running period ends on the old terms; the last rate is bound by the new cap
set_fees, set_limits   at once, but a smaller tier along a line
pause         holds markets for a day, and not again within a week after it
watch         an outage ends with a beat; its seconds count, each where it lies
words         every word that is not zero
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.accounts import RAMP
from penstock.funding import Terms
from penstock.funding_history import funding_rows
from penstock.limits import MOST_TIER, Limits
from penstock.markets import PAUSE, REST
from penstock.refusals import Refusal, Refused
from penstock.remote import Log
from penstock.views import watch_word, words
from penstock.watch import Watch
from tests.helpers.model import MARK, START, model_venue


@given(st.integers(0, 2 * RAMP))
def test_set_margins__up__is_a_line_of_a_day_and_down_is_at_once(passed: int) -> None:
    venue = model_venue()
    venue.set_margins(1, 1_000, 200, START)
    assert venue.market(1).listing.maintenance_bps == 200
    venue.refresh(1, MARK, START + passed, START + passed)
    expected = min(1_000, 500 + 500 * passed // RAMP)
    assert venue.market(1).listing.initial_bps == expected


def test_set_fees_and_set_limits__of_a_market__act_at_once() -> None:
    venue = model_venue()
    venue.set_fees(1, 7, 5)
    venue.set_limits(1, Limits(MOST_TIER, 2 * MOST_TIER), START)
    listing = venue.market(1).listing
    assert (listing.taker_fee, listing.maker_fee, listing.limits) == (
        7,
        5,
        Limits(MOST_TIER, 2 * MOST_TIER),
    )


@given(passed=st.integers(0, 2 * RAMP), tier=st.integers(1, 999))
def test_set_limits__a_smaller_tier__is_a_line_of_a_day(passed: int, tier: int) -> None:
    venue = model_venue()
    venue.set_limits(1, Limits(1_000, 1_000), START)
    venue.refresh(1, MARK, START + RAMP, START + RAMP)
    began = START + RAMP
    venue.set_limits(1, Limits(tier, 1_000), began)
    assert venue.market(1).listing.limits == Limits(1_000, 1_000)
    venue.refresh(1, MARK, began + passed + 1, began + passed + 1)
    left = max(0, RAMP - passed - 1)
    assert venue.market(1).listing.limits.tier == tier - -(1_000 - tier) * left // RAMP


def test_set_terms__in_a_period__ends_it_and_bounds_the_last_rate() -> None:
    venue = model_venue()
    venue.set_terms(1, 30, Terms(cap=50_000, damp=0, interest=0), START + 600)
    market = venue.market(1)
    assert (market.seconds, market.index) == (1_800, venue.seen(1, START + 600).index)
    # Ten minutes at the interest of 0.01 per cent; the new cap is half of that.
    assert market.sample.last_rate == 50_000
    assert market.due_at == START + 1_800


def test_predicted_rate__of_a_quiet_period__is_the_interest() -> None:
    assert model_venue().predicted_rate(1, START) == 100_000


def test_pause__of_a_market__lasts_a_day_and_rests_a_week() -> None:
    venue = model_venue(marks=(MARK, MARK))
    venue.pause([1], START)
    venue.pause([2], START + 5)
    assert [venue.market(m).open_until for m in (1, 2)] == [-1, -1]
    assert venue.paused_until == START + PAUSE
    with pytest.raises(Refused) as raised:
        venue.pause([1], START + PAUSE)
    values = (START + PAUSE, START + PAUSE + REST)
    assert (raised.value.refusal, raised.value.values) == (Refusal.RESTING, values)
    venue.pause([1], START + PAUSE + REST)
    assert venue.paused_until == START + 2 * PAUSE + REST


def test_register__without_a_key__is_refused() -> None:
    venue = model_venue()
    for deed in (lambda: venue.register(0), lambda: venue.set_signer(1, 0)):
        with pytest.raises(Refused) as raised:
            deed()
        assert raised.value.refusal is Refusal.SIGNER_ZERO
    with pytest.raises(Refused) as raised:
        venue.set_signer(0, 5)
    assert raised.value.refusal is Refusal.NOT_REGISTERED


def test_watch__an_outage__is_told_by_its_seconds_and_its_grace() -> None:
    watch = Watch(limit=600, grace=900, last=START)
    assert watch.beat(START + 600) == Watch(600, 900, START + 600)
    back = watch.beat(START + 661)
    assert (back.outage_start, back.outage_end, back.seconds_down) == (START, START + 661, 661)
    assert [back.is_calm(START + 661 + passed) for passed in (0, 899)] == [False, False]
    assert back.beat(START + 1_200).is_calm(START + 661 + 900)
    assert back.down_between(START, START + 661, START + 700) == 661
    assert back.down_between(START + 60, START + 600, START + 700) == 540
    beats = (back.last, back.outage_start, back.outage_end, back.seconds_down)
    assert watch_word(beats) == back.word


def test_words__of_a_venue__are_those_that_are_not_zero() -> None:
    venue = model_venue(accounts=1)
    found = words(venue)
    assert all(found.values())
    assert {("market", 1, 0), ("account", 1, 0), ("watch", 0, 0)} <= set(found)
    assert ("interim", 1, 0) not in found
    venue.set_margins(1, 600, 250, START)
    venue.pause([1], START)
    assert ("interim", 1, 0) in words(venue)


def test_funding_rows__of_some_events__are_the_charged_periods() -> None:
    charged = (1, START, START + 3_600, 3_600, 100_000, 5, 100_000, 2**32, MARK)
    other = (2, *charged[1:])
    events = [
        ("FundingAccrued", charged),
        ("FundingSkipped", (1, START)),
        ("FundingAccrued", other),
    ]
    logs = [Log(1, START, "0x", "0x", name, arguments) for name, arguments in events]
    assert [row.market for row in funding_rows(logs)] == [1, 2]
    (row,) = funding_rows(logs, market=1)
    assert (row.start, row.end, row.rate, row.mark) == (START, START + 3_600, 100_000, MARK)

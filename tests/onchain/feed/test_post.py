"""post(market, reports)

fewer reports than the quorum ........ Feed_QuorumMissed
a price is zero ...................... Feed_PriceZero
prices do not ascend ................. Feed_PricesNotAscending
a time is not above the last ......... Feed_ReportNotNewer
a time is in the future .............. Feed_ReportFromFuture
a time is older than maxAge .......... Feed_ReportTooOld
the signer is no publisher ........... Feed_SignerNotPublisher
a publisher reports twice ............ Feed_PublisherRepeated
otherwise ............................ the lower median at the oldest time, within the step
"""

from hypothesis import given
from hypothesis import strategies as st

from tests.helpers.actors import Actor, publishers, sign_report, sign_reports
from tests.helpers.revm import START, reverts
from tests.helpers.venue import PARAMETERS, STRANGER, Venue, isolated

PRICES = st.integers(1, 2**32 - 1)
MARKETS = st.integers(1, 2**16 - 1)
MAX_AGE, SPEED = PARAMETERS.max_report_age, PARAMETERS.max_speed_ppm
CARRIER = STRANGER.address


def latest(venue: Venue, market: int) -> tuple[int, int]:
    price, time, _ = venue.feed.call("latest", market)
    return price, time


@given(market=MARKETS, prices=st.lists(PRICES, min_size=3, max_size=5), ages=st.data())
@isolated
def test_post__first_price__is_the_lower_median_at_the_oldest_time(
    venue: Venue, market: int, prices: list[int], ages: st.DataObject
) -> None:
    each = st.integers(START - MAX_AGE, START)
    times = ages.draw(st.lists(each, min_size=len(prices), max_size=len(prices)))
    venue.post(market, prices, times)
    median = sorted(prices)[(len(prices) - 1) // 2]
    assert latest(venue, market) == (median, min(times))
    accepted = (market, median, min(times), median, False)
    assert [log.arguments for log in venue.chain.logs()] == [accepted]


@given(last=PRICES, median=PRICES, seconds=st.integers(1, 3_600))
@isolated
def test_post__later_price__moves_by_the_allowed_step_at_most(
    venue: Venue, last: int, median: int, seconds: int
) -> None:
    venue.post(1, [last] * 3, START)
    venue.chain.time += seconds
    venue.post(1, [median] * 3, START + seconds)
    step = max(1, last * SPEED * seconds // 10**6)
    price = min(max(median, last - step), last + step)
    assert venue.feed.call("latest", 1) == (price, START + seconds, price != median)
    accepted = (1, price, START + seconds, median, price != median)
    assert [log.arguments for log in venue.chain.logs()] == [accepted]


@given(count=st.integers(0, 2), price=PRICES)
@isolated
def test_post__fewer_than_the_quorum__reverts(venue: Venue, count: int, price: int) -> None:
    with reverts("Feed_QuorumMissed", count, 3):
        venue.post(1, [price] * count, START)


@given(prices=st.lists(PRICES, min_size=2, max_size=2))
@isolated
def test_post__price_is_zero__reverts(venue: Venue, prices: list[int]) -> None:
    with reverts("Feed_PriceZero", 0):
        venue.post(1, [0, *prices], START)


@given(prices=st.lists(PRICES, min_size=3, max_size=5, unique=True))
@isolated
def test_post__prices_descend__reverts(venue: Venue, prices: list[int]) -> None:
    reports = sign_reports(venue.domain, 1, prices, START)[::-1]
    with reverts("Feed_PricesNotAscending", 1, reports[1][0], reports[0][0]):
        venue.feed.transact("post", 1, reports, sender=CARRIER)


@given(price=PRICES, older=st.integers(0, MAX_AGE), place=st.integers(0, 2))
@isolated
def test_post__not_newer_than_the_last__reverts(
    venue: Venue, price: int, older: int, place: int
) -> None:
    venue.post(1, [price] * 3, START)
    venue.chain.time += 1
    times = [START + 1] * 3
    times[place] = START - older
    with reverts("Feed_ReportNotNewer", place, START - older, START):
        venue.post(1, [price] * 3, times)


@given(price=PRICES, ahead=st.integers(1, 10**6), place=st.integers(0, 2))
@isolated
def test_post__from_the_future__reverts(venue: Venue, price: int, ahead: int, place: int) -> None:
    times = [START] * 3
    times[place] += ahead
    with reverts("Feed_ReportFromFuture", place, START + ahead, START):
        venue.post(1, [price] * 3, times)


@given(price=PRICES, beyond=st.integers(1, 10**6), place=st.integers(0, 2))
@isolated
def test_post__older_than_allowed__reverts(
    venue: Venue, price: int, beyond: int, place: int
) -> None:
    times = [START] * 3
    times[place] -= MAX_AGE + beyond
    with reverts("Feed_ReportTooOld", place, times[place], START - MAX_AGE):
        venue.post(1, [price] * 3, times)


@given(price=PRICES, place=st.integers(0, 2))
@isolated
def test_post__signer_is_no_publisher__reverts(venue: Venue, price: int, place: int) -> None:
    mallory = Actor("mallory")
    reports = sign_reports(venue.domain, 1, [price] * 3, START)
    reports[place] = sign_report(venue.domain, mallory, 1, price, START)
    with reverts("Feed_SignerNotPublisher", place, mallory.address):
        venue.feed.transact("post", 1, reports, sender=CARRIER)


@given(price=PRICES, places=st.lists(st.integers(0, 2), min_size=2, max_size=2, unique=True))
@isolated
def test_post__publisher_repeats__reverts(venue: Venue, price: int, places: list[int]) -> None:
    reports = sign_reports(venue.domain, 1, [price] * 3, START)
    first, second = sorted(places)
    reports[second] = reports[first]
    with reverts("Feed_PublisherRepeated", second, publishers()[first].address):
        venue.feed.transact("post", 1, reports, sender=CARRIER)


@given(age=st.integers(0, 2 * MAX_AGE))
@isolated
def test_age_of__a_price_grows_old__is_fresh_until_the_bound(venue: Venue, age: int) -> None:
    assert venue.feed.call("ageOf", 1) == 2**256 - 1
    assert venue.feed.call("isFresh", 1) is False
    venue.post(1, [5] * 3, START)
    venue.chain.time += age
    assert venue.feed.call("ageOf", 1) == age
    assert venue.feed.call("isFresh", 1) is (age <= MAX_AGE)

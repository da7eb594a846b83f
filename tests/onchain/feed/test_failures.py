"""What went wrong in other venues, tried on the price feed."""

import pytest
from eth_account._utils.encode_typed_data.encoding_and_hashing import hash_domain
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.deploy import ZERO_ADDRESS
from tests.helpers.actors import Feed, Report, publishers, sign_report, sign_reports
from tests.helpers.revm import START, Revert, reverts
from tests.helpers.venue import STRANGER, Venue, isolated

PRICES = st.integers(1, 2**32 - 1)
CARRIER = STRANGER.address


def carry(venue: Venue, market: int, reports: list[Report]) -> None:
    venue.feed.transact("post", market, reports, sender=CARRIER)


# Few examples: each copies the whole chain.
@settings(max_examples=10)
@given(price=PRICES, chain_id=st.integers(1, 2**32))
@isolated
def test_sig_1__the_chain_forks_to_another_id__reports_do_not_follow(
    venue: Venue, price: int, chain_id: int
) -> None:
    reports = sign_reports(venue.domain, 1, [price] * 3, START)
    fork = venue.chain.fork(chain_id=chain_id)
    there = fork.at("PriceFeed", venue.feed.address)
    if chain_id == venue.chain.chain_id:
        return
    with pytest.raises(Revert, match="Feed_SignerNotPublisher"):
        there.transact("post", 1, reports, sender=CARRIER)
    signed_anew = sign_reports(Feed(chain_id, there.address), 1, [price] * 3, START)
    there.transact("post", 1, signed_anew, sender=CARRIER)


@isolated
def test_sig_4__domain_separator__equals_that_of_an_independent_encoder(venue: Venue) -> None:
    domain = {
        "name": "Penstock",
        "version": "1",
        "chainId": venue.chain.chain_id,
        "verifyingContract": venue.feed.address,
    }
    assert venue.feed.call("domainSeparator") == hash_domain(domain)


@given(r=st.binary(min_size=32, max_size=32), vs=st.binary(min_size=32, max_size=32))
@isolated
def test_sig_6__garbage_signature__is_nobodys(venue: Venue, r: bytes, vs: bytes) -> None:
    reports = [(5, START, r, vs), *sign_reports(venue.domain, 1, [5, 5], START)]
    with pytest.raises(Revert, match="Feed_SignerNotPublisher"):
        carry(venue, 1, reports)


@pytest.mark.parametrize("vs", [b"\0" * 32, b"\xff" * 32])
@isolated
def test_sig_6__signature_that_recovers_to_zero__is_nobodys(venue: Venue, vs: bytes) -> None:
    reports = [(5, START, b"\0" * 32, vs), *sign_reports(venue.domain, 1, [5, 5], START)]
    with reverts("Feed_SignerNotPublisher", 0, ZERO_ADDRESS):
        carry(venue, 1, reports)


@given(prices=st.lists(PRICES, min_size=3, max_size=5), later=st.integers(0, 60))
@isolated
def test_sig_12__reports_replayed__are_refused(venue: Venue, prices: list[int], later: int) -> None:
    reports = sign_reports(venue.domain, 1, prices, START)
    carry(venue, 1, reports)
    venue.chain.time += later
    with reverts("Feed_ReportNotNewer", 0, START, START):
        carry(venue, 1, reports)


@given(price=PRICES, market=st.integers(1, 2**16 - 1), other=st.integers(1, 2**16 - 1))
@isolated
def test_sig_12__reports_of_another_market__are_refused(
    venue: Venue, price: int, market: int, other: int
) -> None:
    reports = sign_reports(venue.domain, market, [price] * 3, START)
    if market == other:
        carry(venue, other, reports)
        return
    with pytest.raises(Revert, match="Feed_SignerNotPublisher"):
        carry(venue, other, reports)


@isolated
def test_sig_12__reports_for_another_contract_or_version__are_refused(venue: Venue) -> None:
    elsewhere = Feed(venue.chain.chain_id, venue.vault.address)
    older = Feed(venue.chain.chain_id, venue.feed.address, version="0")
    for domain in (elsewhere, older):
        with pytest.raises(Revert, match="Feed_SignerNotPublisher"):
            carry(venue, 1, sign_reports(domain, 1, [5] * 3, START))


@given(price=PRICES, other=PRICES, place=st.integers(0, 2), field=st.integers(0, 1))
@isolated
def test_sig_12__a_signed_field_is_altered__is_refused(
    venue: Venue, price: int, other: int, place: int, field: int
) -> None:
    reports = sign_reports(venue.domain, 1, [price] * 3, START)
    signed = reports[place]
    altered = (other, START, *signed[2:]) if field == 0 else (price, START - 1, *signed[2:])
    if altered == signed:
        return
    reports[place] = altered
    with pytest.raises(Revert, match=r"Feed_SignerNotPublisher|Feed_PricesNotAscending"):
        carry(venue, 1, reports)


@given(prices=st.lists(PRICES, min_size=3, max_size=3, unique=True))
@isolated
def test_sig_12__reports_out_of_order__are_refused(venue: Venue, prices: list[int]) -> None:
    reports = sign_reports(venue.domain, 1, prices, START)
    reports[1], reports[2] = reports[2], reports[1]
    with reverts("Feed_PricesNotAscending", 2, reports[2][0], reports[1][0]):
        carry(venue, 1, reports)


@given(honest=st.integers(1_000, 10**6), wild=PRICES)
@isolated
def test_ora_6__one_publisher_of_three_lies__the_median_stays_between_honest_prices(
    venue: Venue, honest: int, wild: int
) -> None:
    venue.post(1, [honest, honest + 10, wild], START)
    assert honest <= venue.feed.call("latest", 1)[0] <= honest + 10


@given(at=st.sampled_from([-1, 0]), offset=st.integers(0, 2))
@isolated
def test_ora_4__equal_or_older_time_in_a_newer_post__is_refused(
    venue: Venue, at: int, offset: int
) -> None:
    venue.post(1, [5] * 3, START)
    venue.chain.time += 10
    times = [START + 10] * 3
    times[offset] = START + at
    with reverts("Feed_ReportNotNewer", offset, START + at, START):
        venue.post(1, [5] * 3, times)


@isolated
def test_ora_4__half_of_a_post_is_used_again__needs_a_newer_quorum(venue: Venue) -> None:
    # The accepted time is the oldest, so a younger report of the same post may count once more,
    # but never without a quorum of reports that are all newer than the accepted price.
    first = [
        sign_report(venue.domain, publisher, 1, 5, START - 2 + place)
        for place, publisher in enumerate(publishers()[:3])
    ]
    carry(venue, 1, first)
    assert venue.feed.call("latest", 1) == (5, START - 2, False)
    with reverts("Feed_QuorumMissed", 2, 3):
        carry(venue, 1, first[1:])
    carry(venue, 1, [*first[1:], sign_report(venue.domain, publishers()[3], 1, 5, START)])
    assert venue.feed.call("latest", 1) == (5, START - 1, False)

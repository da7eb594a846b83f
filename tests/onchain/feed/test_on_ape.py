"""The price feed on ape's network: anvil, or ape's own chain."""

from typing import TYPE_CHECKING

import ape

from penstock.contracts import Handles
from tests.helpers.actors import Feed, sign_reports
from tests.helpers.venue import make_venue

if TYPE_CHECKING:
    from ape.api import AccountAPI
    from ape.managers.chain import ChainManager


def test_post__quorum__enters_and_becomes_the_mark_once(
    handles: Handles, chain: "ChainManager", carol: "AccountAPI"
) -> None:
    # Not `chain.chain_id`: with two providers connected that may be the other one's.
    domain = Feed(chain.provider.chain_id, handles.feed.address)
    time = chain.blocks.head.timestamp
    reports = sign_reports(domain, 1, (999_990, 1_000_000, 1_000_020), time)
    receipt = handles.feed.post(1, reports, sender=carol)
    accepted = receipt.events.filter(handles.feed.PriceAccepted)
    assert [(log.market, log.price, log.clamped) for log in accepted] == [(1, 1_000_000, False)]
    handles.index.refresh([1], sender=carol)
    assert handles.index.marketOf(1).mark == 1_000_000

    expected = {"index": 0, "time": time, "last": time}
    with ape.reverts(handles.feed.Feed_ReportNotNewer, error_inputs=expected):
        handles.feed.post(1, reports, sender=carol)


def test_post__gas__is_what_the_chain_in_the_process_measures(
    handles: Handles, chain: "ChainManager", carol: "AccountAPI"
) -> None:
    venue = make_venue()
    here = sign_reports(venue.domain, 1, (1_000_000,) * 3, venue.chain.time)
    measured = venue.feed.measure("post", 1, here, sender=str(carol.address).lower())
    there = Feed(chain.provider.chain_id, handles.feed.address)
    reports = sign_reports(there, 1, (1_000_000,) * 3, chain.blocks.head.timestamp)
    used = handles.feed.post(1, reports, sender=carol).gas_used
    # Signatures, times and addresses differ in how many of their bytes are zero.
    assert abs(used - measured) < 500

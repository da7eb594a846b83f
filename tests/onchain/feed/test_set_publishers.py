"""setPublishers(publishers, quorum)

caller is not the governor ............. AccessManagedUnauthorized
more publishers than the bound ......... Feed_PublishersTooMany
quorum below 3 or above their number ... Feed_QuorumOutOfBounds
quorum not more than half of them ...... Feed_QuorumNoMajority
a publisher is zero .................... Feed_PublisherZero
a publisher is named twice ............. Feed_PublisherDuplicate
otherwise .............................. they count from now on, the former ones no longer
"""

from hypothesis import given
from hypothesis import strategies as st

from penstock.deploy import ZERO_ADDRESS
from tests.helpers.actors import Actor, publishers
from tests.helpers.amounts import PEOPLE
from tests.helpers.revm import START, reverts
from tests.helpers.venue import GOVERNOR, Venue, isolated

CROWD = [f"0x{number:040x}" for number in range(1, 41)]


@given(who=PEOPLE)
@isolated
def test_set_publishers__caller_is_not_the_governor__reverts(venue: Venue, who: Actor) -> None:
    with reverts("AccessManagedUnauthorized", who.address):
        venue.feed.transact("setPublishers", CROWD[:3], 3, sender=who.address)


@given(count=st.integers(33, 40))
@isolated
def test_set_publishers__too_many__reverts(venue: Venue, count: int) -> None:
    with reverts("Feed_PublishersTooMany", count, 32):
        venue.feed.transact("setPublishers", CROWD[:count], 3, sender=GOVERNOR)


@given(count=st.integers(0, 32), quorum=st.integers(0, 255))
@isolated
def test_set_publishers__quorum__is_three_to_all_and_more_than_half(
    venue: Venue, count: int, quorum: int
) -> None:
    if 3 <= quorum <= count < 2 * quorum:
        venue.feed.transact("setPublishers", CROWD[:count], quorum, sender=GOVERNOR)
        changed = (tuple(CROWD[:count]), quorum)
        assert [log.arguments for log in venue.chain.logs()] == [changed]
        assert venue.feed.call("quorum") == quorum
        assert list(venue.feed.call("publishers")) == CROWD[:count]
        return
    bounded = 3 <= quorum <= count
    name = "Feed_QuorumNoMajority" if bounded else "Feed_QuorumOutOfBounds"
    with reverts(name, quorum, *([count] if bounded else [3, count])):
        venue.feed.transact("setPublishers", CROWD[:count], quorum, sender=GOVERNOR)


@given(place=st.integers(0, 4))
@isolated
def test_set_publishers__one_is_zero__reverts(venue: Venue, place: int) -> None:
    crowd = CROWD[:5]
    crowd[place] = ZERO_ADDRESS
    with reverts("Feed_PublisherZero", place):
        venue.feed.transact("setPublishers", crowd, 3, sender=GOVERNOR)


@given(places=st.lists(st.integers(0, 4), min_size=2, max_size=2, unique=True))
@isolated
def test_set_publishers__one_is_named_twice__reverts(venue: Venue, places: list[int]) -> None:
    crowd, (first, second) = CROWD[:5], sorted(places)
    crowd[second] = crowd[first]
    with reverts("Feed_PublisherDuplicate", second, crowd[first]):
        venue.feed.transact("setPublishers", crowd, 3, sender=GOVERNOR)


@isolated
def test_set_publishers__replaced__former_ones_no_longer_count(venue: Venue) -> None:
    venue.feed.transact("setPublishers", CROWD[:3], 3, sender=GOVERNOR)
    assert all(venue.feed.call("isPublisher", who) for who in CROWD[:3])
    assert not any(venue.feed.call("isPublisher", who.address) for who in publishers())
    with reverts("Feed_SignerNotPublisher", 0, publishers()[0].address):
        venue.post(1, [5] * 3, START)

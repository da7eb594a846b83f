"""addPublisher(publisher), removePublisher(publisher)

caller is not the governor .................. AccessManagedUnauthorized
add: there is no room ....................... Feed_PublishersTooMany
     the quorum would not be more than half . Feed_QuorumNoMajority
     zero, or a publisher already ........... Feed_PublisherZero, Feed_PublisherDuplicate
remove: no publisher ........................ Feed_NotPublisher
        fewer than the quorum would stay .... Feed_QuorumUnreachable
otherwise ................................... it counts, or no longer; the others as before
"""

from hypothesis import given
from hypothesis import strategies as st

from penstock.deploy import ZERO_ADDRESS
from tests.helpers.actors import Actor, publishers, sign_report
from tests.helpers.amounts import PEOPLE
from tests.helpers.revm import START, reverts
from tests.helpers.venue import GOVERNOR, STRANGER, Venue, isolated

CROWD = [f"0x{number:040x}" for number in range(1, 33)]
NAMES = [publisher.address for publisher in publishers()]


def govern(venue: Venue, function: str, who: str) -> None:
    venue.feed.transact(function, who, sender=GOVERNOR)


@given(who=PEOPLE)
@isolated
def test_publishers__caller_is_not_the_governor__reverts(venue: Venue, who: Actor) -> None:
    for function in ("addPublisher", "removePublisher"):
        with reverts("AccessManagedUnauthorized", who.address):
            venue.feed.transact(function, CROWD[0], sender=who.address)


@isolated
def test_add_publisher__no_room__reverts(venue: Venue) -> None:
    venue.feed.transact("setPublishers", CROWD, 17, sender=GOVERNOR)
    with reverts("Feed_PublishersTooMany", 33, 32):
        govern(venue, "addPublisher", NAMES[0])


@given(quorum=st.integers(3, 16))
@isolated
def test_add_publisher__half_of_them_would_do__reverts(venue: Venue, quorum: int) -> None:
    count = 2 * quorum - 1
    venue.feed.transact("setPublishers", CROWD[:count], quorum, sender=GOVERNOR)
    with reverts("Feed_QuorumNoMajority", quorum, count + 1):
        govern(venue, "addPublisher", NAMES[0])


@isolated
def test_add_publisher__zero_or_there_already__reverts(venue: Venue) -> None:
    venue.feed.transact("setPublishers", CROWD[:4], 3, sender=GOVERNOR)
    with reverts("Feed_PublisherZero", 4):
        govern(venue, "addPublisher", ZERO_ADDRESS)
    with reverts("Feed_PublisherDuplicate", 4, CROWD[2]):
        govern(venue, "addPublisher", CROWD[2])


@given(price=st.integers(1, 2**32 - 1))
@isolated
def test_add_publisher__legal__its_reports_count(venue: Venue, price: int) -> None:
    venue.feed.transact("setPublishers", NAMES[:3], 3, sender=GOVERNOR)
    govern(venue, "addPublisher", NAMES[4])
    assert [(log.name, log.arguments) for log in venue.chain.logs()] == [
        ("PublisherAdded", (NAMES[4],))
    ]
    signers = (*publishers()[:2], publishers()[4])
    reports = [sign_report(venue.domain, who, 1, price, START) for who in signers]
    venue.feed.transact("post", 1, reports, sender=STRANGER.address)
    assert list(venue.feed.call("publishers")) == [*NAMES[:3], NAMES[4]]


@given(who=PEOPLE)
@isolated
def test_remove_publisher__no_publisher__reverts(venue: Venue, who: Actor) -> None:
    with reverts("Feed_NotPublisher", who.address):
        govern(venue, "removePublisher", who.address)


@given(order=st.permutations(range(5)))
@isolated
def test_ora_6__publishers_leave_one_by_one__the_quorum_stays_reachable(
    venue: Venue, order: list[int]
) -> None:
    for place in order[:2]:
        govern(venue, "removePublisher", NAMES[place])
        assert not venue.feed.call("isPublisher", NAMES[place])
    with reverts("Feed_QuorumUnreachable", 3, 2):
        govern(venue, "removePublisher", NAMES[order[2]])
    left = {NAMES[place] for place in order[2:]}
    assert set(venue.feed.call("publishers")) == left
    signers = [publisher for publisher in publishers() if publisher.address in left]
    reports = [sign_report(venue.domain, who, 1, 5, START) for who in signers]
    with reverts("Feed_QuorumMissed", 2, 3):
        venue.feed.transact("post", 1, reports[:2], sender=STRANGER.address)
    venue.feed.transact("post", 1, reports, sender=STRANGER.address)


@given(order=st.permutations(range(5)))
@isolated
def test_publishers__removed_and_added_again__each_has_one_place(
    venue: Venue, order: list[int]
) -> None:
    for place in order:
        govern(venue, "removePublisher", NAMES[place])
        govern(venue, "addPublisher", NAMES[place])
    assert set(venue.feed.call("publishers")) == set(NAMES)
    venue.post(1, [5] * 5, START)
    repeated = [sign_report(venue.domain, publishers()[0], 2, 5, START)] * 2
    other = sign_report(venue.domain, publishers()[1], 2, 5, START)
    with reverts("Feed_PublisherRepeated", 1, NAMES[0]):
        venue.feed.transact("post", 2, [*repeated, other], sender=STRANGER.address)

"""A venue with two funded accounts: 1 is Alice's, 2 is Bob's."""

import pytest

from tests.helpers.actors import Actor
from tests.helpers.venue import Venue, make_venue

FUNDS = 10**12


@pytest.fixture(scope="package")
def inhabited() -> Venue:
    """Deployed once; tests undo what they do."""
    venue = make_venue()
    for number, name in enumerate(("alice", "bob"), 1):
        who = Actor(name).address
        venue.positions.transact("register", who, sender=who)
        venue.mint(who, FUNDS)
        venue.positions.transact("deposit", number, FUNDS, sender=who)
    return venue

"""setGuards(maxAge, maxSpeedPpm)

caller is not the governor ...... AccessManagedUnauthorized
max age is zero or too high ..... Feed_MaxAgeOutOfBounds
max speed is zero or too high ... Feed_MaxSpeedOutOfBounds
otherwise ....................... they bound every report from now on
"""

from hypothesis import given
from hypothesis import strategies as st

from penstock.deploy import MAX_REPORT_AGE, MAX_SPEED_PPM
from tests.helpers.actors import Actor
from tests.helpers.amounts import PEOPLE
from tests.helpers.revm import reverts
from tests.helpers.venue import GOVERNOR, Venue, isolated


def outside(top: int) -> st.SearchStrategy[int]:
    return st.one_of(st.just(0), st.integers(top + 1, 2**32 - 1))


@given(who=PEOPLE)
@isolated
def test_set_guards__caller_is_not_the_governor__reverts(venue: Venue, who: Actor) -> None:
    with reverts("AccessManagedUnauthorized", who.address):
        venue.feed.transact("setGuards", 60, 1_000, sender=who.address)


@given(age=outside(MAX_REPORT_AGE))
@isolated
def test_set_guards__age_outside_the_bounds__reverts(venue: Venue, age: int) -> None:
    with reverts("Feed_MaxAgeOutOfBounds", age, MAX_REPORT_AGE):
        venue.feed.transact("setGuards", age, 1_000, sender=GOVERNOR)


@given(speed=outside(MAX_SPEED_PPM))
@isolated
def test_set_guards__speed_outside_the_bounds__reverts(venue: Venue, speed: int) -> None:
    with reverts("Feed_MaxSpeedOutOfBounds", speed, MAX_SPEED_PPM):
        venue.feed.transact("setGuards", 60, speed, sender=GOVERNOR)


@given(age=st.integers(1, MAX_REPORT_AGE), speed=st.integers(1, MAX_SPEED_PPM))
@isolated
def test_set_guards__within_the_bounds__changes_them(venue: Venue, age: int, speed: int) -> None:
    venue.feed.transact("setGuards", age, speed, sender=GOVERNOR)
    assert [log.arguments for log in venue.chain.logs()] == [(age, speed)]
    assert (venue.feed.call("maxAge"), venue.feed.call("maxSpeedPpm")) == (age, speed)

"""isCalm()

the last beat is older than the limit ..... no, although nobody has said so yet
within the grace after an outage .......... no
the uptime feed is down, or just came up .. no
the uptime feed misbehaves ................ no, whatever it does
otherwise ................................. yes
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.helpers.revm import START
from tests.helpers.venue import STRANGER
from tests.onchain.watch.post import GRACE, LIMIT, Post, make_post

FAULTS = range(1, 5)


@pytest.fixture(scope="module")
def fed() -> Post:
    return make_post(feed=True)


@given(gap=st.integers(0, 3 * LIMIT))
def test_is_calm__nobody_beats__until_the_limit(gap: int) -> None:
    post = make_post()
    post.pass_time(gap)
    assert post.is_calm() is (gap <= LIMIT)


@given(gap=st.integers(LIMIT + 1, 10**6), after=st.integers(0, 2 * GRACE))
def test_is_calm__after_an_outage__once_the_grace_is_over(gap: int, after: int) -> None:
    post = make_post()
    post.pass_time(gap)
    post.beat()
    for _ in range(3):
        post.pass_time(after // 3)
        post.beat()
    assert post.is_calm() is (3 * (after // 3) >= GRACE)


def test_ora_3__chain_came_back_and_nobody_beat__is_not_calm() -> None:
    post = make_post()
    post.pass_time(86_400)
    assert post.is_calm() is False
    assert post.watch.call("graceEndsAt") == post.chain.time + GRACE


def test_ora_3__up_for_less_than_the_grace__is_not_calm() -> None:
    post = make_post()
    post.pass_time(86_400)
    post.beat()
    for second, calm in ((GRACE - LIMIT, False), (LIMIT - 1, False), (1, True)):
        post.pass_time(second)
        assert post.is_calm() is calm
        post.beat()


@given(answer=st.integers(-(2**255), 2**255 - 1), started=st.integers(0, 2**256 - 1))
def test_is_calm__uptime_feed__must_say_up_for_the_time_of_grace(
    fed: Post, answer: int, started: int
) -> None:
    with fed.chain.undone():
        fed.set_round(answer, started)
        assert fed.is_calm() is (answer == 0 and 0 < started <= START - GRACE)


@given(ago=st.integers(0, 2 * GRACE), up=st.booleans())
def test_ora_3__uptime_feed_changed_lately__is_not_calm(fed: Post, ago: int, up: bool) -> None:
    with fed.chain.undone():
        fed.set_round(0 if up else 1, START - ago)
        assert fed.is_calm() is (up and ago >= GRACE)


def test_ora_3__uptime_feed_never_started__is_not_calm(fed: Post) -> None:
    with fed.chain.undone():
        fed.set_round(0, 0)
        assert fed.is_calm() is False


@pytest.mark.parametrize("fault", FAULTS)
def test_ora_10__uptime_feed_misbehaves__is_not_calm(fed: Post, fault: int) -> None:
    assert fed.feed is not None
    with fed.chain.undone():
        fed.feed.transact("setFault", fault, sender=STRANGER.address)
        assert fed.is_calm() is False
        # Nobody's beat depends on the feed.
        fed.pass_time(1)
        fed.watch.transact("beat", sender=STRANGER.address)


def test_ora_10__uptime_feed_has_no_code__is_not_calm() -> None:
    chain = make_post().chain
    place = chain.create("SequencerWatch", LIMIT, GRACE, STRANGER.address)
    assert chain.at("SequencerWatch", place).call("isCalm") is False

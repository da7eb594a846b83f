"""beat(), and what it leaves

limit or grace out of bounds ........ Watch_LimitOutOfBounds, Watch_GraceOutOfBounds
again within the second ............. nothing changes
the gap is the limit or shorter ..... alive, no outage
the gap is longer ................... an outage from the beat before it until now, and grace
downBetween(start, end) ............. the seconds of every outage that lie within, and no others
"""

from itertools import accumulate, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.deploy import ZERO_ADDRESS
from tests.helpers.revm import RevmChain, reverts
from tests.helpers.venue import STRANGER
from tests.onchain.watch.post import GRACE, LIMIT, Post, make_post

GAPS = st.lists(
    st.one_of(st.integers(0, 2 * LIMIT), st.sampled_from([LIMIT, LIMIT + 1, 86_400, 10**8])),
    min_size=1,
    max_size=12,
)
CALMER = 86_400


@pytest.fixture(scope="module")
def post() -> Post:
    return make_post()


@pytest.mark.parametrize("limit", [0, 59, 86_401, 2**32 - 1])
def test_constructor__limit_out_of_bounds__reverts(limit: int) -> None:
    with reverts("Watch_LimitOutOfBounds", limit, 60, 86_400):
        RevmChain().create("SequencerWatch", limit, GRACE, ZERO_ADDRESS)


@pytest.mark.parametrize("grace", [0, 59, 86_401, 2**32 - 1])
def test_constructor__grace_out_of_bounds__reverts(grace: int) -> None:
    with reverts("Watch_GraceOutOfBounds", grace, 60, 86_400):
        RevmChain().create("SequencerWatch", LIMIT, grace, ZERO_ADDRESS)


@given(limit=st.integers(60, 86_400), grace=st.integers(60, 86_400))
def test_constructor__within_the_bounds__begins_with_a_beat(limit: int, grace: int) -> None:
    post = make_post(limit, grace)
    assert (post.watch.call("LIMIT"), post.watch.call("GRACE")) == (limit, grace)
    assert post.watch.call("beats") == (post.chain.time, 0, 0, 0)
    assert (post.watch.call("graceEndsAt"), post.watch.call("downSeconds")) == (0, 0)


@given(gaps=GAPS, ahead=st.integers(0, 2 * LIMIT))
def test_beat__any_gaps__is_what_the_model_remembers(gaps: list[int], ahead: int) -> None:
    post = make_post()
    for gap in gaps:
        post.pass_time(gap)
        post.beat()
    post.pass_time(ahead)
    now = post.chain.time
    assert post.watch.call("graceEndsAt") == post.model.grace_ends_at(now)
    assert post.is_calm() == post.model.is_calm(now)
    times = [0, *accumulate(gaps, initial=now - sum(gaps) - ahead), now - 1, now, now + 1]
    for start, end in product(times, times[::-1]):
        down = post.model.down_between(start, end, now)
        assert post.watch.call("downBetween", start, end) == down
    assert post.watch.call("downSeconds") == post.model.beat(now).seconds_down


def test_beat__twice_in_a_second__says_it_once(post: Post) -> None:
    with post.chain.undone():
        post.pass_time(1)
        post.watch.transact("beat", sender=STRANGER.address)
        assert [log.name for log in post.chain.logs()] == ["Beat"]
        post.watch.transact("beat", sender=STRANGER.address)
        assert post.chain.logs() == []


@given(gap=st.integers(LIMIT + 1, 10**7))
def test_beat__after_an_outage__says_from_when_to_when_and_how_long(gap: int) -> None:
    post = make_post()
    start = post.chain.time
    post.pass_time(gap)
    post.watch.transact("beat", sender=STRANGER.address)
    names = [(log.name, log.arguments) for log in post.chain.logs()]
    assert names == [("Beat", ()), ("OutageEnded", (start, start + gap))]


@given(first=st.integers(LIMIT + 1, CALMER), second=st.integers(LIMIT + 1, CALMER))
def test_down_seconds__two_outages__adds_them(first: int, second: int) -> None:
    post = make_post()
    for gap in (first, 1, second):
        post.pass_time(gap)
        post.beat()
    assert post.watch.call("downSeconds") == first + second


@given(
    gaps=st.lists(st.integers(1, 3 * LIMIT), min_size=1, max_size=40),
    asked=st.lists(st.tuples(st.integers(-99, 40 * LIMIT), st.integers(0, 40 * LIMIT)), max_size=9),
)
def test_down_between__any_outages__counts_their_seconds_one_by_one(
    gaps: list[int], asked: list[tuple[int, int]]
) -> None:
    post = make_post()
    first, down = post.chain.time, []
    for gap in gaps:
        if gap > LIMIT:
            down.append(range(post.chain.time, post.chain.time + gap))
        post.pass_time(gap)
        post.beat()
    for start, length in asked:
        wanted = range(first + start, first + start + length)
        within = [
            max(0, min(outage.stop, wanted.stop) - max(outage.start, wanted.start))
            for outage in down
        ]
        assert post.watch.call("downBetween", wanted.start, wanted.stop) == sum(within)

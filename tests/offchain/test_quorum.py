"""Which reports make a price.

choose
├── any reports             a quorum of different publishers, in order, within the window
├── too few                 none
├── of strangers            do not count
├── two of one publisher    the newer one
└── one that lags           only where a quorum needs it
"""

from hypothesis import given
from hypothesis import strategies as st

from penstock.messages import Report, SignedReport
from penstock.quorum import Seen, Window, choose, median

NOW = 1_000
WINDOW = Window(last=900, now=NOW, max_age=60, quorum=3)
PUBLISHERS = [bytes([number]) * 20 for number in range(1, 6)]
STRANGER = b"\xff" * 20


def seen(number: int, price: int, time: int = NOW) -> Seen:
    """A report of publisher `number`, from 0."""
    return Seen(PUBLISHERS[number], SignedReport(Report(1, price, time), bytes(64)))


def prices(*reports: Seen, slack: int = 10) -> list[int]:
    return [signed.report.price for signed in choose(reports, PUBLISHERS, WINDOW, slack)]


anything = st.builds(
    lambda publisher, price, time: Seen(publisher, SignedReport(Report(1, price, time), bytes(64))),
    st.sampled_from([*PUBLISHERS, STRANGER]),
    st.integers(0, 2**32 - 1),
    st.integers(NOW - 120, NOW + 5),
)


@given(st.lists(anything, max_size=20), st.integers(0, 60))
def test_choose__any_reports__the_feed_would_take_them(reports: list[Seen], slack: int) -> None:
    chosen = choose(reports, PUBLISHERS, WINDOW, slack)
    assert not chosen or len(chosen) >= WINDOW.quorum
    signers = {id(one.signed): one.publisher for one in reports}
    assert len({signers[id(signed)] for signed in chosen}) == len(chosen)
    assert STRANGER not in {signers[id(signed)] for signed in chosen}
    told = [signed.report for signed in chosen]
    assert told == sorted(told, key=lambda report: report.price)
    assert all(report.price > 0 and 940 <= report.time <= NOW for report in told)


def test_choose__too_few__none() -> None:
    assert prices(seen(0, 5), seen(1, 6)) == []
    assert prices(seen(0, 5), seen(1, 6), seen(1, 7)) == []


def test_choose__at_the_edges_of_the_window__counts() -> None:
    old = WINDOW._replace(last=939)
    reports = [seen(0, 5, 940), seen(1, 6, 940), seen(2, 7, NOW)]
    assert len(choose(reports, PUBLISHERS, old, 0)) == 3
    assert choose(reports, PUBLISHERS, old._replace(last=940), 0) == []


def test_choose__two_of_one_publisher__the_newer_counts() -> None:
    assert prices(seen(0, 9, 990), seen(0, 8, 991), seen(1, 5), seen(2, 6)) == [5, 6, 8]


def test_choose__one_that_lags__counts_where_it_is_needed() -> None:
    lagging = seen(3, 9, NOW - 30)
    assert prices(seen(0, 5), seen(1, 6), seen(2, 7), lagging) == [5, 6, 7]
    assert prices(seen(0, 5), seen(1, 6), lagging) == [5, 6, 9]


def test_median__of_four__is_the_lower_middle() -> None:
    four = choose([seen(n, 5 + n) for n in range(4)], PUBLISHERS, WINDOW, 0)
    assert median(four) == 6

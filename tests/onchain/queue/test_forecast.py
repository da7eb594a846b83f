"""aheadOf(id), leftOf(id), etaOf(id), eta(amount), obstacleOf(id)

not in line ................. 0, except leftOf of what is aside
before asking and after ..... the same second
whoever releases when ....... paid in full at the second that was told, if somebody releases then
the line grows .............. what was told stays
"""

from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.outflow import Outflow
from penstock.queue import Obstacle, Queue
from tests.helpers.actors import Actor
from tests.helpers.venue import HATCH, Custody, isolated, make_custody

ALICE, BOB = Actor("alice").address, Actor("bob").address
PAID = 3
FLOOR, DAY = 10**10, 86_400
TERMS = (FLOOR, 1_000, DAY)
SIZES = st.one_of(st.integers(1, FLOOR), st.integers(1, 8 * FLOOR))
LINES = st.lists(SIZES, min_size=1, max_size=6)
PAUSES = st.lists(st.integers(0, DAY), max_size=5)


@pytest.fixture(scope="module")
def narrow() -> Custody:
    """Vault and queue whose bucket holds the least that it may."""
    return make_custody(terms=TERMS)


class Both(NamedTuple):
    """The contracts and the model, told the same."""

    custody: Custody
    model: Queue

    @classmethod
    def begin(cls, custody: Custody, funds: int) -> "Both":
        custody.fund(funds)
        return cls(custody, Queue(Outflow(*TERMS), 300, funds))

    @property
    def now(self) -> int:
        return self.custody.chain.time

    def push(self, amount: int) -> int:
        number = self.custody.owe(ALICE, amount)
        assert self.model.push(1, int(ALICE, 16), amount, self.now) == number
        return number

    def release(self, count: int = 10) -> None:
        paid = sum(p.amount for p in self.model.release(count, self.now) if p.went)
        assert self.custody.release(count) == paid

    def check(self) -> None:
        """Every view says what the model says."""
        queue, model = self.custody.queue, self.model
        for number in range(model.tail + 1):
            assert queue.call("ticket", number)[4] == model.status_of(number, self.now)
            assert tuple(queue.call("aheadOf", number)) == model.ahead_of(number)
            assert queue.call("leftOf", number) == model.left_of(number)
            assert queue.call("etaOf", number) == model.eta_of(number, self.now)
            assert queue.call("obstacleOf", number) == model.obstacle_of(number, self.now)
        for amount in (1, FLOOR, 7 * FLOOR):
            assert queue.call("eta", amount) == model.eta(amount, self.now)
        assert queue.call("owed") == model.owed


@given(amounts=LINES, funds=st.integers(10 * FLOOR, 200 * FLOOR), pauses=PAUSES)
@isolated
def test_forecast__any_line_and_times__says_what_the_model_says(
    narrow: Custody, amounts: list[int], funds: int, pauses: list[int]
) -> None:
    both = Both.begin(narrow, funds)
    for amount in amounts:
        both.push(amount)
    both.check()
    for pause in pauses:
        narrow.chain.time += pause
        both.check()
        both.release(2)
        both.check()


@given(amounts=LINES, funds=st.integers(50 * FLOOR, 90 * FLOOR))
@isolated
def test_eta__before_asking__is_what_the_ticket_is_told(
    narrow: Custody, amounts: list[int], funds: int
) -> None:
    narrow.fund(funds)
    for amount in amounts:
        told = narrow.queue.call("eta", amount)
        assert narrow.queue.call("etaOf", narrow.owe(ALICE, amount)) == told


@given(
    amounts=LINES,
    behind=st.lists(SIZES, max_size=3),
    funds=st.integers(50 * FLOOR, 90 * FLOOR),
    pauses=PAUSES,
    watched=st.integers(0, 5),
)
@isolated
def test_wdq_7__eta_once_told__is_kept_whoever_releases_when_and_whoever_comes_behind(
    narrow: Custody,
    amounts: list[int],
    behind: list[int],
    funds: int,
    pauses: list[int],
    watched: int,
) -> None:
    narrow.fund(funds)
    tickets = [narrow.owe(BOB, amount) for amount in amounts]
    mine = tickets[watched % len(tickets)]
    told = narrow.queue.call("etaOf", mine)
    for amount in behind:
        narrow.owe(ALICE, amount)
    for pause in pauses:
        if narrow.chain.time + pause < told:
            narrow.chain.time += pause
            narrow.release(1)
            assert narrow.queue.call("etaOf", mine) <= told
    narrow.chain.time = told
    assert narrow.queue.call("ticket", mine)[4] == PAID or (
        narrow.queue.call("obstacleOf", mine) == Obstacle.NONE
    )
    narrow.release()
    assert narrow.queue.call("ticket", mine)[4] == PAID


@given(amount=st.integers(2 * FLOOR, 40 * FLOOR))
@isolated
def test_eta__nothing_ahead_and_nothing_else_in_the_vault__is_the_second_exactly(
    narrow: Custody, amount: int
) -> None:
    # With the whole vault in line the promise counts on the floor alone.
    narrow.fund(amount)
    number = narrow.owe(ALICE, amount)
    ready_at = narrow.chain.time + 300
    wait = -(-(amount - FLOOR) * DAY // FLOOR)
    assert narrow.queue.call("etaOf", number) == ready_at + wait


@isolated
def test_obstacle_of__one_ticket_after_the_other__names_what_each_waits_for(
    narrow: Custody,
) -> None:
    narrow.fund(3 * FLOOR)
    for amount in (FLOOR, FLOOR, FLOOR):
        narrow.owe(ALICE, amount)
    obstacles = [narrow.queue.call("obstacleOf", n) for n in (0, 1, 2, 3, 4)]
    none, delay = Obstacle.NONE, Obstacle.DELAY
    assert obstacles == [none, delay, delay, delay, none]
    narrow.pass_delay()
    obstacles = [narrow.queue.call("obstacleOf", n) for n in (1, 2, 3)]
    assert obstacles == [none, Obstacle.BUCKET, Obstacle.LINE]


@given(amounts=LINES)
@isolated
def test_forecast__venue_is_frozen__waits_for_the_delay_alone(
    narrow: Custody, amounts: list[int]
) -> None:
    both = Both.begin(narrow, 60 * FLOOR)
    for amount in amounts:
        both.push(amount)
    narrow.queue.transact("lift", sender=HATCH.address)
    both.model.lift()
    both.check()
    assert {narrow.queue.call("etaOf", n) for n in range(1, len(amounts) + 1)} == {both.now + 300}
    narrow.pass_delay()
    both.check()
    both.release()
    assert both.model.owed == 0


@isolated
def test_obstacle_of__payment_failed__is_aside(odd_custody: Custody) -> None:
    odd_custody.fund(5)
    odd_custody.owe(ALICE, 5)
    odd_custody.token.transact("setBlocked", ALICE, True, sender=ALICE)
    odd_custody.pass_delay()
    odd_custody.release()
    assert odd_custody.queue.call("obstacleOf", 1) == Obstacle.ASIDE
    assert (odd_custody.queue.call("leftOf", 1), odd_custody.queue.call("etaOf", 1)) == (5, 0)

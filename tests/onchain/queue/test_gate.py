"""shutGate(account, markets)

the venue is frozen ..................................... Queue_Closed
shut less than a week ago ............................... Gate_Resting
markets not exactly the open ones, ascending ............ Gate_PositionsIncomplete
a mark is stale ......................................... Gate_PriceStale
not bankrupt, or no deeper than the fund can pay for .... Gate_DebtCovered
otherwise ............................................... an hour without releases and claims
"""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.queue import GATE, GATE_REST, Obstacle
from tests.helpers.revm import reverts
from tests.helpers.trouble import FUND, bankrupt, endow, fall, open_long, seen
from tests.helpers.twin import OWNER, undoing
from tests.helpers.venue import STRANGER
from tests.onchain.settlement.desk import MARK, MARKS, Desk

DELAY = 300


def shut(desk: Desk, account: int = 1, markets: Sequence[int] = (1,)) -> None:
    arguments = (account, list(markets))
    desk.venue.queue.transact("shutGate", *arguments, sender=STRANGER.address)


def release(desk: Desk) -> int:
    return int(desk.venue.vault.transact("release", 10, sender=STRANGER.address))


@given(account=st.sampled_from([1, 2, 3, 0, 99]), per_mille=st.integers(-60, 60))
@undoing
def test_shut_gate__account_is_not_bankrupt__reverts(
    desk: Desk, account: int, per_mille: int
) -> None:
    open_long(desk)
    fall(desk, per_mille)
    markets = [1] if account in (1, 2) else []
    equity = desk.equity(account)
    assert equity >= 0
    with reverts("Gate_DebtCovered", account, equity, max(0, seen(desk, FUND).withdrawable)):
        shut(desk, account, markets)


@given(per_mille=st.integers(70, 120), more=st.integers(-2, 2))
@undoing
def test_shut_gate__fund_can_pay_exactly_or_a_unit_less__is_covered_or_shut(
    desk: Desk, per_mille: int, more: int
) -> None:
    bankrupt(desk, per_mille=per_mille)
    lack = -desk.equity(1)
    endow(desk, lack + more)
    if more >= 0:
        with reverts("Gate_DebtCovered", 1, -lack, lack + more):
            shut(desk)
        return
    shut(desk)
    said = desk.chain.logs()[-1]
    until = desk.now + GATE
    assert (said.name, said.arguments) == ("GateShut", (1, lack, lack + more, until))
    assert desk.venue.queue.call("gateEndsAt") == until


@pytest.mark.parametrize("markets", [(), (1, 2), (2,), (1, 1), (0, 1)])
@undoing
def test_shut_gate__markets_are_not_the_open_ones__reverts(
    desk: Desk, markets: tuple[int, ...]
) -> None:
    bankrupt(desk)
    # How many were named rightly before the first mistake.
    named = 1 if markets[:1] == (1,) else 0
    with reverts("Gate_PositionsIncomplete", 1, named, 1):
        shut(desk, markets=markets)


@given(late=st.integers(0, 1))
@undoing
def test_shut_gate__mark_at_its_last_second_or_after__counts_or_reverts(
    desk: Desk, late: int
) -> None:
    bankrupt(desk)
    fresh_until = desk.model.market(1).fresh_until
    desk.chain.time = fresh_until + late
    if late:
        with reverts("Gate_PriceStale", 1, 1, fresh_until):
            shut(desk)
    else:
        shut(desk)


@given(early=st.integers(0, 1))
@undoing
def test_shut_gate__shut__nothing_is_paid_until_it_ends(desk: Desk, early: int) -> None:
    assert desk.withdraw(3, 5_000) is None
    bankrupt(desk)
    desk.pass_time(DELAY)
    desk.marks(desk.model.market(1).mark, MARK)
    shut(desk)
    until, queue = desk.now + GATE, desk.venue.queue
    assert queue.call("obstacleOf", 1) == Obstacle.GATE
    assert queue.call("etaOf", 1) == until
    assert release(desk) == 0
    desk.chain.time = until - early
    assert release(desk) == (0 if early else 5_000)
    desk.chain.time = until
    assert release(desk) == (5_000 if early else 0)


@given(passed=st.integers(0, GATE + GATE_REST - 1))
@undoing
def test_shut_gate__again_within_a_week__reverts__then_is_shut(desk: Desk, passed: int) -> None:
    bankrupt(desk)
    shut(desk)
    rest_end = desk.now + GATE + GATE_REST
    desk.chain.time += passed
    with reverts("Gate_Resting", rest_end):
        shut(desk)
    desk.chain.time = rest_end
    desk.marks(desk.model.market(1).mark, MARK)
    shut(desk)
    assert desk.venue.queue.call("gateEndsAt") == rest_end + GATE


@pytest.fixture(scope="module")
def odd() -> Desk:
    """A desk whose token refuses whom it is told to."""
    return Desk(odd_token=True)


@undoing
def test_shut_gate__a_ticket_is_aside__cannot_be_claimed_meanwhile(odd: Desk) -> None:
    vault, token, owner = odd.venue.vault, odd.venue.token, OWNER.address
    assert odd.withdraw(3, 5_000) is None
    odd.pass_time(DELAY)
    token.transact("setBlocked", owner, True, sender=owner)
    assert release(odd) == 0
    token.transact("setBlocked", owner, False, sender=owner)
    odd.marks(*MARKS)
    bankrupt(odd)
    shut(odd)
    until = odd.now + GATE
    for time in (odd.now, until - 1):
        odd.chain.time = time
        with reverts("Queue_TicketNotClaimable", 1, until):
            vault.transact("claim", 1, sender=STRANGER.address)
    odd.chain.time = until
    vault.transact("claim", 1, sender=STRANGER.address)
    assert odd.venue.queue.call("owed") == 0

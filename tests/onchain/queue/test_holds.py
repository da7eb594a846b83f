"""push of an account with an extra delay, and admit(hold)

request .................... debited at once and held: a number of its own, owed, no ticket
hold unknown or admitted ... Hold_Unknown
before its time ............ Hold_NotOver
from its second on ......... anyone puts it in line, at the end
"""

from hypothesis import given
from hypothesis import strategies as st

from penstock.queue import Obstacle
from tests.helpers.actors import Actor
from tests.helpers.revm import reverts
from tests.helpers.venue import STRANGER, Venue, isolated

ALICE, BOB = Actor("alice").address, Actor("bob").address
MONTH = 30 * 86_400
DELAYS = st.integers(1, MONTH)
AMOUNTS = st.integers(1, 10**11)


def hold(venue: Venue, delay: int, amount: int) -> None:
    """Guard account 1 and have it ask for an amount."""
    venue.queue.transact("announceGuard", 1, delay, [], sender=ALICE)
    asked = venue.positions.transact("requestWithdrawal", 1, BOB, amount, [], sender=ALICE)
    assert asked == 0


@given(delay=DELAYS, amount=AMOUNTS)
@isolated
def test_push__account_with_an_extra_delay__debits_and_holds(
    inhabited: Venue, delay: int, amount: int
) -> None:
    collateral = inhabited.lens.call("accountOf", 1)[5]
    hold(inhabited, delay, amount)
    until = inhabited.chain.time + delay
    said = [(log.name, log.arguments) for log in inhabited.chain.logs()]
    assert said == [("TicketHeld", (1, 1, BOB, amount, until))]
    assert inhabited.queue.call("hold", 1) == (1, BOB, amount, until)
    assert inhabited.queue.call("obstacleOfHold", 1) == Obstacle.HELD
    assert inhabited.lens.call("accountOf", 1)[5] == collateral - amount
    assert (inhabited.queue.call("owed"), inhabited.queue.call("tail")) == (amount, 1)


@given(delay=DELAYS, amount=AMOUNTS, early=st.integers(0, 1))
@isolated
def test_admit__around_the_second__joins_the_line_from_it_on(
    inhabited: Venue, delay: int, amount: int, early: int
) -> None:
    hold(inhabited, delay, amount)
    until = inhabited.chain.time + delay
    inhabited.chain.time = until - early
    if early:
        with reverts("Hold_NotOver", 1, until):
            inhabited.queue.transact("admit", 1, sender=STRANGER.address)
        return
    assert inhabited.queue.call("obstacleOfHold", 1) == Obstacle.NONE
    assert inhabited.queue.transact("admit", 1, sender=STRANGER.address) == 1
    said = [(log.name, log.arguments) for log in inhabited.chain.logs()]
    assert said == [("TicketAdmitted", (1, 1, BOB, amount, until + 300))]
    assert inhabited.queue.call("ticket", 1) == (1, BOB, amount, until + 300, 1)
    assert inhabited.queue.call("owed") == amount
    assert inhabited.queue.call("hold", 1) == (0, "0x" + "00" * 20, 0, 0)
    with reverts("Hold_Unknown", 1):
        inhabited.queue.transact("admit", 1, sender=STRANGER.address)
    inhabited.chain.time += 300
    paid = inhabited.vault.transact("release", 5, sender=STRANGER.address)
    assert (paid, inhabited.queue.call("owed")) == (amount, 0)


@given(number=st.integers(0, 2**64 - 1))
@isolated
def test_admit__nobody_is_held__reverts(inhabited: Venue, number: int) -> None:
    with reverts("Hold_Unknown", number):
        inhabited.queue.transact("admit", number, sender=STRANGER.address)


@given(delay=DELAYS, amounts=st.lists(AMOUNTS, min_size=2, max_size=4), data=st.data())
@isolated
def test_admit__several__join_in_the_order_of_admission_and_jump_over_nobody(
    inhabited: Venue, delay: int, amounts: list[int], data: st.DataObject
) -> None:
    inhabited.queue.transact("announceGuard", 1, delay, [], sender=ALICE)
    for amount in amounts:
        inhabited.positions.transact("requestWithdrawal", 1, BOB, amount, [], sender=ALICE)
    inhabited.chain.time += delay
    inhabited.positions.transact("requestWithdrawal", 2, ALICE, 7, [], sender=BOB)
    order = data.draw(st.permutations(range(1, len(amounts) + 1)))
    for ticket, number in enumerate(order, 2):
        assert inhabited.queue.transact("admit", number, sender=STRANGER.address) == ticket
    assert inhabited.queue.call("aheadOf", 2) == (1, 7)
    assert inhabited.queue.call("owed") == sum(amounts) + 7


@given(delay=DELAYS, other=st.integers(0, MONTH))
@isolated
def test_admit__guard_changed_since__the_hold_keeps_its_time(
    inhabited: Venue, delay: int, other: int
) -> None:
    hold(inhabited, delay, 5)
    until = inhabited.chain.time + delay
    inhabited.queue.transact("announceGuard", 1, other, [], sender=ALICE)
    inhabited.chain.time = until
    inhabited.queue.transact("applyGuard", 1, other, [], sender=ALICE)
    assert inhabited.queue.transact("admit", 1, sender=STRANGER.address) == 1

"""Tickets of one unit in thousands, ahead of somebody else's (WDQ-7)

a page of them .......... released at the gas of any other page, however long the line
the ticket behind them .. at the gas of any other ticket, in the block that was promised
in order ................ every unit before it, each once
who makes them .......... pays more gas for each than anybody does to release it
"""

import pytest

from tests.helpers.actors import Actor
from tests.helpers.twin import OWNER, undoing
from tests.helpers.venue import STRANGER
from tests.onchain.settlement.desk import Desk

BOB = Actor("bob").address
FEW, MANY, PAGE = 50, 3_000, 50
AMOUNT = 10**9


@pytest.fixture(scope="module")
def desk() -> Desk:
    """A desk of its own, whose model does not follow the spam."""
    return Desk()


def ask(desk: Desk, account: int, recipient: str, amount: int) -> int:
    """Ask for a ticket past the model; returns the gas."""
    call: tuple[object, ...] = (account, recipient, amount, [])
    desk.venue.positions.transact("requestWithdrawal", *call, sender=OWNER.address)
    assert desk.chain.result is not None
    return int(desk.chain.result.gas_used)


def line_up(desk: Desk, dust: int) -> int:
    """So many tickets of a unit, then one of somebody else; returns what a unit's cost in gas."""
    spent = [ask(desk, 1, OWNER.address, 1) for _ in range(dust)]
    ask(desk, 2, BOB, AMOUNT)
    # From the third on the slots are as warm as they get.
    return min(spent[2:])


def page_gas(desk: Desk, page: int) -> int:
    """What a release of so many tickets costs now; it is not done."""
    return desk.venue.vault.measure("release", page, sender=STRANGER.address)


def release(desk: Desk, page: int) -> None:
    desk.venue.vault.transact("release", page, sender=STRANGER.address)


def costs(desk: Desk, dust: int) -> tuple[int, int, int]:
    """Gas of a page of dust, of the ticket behind all of it, and of a request of a unit."""
    with desk.undone():
        asked = line_up(desk, dust)
        told = desk.venue.queue.call("etaOf", dust + 1)
        desk.chain.time = told
        # The head of the line is the same after any number of whole pages.
        release(desk, dust - FEW)
        page = page_gas(desk, PAGE)
        release(desk, PAGE)
        return page, page_gas(desk, 1), asked


def test_wdq_7__thousands_of_tickets_of_one_unit__page_and_ticket_behind_cost_the_same(
    desk: Desk,
) -> None:
    few, many = costs(desk, 2 * FEW), costs(desk, MANY)
    assert many[:2] == few[:2]
    page, _, asked = many
    # The spammer pays more for a ticket than whoever releases it.
    assert asked > page // PAGE


@undoing
def test_wdq_7__thousands_of_tickets_of_one_unit__the_one_behind_is_paid_in_order_and_time(
    desk: Desk,
) -> None:
    units = int(desk.venue.token.call("balanceOf", OWNER.address))
    line_up(desk, MANY)
    desk.chain.time = told = desk.venue.queue.call("etaOf", MANY + 1)
    paid: list[int] = []
    for _ in range(MANY // PAGE + 1):
        release(desk, PAGE)
        paid += [log.arguments[0] for log in desk.chain.logs() if log.name == "TicketPaid"]
    assert paid == list(range(1, MANY + 2))
    assert desk.now == told == desk.venue.queue.call("ticket", MANY + 1)[3]
    balances = [desk.venue.token.call("balanceOf", who) for who in (OWNER.address, BOB)]
    assert balances == [units + MANY, AMOUNT]
    assert desk.venue.queue.call("owed") == 0

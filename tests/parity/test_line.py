"""The check of S8 sees each fault once: events that no queue would tell, after two real tickets."""

import pytest

from tests.helpers.revm import Log
from tests.helpers.twin import DONE, OWNER
from tests.onchain.settlement.desk import Desk
from tests.parity.line import Line

OTHER = "0x" + "11" * 20


@pytest.fixture(scope="module")
def desk() -> Desk:
    """Two tickets in line, of 5 and of 7 units."""
    desk = Desk()
    for amount in (5, 7):
        assert desk.withdraw(1, amount) is DONE
    return desk


@pytest.mark.parametrize(
    ("name", "values", "fault"),
    [
        ("TicketPaid", (1, OTHER, 5), "went to"),
        ("TicketPaid", (1, OWNER.address, 6), "was paid 6 of 5"),
        ("TicketPaid", (1, OWNER.address, 5), "owes something else"),
        ("TicketPaid", (2, OWNER.address, 7), "2 was paid before 1"),
        ("TicketSetAside", (1, 4, 0), "has 5 left, and not 4"),
        ("TicketSetAside", (2, 7, 0), "2 was paid before 1"),
        ("TicketIssued", (4, 1, OWNER.address, 1, 0), "out of order"),
        ("TicketHeld", (1, 1, OWNER.address, 1, 0), "owes something else"),
    ],
)
def test_line__told_what_cannot_be__names_the_fault(
    desk: Desk, name: str, values: tuple[object, ...], fault: str
) -> None:
    line = Line(desk)
    line.check()
    with desk.undone():
        desk.logs.append((desk.now, Log("", name, values)))
        with pytest.raises(AssertionError, match=fault):
            line.check()


def test_line__paid_twice__names_the_fault(desk: Desk) -> None:
    line, paid = Line(desk), Log("", "TicketPaid", (1, OWNER.address, 5))
    with desk.undone():
        desk.logs += [(desk.now, paid)] * 2
        with pytest.raises(AssertionError, match="was paid 5 of 0"):
            line.check()

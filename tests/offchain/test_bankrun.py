"""What a run on the venue is measured by: promises, tickets in order, quantiles."""

import pytest

from penstock.bankrun.promise import Promise, quantile
from penstock.bankrun.tickets import Tickets
from penstock.remote import Log

ISSUED = [("TicketIssued", (1, 7, "0xa", 100, 60)), ("TicketIssued", (2, 8, "0xb", 50, 61))]


def read(*events: tuple[str, tuple[object, ...]]) -> Tickets:
    tickets = Tickets()
    tickets.read(Log(n, 10 * n, "", "", *event) for n, event in enumerate(events))
    return tickets


def test_tickets__paid_in_parts__are_served_by_the_last_one() -> None:
    paid = [("TicketPaid", (1, "0xa", 40)), ("TicketPaid", (1, "0xa", 60))]
    tickets = read(*ISSUED, *paid, ("TicketPaid", (2, "0xb", 50)))
    assert tickets.check().holds
    assert [(one.served_at, one.parts) for one in tickets.served] == [(30, 2), (40, 1)]
    assert tickets.paid == 150


@pytest.mark.parametrize(
    ("fault", "paid"),
    [
        ("S8: ticket 1 was paid after 2", [(2, "0xb", 50), (1, "0xa", 100)]),
        ("S8: ticket 1 was paid twice", [(1, "0xa", 100), (1, "0xa", 100)]),
        ("S8: ticket 1 was paid too much", [(1, "0xa", 101)]),
        ("S8: ticket 1 went to 0xb", [(1, "0xb", 100)]),
    ],
)
def test_s8__paid_otherwise__is_a_fault(fault: str, paid: list[tuple[int, str, int]]) -> None:
    tickets = read(*ISSUED, *(("TicketPaid", one) for one in paid))
    assert not tickets.check().holds
    assert tickets.faults[0] == fault


def test_promise__served_after_it__is_late_by_so_many_seconds() -> None:
    one = Promise(1, 7, "0xa", 100, asked_at=10, ready_at=70, promised=80, served_at=95)
    assert (one.span, one.waited, one.late) == (70, 85, 15)


@pytest.mark.parametrize(("share", "value"), [(0.0, 1), (0.5, 2), (0.75, 3), (0.99, 4), (1.0, 4)])
def test_quantile__share__is_the_smallest_value_that_covers_it(share: float, value: int) -> None:
    assert quantile([4, 1, 3, 2], share) == value

"""What the ledger makes of the events of the way out

TicketIssued, TicketHeld ... debit the account
TicketAdmitted ............. does not: its hold did
TicketPaid ................. leaves the vault, in parts or whole
"""

from hypothesis import given
from hypothesis import strategies as st

from penstock.ledger import Ledger
from penstock.remote import Log

WHO = "0x" + "22" * 20
AMOUNTS = st.integers(1, 10**12)


def log(name: str, *arguments: object) -> Log:
    return Log(1, 1, "0x", "0x", name, arguments)


@given(held=AMOUNTS, issued=AMOUNTS, part=AMOUNTS)
def test_read__held_admitted_and_paid_in_parts__is_debited_once(
    held: int, issued: int, part: int
) -> None:
    ledger = Ledger()
    ledger.read(
        [
            log("TicketHeld", 1, 7, WHO, held, 50),
            log("TicketIssued", 1, 7, WHO, issued, 90),
            log("TicketAdmitted", 1, 2, WHO, held, 120),
            log("TicketPaid", 1, WHO, issued),
            log("TicketPaid", 2, WHO, part),
            log("TicketPaid", 2, WHO, held),
        ]
    )
    assert ledger.withdrawals == {7: held + issued}
    assert ledger.paid == issued + part + held

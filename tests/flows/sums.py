"""What must add up between the venue, L2 and L1, wherever a walk has led."""

from collections import Counter
from typing import Final, NamedTuple, TypeAlias

from penstock.devnet import balance_of
from penstock.messages import Fill
from penstock.records import FillRecord, decode_records
from penstock.remote import Log
from penstock.rollup import RollupVenue
from tests.flows.desk import Desk

FillKey: TypeAlias = tuple[int, int, int, int, bool, int]


class Ticket(NamedTuple):
    """A place in the venue's queue: who is owed what."""

    number: int
    recipient: str
    amount: int


TICKET: Final = {"TicketIssued": (0, 2, 3), "TicketPaid": (0, 1, 2)}
"""Where the events have what a ticket is made of."""


def check_venue(desk: Desk) -> None:
    """The venue's invariants, every fill, every ticket, every token on L2."""
    assert desk.broken() == []
    logs = desk.venue.remote.logs(0)
    check_fills(desk, logs)
    check_tickets(desk.venue, logs)
    check_holders(desk)


def check_fills(desk: Desk, logs: list[Log]) -> None:
    """Each fill that the engine made is on the chain once, or was given up; batches are in line."""
    batches = [log.arguments for log in logs if log.name == "BatchSettled"]
    assert [number for number, _ in batches] == list(range(1, len(batches) + 1))
    records = [record for _, data in batches for record in decode_records(data)]
    carried = Counter(_record_key(record) for record in records)
    dropped = Counter(_fill_key(skipped.fill) for skipped in desk.submitter.dropped)
    assert carried + dropped == Counter(_fill_key(fill) for fill in desk.fills)


def check_tickets(venue: RollupVenue, logs: list[Log]) -> None:
    """Nobody is paid more than its ticket, or another's; the queue owes the rest."""
    issued, paid = (_tickets(logs, name) for name in TICKET)
    left = Counter({(ticket.number, ticket.recipient): ticket.amount for ticket in issued})
    for ticket in paid:
        left[ticket.number, ticket.recipient] -= ticket.amount
    assert min(left.values(), default=0) >= 0
    owed = sum(left.values())
    assert int(venue.remote.queue.ask("owed")) == owed


def check_holders(desk: Desk) -> None:
    """Vault and owners hold all the collateral that L2 has."""
    venue, token = desk.venue, desk.venue.collateral.l2
    owners = [trader.owner.address for trader in desk.traders.values()]
    holders = [venue.remote.vault.address, *owners]
    supply = int(venue.net.l2.read(token, "MockERC20", "totalSupply"))
    assert sum(balance_of(venue.net.l2, token, holder) for holder in holders) == supply


def _tickets(logs: list[Log], name: str) -> list[Ticket]:
    found = [log.arguments for log in logs if log.name == name]
    return [Ticket(*(arguments[place] for place in TICKET[name])) for arguments in found]


def _record_key(record: FillRecord) -> FillKey:
    maker, taker = (record.maker, record.maker_nonce), (record.taker, record.taker_nonce)
    return (*maker, *taker, record.taker_immediate, record.size)


def _fill_key(fill: Fill) -> FillKey:
    maker, taker = fill.maker.order, fill.taker.order
    pair = maker.account, maker.nonce, taker.account, taker.nonce
    return (*pair, taker.immediate, fill.size)

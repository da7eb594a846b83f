"""The audit of a crash sees each fault of a fill: S3 to S6, broken one at a time."""

from collections.abc import Sequence

import pytest
from msgspec.structs import replace

from penstock.crash.signed import SignedOrders
from penstock.messages import Order
from penstock.records import FillRecord, encode_records
from penstock.remote import Log
from penstock.venue import Venue
from tests.helpers.model import MARK, START, cross, model_venue, settle

FILL = cross(buyer=1, seller=2, size=5)
MAKER, TAKER = FILL.maker.order, FILL.taker.order


def log(records: Sequence[FillRecord], number: int = 1) -> Log:
    return Log(1, START, "0x", "0x", "BatchSettled", (number, encode_records(records)))


def settled() -> tuple[Venue, list[FillRecord]]:
    """A venue after one fill of five lots."""
    venue = model_venue()
    return venue, settle(venue, FILL)


def signed(*orders: Order) -> SignedOrders:
    made = SignedOrders()
    for order in orders:
        made.sign(order)
    return made


def test_read__fill_as_signed__has_no_fault() -> None:
    venue, records = settled()
    found = signed(MAKER, TAKER)
    found.read([log(records)], venue)
    assert found.check()[1:] == (True, "1 fills of 2 orders")


@pytest.mark.parametrize(
    ("orders", "rule"),
    [
        ((MAKER,), "S4"),
        ((MAKER, replace(TAKER, size=4)), "S4"),
        ((replace(MAKER, price=MARK - 1), TAKER), "S6"),
        ((MAKER, replace(TAKER, price=MARK - 1)), "S6"),
    ],
)
def test_read__fill_beyond_what_was_signed__is_a_fault(
    orders: tuple[Order, ...], rule: str
) -> None:
    venue, records = settled()
    found = signed(*orders)
    found.read([log(records)], venue)
    assert [fault[:2] for fault in found.faults] == [rule]


def test_read__immediate_order_in_two_batches__is_a_fault() -> None:
    venue, records = settled()
    found = signed(replace(MAKER, size=10), replace(TAKER, size=10))
    found.read([log(records), log(records, number=2)], venue)
    assert found.faults == [f"S5: {(1, True, TAKER.nonce)}"]


def test_read__margin_gone_after_a_raise__is_a_fault() -> None:
    venue, records = settled()
    venue.accounts[1].collateral = 0
    found = signed(MAKER, TAKER)
    found.read([log(records)], venue)
    assert found.faults == ["S3: 1"]

"""penstock.gateway: what waits for a mark comes in signed, and the venue's marks let it go.

place_trigger
├── signed by the account's key: waits · by another, or by nobody known: rejected
├── the trigger is not signed: another one passes, another order does not
└── damaged: DecodeError
advance
├── a mark that the venue has moved lets go what waited for it
└── a market that the engine does not hold is passed over
"""

import pytest
from msgspec.structs import replace

from penstock.commands import Direction
from penstock.engine import Engine
from penstock.errors import DecodeError
from penstock.events import Accepted, Rejected, RejectReason, Triggered, Waiting
from penstock.gateway import Gateway
from penstock.risk import RiskGate
from penstock.signing import Domain, Signer
from penstock.venue import Venue
from penstock.wire import TriggerOrder, encode_trigger
from tests.helpers.model import DEPOSIT, MARK, START, model_venue, order

DOMAIN = Domain(31_337, "0x" + "11" * 20)
ALICE, MALLORY = Signer(b"a" * 32), Signer(b"m" * 32)


def open_gateway() -> tuple[Gateway, Venue, int]:
    """A venue of which Alice is the last account; its gateway, and her account number."""
    venue = model_venue()
    account = venue.register(signer=int.from_bytes(ALICE.address))
    venue.deposit(account, DEPOSIT)
    gate = RiskGate(venue, START)
    gateway = Gateway(Engine(gate, venue.markets), gate, DOMAIN)
    gateway.advance(START)
    return gateway, venue, account


def stop(account: int, signer: Signer) -> TriggerOrder:
    """Buy once the mark has risen by ten ticks."""
    signed = signer.sign_order(DOMAIN, order(account, price=MARK + 20))
    return TriggerOrder(signed, MARK + 10, Direction.AT_OR_ABOVE)


def test_place_trigger__signed_by_the_account__waits_until_the_mark_of_the_venue_moves() -> None:
    gateway, venue, account = open_gateway()
    sent = stop(account, ALICE)
    waits = gateway.place_trigger(encode_trigger(sent), START)
    assert waits == [Waiting(sent.order, 1, MARK + 10, Direction.AT_OR_ABOVE)]
    venue.refresh(1, MARK + 9, START + 1, START + 1)
    assert gateway.advance(START + 1) == []
    venue.refresh(1, MARK + 10, START + 2, START + 2)
    let_go = [Triggered(sent.order, MARK + 10), Accepted(sent.order, 1)]
    assert gateway.advance(START + 2) == let_go


def test_place_trigger__wrong_key_or_unknown_account__is_rejected() -> None:
    gateway, _, account = open_gateway()
    sent = stop(account, MALLORY)
    assert gateway.place_trigger(encode_trigger(sent), START) == [
        Rejected(sent.order, RejectReason.BAD_SIGNATURE)
    ]
    stranger = stop(account + 1, ALICE)
    assert gateway.place_trigger(encode_trigger(stranger), START) == [
        Rejected(stranger.order, RejectReason.UNKNOWN_ACCOUNT)
    ]


def test_place_trigger__another_trigger_than_was_sent__has_the_same_signature() -> None:
    gateway, _, account = open_gateway()
    sent = stop(account, ALICE)
    changed = sent._replace(trigger_price=MARK)
    let_go = gateway.place_trigger(encode_trigger(changed), START)
    assert let_go[0] == Triggered(sent.order, MARK)
    forged = replace(sent.order, order=replace(sent.order.order, price=MARK))
    refused = gateway.place_trigger(encode_trigger(sent._replace(order=forged)), START)
    assert refused == [Rejected(forged, RejectReason.BAD_SIGNATURE)]


def test_place_trigger__damaged__raises() -> None:
    gateway, _, account = open_gateway()
    data = encode_trigger(stop(account, ALICE)).replace(b"at_or_above", b"above")
    with pytest.raises(DecodeError, match="Invalid enum value 'above'"):
        gateway.place_trigger(data, START)


def test_advance__market_that_the_engine_does_not_hold__is_passed_over() -> None:
    gateway, venue, _ = open_gateway()
    other = Gateway(Engine(gateway.gate, [1, 7]), gateway.gate, DOMAIN)
    venue.refresh(1, MARK + 1, START + 1, START + 1)
    assert other.advance(START + 1) == []

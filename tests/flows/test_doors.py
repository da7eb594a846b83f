"""Doors: addresses on L2 whose money can only go to one recipient on L1, over the real bridge.

├── a ticket paid to a door ........ proven and paid on L1, to the recipient
├── nothing at the door ............ Doors_NothingToSend
├── a second payment ............... leaves by the same door
├── opened by somebody else ........ Door_CallerNotDoors
└── nobody's door .................. Doors_RecipientZero
"""

from collections.abc import Iterator
from typing import Final

import pytest

from penstock.artifacts import ContractRevert
from penstock.devnet import Config, Devnet, balance_of
from penstock.devnet.predeploys import BRIDGE, ZERO
from penstock.localvenue import Trader
from penstock.remote import Contract
from penstock.rollup import RollupVenue
from penstock.settings import DEFAULTS

DEPOSIT: Final = 10**9
WINDOW: Final = 60


class Hall:
    """A venue on L2 with doors, and a trader who wants to be paid on L1."""

    def __init__(self, net: Devnet) -> None:
        self.venue: Final = RollupVenue.launch(net, DEFAULTS)
        doors = self.venue.remote.doors
        assert doors is not None
        self.doors: Final = doors
        (self.ann,) = self.venue.open(["ann"], DEPOSIT)

    def leave(self, trader: Trader, amount: int, recipient: str) -> str:
        """Have the queue pay the recipient's door; return where that is."""
        remote, chain = self.venue.remote, self.venue.chain
        door = str(self.doors.ask("doorOf", recipient))
        remote.positions.transact(
            trader.owner, "requestWithdrawal", trader.account, door, amount, []
        )
        chain.warp(chain.time() + int(remote.queue.ask("delay")))
        remote.vault.transact(self.venue.operator, "release", 1)
        return door

    def refusal(self, contract: Contract, function: str, *arguments: object) -> str:
        """Name of the error that a call ends with."""
        with pytest.raises(ContractRevert) as caught:
            contract.transact(self.venue.operator, function, *arguments)
        return str(caught.value.name)


@pytest.fixture
def hall() -> Iterator[Hall]:
    with Devnet.start(Config(window=WINDOW)) as net:
        yield Hall(net)


def test_send__ticket_paid_to_a_door__is_proven_and_paid_to_the_recipient_on_l1(hall: Hall) -> None:
    venue, net, recipient = hall.venue, hall.venue.net, "0x" + "a1" * 20
    door = hall.leave(hall.ann, DEPOSIT - 1, recipient)
    assert balance_of(net.l2, venue.collateral.l2, door) == DEPOSIT - 1
    receipt = hall.doors.transact(venue.operator, "send", recipient)
    assert balance_of(net.l2, venue.collateral.l2, door) == 0
    withdrawal = net.withdrawal(receipt.hash)
    while withdrawal.status == "waiting":
        net.sync()
    withdrawal.prove()
    net.warp(WINDOW)
    assert withdrawal.finalize().succeeded
    assert balance_of(net.l1, venue.collateral.l1, recipient) == DEPOSIT - 1


def test_send__second_payment__leaves_by_the_same_door(hall: Hall) -> None:
    recipient = "0x" + "b2" * 20
    first = hall.leave(hall.ann, 10, recipient)
    hall.doors.transact(hall.venue.operator, "send", recipient)
    assert hall.refusal(hall.doors, "send", recipient) == "Doors_NothingToSend"
    assert hall.leave(hall.ann, 20, recipient) == first
    hall.doors.transact(hall.venue.operator, "send", recipient)
    assert balance_of(hall.venue.net.l2, hall.venue.collateral.l2, first) == 0


def test_pass__by_somebody_else__reverts(hall: Hall) -> None:
    recipient, token = "0x" + "c3" * 20, hall.venue.collateral
    hall.leave(hall.ann, 10, recipient)
    hall.doors.transact(hall.venue.operator, "send", recipient)
    door = hall.leave(hall.ann, 10, recipient)
    opened = Contract(hall.venue.chain.rpc, "L1Door", door)
    call = (BRIDGE, token.l2, token.l1, hall.venue.operator.address, 10, 200_000)
    assert hall.refusal(opened, "pass", *call) == "Door_CallerNotDoors"


def test_send__to_nobody__reverts(hall: Hall) -> None:
    assert hall.refusal(hall.doors, "send", ZERO) == "Doors_RecipientZero"

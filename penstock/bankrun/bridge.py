"""Edge: the last leg of those who leave to L1: from the door over the bridge, proven, paid.

Anyone takes each of these steps; here it is the owner on L2 and the devnet's relayer on L1.
"""

from collections.abc import Sequence
from typing import Final

from penstock.bankrun.moment import Arrived
from penstock.devnet import Withdrawal, balance_of
from penstock.localvenue import Trader
from penstock.rollup import RollupVenue

SEND_GAS: Final = 600_000
WAITING: Final = "waiting"


def bring_to_l1(venue: RollupVenue, people: Sequence[Trader]) -> Arrived:
    """Send what lies at people's doors to L1, and have it paid there."""
    net, began = venue.net, venue.chain.time()
    paid = [(trader, amount) for trader in people if (amount := at_door(venue, trader))]
    before = sum(on_l1(venue, trader) for trader, _ in paid)
    withdrawals = send(venue, [trader for trader, _ in paid])
    while any(one.status == WAITING for one in withdrawals):
        net.sync()
    for one in withdrawals:
        one.prove()
    earliest = max((one.earliest or 0 for one in withdrawals), default=0)
    net.warp(max(0, earliest - net.node.next_time()))
    for one in withdrawals:
        one.finalize()
    received = sum(on_l1(venue, trader) for trader, _ in paid) - before
    sent = sum(amount for _, amount in paid)
    return Arrived(len(paid), sent, received, venue.chain.time() - began)


def send(venue: RollupVenue, people: Sequence[Trader]) -> list[Withdrawal]:
    """Have doors send all that they hold over the bridge, in blocks that they share."""
    doors = venue.remote.doors
    assert doors is not None, "the collateral came over a bridge"
    calls = [(one.owner, (doors, "send", (one.owner.address,))) for one in people]
    receipts = venue.together(calls, SEND_GAS)
    return [venue.net.withdrawal(receipt.hash) for receipt in receipts]


def at_door(venue: RollupVenue, trader: Trader) -> int:
    """What lies at somebody's door."""
    doors = venue.remote.doors
    assert doors is not None, "the collateral came over a bridge"
    return int(venue.remote.token.ask("balanceOf", doors.ask("doorOf", trader.owner.address)))


def on_l1(venue: RollupVenue, trader: Trader) -> int:
    """What somebody has on L1."""
    return balance_of(venue.net.l1, venue.collateral.l1, trader.owner.address)

"""A whole venue ends on a node: its operator sends nothing any more, and one trader gets all out.

trade → silence, the trader looks → freeze → tally → escape, then the tickets in line
└── the mirror follows it, word by word
"""

from decimal import Decimal
from typing import Final

from penstock.console import Session
from penstock.escape import claim, plan

GAS: Final = 2_000_000
PLACE: Final = "0x" + "e5" * 20


def test_escape__operator_is_gone__one_trader_freezes_counts_and_leaves(session: Session) -> None:
    alice, bob, carol = session.traders[:3]
    session.order(alice, "buy", "1", "60000")
    session.order(bob, "sell", "1")
    session.settle()
    session.withdraw(carol, Decimal(1_000))
    session.submitter.mirror.follow()
    node, remote = session.devnet.chain, session.devnet.remote
    hatch, sender = remote.hatch, alice.owner
    hatch.transact(sender, "look", gas=GAS)
    due, grace = node.time() + int(hatch.ask("LIVENESS")), int(remote.watch.ask("GRACE"))
    for at in (due - grace, due - grace // 2, due):
        node.warp(at)
        hatch.transact(sender, "look" if at < due else "freezeSilent", gas=GAS)
    mirror = session.submitter.mirror
    mirror.follow()
    assert mirror.venue.frozen
    accounts = plan(mirror.venue)
    page = list(accounts), [list(markets) for markets in accounts.values()]
    hatch.transact(sender, "tally", *page, gas=GAS)
    hatch.transact(sender, "escape", alice.account, PLACE, accounts[alice.account], gas=GAS)
    paid = int(remote.token.ask("balanceOf", PLACE))
    assert paid == claim(mirror.venue, alice.account, accounts[alice.account])
    remote.vault.transact(sender, "release", 1, gas=GAS)
    assert remote.queue.ask("owed") == 0
    mirror.follow()
    assert mirror.differences() == []

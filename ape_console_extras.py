"""What `ape console` knows at once: a deployed venue, people with money, and verbs.

order(alice, "buy", "0.5", "60000")    order(bob, "sell", "0.2")    settle()
book()   position(alice)   account(bob)   price("60100")   warp(3600)   withdraw(bob, "100")
eta("100")   request(bob, "100")   risk(alice)   stress()   ranks()
"""

from typing import Any

from penstock.console import deployed_system, open_session
from penstock.contracts import handles
from penstock.errors import PenstockError

VERBS = ("account", "book", "eta", "order", "position", "price", "ranks", "release", "request",
         "risk", "settle", "stress", "warp", "withdraw")  # fmt: skip


def ape_init_extras() -> dict[str, Any]:
    """Load the venue of this network, or deploy one on a local chain; on a rollup, load it only."""
    try:
        session = open_session()
    except PenstockError as error:
        print(f"no verbs here: {error}")
        found = deployed_system()
        return {"system": found, "venue": handles(found)} if found else {}
    system = session.devnet.remote.system
    people = {trader.name: trader for trader in session.traders}
    verbs = {verb: getattr(session, verb) for verb in VERBS}
    return {"session": session, "system": system, "venue": handles(system), **people, **verbs}

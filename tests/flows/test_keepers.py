"""Keepers do what is due, once, and say why; a crash or a rival beside them does no harm.

liquidator
├── account below maintenance           taken over once, nothing when repeated
└── profit below the floor              left to the fund, or left
deleverager
└── bankrupt and no fund                closed against the profitable side, once
"""

from decimal import Decimal

from penstock.console import Session
from penstock.keepers.costs import Costs
from penstock.keepers.deleverager import Deleverager
from penstock.keepers.keeper import run
from penstock.keepers.liquidator import Liquidator
from penstock.keepers.notes import Note
from penstock.keepers.station import Station
from penstock.keepers.wallet import Wallet
from penstock.localvenue import Trader
from penstock.mirror import Mirror
from penstock.sender import Sender
from tests.helpers.clocks import WarpClock


class Bench:
    """A session, and stations for keepers beside it."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.notes: list[Note] = []
        self.clock = WarpClock(session.devnet.chain)
        self.people = {trader.name: trader for trader in session.traders}

    def station(self, trader: str = "dave") -> Station:
        """A new process of somebody: nothing is kept but a key."""
        owner = self.people[trader].owner
        sender = Sender(owner.rpc, owner.signer)
        return Station(Mirror(self.session.devnet.remote), Wallet(sender), self.notes.append)

    def said(self) -> list[tuple[str, str]]:
        """What was done or left, and why, since the last question."""
        told = [(note.did, note.why) for note in self.notes]
        self.notes.clear()
        return told

    def size(self, name: str) -> int:
        """Lots of somebody in the first market."""
        return int(self.session.devnet.remote.lens.ask("positionOf", self.account(name), 1)[0])

    def account(self, name: str) -> int:
        return self.people[name].account

    def trader(self, name: str) -> Trader:
        return self.people[name]

    def differ(self) -> list[object]:
        """Words in which the chain and a model that read its events differ."""
        mirror = Mirror(self.session.devnet.remote)
        mirror.follow()
        return list(mirror.differences())


def lend(session: Session, size: str = "20") -> Bench:
    """Have alice long with all she has, against bob; 60,000 each."""
    bench = Bench(session)
    alice, bob = bench.trader("alice"), bench.trader("bob")
    session.order(bob, "sell", size, "60000")
    session.order(alice, "buy", size, "60000")
    session.settle()
    return bench


def fall(session: Session, price: str) -> None:
    """Let the mark go to a price, as fast as the guard lets it."""
    session.warp(30)
    while session.price(price) != Decimal(price):
        session.warp(30)


def test_liquidator__account_below_maintenance__is_taken_over_once(session: Session) -> None:
    bench = lend(session)
    keeper = Liquidator(bench.station(), bench.account("dave"))
    assert run(keeper, bench.clock, bench.notes.append, steps=1) == 0
    assert bench.said() == [("left", "nobody is below maintenance")]
    fall(session, "56400")
    assert run(keeper, bench.clock, bench.notes.append, steps=3) == 1
    assert bench.said() == [
        ("took over", "it pays"),
        ("left", "nobody is below maintenance"),
        ("left", "nobody is below maintenance"),
    ]
    assert 0 < bench.size("dave") == 20_000 - bench.size("alice")
    assert bench.differ() == []


def test_liquidator__profit_below_the_floor__stays_away(session: Session) -> None:
    bench = lend(session)
    fall(session, "56400")
    costs = Costs(gas_price=10**9, ether=3_000 * 10**6)
    keeper = Liquidator(
        bench.station(), bench.account("dave"), costs=costs, floor=10**12, for_fund=False
    )
    assert run(keeper, bench.clock, bench.notes.append, steps=1) == 0
    assert bench.said() == [
        ("left", "the profit is below the floor"),
        ("left", "the fund cannot carry it"),
    ]


def test_deleverager__bankrupt_and_no_fund__closes_against_the_other_side(session: Session) -> None:
    bench = lend(session)
    fall(session, "54000")
    keeper = Deleverager(bench.station())
    assert run(keeper, bench.clock, bench.notes.append, steps=2) == 1
    assert [did for did, _ in bench.said()] == ["deleveraged", "left"]
    assert (bench.size("alice"), bench.size("bob")) == (0, 0)
    assert bench.differ() == []

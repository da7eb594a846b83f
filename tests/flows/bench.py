"""A session with keepers beside it, and the scenes that they work in."""

from decimal import Decimal

from penstock.console import Session
from penstock.keepers.keeper import Keeper, run
from penstock.keepers.liquidator import Liquidator
from penstock.keepers.notes import Note
from penstock.keepers.station import Station
from penstock.keepers.wallet import Wallet
from penstock.localvenue import Trader
from penstock.messages import Report, SignedReport
from penstock.mirror import Mirror
from penstock.remote import connect
from penstock.rpc import Rpc
from penstock.sender import Receipt, Sender
from tests.helpers.clocks import WarpClock

NEEDY = "56400"
BANKRUPT = "54000"
SOUND = ("left", "nobody is below maintenance")
SOLVENT = ("left", "nobody is bankrupt, and the fund within its loss caps")
GRACE = ("left", "grace after an outage")


class Killed(Exception):
    """The process ended here."""


def kill(*_: object) -> Receipt:
    raise Killed


class Bench:
    """A session, and stations for keepers beside it."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.notes: list[Note] = []
        self.clock = WarpClock(session.devnet.chain)
        self.people = {trader.name: trader for trader in session.traders}

    def station(self, trader: str = "dave", rpc: Rpc | None = None) -> Station:
        """A new process of somebody: nothing is kept but a key."""
        owner, devnet = self.people[trader].owner, self.session.devnet
        remote = connect(rpc, devnet.remote.system) if rpc else devnet.remote
        sender = Sender(rpc or owner.rpc, owner.signer)
        return Station(Mirror(remote), Wallet(sender), self.notes.append)

    def run(self, keeper: Keeper, steps: int = 1) -> int:
        """Let a keeper look so often; returns how often it acted."""
        return run(keeper, self.clock, self.notes.append, steps=steps)

    def liquidator(self, rpc: Rpc | None = None) -> Liquidator:
        """Dave's, in a new process."""
        return Liquidator(self.station(rpc=rpc), self.account("dave"))

    def reports(self, price: int, market: int = 1, count: int = 4) -> list[SignedReport]:
        """What the publishers sign now."""
        devnet = self.session.devnet
        report = Report(market, price, devnet.chain.time())
        chosen = devnet.publishers[:count]
        return [publisher.sign_report(devnet.feed_domain, report) for publisher in chosen]

    def endow_fund(self, amount: int) -> None:
        """Give the insurance fund so many quote units."""
        remote, owner = self.session.devnet.remote, self.people["carol"].owner
        remote.token.transact(owner, "mint", owner.address, amount)
        remote.positions.transact(owner, "deposit", 0, amount)

    def mark(self, market: int = 1) -> int:
        """The mark of a market on the chain, in ticks."""
        return int(self.session.devnet.remote.index.ask("marketOf", market)[0])

    def sent(self, name: str = "dave") -> int:
        """Transactions that somebody's owner ever sent."""
        address = self.people[name].owner.address
        count = self.session.devnet.chain.rpc.call("eth_getTransactionCount", address, "latest")
        return int(count, 16)

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
    """Have alice long with most that she has, against bob."""
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


def needy(session: Session) -> Bench:
    """Have alice below her maintenance margin."""
    bench = lend(session)
    fall(session, NEEDY)
    return bench


def ruined(session: Session) -> Bench:
    """Have alice bankrupt, and nobody to pay for her but bob."""
    bench = lend(session)
    fall(session, BANKRUPT)
    return bench


def outage(session: Session, price: str) -> None:
    """Let the chain be down for longer than the watch's limit, and come back with a price."""
    chain = session.devnet.chain
    chain.warp(chain.time() + int(session.devnet.remote.watch.ask("LIMIT")) + 60)
    session.price(price)

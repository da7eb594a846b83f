"""A bench whose people want to leave, and what an exits keeper may serve them with."""

from typing import Final

from penstock.console import Session
from penstock.keepers.exits import ExitClerk
from penstock.keepers.makers import Orders, none
from penstock.keepers.station import Station
from penstock.keepers.wallet import Wallet
from penstock.messages import Ladder, Order, SignedLadder
from penstock.mirror import Mirror
from penstock.units import UINT32_MAX
from penstock.wire import encode_ladder, encode_order
from tests.flows.bench import Bench
from tests.helpers.faults import FlakyRpc

AWAY: Final = "0x" + "e5" * 20
ELSEWHERE: Final = "0x" + "e6" * 20
LOTS: Final = 1_000
"""One bitcoin."""
MARK: Final = 600_000
ALL: Final = 2**55 - 1
GAS: Final = 2_000_000


class Hall(Bench):
    """A bench whose people want to leave."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.remote = session.devnet.remote
        self.node = session.devnet.chain
        self.window = int(self.remote.desk.ask("WINDOW"))

    def clerk(
        self, by: str = "dave", orders: Orders = none, *, least: int = 0, freezes: bool = False
    ) -> ExitClerk:
        """A new process of somebody."""
        return ExitClerk(self.station(by), orders, least=least, freezes=freezes)

    def shaky(self, rpc: FlakyRpc) -> ExitClerk:
        """A new process of dave's, on a connection that breaks."""
        return ExitClerk(self.station(rpc=rpc))

    def operators(self, orders: Orders = none) -> ExitClerk:
        """A new process with the operator's key."""
        operator = self.session.devnet.operator
        station = Station(Mirror(self.remote), Wallet(operator), self.notes.append)
        return ExitClerk(station, orders)

    def trade(self, size: str = "1") -> None:
        """Have alice long against bob."""
        alice, bob = self.trader("alice"), self.trader("bob")
        self.session.order(bob, "sell", size, "60000")
        self.session.order(alice, "buy", size, "60000")
        self.session.settle()

    def force(self, name: str, function: str, *arguments: object) -> int:
        """Have somebody file a forced request; returns its number."""
        owner, desk = self.trader(name).owner, self.remote.desk
        fee = int(desk.ask("FEE_CAP"))
        desk.transact(owner, function, self.account(name), *arguments, value=fee, gas=GAS)
        return int(desk.ask("requestCount"))

    def guard(self, name: str, delay: int, *places: str) -> None:
        """Have somebody protect an account."""
        values = (self.account(name), delay, places)
        self.remote.queue.transact(self.trader(name).owner, "announceGuard", *values, gas=GAS)

    def live(self, seconds: int) -> None:
        """Let time pass without an outage, and have publishers say their prices again."""
        self.session.warp(seconds)

    def patient(self, keeper: ExitClerk) -> None:
        """Let a keeper look again and again, until what it tried has rested several times."""
        for _ in range(4):
            self.run(keeper, 3)
            self.live(60)

    def ripe(self) -> None:
        """Let the delay of every ticket pass."""
        self.node.warp(self.node.time() + int(self.remote.queue.ask("delay")))

    def status(self, request: int) -> str:
        """Where a forced request stands."""
        return ("unknown", "pending", "served", "dropped")[
            self.remote.desk.ask("requestOf", request)[2]
        ]

    def money(self, place: str = AWAY) -> int:
        """What has arrived somewhere."""
        return int(self.remote.token.ask("balanceOf", place))

    def done(self) -> list[str]:
        """What was done since the last question; what was left is left out."""
        return [did for did, _ in self.said() if did not in ("left", "looked", "alarm")]


def rests(hall: Hall, name: str = "carol", lots: int = LOTS) -> tuple[Order, bytes]:
    """Somebody's signed bid at the mark, as JSON too."""
    trader, slot = hall.trader(name), 9 << 32 | 1
    order = Order(trader.account, 1, True, False, False, False, MARK, lots, UINT32_MAX, slot)
    return order, encode_order(trader.signer.sign_order(hall.session.devnet.domain, order))


def ladder(hall: Hall, name: str = "carol") -> bytes:
    """Somebody's signed bids a little below the mark, as JSON."""
    trader, domain = hall.trader(name), hall.session.devnet.domain
    prices, sizes = (MARK - 10, MARK - 20), (LOTS // 2, LOTS)
    message = Ladder(trader.account, 1, True, False, False, UINT32_MAX, 20 << 32 | 1, prices, sizes)
    signature = trader.signer.sign(domain.ladder_digest(message))
    return encode_ladder(SignedLadder(message, signature))

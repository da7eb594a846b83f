"""A forced close that comes from L1 while no sequencer takes transactions, and what becomes of it

filed ..................... by the message alone, with the fee that came along from L1
the window is over ........ a stranger closes it against a resting order, or with the fund
before it is over ......... the stranger is refused, however long the sequencer was down
"""

from collections.abc import Iterator
from typing import Final

import pytest
from msgspec.structs import replace

from penstock.artifacts import ContractRevert
from penstock.batch import encode
from penstock.builder import build
from penstock.devnet import ETHER, Config, Devnet
from penstock.localvenue import Trader
from penstock.messages import Fill, Order
from penstock.rollup import RollupVenue
from penstock.sender import Sender
from penstock.settings import DEFAULTS

DEPOSIT: Final = 10**10
GAS: Final = 2_000_000
MARK: Final = 600_000
LOTS: Final = 50
WINDOW: Final = 600
EXPIRY: Final = 2**32 - 1
SERVED: Final = 2


class Case:
    """Ann is long against Ben; Carol would take her position over, and so would the fund."""

    def __init__(self, net: Devnet) -> None:
        self.venue: Final = RollupVenue.launch(net, replace(DEFAULTS, settlement_window=WINDOW))
        self.ann, self.ben, self.carol = self.venue.open(["ann", "ben", "carol"], DEPOSIT)
        self.venue.deposit(self.carol.owner, 0, DEPOSIT)
        self.net: Final = net
        net.l1.send(self.venue.rollup.treasury, self.ann.owner.address, value=10 * ETHER)
        for _ in range(3):
            net.sync()
        self.price()
        self.trade()

    @property
    def stranger(self) -> Sender:
        """Somebody who is neither the operator nor the owner."""
        return self.ben.owner

    def price(self) -> None:
        """Give the market a fresh mark."""
        self.venue.post(1, [MARK] * 3)
        self.venue.refresh()

    def order(self, who: Trader, *, buy: bool) -> Order:
        """A resting order at the mark."""
        return Order(who.account, 1, buy, False, False, False, MARK, LOTS, EXPIRY, 9 << 32 | 1)

    def trade(self) -> None:
        """Ann buys from Ben, in a batch."""
        maker, taker = (
            who.signer.sign_order(self.venue.domain, self.order(who, buy=who is self.ann))
            for who in (self.ben, self.ann)
        )
        batch = build(1, [Fill(maker, taker, LOTS)], (), lambda account: ())
        positions = self.venue.remote.positions
        positions.transact(self.venue.operator, "settle", encode(batch), gas=GAS)
        assert self.size(self.ann.account) == LOTS

    def force(self) -> None:
        """File a close of all of it through the portal, while the sequencer is down."""
        desk, key = self.venue.remote.desk, self.venue.owner_key(self.ann.name)
        self.net.sequencer.pause()
        data = desk.encode("forceClose", self.ann.account, 1, LOTS)
        assert self.net.force(key, desk.address, data, ETHER, ETHER, GAS).succeeded
        assert desk.ask("requestOf", 1)[:3] == (self.ann.account, 1, 1)
        self.net.sequencer.resume()

    def execute(self, *, by_fund: bool) -> None:
        """Have a stranger close it; a resting order comes with the call."""
        order = self.order(self.carol, buy=True)
        signature = self.carol.signer.sign_order(self.venue.domain, order).signature
        said = (order.account, True, False, False, MARK, LOTS, EXPIRY, order.nonce)
        makers = [] if by_fund else [(said, LOTS, (), 0, b"", signature)]
        call = (1, [1], makers, LOTS if by_fund else 0)
        self.venue.remote.desk.transact(self.stranger, "executeClose", *call, gas=GAS)

    def size(self, account: int) -> int:
        """Lots of an account, by the chain."""
        return int(self.venue.remote.lens.ask("positionOf", account, 1)[0])


@pytest.fixture
def case() -> Iterator[Case]:
    with Devnet.start(Config(window=60)) as net:
        yield Case(net)


@pytest.mark.parametrize("by_fund", [False, True])
def test_force_close__from_l1_with_the_sequencer_down__is_closed_by_anybody_after_the_window(
    case: Case, by_fund: bool
) -> None:
    case.force()
    desk, chain = case.venue.remote.desk, case.venue.chain
    opens = int(desk.ask("requestOf", 1)[3]) + WINDOW
    case.price()
    with pytest.raises(ContractRevert) as caught:
        case.execute(by_fund=by_fund)
    assert (caught.value.name, caught.value.arguments) == ("Request_TooEarly", (1, opens))
    chain.warp(opens)
    case.price()
    case.execute(by_fund=by_fund)
    assert desk.ask("requestOf", 1)[2] == SERVED
    taker = 0 if by_fund else case.carol.account
    sizes = [case.size(account) for account in (case.ann.account, case.ben.account, taker)]
    assert sizes == [0, -LOTS, LOTS]
    # What the owner sent beyond the fee waits for its address on L2; the fee is the stranger's.
    owed = [int(desk.ask("creditOf", who.address)) for who in (case.ann.owner, case.stranger)]
    assert sum(owed) == ETHER
    assert owed[1] == DEFAULTS.request_fee
    case.net.sync()
    assert case.net.verify().agrees

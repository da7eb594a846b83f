"""Edge: the chain below a crash: how it stands still, and how money comes into an account.

Network         a chain of its own: an outage is a gap, and nobody can do anything in it
RollupNetwork   the L2 of a devnet: the sequencer is off, and the portal on L1 still takes
                messages, which L2 executes in blocks of deposits alone
"""

from collections.abc import Iterator
from typing import Final

from penstock.crash.plan import PARAMETERS
from penstock.crash.topup import Landing
from penstock.deploy import Parameters
from penstock.devnet import ETHER, Config, Devnet
from penstock.invariants import Check
from penstock.localchain import LocalChain
from penstock.localvenue import LocalVenue, Trader
from penstock.rollup import RollupVenue
from penstock.rollup_checks import check_chains

SETTINGS: Final = Config(batch_interval=10, balance=10_000 * ETHER)
STOPS: Final = 4
"""How often in an outage people look whether they should act."""


class Network:
    """A single chain with a venue on it."""

    def __init__(self, venue: LocalVenue) -> None:
        self.venue: Final = venue

    @classmethod
    def start(cls, chain: LocalChain, parameters: Parameters = PARAMETERS) -> "Network":
        """Deploy a venue, that of a crash unless other numbers are given."""
        return cls(LocalVenue.start(chain, parameters))

    def stand_still(self, seconds: int) -> Iterator[None]:
        """Let the chain take no transaction for so long; stops where somebody could act."""
        chain = self.venue.chain
        chain.warp(chain.time() + seconds)
        chain.mine()
        yield from ()

    def deposit(self, trader: Trader, amount: int) -> Landing:
        """Bring money into an account, in whichever way is open."""
        sent = self.venue.chain.time()
        block = self.venue.deposit(trader.owner, trader.account, amount).block
        return Landing(sent, self.venue.remote.times([block])[block], (block,))

    def checks(self) -> list[Check]:
        """What must hold between this chain and others at the end; a single one has none."""
        return []


class RollupNetwork(Network):
    """The L2 of a devnet in virtual time."""

    def __init__(self, venue: RollupVenue) -> None:
        super().__init__(venue)
        self.rollup: Final = venue

    @classmethod
    def launch(cls, net: Devnet, parameters: Parameters = PARAMETERS) -> "RollupNetwork":
        """Make the collateral on L1, and deploy on L2 the venue of a crash, or another one."""
        return cls(RollupVenue.launch(net, parameters))

    def stand_still(self, seconds: int) -> Iterator[None]:
        """Stop the sequencer while L1 goes on, and start it again."""
        chain, sequencer = self.rollup.chain, self.rollup.net.sequencer
        began = chain.time()
        sequencer.pause()
        for stop in range(1, STOPS + 1):
            chain.warp(began + seconds * stop // (STOPS + 1))
            yield
        chain.warp(began + seconds)
        sequencer.resume()

    def deposit(self, trader: Trader, amount: int) -> Landing:
        """Through the sequencer while it runs, else by messages forced from L1."""
        net = self.rollup.net
        if net.sequencer.running:
            return super().deposit(trader, amount)
        sent = self.rollup.chain.time()
        arrivals = self.rollup.force_deposit(trader, amount)
        blocks = tuple(arrival.l2.block for arrival in arrivals)
        taken = tuple(arrival.l1.block for arrival in arrivals)
        return Landing(sent, net.blocks[blocks[-1]].time, blocks, taken)

    def checks(self) -> list[Check]:
        """L1 alone gives every block of L2, and holds every token that is there."""
        return check_chains(self.rollup)

"""Edge: a venue on the L2 of a rollup devnet, with collateral that is bridged from L1.

Time is virtual: a block is made when somebody waits for a receipt. Ether and collateral come from
L1 or from a development account, never out of nothing, so that L2 can be rebuilt from L1.
"""

from pathlib import Path
from typing import Final, Self

from penstock.deploy import Origin, Parameters
from penstock.devnet import ETHER, Devnet, Key, Token
from penstock.devnet.accounts import role
from penstock.devnet.client import ask
from penstock.devnet.predeploys import BRIDGE
from penstock.driven import DrivenRpc
from penstock.localchain import LocalChain
from penstock.localvenue import LocalVenue
from penstock.sender import Sender

NAME, SYMBOL = "Penstock test dollar", "pUSD"
TREASURE: Final = 1_000_000_000_000
"""Quote units that a devnet's first account gets of a new collateral."""


def bridged_token(descriptor: Path, decimals: int = 6) -> tuple[str, Origin]:
    """Have the devnet that runs make the collateral on L1; its representation on L2, and the way
    back."""
    coin = {"name": NAME, "symbol": SYMBOL, "decimals": decimals, "amount": TREASURE}
    made = ask(descriptor, "token", account=0, **coin)
    return str(made["l2"]), Origin(str(made["l1"]), BRIDGE)


class RollupChain(LocalChain):
    """The L2 of a devnet as a chain that a venue is tried on."""

    def __init__(self, net: Devnet) -> None:
        super().__init__(DrivenRpc(net.l2.url, net.step))
        self.net: Final = net

    @property
    def treasury(self) -> Key:
        """The development account that everybody's money comes from."""
        return self.net.accounts[0]

    def time(self) -> int:
        """Time of the next block."""
        return self.net.node.state.now + self.net.config.l2_block

    def steady(self) -> None:
        """Nothing to do: virtual time is steady."""

    def warp(self, time: int) -> None:
        """Let the next block be at `time`, and L1 go on to it."""
        if time > self.time():
            self.net.warp(time - self.time())

    def mine(self) -> None:
        """Make a block."""
        self.net.step()

    def fund(self, address: str, ether: int = 10) -> None:
        """Send what gas is paid with, as a transaction that L1 gets to see."""
        self.net.l2.send(self.treasury, address, value=ether * ETHER)
        self.net.step()


class RollupVenue(LocalVenue):
    """A venue on L2 whose collateral is the representation of a token on L1."""

    rollup: RollupChain
    collateral: Token

    @classmethod
    def launch(cls, net: Devnet, parameters: Parameters) -> Self:
        """Make the token on L1 and its representation on L2, and deploy on L2."""
        chain = RollupChain(net)
        collateral = net.bridge.create_token(chain.treasury, NAME, SYMBOL, parameters.decimals)
        origin = Origin(collateral.l1, BRIDGE)
        venue = cls.start(chain, parameters, collateral.l2, origin)
        venue.rollup, venue.collateral = chain, collateral
        return venue

    @property
    def net(self) -> Devnet:
        """The devnet."""
        return self.rollup.net

    def owner_key(self, name: str) -> Key:
        """The key of an account's owner, which is the same on both chains."""
        return role(f"owner {name}")

    def _endow(self, owner: Sender, amount: int) -> None:
        treasury = self.rollup.treasury
        self.net.bridge.mint(treasury, self.collateral, treasury.address, amount)
        self.net.deposit_erc20(treasury, self.collateral, amount, owner.address)

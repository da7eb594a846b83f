"""Edge: ether for a key that everybody knows: out of nothing on an anvil, bridged on a devnet."""

from typing import Final

from penstock.devnet.client import ask, read_descriptor
from penstock.devnet.config import ETHER
from penstock.follow.facts import Reader
from penstock.localchain import LocalChain

ENOUGH: Final = ETHER // 10
AMOUNT: Final = 10 * ETHER


def provide(reader: Reader, address: str) -> None:
    """Let an address be able to pay for gas on L2."""
    rpc, devnet = reader.remote.rpc, reader.devnet
    if int(rpc.call("eth_getBalance", address, "latest"), 16) >= ENOUGH:
        return
    if devnet is None:
        LocalChain(rpc).fund(address)
    elif read_descriptor(devnet).control:
        # NOTE: what an anvil makes out of nothing, L1 would not know of.
        ask(devnet, "deposit", account=0, amount=AMOUNT, to=address)

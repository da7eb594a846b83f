"""Edge: whoever pays for gas on L1, with a key of their own."""

import time
from pathlib import Path
from typing import Final

from penstock.devnet.client import ask, read_descriptor
from penstock.devnet.config import ETHER
from penstock.driven import DrivenRpc
from penstock.sender import Receipt, Sender
from penstock.signing import Signer
from penstock.transactions import Fees

AMOUNT: Final = 10 * ETHER
TRANSFER_GAS: Final = 21_000
PAUSE: Final = 0.1
"""Seconds between two looks at a devnet that makes its blocks by itself."""


class Payer:
    """Sends on L1 of a devnet that runs here."""

    def __init__(self, place: Path, signer: Signer, is_known: bool) -> None:
        self.found: Final = read_descriptor(place)
        self._place: Final = place
        self._rpc: Final = DrivenRpc(self.found.l1.url, self.step)
        self._signer: Final = signer
        self.address: Final = "0x" + signer.address.hex()
        if is_known:
            self._provide()

    def send(self, to: str, data: bytes, gas: int, value: int = 0) -> Receipt:
        """Send and wait. Raises ContractRevert, SendError."""
        return self._sender(self._signer).transact(to, data, gas, value)

    def step(self) -> None:
        """Have the devnet make a block; where nobody listens it makes them by itself."""
        if self.found.control:
            ask(self._place, "step")
        else:
            time.sleep(PAUSE)  # a node does not tell when it has a block; it can only be asked

    def _provide(self) -> None:
        """Give an address that everybody knows ether on L1."""
        if int(self._rpc.call("eth_getBalance", self.address, "latest"), 16) < AMOUNT // 10:
            rich = Signer(bytes.fromhex(self.found.accounts[0].key[2:]))
            self._sender(rich).transact(self.address, b"", TRANSFER_GAS, AMOUNT)

    def _sender(self, signer: Signer) -> Sender:
        """Somebody on L1, who pays twice what gas costs there now, if it comes to that."""
        price = int(self._rpc.call("eth_gasPrice"), 16)
        return Sender(self._rpc, signer, Fees(cap=2 * price))

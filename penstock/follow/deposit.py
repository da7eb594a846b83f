"""Edge: a call on L2, sent from L1 by the portal of a devnet: no sequencer can refuse it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from penstock.devnet.abi import contract
from penstock.devnet.client import ask, read_descriptor
from penstock.devnet.config import ETHER
from penstock.devnet.deposits import from_logs
from penstock.driven import DrivenRpc
from penstock.follow.facts import ExitError, Reader
from penstock.sender import Receipt, Sender, read_receipt
from penstock.signing import Signer
from penstock.transactions import Fees

DEPOSIT_GAS: Final = 500_000
AMOUNT: Final = 10 * ETHER
PATIENCE: Final = 100
"""Looks for the deposit on L2, one L2 block each."""


class Portal:
    """The way from L1 to L2 of a devnet that runs here."""

    def __init__(self, reader: Reader) -> None:
        if reader.devnet is None:
            raise ExitError("to send from L1, name the devnet that runs, with --devnet")
        self.devnet: Final[Path] = reader.devnet
        self.l2: Final = reader.remote.rpc
        self.found: Final = read_descriptor(reader.devnet)
        self.l1: Final = DrivenRpc(self.found.l1.url, self._step)

    def provide(self, address: str) -> None:
        """Give an address that everybody knows ether on L1."""
        if int(self.l1.call("eth_getBalance", address, "latest"), 16) < AMOUNT // 10:
            rich = Signer(bytes.fromhex(self.found.accounts[0].key[2:]))
            self._sender(rich).transact(address, b"", DEPOSIT_GAS, AMOUNT)

    def send(self, signer: Signer, to: str, data: bytes, gas: int, value: int) -> Receipt:
        """Have L2 call, as the signer, with ether that comes along; what became of it there.

        Raises ContractRevert when L1 refuses it, ExitError when L2 undid it.
        """
        portal, sender = self.found.addresses.portal, self._sender(signer)
        call = contract("OptimismPortal").encode("depositTransaction", to, value, gas, False, data)
        receipt = sender.transact(portal, call, DEPOSIT_GAS + gas, value)
        arrived = self._arrival(receipt)
        if not arrived.succeeded:
            raise ExitError(
                f"the deposit {receipt.hash} is on L2, and its call was undone there in "
                f"{arrived.hash}; the ether that came along is the sender's on L2"
            )
        return arrived

    def _arrival(self, receipt: Receipt) -> Receipt:
        """The L2 receipt of a deposit, or of the twin that stands for it."""
        names = [name for one in from_logs(receipt.logs) for name in (one.hash, one.rejected.hash)]
        for found in self._looks(names):
            if found is not None:
                return read_receipt(found)
        raise ExitError(
            f"the deposit {receipt.hash} is on L1 and not yet on L2; `penstock exit watch` finds it"
        )

    def _looks(self, names: list[str]) -> Iterator[dict[str, object] | None]:
        for _ in range(PATIENCE):
            for name in names:
                yield self.l2.call("eth_getTransactionReceipt", name)
            self._step()

    def _sender(self, signer: Signer) -> Sender:
        """Somebody on L1, who pays twice what gas costs there now, if it comes to that."""
        price = int(self.l1.call("eth_gasPrice"), 16)
        return Sender(self.l1, signer, Fees(cap=2 * price))

    def _step(self) -> None:
        ask(self.devnet, "step")

"""Edge: a call on L2, sent from L1 by the portal of a devnet: no sequencer can refuse it."""

from collections.abc import Iterator
from typing import Final

from penstock.devnet.abi import contract
from penstock.devnet.deposits import from_logs
from penstock.follow.facts import ExitError, Reader
from penstock.follow.payer import Payer
from penstock.sender import Receipt, read_receipt

DEPOSIT_GAS: Final = 500_000
PATIENCE: Final = 100
"""Looks for the deposit on L2, one L2 block each."""


class Portal:
    """The way from L1 to L2 of a devnet that runs here."""

    def __init__(self, reader: Reader, payer: Payer) -> None:
        self.reader: Final = reader
        self.payer: Final = payer
        self.l2: Final = reader.remote.rpc

    def send(self, to: str, data: bytes, gas: int, value: int) -> Receipt:
        """Have L2 call, as the payer, with ether that comes along; what became of it there.

        Raises ContractRevert when L1 refuses it, ExitError when L2 undid it.
        """
        call = contract("OptimismPortal").encode("depositTransaction", to, value, gas, False, data)
        place = self.payer.found.addresses.portal
        receipt = self.payer.send(place, call, DEPOSIT_GAS + gas, value)
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
            f"the deposit {receipt.hash} is on L1 and not yet on L2: do not repeat it; "
            f"`penstock exit watch` finds it"
        )

    def _looks(self, names: list[str]) -> Iterator[dict[str, object] | None]:
        for _ in range(PATIENCE):
            for name in names:
                yield self.l2.call("eth_getTransactionReceipt", name)
            self.payer.step()

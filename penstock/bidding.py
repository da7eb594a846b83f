"""Edge: offers more for a transaction that blocks are made without, up to a ceiling.

    SendError
    ├── FeeCeilingError      no more may be offered, and blocks are made without it
    └── NonceTakenError      another program sent with this key

All offers have one nonce, so that one of them is mined at most, and none is above the ceiling, so
that it costs gas × ceiling at most. The L1 fee of a rollup comes on top: nobody can bid for it.
"""

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final

from penstock.rpc import NodeRefusedError
from penstock.sender import (
    PATIENCE,
    POLL,
    Receipt,
    ReceiptMissingError,
    Sender,
    SendError,
    read_receipt,
)
from penstock.transactions import Fees, Transaction

NOTHING_GAS: Final = 21_000
"""Of a transaction that does nothing."""


class FeeCeilingError(SendError):
    """Blocks are made without the transaction, and no more may be offered. Wei per gas."""

    def __init__(self, nonce: int, offered: int, asked: int, ceiling: int) -> None:
        self.nonce: Final = nonce
        self.offered: Final = offered
        self.asked: Final = asked
        self.ceiling: Final = ceiling
        super().__init__(
            f"transaction {nonce} is not mined for {offered} wei per gas: the next block asks "
            f"{asked}, the ceiling is {ceiling}; wait until blocks are cheaper or have room, or "
            f"raise Fees.ceiling, then settle again"
        )


class NonceTakenError(SendError):
    """Another transaction of the account has the nonce; this one was not sent."""

    def __init__(self, address: str, nonce: int, mined: int, known: int) -> None:
        self.address: Final = address
        self.nonce: Final = nonce
        self.mined: Final = mined
        self.known: Final = known
        super().__init__(
            f"{address} has no transaction {nonce} to send: {known} are known and {mined} of them "
            f"mined; another program sends with this key: end one of the two, then resume"
        )


class Bidder:
    """Brings transactions of one sender into blocks. `patience`, in seconds, is for each offer."""

    def __init__(self, sender: Sender, patience: float = PATIENCE) -> None:
        self.sender: Final = sender
        self.patience: Final = patience

    def deliver(
        self, to: str, data: bytes, gas: int, told: Callable[[str], None] = lambda hash: None
    ) -> Receipt:
        """Send, and offer more each time that patience ends and blocks were made without it.

        `told` hears the hash of each offer. Raises ReceiptMissingError while no block is made,
        FeeCeilingError, NonceTakenError or RpcError.
        """
        return self._bid(self.sender.draft(to, data, gas), told)

    def drain(self) -> None:
        """Wait until nothing of the account waits in the pool, and take the nonce from there.

        What blocks are made without is replaced by nothing, whoever sent it with this key. Raises
        ReceiptMissingError while no block is made, FeeCeilingError or RpcError.
        """
        height, deadline = self._height(), time.monotonic() + self.patience
        while self.sender.waiting():
            if time.monotonic() > deadline:
                self._expect_blocks(height, f"of {self.sender.address}")
                self._void()
            time.sleep(POLL)  # nothing tells when the pool has emptied; it can only be asked again
        self.sender.resync()

    def _void(self) -> None:
        """Replace each transaction that waits by one that does nothing."""
        sender = self.sender
        for nonce in range(*sender.counts()):
            with suppress(NonceTakenError):  # it was mined in the meantime
                self._bid(sender.draft(sender.address, b"", NOTHING_GAS, nonce), over=True)

    def _bid(
        self,
        draft: Transaction,
        told: Callable[[str], None] = lambda hash: None,
        over: bool = False,
    ) -> Receipt:
        """Offer more and more; with `over` more than whatever waits under the nonce, too."""
        fees, offers = self.sender.fees, list[str]()
        while True:
            height, refusal = self._height(), None
            try:
                offers.append(self.sender.submit(draft, fees))
                told(offers[-1])
                return self.sender.wait(offers[-1], self.patience)
            except ReceiptMissingError as missing:
                self._expect_blocks(height, missing.hash)
            except NodeRefusedError as error:
                refusal = error
            counts = self.sender.counts()
            if (found := self._mined(offers)) is not None:
                return found
            self._check_nonce(draft.nonce, counts, over or bool(offers))
            fees = self._more(draft.nonce, fees, None if over else refusal)

    def _expect_blocks(self, height: int, hash: str) -> None:
        """A price is raised only where blocks are made, and not by waiting for a chain at rest."""
        if self._height() == height:
            raise ReceiptMissingError(hash, self.patience)

    def _check_nonce(self, nonce: int, counts: tuple[int, int], ours: bool) -> None:
        """Make sure that the nonce is free, or that what waits under it may be replaced."""
        mined, known = counts
        if mined > nonce or (known > nonce and not ours):
            raise NonceTakenError(self.sender.address, nonce, mined, known)

    def _more(self, nonce: int, fees: Fees, refusal: NodeRefusedError | None) -> Fees:
        """The next offer, unless the node refused this one for anything but its price."""
        base, tip = self._asked()
        if refusal is not None and base <= fees.cap:
            raise refusal
        more = fees.raised(base, tip)
        if 10 * more.cap < 11 * fees.cap:
            raise FeeCeilingError(nonce, fees.cap, base, fees.ceiling)
        return more

    def _asked(self) -> tuple[int, int]:
        """What the next block asks, and the tip that the node advises; wei per gas."""
        questions = ("eth_getBlockByNumber", ("pending", False)), ("eth_maxPriorityFeePerGas", ())
        block, tip = self.sender.rpc.batch(questions)
        return int(block.get("baseFeePerGas", "0x0"), 16), int(tip, 16)

    def _height(self) -> int:
        return int(self.sender.rpc.call("eth_blockNumber"), 16)

    def _mined(self, offers: Sequence[str]) -> Receipt | None:
        """The receipt of whichever offer is in the chain."""
        asked = [("eth_getTransactionReceipt", (hash,)) for hash in offers]
        found = [answer for answer in self.sender.rpc.batch(asked) if answer is not None]
        return read_receipt(found[0]) if found else None

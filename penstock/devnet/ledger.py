"""What L1 holds of outputs and of proofs, whichever contracts keep it: an oracle, or games.

A claim is an output as it was proposed, true or not. It has an index that L1 counts up.
"""

from collections.abc import Iterator
from enum import StrEnum
from typing import Protocol

from msgspec import Struct

from penstock.devnet.deposits import Origin
from penstock.devnet.party import Party
from penstock.devnet.state import Output, State


class Claim(Struct, frozen=True):
    """An output as L1 has it."""

    root: str
    time: int
    """Of L1, when it was proposed."""
    block: int
    """Of L2, that it is about."""


class Standing(StrEnum):
    """What is left of a claim."""

    STANDS = "stands"
    CONTESTED = "contested"
    """Its game goes on, and its last word is against the claim, or may be."""
    GONE = "gone"


class Proven(Struct, frozen=True):
    """What the portal remembers of a proof."""

    time: int
    index: int
    """Of the claim that it was given against."""
    standing: Standing


class Ledger(Protocol):
    """The contracts that keep outputs, and the portal that believes them."""

    @property
    def portal(self) -> str:
        """The name of the portal's contract."""

    # --- for proposer and challenger --------------------------------------------------------------

    def count(self) -> int:
        """How many claims there are."""

    def claim(self, index: int) -> Claim:
        """One of them."""

    def opens(self, block: int) -> int:
        """The last L1 time at which a block may not be proposed yet."""

    def propose(self, proposer: Party, output: Output, origin: Origin, time: int) -> str:
        """Send a claim for the L1 block at `time`; the transaction's hash comes back."""

    def proposed(self, state: State, index: int) -> None:
        """Take note of a claim that the newest L1 block holds."""

    def contestable(self, state: State, time: int) -> Iterator[tuple[int, Claim]]:
        """The claims that can be contested in the L1 block at `time`."""

    def contest(self, challenger: Party, state: State, index: int, truth: str, time: int) -> None:
        """Send what the challenger has to say against a claim: its root should be `truth`."""

    def settle(self, challenger: Party, state: State, time: int) -> None:
        """Send what ends the claims whose time has come."""

    def turn_back(self, state: State) -> None:
        """Learn anew which claims are open."""

    # --- for withdrawals --------------------------------------------------------------------------

    def standing(self, index: int) -> Standing:
        """What is left of a claim."""

    def proven(self, state: State, withdrawal: str, payer: str) -> Proven | None:
        """The proof that a payer gave for a withdrawal."""

    def payable(self, index: int, proven: int, now: int) -> int:
        """The first L1 time at which a proof of the time `proven` is paid on."""

    def promised(self, proposed: int, proven: int) -> int:
        """The same for a claim that is still to come, and nobody contests."""

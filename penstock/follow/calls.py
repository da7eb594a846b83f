"""Edge: takes the next step of an exit: a call on L2, or of the portal on L1.

`progress` says what is due; here it is done, and tried at the node before it is sent.
"""

from collections.abc import Callable, Mapping
from typing import Final

from penstock.devnet.withdrawals import Status, went_well
from penstock.follow.facts import ExitError, Reader
from penstock.follow.payer import Payer
from penstock.follow.progress import Exit, Leg, Step, Ticket, leg_progress
from penstock.follow.proof import Passage
from penstock.keepers.wallet import Wallet
from penstock.remote import Contract
from penstock.sender import Receipt

PAGE: Final = 25
"""Tickets that one transaction releases at most."""
RELEASE_GAS: Final = 400_000
"""For one of them: a payment may burn 300,000."""
STEP_GAS: Final = 1_000_000

Call = tuple[Contract, str, tuple[object, ...], int]
"""A contract, its function, what it is given, and gas."""


class Caller:
    """Takes steps. The key is asked for when something is to be sent, and not before."""

    def __init__(
        self, reader: Reader, wallet: Callable[[], Wallet], payer: Callable[[], Payer]
    ) -> None:
        self.reader: Final = reader
        self.wallet: Final = wallet
        self.payer: Final = payer
        """The same on L1."""
        self.claim_to: str | None = None
        """Where a ticket's recipient has a claim paid instead."""

    def take(self, exit: Exit, step: Step) -> None:
        """Take a step that is due. Raises ExitError, ContractRevert, WalletError."""
        if step in _ON_L1:
            self._on_l1(exit, step)
        else:
            self.send(*_CALLS[step](self, exit))

    def send(
        self,
        contract: Contract,
        function: str,
        arguments: tuple[object, ...],
        gas: int = STEP_GAS,
        value: int = 0,
    ) -> Receipt:
        """Send one call and wait for it."""
        return self.wallet().perform(contract, function, arguments, gas, value)

    def check(self, exit: Exit, step: Step) -> None:
        """Name the output on L1 that is false, if that is what a proof waits for.

        Raises FalseOutputError.
        """
        for leg in exit.legs if step is Step.PROVE else ():
            if leg.status == Status.DISPUTED:
                self._passage(leg).proof()

    def _on_l1(self, exit: Exit, step: Step) -> None:
        now = self.reader.now()
        for leg in exit.legs:
            found = leg_progress(leg, now)
            if found.step is step and found.is_due(now):
                self._ashore(self._passage(leg), step)

    def _ashore(self, passage: Passage, step: Step) -> None:
        """Prove on L1, or have L1 pay: tried there, sent, and looked at."""
        call = passage.proof() if step is Step.PROVE else passage.payment()
        payer, bridge = self.payer(), passage.bridge
        bridge.attempt(payer.address, call, passage.now)
        receipt = payer.send(bridge.found.addresses.portal, call.data, call.gas)
        if not went_well(receipt.logs):
            raise ExitError(
                f"L1 made the withdrawal final in {receipt.hash}, and the call that pays failed "
                f"there; anybody may send it again through L1's messenger (`relayMessage`)"
            )

    def _passage(self, leg: Leg) -> Passage:
        bridge = self.reader.bridge
        assert bridge is not None, "without a look at L1 nothing is due there"
        return bridge.passage(leg.transaction, leg.index)


_ON_L1: Final = (Step.PROVE, Step.FINALISE)


def _admit(caller: Caller, exit: Exit) -> Call:
    assert exit.hold is not None, "only a hold is admitted"
    return caller.reader.remote.queue, "admit", (exit.hold.number,), STEP_GAS


def _release(caller: Caller, exit: Exit) -> Call:
    count = min(PAGE, _ticket(exit).tickets_ahead + 1)
    return caller.reader.remote.vault, "release", (count,), STEP_GAS + RELEASE_GAS * count


def _claim(caller: Caller, exit: Exit) -> Call:
    vault, number = caller.reader.remote.vault, _ticket(exit).number
    if caller.claim_to is None:
        return vault, "claim", (number,), STEP_GAS
    return vault, "claimTo", (number, caller.claim_to), STEP_GAS


def _send(caller: Caller, exit: Exit) -> Call:
    doors = caller.reader.remote.doors
    assert doors is not None, "whoever has a door has doors"
    return doors, "send", (exit.l1_recipient,), STEP_GAS


def _ticket(exit: Exit) -> Ticket:
    assert exit.ticket is not None, "only a ticket is paid"
    return exit.ticket


_CALLS: Final[Mapping[Step, Callable[[Caller, Exit], Call]]] = {
    Step.ADMIT: _admit,
    Step.RELEASE: _release,
    Step.CLAIM: _claim,
    Step.SEND: _send,
}

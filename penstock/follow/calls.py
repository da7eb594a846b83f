"""Edge: takes the next step of an exit: the call on L2, or the devnet's on L1.

`progress` says what is due; here it is done, and tried at the node before it is sent.
"""

from collections.abc import Callable, Mapping
from typing import Final

from penstock.devnet.client import ask
from penstock.follow.facts import ExitError, Reader
from penstock.follow.progress import Exit, Step, Ticket, leg_progress
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

    def __init__(self, reader: Reader, wallet: Callable[[], Wallet]) -> None:
        self.reader: Final = reader
        self.wallet: Final = wallet
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

    def _on_l1(self, exit: Exit, step: Step) -> None:
        devnet, now = self.reader.devnet, self.reader.now()
        if devnet is None:
            raise ExitError(f"to {step} on L1, name the devnet that runs, with --devnet")
        for leg in exit.legs:
            found = leg_progress(leg, now)
            if found.step is step and found.is_due(now):
                ask(devnet, _ON_L1[step], hash=leg.transaction, index=leg.index)


_ON_L1: Final[Mapping[Step, str]] = {Step.PROVE: "prove", Step.FINALISE: "finalize"}


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

"""Edge: signed withdrawals that the operator carries: reserved when taken, sent beside the batches.

    PromisedError         PenstockError, ValueError   what waits needs the amount
    CrowdedError          PenstockError, ValueError   enough withdrawals of the account wait

A withdrawal that is taken is gone for the engine in that moment. It is sent after the batch, so a
fill that was matched before it, or after it within what is left, settles.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from msgspec import Struct, structs

from penstock.artifacts import ContractRevert, decode_revert
from penstock.errors import PenstockError
from penstock.messages import SignedWithdrawal, Withdrawal
from penstock.remote import Contract, Log
from penstock.submitter import SubmitError, Submitter
from penstock.wire import decode_withdrawal

PAGE: Final = 7
"""Withdrawals in one transaction."""
PAGE_GAS: Final = 16_700_000
"""What a page may burn at worst: seven times the bound of one, and what is kept back of it."""
MOST_WAITING: Final = 4
"""Withdrawals of one account that wait for a batch."""
Name = tuple[int, int]
"""Account and nonce: what a signed withdrawal is reserved by."""


class PromisedError(PenstockError, ValueError):
    """Fills, or other withdrawals, that wait for the next batch need the amount. Quote units."""

    def __init__(self, account: int, amount: int, free: int) -> None:
        self.account: Final = account
        self.amount: Final = amount
        self.free: Final = free
        super().__init__(
            f"account {account} asks for {amount}, and {free} is free beside the fills and "
            f"withdrawals that wait: ask for less, or again after the next batch"
        )


class CrowdedError(PenstockError, ValueError):
    """Enough withdrawals of the account wait: the operator pays for each that is carried."""

    def __init__(self, account: int, most: int) -> None:
        self.account: Final = account
        self.most: Final = most
        super().__init__(
            f"{most} withdrawals of account {account} wait, which is the most: ask again after the "
            f"next batch, or carry it yourself (ExitDesk.request)"
        )


class Carried(Struct, frozen=True):
    """What became of a withdrawal that was sent."""

    withdrawal: Withdrawal
    ticket: int | None
    """Its place in the queue (0: held by the account's guard); None when it was skipped."""
    refusal: ContractRevert | None = None
    """Why it was skipped."""


class Carrier:
    """Takes signed withdrawals and brings them to the exit desk, through a submitter's own key."""

    def __init__(self, submitter: Submitter) -> None:
        self.submitter: Final = submitter
        self.pending: list[SignedWithdrawal] = []
        """What was taken and is not on the chain, in order."""

    @property
    def _desk(self) -> Contract:
        return self.submitter.mirror.remote.desk

    def take(self, data: bytes) -> SignedWithdrawal:
        """Take a withdrawal off the wire and reserve its amount, or leave everything as it was.

        The desk itself says whether it could be carried now: signature, number, last second, marks,
        margin. Raises DecodeError, a FieldError, ContractRevert, CrowdedError or PromisedError.
        """
        signed = decode_withdrawal(data)
        name = account, _ = _name(signed)
        waiting = [_name(one) for one in self.pending]
        if name in waiting:
            raise ContractRevert("Request_NonceUsed", name)
        if sum(who == account for who, _ in waiting) >= MOST_WAITING:
            raise CrowdedError(account, MOST_WAITING)
        self._desk.ask("request", *self._call(signed))
        self._reserve(signed)
        self.pending.append(signed)
        return signed

    def _reserve(self, signed: SignedWithdrawal) -> None:
        """Take the amount out of the gate's view, unless a fill that waits would be lost by it."""
        gate, asked = self.submitter.gate, signed.withdrawal
        free = gate.withdrawable(asked.account)
        if asked.amount > free:
            raise PromisedError(asked.account, asked.amount, free)
        before = gate.rebase()
        gate.venue.reserves.hold(_name(signed), asked.account, asked.amount)
        if gate.rebase() != before:
            gate.venue.reserves.release(_name(signed))
            gate.rebase()
            raise PromisedError(asked.account, asked.amount, free)

    def carry(self) -> list[Carried]:
        """Send all that was taken, a page at a time; to be called when the batch has settled.

        What somebody else carried, or its owner revoked, is left out. Raises what
        a `Bidder` raises; what was not sent stays pending and reserved.
        """
        if self.pending:
            self.submitter.follow()
            self.resume(self.pending)
        done: list[Carried] = []
        while self.pending:
            done += self._carry_page(self.pending[:PAGE])
        return done

    def _carry_page(self, page: Sequence[SignedWithdrawal]) -> list[Carried]:
        submitter, desk = self.submitter, self._desk
        call = desk.encode("carry", [self._call(signed) for signed in page])
        receipt = submitter.bidder.deliver(desk.address, call, PAGE_GAS)
        if not receipt.succeeded:
            submitter.sender.explain(receipt, desk.address, call, PAGE_GAS)
        found = _told(submitter.follow())
        if missing := [_name(signed) for signed in page if _name(signed) not in found]:
            raise SubmitError(f"{missing} were carried and no event tells of them; carry again")
        self.pending = self.pending[len(page) :]
        for signed in page:
            submitter.gate.venue.reserves.release(_name(signed))
        submitter.gate.rebase()
        return [Carried(signed.withdrawal, *found[_name(signed)]) for signed in page]

    def resume(self, taken: Iterable[SignedWithdrawal]) -> None:
        """Begin again, after the submitter's `resume`, from all that was ever taken.

        What was not carried or revoked yet is reserved anew and pending.
        """
        taken = list(taken)
        used = self._desk.ask_many([("isUsed", *_name(signed)) for signed in taken])
        self.pending = [signed for signed, gone in zip(taken, used, strict=True) if not gone]
        for signed in self.pending:
            asked, reserves = signed.withdrawal, self.submitter.gate.venue.reserves
            reserves.hold(_name(signed), asked.account, asked.amount)
        self.submitter.gate.rebase()

    def _call(self, signed: SignedWithdrawal) -> tuple[object, ...]:
        asked = signed.withdrawal
        markets = self.submitter.mirror.venue.held(asked.account).open_markets
        return structs.astuple(asked), markets, signed.signature


def _name(signed: SignedWithdrawal) -> Name:
    return signed.withdrawal.account, signed.withdrawal.nonce


def _told(logs: Iterable[Log]) -> dict[Name, tuple[int | None, ContractRevert | None]]:
    """Ticket or refusal of each withdrawal that the desk's events name; a ticket counts more."""
    found: dict[Name, tuple[int | None, ContractRevert | None]] = {}
    for log in logs:
        if log.name == "RequestSkipped":
            account, nonce, reason = log.arguments
            found.setdefault((account, nonce), (None, decode_revert(reason)))
        elif log.name == "RequestCarried":
            account, nonce, ticket = log.arguments
            found[account, nonce] = (ticket, None)
    return found

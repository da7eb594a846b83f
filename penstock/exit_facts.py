"""Edge: what the chain says of an exit, from one number alone: of a ticket, hold, request, account.

    ExitError                          an exit cannot be followed, or not so
    └── UnknownExitError  LookupError  the chain knows nothing of this number

Nothing is remembered between two questions, so an exit that was begun on one machine goes on from
any other that has the venue's descriptor and a node. What happened on L1 is told by a devnet that
runs here, when its descriptor is at hand too.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from penstock.deployment import Deployment
from penstock.devnet.client import ask, read_descriptor
from penstock.devnet.messages import messages_in
from penstock.driven import DrivenRpc
from penstock.errors import PenstockError
from penstock.progress import Exit, Hold, Leg, Step, Ticket, progress
from penstock.remote import Contract, Log, Remote, connect, read_logs
from penstock.rpc import Rpc
from penstock.sender import Receipt

NOBODY: Final = "0x" + "00" * 20
LATEST: Final = "latest"
STATUSES: Final = ("unknown", "line", "line", "paid", "aside")
"""What `TicketStatus` means once time is left out."""


class ExitError(PenstockError):
    """An exit cannot be followed, or not so."""


class UnknownExitError(ExitError, LookupError):
    """The chain knows nothing of this number."""

    def __init__(self, what: str, number: int) -> None:
        self.number: Final = number
        super().__init__(
            f"there is no {what} {number} in this venue; `penstock exit watch --account N` lists "
            f"what an account has under way"
        )


class Reader:
    """Reads the exits of one venue."""

    def __init__(self, remote: Remote, devnet: Path | None = None, l1_recipient: str = "") -> None:
        self.remote: Final = remote
        self.devnet: Final = devnet
        self._hint: Final = l1_recipient.lower()

    @classmethod
    def open(
        cls, url: str, deployment: Path, devnet: Path | None = None, l1_recipient: str = ""
    ) -> "Reader":
        """Connect to the venue on file; with a devnet, at its L2."""
        rpc = Rpc(url) if devnet is None else _devnet_rpc(devnet)
        remote = connect(rpc, Deployment.read(deployment).check(rpc).system)
        return cls(remote, devnet, l1_recipient)

    def now(self) -> int:
        """Time of the next block."""
        if self.devnet is None:
            return self.remote.rpc.next_time()
        # NOTE: an anvil of a devnet guesses by the machine's clock, and the devnet has its own.
        status = ask(self.devnet, "status")
        return int(status["time"]) + read_descriptor(self.devnet).rollup.l2_block

    # --- an exit, by one number -------------------------------------------------------------------

    def of_ticket(self, number: int) -> Exit:
        """The exit that a ticket belongs to. Raises UnknownExitError."""
        ticket = self.ticket(number)
        return self._onward(Exit(ticket.account, ticket=ticket))

    def of_hold(self, number: int) -> Exit:
        """The exit that a hold belongs to, admitted or not. Raises UnknownExitError."""
        queue = self.remote.queue
        account, recipient, amount, until = self._ask(queue, "hold", number)
        if amount:
            hold = Hold(number, account, recipient, amount, until)
            return self._onward(Exit(account, hold=hold))
        admitted = queue.logs("TicketAdmitted", number)
        if not admitted:
            raise UnknownExitError("hold", number)
        return self.of_ticket(admitted[0].arguments[1])

    def of_account(self, account: int) -> list[Exit]:
        """Every exit of an account that is under way, oldest first. Raises UnknownExitError."""
        if not 0 <= account <= int(self._ask(self.remote.positions, "accountCount")):
            raise UnknownExitError("account", account)
        found = [self.of_ticket(number) for number in self.tickets_of(account)]
        found += [self.of_hold(number) for number in self.holds_of(account)]
        now = self.now()
        return [one for one in found if progress(one, now).step is not Step.NONE]

    def of_receipt(self, receipt: Receipt) -> Exit:
        """The exit that a transaction began."""
        found = {log.name: log.arguments[0] for log in read_logs(receipt.logs, {})}
        if "TicketHeld" in found:
            return self.of_hold(found["TicketHeld"])
        return self.of_ticket(found["TicketIssued"])

    # --- what an account has had ------------------------------------------------------------------

    def tickets_of(self, account: int) -> list[int]:
        """Its tickets, those that were held before included."""
        queue = self.remote.queue
        issued = [log.arguments[0] for log in queue.logs("TicketIssued", None, account)]
        held = {log.arguments[0] for log in queue.logs("TicketHeld", None, account)}
        admitted = (log.arguments for log in (queue.logs("TicketAdmitted") if held else ()))
        return sorted([*issued, *(ticket for hold, ticket, *_ in admitted if hold in held)])

    def holds_of(self, account: int) -> list[int]:
        """Its holds that have not joined the line."""
        queue = self.remote.queue
        held = [log.arguments[0] for log in queue.logs("TicketHeld", None, account)]
        stored = queue.ask_many([("hold", number) for number in held], block=LATEST)
        return [number for number, (_, _, amount, _) in zip(held, stored, strict=True) if amount]

    def owner_of(self, account: int) -> str:
        """Whose an account is."""
        return str(self._ask(self.remote.positions, "ownerOf", account))

    def ticket(self, number: int) -> Ticket:
        """A ticket as the queue has it. Raises UnknownExitError."""
        names = ("ticket", "leftOf", "aheadOf", "etaOf", "claimableFrom")
        asked: list[tuple[Any, ...]] = [(name, number) for name in names]
        asked += [("etaOf", max(0, number - 1)), ("gateEndsAt",)]
        answers = self.remote.queue.ask_many(asked, block=LATEST)
        (*stored, status), left, ahead, eta, claim, before, gate = answers
        if not status:
            raise UnknownExitError("ticket", number)
        found = (number, *stored, STATUSES[status], left, *ahead, eta, before, gate, claim)
        return Ticket(**dict(zip(Ticket.__struct_fields__, found, strict=True)))

    # --- on to L1 ---------------------------------------------------------------------------------

    def _onward(self, exit: Exit) -> Exit:
        """The same exit, with its way from a door to L1 if its recipient is one."""
        part = exit.ticket or exit.hold
        doors = self.remote.doors
        recipient = "" if part is None else part.recipient
        target = "" if doors is None else self._behind(doors, recipient, exit.account)
        if part is None or doors is None or not target:
            return exit
        paid = self._paid_for(exit, recipient)
        legs = tuple(self._legs(paid, doors.logs("Sent", None, recipient)))
        return Exit(
            exit.account, exit.signed, exit.forced, exit.hold, exit.ticket, exit.silence,
            recipient, target, legs,
        )  # fmt: skip

    def _behind(self, doors: Contract, door: str, account: int) -> str:
        """Whom a door leads to: whoever was sent to from there, or whose it would be; or nobody."""
        sent = doors.logs("Sent", None, door)
        if sent:
            return str(sent[0].arguments[0])
        guesses = [one for one in (self._hint, self.owner_of(account)) if one not in ("", NOBODY)]
        found = doors.ask_many([("doorOf", one) for one in guesses], block=LATEST)
        return next((g for g, place in zip(guesses, found, strict=True) if place == door), "")

    def _paid_for(self, exit: Exit, recipient: str) -> list[Log]:
        """The payments of an exit to its recipient."""
        if exit.ticket is None:
            return []
        paid = self.remote.vault.logs("TicketPaid", exit.ticket.number)
        return [log for log in paid if log.arguments[1] == recipient]

    def _legs(self, paid: Iterable[Log], sent: list[Log]) -> Iterable[Leg]:
        """What each payment became: what is sent takes with it all that lies at the door."""
        waiting, since, gone = 0, 0, dict[tuple[int, int], Log]()
        for payment in paid:
            after = [log for log in sent if _order(log) > _order(payment)]
            if after:
                gone[_order(after[0])] = after[0]
            else:
                waiting, since = waiting + payment.arguments[2], payment.time
        for log in gone.values():
            yield self._sent(log)
        if waiting:
            yield Leg(waiting, since)

    def _sent(self, log: Log) -> Leg:
        """What was sent over the bridge, and where it is on L1."""
        receipt = self.remote.rpc.call("eth_getTransactionReceipt", log.transaction)
        before = [one for one in receipt["logs"] if int(one["logIndex"], 16) < log.place]
        index, amount = len(messages_in(before)), log.arguments[2]
        if self.devnet is None:
            return Leg(amount, log.time, log.transaction, index)
        told = ask(self.devnet, "withdrawal", hash=log.transaction, index=index)
        return Leg(amount, log.time, log.transaction, index, told["status"], told["earliest"])

    @staticmethod
    def _ask(contract: Contract, function: str, *arguments: object) -> Any:
        return contract.ask_many([(function, *arguments)], block=LATEST)[0]


def _order(log: Log) -> tuple[int, int]:
    return log.block, log.place


def _devnet_rpc(place: Path) -> Rpc:
    """The L2 of a devnet; in virtual time, whoever waits makes the blocks."""
    url = read_descriptor(place).l2.url
    if ask(place, "status")["clock"] == "real":
        return Rpc(url)
    return DrivenRpc(url, lambda: ask(place, "step"))

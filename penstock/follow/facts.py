"""Edge: what the chain says of an exit, from one number alone: of a ticket, hold, request, account.

    ExitError                          an exit cannot be followed, or not so
    └── UnknownExitError  LookupError  the chain knows nothing of this number

Nothing is remembered between two questions, so an exit that was begun on one machine goes on from
any other that has the venue's descriptor and a node. What happened on L1 is read there, when a
devnet's descriptor is at hand too, which names its nodes and the contracts of its bridge.
"""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from msgspec.structs import replace

from penstock.deployment import Deployment
from penstock.devnet.client import ask, read_descriptor
from penstock.devnet.messages import messages_in
from penstock.driven import DrivenRpc
from penstock.errors import PenstockError
from penstock.follow.progress import (
    Exit,
    Forced,
    Hold,
    Leg,
    Signed,
    Silence,
    Step,
    Ticket,
    progress,
)
from penstock.follow.proof import Bridge
from penstock.messages import Withdrawal
from penstock.remote import PENDING, Contract, Log, Remote, connect, read_logs
from penstock.rpc import Rpc
from penstock.sender import Receipt

NOBODY: Final = "0x" + "00" * 20
STATUSES: Final = ("unknown", "line", "line", "paid", "aside")
"""What `TicketStatus` means once time is left out."""
REQUESTS: Final = ("unknown", "pending", "served", "dropped")
FORCED: Final = ("WithdrawalForced", "CloseForced")
ENDS: Final = ("RequestServed", "RequestDropped")
VENUE: Final = 0
"""The account that an exit of nobody's is under: the freeze itself."""


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
        self.bridge: Final = None if devnet is None else Bridge(read_descriptor(devnet))
        """What is seen of L1."""
        self._hint: Final = l1_recipient.lower()
        # NOTE: an anvil of a devnet guesses the next block's time by the machine's clock, and the
        # devnet has its own. What depends on time is taken as of the last block there.
        self._block: Final = PENDING if devnet is None else "latest"

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
        if self.devnet is None or self.bridge is None:
            return self.remote.rpc.next_time()
        found = self.bridge.found
        if found.control:
            latest = int(ask(self.devnet, "status")["time"])
        else:
            latest = int(self.bridge.l2.block()["timestamp"], 16)
        return latest + found.rollup.l2_block

    # --- an exit, by one number -------------------------------------------------------------------

    def of_ticket(self, number: int) -> Exit:
        """The exit that a ticket belongs to. Raises UnknownExitError."""
        ticket = self.ticket(number)
        paid = self.remote.vault.logs("TicketPaid", number)
        there = [log for log in paid if log.arguments[1] == ticket.recipient]
        paid_at = max((log.time for log in paid), default=0)
        exit = Exit(ticket.account, ticket=ticket, paid_at=paid_at)
        return self._onward(exit, ticket.recipient, there)

    def of_hold(self, number: int) -> Exit:
        """The exit that a hold belongs to, admitted or not. Raises UnknownExitError."""
        queue = self.remote.queue
        account, recipient, amount, until = self._ask(queue, "hold", number)
        if amount:
            hold = Hold(number, account, recipient, amount, until)
            return self._onward(Exit(account, hold=hold), recipient, [])
        admitted = queue.logs("TicketAdmitted", number)
        if not admitted:
            raise UnknownExitError("hold", number)
        return self.of_ticket(admitted[0].arguments[1])

    def of_request(self, number: int) -> Exit:
        """The exit that a forced request belongs to. Raises UnknownExitError."""
        forced = self.forced(number)
        if forced.status != "served" or forced.is_close:
            return Exit(forced.account, forced=forced)
        # Where there are several, the last ticket stands behind the others.
        done = self.remote.desk.logs("WithdrawalExecuted", number)[-1]
        return replace(self._issued(done, forced.account, done.arguments[1]), forced=forced)

    def of_signed(self, withdrawal: Withdrawal) -> Exit:
        """The exit that a signed withdrawal is, carried or not."""
        account, nonce, desk = withdrawal.account, withdrawal.nonce, self.remote.desk
        used = bool(self._ask(desk, "isUsed", account, nonce))
        revoked = [log.arguments[1] for log in desk.logs("RequestRevoked", account)]
        signed = Signed(account, nonce, withdrawal.deadline, used, nonce in revoked)
        carried = [log for log in desk.logs("RequestCarried", account) if log.arguments[1] == nonce]
        if not carried:
            return Exit(account, signed=signed)
        done = carried[0]
        return replace(self._issued(done, account, done.arguments[2]), signed=signed)

    def of_escape(self, account: int) -> Exit:
        """The way out of a venue that is over; of account 0, how near that is."""
        silence = self.silence(account)
        exit = Exit(account, silence=silence)
        escaped = self.remote.hatch.logs("Escaped", account) if silence.is_paid else []
        return self._onward(exit, escaped[0].arguments[1], escaped) if escaped else exit

    def of_account(self, account: int) -> list[Exit]:
        """Every exit of an account that is under way, oldest first. Raises UnknownExitError."""
        now = self.now()
        known = self.ever_of(account)
        return [one for one in known if progress(one, now).step is not Step.NONE]

    def ever_of(self, account: int) -> list[Exit]:
        """Every exit that an account ever had; of a forced request that was served, its tickets."""
        if not 0 <= account <= int(self._ask(self.remote.positions, "accountCount")):
            raise UnknownExitError("account", account)
        found = [self.of_ticket(number) for number in self.tickets_of(account)]
        found += [self.of_hold(number) for number in self.holds_of(account)]
        found += [self.of_request(number) for number in self.requests_of(account)]
        return found + ([self.of_escape(account)] if account and self.frozen_at() else [])

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
        stored = queue.ask_many([("hold", number) for number in held], block=self._block)
        return [number for number, (_, _, amount, _) in zip(held, stored, strict=True) if amount]

    def requests_of(self, account: int) -> list[int]:
        """Its forced requests that are neither served nor taken back."""
        numbers, asked = self.forced_by(account), "requestOf"
        stored = self.remote.desk.ask_many([(asked, n) for n in numbers], block=self._block)
        pairs = zip(numbers, stored, strict=True)
        return [n for n, (_, _, status, *_) in pairs if REQUESTS[status] == "pending"]

    def forced_by(self, account: int) -> list[int]:
        """Every forced request that it ever made."""
        desk = self.remote.desk
        logs = [log for name in FORCED for log in desk.logs(name, None, account)]
        return sorted(log.arguments[0] for log in logs)

    def owner_of(self, account: int) -> str:
        """Whose an account is."""
        return str(self._ask(self.remote.positions, "ownerOf", account))

    def held_of(self, account: int) -> int:
        """Seconds for which an account's guard holds what it asks for."""
        return int(self._ask(self.remote.queue, "guardOf", account)[0])

    def ticket(self, number: int) -> Ticket:
        """A ticket as the queue has it. Raises UnknownExitError."""
        names = ("ticket", "leftOf", "aheadOf", "etaOf", "claimableFrom")
        asked: list[tuple[Any, ...]] = [(name, number) for name in names]
        asked += [("etaOf", max(0, number - 1)), ("gateEndsAt",)]
        answers = self.remote.queue.ask_many(asked, block=self._block)
        (*stored, status), left, ahead, eta, claim, before, gate = answers
        if not status:
            raise UnknownExitError("ticket", number)
        found = (number, *stored, STATUSES[status], left, *ahead, eta, before, gate, claim)
        return Ticket(**dict(zip(Ticket.__struct_fields__, found, strict=True)))

    def forecast(self, amount: int) -> Ticket:
        """The ticket that an amount would have if it were asked for now. Raises ExitError."""
        names = ("tail", "delay", "gateEndsAt")
        asked: list[tuple[Any, ...]] = [("eta", amount), *((name,) for name in names)]
        answers = self.remote.queue.ask_many(asked, block=self._block)
        eta, number, delay, gate = answers
        if not eta:
            raise ExitError("the venue is frozen and issues no tickets: `penstock exit escape`")
        last = [("etaOf", number - 1), ("aheadOf", number - 1), ("leftOf", number - 1)]
        before, (tickets, ahead), left = self.remote.queue.ask_many(last, block=self._block)
        ready = self.now() + delay
        found = Ticket(number, 0, "", amount, ready, "line", amount, eta=max(eta, ready))
        in_line = {"tickets_ahead": tickets + 1, "ahead": ahead + left} if before else {}
        return replace(found, eta_ahead=before, gate_ends_at=gate, **in_line)

    def forced(self, number: int) -> Forced:
        """A forced request as the desk has it. Raises UnknownExitError."""
        names = ("requestOf", "paymentOf", "closeOf", "isIgnored")
        asked: list[tuple[Any, ...]] = [(name, number) for name in names]
        answers = self.remote.desk.ask_many([*asked, ("WINDOW",)], block=self._block)
        (account, market, status, at, *_), payment, close, ignored, window = answers
        if not status:
            raise UnknownExitError("request", number)
        recipient, left = ("", close[1]) if market else payment
        frozen, grace = bool(self.frozen_at()), int(self._ask(self.remote.watch, "graceEndsAt"))
        about = (number, account, REQUESTS[status], at, window, market)
        ends = [log for name in ENDS for log in self.remote.desk.logs(name, number)]
        found = Forced(*about, left, recipient, ignored, frozen, grace)
        ended_at = max((log.time for log in ends), default=0)
        paused_until = self._ask(self.remote.index, "interimOf", market)[5] if market else 0
        asked_for = self._asked(number, market)
        return replace(found, asked=asked_for, ended_at=ended_at, paused_until=paused_until)

    def _asked(self, number: int, market: int) -> int:
        """Lots, or quote units, that a forced request asked for."""
        name = "CloseForced" if market else "WithdrawalForced"
        return int(self.remote.desk.logs(name, number)[0].arguments[3])

    def frozen_at(self) -> int:
        """When the venue was frozen; 0 when it was not."""
        return int(self._ask(self.remote.hatch, "count")[0])

    def silence(self, account: int) -> Silence:
        """How near a freeze is or how far the tally, and an account's share."""
        hatch = self.remote.hatch
        asked = [("freezableAt",), ("count",), ("pot",), ("isPaid", account)]
        answers = hatch.ask_many(asked, block=self._block)
        freezable, (frozen_at, accounts, counted, _), (fixed_at, _), paid = answers
        grace = int(self._ask(self.remote.watch, "graceEndsAt"))
        share = 0
        if fixed_at and 0 < account <= accounts:
            share = int(self._ask(hatch, "shareOf", account, self.markets_of(account)))
        tallied = (frozen_at, accounts, counted, fixed_at, share, paid)
        return Silence(account, freezable, grace, *tallied)

    def markets_of(self, account: int) -> list[int]:
        """Its open markets, ascending, as every call wants them named."""
        return list(self._ask(self.remote.lens, "openMarketsOf", account))

    # --- on to L1 ---------------------------------------------------------------------------------

    def _issued(self, log: Log, account: int, ticket: int) -> Exit:
        """What a carried or executed request became: a ticket, or a hold where that is 0."""
        if ticket:
            return self.of_ticket(ticket)
        held = self.remote.queue.logs("TicketHeld", None, account)
        return self.of_hold(next(h for h in held if h.transaction == log.transaction).arguments[0])

    def _onward(self, exit: Exit, recipient: str, paid: list[Log]) -> Exit:
        """The same exit, with its way from a door to L1 if its recipient is one."""
        doors = self.remote.doors
        target = "" if doors is None else self._behind(doors, recipient, exit.account)
        if doors is None or not target:
            return exit
        legs = tuple(self._legs(paid, doors.logs("Sent", None, recipient)))
        return replace(exit, door=recipient, l1_recipient=target, legs=legs)

    def _behind(self, doors: Contract, door: str, account: int) -> str:
        """Whom a door leads to: whoever was sent to from there, or whose it would be; or nobody."""
        sent = doors.logs("Sent", None, door)
        if sent:
            return str(sent[0].arguments[0])
        guesses = [one for one in (self._hint, self.owner_of(account)) if one not in ("", NOBODY)]
        found = doors.ask_many([("doorOf", one) for one in guesses], block=self._block)
        return next((g for g, place in zip(guesses, found, strict=True) if place == door), "")

    def _legs(self, paid: list[Log], sent: list[Log]) -> Iterator[Leg]:
        """What the payments became."""
        gone, waiting = divide(paid, sent)
        for log in gone:
            yield self._sent(log)
        if waiting:
            yield Leg(sum(log.arguments[2] for log in waiting), waiting[-1].time)

    def _sent(self, log: Log) -> Leg:
        """What was sent over the bridge, and where it is on L1."""
        receipt = self.remote.rpc.call("eth_getTransactionReceipt", log.transaction)
        before = [one for one in receipt["logs"] if int(one["logIndex"], 16) < log.place]
        index, amount = len(messages_in(before)), log.arguments[2]
        leg = Leg(amount, log.time, log.transaction, index)
        if self.bridge is None:
            return leg
        found = self.bridge.passage(log.transaction, index)
        seen = {"status": found.status.value, "earliest": found.earliest}
        return replace(leg, ended_at=found.finalised_at, **seen)

    def _ask(self, contract: Contract, function: str, *arguments: object) -> Any:
        return contract.ask(function, *arguments, block=self._block)


def divide(paid: Iterable[Log], sent: Sequence[Log]) -> tuple[list[Log], list[Log]]:
    """What was sent on of some payments to a door, and the payments that still lie there.

    What is sent takes along all that lies at the door by then.
    """
    gone, waiting = dict[tuple[int, int], Log](), list[Log]()
    for payment in paid:
        after = next((log for log in sent if _order(log) > _order(payment)), None)
        if after is None:
            waiting.append(payment)
        else:
            gone[_order(after)] = after
    return list(gone.values()), waiting


def _order(log: Log) -> tuple[int, int]:
    return log.block, log.place


def _devnet_rpc(place: Path) -> Rpc:
    """The L2 of a devnet. Whoever waits makes the blocks, unless its sequencer is down."""
    found = read_descriptor(place)
    if not found.control:
        return Rpc(found.l2.url)

    def step() -> None:
        if ask(place, "status")["running"]["sequencer"]:
            ask(place, "step")

    return DrivenRpc(found.l2.url, step)

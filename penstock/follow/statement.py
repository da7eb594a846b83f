"""Edge: what somebody has in a venue and would leave with, rebuilt from its public events alone.

    claim(a) = max(0, collateral + Σ (quote + funding + size · mark · unit))
    booked   = Σ taken − Σ paid − Σ shares         owed = Σ issued and held − Σ paid
    pot      = what the vault holds − owed         share = claim, or its part of a pot too small

No view is believed: the chain's own words are asked for afterwards, and each that says something
else is named.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, Final

from msgspec import Struct

from penstock import escape
from penstock.mirror import Mirror
from penstock.remote import Contract, Log, Remote
from penstock.venue import Venue
from penstock.views import account_of

Compared = tuple[str, int, Contract, tuple[Any, ...]]
"""A number: its name, ours, and who has the chain's, by which call."""


class Holding(Struct, frozen=True):
    """A position; lots, and quote units at the mark with the funding that is stored."""

    market: int
    size: int
    mark: int
    value: int


class Owed(Struct, frozen=True):
    """A ticket or a hold that is not paid in full."""

    name: str
    recipient: str
    amount: int
    left: int


class Statement(Struct, frozen=True):
    """All that an account has. Quote units."""

    block: int
    account: int
    is_frozen: bool
    collateral: int
    equity: int
    withdrawable: int
    holdings: tuple[Holding, ...]
    owed: tuple[Owed, ...]
    markets: tuple[int, ...]
    """What a tally and an escape have to be told."""
    claim: int
    claims: int
    """Of all accounts together."""
    pot: int
    share: int
    """What an escape pays, or would pay if the venue were frozen at this block."""
    differences: tuple[str, ...]
    """Every word in which the chain says something else."""


class Books:
    """What the events of vault and queue say of promises and payments."""

    def __init__(self, logs: Sequence[Log]) -> None:
        self.promised: Final[dict[str, Log]] = {}
        self.paid: Final[Counter[str]] = Counter()
        self.booked: int = 0
        self.shares: int = 0
        """Paid out of a frozen venue."""
        for log in logs:
            self._read(log)

    @property
    def owed(self) -> int:
        """What is promised and not paid."""
        promised: int = sum(log.arguments[3] for log in self.promised.values())
        return promised - self.paid.total()

    def of(self, account: int) -> Iterator[Owed]:
        """What is owed to an account's recipients."""
        for name, log in self.promised.items():
            left = log.arguments[3] - self.paid[name]
            if log.arguments[1] == account and left:
                yield Owed(name, log.arguments[2], log.arguments[3], left)

    def _read(self, log: Log) -> None:
        match log.name:
            case "TicketIssued":
                self.promised[f"ticket {log.arguments[0]}"] = log
            case "TicketHeld":
                self.promised[f"hold {log.arguments[0]}"] = log
            case "TicketAdmitted":
                held = self.promised.pop(f"hold {log.arguments[0]}")
                self.promised[f"ticket {log.arguments[1]}"] = held
            case "TicketPaid":
                self.paid[f"ticket {log.arguments[0]}"] += log.arguments[2]
                self.booked -= log.arguments[2]
            case "SharePaid":
                self.shares += log.arguments[1]
                self.booked -= log.arguments[1]
            case "CollateralTaken":
                self.booked += log.arguments[1]


def statement(remote: Remote, account: int) -> Statement:
    """Rebuild what an account has, and compare. Raises Refused, MirrorError."""
    mirror = Mirror(remote)
    logs = mirror.follow()
    venue, books, ended = mirror.venue, Books(logs), _Ended(logs)
    seen = account_of(venue, account, remote.rpc.next_time())
    markets = venue.account(account).open_markets
    shares = _Shares(remote, venue, books, ended, hex(mirror.block))
    mine = shares.claims.get(account, 0)
    return Statement(
        *(mirror.block, account, venue.frozen, seen.collateral, seen.equity, seen.withdrawable),
        holdings=tuple(_holdings(venue, account)),
        owed=tuple(books.of(account)),
        markets=tuple(markets),
        claim=mine,
        claims=shares.hatch.claims,
        pot=shares.hatch.pot,
        share=shares.hatch.share_down(mine),
        differences=(*_words(mirror), *shares.differences(account, markets)),
    )


class _Ended:
    """What the events of a hatch say: whom it counted, and what it found."""

    def __init__(self, logs: Sequence[Log]) -> None:
        found = {log.name: log.arguments for log in logs}
        self.pot: Final[int | None] = found["PotFixed"][0] if "PotFixed" in found else None
        frozen = [i for i, log in enumerate(logs) if log.name.startswith("FrozenFor")]
        before = logs[: frozen[0]] if frozen else logs
        self.accounts: Final = sum(log.name == "AccountRegistered" for log in before)


class _Shares:
    """Who claims what, and what there is for it."""

    def __init__(
        self, remote: Remote, venue: Venue, books: Books, ended: _Ended, block: str
    ) -> None:
        self._remote, self._books, self._ended, self._block = remote, books, ended, block
        plan = escape.plan(venue)
        self.claims: Final = {
            number: escape.claim(venue, number, markets)
            for number, markets in plan.items()
            if number <= ended.accounts
        }
        held = int(remote.token.ask("balanceOf", remote.vault.address, block=block))
        self._rest: Final = max(0, min(books.booked, held) - books.owed)
        pot = self._rest if ended.pot is None else ended.pot
        self.hatch: Final = escape.Hatch(claims=sum(self.claims.values()), pot=pot)
        """What a tally finds, or would find."""

    def differences(self, account: int, markets: list[int]) -> Iterator[str]:
        """What vault, queue and hatch say otherwise."""
        for name, ours, contract, call in self._compared(account, markets):
            theirs = _number(contract.ask(*call, block=self._block), call[0])
            if ours != theirs:
                yield f"{name}: {ours} by the events, {theirs} by the chain"

    def _compared(self, account: int, markets: list[int]) -> Iterator[Compared]:
        """Names, our numbers, and the views that have the chain's."""
        books, queue, hatch = self._books, self._remote.queue, self._remote.hatch
        yield "what the vault has booked", books.booked, self._remote.vault, ("booked",)
        yield "what the queue owes", books.owed, queue, ("owed",)
        for one in books.of(account):
            kind, number = one.name.split()
            view = "leftOf" if kind == "ticket" else "hold"
            yield one.name, one.left, queue, (view, int(number))
        if self._ended.pot is None:
            return
        yield "the claims", self.hatch.claims, hatch, ("count",)
        yield "what there is to share", self._rest + books.shares, hatch, ("pot",)
        if account in self.claims:
            share = self.hatch.share_down(self.claims[account])
            yield "the share", share, hatch, ("shareOf", account, markets)


def _number(answer: Any, view: str) -> int:
    """The number that counts of what a view answers."""
    place = {"hold": 2, "count": 3, "pot": 1}.get(view)
    return int(answer if place is None else answer[place])


def _holdings(venue: Venue, account: int) -> Iterator[Holding]:
    held = venue.account(account)
    for number in held.open_markets:
        market = venue.markets[number]
        value = escape.value(held, market, market.mark)
        yield Holding(number, held.positions[number].size, market.mark, value)


def _words(mirror: Mirror) -> Iterator[str]:
    """The stored words that are not what the events made of them."""
    for (kind, *places), ours, theirs in mirror.differences():
        yield f"{kind} word of {places}: {ours:#x} by the events, {theirs:#x} by the chain"

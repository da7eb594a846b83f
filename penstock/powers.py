"""Who may do what to a venue, told by the venue: every function that changes something is tried by
everybody, and what the contract answers says who may call it.

    Caller  somebody who tries: a party, a contract of the venue, a stranger
    Answer  what came of it: the error's name, or nothing when the call went through
    Grant   a role, who has it, since when
    Row     one function: who may call it, by which role, after how long

A caller is turned away by an error that names callers; any other error comes behind the door.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from eth_utils.crypto import keccak
from msgspec import Struct

from penstock.deploy import Abi, canonical_type
from penstock.governance import GUARDIAN, ROLES

ANYONE: Final = "anyone"
NOBODY: Final = "nobody"
STRANGER: Final = "stranger"
MANAGER, TIMELOCK = "Manager", "Timelock"
EXITS: Final = frozenset(
    {"requestWithdrawal", "admit", "release", "claim", "claimTo"}
    | {"request", "carry", "forceWithdrawal", "executeWithdrawal", "forceClose", "executeClose"}
    | {"look", "freezeSilent", "freezeIgnored", "tally", "escape"}
)
"""What an owner and the keepers call on the way out."""
_REFUSAL: Final = re.compile("CallerNot|CallerRefused|Unauthorized|OwnDismissal")
_FIXED: Final = ("view", "pure")
_BYTES: Final[Mapping[str, bytes]] = {
    # A question to a price source, which it answers whoever asks.
    "data": keccak(text="latest(uint16)")[:4] + bytes(32),
    # An empty batch.
    "batch": bytes(64),
}


class Caller(Struct, frozen=True):
    """Somebody who tries."""

    label: str
    address: str


class Answer(Struct, frozen=True):
    """What came of a try. Without a name it went through."""

    name: str = ""
    arguments: tuple[Any, ...] = ()

    @property
    def refuses(self) -> bool:
        """Whether it is the caller that is not wanted. An answer without words, by a contract that
        asked its caller something, is no welcome either."""
        return self.name == "Empty" or _REFUSAL.search(self.name) is not None


class Grant(Struct, frozen=True):
    """A role that somebody has. `since` and `delay` are seconds."""

    keeper: str
    role: str
    holder: str
    since: int
    delay: int = 0


class Row(Struct, frozen=True):
    """One function that changes something. `delay` is what passes before it can be called, and
    `says` what a stranger hears."""

    contract: str
    function: str
    who: tuple[str, ...]
    role: str
    delay: int
    since: int | None
    says: str


# --- what is tried --------------------------------------------------------------------------------


def doors(abi: Abi) -> Iterator[Mapping[str, Any]]:
    """The functions that change something."""
    for entry in abi:
        if entry["type"] == "function" and entry["stateMutability"] not in _FIXED:
            yield entry


def accounts_of(entry: Mapping[str, Any]) -> list[str]:
    """Names of the parameters that are accounts."""
    return [part["name"] for part in entry["inputs"] if _is_account(part)]


def values(entry: Mapping[str, Any], place: str) -> list[object]:
    """Arguments to try a function with: the accounts are 1, 2, …, other numbers 1, lists empty, and
    every address is `place`, that of a governed contract."""
    accounts = iter(range(1, 9))
    return [next(accounts) if _is_account(p) else _value(p, place) for p in entry["inputs"]]


def _is_account(component: Mapping[str, Any]) -> bool:
    return str(component.get("internalType", "")).endswith("AccountId")


def _value(component: Mapping[str, Any], place: str) -> object:
    kind = canonical_type(component)
    if kind.endswith("]"):
        return []
    if kind.startswith("("):
        return tuple(_value(part, place) for part in component["components"])
    if kind == "bytes":
        return _BYTES.get(component["name"], b"")
    if kind.startswith("bytes"):
        return bytes(int(kind[len("bytes") :]))
    plain = {"address": place, "bool": True, "string": ""}
    return plain.get(kind, 1)


# --- what it means --------------------------------------------------------------------------------


def welcome(answers: Mapping[str, Answer]) -> tuple[str, ...]:
    """Labels of those whom a function does not turn away."""
    let_in = tuple(label for label, answer in answers.items() if not answer.refuses)
    if STRANGER in let_in:
        return (ANYONE,)
    return let_in or (NOBODY,)


def row(
    contract: str, function: str, answers: Mapping[str, Answer], role: str, rules: "Rules"
) -> Row:
    """Read the answers to one function."""
    who = welcome(answers)
    delay = min(rules.wait(label, role) for label in who)
    since = min((grant.since for grant in rules.holders(role)), default=None)
    return Row(contract, function, who, role, delay, since, answers[STRANGER].name)


class Rules(Struct, frozen=True):
    """What stands above single functions: the timelock's delay and who has which role."""

    delay: int
    grants: tuple[Grant, ...]

    def holders(self, role: str) -> list[Grant]:
        """Who has a role, which is written with its keeper: `Manager.GOVERNOR`."""
        return [grant for grant in self.grants if f"{grant.keeper}.{grant.role}" == role]

    def wait(self, label: str, role: str) -> int:
        """Seconds between what somebody wants and when it may be done."""
        if label == TIMELOCK:
            return self.delay
        if label == MANAGER:
            # It does what somebody with the role asks for.
            return min((self.wait(held.holder, role) for held in self.holders(role)), default=0)
        return min((held.delay for held in self.holders(role) if held.holder == label), default=0)


class Powers(Struct, frozen=True):
    """The whole table."""

    rows: tuple[Row, ...]
    rules: Rules

    def of(self, contract: str, function: str) -> Row:
        """The row of a function. Raises KeyError."""
        for found in self.rows:
            if (found.contract, found.function) == (contract, function):
                return found
        raise KeyError(f"{contract}.{function}")

    def of_guardian(self) -> list[Row]:
        """What a guardian may do: pause, and cancel what waits."""
        mine = {f"{MANAGER}.{ROLES[GUARDIAN]}", f"{TIMELOCK}.CANCELLER_ROLE"}
        return [found for found in self.rows if found.role in mine]

    def stops_of_exits(self) -> list[Row]:
        """Functions of the way out that ask for a role, or for a contract that has a governor."""
        return [r for r in self.rows if r.function in EXITS and (r.role or r.who == (NOBODY,))]


def still_held(changes: Iterable[tuple[bool, Grant]]) -> tuple[Grant, ...]:
    """Replay grants and revocations, in their order."""
    held: dict[tuple[str, str, str], Grant] = {}
    for granted, grant in changes:
        key = grant.keeper, grant.role, grant.holder
        if granted:
            held.setdefault(key, grant)
        else:
            held.pop(key, None)
    return tuple(held.values())


# --- how a person reads it ------------------------------------------------------------------------


def render(powers: Powers) -> Iterator[str]:
    """The table as lines of text."""
    for grant in powers.rules.grants:
        yield f"{grant.keeper}.{grant.role}: {grant.holder} since {grant.since}"
    yield f"the timelock waits {duration(powers.rules.delay)}"
    yield from _columns([("contract", "function", "who", "role", "after", "since", "else")])
    yield from _columns([_cells(found) for found in powers.rows])
    yield "a guardian can: " + _named(powers.of_guardian())
    yield "who can stop an exit: " + (_named(powers.stops_of_exits()) or NOBODY)


def duration(seconds: int) -> str:
    """Seconds as a person says them."""
    for size, name in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds and seconds % size == 0:
            return f"{seconds // size} {name}"
    return f"{seconds} s" if seconds else "at once"


def _named(rows: Iterable[Row]) -> str:
    return ", ".join(f"{found.contract}.{found.function}" for found in rows)


def _cells(found: Row) -> tuple[str, ...]:
    since = "" if found.since is None else str(found.since)
    who = " | ".join(found.who)
    after = "" if found.who in ((ANYONE,), (NOBODY,)) else duration(found.delay)
    return (found.contract, found.function, who, found.role, after, since, found.says)


_WIDTHS: Final = (16, 22, 42, 27, 8, 11)


def _columns(table: Sequence[Sequence[str]]) -> Iterator[str]:
    for cells in table:
        padded = [cell.ljust(width) for cell, width in zip(cells, _WIDTHS, strict=False)]
        yield " ".join((*padded, *cells[len(_WIDTHS) :])).rstrip()

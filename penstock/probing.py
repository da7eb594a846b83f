"""Edge: ask a venue's contracts who may call what. Nothing is sent; `powers` reads the answers."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from penstock.artifacts import ContractRevert, artifact, events
from penstock.governance import ROLES
from penstock.powers import (
    MANAGER,
    STRANGER,
    TIMELOCK,
    Answer,
    Caller,
    Grant,
    Powers,
    Row,
    Rules,
    accounts_of,
    doors,
    row,
    still_held,
    values,
)
from penstock.remote import Contract, Remote
from penstock.system import CONTRACTS

NOBODY_KNOWN: Final = "0x" + "5a" * 20
"""An address that nobody has a key of, and no role."""
PARTS: Final = tuple(name for name in CONTRACTS if name not in ("token", "lens"))
"""The token is not the venue's, and the lens changes nothing."""
PARTIES: Final = ("operator", "governor", "guardian")


class Probe:
    """Tries every function of a venue as everybody."""

    def __init__(self, remote: Remote) -> None:
        self.remote: Final = remote
        self.parts: Final[list[Contract]] = [getattr(remote, name) for name in PARTS]
        self._timelock_roles: Final = self._roles()
        self.rules: Final = Rules(int(remote.timelock.ask("getMinDelay")), self._grants())

    def powers(self) -> Powers:
        """The whole table."""
        rows = [found for part in self.parts for found in self._rows(part)]
        return Powers(tuple(rows), self.rules)

    def answers(self, part: Contract, entry: Mapping[str, Any]) -> dict[str, Answer]:
        """What each caller hears; one label for all who share an address."""
        function = entry["name"]
        data = part.encode(function, *values(entry, self.remote.feed.address))
        labels: dict[str, list[str]] = {}
        for caller in self._callers(entry):
            labels.setdefault(caller.address.lower(), []).append(caller.label)
        return {
            " = ".join(dict.fromkeys(names)): self._try(part, data, address)
            for address, names in labels.items()
        }

    def _try(self, part: Contract, data: bytes, sender: str) -> Answer:
        call = {"from": sender, "to": part.address, "data": "0x" + data.hex()}
        try:
            part.rpc.call("eth_call", call, "latest")
        except ContractRevert as revert:
            return Answer(revert.name, revert.arguments)
        return Answer()

    def _callers(self, entry: Mapping[str, Any]) -> Iterator[Caller]:
        yield Caller(STRANGER, NOBODY_KNOWN)
        for name in PARTIES:
            yield Caller(name, getattr(self.remote.system, name))
        for part in self.parts:
            yield Caller(part.name, part.address)
        for account, name in enumerate(accounts_of(entry), 1):
            owner, signer, *_ = self.remote.lens.ask("accountOf", account)
            yield Caller(f"owner of {name}", owner)
            yield Caller(f"trading key of {name}", signer)
        if "ticket" in [part["name"] for part in entry["inputs"]]:
            yield Caller("recipient of ticket", str(self.remote.queue.ask("ticket", 1)[1]))
        if "request" in [part["name"] for part in entry["inputs"]]:
            filed = self.remote.lens.ask("accountOf", self.remote.desk.ask("requestOf", 1)[0])
            yield Caller("owner of request", str(filed[0]))
        # Whoever was given a role since, and is none of the parties that the venue began with.
        known = [getattr(self.remote.system, name).lower() for name in PARTIES]
        for holder in dict.fromkeys(grant.holder for grant in self.rules.grants):
            if holder.startswith("0x") and holder not in known:
                yield Caller(holder, holder)

    def _rows(self, part: Contract) -> Iterator[Row]:
        for entry in doors(artifact(part.name).abi):
            answers = self.answers(part, entry)
            role = self._role(part, entry["name"], answers[STRANGER])
            yield row(part.name, entry["name"], answers, role, self.rules)

    def _role(self, part: Contract, function: str, answer: Answer) -> str:
        """The role that a function asks for, by what it tells a stranger."""
        if answer.name == "AccessControlUnauthorizedAccount":
            return f"{TIMELOCK}.{self._timelock_roles[answer.arguments[1]]}"
        if answer.name == "AccessManagerUnauthorizedAccount":
            return f"{MANAGER}.{ROLES[answer.arguments[1]]}"
        manager = self.remote.manager
        by_manager = answer.refuses and manager.address.lower() in answer.arguments
        if answer.name != "AccessManagedUnauthorized" and not by_manager:
            return ""
        if function == "setAuthority":
            # Only the manager itself, which does so for its admin.
            function = "updateAuthority"
            part = manager
        selector = artifact(part.name).functions[function].selector
        return f"{MANAGER}.{ROLES[manager.ask('getTargetFunctionRole', part.address, selector)]}"

    def _roles(self) -> dict[bytes, str]:
        names = artifact(TIMELOCK).functions
        return {
            bytes(self.remote.timelock.ask(name)): name for name in names if name.endswith("_ROLE")
        }

    def _grants(self) -> tuple[Grant, ...]:
        """Every role that somebody has, out of the events of manager and timelock."""
        places = [self.remote.manager.address, self.remote.timelock.address]
        question = {"fromBlock": "0x0", "toBlock": "latest", "address": places}
        found = self.remote.rpc.call("eth_getLogs", question)
        times = self.remote.times({int(log["blockNumber"], 16) for log in found})
        return still_held(self._changes(found, times))

    def _changes(
        self, found: list[dict[str, Any]], times: dict[int, int]
    ) -> Iterator[tuple[bool, Grant]]:
        for log in found:
            topics = [bytes.fromhex(topic[2:]) for topic in log["topics"]]
            event = events().get(topics[0])
            if event is None or event.name not in ("RoleGranted", "RoleRevoked"):
                continue
            role, holder, *rest = event.decode(topics[1:], bytes.fromhex(log["data"][2:]))
            time = times[int(log["blockNumber"], 16)]
            label = self._label(holder)
            if isinstance(role, bytes):
                grant = Grant(TIMELOCK, self._timelock_roles[role], label, time)
            else:
                delay, since = rest[:2] if event.name == "RoleGranted" else (0, time)
                grant = Grant(MANAGER, ROLES.get(role, str(role)), label, since, delay)
            yield event.name == "RoleGranted", grant

    def _label(self, address: str) -> str:
        """A contract by its name, anybody else by the address."""
        for part in self.parts:
            if part.address.lower() == address.lower():
                return part.name
        return address

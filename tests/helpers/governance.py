"""The way of the governor: an operation is scheduled, waits, and is executed by the timelock."""

from dataclasses import dataclass

from penstock.artifacts import artifact
from penstock.governance import GOVERNOR
from tests.helpers.revm import Contract

NOTHING = bytes(32)
READY = (1 << 2).to_bytes(32, "big")
"""What the timelock wants of an operation that is executed."""
CANCELLABLE = (1 << 1 | 1 << 2).to_bytes(32, "big")


@dataclass(frozen=True)
class Operation:
    """A call that the timelock is to make. `salt` tells equal calls apart."""

    timelock: Contract
    target: str
    data: bytes
    salt: bytes = NOTHING

    @property
    def id(self) -> bytes:
        """What the timelock calls it."""
        return bytes(self.timelock.call("hashOperation", *self._call))

    @property
    def _call(self) -> tuple[object, ...]:
        return self.target, 0, self.data, NOTHING, self.salt

    def schedule(self, sender: str, delay: int | None = None) -> None:
        """Propose it; without `delay` with the shortest one."""
        wait = self.timelock.call("getMinDelay") if delay is None else delay
        self.timelock.transact("schedule", *self._call, wait, sender=sender)

    def execute(self, sender: str) -> None:
        """Have the timelock make the call."""
        self.timelock.transact("execute", *self._call, sender=sender)

    def cancel(self, sender: str) -> None:
        """Strike it off."""
        self.timelock.transact("cancel", self.id, sender=sender)


def operation(
    timelock: Contract, contract: Contract, function: str, *arguments: object, salt: int = 0
) -> Operation:
    """A call of a contract by the timelock."""
    data = artifact(contract.name).functions[function].encode(arguments)
    return Operation(timelock, contract.address, data, salt.to_bytes(32, "big"))


def appoint(timelock: Contract, manager: Contract, who: str) -> None:
    """Have the timelock, asked by the governor `who`, make it one that acts at once.

    For tests about something else than governance. It is asked for early enough to act now.
    """
    chain, delay = timelock.chain, int(timelock.call("getMinDelay"))
    granted = operation(timelock, manager, "grantRole", GOVERNOR, who, 0)
    chain.time -= delay
    granted.schedule(who)
    chain.time += delay
    granted.execute(who)

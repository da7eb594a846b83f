"""Edge: a deployed venue over raw JSON-RPC: contracts to call and ask, events to read, a deployer.

The settlement path goes through here and never through ape.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from penstock.artifacts import artifact, event_topics, events
from penstock.deploy import Abi, created_address
from penstock.rpc import Rpc
from penstock.sender import Receipt, Sender
from penstock.system import CONTRACTS, System

CALL_GAS: Final = 2_000_000
CREATE_GAS: Final = 16_000_000
PENDING: Final = "pending"
"""The state that the next block starts from, at that block's time."""


class Log(NamedTuple):
    """An event of a known contract. `time` is that of its block, `place` where it stands there."""

    block: int
    time: int
    transaction: str
    address: str
    name: str
    arguments: tuple[Any, ...]
    place: int = 0


class Contract:
    """A contract at an address."""

    __slots__ = ("_functions", "address", "name", "rpc")

    def __init__(self, rpc: Rpc, name: str, address: str) -> None:
        self.rpc: Final = rpc
        self.name: Final = name
        self.address: Final = address
        self._functions: Final = artifact(name).functions

    def encode(self, function: str, *arguments: object) -> bytes:
        """Write the calldata of a call."""
        return self._functions[function].encode(arguments)

    def ask(
        self,
        function: str,
        *arguments: object,
        sender: str | None = None,
        block: str = PENDING,
        value: int = 0,
    ) -> Any:
        """Call without changing anything. Raises ContractRevert."""
        return self.ask_many([(function, *arguments)], sender, block, value)[0]

    def ask_many(
        self,
        questions: Sequence[Sequence[Any]],
        sender: str | None = None,
        block: str = PENDING,
        value: int = 0,
    ) -> list[Any]:
        """Ask many questions in one message."""
        requests = []
        for function, *arguments in questions:
            call = {"to": self.address, "data": "0x" + self.encode(function, *arguments).hex()}
            if sender is not None:
                call["from"] = sender
            if value:
                call["value"] = hex(value)
            requests.append(("eth_call", (call, block)))
        answers = self.rpc.batch(requests)
        return [
            self._functions[question[0]].decode(bytes.fromhex(answer[2:]))
            for question, answer in zip(questions, answers, strict=True)
        ]

    def logs(self, event: str, *indexed: object) -> list[Log]:
        """Its events of one name since the first block, by their first indexed values.

        None stands for any value.
        """
        topics = event_topics(self.name, event, indexed)
        blocks = {"fromBlock": "0x0", "toBlock": "latest"}
        asked = {**blocks, "address": self.address, "topics": topics}
        found = self.rpc.call("eth_getLogs", asked)
        return list(read_logs(found, block_times(self.rpc, blocks_of(found))))

    def transact(
        self,
        sender: Sender,
        function: str,
        *arguments: object,
        gas: int = CALL_GAS,
        value: int = 0,
    ) -> Receipt:
        """Send and wait. Raises ContractRevert when the contract undid it."""
        return sender.transact(self.address, self.encode(function, *arguments), gas, value)


@dataclass(frozen=True, slots=True)
class Remote:
    """The contracts of one venue."""

    system: System
    token: Contract
    feed: Contract
    watch: Contract
    queue: Contract
    vault: Contract
    index: Contract
    positions: Contract
    lens: Contract
    fund: Contract
    liquidations: Contract
    desk: Contract
    hatch: Contract
    manager: Contract
    timelock: Contract

    @property
    def doors(self) -> Contract | None:
        """The doors to L1, where there are any."""
        place = self.system.doors
        return None if place is None else Contract(self.rpc, "L1Doors", place)

    @property
    def rpc(self) -> Rpc:
        """The node."""
        return self.positions.rpc

    def logs(self, first: int, last: int | str = "latest") -> list[Log]:
        """The venue's events of a range of blocks, in order."""
        books = (self.feed, self.watch, self.queue, self.vault, self.index, self.fund)
        parts = (*books, self.liquidations, self.desk, self.hatch, self.positions)
        question = {
            "fromBlock": hex(first),
            "toBlock": last if isinstance(last, str) else hex(last),
            "address": [part.address for part in parts],
        }
        found = self.rpc.call("eth_getLogs", question)
        return list(read_logs(found, self.times(blocks_of(found))))

    def times(self, blocks: Iterable[int]) -> dict[int, int]:
        """Time of each block."""
        return block_times(self.rpc, blocks)


def connect(rpc: Rpc, system: System) -> Remote:
    """Bind every contract of a deployed venue."""
    places = system.places
    bound = {name: Contract(rpc, kind, places[kind]) for name, kind in CONTRACTS.items()}
    return Remote(system=system, **bound)


def blocks_of(found: Iterable[dict[str, Any]]) -> Iterator[int]:
    """Blocks of events as a node tells them."""
    return (int(log["blockNumber"], 16) for log in found)


def block_times(rpc: Rpc, blocks: Iterable[int]) -> dict[int, int]:
    """Time of each block."""
    wanted = sorted(set(blocks))
    answers = rpc.batch([("eth_getBlockByNumber", (hex(block), False)) for block in wanted])
    return {b: int(a["timestamp"], 16) for b, a in zip(wanted, answers, strict=True)}


def read_logs(found: Iterable[dict[str, Any]], times: dict[int, int]) -> Iterator[Log]:
    """Decode the events of known contracts."""
    known = events()
    for log in found:
        topics = [bytes.fromhex(topic[2:]) for topic in log["topics"]]
        event = known.get(topics[0]) if topics else None
        if event is not None:
            block = int(log["blockNumber"], 16)
            arguments = event.decode(topics[1:], bytes.fromhex(log["data"][2:]))
            source = log["transactionHash"], log["address"].lower()
            time, place = times.get(block, 0), int(log["logIndex"], 16)
            yield Log(block, time, *source, event.name, arguments, place)


class RpcDeployer:
    """A `penstock.deploy.Deployer` that signs for itself."""

    def __init__(self, sender: Sender) -> None:
        self._sender: Final = sender

    @property
    def address(self) -> str:
        """Who sends."""
        return self._sender.address

    def abi(self, contract: str) -> Abi:
        """The ABI of a contract."""
        return artifact(contract).abi

    def predict(self, offset: int) -> str:
        """Where the contract made by the transaction `offset` after the next would land."""
        return created_address(self.address, self._sender.nonce + offset)

    def create(self, contract: str, *arguments: object) -> str:
        """Deploy a contract and return its address."""
        code = artifact(contract).creation(arguments)
        return self._sender.transact("", code, CREATE_GAS).created

    def transact(self, address: str, contract: str, function: str, *arguments: object) -> object:
        """Send a transaction to a contract and wait for it."""
        called = Contract(self._sender.rpc, contract, address)
        return called.transact(self._sender, function, *arguments)

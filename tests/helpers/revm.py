"""A chain inside the process: pyrevm under the interface that deep tests need.

Compiled contracts come from ape's own build (`.build/__local__.json`). Addresses are lower-case
here, as the codecs return them.

Gas. pyrevm keeps every account and slot warm from its first touch on and charges no calldata
floor. `measure` therefore runs its transaction on a copy of the chain in which nothing is warm, and
applies the floor of EIP-7623 itself. The result is what a node charges: 21,000, calldata, execution
and refunds.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import pytest
from pyrevm import EVM, AccountInfo, BlockEnv, CfgEnv, Env, ExecutionResult

from penstock.artifacts import CODEC, artifacts, decode_revert, events
from penstock.artifacts import ContractRevert as Revert
from penstock.deploy import ZERO_ADDRESS, Abi, created_address

__all__ = [
    "CHAIN_ID",
    "CODEC",
    "DEPLOYER",
    "START",
    "Contract",
    "Log",
    "Revert",
    "RevmChain",
    "RevmDeployer",
    "artifacts",
    "decode_revert",
    "floor_gas",
    "reverts",
]

CHAIN_ID: Final = 31_337
START: Final = 1_800_000_000
# What a block holds; without a bound a contract that burns gas would burn for ever.
BLOCK_GAS: Final = 60_000_000
DEPLOYER: Final = "0x" + "d0" * 20

_REVERT: Final = re.compile(r"Revert \{ gas_used: \d+, output: (0x[0-9a-f]*) \}")
_ACCOUNT: Final = re.compile(r"(0x[0-9a-f]{40}): Account \{ info: ")
_SLOT: Final = re.compile(
    r"(\d+): StorageSlot \{ previous_or_original_value: \d+, present_value: (\d+) \}"
)
FLOOR_PER_TOKEN: Final = 10


@contextmanager
def reverts(name: str, *arguments: object) -> Iterator[None]:
    """Expect exactly this error with exactly these values."""
    with pytest.raises(Revert) as caught:
        yield
    assert (caught.value.name, caught.value.arguments) == (name, arguments)


# --- the chain ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Log:
    address: str
    name: str
    arguments: tuple[Any, ...]


class RevmChain:
    """One account sends at a time, each transaction is its own block if the test says so."""

    def __init__(self, chain_id: int = CHAIN_ID, time: int = START, number: int = 1) -> None:
        self.chain_id = chain_id
        self.evm = EVM(env=Env(cfg=CfgEnv(chain_id=chain_id)), spec_id="PRAGUE")
        self.result: ExecutionResult | None = None
        self._time, self._number = time, number
        self._set_block()

    @property
    def time(self) -> int:
        """Now, in seconds."""
        return self._time

    @time.setter
    def time(self, seconds: int) -> None:
        self._time = seconds
        self._number += 1
        self._set_block()

    def _set_block(self) -> None:
        self.evm.set_block_env(
            BlockEnv(number=self._number, timestamp=self._time, gas_limit=10**12, basefee=0)
        )

    def create(self, contract: str, *arguments: object, sender: str = DEPLOYER) -> str:
        """Deploy and return the address."""
        artifact = artifacts()[contract]
        data = artifact.creation(arguments)
        self.evm.reset_transient_storage()
        try:
            place = str(self.evm.deploy(sender, data))
        except RuntimeError as error:
            raise _translated(error) from None
        self.result = self.evm.result
        return place

    def send(
        self, sender: str, to: str, data: bytes, gas: int = BLOCK_GAS, value: int = 0
    ) -> bytes:
        """Send raw bytes, and ether. Raises Revert."""
        self.evm.reset_transient_storage()
        try:
            answer = bytes(self.evm.message_call(sender, to, data, value=value, gas=gas))
        except RuntimeError as error:
            raise _translated(error) from None
        self.result = self.evm.result
        return answer

    def transact(
        self,
        address: str,
        contract: str,
        function: str,
        *arguments: object,
        sender: str,
        gas: int = BLOCK_GAS,
        value: int = 0,
    ) -> Any:
        """Send a transaction; return what the function returned. Raises Revert."""
        called = artifacts()[contract].functions[function]
        return called.decode(self.send(sender, address, called.encode(arguments), gas, value))

    def call(
        self,
        address: str,
        contract: str,
        function: str,
        *arguments: object,
        sender: str = ZERO_ADDRESS,
    ) -> Any:
        """Ask, and undo whatever asking changed."""
        result = self.result
        with self.undone():
            answer = self.transact(address, contract, function, *arguments, sender=sender)
        self.result = result
        return answer

    @contextmanager
    def undone(self) -> Iterator[None]:
        """Undo at the end of the block what happens in it, time included."""
        checkpoint, time, number = self.evm.snapshot(), self._time, self._number
        try:
            yield
        finally:
            self.evm.revert(checkpoint)
            self._time, self._number = time, number
            self._set_block()

    @contextmanager
    def impersonated(self, address: str) -> Iterator[str]:
        """Let a contract send. Meanwhile it has no code: an EVM takes nothing from one that has."""
        code, nonce = self.evm.get_code(address), self.evm.basic(address).nonce
        self.evm.insert_account_info(address, AccountInfo(nonce=nonce))
        try:
            yield address
        finally:
            self.evm.insert_account_info(address, AccountInfo(code=code, nonce=nonce))

    def logs(self) -> list[Log]:
        """Events of the last transaction; those of no known contract are left out."""
        found = []
        for log in self.result.logs if self.result else ():
            _, data = log.data
            raw = [bytes.fromhex(topic.removeprefix("0x")) for topic in log.topics]
            event = events().get(raw[0]) if raw else None
            if event:
                found.append(Log(log.address.lower(), event.name, event.decode(raw[1:], data)))
        return found

    def at(self, contract: str, address: str) -> "Contract":
        return Contract(self, contract, address.lower())

    def deployer(self, sender: str = DEPLOYER) -> "RevmDeployer":
        return RevmDeployer(self, sender)

    def fork(self, chain_id: int | None = None) -> "RevmChain":
        """An independent copy in which nothing is warm, on another chain id if one is given."""
        copy = RevmChain(chain_id or self.chain_id, self._time, self._number)
        for address, storage in self._storages().items():
            code = self.evm.get_code(address)
            nonce = self.evm.basic(address).nonce
            copy.evm.insert_account_info(address, AccountInfo(code=code, nonce=nonce))
            for slot, value in storage.items():
                # NOTE: the insertion reaches the database; undoing it leaves the slot cold.
                checkpoint = copy.evm.snapshot()
                copy.evm.insert_account_storage(address, slot, value)
                copy.evm.revert(checkpoint)
        return copy

    def _storages(self) -> dict[str, dict[int, int]]:
        # NOTE: pyrevm lists no storage; its debug text of the journal does, and the journal is
        # never flushed, so it holds every slot that was ever written.
        state = self.evm.journal_str.split(", transient_storage: ")[0]
        parts = _ACCOUNT.split(state)[1:]
        return {
            address: {
                int(slot): int(value) for slot, value in _SLOT.findall(text) if int(value) != 0
            }
            for address, text in zip(parts[::2], parts[1::2], strict=True)
        }

    def measure(
        self, address: str, contract: str, function: str, *arguments: object, sender: str
    ) -> int:
        """Gas that a node would charge for this transaction; it is not executed here."""
        data = artifacts()[contract].functions[function].encode(arguments)
        copy = self.fork()
        copy.send(sender, address, data)
        assert copy.result is not None
        return max(copy.result.gas_used, floor_gas(data))


def floor_gas(data: bytes) -> int:
    """The least that EIP-7623 charges for a transaction with this calldata."""
    zeros = data.count(0)
    return 21_000 + FLOOR_PER_TOKEN * (zeros + 4 * (len(data) - zeros))


def _translated(error: RuntimeError) -> Exception:
    match = _REVERT.search(str(error))
    if match:
        return decode_revert(bytes.fromhex(match[1].removeprefix("0x")))
    if str(error).startswith("Halt"):
        return Revert("Halt", (str(error),))
    return error


@dataclass(frozen=True, slots=True)
class Contract:
    """A contract at an address."""

    chain: RevmChain
    name: str
    address: str

    def call(self, function: str, *arguments: object, sender: str = ZERO_ADDRESS) -> Any:
        return self.chain.call(self.address, self.name, function, *arguments, sender=sender)

    def transact(
        self, function: str, *arguments: object, sender: str, gas: int = BLOCK_GAS, value: int = 0
    ) -> Any:
        called = (self.address, self.name, function)
        return self.chain.transact(*called, *arguments, sender=sender, gas=gas, value=value)

    def measure(self, function: str, *arguments: object, sender: str) -> int:
        return self.chain.measure(self.address, self.name, function, *arguments, sender=sender)


@dataclass(frozen=True, slots=True)
class RevmDeployer:
    """A `penstock.deploy.Deployer` on this chain."""

    chain: RevmChain
    sender: str

    @property
    def address(self) -> str:
        return self.sender

    def abi(self, contract: str) -> Abi:
        return artifacts()[contract].abi

    def predict(self, offset: int) -> str:
        # NOTE: here only creations raise a nonce; a plan predicts before it calls anything.
        return created_address(
            self.sender, self.chain.evm.basic(self.sender).nonce + offset
        ).lower()

    def create(self, contract: str, *arguments: object) -> str:
        return self.chain.create(contract, *arguments, sender=self.sender)

    def transact(self, address: str, contract: str, function: str, *arguments: object) -> object:
        return self.chain.transact(address, contract, function, *arguments, sender=self.sender)

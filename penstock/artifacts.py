"""Compiled contracts, out of ape's own build: code, and codecs of functions, events and errors.

    ArtifactError   FileNotFoundError   the contracts are not compiled, or one is missing
    ContractRevert  RuntimeError        a call was undone: the contract's error and its values

Codecs are made once per contract. Addresses are lower-case here, as the codecs return them.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from eth_abi.codec import ABICodec
from eth_abi.registry import registry
from eth_utils.crypto import keccak

from penstock.deploy import Abi, canonical_type
from penstock.errors import PenstockError

BUILD: Final = Path(__file__).resolve().parents[1] / ".build" / "__local__.json"
CODEC: Final = ABICodec(registry)
_PLAIN_ERRORS: Final[Mapping[bytes, tuple[str, tuple[str, ...]]]] = {
    bytes.fromhex("08c379a0"): ("Error", ("string",)),
    bytes.fromhex("4e487b71"): ("Panic", ("uint256",)),
}


class ArtifactError(PenstockError, FileNotFoundError):
    """A compiled contract is not where it should be."""


class ContractRevert(PenstockError, RuntimeError):
    """A transaction was undone. `name` and `arguments` are those of the contract's error."""

    def __init__(self, name: str, arguments: tuple[Any, ...]) -> None:
        self.name: Final = name
        self.arguments: Final = arguments
        super().__init__(f"{name}({', '.join(map(str, arguments))})")


@dataclass(frozen=True, slots=True)
class Function:
    """What is needed to call one function: made once, used a hundred thousand times."""

    selector: bytes
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]

    def encode(self, arguments: Sequence[object]) -> bytes:
        """Write the calldata."""
        return self.selector + CODEC.encode(self.inputs, arguments)

    def decode(self, data: bytes) -> Any:
        """Read what the function returned: one value alone, several as a tuple."""
        values = CODEC.decode(self.outputs, data)
        return values[0] if len(values) == 1 else (values or None)


@dataclass(frozen=True, slots=True)
class Event:
    """An event and how its arguments are spread over topics and data."""

    name: str
    indexed: tuple[str, ...]
    plain: tuple[str, ...]
    order: tuple[int, ...]

    def decode(self, topics: Sequence[bytes], data: bytes) -> tuple[Any, ...]:
        """The arguments in the order of the declaration."""
        found = [
            CODEC.decode([kind], topic)[0] for kind, topic in zip(self.indexed, topics, strict=True)
        ]
        found += CODEC.decode(self.plain, data)
        return tuple(found[place] for place in self.order)


@dataclass(frozen=True, slots=True)
class Artifact:
    """One compiled contract."""

    name: str
    abi: Abi
    code: bytes
    constructor: tuple[str, ...]
    functions: Mapping[str, Function]

    def creation(self, arguments: Sequence[object]) -> bytes:
        """Code that deploys the contract with these constructor arguments."""
        return self.code + CODEC.encode(self.constructor, arguments)


@lru_cache(maxsize=1)
def artifacts() -> Mapping[str, Artifact]:
    """Every compiled contract by name. Raises ArtifactError."""
    if not BUILD.is_file():
        raise ArtifactError(f"{BUILD} is missing: compile the contracts first (`make build`)")
    compiled = json.loads(BUILD.read_text())["contractTypes"]
    return {name: _artifact(name, entry) for name, entry in compiled.items()}


def artifact(name: str) -> Artifact:
    """One compiled contract. Raises ArtifactError."""
    found = artifacts().get(name)
    if found is None:
        raise ArtifactError(f"{BUILD} holds no contract {name}: compile anew (`make build`)")
    return found


@lru_cache(maxsize=1)
def events() -> Mapping[bytes, Event]:
    """Events of all contracts by their first topic."""
    return {
        _signature(entry): _event(entry)
        for compiled in artifacts().values()
        for entry in compiled.abi
        if entry["type"] == "event"
    }


def event_topics(contract: str, name: str, values: Sequence[object]) -> list[str | None]:
    """Topics that find a contract's events by their first indexed values; None stands for any."""
    declared = (e for e in artifact(contract).abi if (e["type"], e.get("name")) == ("event", name))
    entry = next(declared)
    pairs = zip(_event(entry).indexed, values, strict=False)
    words = [None if value is None else CODEC.encode([kind], [value]) for kind, value in pairs]
    return [None if word is None else "0x" + word.hex() for word in (_signature(entry), *words)]


@lru_cache(maxsize=1)
def _errors() -> Mapping[bytes, tuple[str, tuple[str, ...]]]:
    """Errors of all contracts by selector: one contract passes on what another threw."""
    named = {
        _signature(entry)[:4]: (entry["name"], _kinds(entry["inputs"]))
        for compiled in artifacts().values()
        for entry in compiled.abi
        if entry["type"] == "error"
    }
    return {**_PLAIN_ERRORS, **named}


def decode_revert(data: bytes) -> ContractRevert:
    """Name the error in the answer of an undone call; an unknown one is shown as it is."""
    name, kinds = _errors().get(data[:4], ("", ()))
    if not name:
        return ContractRevert("Unknown" if data else "Empty", (data,) if data else ())
    return ContractRevert(name, CODEC.decode(kinds, data[4:]))


def _artifact(name: str, compiled: Mapping[str, Any]) -> Artifact:
    abi = compiled["abi"]
    code = (compiled.get("deploymentBytecode") or {}).get("bytecode") or "0x"
    inputs = [_kinds(entry["inputs"]) for entry in abi if entry["type"] == "constructor"]
    functions = {entry["name"]: _function(entry) for entry in abi if entry["type"] == "function"}
    code_bytes = bytes.fromhex(code.removeprefix("0x"))
    return Artifact(name, abi, code_bytes, inputs[0] if inputs else (), functions)


def _kinds(components: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    return tuple(canonical_type(component) for component in components)


def _signature(entry: Mapping[str, Any]) -> bytes:
    return keccak(text=f"{entry['name']}({','.join(_kinds(entry['inputs']))})")


def _function(entry: Mapping[str, Any]) -> Function:
    return Function(_signature(entry)[:4], _kinds(entry["inputs"]), _kinds(entry["outputs"]))


def _event(entry: Mapping[str, Any]) -> Event:
    inputs = entry["inputs"]
    indexed = [i for i, part in enumerate(inputs) if part["indexed"]]
    places = indexed + [i for i, part in enumerate(inputs) if not part["indexed"]]
    kinds = _kinds(inputs)
    return Event(
        entry["name"],
        tuple(kinds[i] for i in indexed),
        tuple(kinds[i] for i in places[len(indexed) :]),
        tuple(places.index(i) for i in range(len(inputs))),
    )

"""The rollup contracts as published: code, and codecs of functions, events and errors (pure).

Addresses are lower-case strings on both sides, hashes are bytes.
"""

import gzip
import json
from collections.abc import Mapping, Sequence
from functools import cache, cached_property, lru_cache
from importlib.resources import files
from typing import Any, Final

from eth_abi.codec import ABICodec
from eth_abi.registry import registry
from msgspec import Struct

from penstock.devnet.errors import BundleError, CallRevertedError
from penstock.devnet.hashing import keccak

CODEC: Final = ABICodec(registry)
_PLAIN: Final[Mapping[bytes, tuple[str, tuple[str, ...]]]] = {
    bytes.fromhex("08c379a0"): ("Error", ("string",)),
    bytes.fromhex("4e487b71"): ("Panic", ("uint256",)),
}
_WORD: Final = 32
_BUNDLES: Final = ("bundle.json.gz", "weth.json.gz")
"""The second is under another licence, and read only by who plays games."""


class Function(Struct, frozen=True):
    """What is needed to call one function."""

    selector: bytes
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]

    def encode(self, *arguments: object) -> bytes:
        """Write the calldata."""
        return self.selector + CODEC.encode(self.inputs, arguments)

    def decode(self, data: bytes) -> Any:
        """Read what came back: one value alone, several as a tuple."""
        values = CODEC.decode(self.outputs, data)
        return values[0] if len(values) == 1 else values


class Event(Struct, frozen=True):
    """One event; indexed arguments come first in its declarations here, so order is kept."""

    name: str
    topic: str
    indexed: tuple[str, ...]
    plain: tuple[str, ...]

    def decode(self, log: Mapping[str, Any]) -> tuple[Any, ...]:
        """The arguments in the order of the declaration."""
        topics = [bytes.fromhex(topic[2:]) for topic in log["topics"][1:]]
        pairs = zip(self.indexed, topics, strict=True)
        found = [CODEC.decode([kind], topic)[0] for kind, topic in pairs]
        return (*found, *CODEC.decode(self.plain, bytes.fromhex(log["data"][2:])))


class Contract:
    """One contract of the bundle."""

    def __init__(self, name: str, entry: Mapping[str, Any]) -> None:
        self.name: Final = name
        self._entry: Final = entry

    @property
    def abi(self) -> list[dict[str, Any]]:
        """The interface as published."""
        return list(self._entry["abi"])

    @cached_property
    def functions(self) -> Mapping[str, Function]:
        """Functions by name."""
        return {e["name"]: _function(e) for e in self._entry["abi"] if e["type"] == "function"}

    @cached_property
    def events(self) -> Mapping[str, Event]:
        """Events by name."""
        return {e["name"]: _event(e) for e in self._entry["abi"] if e["type"] == "event"}

    def encode(self, function: str, *arguments: object) -> bytes:
        """Write the calldata of a call."""
        return self.functions[function].encode(*arguments)

    def creation(self, *arguments: object) -> bytes:
        """Code that deploys the contract with these constructor arguments."""
        inputs = [_kinds(e["inputs"]) for e in self._entry["abi"] if e["type"] == "constructor"]
        code = bytes.fromhex(self._entry["creation"][2:])
        return code + CODEC.encode(inputs[0] if inputs else (), arguments)

    def runtime(self, *immutables: int) -> bytes:
        """Code at rest, with the immutables in the order in which the source declares them."""
        code = bytearray.fromhex(self._entry["runtime"][2:])
        for value, places in zip(immutables, self._entry["immutables"], strict=True):
            for place in places:
                code[place : place + _WORD] = value.to_bytes(_WORD, "big")
        return bytes(code)


@cache
def _bundle(name: str) -> Mapping[str, Any]:
    place = files("penstock.devnet") / "data" / name
    try:
        found: Mapping[str, Any] = json.loads(gzip.decompress(place.read_bytes()))
    except FileNotFoundError:
        raise BundleError(
            f"{place} is missing: restore it, or write it anew with `python -m tools.opstack`"
        ) from None
    return found


@cache
def contract(name: str) -> Contract:
    """One contract by name. Raises BundleError."""
    for bundle in _BUNDLES:
        entry = _bundle(bundle)["contracts"].get(name)
        if entry is not None:
            return Contract(name, entry)
    raise BundleError(f"the bundles hold no contract {name}; see tools/opstack.py")


def published_version() -> str:
    """The npm package that the contracts come from, with its version."""
    bundle = _bundle(_BUNDLES[0])
    return f"{bundle['package']} {bundle['version']}"


@lru_cache(maxsize=1)
def _errors() -> Mapping[bytes, tuple[str, tuple[str, ...]]]:
    """Errors of all contracts by selector: one contract passes on what another threw."""
    contracts = _bundle(_BUNDLES[0])["contracts"].values()
    entries = [e for found in contracts for e in found["abi"]]
    named = {
        keccak(_signature(e).encode())[:4]: (e["name"], _kinds(e["inputs"]))
        for e in entries
        if e["type"] == "error"
    }
    return {**_PLAIN, **named}


def explain(data: bytes) -> CallRevertedError:
    """Name the error in the answer of an undone call; an unknown one is shown as it is."""
    name, kinds = _errors().get(data[:4], ("", ()))
    if not name:
        return CallRevertedError("Unknown" if data else "Empty", (data,) if data else ())
    return CallRevertedError(name, CODEC.decode(kinds, data[4:]))


def _function(entry: Mapping[str, Any]) -> Function:
    selector = keccak(_signature(entry).encode())[:4]
    return Function(selector, _kinds(entry["inputs"]), _kinds(entry["outputs"]))


def _event(entry: Mapping[str, Any]) -> Event:
    topic = "0x" + keccak(_signature(entry).encode()).hex()
    indexed = _kinds([part for part in entry["inputs"] if part["indexed"]])
    return Event(
        entry["name"], topic, indexed, _kinds([p for p in entry["inputs"] if not p["indexed"]])
    )


def _signature(entry: Mapping[str, Any]) -> str:
    return f"{entry['name']}({','.join(_kinds(entry['inputs']))})"


def _kinds(parts: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    return tuple(_kind(part) for part in parts)


def _kind(part: Mapping[str, Any]) -> str:
    """The canonical type: a struct is written as its fields."""
    kind = str(part["type"])
    if kind.startswith("tuple"):
        return f"({','.join(_kinds(part['components']))}){kind.removeprefix('tuple')}"
    return kind

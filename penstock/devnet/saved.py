"""Edge: a devnet as one file: both chains as anvil dumps them, and the node's state."""

import gzip
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from penstock.devnet.errors import SavedStateError
from penstock.devnet.hashing import raw
from penstock.devnet.launch import Launched, Place, make_node, start_l1, start_l2
from penstock.devnet.process import Process
from penstock.devnet.state import State

FORMAT: Final = 1


class Saved(Struct, frozen=True):
    """Everything that is needed to go on."""

    format: int
    place: Place
    state: State
    floor: int
    l1: bytes
    l2: bytes


def save(launched: Launched, path: Path) -> None:
    """Write the file. What waits in L1's pool is not in it."""
    node = launched.node
    node.sequencer.pool.look(node.state)
    first, second = (raw(p.rpc.call("anvil_dumpState", True)) for p in (launched.l1, launched.l2))
    saved = Saved(FORMAT, launched.place, node.state, node.floor, first, second)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(msgspec.json.encode(saved))


def load(path: Path, l1_port: int, l2_port: int) -> Launched:
    """Start both chains from the file, and a node on them."""
    saved = _read(path)
    config = replace(saved.place.config, l1_port=l1_port, l2_port=l2_port)
    place = replace(saved.place, config=config)
    with tempfile.TemporaryDirectory(prefix="penstock-") as folder, ExitStack() as stack:
        first = _file(Path(folder) / "l1", saved.l1)
        l1 = start_l1(config, place.rollup.l1_start, "--load-state", first)
        stack.callback(l1.close)
        second = _file(Path(folder) / "l2", saved.l2)
        l2 = start_l2(place.rollup, l2_port, "--load-state", second)
        stack.callback(l2.close)
        l1.wait()
        l2.wait()
        node = make_node(place, l1.rpc, l2.rpc, saved.state)
        node.floor = saved.floor
        _check(path, saved, l2)
        node.resume()
        stack.pop_all()
    return Launched(place, l1, l2, node)


def _read(path: Path) -> Saved:
    try:
        saved = msgspec.json.decode(path.read_bytes(), type=Saved)
    except (OSError, msgspec.MsgspecError) as error:
        raise SavedStateError(path, error) from error
    if saved.format != FORMAT:
        raise SavedStateError(path, f"its format is {saved.format}, this program reads {FORMAT}")
    return saved


def _check(path: Path, saved: Saved, l2: Process) -> None:
    head: dict[str, Any] = l2.rpc.call("eth_getBlockByNumber", "latest", False)
    if head["hash"] != saved.state.head.hash:
        raise SavedStateError(path, "the chains in it are not those that the node knew")


def _file(path: Path, data: bytes) -> str:
    # anvil hands its state out compressed, but reads it plain.
    path.write_bytes(gzip.decompress(data))
    return str(path)

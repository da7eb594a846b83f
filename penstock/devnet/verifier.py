"""Edge: rebuilds L2 from L1 data alone on another anvil, and compares every block's hash.

What is read: the portal's deposit logs, the batcher's calldata and blobs to the inbox, L1 block
headers, and the settings that everybody shares (`Rollup`). What is compared: the hashes of the
node's L2. A transaction's type says where its frames are. L1 checked its blobs against their hashes
when it took them, and is believed in this as in all else.

NOTE: anvil keeps emptied storage slots in its trie, so its state roots are its own. Only an anvil
can follow this chain; the verifier says nothing about what geth or op-node would compute.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from msgspec import Struct

from penstock.devnet.batch import Channel, Forced, Sequenced, unpack
from penstock.devnet.blobs import from_blob
from penstock.devnet.config import Rollup
from penstock.devnet.deposits import Deposit, Origin, deposit_topic, from_logs
from penstock.devnet.engine import Engine
from penstock.devnet.errors import BatchFormatError, BlobFormatError, DivergenceError
from penstock.devnet.hashing import raw
from penstock.devnet.l1 import read_origin
from penstock.devnet.rpc import Rpc
from penstock.devnet.sequencer import derived, forced_time, log_entry
from penstock.devnet.state import Block

_PAGE: Final = 200
"""L1 blocks that are asked for at once."""
_WITH_BLOBS: Final = "0x3"


class Report(Struct, frozen=True):
    """What the verifier found. `difference` is the first block that is not the node's, or None."""

    blocks: int
    transactions: int
    batches: int
    ignored: tuple[str, ...]
    """Posted data that is no valid batch, and why."""
    difference: int | None = None
    detail: str = ""

    @property
    def agrees(self) -> bool:
        """Whether every rebuilt block has the node's hash."""
        return self.difference is None


class Posted(Struct, frozen=True):
    """What L1 says, read once."""

    origins: dict[int, Origin]
    deposits: dict[str, list[Deposit]]
    frames: tuple[bytes | BatchFormatError, ...]
    """In the order of L1; a blob that holds none stands as what is wrong with it."""


class Verifier:
    """Derives L2 on its own node, whose head is the genesis."""

    def __init__(self, rollup: Rollup, posted: Posted, rpc: Rpc, genesis: Block) -> None:
        self.rollup: Final = rollup
        self.posted: Final = posted
        self.engine: Final = Engine(rpc)
        self.head: Block = genesis
        self.batches: int = 0
        self.ignored: list[str] = []

    def rebuild(self, until: int) -> Iterator[Block]:
        """Every block that L1 determines; after the last batch forced ones up to `until`."""
        for channel in unpack(self.posted.frames):
            if isinstance(channel, BatchFormatError):
                self.ignored.append(str(channel))
            elif self._continues(channel):
                self.batches += 1
                yield from self._play(channel)
        while self.head.number < until:
            yield self._force()

    def _continues(self, channel: Channel) -> bool:
        fits = channel.first == self.head.number + 1 and channel.parent == raw(self.head.hash)[:8]
        if not fits:
            self.ignored.append(f"a batch from block {channel.first} does not follow the chain")
        return fits

    def _play(self, channel: Channel) -> Iterator[Block]:
        for entry in channel.entries:
            if isinstance(entry, Forced):
                for _ in range(entry.count):
                    yield self._force()
            else:
                yield self._sequenced(entry)

    def _sequenced(self, entry: Sequenced) -> Block:
        if entry.origins > 1 or entry.seconds < 1:
            raise DivergenceError(self.head.number + 1, "it skips an origin, or goes back in time")
        fresh = bool(entry.origins)
        origin = self._following() if fresh else self.head.origin
        return self._build(self.head.time + entry.seconds, origin, entry.users, fresh=fresh)

    def _force(self) -> Block:
        origin = self._following()
        time = forced_time(self.rollup, self.head, origin)
        return self._build(time, origin, (), fresh=True, forced=True)

    def _following(self) -> Origin:
        number = self.head.origin.number + 1
        origin = self.posted.origins.get(number)
        if origin is None:
            raise DivergenceError(self.head.number + 1, f"L1 has no block {number}")
        return origin

    def _build(
        self,
        time: int,
        origin: Origin,
        users: Sequence[bytes],
        *,
        fresh: bool,
        forced: bool = False,
    ) -> Block:
        sequence = 0 if fresh else self.head.sequence + 1
        deposits = self.posted.deposits.get(origin.hash, []) if fresh else []
        listed = derived(self.rollup, origin, sequence, deposits)
        built = self.engine.build(time, listed, users)
        if len(built.users) != len(users):
            detail = f"{len(users)} transactions were posted, {len(built.users)} are valid"
            raise DivergenceError(self.head.number + 1, detail)
        self.head = log_entry(built, origin, sequence, forced=forced)
        return self.head


def compare(verifier: Verifier, node: Rpc, until: int) -> Report:
    """Rebuild, and hold every block against the node's."""
    count = transactions = 0
    difference, detail = None, ""
    try:
        for block in verifier.rebuild(until):
            count, transactions = count + 1, transactions + len(block.users)
            found = node.call("eth_getBlockByNumber", hex(block.number), False)
            if found is None or found["hash"] != block.hash:
                told = "has no such block" if found is None else f"has {found['hash']}"
                difference, detail = block.number, f"L1 gives {block.hash}, the node {told}"
                break
    except DivergenceError as error:
        difference, detail = error.block, str(error)
    ignored = tuple(verifier.ignored)
    return Report(count, transactions, verifier.batches, ignored, difference, detail)


def read_l1(rpc: Rpc, rollup: Rollup) -> Posted:
    """All that L1 says about L2."""
    last = rpc.number("eth_blockNumber")
    blocks = list(_blocks(rpc, rollup.l1_origin, last))
    origins = {int(block["number"], 16): read_origin(block) for block in blocks}
    asked = {"fromBlock": hex(rollup.l1_origin + 1), "toBlock": hex(last)}
    logs = rpc.call("eth_getLogs", {**asked, "address": rollup.portal, "topics": [deposit_topic()]})
    grouped: dict[str, list[Any]] = {}
    for log in logs:
        grouped.setdefault(log["blockHash"], []).append(log)
    deposits = {hash: from_logs(found) for hash, found in grouped.items()}
    batches = [t for b in blocks for t in b["transactions"] if _is_batch(rollup, t)]
    frames = (frame for batch in batches for frame in _frames(rpc, batch))
    return Posted(origins, deposits, tuple(frames))


def _blocks(rpc: Rpc, first: int, last: int) -> Iterator[dict[str, Any]]:
    for start in range(first, last + 1, _PAGE):
        numbers = range(start, min(start + _PAGE, last + 1))
        yield from rpc.together([("eth_getBlockByNumber", [hex(n), True]) for n in numbers])


def _frames(rpc: Rpc, batch: dict[str, Any]) -> Iterator[bytes | BlobFormatError]:
    """The calldata, or what each blob holds."""
    if batch.get("type") != _WITH_BLOBS:
        yield raw(batch["input"])
        return
    blobs = rpc.call("anvil_getBlobsByTransactionHash", batch["hash"]) or []
    wanted = len(batch["blobVersionedHashes"])
    if len(blobs) != wanted:
        yield BlobFormatError(f"L1 keeps {len(blobs)} of the {wanted} of {batch['hash']}")
    yield from map(_frame, blobs)


def _frame(blob: str) -> bytes | BlobFormatError:
    try:
        return from_blob(raw(blob))
    except BlobFormatError as error:
        return error


def _is_batch(rollup: Rollup, transaction: dict[str, Any]) -> bool:
    return (transaction["from"], transaction["to"]) == (rollup.batcher, rollup.inbox)

"""All that the node remembers, in one place, so that it can be copied, saved and turned back."""

from msgspec import Struct, field
from msgspec.structs import asdict, replace

from penstock.devnet.deposits import Origin
from penstock.devnet.hashing import hexed, keccak, raw


class Block(Struct, frozen=True):
    """One L2 block: what it is, what it was derived from, what users put in."""

    number: int
    hash: str
    time: int
    origin: Origin
    sequence: int
    """How many blocks after the first of its origin."""
    users: tuple[bytes, ...] = ()
    forced: bool = False
    """Made without the sequencer: it is derived from L1 alone and never posted."""


class Waiting(Struct, frozen=True):
    """A user's transaction in no block; the sender is empty where nobody has looked."""

    signed: bytes
    sender: str = ""
    nonce: int = -1


class Posting(Struct, frozen=True):
    """One posted batch. `block` is the L1 block that holds it, 0 while it waits."""

    first: int
    last: int
    hashes: tuple[str, ...]
    size: int
    """Bytes of the frames, as calldata or in blobs."""
    unpacked: int
    """Bytes of the users' transactions in it."""
    transactions: int
    block: int = 0
    gas: int = 0
    """Of execution."""
    paid: int = 0
    """What L1 took for it, in wei, blob gas included."""
    blob_gas: int = 0


class Parts(Struct, frozen=True):
    """What an output root is made of."""

    state_root: str
    storage_root: str
    block_hash: str

    @property
    def root(self) -> str:
        """The root that stands for an L2 block on L1."""
        fields = (self.state_root, self.storage_root, self.block_hash)
        return hexed(keccak(bytes(32) + b"".join(map(raw, fields))))

    @property
    def falsified(self) -> "Parts":
        """The same but for the state root, so that withdrawals can be proven against the lie."""
        return replace(self, state_root=hexed(keccak(b"false" + raw(self.state_root))))


class Output(Struct, frozen=True):
    """One proposed output; the parts are the honest ones, whatever the root is."""

    block: int
    root: str
    parts: Parts
    hash: str = ""
    """Of the L1 transaction."""
    l1_block: int = 0
    """0 while it waits."""
    honest: bool = True

    @property
    def claimed(self) -> Parts:
        """What the root is made of."""
        return self.parts if self.honest else self.parts.falsified


class Proof(Struct, frozen=True):
    """What proves a withdrawal against the output of a block."""

    block: int
    nodes: tuple[str, ...]


class State(Struct):
    """The node's memory. Everything in the containers is frozen, so copies are shallow."""

    now: int
    """Time of the last step, in seconds."""
    blocks: list[Block]
    """By number: all of L2 from genesis to head."""
    waiting: dict[str, Waiting] = field(default_factory=dict)
    """Users' transactions that were seen and are in no block, in order of arrival."""
    dropped: dict[str, str] = field(default_factory=dict)
    """Users' transactions that were given up, with the node's reason."""
    postings: list[Posting] = field(default_factory=list)
    outputs: list[Output] = field(default_factory=list)
    """By index on L1, the waiting ones last."""
    games: dict[int, int] = field(default_factory=dict)
    """By index of the output: the L1 time from which its game, which is not over, can be ended."""
    parts: dict[int, Parts] = field(default_factory=dict)
    """By L2 block, of those that outputs are due for. Taken at once: anvils forget old states."""
    proofs: dict[str, Proof] = field(default_factory=dict)
    """By withdrawal, taken with the parts of the block that they hold for."""
    sequencing: bool = True
    batching: bool = True
    proposing: bool = True
    lying: bool = False
    """The next output will be false."""
    rounds: int = 0
    """L1 blocks since the last batch."""
    reorgs: int = 0
    warped: int = 0
    """Seconds that were leapt over: how far the chains are ahead of the clock in real time."""

    @property
    def head(self) -> Block:
        """The latest L2 block."""
        return self.blocks[-1]

    @property
    def posted(self) -> int:
        """The last L2 block in a batch that is on L1 or on its way."""
        return self.postings[-1].last if self.postings else 0

    @property
    def safe(self) -> int:
        """The last L2 block that anybody can derive from L1 by now: forced ones need no batch."""
        number = max((p.last for p in self.postings if p.block), default=0)
        while number + 1 < len(self.blocks) and self.blocks[number + 1].forced:
            number += 1
        return number

    def copy(self) -> "State":
        """The same state, which then goes its own way."""
        fields = asdict(self)
        held = {k: v.copy() for k, v in fields.items() if isinstance(v, list | dict)}
        return State(**{**fields, **held})

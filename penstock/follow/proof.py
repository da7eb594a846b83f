"""Edge: a withdrawal on its way over the bridge, as two nodes tell it, and what L1 is shown of it.

    root  = keccak(0, state root, storage root of the message passer, block hash)   of an L2 block
    proof = eth_getProof of the message's slot in that storage

    StateGoneError  LookupError  the L2 node has forgotten what a proof is made of

Nothing is believed that L1 has not: the root that is made of L2's own words has to be the one that
L1 holds. Neither a key nor anybody's memory is needed, only nodes and the addresses of the bridge.
"""

from collections.abc import Iterator
from functools import cached_property
from typing import Final

from msgspec import Struct

from penstock.devnet.abi import contract
from penstock.devnet.chain import Chain
from penstock.devnet.config import Config, constant
from penstock.devnet.contracts import GAME
from penstock.devnet.descriptor import Descriptor
from penstock.devnet.errors import (
    FalseOutputError,
    ForgedWithdrawalError,
    NodeRefusedError,
    NotProposedError,
    NotProvenError,
    WindowOpenError,
    WithdrawalError,
)
from penstock.devnet.games import Games
from penstock.devnet.hashing import hexed, raw
from penstock.devnet.l1 import L1
from penstock.devnet.ledger import Ledger, Proven, Standing
from penstock.devnet.messages import Message
from penstock.devnet.oracle import Oracle
from penstock.devnet.proposer import look
from penstock.devnet.rpc import Rpc
from penstock.devnet.state import Parts, Proof, State
from penstock.devnet.withdrawals import PROVE_GAS, Status, finalize_gas, passed, proving
from penstock.errors import PenstockError

_ORACLE: Final = "L2OutputOracle"
_NOTHING: Final = State(0, [])
"""What somebody remembers who has no memory."""


class StateGoneError(PenstockError, LookupError):
    """The L2 node has forgotten what a proof is made of."""

    def __init__(self, url: str, block: int, detail: object) -> None:
        self.block: Final = block
        super().__init__(
            f"the L2 node at {url} has no state of block {block}, which the newest output on L1 "
            f"is about ({detail}); prove against a newer output as soon as one is there, or name a "
            f"node that keeps old states"
        )


class Call(Struct, frozen=True):
    """What the portal is to be called with."""

    data: bytes
    gas: int


class Evidence(Struct, frozen=True):
    """What a message is proven by: an output, what its root is made of, the path to the message."""

    index: int
    parts: Parts
    proof: Proof


class Bridge:
    """Both ends of a bridge. Raises ChainError when a node does not answer."""

    def __init__(self, found: Descriptor) -> None:
        self.found: Final = found
        # NOTE: what gas costs is of interest to who makes L1's blocks; nothing is made here.
        self.l1: Final = L1(Rpc(found.l1.url), found.rollup.l1_start, constant(1))
        self.l2: Final = Chain(Rpc(found.l2.url), found.l2.chain_id)

    @cached_property
    def ledger(self) -> Ledger:
        """Where outputs are kept, with the waits that the contracts themselves tell."""
        at, read = self.found.addresses, self.l1.read
        if not at.games:
            window = int(read(at.oracle, _ORACLE, "FINALIZATION_PERIOD_SECONDS"))
            return Oracle(Config(window=window), self.found.rollup, at, self.l1)
        game = read(at.games, "DisputeGameFactory", "gameImpls", GAME)
        clock = int(read(game, "PermissionedDisputeGame", "maxClockDuration"))
        names = ("proofMaturityDelaySeconds",), ("disputeGameFinalityDelaySeconds",)
        maturity, finality = self.l1.read_all(at.portal, Games.portal, *names)
        terms = Config(proofs="games", window=clock, maturity=maturity, finality=finality)
        return Games(terms, at, self.l1)

    def passage(self, transaction: str, index: int) -> "Passage":
        """A withdrawal by its L2 transaction. Raises UnknownWithdrawalError."""
        return Passage(self, *passed(self.l2, transaction, index))

    def evidence(self, message: Message, block: int) -> Evidence:
        """What proves a message of an L2 block: the newest output that stands and is true.

        Raises NotProposedError, FalseOutputError, StateGoneError or ForgedWithdrawalError.
        """
        refused: FalseOutputError | None = None
        for index in self._covering(block):
            claim = self.ledger.claim(index)
            parts, proofs = self._state(claim.block, message.hash)
            if parts.root != claim.root:
                refused = FalseOutputError(index, claim.block, claim.root)
            elif message.hash not in proofs:
                raise ForgedWithdrawalError(message.hash, claim.block)
            else:
                return Evidence(index, parts, proofs[message.hash])
        raise refused or NotProposedError(block, self._latest())

    def promised(self, block: int, now: int) -> int | None:
        """When a message of an L2 block is paid for which no output is there; None with games.

        An oracle says which blocks are proposed. Whoever begins games promises nothing.
        """
        at = self.found.addresses
        if at.games:
            return None
        interval = int(self.l1.read(at.oracle, _ORACLE, "SUBMISSION_INTERVAL"))
        proposed = max(self.ledger.opens(-(-block // interval) * interval) + 1, now)
        return self.ledger.promised(proposed, proposed + 1)

    def provers(self, hash: str) -> list[str]:
        """Who gave a proof. The portal of an oracle keeps one, whoever gave it: nobody's name."""
        at = self.found.addresses
        if not at.games:
            return [""]
        count = int(self.l1.read(at.portal, Games.portal, "numProofSubmitters", raw(hash)))
        asked = [("proofSubmitters", raw(hash), place) for place in range(count)]
        return sorted(set(self.l1.read_all(at.portal, Games.portal, *asked)))

    def finalised_at(self, hash: str) -> int:
        """L1 time at which a withdrawal was paid; 0 when it was not."""
        place, portal = self.found.addresses.portal, self.ledger.portal
        if not self.l1.read(place, portal, "finalizedWithdrawals", raw(hash)):
            return 0
        topic = contract(portal).events["WithdrawalFinalized"].topic
        asked = {"fromBlock": "0x0", "address": place, "topics": [topic, hash]}
        (log,) = self.l1.rpc.call("eth_getLogs", asked)
        return int(self.l1.block(int(log["blockNumber"], 16))["timestamp"], 16)

    def attempt(self, sender: str, call: Call, now: int) -> None:
        """Try a call of the portal in a block of this time. Raises CallRevertedError."""
        told = {"from": sender, "to": self.found.addresses.portal, "gas": hex(call.gas)}
        at = {"time": hex(now)}
        self.l1.rpc.call("eth_call", {**told, "data": hexed(call.data)}, "latest", {}, at)

    def is_false(self, index: int) -> bool:
        """Whether an output is not what L2 was then, as far as the node still knows."""
        claim = self.ledger.claim(index)
        try:
            return self._state(claim.block)[0].root != claim.root
        except StateGoneError:
            return False

    def _covering(self, block: int) -> Iterator[int]:
        """The outputs that stand and cover an L2 block, the newest first."""
        for index in reversed(range(self.ledger.count())):
            if self.ledger.claim(index).block < block:
                if self.found.addresses.games:
                    # Anybody may begin a game about any block: an older one may lie before it.
                    continue
                return
            if self.ledger.standing(index) is Standing.STANDS:
                yield index

    def _state(self, block: int, *hashes: str) -> tuple[Parts, dict[str, Proof]]:
        try:
            return look(self.l2.rpc, block, list(hashes))
        except NodeRefusedError as error:
            raise StateGoneError(self.l2.url, block, error.message) from error

    def _latest(self) -> int:
        """The last L2 block that an output is about."""
        count = self.ledger.count()
        return self.ledger.claim(count - 1).block if count else 0


class Passage:
    """One withdrawal, as it is at a time."""

    def __init__(self, bridge: Bridge, message: Message, block: int) -> None:
        self.bridge: Final = bridge
        self.message: Final = message
        self.block: Final = block
        self.now: Final = bridge.l1.latest().time + 1
        """Time of the next L1 block, at the earliest."""

    @cached_property
    def finalised_at(self) -> int:
        """L1 time at which it was paid; 0 when it was not."""
        return self.bridge.finalised_at(self.message.hash)

    @cached_property
    def status(self) -> Status:
        """Where it is."""
        if self.finalised_at:
            return Status.FINAL
        if self._standing is not None:
            return Status.READY if self.now >= self._payable else Status.PROVEN
        match self._evidence:
            case NotProposedError():
                return Status.REPLACED if self._proofs else Status.WAITING
            case FalseOutputError():
                return Status.DISPUTED
        # NOTE: where the state is gone the next output may bring it; an attempt says so.
        return Status.PROVABLE

    @property
    def earliest(self) -> int | None:
        """The first L1 time at which it can be paid, if every step is taken at once, if known."""
        if self.status is Status.FINAL:
            return None
        if self._standing is not None:
            return self._payable
        if isinstance(self._evidence, Evidence):
            return self.bridge.ledger.payable(self._evidence.index, self.now, self.now)
        return self.bridge.promised(self.block, self.now)

    def proof(self) -> Call:
        """What shows L1 that L2 sent it. Raises as `Bridge.evidence` does."""
        found = self._evidence
        if not isinstance(found, Evidence):
            raise found
        known = found.index, found.parts, found.proof
        return Call(proving(self.bridge.ledger.portal, self.message, *known), PROVE_GAS)

    def payment(self) -> Call:
        """What has L1 pay it, whoever proved it. Raises NotProvenError, WindowOpenError."""
        portal, fields = contract(self.bridge.ledger.portal), self.message.fields
        if self._standing is None:
            raise NotProvenError(self.message.hash)
        if self.now < self._payable:
            raise WindowOpenError(self.message.hash, self._payable, self.now)
        prover, _ = self._standing
        if prover:
            data = portal.encode("finalizeWithdrawalTransactionExternalProof", fields, prover)
        else:
            data = portal.encode("finalizeWithdrawalTransaction", fields)
        return Call(data, finalize_gas(self.message))

    @cached_property
    def _evidence(self) -> Evidence | WithdrawalError | StateGoneError:
        """What proves it, or why nothing does."""
        try:
            return self.bridge.evidence(self.message, self.block)
        except (WithdrawalError, StateGoneError) as error:
            return error

    @cached_property
    def _proofs(self) -> list[tuple[str, Proven]]:
        """Who proved it against what."""
        ledger, hash = self.bridge.ledger, self.message.hash
        given = ((who, ledger.proven(_NOTHING, hash, who)) for who in self.bridge.provers(hash))
        return [(who, proven) for who, proven in given if proven is not None]

    @cached_property
    def _standing(self) -> tuple[str, Proven] | None:
        """The proof that is paid on first; not one of a false output, though it may stand."""
        stand = [one for one in self._proofs if self._is_good(one[1])]
        return min(stand, key=lambda one: self._payable_on(one[1]), default=None)

    def _is_good(self, proven: Proven) -> bool:
        bridge = self.bridge
        return proven.standing is Standing.STANDS and not bridge.is_false(proven.index)

    @property
    def _payable(self) -> int:
        assert self._standing is not None, "only what is proven is paid"
        return self._payable_on(self._standing[1])

    def _payable_on(self, proven: Proven) -> int:
        return self.bridge.ledger.payable(proven.index, proven.time, self.now)

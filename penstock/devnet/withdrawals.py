"""Edge: one withdrawal on its way: proposed, proven, waited for, paid.

waiting    no output on L1 covers its block yet
disputed   the output that covers it is false: challenge it
provable   prove() now
proven     the challenge window is open, or the game goes on, until `earliest`
replaced   the output it was proven against is gone: prove again when there is another
ready      finalize() now
final      done, once and for all
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any, Final

from msgspec import Struct

from penstock.devnet.abi import contract
from penstock.devnet.accounts import Key, role
from penstock.devnet.chain import Chain, Receipt
from penstock.devnet.errors import (
    AlreadyFinalizedError,
    AlreadyProvenError,
    FalseOutputError,
    ForgedWithdrawalError,
    NotProposedError,
    NotProvenError,
    OutputContestedError,
    OutputReplacedError,
    UnknownWithdrawalError,
    WindowOpenError,
)
from penstock.devnet.hashing import raw
from penstock.devnet.ledger import Ledger, Proven, Standing
from penstock.devnet.messages import Message, messages_in
from penstock.devnet.node import Node
from penstock.devnet.state import Output, Parts, Proof
from penstock.devnet.turns import in_turn

PROVE_GAS: Final = 600_000
_FINALIZE_GAS: Final = 500_000


class Status(StrEnum):
    """Where a withdrawal is."""

    WAITING = "waiting"
    DISPUTED = "disputed"
    PROVABLE = "provable"
    PROVEN = "proven"
    REPLACED = "replaced"
    READY = "ready"
    FINAL = "final"


class Payout(Struct, frozen=True):
    """The end of a withdrawal. `succeeded` is False when the call on L1 failed."""

    receipt: Receipt
    succeeded: bool


class Withdrawal:
    """A message from L2 to L1. A step may be tried at any moment; a refused one costs nothing."""

    def __init__(self, node: Node, message: Message, block: int, payer: Key | None = None) -> None:
        self.node: Final = node
        self.ledger: Final[Ledger] = node.ledger
        self.message: Final = message
        self.hash: Final = message.hash
        self.block: Final = block
        self.payer: Final = payer or role("relayer")
        self.turn: Final = node.turn

    @property
    @in_turn
    def status(self) -> Status:
        """Where it is now."""
        if self._finalized():
            return Status.FINAL
        proven = self._proven()
        if proven is None:
            return self._open(Status.WAITING)
        if proven.standing is not Standing.STANDS:
            return self._open(Status.REPLACED)
        ready = self.node.next_time() >= self._payable(proven)
        return Status.READY if ready else Status.PROVEN

    @property
    @in_turn
    def earliest(self) -> int | None:
        """The first L1 time at which it can be paid, supposing that every step is taken at once.

        None when it is final. In seconds, like a block's time.
        """
        if self._finalized():
            return None
        proven = self._proven()
        if proven is not None and proven.standing is Standing.STANDS:
            return self._payable(proven)
        found, now = self._true(), self.node.next_time()
        if found is not None:
            return self.ledger.payable(found[0], now, now)
        proposed = self._next_output_time()
        return self.ledger.promised(proposed, proposed + 1)

    @in_turn
    def prove(self, output: int | None = None) -> Receipt:
        """Show L1 that L2 holds the message, and start its wait.

        It is shown against the first true output that covers it, unless one is named by its index:
        so a false one can be trusted, to see what comes of it. Raises NotProposedError,
        FalseOutputError, ForgedWithdrawalError, AlreadyProvenError or AlreadyFinalizedError.
        """
        index, chosen, proof = self._provable(output)
        data = proving(self.ledger.portal, self.message, index, chosen.claimed, proof)
        return self._send(data, PROVE_GAS)

    @in_turn
    def finalize(self) -> Payout:
        """Have L1 do what the message says.

        Raises AlreadyFinalizedError, NotProvenError, OutputContestedError, OutputReplacedError or
        WindowOpenError.
        """
        self._check_final()
        data = contract(self.ledger.portal).encode(
            "finalizeWithdrawalTransaction", self.message.fields
        )
        receipt = self._send(data, finalize_gas(self.message))
        return Payout(receipt, went_well(receipt.logs))

    def _provable(self, named: int | None) -> tuple[int, Output, Proof]:
        if self._finalized():
            raise AlreadyFinalizedError(self.hash)
        index, output = self._chosen(named)
        proven = self._proven()
        if proven is not None and proven.standing is Standing.STANDS:
            raise AlreadyProvenError(self.hash, proven.time)
        proof = self.node.proposer.proof(self.node.state, self.hash, self.block, output.block)
        if proof is None:
            raise ForgedWithdrawalError(self.hash, output.block)
        return index, output, proof

    def _chosen(self, named: int | None) -> tuple[int, Output]:
        """The output to prove against."""
        covering = [pair for pair in self._covering() if named is None or pair[0] == named]
        alive = next((pair for pair in covering if self._alive(pair[0])), None)
        if alive is None:
            raise NotProposedError(self.block, self._latest())
        found = alive if named is not None else self._true()
        if found is None:
            index, output = alive
            raise FalseOutputError(index, output.block, output.root)
        return found

    def _check_final(self) -> None:
        if self._finalized():
            raise AlreadyFinalizedError(self.hash)
        proven = self._proven()
        if proven is None:
            raise NotProvenError(self.hash)
        if proven.standing is Standing.CONTESTED:
            raise OutputContestedError(self.hash, proven.index)
        if proven.standing is Standing.GONE:
            raise OutputReplacedError(self.hash, proven.index)
        earliest, now = self._payable(proven), self.node.next_time()
        if now < earliest:
            raise WindowOpenError(self.hash, earliest, now)

    # --- what L1 says ----------------------------------------------------------------------------

    def _finalized(self) -> bool:
        node, portal = self.node, self.ledger.portal
        view = "finalizedWithdrawals"
        return bool(node.l1.read(node.addresses.portal, portal, view, raw(self.hash)))

    def _proven(self) -> Proven | None:
        return self.ledger.proven(self.node.state, self.hash, self.payer.address)

    def _payable(self, proven: Proven) -> int:
        return self.ledger.payable(proven.index, proven.time, self.node.next_time())

    def _alive(self, index: int) -> bool:
        return self.ledger.standing(index) is not Standing.GONE

    # --- what the node knows ---------------------------------------------------------------------

    def _latest(self) -> int:
        """The last block of an output that does not cover it."""
        mined = self._mined()
        return max((output.block for output in mined if output.block < self.block), default=0)

    def _mined(self) -> list[Output]:
        return [output for output in self.node.state.outputs if output.l1_block]

    def _covering(self) -> list[tuple[int, Output]]:
        """The outputs on L1 whose blocks are not before the withdrawal's, with their indices."""
        return [pair for pair in enumerate(self._mined()) if pair[1].block >= self.block]

    def _true(self) -> tuple[int, Output] | None:
        """The first of them that stands and is this chain's: the proof was taken for it."""
        return next((p for p in self._covering() if p[1].honest and self._stands(*p)), None)

    def _stands(self, index: int, output: Output) -> bool:
        standing, claim = self.ledger.standing(index), self.ledger.claim(index)
        return standing is Standing.STANDS and claim.root == output.root

    def _open(self, otherwise: Status) -> Status:
        """What can be done about a proof."""
        if self._true():
            return Status.PROVABLE
        return Status.DISPUTED if any(self._alive(i) for i, _ in self._covering()) else otherwise

    def _next_output_time(self) -> int:
        """The first L1 time at which an output can cover its block."""
        config, rollup = self.node.config, self.node.rollup
        block = -(-self.block // config.output_interval) * config.output_interval
        return max(rollup.l2_time + block * rollup.l2_block + 1, self.node.next_time())

    def _send(self, data: bytes, gas: int) -> Receipt:
        node = self.node
        # NOTE: an estimate would be made at the machine's time, not at that of the next block.
        hash = node.l1.send(self.payer, node.addresses.portal, data, gas=gas)
        while (receipt := node.l1.receipt(hash)) is None:
            node.sync()
        if not receipt.succeeded:
            raise node.l1.explain(receipt)
        return receipt


def find(node: Node, hash: str, index: int = 0) -> Withdrawal:
    """A withdrawal by the L2 transaction that started it. Raises UnknownWithdrawalError."""
    return Withdrawal(node, *passed(node.l2, hash, index))


def passed(l2: Chain, hash: str, index: int = 0) -> tuple[Message, int]:
    """A message that a transaction of L2 passed, and its block. Raises UnknownWithdrawalError."""
    receipt = l2.receipt(hash)
    if receipt is None:
        raise UnknownWithdrawalError(hash, index, None)
    messages = messages_in(receipt.logs)
    if not 0 <= index < len(messages):
        raise UnknownWithdrawalError(hash, index, len(messages))
    return messages[index], receipt.block


def proving(portal: str, message: Message, index: int, parts: Parts, proof: Proof) -> bytes:
    """The call that shows a portal a message, by an output's index and what its root is made of."""
    fields = (parts.state_root, parts.storage_root, parts.block_hash)
    made_of, nodes = (bytes(32), *map(raw, fields)), [raw(node) for node in proof.nodes]
    return contract(portal).encode(
        "proveWithdrawalTransaction", message.fields, index, made_of, nodes
    )


def finalize_gas(message: Message) -> int:
    """Gas that a payout needs at most: the message's own, and what the contracts keep back."""
    return _FINALIZE_GAS + message.gas * 65 // 64


def went_well(logs: Iterable[Mapping[str, Any]]) -> bool:
    """Whether the portal's call went well, and the messenger's behind it if there was one."""
    final = contract("OptimismPortal").events["WithdrawalFinalized"]
    failed = contract("L1CrossDomainMessenger").events["FailedRelayedMessage"].topic
    found = list(logs)
    ends = [log for log in found if log["topics"][0] == final.topic]
    gone = any(log["topics"][0] == failed for log in found)
    return not gone and all(bool(final.decode(log)[1]) for log in ends)

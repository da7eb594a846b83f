"""Edge: one withdrawal on its way: proposed, proven, waited for, paid.

waiting    no output on L1 covers its block yet
disputed   the output that covers it is false: challenge it
provable   prove() now
proven     the challenge window is open until `earliest`
replaced   the output it was proven against is gone: prove again when there is another
ready      finalize() now
final      done, once and for all
"""

from enum import StrEnum
from typing import Any, Final

from msgspec import Struct

from penstock.devnet.abi import contract
from penstock.devnet.accounts import Key, role
from penstock.devnet.chain import Receipt
from penstock.devnet.errors import (
    AlreadyFinalizedError,
    AlreadyProvenError,
    FalseOutputError,
    ForgedWithdrawalError,
    NotProposedError,
    NotProvenError,
    OutputReplacedError,
    UnknownWithdrawalError,
    WindowOpenError,
)
from penstock.devnet.hashing import hexed, raw
from penstock.devnet.messages import Message, messages_in
from penstock.devnet.node import Node
from penstock.devnet.state import Output, Proof
from penstock.devnet.turns import in_turn

_PROVE_GAS: Final = 600_000
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


class Proven(Struct, frozen=True):
    """What the portal remembers of a proof; `time` is 0 when there is none."""

    root: str
    time: int
    index: int


class Withdrawal:
    """A message from L2 to L1. A step may be tried at any moment; a refused one costs nothing."""

    def __init__(self, node: Node, message: Message, block: int, payer: Key | None = None) -> None:
        self.node: Final = node
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
        if proven.time:
            if not self._holds(proven):
                return self._open(Status.REPLACED)
            ready = self.node.next_time() >= self._payable(proven)
            return Status.READY if ready else Status.PROVEN
        return self._open(Status.WAITING)

    @property
    @in_turn
    def earliest(self) -> int | None:
        """The first L1 time at which it can be paid, supposing that every step is taken at once.

        None when it is final. In seconds, like a block's time.
        """
        if self._finalized():
            return None
        proven = self._proven()
        if proven.time and self._holds(proven):
            return self._payable(proven)
        start = self.node.next_time() if self._true() else self._next_output_time() + 1
        return start + self.node.config.window + 1

    @in_turn
    def prove(self) -> Receipt:
        """Show L1 that L2 holds the message, and start its wait.

        Raises NotProposedError, FalseOutputError, ForgedWithdrawalError, AlreadyProvenError or
        AlreadyFinalizedError.
        """
        index, output, proof = self._provable()
        parts = output.parts
        data = contract("OptimismPortal").encode(
            "proveWithdrawalTransaction",
            self.message.fields,
            index,
            (bytes(32), raw(parts.state_root), raw(parts.storage_root), raw(parts.block_hash)),
            [raw(node) for node in proof.nodes],
        )
        return self._send(data, _PROVE_GAS)

    @in_turn
    def finalize(self) -> Payout:
        """Have L1 do what the message says.

        Raises AlreadyFinalizedError, NotProvenError, OutputReplacedError or WindowOpenError.
        """
        self._check_final()
        data = contract("OptimismPortal").encode(
            "finalizeWithdrawalTransaction", self.message.fields
        )
        receipt = self._send(data, _FINALIZE_GAS + self.message.gas * 65 // 64)
        return Payout(receipt, _went_well(receipt))

    def _provable(self) -> tuple[int, Output, Proof]:
        if self._finalized():
            raise AlreadyFinalizedError(self.hash)
        covering = self._covering()
        if not covering:
            raise NotProposedError(self.block, self._latest())
        found = self._true()
        if found is None:
            index, output = covering[0]
            raise FalseOutputError(index, output.block, output.root)
        index, output = found
        proven = self._proven()
        if proven.time and self._holds(proven):
            raise AlreadyProvenError(self.hash, proven.time)
        proof = self.node.proposer.proof(self.node.state, self.hash, self.block, output.block)
        if proof is None:
            raise ForgedWithdrawalError(self.hash, output.block)
        return index, output, proof

    def _check_final(self) -> None:
        if self._finalized():
            raise AlreadyFinalizedError(self.hash)
        proven = self._proven()
        if not proven.time:
            raise NotProvenError(self.hash)
        if not self._holds(proven):
            raise OutputReplacedError(self.hash, proven.index)
        earliest, now = self._payable(proven), self.node.next_time()
        if now < earliest:
            raise WindowOpenError(self.hash, earliest, now)

    # --- what L1 says ----------------------------------------------------------------------------

    def _finalized(self) -> bool:
        return bool(self._portal("finalizedWithdrawals"))

    def _proven(self) -> Proven:
        root, time, index = self._portal("provenWithdrawals")
        return Proven(hexed(root), time, index)

    def _portal(self, view: str) -> Any:
        node = self.node
        return node.l1.read(node.addresses.portal, "OptimismPortal", view, raw(self.hash))

    def _holds(self, proven: Proven) -> bool:
        """Whether the output that it was proven against still stands."""
        if proven.index >= len(self._mined()):
            return False
        root, _, _ = self.node.proposer.output(proven.index)
        return hexed(root) == proven.root

    def _payable(self, proven: Proven) -> int:
        """Both waits must be over: since the proof and since the proposal."""
        _, proposed, _ = self.node.proposer.output(proven.index)
        return max(proven.time, proposed) + self.node.config.window + 1

    # --- what the node knows ---------------------------------------------------------------------

    def _mined(self) -> list[Output]:
        return [output for output in self.node.state.outputs if output.l1_block]

    def _latest(self) -> int:
        mined = self._mined()
        return mined[-1].block if mined else 0

    def _covering(self) -> list[tuple[int, Output]]:
        """The outputs on L1 whose blocks are not before the withdrawal's, with their indices."""
        return [pair for pair in enumerate(self._mined()) if pair[1].block >= self.block]

    def _true(self) -> tuple[int, Output] | None:
        """The first of them that is this chain's: the one that the proof was taken for."""
        honest = next((pair for pair in self._covering() if pair[1].honest), None)
        if honest is None:
            return None
        root, _, _ = self.node.proposer.output(honest[0])
        return honest if hexed(root) == honest[1].root else None

    def _open(self, otherwise: Status) -> Status:
        """What can be done about a proof."""
        if not self._covering():
            return otherwise
        return Status.PROVABLE if self._true() else Status.DISPUTED

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
    receipt = node.l2.receipt(hash)
    if receipt is None:
        raise UnknownWithdrawalError(hash, index, None)
    messages = messages_in(receipt.logs)
    if not 0 <= index < len(messages):
        raise UnknownWithdrawalError(hash, index, len(messages))
    return Withdrawal(node, messages[index], receipt.block)


def _went_well(receipt: Receipt) -> bool:
    """Whether the portal's call went well, and the messenger's behind it if there was one."""
    final = contract("OptimismPortal").events["WithdrawalFinalized"]
    failed = contract("L1CrossDomainMessenger").events["FailedRelayedMessage"].topic
    topics = [log["topics"][0] for log in receipt.logs]
    ends = [log for log in receipt.logs if log["topics"][0] == final.topic]
    return failed not in topics and all(bool(final.decode(log)[1]) for log in ends)

"""Edge: tells L1 what L2 is, keeps what proves withdrawals, and contests what is false.

An output root is the hash of the L2 block's state root, the storage root of the message passer and
the block's hash. They are taken as soon as the block is there, with the proofs of its withdrawals,
because an anvil forgets old states. Only blocks that L1 holds already ("safe") are proposed.
"""

from collections.abc import Sequence
from typing import Final

from msgspec.structs import replace

from penstock.devnet.accounts import role
from penstock.devnet.chain import Chain
from penstock.devnet.l1 import L1
from penstock.devnet.ledger import Ledger
from penstock.devnet.messages import message_slot, messages_between
from penstock.devnet.party import Party
from penstock.devnet.predeploys import MESSAGE_PASSER
from penstock.devnet.rpc import Rpc
from penstock.devnet.state import Output, Parts, Proof, State

_AT_ONCE: Final = 16
"""Outputs in one L1 block, after an outage."""


class Proposer:
    """Proposes an output every so many L2 blocks."""

    def __init__(self, interval: int, ledger: Ledger, l1: L1, l2: Chain) -> None:
        self.interval: Final = interval
        self.ledger: Final = ledger
        self.l1: Final = l1
        self.l2: Final = l2
        self.party: Final = Party(l1, role("proposer"))
        self.challenger: Final = Party(l1, role("challenger"))

    def remember(self, state: State) -> None:
        """Keep what a proposal of the newest L2 block needs, if one is due for it."""
        number = state.head.number
        if number % self.interval == 0:
            state.parts[number], _ = look(self.l2.rpc, number)
            self._keep_proofs(state, number - self.interval + 1, number)

    def forget(self, state: State) -> None:
        """Drop what was kept of L2 blocks that are no more."""
        last = state.head.number
        state.parts = {n: parts for n, parts in state.parts.items() if n <= last}
        state.proofs = {k: proof for k, proof in state.proofs.items() if proof.block <= last}

    def submit(self, state: State, time: int) -> None:
        """Put due proposals, and what ends older ones, into L1's pool for the block at `time`."""
        self.ledger.settle(self.challenger, state, time)
        for _ in range(_AT_ONCE if state.proposing else 0):
            number = (state.outputs[-1].block if state.outputs else 0) + self.interval
            if number > state.safe or self.ledger.opens(number) >= time:
                return
            self._propose(state, number, time)

    def confirm(self, state: State) -> None:
        """Learn which proposals the newest L1 block holds."""
        for place, output in enumerate(state.outputs):
            receipt = None if output.l1_block else self.l1.receipt(output.hash)
            if receipt is not None and not receipt.succeeded:
                # The oracle waits for another block, because a challenge came first.
                del state.outputs[place:]
                return
            if receipt is not None:
                state.outputs[place] = replace(output, l1_block=receipt.block)
                self.ledger.proposed(state, place)

    def turn_back(self, state: State) -> None:
        """Learn anew what L1 holds: proposals may be lost, and so may deletions."""
        held = self.ledger.count()
        same = min(held, len(state.outputs))
        # NOTE: any of them may differ: the deletion of a false one may be lost, not only the last.
        standing = next((i for i in range(same) if not self._stands(state, i)), same)
        del state.outputs[standing:]
        for index in range(len(state.outputs), held):
            state.outputs.append(self._restored(state, index))
        self.ledger.turn_back(state)
        self.party.resync()
        self.challenger.resync()

    def challenge(self, state: State, time: int) -> int | None:
        """Contest the first false output that can be contested; return its index."""
        for index, claim in self.ledger.contestable(state, time):
            parts = state.parts.get(claim.block)
            if parts is None or parts.root != claim.root:
                # Of a block that L2 does not propose, all that can be said is: not this one.
                truth = parts.root if parts else state.head.hash
                self.ledger.contest(self.challenger, state, index, truth, time)
                return index
        return None

    def proof(self, state: State, hash: str, sent: int, number: int) -> Proof | None:
        """What proves a message of block `sent` against block `number`; None if there is none.

        After a reorg another output than the one it was taken for may be the first true one.
        """
        if _block_of(state, hash) != number:
            self._keep_proofs(state, sent, number)
        return state.proofs.get(hash) if _block_of(state, hash) == number else None

    def _stands(self, state: State, index: int) -> bool:
        claim, output = self.ledger.claim(index), state.outputs[index]
        return (claim.root, claim.block) == (output.root, output.block)

    def _restored(self, state: State, index: int) -> Output:
        """An output that was given up because of a deletion that L1 has lost."""
        claim = self.ledger.claim(index)
        parts, height = state.parts[claim.block], self.l1.height()
        honest = parts.root == claim.root
        return Output(claim.block, claim.root, parts, l1_block=height, honest=honest)

    def _propose(self, state: State, number: int, time: int) -> None:
        parts = state.parts[number]
        honest, state.lying = not state.lying, False
        root = (parts if honest else parts.falsified).root
        output = Output(number, root, parts, honest=honest)
        hash = self.ledger.propose(self.party, output, state.blocks[number].origin, time)
        if honest:
            last = max((o.block for o in state.outputs if o.honest), default=0)
            self._keep_proofs(state, last + 1, number)
        state.outputs.append(replace(output, hash=hash))

    def _keep_proofs(self, state: State, first: int, number: int) -> None:
        """Take the proofs against a block of the withdrawals since another one."""
        found = messages_between(self.l2.rpc, first, number)
        missing = [m.hash for m in found if _block_of(state, m.hash) != number]
        if missing:
            _, proofs = look(self.l2.rpc, number, missing)
            state.proofs.update(proofs)


def look(rpc: Rpc, number: int, hashes: Sequence[str] = ()) -> tuple[Parts, dict[str, Proof]]:
    """What the root of an L2 block is made of, and the proofs of messages that were passed by then.

    A message that was not has no proof. Raises NodeRefusedError when the node has forgotten it.
    """
    slots = [message_slot(hash) for hash in hashes]
    block, passer = rpc.together(
        [
            ("eth_getBlockByNumber", [hex(number), False]),
            ("eth_getProof", [MESSAGE_PASSER, slots, hex(number)]),
        ]
    )
    found = zip(hashes, passer["storageProof"], strict=True)
    proofs = {
        hash: Proof(number, tuple(entry["proof"]))
        for hash, entry in found
        if int(entry["value"], 16)
    }
    return Parts(block["stateRoot"], passer["storageHash"], block["hash"]), proofs


def _block_of(state: State, hash: str) -> int:
    proof = state.proofs.get(hash)
    return proof.block if proof else 0

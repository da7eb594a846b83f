"""Edge: users' transactions that wait for L2, in order of arrival.

Users send straight to the L2 node. Before a block its pool is emptied, so that the node decides
what comes first; afterwards whatever did not get into the block goes back. Transactions with a gap
before their nonce are left where they are until the gap closes.
"""

from collections.abc import Iterable
from typing import Final

from penstock.devnet.accounts import transaction_hash
from penstock.devnet.deposits import is_deposit
from penstock.devnet.errors import NodeRefusedError
from penstock.devnet.hashing import hexed, raw
from penstock.devnet.rpc import Rpc
from penstock.devnet.state import State, Waiting

_LATER: Final = ("less than block base fee",)
"""Refusals that time can heal."""


class Pool:
    """Reads and refills the pool of the L2 node."""

    def __init__(self, rpc: Rpc) -> None:
        self.rpc: Final = rpc
        self._filter: str = rpc.call("eth_newPendingTransactionFilter")

    def take(self, state: State) -> list[bytes]:
        """Empty the pool into `state.waiting` and return it all."""
        self.look(state)
        if state.waiting:
            self.rpc.attempt([("anvil_dropTransaction", [hash]) for hash in state.waiting])
        return [one.signed for one in state.waiting.values()]

    def look(self, state: State) -> None:
        """Learn of transactions that have arrived."""
        counts = self.rpc.call("txpool_status")
        if int(counts["queued"], 16):
            self._promote()
        hashes = self.rpc.call("eth_getFilterChanges", self._filter)
        unknown = [hash for hash in hashes if hash not in state.waiting]
        for hash, found in zip(unknown, self._pending(unknown), strict=True):
            if found is None:
                continue
            if is_deposit(found.signed):
                # Only L1 makes deposits; whoever sends one here asks for money from nowhere.
                self._drop(state, hash, "a deposit comes from L1, never from the pool")
            else:
                self._replace(state, found)
                state.waiting[hash] = found

    def settle(self, state: State, included: Iterable[bytes]) -> None:
        """Forget what a block holds, and put the rest back into the pool."""
        for signed in included:
            state.waiting.pop(transaction_hash(signed), None)
        for hash, one in list(state.waiting.items()):
            self._put_back(state, hash, one.signed)

    def requeue(self, state: State, users: Iterable[bytes]) -> None:
        """Let transactions of blocks that are no more wait again, before all others."""
        again = {transaction_hash(signed): Waiting(signed) for signed in users}
        state.waiting = {**again, **state.waiting}

    def reset(self, state: State, gaps: Iterable[str] = ()) -> None:
        """Make the pool what `state` says, and `gaps`, after the chain was turned back."""
        self.rpc.call("anvil_dropAllTransactions")
        self._filter = self.rpc.call("eth_newPendingTransactionFilter")
        self.settle(state, ())
        for text in gaps:
            self.rpc.attempt([("eth_sendRawTransaction", [text])])

    def gaps(self) -> list[str]:
        """What waits behind a gap in its sender's nonces, as it was sent."""
        queued = self.rpc.call("txpool_content")["queued"].values()
        hashes = [one["hash"] for found in queued for one in found.values()]
        return self.rpc.together([("eth_getRawTransactionByHash", [hash]) for hash in hashes])

    def _promote(self) -> None:
        """Send again what waits behind a gap that a deposit has closed: anvil does not notice."""
        for sender, found in self.rpc.call("txpool_content")["queued"].items():
            behind = sorted(found.values(), key=lambda one: int(one["nonce"], 16))
            nonce = self.rpc.call("eth_getTransactionCount", sender, "latest")
            if int(behind[0]["nonce"], 16) > int(nonce, 16):
                continue
            asked = [("eth_getRawTransactionByHash", [one["hash"]]) for one in behind]
            texts = self.rpc.attempt(asked)
            # NOTE: `anvil_dropTransaction` leaves a transaction behind a gap where it is.
            self.rpc.call("anvil_removePoolTransactions", sender)
            for text in texts:
                self.rpc.attempt([("eth_sendRawTransaction", [text])])

    def _replace(self, state: State, newer: Waiting) -> None:
        """A transaction of the same nonce that paid less is gone from the node's pool already."""
        for hash, one in list(state.waiting.items()):
            if (one.sender, one.nonce) == (newer.sender, newer.nonce):
                self._drop(state, hash, "replaced by another with the same nonce")

    def _pending(self, hashes: list[str]) -> list[Waiting | None]:
        """Bytes of transactions that still wait, None for the others.

        NOTE: the filter also tells of deposits that are mined by now, and asking for the bytes of
        one of those aborts anvil; a transaction's block says which they are.
        """
        found = self.rpc.together([("eth_getTransactionByHash", [hash]) for hash in hashes])
        still = {one["hash"]: one for one in found if one and one["blockNumber"] is None}
        texts = self.rpc.attempt([("eth_getRawTransactionByHash", [hash]) for hash in still])
        read = {
            hash: Waiting(raw(text), one["from"], int(one["nonce"], 16))
            for (hash, one), text in zip(still.items(), texts, strict=True)
            if text
        }
        return [read.get(hash) for hash in hashes]

    def _put_back(self, state: State, hash: str, signed: bytes) -> None:
        try:
            self.rpc.call("eth_sendRawTransaction", hexed(signed))
        except NodeRefusedError as error:
            if "already" in error.message or any(word in error.message for word in _LATER):
                return
            self._drop(state, hash, error.message)

    def _drop(self, state: State, hash: str, reason: str) -> None:
        state.waiting.pop(hash, None)
        state.dropped[hash] = reason
        self.rpc.attempt([("anvil_dropTransaction", [hash])])

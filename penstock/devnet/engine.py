"""Edge: blocks of L2, each an exact list of transactions at an exact time and base fee.

Two ways give the same block. The pool takes transactions one after another and mines them: quick,
but it knows rules of its own. `anvil_reorg` replaces a block by a list and knows none:

    way     two deposits of a sender   deposits and users at once   time
    pool    refused                    may be refused               1 ms a transaction
    reorg   taken                      taken                        7 ms a block

NOTE: anvil remembers which contracts were created since its state was last restored, and reading
an empty slot of such a contract leaves nothing behind, while of any other it leaves a zero in the
trie. A rollback, a replaced block or a start from a file makes it forget. So that the same list
always gives the same state root, it is made to forget after every block that may create something.

Whatever way was taken, the block is read back and compared with what was asked for.
"""

from collections.abc import Sequence
from typing import Any, Final

from msgspec import Struct

from penstock.devnet.accounts import transaction_hash
from penstock.devnet.deposits import Deposit
from penstock.devnet.errors import DivergenceError, NodeRefusedError
from penstock.devnet.hashing import hexed, raw
from penstock.devnet.rpc import Request, Rpc

ELASTICITY: Final = 6
DENOMINATOR: Final = 250
POOLED: Final = 6
"""From this many users' transactions on a replaced block is quicker than the pool."""


class Header(Struct, frozen=True):
    """What the next block needs to know of this one. Time in seconds, base fee in wei per gas."""

    number: int
    hash: str
    time: int
    base_fee: int
    gas_used: int
    gas_limit: int


class Built(Struct, frozen=True):
    """A new block, the deposits as they stand in it, and the users' transactions in their order."""

    header: Header
    deposits: tuple[Deposit, ...]
    users: tuple[bytes, ...]


def next_base_fee(parent: Header) -> int:
    """EIP-1559 with this chain's elasticity and denominator; rounds down as the protocol does."""
    target = parent.gas_limit // ELASTICITY
    change = parent.base_fee * abs(parent.gas_used - target) // target // DENOMINATOR
    if parent.gas_used > target:
        return parent.base_fee + max(change, 1)
    return parent.base_fee - change if parent.gas_used < target else parent.base_fee


class Engine:
    """Builds on the head of one anvil."""

    def __init__(self, rpc: Rpc) -> None:
        self.rpc: Final = rpc
        self.head: Header = read_header(rpc.call("eth_getBlockByNumber", "latest", False))
        self._remembers: bool = self.head.number > 0

    def build(self, time: int, deposits: Sequence[Deposit], users: Sequence[bytes]) -> Built:
        """Add a block. Raises DivergenceError when a deposit cannot be brought in.

        Users' transactions that do not fit, or are not valid, are missing from the result; those
        that reached the pool at the last moment may be in it although they were not asked for.
        """
        if _pool_takes(deposits, users):
            self._make_forget()
            built = self._by_pool(time, deposits, users)
            if built is not None:
                return built
        return self._by_reorg(time, deposits, users)

    def rollback(self, number: int) -> None:
        """Make an earlier block the head again."""
        depth = self.head.number - number
        if depth > 0:
            self.rpc.call("anvil_rollback", depth)
        self.refresh()

    def refresh(self) -> None:
        """Look at the head again, after somebody else has moved it."""
        self.head = read_header(self.rpc.call("eth_getBlockByNumber", "latest", False))
        self._remembers = self.head.number > 0
        self._set_fee()

    def _by_pool(
        self, time: int, deposits: Sequence[Deposit], users: Sequence[bytes]
    ) -> Built | None:
        """A block out of the pool, or None when the pool or the order is against it."""
        self.rpc.together(self._setting(time))
        try:
            for deposit in deposits:
                self.rpc.call("eth_sendRawTransaction", hexed(deposit.raw))
        except NodeRefusedError:
            self.rpc.attempt([("anvil_dropTransaction", [d.hash]) for d in deposits])
            return None
        for signed in users:
            self.rpc.attempt([("eth_sendRawTransaction", [hexed(signed)])])
        self.rpc.call("evm_mine")
        return self._accept(deposits, users)

    def _make_forget(self) -> None:
        """Restore the state of the head: mine a block and take it back."""
        if not self._remembers:
            return
        self.rpc.call("evm_setNextBlockTimestamp", self.head.time + 1)
        self.rpc.call("evm_mine")
        late = self._users_in(self.rpc.call("eth_getBlockByNumber", "latest", False), ())
        self.rpc.call("anvil_rollback", 1)
        for signed in late:
            self.rpc.attempt([("eth_sendRawTransaction", [hexed(signed)])])
        self._remembers = False

    def _by_reorg(self, time: int, deposits: Sequence[Deposit], users: Sequence[bytes]) -> Built:
        """A block out of a list. A deposit that anvil refuses goes in as its rejected twin."""
        if self.rpc.number("eth_blockNumber") == self.head.number:
            self.rpc.call("anvil_setBlockTimestampInterval", time - self.head.time)
            self.rpc.call("evm_mine")
        late = self._users_in(self.rpc.call("eth_getBlockByNumber", "latest", False), users)
        wanted, asked = list(deposits), [*users, *late]
        for _ in range(2):
            self._replace(time, wanted, asked)
            block = self.rpc.call("eth_getBlockByNumber", "latest", False)
            held = set(block["transactions"])
            missing = [deposit for deposit in wanted if deposit.hash not in held]
            if not missing:
                break
            wanted = [d.rejected if d in missing else d for d in wanted]
        built = self._accept(wanted, asked)
        if built is None:
            detail = f"{len(wanted)} deposits were to come first, the block does not begin so"
            raise DivergenceError(self.head.number + 1, detail)
        self._set_fee()
        return built

    def _set_fee(self) -> None:
        """Correct anvil's idea of the next base fee, which only a mined block brings about."""
        fee = hex(next_base_fee(self.head))
        self.rpc.call("anvil_setNextBlockBaseFeePerGas", fee)

    def _replace(self, time: int, deposits: Sequence[Deposit], users: Sequence[bytes]) -> None:
        listed = [[hexed(signed), 0] for signed in (*(d.raw for d in deposits), *users)]
        self.rpc.together(
            [
                ("anvil_setBlockTimestampInterval", [time - self.head.time]),
                ("anvil_setNextBlockBaseFeePerGas", [hex(next_base_fee(self.head))]),
            ]
        )
        self.rpc.call("anvil_reorg", 1, listed)

    def _accept(self, deposits: Sequence[Deposit], users: Sequence[bytes]) -> Built | None:
        """Take the latest block as head if it is the deposits, then users' transactions."""
        block = self.rpc.call("eth_getBlockByNumber", "latest", False)
        held = block["transactions"]
        if held[: len(deposits)] != [deposit.hash for deposit in deposits]:
            return None
        known = {transaction_hash(signed): signed for signed in users}
        rest = held[len(deposits) :]
        known |= self._read([hash for hash in rest if hash not in known])
        if not known.keys() >= set(rest):
            return None
        self.head = read_header(block)
        # The first transaction only writes down what L1 says.
        self._remembers = len(held) > 1
        return Built(self.head, tuple(deposits), tuple(known[hash] for hash in rest))

    def _users_in(self, block: dict[str, Any], known: Sequence[bytes]) -> list[bytes]:
        """Users' transactions of a block about to be replaced that nobody asked for."""
        hashes = {transaction_hash(signed) for signed in known}
        return list(self._read([h for h in block["transactions"] if h not in hashes]).values())

    def _read(self, hashes: Sequence[str]) -> dict[str, bytes]:
        """Mined users' transactions as they were sent; deposits are left out.

        NOTE: anvil aborts when it is asked for the bytes of a deposit that is mined.
        """
        found = self.rpc.together([("eth_getTransactionByHash", [hash]) for hash in hashes])
        plain = [one["hash"] for one in found if one["type"] != "0x7e"]
        signed = self.rpc.together([("eth_getRawTransactionByHash", [hash]) for hash in plain])
        return {hash: raw(text) for hash, text in zip(plain, signed, strict=True)}

    def _setting(self, time: int) -> list[Request]:
        return [
            ("evm_setNextBlockTimestamp", [time]),
            ("anvil_setNextBlockBaseFeePerGas", [hex(next_base_fee(self.head))]),
        ]


def _pool_takes(deposits: Sequence[Deposit], users: Sequence[bytes]) -> bool:
    senders = {deposit.sender for deposit in deposits}
    # The first deposit tells of L1; only further ones can share a sender with a user.
    mixed = len(deposits) > 1 and bool(users)
    return len(senders) == len(deposits) and not mixed and len(users) < POOLED


def read_header(block: dict[str, Any]) -> Header:
    """Read a block as the node shows it."""
    return Header(
        number=int(block["number"], 16),
        hash=block["hash"],
        time=int(block["timestamp"], 16),
        base_fee=int(block["baseFeePerGas"], 16),
        gas_used=int(block["gasUsed"], 16),
        gas_limit=int(block["gasLimit"], 16),
    )

"""Edge: L1 as the node sees it: blocks at chosen times and fees, and what they tell L2."""

from collections.abc import Sequence
from typing import Any, Final

from penstock.devnet.chain import Chain
from penstock.devnet.config import L1_CHAIN, FeeCurve
from penstock.devnet.deposits import Deposit, Origin, deposit_topic, from_logs
from penstock.devnet.rpc import Rpc

_COINBASE: Final = "0x" + "00" * 20


class L1(Chain):
    """Mines L1. Its base fee follows a curve, because an idle anvil's decays to nothing."""

    def __init__(self, rpc: Rpc, start: int, curve: FeeCurve) -> None:
        super().__init__(rpc, L1_CHAIN)
        self.start: Final = start
        self.curve: Final = curve

    def latest(self) -> Origin:
        """The newest block."""
        return read_origin(self.block())

    def origin(self, number: int) -> Origin | None:
        """A block by number, None while it is to come."""
        found = self.block(number)
        return None if found is None else read_origin(found)

    def mine(self, time: int) -> Origin:
        """Make a block at a time, with what waits in the pool."""
        self.rpc.together(
            [
                ("anvil_setNextBlockBaseFeePerGas", [hex(self.fee(time))]),
                ("evm_setNextBlockTimestamp", [time]),
            ]
        )
        self.rpc.call("evm_mine")
        return self.settle(time)

    def settle(self, time: int) -> Origin:
        """Let estimates see a true base fee: anvil's own falls after every block."""
        fee = ("anvil_setNextBlockBaseFeePerGas", [hex(self.fee(time))])
        block, _ = self.rpc.together([("eth_getBlockByNumber", ["latest", False]), fee])
        return read_origin(block)

    def fee(self, time: int) -> int:
        """The base fee of a block at a time, in wei per gas."""
        return self.curve.at(time - self.start)

    def blob_fee(self) -> int:
        """What anvil takes for blob gas in the next block, in wei per gas: no curve moves it."""
        return self.rpc.number("eth_blobBaseFee")

    def reorg(self, depth: int, time: int, mark: int) -> Origin:
        """Replace the last blocks by empty ones that end at `time` or before.

        `mark` makes them other blocks even where the old ones were as empty as the new ones.
        """
        parent = read_origin(self.block(self.height() - depth))
        interval = max((time - parent.time) // depth, 1)
        self.rpc.call("anvil_setCoinbase", f"0x{mark:040x}")
        self.rpc.call("anvil_setBlockTimestampInterval", interval)
        self.rpc.call("anvil_setNextBlockBaseFeePerGas", hex(self.fee(time)))
        self.rpc.call("anvil_reorg", depth, [])
        self.rpc.call("anvil_setCoinbase", _COINBASE)
        return self.settle(time)

    def deposits(self, origin: Origin, portal: str) -> list[Deposit]:
        """What the portal took in a block."""
        return deposits_in(self.rpc, origin.hash, portal)


def deposits_in(rpc: Rpc, block_hash: str, portal: str) -> list[Deposit]:
    """What the portal took in an L1 block."""
    asked = {"blockHash": block_hash, "address": portal, "topics": [deposit_topic()]}
    logs: Sequence[dict[str, Any]] = rpc.call("eth_getLogs", asked)
    return from_logs(logs)


def read_origin(block: dict[str, Any]) -> Origin:
    """What L2 needs of an L1 block."""
    return Origin(
        number=int(block["number"], 16),
        hash=block["hash"],
        parent=block["parentHash"],
        time=int(block["timestamp"], 16),
        base_fee=int(block["baseFeePerGas"], 16),
    )

"""Edge: the liberties that a development chain (anvil's) allows: its clock, and money for gas."""

from typing import Final

from penstock.rpc import Rpc


class LocalChain:
    """A development chain, whoever runs it."""

    def __init__(self, rpc: Rpc) -> None:
        self.rpc: Final = rpc

    def time(self) -> int:
        """Time of the next block."""
        return self.rpc.next_time()

    def steady(self) -> None:
        """Let each block be one second after the one before it, whatever the machine's clock."""
        self.rpc.call("anvil_setBlockTimestampInterval", 1)

    def warp(self, time: int) -> None:
        """Let the next block be at `time`."""
        self.rpc.call("evm_setNextBlockTimestamp", time)

    def mine(self) -> None:
        """Make a block."""
        self.rpc.call("evm_mine")

    def fund(self, address: str, ether: int = 1_000) -> None:
        """Give an address what it pays gas with."""
        self.rpc.call("anvil_setBalance", address, hex(ether * 10**18))

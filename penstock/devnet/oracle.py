"""Edge: outputs in the output oracle: a list, true unless the challenger deletes its end."""

from collections.abc import Iterator
from typing import Any, Final

from penstock.devnet.abi import contract
from penstock.devnet.config import Config, Rollup
from penstock.devnet.contracts import Addresses
from penstock.devnet.deposits import Origin
from penstock.devnet.hashing import hexed, raw
from penstock.devnet.l1 import L1
from penstock.devnet.ledger import Claim, Proven, Standing
from penstock.devnet.party import Party
from penstock.devnet.state import Output, State

_PROPOSE_GAS: Final = 200_000
_DELETE_GAS: Final = 200_000


class Oracle:
    """L2OutputOracle, and the portal in front of it."""

    portal: Final = "OptimismPortal"

    def __init__(self, config: Config, rollup: Rollup, at: Addresses, l1: L1) -> None:
        self.window: Final = config.window
        self.rollup: Final = rollup
        self.at: Final = at
        self.l1: Final = l1

    def count(self) -> int:
        """How many outputs there are."""
        return int(self._ask("nextOutputIndex"))

    def claim(self, index: int) -> Claim:
        """One of them."""
        root, time, block = self._ask("getL2Output", index)
        return Claim(hexed(root), time, block)

    def opens(self, block: int) -> int:
        """The time that a block's number stands for: what the oracle compares, not its own."""
        return self.rollup.l2_time + block * self.rollup.l2_block

    def propose(self, proposer: Party, output: Output, origin: Origin, time: int) -> str:
        """Send an output, with an L1 block that must be in the chain for it to count."""
        arguments = (raw(output.root), output.block, raw(origin.hash), origin.number)
        data = contract("L2OutputOracle").encode("proposeL2Output", *arguments)
        return proposer.send(self.at.oracle, data, _PROPOSE_GAS, time)

    def proposed(self, state: State, index: int) -> None:
        """Nothing more is needed of an output that L1 holds."""

    def contestable(self, state: State, time: int) -> Iterator[tuple[int, Claim]]:
        """Those whose window is open. NOTE: all that L1 holds, whoever proposed it."""
        for index in range(self.count()):
            claim = self.claim(index)
            if claim.time + self.window >= time:
                yield index, claim

    def contest(self, challenger: Party, state: State, index: int, truth: str, time: int) -> None:
        """Delete an output, and with it all after it."""
        data = contract("L2OutputOracle").encode("deleteL2Outputs", index)
        challenger.send(self.at.oracle, data, _DELETE_GAS, time)
        del state.outputs[index:]

    def settle(self, challenger: Party, state: State, time: int) -> None:
        """Time alone ends a window."""

    def turn_back(self, state: State) -> None:
        """Nothing but outputs is remembered."""

    def standing(self, index: int) -> Standing:
        """An output stands, or is not there."""
        return Standing.STANDS if index < self.count() else Standing.GONE

    def proven(self, state: State, withdrawal: str, payer: str) -> Proven | None:
        """The portal's only proof, whoever gave it; it keeps the root that it was given against."""
        proofs = self.l1.read(self.at.portal, self.portal, "provenWithdrawals", raw(withdrawal))
        root, time, index = proofs
        if not time:
            return None
        same = index < self.count() and self.claim(index).root == hexed(root)
        return Proven(time, index, Standing.STANDS if same else Standing.GONE)

    def payable(self, index: int, proven: int, now: int) -> int:
        """Both waits must be over: since the proof and since the proposal."""
        return self.promised(self.claim(index).time, proven)

    def promised(self, proposed: int, proven: int) -> int:
        """The same for an output that is still to come."""
        return max(proposed, proven) + self.window + 1

    def _ask(self, function: str, *arguments: object) -> Any:
        return self.l1.read(self.at.oracle, "L2OutputOracle", function, *arguments)

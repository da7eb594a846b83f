"""Edge: a venue on the L2 of a rollup devnet, with collateral that is bridged from L1.

Time is virtual: a block is made when somebody waits for a receipt. Ether and collateral come from
L1 or from a development account, never out of nothing, so that L2 can be rebuilt from L1.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final, Self

from penstock.deploy import Origin, Parameters
from penstock.devnet import ETHER, Arrival, Devnet, Key, Token
from penstock.devnet.accounts import role
from penstock.devnet.client import ask
from penstock.devnet.errors import DepositFailedError
from penstock.devnet.predeploys import BRIDGE
from penstock.driven import DrivenRpc
from penstock.localchain import LocalChain
from penstock.localvenue import CALL_GAS, Call, LocalVenue, Trader, signer_of
from penstock.sender import Receipt, Sender

NAME, SYMBOL = "Penstock test dollar", "pUSD"
TREASURE: Final = 1_000_000_000_000
"""Quote units that a devnet's first account gets of a new collateral."""


def bridged_token(descriptor: Path, decimals: int = 6) -> tuple[str, Origin]:
    """Have the devnet that runs make the collateral on L1; its representation on L2, and the way
    back."""
    coin = {"name": NAME, "symbol": SYMBOL, "decimals": decimals, "amount": TREASURE}
    made = ask(descriptor, "token", account=0, **coin)
    return str(made["l2"]), Origin(str(made["l1"]), BRIDGE)


class RollupChain(LocalChain):
    """The L2 of a devnet as a chain that a venue is tried on."""

    def __init__(self, net: Devnet) -> None:
        super().__init__(DrivenRpc(net.l2.url, net.step))
        self.net: Final = net

    @property
    def treasury(self) -> Key:
        """The development account that everybody's money comes from."""
        return self.net.accounts[0]

    def time(self) -> int:
        """Time of the next block."""
        return self.net.node.state.now + self.net.config.l2_block

    def steady(self) -> None:
        """Nothing to do: virtual time is steady."""

    def warp(self, time: int) -> None:
        """Let the next block be at `time`, and L1 go on to it."""
        if time > self.time():
            self.net.warp(time - self.time())

    def mine(self) -> None:
        """Make a block."""
        self.net.step()

    def fund(self, address: str, ether: int = 10) -> None:
        """Send what gas is paid with, as a transaction that L1 gets to see."""
        self.net.l2.send(self.treasury, address, value=ether * ETHER)
        self.net.step()


class RollupVenue(LocalVenue):
    """A venue on L2 whose collateral is the representation of a token on L1."""

    rollup: RollupChain
    collateral: Token

    @classmethod
    def launch(cls, net: Devnet, parameters: Parameters) -> Self:
        """Make the token on L1 and its representation on L2, and deploy on L2."""
        chain = RollupChain(net)
        collateral = net.bridge.create_token(chain.treasury, NAME, SYMBOL, parameters.decimals)
        origin = Origin(collateral.l1, BRIDGE)
        venue = cls.start(chain, parameters, collateral.l2, origin)
        venue.rollup, venue.collateral = chain, collateral
        return venue

    @property
    def net(self) -> Devnet:
        """The devnet."""
        return self.rollup.net

    def owner_key(self, name: str) -> Key:
        """The key of an account's owner, which is the same on both chains."""
        return role(f"owner {name}")

    def force_deposit(self, trader: Trader, amount: int) -> list[Arrival]:
        """Bring money from L1 into an account without the sequencer: over the bridge, then in.

        Raises DepositFailedError when a message did not do on L2 what it should.
        """
        key = self.owner_key(trader.name)
        self._endow_on_l1(key, amount)
        bridged = self.net.deposit_erc20(key, self.collateral, amount)
        _check_arrival(bridged)
        call = (self.remote.positions, "deposit", (trader.account, amount))
        return [bridged, self._force(trader, call, CALL_GAS)]

    def force(self, trader: Trader, call: Call, gas: int = CALL_GAS) -> Arrival:
        """Have an owner call a contract from L1, through the portal, without the sequencer.

        Raises DepositFailedError when the call failed on L2.
        """
        address = self.owner_key(trader.name).address
        if self.net.l1.balance(address) < ETHER:
            self.net.l1.send(self.rollup.treasury, address, value=2 * ETHER)
            self.net.sync()
        return self._force(trader, call, gas)

    def _force(self, trader: Trader, call: Call, gas: int) -> Arrival:
        contract, function, values = call
        data, key = contract.encode(function, *values), self.owner_key(trader.name)
        arrival = self.net.force(key, contract.address, data, gas=gas)
        _check_arrival(arrival)
        # A forced transaction uses a nonce of the owner on L2.
        trader.owner.resync()
        return arrival

    def _endow_on_l1(self, key: Key, amount: int) -> None:
        """Give an owner the tokens on L1, and what gas is paid with there."""
        treasury = self.rollup.treasury
        self.net.l1.send(treasury, key.address, value=ETHER)
        self.net.bridge.mint(treasury, self.collateral, key.address, amount)

    def _owners(self, names: Sequence[str]) -> list[Sender]:
        """The same in one block."""
        signers = [signer_of(f"owner {name}") for name in names]
        for signer in signers:
            address = "0x" + signer.address.hex()
            self.net.l2.send(self.rollup.treasury, address, value=10 * ETHER)
        self.net.step()
        return [Sender(self.chain.rpc, signer) for signer in signers]

    def _enrol(self, people: Sequence[tuple[Trader, int]]) -> None:
        """Everybody at once: money comes over the bridge together, transactions share blocks."""
        owners = [trader.owner for trader, _ in people]
        self._hand_out([(trader.owner.address, amount) for trader, amount in people])
        for calls in zip(*(self._first_steps(trader) for trader, _ in people), strict=True):
            self.together(list(zip(owners, calls, strict=True)))
        deposits = [(self.remote.positions, "deposit", (t.account, amount)) for t, amount in people]
        self.together(list(zip(owners, deposits, strict=True)))

    def _hand_out(self, amounts: Sequence[tuple[str, int]]) -> None:
        """Give owners their tokens on L2, after one deposit on L1."""
        treasury, total = self.rollup.treasury, sum(amount for _, amount in amounts)
        self.net.bridge.mint(treasury, self.collateral, treasury.address, total)
        self.net.deposit_erc20(treasury, self.collateral, total)
        for address, amount in amounts:
            data = self.remote.token.encode("transfer", address, amount)
            self.net.l2.send(treasury, self.collateral.l2, data)
        self.net.step()

    def together(
        self, calls: Sequence[tuple[Sender, Call]], gas: int = CALL_GAS, value: int = 0
    ) -> list[Receipt]:
        """Send every call, so that they share blocks, then wait for all. Raises ContractRevert."""
        sent = []
        for sender, (contract, function, values) in calls:
            data = contract.encode(function, *values)
            sent.append((sender, contract, data, sender.send(contract.address, data, gas, value)))
        receipts = []
        for sender, contract, data, hash in sent:
            receipts.append(receipt := sender.wait(hash))
            if not receipt.succeeded:
                sender.explain(receipt, contract.address, data, gas, value)
        return receipts

    def _endow(self, owner: Sender, amount: int) -> None:
        treasury = self.rollup.treasury
        self.net.bridge.mint(treasury, self.collateral, treasury.address, amount)
        self.net.deposit_erc20(treasury, self.collateral, amount, owner.address)


def _check_arrival(arrival: Arrival) -> None:
    if not arrival.succeeded:
        raise DepositFailedError(arrival.l2.hash, "its call failed on L2")

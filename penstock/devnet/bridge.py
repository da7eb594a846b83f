"""Edge: money and messages between the chains, through the contracts that people use.

Every step down (L1 to L2) ends with the L2 transaction that it caused; every step up (L2 to L1)
starts a withdrawal, whose hash of the L2 transaction is given back.
"""

from typing import Final

from msgspec import Struct

from penstock.devnet.abi import contract
from penstock.devnet.accounts import Key
from penstock.devnet.chain import Chain, Receipt
from penstock.devnet.deposits import Deposit, from_logs
from penstock.devnet.errors import AmountError, DepositFailedError, FundsError
from penstock.devnet.node import Node
from penstock.devnet.predeploys import BRIDGE, MESSENGER, TOKEN_FACTORY
from penstock.devnet.turns import in_turn

GAS: Final = 200_000
"""L2 gas for what a bridged deposit does, and L1 gas for what a withdrawal does."""


class Token(Struct, frozen=True):
    """An ERC-20 on L1 and its representation on L2."""

    l1: str
    l2: str


class Arrival(Struct, frozen=True):
    """A deposit on both chains. `succeeded` is False when its call failed; its mint is kept."""

    l1: Receipt
    l2: Receipt

    @property
    def succeeded(self) -> bool:
        """Whether the L2 transaction did what it should."""
        return self.l2.succeeded


class Bridge:
    """Sends on behalf of keys; the node lets the time pass that each step needs."""

    def __init__(self, node: Node) -> None:
        self.node: Final = node
        self.l1: Final = node.l1
        self.l2: Final = node.l2
        self.turn: Final = node.turn

    # --- down ------------------------------------------------------------------------------------

    @in_turn
    def deposit_eth(self, sender: Key, amount: int, to: str = "", gas: int = GAS) -> Arrival:
        """Move wei to L2, to the sender or to somebody else. Raises FundsError, AmountError."""
        data = contract("L1StandardBridge").encode("depositETHTo", to or sender.address, gas, b"")
        return self.arrival(self.send_down(sender, self.node.addresses.bridge, data, amount))

    @in_turn
    def deposit_erc20(
        self, sender: Key, token: Token, amount: int, to: str = "", gas: int = GAS
    ) -> Arrival:
        """Lock tokens on L1 and have them on L2; the bridge is approved for exactly them."""
        _check(amount)
        _check_balance(self.l1, token.l1, sender.address, amount, "tokens on L1")
        bridge = self.node.addresses.bridge
        approval = contract("MockERC20").encode("approve", bridge, amount)
        nonce = self.l1.nonce(sender.address)
        self.l1.send(sender, token.l1, approval, nonce=nonce)
        data = contract("L1StandardBridge").encode(
            "depositERC20To", token.l1, token.l2, to or sender.address, amount, gas, b""
        )
        # The estimate cannot see the approval, which waits in the pool.
        return self.arrival(self.l1.send(sender, bridge, data, gas=1_500_000, nonce=nonce + 1))

    @in_turn
    def deposit_message(
        self, sender: Key, target: str, data: bytes, value: int = 0, gas: int = GAS
    ) -> Arrival:
        """Have `target` called on L2 by the messenger, which says who sent it."""
        call = contract("L1CrossDomainMessenger").encode("sendMessage", target, data, gas)
        return self.arrival(self.send_down(sender, self.node.addresses.messenger, call, value))

    @in_turn
    def force(
        self, sender: Key, to: str, data: bytes = b"", value: int = 0, mint: int = 0, gas: int = GAS
    ) -> Arrival:
        """Put a transaction into L2 through the portal, without the sequencer's consent.

        `mint` wei come along from L1; `value` is what the L2 transaction then sends. An empty `to`
        creates a contract.
        """
        target = to or "0x" + "00" * 20
        call = contract("OptimismPortal").encode(
            "depositTransaction", target, value, gas, not to, data
        )
        return self.arrival(self.send_down(sender, self.node.addresses.portal, call, mint))

    def send_down(self, sender: Key, to: str, data: bytes, value: int) -> str:
        """Send the L1 transaction of a deposit and return its hash; no time passes."""
        _check(value)
        if value > (balance := self.l1.balance(sender.address)):
            raise FundsError(sender.address, "wei on L1", value, balance)
        return self.l1.send(sender, to, data, value)

    @in_turn
    def arrival(self, hash: str) -> Arrival:
        """Let both chains go on until a sent deposit is on L2. Raises DepositFailedError."""
        while (receipt := self.l1.receipt(hash)) is None:
            self.node.sync()
        if not receipt.succeeded:
            raise DepositFailedError(hash, self.l1.explain(receipt))
        while self.node.state.head.origin.number < receipt.block:
            self.node.step()
        found = [self._landed(deposit) for deposit in from_logs(receipt.logs)]
        if not found:
            raise DepositFailedError(hash, "it made no deposit")
        return Arrival(receipt, found[0])

    def _landed(self, deposit: Deposit) -> Receipt:
        """The L2 receipt of a deposit, or of the twin that stands for it."""
        for hash in (deposit.hash, deposit.rejected.hash):
            if (receipt := self.l2.receipt(hash)) is not None:
                return receipt
        raise DepositFailedError(deposit.hash, "it is not on L2")

    # --- up --------------------------------------------------------------------------------------

    @in_turn
    def withdraw_eth(self, sender: Key, amount: int, to: str = "", gas: int = GAS) -> str:
        """Start to move wei back to L1."""
        _check(amount)
        if amount > (balance := self.l2.balance(sender.address)):
            raise FundsError(sender.address, "wei on L2", amount, balance)
        data = contract("L2StandardBridge").encode("bridgeETHTo", to or sender.address, gas, b"")
        return self._up(sender, BRIDGE, data, amount)

    @in_turn
    def withdraw_erc20(
        self, sender: Key, token: Token, amount: int, to: str = "", gas: int = GAS
    ) -> str:
        """Burn tokens on L2, to have them paid out on L1."""
        _check(amount)
        _check_balance(self.l2, token.l2, sender.address, amount, "tokens on L2")
        data = contract("L2StandardBridge").encode(
            "bridgeERC20To", token.l2, token.l1, to or sender.address, amount, gas, b""
        )
        return self._up(sender, BRIDGE, data, 0)

    @in_turn
    def withdraw_message(
        self, sender: Key, target: str, data: bytes, value: int = 0, gas: int = GAS
    ) -> str:
        """Have `target` called on L1, once proven and final."""
        call = contract("L2CrossDomainMessenger").encode("sendMessage", target, data, gas)
        return self._up(sender, MESSENGER, call, value)

    def _up(self, sender: Key, to: str, data: bytes, value: int) -> str:
        hash = self.l2.send(sender, to, data, value)
        if self.node.state.sequencing:
            self.node.step()
        return hash

    # --- tokens ----------------------------------------------------------------------------------

    @in_turn
    def create_token(self, owner: Key, name: str, symbol: str, decimals: int = 18) -> Token:
        """Deploy a token on L1 that anybody can mint, and its representation on L2."""
        code = contract("MockERC20").creation(name, symbol, decimals)
        made = self.l1.send(owner, "", code)
        self.node.sync()
        token = self._created(made)
        return Token(token, self.represent(owner, token, name, symbol, decimals))

    @in_turn
    def represent(self, sender: Key, token: str, name: str, symbol: str, decimals: int) -> str:
        """Have the factory on L2 make the representation of an L1 token."""
        factory = contract("OptimismMintableERC20Factory")
        data = factory.encode(
            "createOptimismMintableERC20WithDecimals", token, name, symbol, decimals
        )
        hash = self.l2.send(sender, TOKEN_FACTORY, data)
        self.node.step()
        receipt = self.l2.receipt(hash)
        event = factory.events["OptimismMintableERC20Created"]
        logs = [] if receipt is None else receipt.logs
        made = [event.decode(log)[0] for log in logs if log["topics"][0] == event.topic]
        if not made:
            raise DepositFailedError(hash, "the factory made no token")
        return str(made[0])

    @in_turn
    def mint(self, sender: Key, token: Token, to: str, amount: int) -> None:
        """Make tokens on L1, where the token allows it to anybody."""
        _check(amount)
        self.l1.send(sender, token.l1, contract("MockERC20").encode("mint", to, amount))
        self.node.sync()

    def _created(self, hash: str) -> str:
        receipt = self.l1.receipt(hash)
        if receipt is None or not receipt.succeeded:
            raise DepositFailedError(hash, "the contract was not created")
        return receipt.created


def balance_of(chain: Chain, token: str, account: str) -> int:
    """Tokens of an account, in the smallest unit."""
    return int(chain.read(token, "MockERC20", "balanceOf", account))


def _check(amount: int) -> None:
    if not isinstance(amount, int) or not 0 <= amount < 2**256:
        raise AmountError(amount)


def _check_balance(chain: Chain, token: str, account: str, amount: int, what: str) -> None:
    if amount > (balance := balance_of(chain, token, account)):
        raise FundsError(account, what, amount, balance)

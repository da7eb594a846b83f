"""Edge: whoever pays a keeper's gas: sends nothing that would fail, and nothing twice.

WalletError                    RuntimeError  nothing was sent
├── WalletEmptyError                         the account cannot pay for the gas
└── TransactionWaitsError                    an earlier transaction of it is not mined yet
"""

from typing import Final

from penstock.errors import PenstockError
from penstock.remote import Contract
from penstock.sender import Receipt, Sender


class WalletError(PenstockError, RuntimeError):
    """Nothing was sent."""


class WalletEmptyError(WalletError):
    """The account cannot pay for the gas."""

    def __init__(self, address: str, balance: int, needed: int) -> None:
        self.address: Final = address
        self.balance: Final = balance
        self.needed: Final = needed
        super().__init__(
            f"{address} has {balance} wei and a transaction may need {needed}; send it ether: "
            f"nothing was sent, and nothing is lost but time"
        )


class TransactionWaitsError(WalletError):
    """An earlier transaction of the account is not mined yet; it may do what would be done now."""

    def __init__(self, address: str, waiting: int) -> None:
        self.address: Final = address
        self.waiting: Final = waiting
        super().__init__(
            f"{address} has {waiting} transactions in the node's pool; wait until they are mined, "
            f"or replace them with a higher price for gas"
        )


class Wallet:
    """One account. Another program may use it too: the nonce is asked for before each sending."""

    def __init__(self, sender: Sender) -> None:
        self.sender: Final = sender

    @property
    def address(self) -> str:
        """Who sends."""
        return self.sender.address

    def perform(
        self,
        contract: Contract,
        function: str,
        arguments: tuple[object, ...],
        gas: int,
        value: int = 0,
    ) -> Receipt:
        """Try a call at the node, send it, wait for its receipt.

        Raises ContractRevert when the trial fails (nothing was sent) or when somebody was faster,
        and WalletError.
        """
        self._check_pool()
        contract.ask(function, *arguments, sender=self.address, value=value)
        self._check_balance(gas, value)
        self.sender.resync()
        return contract.transact(self.sender, function, *arguments, gas=gas, value=value)

    def _check_pool(self) -> None:
        waiting = self.sender.waiting()
        if waiting > 0:
            raise TransactionWaitsError(self.address, waiting)

    def _check_balance(self, gas: int, value: int) -> None:
        """A node takes a transaction only from who could pay all its gas at the highest price."""
        asked = self.sender.rpc.call("eth_getBalance", self.address, "latest")
        balance, needed = int(asked, 16), gas * self.sender.fees.cap + value
        if balance < needed:
            raise WalletEmptyError(self.address, balance, needed)

"""Edge: a venue on a chain of one's own: deployed, with an operator, publishers and traders.

Keys are made from names, so that every run meets the same people. Never use them where money is.
"""

from collections.abc import Iterable, Sequence
from typing import Final, Self, TypeAlias

from msgspec import Struct

from penstock.deploy import Origin, Parameters, Parties, deploy
from penstock.localchain import LocalChain
from penstock.messages import Report
from penstock.remote import Contract, Remote, RpcDeployer, connect
from penstock.sender import Receipt, Sender
from penstock.signing import Domain, Signer, keccak
from penstock.system import System

Call: TypeAlias = tuple[Contract, str, tuple[object, ...]]
"""A contract, its function and the arguments."""

PUBLISHERS: Final = 4
CALL_GAS: Final = 500_000
POST_GAS: Final = 1_000_000


def signer_of(name: str) -> Signer:
    """The development key of somebody."""
    return Signer(keccak(f"penstock devnet {name}".encode()))


def development_publishers() -> tuple[str, ...]:
    """Addresses of the publishers whose keys everybody knows."""
    signers = (signer_of(f"publisher {n}") for n in range(PUBLISHERS))
    return tuple("0x" + signer.address.hex() for signer in signers)


class Trader(Struct, frozen=True):
    """Somebody with an account: the owner's key moves money, the trading key signs orders."""

    name: str
    account: int
    owner: Sender
    signer: Signer


class LocalVenue:
    """A development chain with a deployed venue. The chain is started and ended by the caller."""

    def __init__(self, chain: LocalChain, remote: Remote, operator: Sender) -> None:
        self.chain: Final = chain
        self.remote: Final = remote
        self.operator: Final = operator
        self.publishers: Final = [signer_of(f"publisher {n}") for n in range(PUBLISHERS)]
        feed = remote.system.feed
        self.feed_domain: Final = Domain(operator.chain_id, feed)
        self.domain: Final = Domain(operator.chain_id, remote.system.positions)

    @classmethod
    def start(
        cls,
        chain: LocalChain,
        parameters: Parameters,
        token: str | None = None,
        origin: Origin | None = None,
    ) -> Self:
        """Deploy with the one deployment function; without `token` with a dollar that mints."""
        governor, operator = (_sender(chain, name) for name in ("governor", "operator"))
        publishers = development_publishers()
        parties = Parties(operator.address, publishers, token=token, origin=origin)
        return cls.join(chain, deploy(RpcDeployer(governor), parameters, parties))

    @classmethod
    def join(cls, chain: LocalChain, system: System) -> Self:
        """Work for a venue that is there."""
        return cls(chain, connect(chain.rpc, system), _sender(chain, "operator"))

    def trader(self, name: str, account: int) -> Trader:
        """Somebody whose account is open already."""
        owner = _sender(self.chain, f"owner {name}")
        return Trader(name, account, owner, signer_of(f"trader {name}"))

    def open(self, names: Sequence[str], deposit: int | Sequence[int]) -> list[Trader]:
        """Register an account for each name, endow its owner and deposit, the same for all or not.

        Accounts are numbered in the order of the names.
        """
        first = int(self.remote.positions.ask("accountCount")) + 1
        amounts = [deposit] * len(names) if isinstance(deposit, int) else deposit
        owners = self._owners(names)
        signers = [signer_of(f"trader {name}") for name in names]
        numbered = enumerate(zip(names, owners, signers, strict=True), first)
        made = [Trader(name, n, owner, signer) for n, (name, owner, signer) in numbered]
        self._enrol(list(zip(made, amounts, strict=True)))
        return made

    def _owners(self, names: Sequence[str]) -> list[Sender]:
        """Accounts' owners with what gas is paid with."""
        return [_sender(self.chain, f"owner {name}") for name in names]

    def _enrol(self, people: Sequence[tuple[Trader, int]]) -> None:
        """Register everybody and deposit, one after the other."""
        for trader, amount in people:
            for contract, function, values in self._first_steps(trader):
                self._send(trader.owner, contract, function, *values)
            self.deposit(trader.owner, trader.account, amount)

    def _first_steps(self, trader: Trader) -> list[Call]:
        """What an owner sends before anything else."""
        key, remote = "0x" + trader.signer.address.hex(), self.remote
        approval = (remote.token, "approve", (remote.vault.address, 2**256 - 1))
        return [(remote.positions, "register", (key,)), approval]

    def deposit(self, owner: Sender, account: int, amount: int) -> Receipt:
        """Give an owner money, and have it put into an account."""
        self._endow(owner, amount)
        return self.remote.positions.transact(owner, "deposit", account, amount)

    def post(self, market: int, prices: Iterable[int], carrier: Sender | None = None) -> None:
        """Have one publisher sign each price, and let the operator or another carry them."""
        time = self.chain.time()
        rows = [
            publisher.sign_report(self.feed_domain, Report(market, price, time)).row
            for publisher, price in zip(self.publishers, sorted(prices), strict=False)
        ]
        self.remote.feed.transact(carrier or self.operator, "post", market, rows, gas=POST_GAS)

    def live(self, until: int) -> None:
        """Let time pass, and have the operator beat so often that it is no outage."""
        watch = self.remote.watch
        pace = int(watch.ask("LIMIT")) // 2
        while self.chain.time() + pace < until:
            self.chain.warp(self.chain.time() + pace)
            watch.transact(self.operator, "beat")
        self.chain.warp(max(until, self.chain.time()))

    def refresh(self, sender: Sender | None = None) -> None:
        """Let every market take the feed's price, and charge the funding that is due."""
        markets = [spec.market for spec in self.remote.system.markets]
        self.remote.index.transact(sender or self.operator, "refresh", markets, gas=POST_GAS)

    def _endow(self, owner: Sender, amount: int) -> None:
        """Give an owner the tokens to deposit."""
        self._send(owner, self.remote.token, "mint", owner.address, amount)

    def _send(self, sender: Sender, contract: Contract, function: str, *values: object) -> None:
        # NOTE: one at a time. What reaches anvil's pool while it mines the nonce before can wait
        # there for ever.
        contract.transact(sender, function, *values, gas=CALL_GAS)


def _sender(chain: LocalChain, name: str) -> Sender:
    signer = signer_of(name)
    chain.fund("0x" + signer.address.hex())
    return Sender(chain.rpc, signer)

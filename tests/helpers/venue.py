"""A whole venue on a chain in the process, deployed by the one deployment function."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from decimal import Decimal
from functools import wraps
from typing import ParamSpec

from penstock.artifacts import artifact
from penstock.deploy import Deployer, MarketParameters, Parameters, Parties, deploy
from penstock.system import System
from tests.helpers.actors import Actor, Feed, publishers, sign_reports
from tests.helpers.governance import appoint
from tests.helpers.revm import DEPLOYER, Contract, RevmChain

P = ParamSpec("P")

OPERATOR = Actor("operator")
# NOTE: an EVM lets no contract send a transaction; custody on its own takes this key for one.
POSITIONS = Actor("positions")
STRANGER = Actor("stranger")
VAULT = Actor("vault")
HATCH = Actor("hatch")
GOVERNOR = DEPLOYER
# An outflow that never holds anything up: for tests about something else.
WIDE = (2**72 - 1, 10_000, 60)

PARAMETERS = Parameters(
    markets=(
        MarketParameters("BTC-PERP", Decimal("0.1"), Decimal("0.001"), 500, 250, 500, 200),
        MarketParameters("ETH-PERP", Decimal("0.01"), Decimal("0.01"), 500, 250, 500, 200),
    ),
    withdrawal_delay=300,
    timelock_delay=10 * 86_400,
    # A test that is not about outages lets an hour pass without a sign of life.
    outage_after=86_400,
)


@dataclass(frozen=True)
class Venue:
    """The parts of a deployed venue, ready to be called."""

    chain: RevmChain
    system: System
    token: Contract
    feed: Contract
    watch: Contract
    queue: Contract
    vault: Contract
    index: Contract
    positions: Contract
    lens: Contract
    fund: Contract
    liquidations: Contract
    desk: Contract
    hatch: Contract
    manager: Contract
    timelock: Contract

    @property
    def domain(self) -> Feed:
        """What publishers sign under."""
        return Feed(self.chain.chain_id, self.feed.address)

    def set_settings(self, rules: Sequence[object]) -> None:
        """Have the governor change the rules, by way of the manager."""
        data = artifact("PerpPositions").functions["setSettings"].encode([rules])
        self.manager.transact("execute", self.positions.address, data, sender=GOVERNOR)

    def mint(self, who: str, amount: int) -> None:
        """Give somebody tokens and have them approve the vault."""
        self.token.transact("mint", who, amount, sender=who)
        self.token.transact("approve", self.vault.address, 2**256 - 1, sender=who)

    def post(self, market: int, prices: Sequence[int], times: int | Sequence[int]) -> None:
        """Have a stranger carry signed reports."""
        reports = sign_reports(self.domain, market, prices, times)
        self.feed.transact("post", market, reports, sender=STRANGER.address)

    def refresh(self, prices: Sequence[int]) -> None:
        """Give each market, from 1, a fresh mark."""
        for market, price in enumerate(prices, start=1):
            self.post(market, (price,) * 3, self.chain.time)
        markets = list(range(1, len(prices) + 1))
        self.index.transact("refresh", markets, sender=OPERATOR.address)


def make_venue(
    parameters: Parameters = PARAMETERS,
    *,
    odd_token: bool = False,
    chain: RevmChain | None = None,
    deployer: Deployer | None = None,
    governor: str | None = None,
    guardian: str | None = None,
) -> Venue:
    """Deploy; with `odd_token` the collateral has habits that can be switched on.

    With a governor of its own it is governed as it should be. Without, `GOVERNOR` acts at once: a
    test that is not about the timelock need not wait for it.
    """
    chain = chain or RevmChain()
    token = chain.create("OddTokenMock") if odd_token else None
    parties = Parties(
        operator=OPERATOR.address,
        publishers=tuple(publisher.address for publisher in publishers()),
        token=token,
        governor=governor,
        guardian=guardian,
    )
    system = deploy(deployer or chain.deployer(), parameters, parties)
    manager, timelock = chain.at("Manager", system.manager), chain.at("Timelock", system.timelock)
    if governor is None:
        appoint(timelock, manager, GOVERNOR)
    return Venue(
        chain=chain,
        system=system,
        token=chain.at("OddTokenMock" if odd_token else "CollateralTokenMock", system.token),
        feed=chain.at("PriceFeed", system.feed),
        watch=chain.at("SequencerWatch", system.watch),
        queue=chain.at("WithdrawalQueue", system.queue),
        vault=chain.at("CollateralVault", system.vault),
        index=chain.at("FundingIndex", system.index),
        positions=chain.at("PerpPositions", system.positions),
        lens=chain.at("PositionLens", system.lens),
        fund=chain.at("InsuranceFund", system.fund),
        liquidations=chain.at("Liquidations", system.liquidations),
        desk=chain.at("ExitDesk", system.desk),
        hatch=chain.at("EscapeHatch", system.hatch),
        manager=manager,
        timelock=timelock,
    )


@dataclass(frozen=True)
class Custody:
    """Vault, queue and token alone; `POSITIONS` speaks for the accounts."""

    chain: RevmChain
    token: Contract
    queue: Contract
    vault: Contract

    def mint(self, who: str, amount: int) -> None:
        """Give somebody tokens and have them approve the vault."""
        self.token.transact("mint", who, amount, sender=who)
        self.token.transact("approve", self.vault.address, 2**256 - 1, sender=who)

    def take(self, payer: str, amount: int) -> None:
        """Deposit past the accounts, as `PerpPositions` would."""
        self.vault.transact("take", payer, amount, sender=POSITIONS.address)

    def fund(self, amount: int) -> None:
        """Put tokens of somebody unnamed into the vault."""
        payer = Actor("somebody with money").address
        self.mint(payer, amount)
        self.take(payer, amount)

    def owe(self, recipient: str, amount: int, account: int = 1) -> int:
        """Issue a ticket past the accounts, as `PerpPositions` would; return its number."""
        arguments = (account, recipient, amount)
        return int(self.queue.transact("push", *arguments, sender=POSITIONS.address))

    def pass_delay(self) -> None:
        """Let every ticket in line become ready."""
        self.chain.time += int(self.queue.call("delay"))

    def release(self, count: int = 100) -> int:
        """Have a stranger release tickets; return what was paid."""
        return int(self.vault.transact("release", count, sender=STRANGER.address))

    def balance(self, who: str) -> int:
        return int(self.token.call("balanceOf", who))


def make_custody(
    *, odd_token: bool = False, delay: int = 300, terms: tuple[int, int, int] = WIDE
) -> Custody:
    """Deploy; with `odd_token` the collateral has habits that can be switched on."""
    chain = RevmChain()
    deployer = chain.deployer()
    name = "OddTokenMock" if odd_token else "CollateralTokenMock"
    manager = deployer.create("Manager", GOVERNOR)
    token, vault, queue = (deployer.predict(offset) for offset in range(3))
    deployer.create(name)
    deployer.create("CollateralVault", token, POSITIONS.address, queue, HATCH.address)
    deployer.create("WithdrawalQueue", queue_parts(vault), manager, delay, terms)
    return Custody(
        chain,
        chain.at(name, token),
        chain.at("WithdrawalQueue", queue),
        chain.at("CollateralVault", vault),
    )


def queue_parts(vault: str = VAULT.address) -> tuple[str, ...]:
    """Whom a queue on its own works with: keys, index and fund being nobody's."""
    return vault, POSITIONS.address, STRANGER.address, STRANGER.address, HATCH.address


def set_aside(custody: Custody, who: str, amount: int) -> None:
    """Block somebody in an odd token, so that its ticket 1 is aside."""
    custody.fund(amount)
    custody.owe(who, amount)
    custody.token.transact("setBlocked", who, True, sender=who)
    custody.pass_delay()
    assert custody.release() == 0


def make_queue(delay: int = 300, terms: tuple[int, int, int] = WIDE) -> Contract:
    """A queue whose vault is a key."""
    chain = RevmChain()
    manager = chain.create("Manager", GOVERNOR)
    arguments = (queue_parts(), manager, delay, terms)
    return chain.at("WithdrawalQueue", chain.create("WithdrawalQueue", *arguments))


def isolated(test: Callable[P, None]) -> Callable[P, None]:
    """Undo, after each run of a test, what it did to the chains it was given."""

    @wraps(test)
    def undoing(*args: P.args, **kwargs: P.kwargs) -> None:
        with ExitStack() as stack:
            for value in (*args, *kwargs.values()):
                if isinstance(value, Venue | Custody):
                    stack.enter_context(value.chain.undone())
            test(*args, **kwargs)

    return undoing

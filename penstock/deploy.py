"""Deploy a whole venue: the one function behind scripts, fixtures, console and devnet.

    Parameters (numbers, from ape-config.yaml) ┐
    Parties    (addresses, from the caller)    ├─> plan ─> checked against the ABIs ─> System
    Deployer   (a chain: ape, pyrevm, …)       ┘

Nothing is sent before everything is checked. The contracts know each other from their
constructors, so their addresses are predicted from the deployer's nonce.

Errors:

    ParameterError          ValueError    a number or a name breaks a rule of the contracts
    └── (FieldError)
    DeployError
    ├── AbiMismatchError    TypeError     a contract does not take what the plan would send
    └── MisplacedError      RuntimeError  a contract did not land where the others expect it
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final, Protocol

import msgspec
import rlp  # type: ignore[import-untyped]
from eth_abi.abi import is_encodable
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak
from msgspec import Struct

from penstock.errors import FieldError, PenstockError
from penstock.governance import ADMIN, GOVERNOR, GUARDIAN, assignments
from penstock.limits import CAP_MANTISSA, MOST_CAP, MOST_TIER, TIER_MANTISSA, pack_bound
from penstock.markets import PAUSE
from penstock.system import System
from penstock.units import UINT16_MAX, UINT32_MAX, MarketSpec, check_range

Abi = Sequence[Mapping[str, Any]]
ZERO_ADDRESS: Final = "0x" + "00" * 20

# Bounds that the contracts enforce; checked here so that a mistake costs no transaction.
MAX_FEE: Final = 10_000
MAX_INTERVAL: Final = 24 * 60
MAX_CAP: Final = 50_000_000
MAX_MARKETS: Final = 127
MIN_DELAY, MAX_DELAY = 60, 2 * 24 * 3600
MIN_FLOOR, MAX_FLOOR = 10**10, 2**72 - 1
MIN_SHARE, MAX_SHARE = 1_000, 10_000
MIN_WINDOW, MAX_WINDOW = 60, 7 * 24 * 3600
MIN_SETTLEMENT, MAX_SETTLEMENT = 60, 6 * 24 * 3600
MAX_TIMELOCK_DELAY: Final = 90 * 24 * 3600
MIN_QUORUM, MAX_PUBLISHERS = 3, 32
MAX_REPORT_AGE: Final = 3600
MAX_SPEED_PPM: Final = 1_000_000
MIN_OUTAGE, MAX_OUTAGE = 60, 24 * 3600
MIN_GRACE, MAX_GRACE = 60, 24 * 3600
MIN_LIVENESS, MAX_LIVENESS = 3_600, 30 * 24 * 3600
MAX_REQUEST_FEE: Final = 10**18


class DeployError(PenstockError):
    """The venue cannot be deployed like this; nothing that was sent is of use."""


class AbiMismatchError(DeployError, TypeError):
    """A constructor or a function does not take the arguments that would be sent."""

    def __init__(self, contract: str, function: str, detail: str) -> None:
        self.contract: Final = contract
        self.function: Final = function
        super().__init__(f"{contract}.{function}: {detail}; compile anew, or update the plan")


class MisplacedError(DeployError, RuntimeError):
    """A contract landed elsewhere than the others were told: somebody else used the nonce."""

    def __init__(self, contract: str, expected: str, actual: str) -> None:
        self.contract: Final = contract
        self.expected: Final = expected
        self.actual: Final = actual
        super().__init__(
            f"{contract} is at {actual}, but the others expect it at {expected}; let nobody else "
            f"use the deployer's account meanwhile and deploy again"
        )


class ParameterError(FieldError, ValueError):
    """A parameter breaks a rule that the contracts would enforce by reverting."""

    def __init__(self, field: str, value: object, rule: str) -> None:
        super().__init__(field, value, rule, "change it under `penstock:` in ape-config.yaml")


# --- what is asked for ----------------------------------------------------------------------------


class MarketParameters(Struct, frozen=True, forbid_unknown_fields=True):
    """One market. Fees are parts of 10^6, rates parts of 10^9 per 8 hours, `interval` minutes, and
    the limits `tier` and `open_interest_cap` lots. `loss_cap` is in quote units."""

    symbol: str
    tick: Decimal
    lot: Decimal
    initial_bps: int
    maintenance_bps: int
    taker_fee: int
    maker_fee: int
    interval: int = 60
    interest: int = 100_000
    cap: int = 7_500_000
    damp: int = 500_000
    tier: int = MOST_TIER
    open_interest_cap: int = MOST_CAP
    loss_cap: int = 10**12
    step: int = 3_750_000


class Parameters(Struct, frozen=True, forbid_unknown_fields=True):
    """The numbers of a venue; times are seconds, fees of forced requests wei, `outflow_floor` quote
    units and `outflow_share` basis points of what the vault has booked."""

    markets: tuple[MarketParameters, ...]
    decimals: int = 6
    withdrawal_delay: int = 300
    outflow_floor: int = 10**12
    outflow_share: int = 2_500
    outflow_window: int = 24 * 3600
    timelock_delay: int = 10 * 24 * 3600
    quorum: int = 3
    max_report_age: int = 60
    max_speed_ppm: int = 5_000
    open_after: int = 86_400
    max_price_age: int = 60
    band_bps: int = 500
    max_markets: int = 16
    discount_share: int = 50
    penalty_share: int = 25
    outage_after: int = 600
    grace: int = 900
    settlement_window: int = 86_400
    request_fee: int = 2 * 10**14
    request_fee_cap: int = 2 * 10**16
    liveness: int = 3 * 86_400


class Parties(Struct, frozen=True, forbid_unknown_fields=True):
    """The addresses of a venue. Without a token a mintable one is deployed, for tests and devnets;
    without a governor the deployer is the one whom the timelock hears, without a guardian the
    governor may pause; without an uptime feed nobody is asked whether the sequencer is up. With an
    origin there are doors to L1."""

    operator: str
    publishers: tuple[str, ...]
    governor: str | None = None
    token: str | None = None
    guardian: str | None = None
    uptime_feed: str | None = None
    origin: "Origin | None" = None


class Origin(Struct, frozen=True, forbid_unknown_fields=True):
    """Where a collateral came from: the token on L1, and the bridge on L2 that leads back."""

    l1_token: str
    bridge: str


def load_parameters(config: Mapping[str, Any]) -> Parameters:
    """Read the content of `penstock:`. Raises what `check_parameters` does, or ParameterError."""
    try:
        parameters = msgspec.convert(config, Parameters, strict=True)
    except msgspec.ValidationError as error:
        raise ParameterError("penstock", dict(config), f"it must be readable ({error})") from error
    check_parameters(parameters)
    return parameters


def check_parameters(parameters: Parameters) -> None:
    """Raise RangeError, SpecError or ParameterError for what the contracts would refuse."""
    p = parameters
    check_range("withdrawal_delay", p.withdrawal_delay, MIN_DELAY, MAX_DELAY)
    check_range("outflow_floor", p.outflow_floor, MIN_FLOOR, MAX_FLOOR)
    check_range("outflow_share", p.outflow_share, MIN_SHARE, MAX_SHARE)
    check_range("outflow_window", p.outflow_window, MIN_WINDOW, MAX_WINDOW)
    check_range("settlement_window", p.settlement_window, MIN_SETTLEMENT, MAX_SETTLEMENT)
    check_range("liveness", p.liveness, MIN_LIVENESS, MAX_LIVENESS)
    _check_timelock(p)
    check_range("quorum", p.quorum, MIN_QUORUM, MAX_PUBLISHERS)
    check_range("max_report_age", p.max_report_age, 1, MAX_REPORT_AGE)
    check_range("max_speed_ppm", p.max_speed_ppm, 1, MAX_SPEED_PPM)
    check_range("open_after", p.open_after, 0, UINT32_MAX)
    check_range("max_price_age", p.max_price_age, 1, UINT32_MAX)
    check_range("band_bps", p.band_bps, 1, 9_999)
    check_range("max_markets", p.max_markets, 1, MAX_MARKETS)
    check_range("discount_share", p.discount_share, 0, 99)
    check_range("penalty_share", p.penalty_share, 0, 99 - p.discount_share)
    # Prices beat: a gap that leaves the marks fresh is no outage.
    shortest = max(MIN_OUTAGE, min(p.max_price_age, MAX_OUTAGE))
    check_range("outage_after", p.outage_after, shortest, MAX_OUTAGE)
    check_range("grace", p.grace, MIN_GRACE, MAX_GRACE)
    check_range("request_fee_cap", p.request_fee_cap, 1, MAX_REQUEST_FEE)
    check_range("request_fee", p.request_fee, 1, p.request_fee_cap)
    check_range("markets", len(p.markets), 1, UINT16_MAX)
    symbols = [market.symbol for market in p.markets]
    if len(set(symbols)) != len(symbols):
        raise ParameterError("markets", symbols, "no two markets may have one symbol")
    for market in p.markets:
        _check_market(market)
    market_specs(p)


def _check_timelock(p: Parameters) -> None:
    check_range("timelock_delay", p.timelock_delay, 1, MAX_TIMELOCK_DELAY)
    # A position that nobody closes and whose market the guardian pauses at the last second, a
    # venue that nobody runs, a ticket that waits for as long as the queue's delay can ever be set:
    # windows and liveness are fixed, that one is not.
    longest = 3 * p.settlement_window + PAUSE + p.liveness + MAX_DELAY
    if p.timelock_delay <= longest:
        rule = f"it must be longer than the longest exit, {longest} (three settlement windows, a "
        rule += f"pause, liveness, and {MAX_DELAY}, the longest withdrawal delay): whoever "
        rule += "dislikes what is coming must be able to leave before it comes"
        raise ParameterError("timelock_delay", p.timelock_delay, rule)


def _check_market(market: MarketParameters) -> None:
    m, name = market, market.symbol
    if not m.symbol:
        raise ParameterError("symbol", m.symbol, "a market needs a name")
    check_range(f"{name}.initial_bps", m.initial_bps, 2, 10_000)
    check_range(f"{name}.maintenance_bps", m.maintenance_bps, 1, m.initial_bps - 1)
    check_range(f"{name}.taker_fee", m.taker_fee, 0, MAX_FEE)
    check_range(f"{name}.maker_fee", m.maker_fee, 0, MAX_FEE)
    check_range(f"{name}.interval", m.interval, 1, MAX_INTERVAL)
    check_range(f"{name}.cap", m.cap, 0, MAX_CAP)
    check_range(f"{name}.interest", m.interest, -m.cap, m.cap)
    check_range(f"{name}.damp", m.damp, 0, m.cap)
    check_range(f"{name}.loss_cap", m.loss_cap, 0, 2**96 - 1)
    pack_bound(f"{name}.tier", m.tier, TIER_MANTISSA)
    pack_bound(f"{name}.open_interest_cap", m.open_interest_cap, CAP_MANTISSA)
    if m.tier > m.open_interest_cap:
        raise ParameterError(f"{name}.tier", m.tier, "it may not exceed the open interest cap")
    check_range(f"{name}.step", m.step, min(1, m.cap), 2 * m.cap)


def check_parties(parties: Parties, quorum: int) -> None:
    """Raise ParameterError for an address that is missing, zero, doubled or no address."""
    fields = ("operator", "governor", "token", "guardian", "uptime_feed")
    named = {field: getattr(parties, field) for field in fields}
    for field, address in named.items():
        if address is not None:
            _check_address(field, address)
    for publisher in parties.publishers:
        _check_address("publisher", publisher)
    count = len(parties.publishers)
    if len({address.lower() for address in parties.publishers}) != count:
        raise ParameterError("publishers", parties.publishers, "nobody may publish twice")
    if not quorum <= count <= MAX_PUBLISHERS:
        rule = f"there must be {quorum} (the quorum) to {MAX_PUBLISHERS} of them"
        raise ParameterError("publishers", count, rule)
    if 2 * quorum <= count:
        rule = f"the quorum, {quorum}, must be more than half of them"
        raise ParameterError("publishers", count, rule)


def _check_address(field: str, address: str) -> None:
    if not is_encodable("address", address) or int(address, 16) == 0:
        raise ParameterError(field, address, "it must be an address and not zero")


def market_specs(parameters: Parameters) -> tuple[MarketSpec, ...]:
    """The markets in the order of their numbers, from 1. Raises SpecError."""
    return tuple(
        MarketSpec(number, m.symbol, m.tick, m.lot, parameters.decimals)
        for number, m in enumerate(parameters.markets, start=1)
    )


# --- what comes out -------------------------------------------------------------------------------


class Deployer(Protocol):
    """An account on a chain that has the contracts' code at hand."""

    @property
    def address(self) -> str:
        """Who sends."""

    def abi(self, contract: str) -> Abi:
        """The ABI of a contract. Raises KeyError when there is no such contract."""

    def predict(self, offset: int) -> str:
        """Where the contract made by the transaction `offset` after the next would land."""

    def create(self, contract: str, *arguments: object) -> str:
        """Deploy a contract and return its address."""

    def transact(self, address: str, contract: str, function: str, *arguments: object) -> object:
        """Send a transaction to a contract and wait for it."""


class Step(Struct, frozen=True):
    """A transaction of the plan; a contract is made when there is no function."""

    contract: str
    arguments: tuple[object, ...]
    function: str = "constructor"


def deploy(deployer: Deployer, parameters: Parameters, parties: Parties) -> System:
    """Deploy and list. Raises before the first transaction whatever can be known by then."""
    check_parameters(parameters)
    check_parties(parties, parameters.quorum)
    system, steps = plan(deployer, parameters, parties)
    for step in steps:
        check_step(step, deployer.abi(step.contract))
    places = system.places
    for step in steps:
        if step.function != "constructor":
            deployer.transact(places[step.contract], step.contract, step.function, *step.arguments)
            continue
        actual = deployer.create(step.contract, *step.arguments)
        if actual.lower() != places[step.contract].lower():
            raise MisplacedError(step.contract, places[step.contract], actual)
    return system


def plan(
    deployer: Deployer, parameters: Parameters, parties: Parties
) -> tuple[System, tuple[Step, ...]]:
    """Lay out every transaction, and the system that results from them."""
    first = 0 if parties.token else 1
    manager, timelock, feed, watch, queue, vault, index, positions, lens, fund, *exits = (
        deployer.predict(first + i) for i in range(13)
    )
    liquidations, desk, hatch = exits
    governor = parties.governor or deployer.address
    system = System(
        token=parties.token or deployer.predict(0),
        feed=feed,
        watch=watch,
        queue=queue,
        vault=vault,
        index=index,
        positions=positions,
        lens=lens,
        fund=fund,
        liquidations=liquidations,
        desk=desk,
        hatch=hatch,
        manager=manager,
        timelock=timelock,
        operator=parties.operator,
        governor=governor,
        guardian=parties.guardian or governor,
        publishers=parties.publishers,
        markets=market_specs(parameters),
        doors=deployer.predict(first + 13) if parties.origin else None,
    )
    token = () if parties.token else (Step("CollateralTokenMock", ()),)
    uptime_feed = parties.uptime_feed or ZERO_ADDRESS
    steps = token + _creations(system, parameters, deployer.address, uptime_feed)
    if parties.origin is not None:
        steps += (Step("L1Doors", (system.token, parties.origin.l1_token, parties.origin.bridge)),)
    return system, steps + _listings(system, parameters) + _handover(system, deployer)


def _creations(s: System, p: Parameters, deployer: str, uptime_feed: str) -> tuple[Step, ...]:
    rules = (p.open_after, p.max_price_age, p.band_bps, p.max_markets)
    settings = (s.operator, *rules, p.discount_share, p.penalty_share)
    books = (s.vault, s.queue, s.index, s.watch)
    parts = (*books, s.liquidations, s.desk, s.hatch, s.token, s.fund)
    queue_parts = (s.vault, s.positions, s.index, s.fund, s.hatch)
    outflow = (p.outflow_floor, p.outflow_share, p.outflow_window)
    guards = (p.quorum, p.max_report_age, p.max_speed_ppm)
    prices = (p.request_fee, p.request_fee_cap)
    return (
        # The first two, since the others ask whether there is a manager. Until the end of the plan
        # the deployer is its admin, to whom every governed function is open.
        Step("Manager", (deployer,)),
        Step("Timelock", (s.manager, p.timelock_delay, s.governor, s.guardian)),
        Step("PriceFeed", (s.manager, s.publishers, *guards)),
        Step("SequencerWatch", (p.outage_after, p.grace, uptime_feed)),
        Step("WithdrawalQueue", (queue_parts, s.manager, p.withdrawal_delay, outflow)),
        Step("CollateralVault", (s.token, s.positions, s.queue, s.hatch)),
        Step("FundingIndex", (s.feed, s.positions, s.watch, s.manager)),
        Step("PerpPositions", (parts, s.manager, settings)),
        Step("PositionLens", (s.positions, s.index)),
        Step("InsuranceFund", (s.positions, s.liquidations, s.lens, s.hatch, s.manager)),
        Step("Liquidations", (s.positions, s.index, s.fund, s.watch, s.lens)),
        Step("ExitDesk", (s.positions, s.index, s.fund, s.lens, p.settlement_window, *prices)),
        Step("EscapeHatch", (s.positions, s.vault, s.queue, s.desk, s.watch, p.liveness)),
    )


def _listings(s: System, p: Parameters) -> tuple[Step, ...]:
    listings = tuple(
        Step("FundingIndex", (spec.symbol, _listing(spec, market)), "listMarket")
        for spec, market in zip(s.markets, p.markets, strict=True)
    )
    caps = tuple(
        Step("InsuranceFund", (spec.market, market.loss_cap), "setLossCap")
        for spec, market in zip(s.markets, p.markets, strict=True)
    )
    return listings + caps


_WIRE: Final = "setTargetFunctionRole"


def _handover(s: System, deployer: Deployer) -> tuple[Step, ...]:
    """Say who may call what, and leave the deployer without any role."""
    places = s.places
    wired = tuple(
        Step("Manager", (places[contract], _selectors(deployer, contract, names), role), _WIRE)
        for contract, role, names in assignments()
    )
    members = ((GOVERNOR, s.timelock), (GUARDIAN, s.guardian), (ADMIN, s.timelock))
    granted = tuple(Step("Manager", (role, who, 0), "grantRole") for role, who in members)
    return wired + granted + (Step("Manager", (ADMIN, deployer.address), "renounceRole"),)


def _selectors(deployer: Deployer, contract: str, names: Sequence[str]) -> list[bytes]:
    abi = deployer.abi(contract)
    return [selector_of(contract, abi, name) for name in names]


def _listing(spec: MarketSpec, m: MarketParameters) -> tuple[object, ...]:
    margins_and_fees = (m.initial_bps, m.maintenance_bps, m.taker_fee, m.maker_fee)
    terms = (m.interval, m.interest, m.cap, m.damp, m.step)
    limits = (m.tier, m.open_interest_cap)
    return (spec.unit, *margins_and_fees, terms, limits)


# --- ABIs and addresses ---------------------------------------------------------------------------


def canonical_type(component: Mapping[str, Any]) -> str:
    """Spell a type of an ABI as selectors and codecs want it: structs become tuples."""
    kind = str(component["type"])
    if not kind.startswith("tuple"):
        return kind
    inner = ",".join(canonical_type(part) for part in component["components"])
    return f"({inner}){kind[len('tuple') :]}"


def find_function(abi: Abi, name: str) -> Mapping[str, Any] | None:
    """Find a function, or the constructor, by name. None of ours are overloaded."""
    for entry in abi:
        if entry["type"] == name == "constructor":
            return entry
        if entry["type"] == "function" and entry["name"] == name:
            return entry
    return None


def selector_of(contract: str, abi: Abi, name: str) -> bytes:
    """The first four bytes of a function's calldata. Raises AbiMismatchError."""
    entry = find_function(abi, name)
    if entry is None:
        raise AbiMismatchError(contract, name, "there is no such function")
    kinds = ",".join(canonical_type(component) for component in entry["inputs"])
    return keccak(text=f"{name}({kinds})")[:4]


def check_step(step: Step, abi: Abi) -> None:
    """Raise AbiMismatchError unless the contract takes exactly these arguments."""
    entry = find_function(abi, step.function)
    if entry is None and step.function != "constructor":
        raise AbiMismatchError(step.contract, step.function, "there is no such function")
    inputs = entry["inputs"] if entry else ()
    if len(inputs) != len(step.arguments):
        detail = f"it takes {len(inputs)} arguments and would get {len(step.arguments)}"
        raise AbiMismatchError(step.contract, step.function, detail)
    for component, argument in zip(inputs, step.arguments, strict=True):
        kind = canonical_type(component)
        if not is_encodable(kind, argument):
            detail = f"{component['name']} is {kind} and would get {argument!r}"
            raise AbiMismatchError(step.contract, step.function, detail)


def created_address(sender: str, nonce: int) -> str:
    """Where a contract lands that `sender` makes with its transaction `nonce`."""
    packed: bytes = rlp.encode([bytes.fromhex(sender.removeprefix("0x")), nonce])
    return to_checksum_address(keccak(packed)[12:])

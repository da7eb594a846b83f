"""deploy(deployer, parameters, parties)

a number is out of range ................ RangeError, ParameterError, SpecError
an address is missing, zero or doubled .. ParameterError
a contract takes other arguments ........ AbiMismatchError
    — all of these before the first transaction
somebody else used the nonce ............ MisplacedError
otherwise ............................... a venue whose parts know each other
"""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from penstock.deploy import (
    ZERO_ADDRESS,
    Abi,
    AbiMismatchError,
    MisplacedError,
    ParameterError,
    Parameters,
    Parties,
    check_parameters,
    created_address,
    deploy,
    load_parameters,
)
from penstock.errors import RangeError, SpecError
from penstock.governance import ADMIN, GOVERNOR, GUARDIAN
from tests.helpers.actors import Actor, publishers
from tests.helpers.revm import DEPLOYER, Log, RevmChain, RevmDeployer, artifacts
from tests.helpers.venue import OPERATOR, PARAMETERS, Venue

PARTIES = Parties(OPERATOR.address, tuple(who.address for who in publishers()))
MARKET = PARAMETERS.markets[0]
MARKET_CHANGES: list[dict[str, Any]] = [
    {"initial_bps": 10_001},
    {"maintenance_bps": 0},
    {"maintenance_bps": MARKET.initial_bps},
    {"taker_fee": 10_001},
    {"maker_fee": -1},
    {"interval": 0},
    {"interval": 1_441},
    {"cap": 50_000_001},
    {"interest": 7_500_001},
    {"damp": 7_500_001},
    {"step": 0},
    {"step": 15_000_001},
]
CHANGES: list[dict[str, Any]] = [
    {"withdrawal_delay": 59},
    {"withdrawal_delay": 2 * 86_400 + 1},
    {"outflow_floor": 10**10 - 1},
    {"outflow_floor": 2**72},
    {"outflow_share": 999},
    {"outflow_share": 10_001},
    {"outflow_window": 59},
    {"outflow_window": 7 * 86_400 + 1},
    {"timelock_delay": 0},
    {"timelock_delay": 90 * 86_400 + 1},
    {"quorum": 2},
    {"quorum": 33},
    {"max_report_age": 0},
    {"max_speed_ppm": 1_000_001},
    {"open_after": 2**32},
    {"max_price_age": 0},
    {"band_bps": 10_000},
    {"max_markets": 128},
    {"outage_after": 59},
    {"outage_after": 86_401},
    {"grace": 59},
    {"grace": 86_401},
    {"settlement_window": 59},
    {"settlement_window": 6 * 86_400 + 1},
    {"liveness": 3_599},
    {"liveness": 30 * 86_400 + 1},
    {"markets": ()},
]


@dataclass
class Mute:
    """A deployer that may be asked and must not be told to send anything."""

    sender: str = DEPLOYER
    abis: dict[str, Abi] = field(default_factory=dict)

    @property
    def address(self) -> str:
        return self.sender

    def abi(self, contract: str) -> Abi:
        return self.abis.get(contract, artifacts()[contract].abi)

    def predict(self, offset: int) -> str:
        return created_address(self.sender, offset)

    def create(self, contract: str, *arguments: object) -> str:
        raise AssertionError(f"created {contract} with {arguments}")

    def transact(self, address: str, contract: str, function: str, *arguments: object) -> object:
        raise AssertionError(f"called {contract}.{function} with {arguments} at {address}")


@pytest.mark.parametrize("change", CHANGES, ids=str)
def test_deploy__number_out_of_range__sends_nothing(change: dict[str, Any]) -> None:
    with pytest.raises(RangeError) as caught:
        deploy(Mute(), replace(PARAMETERS, **change), PARTIES)
    assert caught.value.field == next(iter(change))


@pytest.mark.parametrize("change", MARKET_CHANGES, ids=str)
def test_deploy__market_out_of_range__sends_nothing(change: dict[str, Any]) -> None:
    parameters = replace(PARAMETERS, markets=(replace(MARKET, **change),))
    with pytest.raises(RangeError) as caught:
        deploy(Mute(), parameters, PARTIES)
    assert caught.value.field == f"BTC-PERP.{next(iter(change))}"


def test_deploy__unit_is_no_whole_number__sends_nothing() -> None:
    market = replace(MARKET, tick=Decimal("0.0001"), lot=Decimal("0.001"))
    with pytest.raises(SpecError) as caught:
        deploy(Mute(), replace(PARAMETERS, markets=(market,)), PARTIES)
    assert caught.value.field == "unit"


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("markets", {"markets": (MARKET, MARKET)}),
        ("symbol", {"markets": (replace(MARKET, symbol=""),)}),
    ],
)
def test_deploy__market_without_a_name_of_its_own__sends_nothing(
    field: str, change: dict[str, Any]
) -> None:
    with pytest.raises(ParameterError) as caught:
        deploy(Mute(), replace(PARAMETERS, **change), PARTIES)
    assert caught.value.field == field


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("operator", {"operator": ZERO_ADDRESS}),
        ("operator", {"operator": "0x12"}),
        ("governor", {"governor": ZERO_ADDRESS}),
        ("token", {"token": "nonsense"}),
        ("publisher", {"publishers": (*PARTIES.publishers[:3], ZERO_ADDRESS)}),
        ("publishers", {"publishers": PARTIES.publishers[:2]}),
        ("publishers", {"publishers": (*PARTIES.publishers, Actor("sixth").address)}),
        ("guardian", {"guardian": ZERO_ADDRESS}),
        ("uptime_feed", {"uptime_feed": "0x12"}),
        ("publishers", {"publishers": PARTIES.publishers[:3] * 2}),
    ],
)
def test_deploy__address_missing_zero_or_doubled__sends_nothing(
    field: str, change: dict[str, Any]
) -> None:
    with pytest.raises(ParameterError) as caught:
        deploy(Mute(), PARAMETERS, replace(PARTIES, **change))
    assert caught.value.field == field


@pytest.mark.parametrize("contract", ["PriceFeed", "CollateralVault", "FundingIndex"])
def test_deploy__contract_takes_other_arguments__sends_nothing(contract: str) -> None:
    others = [entry for entry in artifacts()[contract].abi if entry["type"] != "constructor"]
    with pytest.raises(AbiMismatchError) as caught:
        deploy(Mute(abis={contract: others}), PARAMETERS, PARTIES)
    assert (caught.value.contract, caught.value.function) == (contract, "constructor")


def test_deploy__function_is_gone__sends_nothing() -> None:
    abi = [e for e in artifacts()["FundingIndex"].abi if e.get("name") != "listMarket"]
    with pytest.raises(AbiMismatchError) as caught:
        deploy(Mute(abis={"FundingIndex": abi}), PARAMETERS, PARTIES)
    assert caught.value.function == "listMarket"


def test_deploy__somebody_else_uses_the_nonce__is_noticed_at_once() -> None:
    class Raced(RevmDeployer):
        def create(self, contract: str, *arguments: object) -> str:
            if contract == "WithdrawalQueue":
                self.chain.create("CollateralTokenMock", sender=self.sender)
            return super().create(contract, *arguments)

    deployer = Raced(RevmChain(), DEPLOYER)
    with pytest.raises(MisplacedError) as caught:
        deploy(deployer, PARAMETERS, PARTIES)
    assert caught.value.contract == "WithdrawalQueue"


def test_deploy__legal__parts_know_each_other(venue: Venue) -> None:
    system = venue.system
    assert venue.vault.call("TOKEN") == system.token
    assert venue.vault.call("POSITIONS") == system.positions
    assert venue.vault.call("QUEUE") == system.queue
    assert venue.queue.call("VAULT") == system.vault
    assert venue.index.call("SOURCE") == system.feed
    assert venue.index.call("POSITIONS") == system.positions
    assert venue.index.call("WATCH") == system.watch
    for part in (venue.feed, venue.queue, venue.index, venue.fund):
        assert part.call("authority") == system.manager
    assert venue.timelock.call("MANAGER") == system.manager
    assert venue.timelock.call("getMinDelay") == PARAMETERS.timelock_delay
    assert venue.watch.call("LIMIT") == PARAMETERS.outage_after
    assert venue.watch.call("GRACE") == PARAMETERS.grace
    assert venue.watch.call("UPTIME_FEED") == ZERO_ADDRESS
    assert venue.index.call("marketCount") == len(system.markets)
    assert venue.vault.call("HATCH") == venue.queue.call("HATCH") == system.hatch
    assert venue.fund.call("HATCH") == system.hatch
    assert venue.desk.call("POSITIONS") == system.positions
    assert venue.desk.call("WINDOW") == PARAMETERS.settlement_window
    hatch = [venue.hatch.call(name) for name in ("POSITIONS", "VAULT", "QUEUE", "DESK", "WATCH")]
    s = system
    assert hatch == [s.positions, s.vault, s.queue, s.desk, s.watch]
    assert venue.hatch.call("LIVENESS") == PARAMETERS.liveness
    assert venue.lens.call("POSITIONS") == system.positions
    assert [spec.unit for spec in system.markets] == [100, 100]
    assert system.market("ETH-PERP").market == 2


def test_deploy__positions__say_what_they_work_with() -> None:
    class Listening(RevmDeployer):
        def create(self, contract: str, *arguments: object) -> str:
            place = super().create(contract, *arguments)
            heard.extend(self.chain.logs())
            return place

    heard: list[Log] = []
    s = deploy(Listening(RevmChain(), DEPLOYER), PARAMETERS, PARTIES)
    (deployed,) = [log for log in heard if log.name == "Deployed"]
    books = (s.vault, s.queue, s.index, s.watch)
    parts = (*books, s.liquidations, s.desk, s.hatch, s.token, s.fund)
    assert deployed.address == s.positions
    assert deployed.arguments == (parts, s.manager)


@pytest.mark.parametrize("who", [DEPLOYER, Actor("governor").address])
def test_deploy__whoever_governs__only_the_timelock_has_a_role_without_delay(who: str) -> None:
    chain = RevmChain()
    system = deploy(chain.deployer(), PARAMETERS, replace(PARTIES, governor=who))
    manager, timelock = chain.at("Manager", system.manager), chain.at("Timelock", system.timelock)
    for role in (ADMIN, GOVERNOR):
        assert manager.call("hasRole", role, system.timelock) == (True, 0)
        assert manager.call("hasRole", role, DEPLOYER) == (False, 0)
    for name in ("PROPOSER_ROLE", "EXECUTOR_ROLE", "CANCELLER_ROLE"):
        assert timelock.call("hasRole", timelock.call(name), DEPLOYER) is (who == DEPLOYER)
    assert not timelock.call("hasRole", timelock.call("DEFAULT_ADMIN_ROLE"), DEPLOYER)


LONGEST = 3 * 86_400 + 86_400 + 3 * 86_400 + 2 * 86_400
"""Three settlement windows, a pause, liveness, the longest withdrawal delay there can ever be."""


@pytest.mark.parametrize("delay", [1, LONGEST])
def test_adm_4__timelock_no_longer_than_the_way_out__names_the_rule(delay: int) -> None:
    with pytest.raises(ParameterError, match=f"must be longer than the longest exit, {LONGEST}"):
        deploy(Mute(), replace(PARAMETERS, timelock_delay=delay), PARTIES)


def test_adm_4__timelock_a_second_longer_than_the_way_out__is_good() -> None:
    check_parameters(replace(PARAMETERS, timelock_delay=LONGEST + 1))


def test_deploy__outage_shorter_than_a_price_lasts__sends_nothing() -> None:
    parameters = replace(PARAMETERS, max_price_age=700, outage_after=600)
    with pytest.raises(RangeError) as caught:
        deploy(Mute(), parameters, PARTIES)
    assert caught.value.field == "outage_after"


def test_deploy__with_guardian_and_uptime_feed__passes_them_on() -> None:
    guardian, chain = Actor("guardian").address, RevmChain()
    feed = chain.create("AggregatorMock", sender=Actor("issuer").address)
    parties = replace(PARTIES, guardian=guardian, uptime_feed=feed)
    system = deploy(chain.deployer(), PARAMETERS, parties)
    manager = chain.at("Manager", system.manager)
    assert manager.call("hasRole", GUARDIAN, guardian) == (True, 0)
    assert system.guardian == guardian
    assert chain.call(system.watch, "SequencerWatch", "UPTIME_FEED") == feed


def test_deploy__with_a_token__deploys_none() -> None:
    chain = RevmChain()
    token = chain.create("OddTokenMock", sender=Actor("issuer").address)
    system = deploy(chain.deployer(), PARAMETERS, replace(PARTIES, token=token))
    assert system.token == token
    assert chain.call(system.vault, "CollateralVault", "TOKEN") == token


def test_load_parameters__written_and_read__are_the_same() -> None:
    assert load_parameters(msgspec.to_builtins(PARAMETERS)) == PARAMETERS


@given(key=st.text(min_size=1), value=st.one_of(st.none(), st.text(), st.lists(st.integers())))
def test_load_parameters__unknown_or_unreadable__names_the_section(key: str, value: object) -> None:
    if key in Parameters.__struct_fields__:
        return
    config = {**msgspec.to_builtins(PARAMETERS), key: value}
    with pytest.raises(ParameterError) as caught:
        load_parameters(config)
    assert caught.value.field == "penstock"


def test_created_address__first_nonces__are_those_of_an_evm() -> None:
    chain = RevmChain()
    for nonce in range(3):
        assert chain.create("CollateralTokenMock") == created_address(DEPLOYER, nonce).lower()

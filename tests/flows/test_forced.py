"""SEQ-10: calls forced from L1: whom they come from, and what they do with any amount of gas

sender
├── a contract on L1 ............ is its alias on L2: opens, fills and empties an account of its own
├── the same address on L2 ...... is somebody else, whose account is out of its reach
└── a person .................... is the same on both chains
gas
├── a request for a withdrawal .. whole or not at all
├── a release ................... sets no payable ticket aside, pays each once
└── a release without an end .... ends with the queue, and L1 was paid for all it may use
"""

from collections.abc import Iterator
from random import Random
from typing import Any, Final

import pytest

from penstock.artifacts import ContractRevert
from penstock.devnet import ETHER, Config, Devnet, Key, balance_of
from penstock.devnet.abi import contract
from penstock.devnet.accounts import role
from penstock.devnet.bridge import Arrival
from penstock.devnet.config import GWEI
from penstock.devnet.predeploys import aliased
from penstock.journey import REQUEST_GAS
from penstock.localvenue import Trader
from penstock.rollup import RollupVenue
from penstock.settings import DEFAULTS
from tests.devnet.world import deploy, landed

DEPOSIT: Final = 10**9
SIGNER: Final = "0x" + "51" * 20
PAID: Final = 3
"""Of a ticket."""
ENDLESS: Final = 2**256 - 1


@pytest.fixture
def venue() -> Iterator[RollupVenue]:
    """A fresh venue on a fresh devnet."""
    with Devnet.start(Config(window=60)) as net:
        yield RollupVenue.launch(net, DEFAULTS)


@pytest.fixture
def ann(venue: RollupVenue) -> Trader:
    """A person with collateral in the venue, and ether on L1."""
    (found,) = venue.open(["ann"], DEPOSIT)
    venue.net.l1.send(venue.rollup.treasury, found.owner.address, value=100 * ETHER)
    venue.net.sync()
    return found


def caller(target: str) -> bytes:
    """Code that calls `target` with all that it is called with, and fails where that fails."""
    head, tail = "365f5f375f5f365f3473", "5af16026575f5ffd5b00"
    return bytes.fromhex(head + target.removeprefix("0x") + tail)


class Contract:
    """A contract on L1 that calls the portal for its maker."""

    def __init__(self, net: Devnet, key: Key) -> None:
        self.net: Final = net
        self.key: Final = key
        self.address: Final = deploy(net, net.l1, key, caller(net.addresses.portal))
        self.alias: Final = aliased(self.address)

    def force(self, to: str, data: bytes) -> Arrival:
        """Force a call into L2, as this contract."""
        portal = contract("OptimismPortal")
        call = portal.encode("depositTransaction", to, 0, REQUEST_GAS, False, data)
        return self.net.bridge.arrival(self.net.bridge.send_down(self.key, self.address, call, 0))


def request(account: int, recipient: str, amount: int) -> tuple[str, int, str, int, list[int]]:
    """Of an account without positions."""
    return "requestWithdrawal", account, recipient, amount, []


def state(venue: RollupVenue, account: int) -> tuple[Any, ...]:
    """What a request changes: the account, what is owed, and the end of the queue."""
    queue, word = venue.remote.queue, venue.remote.lens.ask("accountWord", account)
    return word, queue.ask("owed"), queue.ask("tail")


def check_stranger(venue: RollupVenue, account: int, caller: str, owner: str) -> None:
    """The venue takes the caller for somebody else than the owner."""
    venue.chain.fund(caller)  # what asks on this L2 pays, too
    with pytest.raises(ContractRevert) as caught:
        venue.remote.positions.ask(*request(account, caller, 1), sender=caller)
    assert caught.value.name == "Account_CallerNotOwner"
    assert caught.value.arguments == (account, caller, owner)


def ripe(venue: RollupVenue) -> None:
    """Let the delay of every ticket pass."""
    venue.chain.warp(venue.chain.time() + int(venue.remote.queue.ask("delay")))


def test_seq_10__contract_on_l1__owns_by_its_alias_what_it_opens_fills_and_empties(
    venue: RollupVenue, ann: Trader
) -> None:
    net, remote, token = venue.net, venue.remote, venue.collateral
    wallet, account = Contract(net, venue.owner_key("ann")), ann.account + 1
    register = remote.positions.encode("register", SIGNER)
    assert wallet.force(remote.positions.address, register).succeeded
    assert remote.positions.ask("ownerOf", account) == wallet.alias
    check_stranger(venue, account, wallet.address, wallet.alias)
    net.bridge.mint(venue.rollup.treasury, token, venue.rollup.treasury.address, DEPOSIT)
    net.deposit_erc20(venue.rollup.treasury, token, DEPOSIT, wallet.alias)
    for called, call in (
        (remote.token, remote.token.encode("approve", remote.vault.address, DEPOSIT)),
        (remote.positions, remote.positions.encode("deposit", account, DEPOSIT)),
        (remote.positions, remote.positions.encode(*request(account, wallet.alias, DEPOSIT))),
    ):
        assert wallet.force(called.address, call).succeeded
    assert balance_of(net.l2, token.l2, wallet.alias) == 0
    ripe(venue)
    remote.vault.transact(venue.operator, "release", 1)
    assert balance_of(net.l2, token.l2, wallet.alias) == DEPOSIT


def test_seq_10__same_address_on_both_chains__its_l1_contract_cannot_reach_the_l2_account(
    venue: RollupVenue, ann: Trader
) -> None:
    net, positions, key = venue.net, venue.remote.positions, role("maker of two contracts")
    for chain in (net.l1, net.l2):
        chain.send(venue.rollup.treasury, key.address, value=ETHER)
    net.sync()
    twin, account = Contract(net, key), ann.account + 1
    assert deploy(net, net.l2, key, caller(positions.address)) == twin.address
    net.l2.send(key, twin.address, positions.encode("register", SIGNER))
    net.step()
    venue.deposit(ann.owner, account, DEPOSIT)
    before, call = state(venue, account), positions.encode(*request(account, key.address, DEPOSIT))
    assert not twin.force(positions.address, call).succeeded
    assert state(venue, account) == before
    check_stranger(venue, account, twin.alias, twin.address)
    mine = net.l2.send(key, twin.address, call)
    net.step()
    assert landed(net.l2, mine).succeeded
    assert state(venue, account)[1] == DEPOSIT


def test_seq_10__person__is_the_owner_on_both_chains_and_nobody_else_is(
    venue: RollupVenue, ann: Trader
) -> None:
    positions, before = venue.remote.positions, state(venue, ann.account)
    call = positions.encode(*request(ann.account, ann.owner.address, 1))
    for key, owns in ((venue.net.accounts[3], False), (venue.owner_key("ann"), True)):
        arrival = venue.net.force(key, positions.address, call, gas=REQUEST_GAS)
        assert arrival.succeeded is owns
        assert (state(venue, ann.account) != before) is owns


def check_price(arrival: Arrival, gas: int) -> None:
    """L2 used no more than was bought, and L1 was paid for that, at a gwei for each at least."""
    assert arrival.l2.gas <= gas
    assert arrival.l1.fee >= gas * GWEI


def test_seq_10__request_with_odd_gas__happens_whole_or_not_at_all(
    venue: RollupVenue, ann: Trader
) -> None:
    key, positions = venue.owner_key("ann"), venue.remote.positions
    call = positions.encode(*request(ann.account, ann.owner.address, 1))
    least = 21_000 + 16 * len(call)
    used = venue.net.force(key, positions.address, call, gas=REQUEST_GAS).l2.gas
    odd = Random(1).sample(range(least, 2 * used), 30)
    done = []
    for gas in sorted({least, least + 1, used - 1, used, used + 1, *odd}):
        word, owed, tail = state(venue, ann.account)
        arrival = venue.net.force(key, positions.address, call, gas=gas)
        check_price(arrival, gas)
        now, one = state(venue, ann.account), int(arrival.succeeded)
        assert (now[0] != word, *now[1:]) == (one, owed + one, tail + one)
        done.append(arrival.succeeded)
    assert done == sorted(done)
    assert len(set(done)) == 2


def tickets(venue: RollupVenue, count: int) -> list[int]:
    """Where each ticket stands."""
    asked = [("ticket", number) for number in range(1, count + 1)]
    return [found[4] for found in venue.remote.queue.ask_many(asked)]


def owe(venue: RollupVenue, trader: Trader, count: int) -> None:
    """Let tickets of a unit be ready to be paid."""
    for _ in range(count):
        call = request(trader.account, trader.owner.address, 1)
        venue.remote.positions.transact(trader.owner, *call)
    ripe(venue)


def test_seq_10__release_with_odd_gas__sets_no_payable_ticket_aside_and_pays_each_once(
    venue: RollupVenue, ann: Trader
) -> None:
    count, token = 30, venue.collateral.l2
    owe(venue, ann, count)
    vault, stranger = venue.remote.vault, venue.net.accounts[3]
    call, paid, failed = vault.encode("release", 2), 0, 0
    for gas in range(40_000, 240_000, 2_999):
        arrival = venue.net.force(stranger, vault.address, call, gas=gas)
        check_price(arrival, gas)
        paid, failed = min(paid + 2 * arrival.succeeded, count), failed + (not arrival.succeeded)
        assert tickets(venue, count) == [PAID] * paid + [PAID - 1] * (count - paid)
        assert balance_of(venue.net.l2, token, ann.owner.address) == paid
    assert (paid, failed > 5) == (count, True)


@pytest.mark.parametrize("count", [0, 7])
def test_seq_10__release_without_an_end__ends_with_the_queue_and_is_paid_for_on_l1(
    venue: RollupVenue, ann: Trader, count: int
) -> None:
    owe(venue, ann, count)
    vault, gas = venue.remote.vault, 15_000_000
    call = vault.encode("release", ENDLESS)
    arrival = venue.net.force(venue.net.accounts[3], vault.address, call, gas=gas)
    check_price(arrival, gas)
    assert arrival.succeeded
    assert arrival.l2.gas < 60_000 * (1 + count)
    assert tickets(venue, count) == [PAID] * count

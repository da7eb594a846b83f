"""A token that calls back, tried on the whole venue

during deposit or release, the token calls any door of any contract, as owner of an account
    .... the books balance: booked = owed by tickets + collateral of all accounts
during deposit, it tries to withdraw
    .... the call back is undone
during release, it withdraws
    .... it is debited, and its ticket is the last in line
"""

import pytest

from tests.helpers.actors import Actor
from tests.helpers.revm import artifacts, decode_revert
from tests.helpers.venue import STRANGER, Venue, isolated, make_venue

ALICE, BOB = Actor("alice").address, Actor("bob").address
PARTS = {
    "CollateralVault": "vault",
    "WithdrawalQueue": "queue",
    "PerpPositions": "positions",
    "FundingIndex": "index",
    "PriceFeed": "feed",
    "SequencerWatch": "watch",
}
DOORS = [
    (contract, entry["name"])
    for contract in PARTS
    for entry in artifacts()[contract].abi
    if entry["type"] == "function" and entry["stateMutability"] == "nonpayable"
]
TOKENS_ACCOUNT = 1


@pytest.fixture(scope="module")
def hooked() -> Venue:
    """A venue in which account 1 is the token's own, and a ticket of 10 is ready."""
    venue = make_venue(odd_token=True)
    venue.mint(ALICE, 1_000)
    set_hook(venue, "PerpPositions", "register", BOB)
    venue.token.transact("transfer", ALICE, 0, sender=ALICE)
    assert venue.positions.call("ownerOf", TOKENS_ACCOUNT) == venue.token.address
    set_hook(venue, "PerpPositions", "requestWithdrawal", TOKENS_ACCOUNT, BOB, 10, ())
    venue.positions.transact("deposit", TOKENS_ACCOUNT, 100, sender=ALICE)
    venue.token.transact("transfer", ALICE, 0, sender=ALICE)
    assert venue.queue.call("tail") == 2
    venue.chain.time += int(venue.queue.call("delay"))
    return venue


def set_hook(venue: Venue, contract: str, function: str, *arguments: object) -> None:
    target = getattr(venue, PARTS[contract]).address
    data = artifacts()[contract].functions[function].encode(arguments)
    venue.token.transact("setHook", target, data, sender=ALICE)


def plausible(kind: str) -> object:
    """An argument of a type: the token's account where numbers are, Bob where addresses are."""
    if kind.endswith("[]"):
        return ()
    if kind.startswith("("):
        return tuple(plausible(part) for part in parts(kind))
    plain: dict[str, object] = {
        "address": BOB,
        "bool": True,
        "bytes": b"",
        "bytes32": b"\1" * 32,
        "string": "",
    }
    return plain.get(kind, TOKENS_ACCOUNT)


def parts(kind: str) -> list[str]:
    """The types in a tuple's type; a tuple within it stays whole."""
    found, depth = [""], 0
    for sign in kind[1:-1]:
        depth += (sign == "(") - (sign == ")")
        if sign == "," and not depth:
            found.append("")
        else:
            found[-1] += sign
    return found


def collateral(venue: Venue) -> int:
    """The sum over all accounts; none of them has a position here."""
    words = (
        venue.lens.call("accountWord", account)
        for account in range(venue.positions.call("accountCount") + 1)
    )
    # docs/storage.md: collateral int56 stands above the signer's 160 bits.
    return sum(int(word) >> 160 & (2**56 - 1) for word in words)


def assert_books_balance(venue: Venue) -> None:
    booked = venue.vault.call("booked")
    assert booked == venue.queue.call("owed") + collateral(venue)
    assert venue.token.call("balanceOf", venue.vault.address) >= booked


@pytest.mark.parametrize(("contract", "function"), DOORS)
@isolated
def test_vlt_5__token_calls_any_door_back__the_books_balance(
    hooked: Venue, contract: str, function: str
) -> None:
    kinds = artifacts()[contract].functions[function].inputs
    set_hook(hooked, contract, function, *(plausible(kind) for kind in kinds))
    hooked.positions.transact("deposit", TOKENS_ACCOUNT, 50, sender=ALICE)
    assert_books_balance(hooked)
    hooked.vault.transact("release", 5, sender=STRANGER.address)
    assert_books_balance(hooked)
    assert hooked.queue.call("ticket", 1)[4] == 3


@isolated
def test_vlt_5__token_withdraws_while_it_is_paid_in__is_undone(hooked: Venue) -> None:
    set_hook(hooked, "PerpPositions", "requestWithdrawal", TOKENS_ACCOUNT, BOB, 10, ())
    hooked.positions.transact("deposit", TOKENS_ACCOUNT, 50, sender=ALICE)
    assert hooked.token.call("hookSucceeded") is False
    assert decode_revert(hooked.token.call("hookAnswer")).name == "ReentrancyGuardReentrantCall"
    assert hooked.queue.call("tail") == 2
    assert_books_balance(hooked)


@isolated
def test_vlt_5__token_withdraws_while_it_pays__only_joins_the_line(hooked: Venue) -> None:
    set_hook(hooked, "PerpPositions", "requestWithdrawal", TOKENS_ACCOUNT, BOB, 10, ())
    before = collateral(hooked)
    assert hooked.vault.transact("release", 5, sender=STRANGER.address) == 10
    assert hooked.queue.call("tail") == 3
    assert (hooked.queue.call("owed"), collateral(hooked)) == (10, before - 10)
    assert_books_balance(hooked)

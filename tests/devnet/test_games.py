"""Dispute games instead of the oracle: the real portal, factory, games and bonds.

propose      a game with a bond every interval · independent of the others
withdrawal   each stage · first second of the payout · early, twice, forged
false claim  attacked in time: lost, and proves nothing · another game serves at once
             attacked too late, or by a stranger: not at all · by nobody: won, and paid on
"""

import pytest
from msgspec.structs import replace

from penstock.devnet import ETHER, Config, Devnet, Token, Withdrawal, balance_of
from penstock.devnet.abi import contract
from penstock.devnet.accounts import role
from penstock.devnet.errors import (
    AlreadyFinalizedError,
    AlreadyProvenError,
    CallRevertedError,
    ConfigError,
    FalseOutputError,
    ForgedWithdrawalError,
    NotProposedError,
    NotProvenError,
    OutputContestedError,
    OutputReplacedError,
    WindowOpenError,
)
from penstock.devnet.hashing import hexed
from tests.devnet.test_docs import PAGE
from tests.devnet.world import (
    check_ether,
    check_first_second,
    check_tokens,
    check_verified,
    paid,
    provable,
    ripen,
)

GAME = "PermissionedDisputeGame"
STRANGER = "0x" + "8a" * 20
NOT_YET = "proven withdrawal has not matured yet"
NOT_VALID = "output proposal has not been validated"
AIR_GAP = "output proposal in air-gap"


def ask(net: Devnet, view: str, *arguments: object) -> object:
    """A view of the factory."""
    found: object = net.l1.read(net.addresses.games, "DisputeGameFactory", view, *arguments)
    return found


def game_of(net: Devnet, index: int) -> str:
    """Where a game is."""
    return str(net.l1.read(net.addresses.games, "DisputeGameFactory", "gameAtIndex", index)[2])


def undone(net: Devnet, sender: str, to: str, data: bytes) -> CallRevertedError:
    """The error of a call in the latest block. An estimate would be made at the machine's time."""
    question = {"from": sender, "to": to, "data": hexed(data)}
    with pytest.raises(CallRevertedError) as caught:
        net.l1.rpc.call("eth_call", question, "latest")
    return caught.value


def refusal(net: Devnet, found: Withdrawal) -> str:
    """What the portal itself says to a payout."""
    data = contract("OptimismPortal2").encode("finalizeWithdrawalTransaction", found.message.fields)
    return undone(net, found.payer.address, net.addresses.portal, data).words


def trusting(net: Devnet) -> tuple[Withdrawal, int]:
    """A withdrawal that is proven against a false claim, and the claim's index."""
    net.lie()
    found = net.withdrawal(net.withdraw_eth(net.accounts[0], 7, STRANGER))
    while found.status == "waiting":
        net.sync()
    assert found.status == "disputed"
    with pytest.raises(FalseOutputError) as caught:
        found.prove()
    found.prove(caught.value.index)
    return found, caught.value.index


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("OptimismPortal2", "portal"),
        ("DisputeGameFactory", "games"),
        ("AnchorStateRegistry", "anchors"),
        ("DelayedWETH", "bonds"),
    ],
)
def test_start__with_games__has_the_contracts_of_the_page_and_no_oracle(
    games: Devnet, name: str, field: str
) -> None:
    version = games.l1.read(getattr(games.addresses, field), name, "version")
    assert f"{name} {version}" in PAGE
    assert games.addresses.oracle == ""


def test_check__of_proofs_that_are_neither__names_both() -> None:
    with pytest.raises(ConfigError, match=r"oracle.*games"):
        Config(proofs="words").check()  # type: ignore[arg-type]


def test_propose__as_blocks_are_posted__begins_a_game_with_a_bond_for_every_fifth(
    games: Devnet,
) -> None:
    games.step(30)
    count, interval = games.node.ledger.count(), games.config.output_interval
    blocks = [games.node.ledger.claim(index).block for index in range(count)]
    assert blocks == list(range(interval, blocks[-1] + 1, interval))
    assert blocks[-1] <= games.safe
    assert games.challenge() is None
    assert f"{GAME} {games.l1.read(game_of(games, 0), GAME, 'version')}" in PAGE
    bonds = games.l1.balance(games.addresses.bonds)
    assert bonds == count * int(str(ask(games, "initBonds", 1))) > 0


def test_settle__after_its_clock__a_game_is_won_and_becomes_the_anchor(games: Devnet) -> None:
    games.step(12)
    last = games.node.ledger.count() - 1
    games.warp(games.config.window)
    claim, game = games.node.ledger.claim(last), game_of(games, last)
    root, block = games.l1.read(games.addresses.anchors, "AnchorStateRegistry", "anchors", 1)
    assert (hexed(root), block) == (claim.root, claim.block)
    assert games.l1.read(game, GAME, "status") == 2
    assert games.l1.read(game, GAME, "resolvedAt") == claim.time + games.config.window


def test_withdraw__ether_and_tokens_through_all_steps__pays_exactly_the_amounts(
    games: Devnet, games_token: Token
) -> None:
    alice = games.accounts[0]
    games.deposit_erc20(alice, games_token, 500)
    hashes = [
        games.withdraw_eth(alice, 2 * ETHER + 5, STRANGER),
        games.withdraw_erc20(alice, games_token, 200, STRANGER),
    ]
    for hash in hashes:
        paid(games, hash)
    assert games.l1.balance(STRANGER) == 2 * ETHER + 5
    assert balance_of(games.l1, games_token.l1, STRANGER) == 200
    check_ether(games)
    check_tokens(games, games_token)
    check_verified(games)


def test_status__at_each_stage__names_it_and_the_portal_agrees(games: Devnet) -> None:
    hash = games.withdraw_eth(games.accounts[0], 1)
    found = games.withdrawal(hash)
    seen = [found.status]
    provable(games, hash)
    seen.append(found.status)
    found.prove()
    seen.append(found.status)
    assert refusal(games, found) == f"OptimismPortal: {NOT_YET}"
    games.warp(games.config.maturity + 1)
    assert refusal(games, found) == f"OptimismPortal: {NOT_VALID}"
    games.warp(games.config.window - games.config.maturity)
    seen.append(found.status)
    assert refusal(games, found) == f"OptimismPortal: {AIR_GAP}"
    games.warp(games.config.finality)
    seen.append(found.status)
    found.finalize()
    seen.append(found.status)
    assert seen == ["waiting", "provable", "proven", "proven", "ready", "final"]


@pytest.mark.parametrize("late", [False, True])
def test_earliest__whether_game_or_proof_is_late__is_the_first_second_at_which_the_portal_pays(
    games: Devnet, late: bool
) -> None:
    found = provable(games, games.withdraw_eth(games.accounts[0], 1))
    games.warp(games.config.window if late else 0)
    promised = found.earliest
    receipt = found.prove()
    earliest, proof = found.earliest, int(games.l1.block(receipt.block)["timestamp"], 16)
    assert earliest is not None
    assert promised is not None
    assert (earliest == proof + games.config.maturity + 1) is late
    assert promised <= earliest
    check_first_second(games, found)


def test_prove_and_finalize__taken_wrongly__are_refused_by_name(games: Devnet) -> None:
    hash = games.withdraw_eth(games.accounts[0], 6, STRANGER)
    found = games.withdrawal(hash)
    with pytest.raises(NotProposedError):
        found.prove()
    provable(games, hash)
    with pytest.raises(NotProvenError):
        found.finalize()
    found.prove()
    with pytest.raises(AlreadyProvenError):
        found.prove()
    with pytest.raises(WindowOpenError):
        found.finalize()
    ripen(games, found)
    assert found.finalize().succeeded
    for step in (found.prove, found.finalize):
        with pytest.raises(AlreadyFinalizedError):
            step()
    assert games.l1.balance(STRANGER) == 6


def test_prove__a_forged_message__is_refused_by_name_and_by_the_portal(games: Devnet) -> None:
    found = provable(games, games.withdraw_eth(games.accounts[0], 1))
    forged = games.withdrawal_of(replace(found.message, value=2), found.block)
    with pytest.raises(ForgedWithdrawalError, match=forged.hash):
        forged.prove()
    games.node.state.proofs[forged.hash] = games.node.state.proofs[found.hash]
    with pytest.raises(CallRevertedError, match=r"MerkleTrie|inclusion proof"):
        forged.prove()
    found.prove()


def test_challenge__of_a_claim_that_was_proven_against__stops_the_payout_until_proven_anew(
    games: Devnet,
) -> None:
    found, index = trusting(games)
    games.proposer.pause()
    assert games.challenge() == index
    assert found.status == "disputed"
    with pytest.raises(OutputContestedError) as contested:
        found.finalize()
    games.warp(games.config.window)
    assert found.status == "replaced"
    with pytest.raises(OutputReplacedError) as replaced:
        found.finalize()
    assert contested.value.index == replaced.value.index == index
    assert refusal(games, found) == f"OptimismPortal: {NOT_VALID}"
    with pytest.raises(NotProposedError):
        found.prove()
    games.proposer.resume()
    while found.status != "provable":
        games.sync()
    found.prove()
    ripen(games, found)
    assert found.finalize().succeeded
    assert games.l1.balance(STRANGER) == 7
    check_ether(games)
    check_verified(games)


def test_challenge__that_wins__takes_the_proposers_bond(games: Devnet) -> None:
    _, index = trusting(games)
    games.challenge()
    game, challenger = game_of(games, index), role("challenger").address
    stakes = [games.l1.read(game, GAME, "claimData", number)[3] for number in (0, 1)]
    assert stakes == [8 * ETHER // 100, games.l1.read(game, GAME, "getRequiredBond", 2)]
    games.warp(games.config.window)
    assert games.l1.read(game, GAME, "status") == 1
    assert games.l1.read(game, GAME, "credit", challenger) == sum(stakes)
    claim, bob = contract(GAME).encode("claimCredit", challenger), games.accounts[1]
    refused = undone(games, bob.address, game, claim)
    assert refused.words == "DelayedWETH: withdrawal delay not met"
    games.warp(games.config.finality)
    before = games.l1.balance(challenger)
    games.l1.send(bob, game, claim, gas=200_000)
    games.sync()
    assert games.l1.balance(challenger) == before + sum(stakes)


def test_lie__without_a_challenge__stops_nobody_because_the_next_game_serves(
    games: Devnet,
) -> None:
    found, index = trusting(games)
    games.step(12)
    games.challenge()
    assert found.status == "provable"
    found.prove()
    assert found.status == "proven"
    ripen(games, found)
    assert found.finalize().succeeded
    assert not games.node.state.outputs[index].honest


def test_lie__that_nobody_attacks__is_won_and_paid_on(games: Devnet) -> None:
    found, _ = trusting(games)
    games.warp(games.config.window)
    assert games.challenge() is None
    ripen(games, found)
    assert found.finalize().succeeded
    assert games.l1.balance(STRANGER) == 7


def test_challenge__again__has_nothing_left_to_attack(games: Devnet) -> None:
    trusting(games)
    assert games.challenge() is not None
    assert games.challenge() is None


def test_attack__by_a_stranger__is_refused_by_the_game(games: Devnet) -> None:
    _, index = trusting(games)
    claim = bytes.fromhex(games.node.ledger.claim(index).root[2:])
    data = contract(GAME).encode("attack", claim, 0, b"\1" * 32)
    assert undone(games, STRANGER, game_of(games, index), data).name == "BadAuth"


def test_resolve__before_the_clock_has_run_out__is_refused_by_the_game(games: Devnet) -> None:
    games.step(12)
    data = contract(GAME).encode("resolveClaim", 0, 0)
    assert undone(games, STRANGER, game_of(games, 0), data).name == "ClockNotExpired"

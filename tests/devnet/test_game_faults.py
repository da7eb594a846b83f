"""Faults while games go on: reorgs, snapshots, files, outages. Nothing is lost or paid twice.

reorg      of a game's beginning, of an attack, of its end
back       a snapshot, a file: the same games go on as if nothing had happened
walk       the random walk of the oracle, with games
"""

from pathlib import Path

import pytest

from penstock.devnet import Config, Devnet, Token
from penstock.devnet.errors import OutputReplacedError
from tests.devnet.test_faults import FAULTS, finish, pay_through, start
from tests.devnet.test_games import trusting
from tests.devnet.test_snapshots import story
from tests.devnet.test_walk import walk
from tests.devnet.world import check_verified, provable, ripen


@pytest.mark.parametrize("stage", ["proven", "ready"])
@pytest.mark.parametrize("fault", FAULTS)
def test_seq_9__withdrawal_delayed_by_a_fault__is_paid_exactly_once(
    games: Devnet, fault: str, stage: str
) -> None:
    pay_through(games, fault, stage)


def test_l1_reorg__of_the_game__begins_it_anew(games: Devnet) -> None:
    hash = start(games)
    games.sync()
    provable(games, hash)
    count = games.node.ledger.count()
    games.l1_reorg(1)
    assert games.node.ledger.count() == count - 1
    finish(games, hash)
    assert games.node.ledger.count() >= count


def test_l1_reorg__of_the_attack__lets_it_be_made_again(games: Devnet) -> None:
    found, index = trusting(games)
    assert games.challenge() == index
    games.l1_reorg(1)
    assert found.status == "proven"
    assert games.challenge() == index
    games.warp(games.config.window)
    with pytest.raises(OutputReplacedError):
        found.finalize()


def test_l1_reorg__of_the_end_of_a_game__has_it_ended_again(games: Devnet) -> None:
    found = provable(games, games.withdraw_eth(games.accounts[0], 3))
    since = found.prove().block
    ripen(games, found)
    games.l1_reorg(games.l1.height() - since)
    assert found.status == "proven"
    ripen(games, found)
    assert found.finalize().succeeded
    check_verified(games)


def test_revert__and_the_same_again__gives_the_same_hashes_and_games(games: Devnet) -> None:
    games.step(10)
    mark, before = games.snapshot(), dict(games.node.state.games)
    first = story(games)
    games.revert(mark)
    assert games.node.state.games == before
    assert story(games) == first
    check_verified(games)


def test_load__with_an_attacked_game__goes_on_with_it(tmp_path: Path) -> None:
    settings = Config(proofs="games", accounts=1, window=120, maturity=50, finality=30)
    with Devnet.start(settings) as net:
        found, index = trusting(net)
        assert net.challenge() == index
        net.dump(tmp_path / "saved.json")
    with Devnet.load(tmp_path / "saved.json") as net:
        again = net.withdrawal_of(found.message, found.block)
        assert again.status == "disputed"
        net.warp(net.config.window)
        with pytest.raises(OutputReplacedError):
            again.finalize()
        while again.status != "provable":
            net.sync()
        again.prove()
        ripen(net, again)
        assert again.finalize().succeeded
        check_verified(net)


@pytest.mark.parametrize("seed", range(3))
def test_walk__wherever_it_leads__keeps_every_sum(
    games: Devnet, games_token: Token, seed: int
) -> None:
    walk(games, games_token, seed, 40)

"""A liquidator or a deleverager that is killed, or has a rival, acts once all the same.

killed between decide and act ....... the next instance does it, once
killed before the receipt ........... the next instance finds it done
OFF-2 killed before it was mined .... the next instance waits for the pool
two instances decide at once ........ one acts, the other is told so by the node
"""

from collections.abc import Callable
from typing import Final, NamedTuple

import pytest

from penstock.anvil import Anvil
from penstock.artifacts import ContractRevert
from penstock.console import Session
from penstock.keepers.deleverager import Deleverager
from penstock.keepers.liquidator import Liquidator
from penstock.keepers.wallet import TransactionWaitsError
from tests.flows.bench import SOLVENT, SOUND, Bench, Killed, kill, needy, ruined


class Trade(NamedTuple):
    """A keeper's work: what it is about, who does it, and what the node tells who comes late."""

    scene: Callable[[Session], Bench]
    keeper: Callable[[Bench, str], Liquidator | Deleverager]
    late: str
    rest: tuple[str, str]


TRADES: Final = {
    "liquidator": Trade(
        needy,
        lambda bench, name: Liquidator(bench.station(name), bench.account(name)),
        "Liquidation_AccountSound",
        SOUND,
    ),
    "deleverager": Trade(
        ruined,
        lambda bench, name: Deleverager(bench.station(name)),
        "Liquidation_LotsTooMany",
        SOLVENT,
    ),
}

either = pytest.mark.parametrize("trade", TRADES.values(), ids=TRADES)


@either
def test_restart__killed_between_decide_and_act__the_next_acts_once(
    session: Session, trade: Trade
) -> None:
    bench = trade.scene(session)
    dead = trade.keeper(bench, "dave")
    decision = dead.decide(bench.clock.now())
    assert decision is not None
    before = bench.sent()
    assert bench.run(trade.keeper(bench, "dave"), 2) == 1
    assert bench.sent() == before + 1
    # Should it not have been dead after all, the node tells it.
    with pytest.raises(ContractRevert, match=trade.late):
        dead.act(decision)
    assert bench.sent() == before + 1


@either
def test_restart__killed_before_the_receipt__the_next_finds_it_done(
    session: Session, monkeypatch: pytest.MonkeyPatch, trade: Trade
) -> None:
    bench = trade.scene(session)
    dead = trade.keeper(bench, "dave")
    monkeypatch.setattr(dead.station.wallet.sender, "wait", kill)
    with pytest.raises(Killed):
        bench.run(dead)
    session.devnet.chain.mine()
    before = bench.sent()
    assert bench.run(trade.keeper(bench, "dave"), 2) == 0
    assert bench.said() == [trade.rest, trade.rest]
    assert bench.sent() == before


@either
def test_restart__off_2_killed_before_it_is_mined__the_next_waits_for_the_pool(
    anvil: Anvil, session: Session, monkeypatch: pytest.MonkeyPatch, trade: Trade
) -> None:
    bench = trade.scene(session)
    dead = trade.keeper(bench, "dave")
    monkeypatch.setattr(dead.station.wallet.sender, "wait", kill)
    anvil.rpc.call("evm_setAutomine", False)
    with pytest.raises(Killed):
        bench.run(dead)
    heir = trade.keeper(bench, "dave")
    assert bench.run(heir, 2) == 0
    told = [note.values["error"] for note in bench.notes]
    assert told == [TransactionWaitsError.__name__] * 2
    anvil.rpc.call("evm_setAutomine", True)
    anvil.mine()
    bench.said()
    assert bench.run(heir, 2) == 0
    assert bench.said() == [trade.rest, trade.rest]
    assert bench.differ() == []


@either
def test_rivals__both_decide_at_once__one_acts_and_the_other_goes_on(
    session: Session, trade: Trade
) -> None:
    bench = trade.scene(session)
    one, other = (trade.keeper(bench, name) for name in ("dave", "carol"))
    decisions = [keeper.decide(bench.clock.now()) for keeper in (one, other)]
    assert all(decisions)
    assert decisions[0] is not None
    assert decisions[1] is not None
    one.act(decisions[0])
    before = bench.sent("carol")
    with pytest.raises(ContractRevert, match=trade.late):
        other.act(decisions[1])
    assert bench.sent("carol") == before
    bench.said()
    assert bench.run(other) == 0
    assert bench.said() == [trade.rest]

"""Keepers do what is due, once, and say why; a crash or a rival beside them does no harm.

liquidator
├── account below maintenance           taken over once, nothing when repeated
├── profit below the floor              left to the fund, or left
├── bankrupt, fund with money           taken over whole by the fund
└── LIQ-10 after an outage              not before the grace is over
deleverager
├── bankrupt and no fund                closed against the profitable side, once
├── fees would do                       collected, and the fund takes over
└── LIQ-10 after an outage              not before the grace is over
prices
├── due by age, or by move              posted and refreshed, once
├── posted by somebody else             refreshed
└── no quorum                           said; the watch is told in time
funding   a period that is over is charged once
fees      collected when they are worth it, once
any of them (restarts and rivals: test_keeper_restarts.py)
├── node breaks, at any message         waits longer each time, then goes on with the right model
├── chain rolled back                   reads it again
└── OFF-11 wallet empty                 alarm; nothing sent; goes on when there is ether
"""

import pytest

from penstock.anvil import Anvil
from penstock.artifacts import ContractRevert
from penstock.console import Session
from penstock.keepers.costs import Costs
from penstock.keepers.deleverager import Deleverager
from penstock.keepers.fees import FeeCollector
from penstock.keepers.funding import FundingAccruer
from penstock.keepers.liquidator import Liquidator
from penstock.keepers.prices import PricePoster
from penstock.keepers.wallet import TransactionWaitsError, WalletEmptyError
from penstock.rpc import NodeUnreachableError
from tests.flows.bench import (
    BANKRUPT,
    GRACE,
    NEEDY,
    SOUND,
    Bench,
    fall,
    lend,
    needy,
    outage,
    ruined,
)
from tests.helpers.faults import FlakyRpc

# --- liquidator -----------------------------------------------------------------------------------


def test_liquidator__account_below_maintenance__is_taken_over_once(session: Session) -> None:
    bench = lend(session)
    keeper = bench.liquidator()
    assert bench.run(keeper) == 0
    assert bench.said() == [SOUND]
    fall(session, NEEDY)
    assert bench.run(keeper, 3) == 1
    assert bench.said() == [("took over", "it pays"), SOUND, SOUND]
    assert 0 < bench.size("dave") == 20_000 - bench.size("alice")
    assert bench.differ() == []


def test_liquidator__profit_below_the_floor__stays_away(session: Session) -> None:
    bench = needy(session)
    costs, dave = Costs(gas_price=10**9, ether=3_000 * 10**6), bench.account("dave")
    modest = Liquidator(bench.station(), dave, costs=costs, for_fund=False)
    decision = modest.decide(bench.clock.now())
    assert decision is not None
    profit = int(decision.values["gain"]) - int(decision.values["cost"])
    greedy = Liquidator(bench.station(), dave, costs=costs, floor=profit + 1, for_fund=False)
    bench.said()
    assert bench.run(greedy) == 0
    assert bench.said() == [
        ("left", "the profit is below the floor"),
        ("left", "the fund cannot carry it"),
    ]
    just = Liquidator(bench.station(), dave, costs=costs, floor=profit, for_fund=False)
    assert bench.run(just) == 1


def test_liquidator__bankrupt_account__goes_whole_to_a_fund_with_money(session: Session) -> None:
    bench = lend(session)
    bench.endow_fund(10**12)
    fall(session, BANKRUPT)
    assert bench.run(bench.liquidator(), 2) == 1
    assert bench.said()[-2:] == [("took over", "the fund can carry it"), SOUND]
    assert (bench.size("alice"), bench.size("dave")) == (0, 0)
    assert bench.differ() == []


def test_liquidator__liq_10_after_an_outage__waits_for_the_grace(session: Session) -> None:
    bench = needy(session)
    outage(session, NEEDY)
    keeper = bench.liquidator()
    assert bench.run(keeper) == 0
    assert bench.said() == [GRACE]
    session.warp(int(session.devnet.remote.watch.ask("GRACE")))
    assert bench.run(keeper) == 1
    assert bench.said() == [("took over", "it pays")]


# --- deleverager ----------------------------------------------------------------------------------


def test_deleverager__bankrupt_and_no_fund__closes_against_the_other_side(session: Session) -> None:
    bench = ruined(session)
    assert bench.run(Deleverager(bench.station()), 2) == 1
    assert [did for did, _ in bench.said()] == ["deleveraged", "left"]
    assert (bench.size("alice"), bench.size("bob")) == (0, 0)
    assert bench.differ() == []


def test_deleverager__fees_would_do__collects_them_and_leaves_it_to_the_fund(
    session: Session,
) -> None:
    bench = lend(session)
    # At 55,000 alice lacks 600, and her 20 need a margin of 55,000; fees of 840 wait.
    bench.endow_fund(55_100 * 10**6)
    fall(session, "55000")
    keeper = Deleverager(bench.station())
    assert bench.run(keeper, 2) == 1
    assert bench.said() == [
        ("collected fees", "with them the fund can take an account over"),
        ("left", "the fund can take it over"),
    ]
    assert bench.run(bench.liquidator()) == 1
    assert bench.size("alice") == 0
    assert bench.differ() == []


def test_deleverager__liq_10_after_an_outage__waits_for_the_grace(session: Session) -> None:
    bench = ruined(session)
    outage(session, BANKRUPT)
    keeper = Deleverager(bench.station())
    assert bench.run(keeper) == 0
    assert bench.said() == [GRACE]
    session.warp(int(session.devnet.remote.watch.ask("GRACE")))
    assert bench.run(keeper) == 1


# --- prices, funding, fees ------------------------------------------------------------------------


def test_prices__due_by_age_then_by_move__posts_each_once(session: Session) -> None:
    bench, chain = Bench(session), session.devnet.chain
    keeper = PricePoster(bench.station(), lambda: bench.reports(600_000))
    session.price("60000")
    chain.warp(chain.time() + 30)
    assert bench.run(keeper, 2) == 1
    assert ("posted prices", "a price is due") in bench.said()
    moved = PricePoster(bench.station(), lambda: bench.reports(600_600))
    chain.warp(chain.time() + 5)
    assert bench.run(moved, 3) == 1
    assert bench.mark() == 600_600
    assert bench.differ() == []


def test_prices__posted_by_somebody_else__is_taken_up(session: Session) -> None:
    bench = Bench(session)
    session.price("60000")
    session.devnet.chain.warp(session.devnet.chain.time() + 5)
    session.devnet.post(1, [600_010] * 4)
    keeper = PricePoster(bench.station(), list)
    assert bench.run(keeper, 2) == 1
    assert bench.said()[0] == ("refreshed", "the feed has a newer price")
    assert bench.mark() == 600_010


def test_prices__no_quorum__is_said_and_the_watch_is_told_in_time(session: Session) -> None:
    bench, chain = Bench(session), session.devnet.chain
    session.price("60000")
    keeper = PricePoster(bench.station(), lambda: bench.reports(600_000, count=2))
    chain.warp(chain.time() + 40)
    assert bench.run(keeper) == 0
    assert ("left", "no quorum of reports") in bench.said()
    chain.warp(chain.time() + int(session.devnet.remote.watch.ask("LIMIT")) // 2)
    assert bench.run(keeper, 2) == 1
    assert ("beat", "no price is due and the last beat is old") in bench.said()
    assert bench.differ() == []


def test_funding__period_that_is_over__is_charged_once(session: Session) -> None:
    bench, chain = lend(session), session.devnet.chain
    keeper, rival = (FundingAccruer(bench.station(name)) for name in ("dave", "carol"))
    due = session.gate.venue.markets[1].due_at
    session.devnet.live(due + 59)
    assert bench.run(keeper) == 0
    chain.warp(due + 60)
    late = rival.decide(bench.clock.now())
    assert late is not None
    bench.said()
    assert bench.run(keeper, 2) == 1
    assert [did for did, _ in bench.said()] == ["accrued", "left"]
    before = bench.session.devnet.remote.lens.ask("marketWord", 1)
    rival.act(late)
    assert bench.session.devnet.remote.lens.ask("marketWord", 1) == before
    assert bench.differ() == []


def test_fees__worth_it__are_collected_once(session: Session) -> None:
    bench = lend(session)
    costs = Costs(gas_price=10**9, ether=3_000 * 10**6)
    # 100,000 gas cost 0.30, and the fees are 840.
    assert bench.run(FeeCollector(bench.station(), costs=costs, times=2_900)) == 0
    assert bench.run(FeeCollector(bench.station(), costs=costs), 2) == 1
    assert [did for did, _ in bench.said()] == ["left", "collected fees", "left"]
    assert session.devnet.remote.lens.ask("accountOf", 0)[5] == 840 * 10**6
    assert bench.differ() == []


# --- trouble --------------------------------------------------------------------------------------


def test_node_error__again_and_again__waits_longer_each_time(
    anvil: Anvil, session: Session
) -> None:
    bench = needy(session)
    keeper = bench.liquidator()
    anvil.close()
    assert bench.run(keeper, 8) == 0
    assert bench.clock.waited == [1, 2, 4, 8, 16, 32, 64, 64]
    assert {note.values["error"] for note in bench.notes} == {"NodeUnreachableError"}


@pytest.mark.parametrize("at", range(14))
def test_node_error__at_any_message__goes_on_with_the_right_model(
    session: Session, at: int
) -> None:
    bench = needy(session)
    rpc = FlakyRpc(session.devnet.chain.rpc.url)
    keeper = bench.liquidator(rpc)
    first = rpc.count
    rpc.breaks = lambda count: count == first + at
    assert bench.run(keeper, 4) <= 1
    told = {note.values["error"] for note in bench.notes if note.did == "failed"}
    # What was sent before the break may still wait, or be mined between a look and its trial.
    passing = (NodeUnreachableError, TransactionWaitsError, ContractRevert)
    assert told <= {error.__name__ for error in passing}
    session.devnet.chain.mine()
    bench.said()
    assert bench.run(keeper) == 0
    assert bench.said() == [SOUND]
    assert 0 < bench.size("dave") == 20_000 - bench.size("alice")
    assert keeper.station.mirror.differences() == []


def test_rollback__of_what_was_read__is_read_again(anvil: Anvil, session: Session) -> None:
    bench = lend(session)
    keeper = bench.liquidator()
    fall(session, "57000")
    snapshot = anvil.rpc.call("evm_snapshot")
    fall(session, NEEDY)
    assert keeper.decide(bench.clock.now()) is not None
    anvil.rpc.call("evm_revert", snapshot)
    bench.said()
    assert bench.run(keeper) == 0
    assert bench.said() == [SOUND]


def test_wallet__off_11_empty__raises_the_alarm_and_goes_on_later(
    anvil: Anvil, session: Session
) -> None:
    bench = needy(session)
    keeper, owner = bench.liquidator(), bench.trader("dave").owner
    anvil.rpc.call("anvil_setBalance", owner.address, hex(10**9))
    before = bench.sent()
    assert bench.run(keeper, 2) == 0
    assert [note.did for note in bench.notes] == ["alarm", "alarm"]
    assert bench.notes[0].values["error"] == WalletEmptyError.__name__
    assert owner.address in bench.notes[0].why
    assert bench.sent() == before
    anvil.fund(owner.address)
    assert bench.run(keeper) == 1

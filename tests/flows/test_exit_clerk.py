"""The keeper `exits` serves those who leave, with nobody else acting; nobody's request stops it.

the line
├── a ticket that is ready ............ is paid once; not before
└── a hold whose delay is over ........ is admitted, then paid
forced requests
├── a withdrawal ...................... by anybody after the window, by the operator at once
├── a close, the fund has money ....... the fund takes it, before it counts as ignored
├── a close, fees would do ............ collected, and the fund takes it
├── a close, somebody rests ........... a signed order takes it, of a file or the operator's book
├── a close that came about elsewhere . is acknowledged
├── a close that nobody can take ...... an alarm in time, and the others are served
└── one that the node refuses ......... the others are served
any of it
├── killed between decide and act ..... the next instance does it, once
├── killed before the receipt ......... the next instance finds it done
├── node breaks, at any message ....... it is served once all the same
├── two instances decide at once ...... one acts, the other is told so by the node
└── chain rolled back ................. a request that is gone is nobody's
the end
├── the clock of silence .............. is started, and beaten at its end; no freeze without a word
├── told to freeze .................... freezes when it may
└── frozen ............................ tallied to the end, page by page, past a kill; tickets paid
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

import pytest

from penstock.anvil import Anvil
from penstock.artifacts import ContractRevert
from penstock.console import Session
from penstock.keepers import serving
from penstock.keepers.exits import ExitClerk
from penstock.keepers.keeper import Decision
from penstock.keepers.makers import from_engine, from_file
from penstock.rpc import NodeRefusedError
from penstock.sender import Receipt
from tests.flows.bench import Killed, kill
from tests.flows.leaving import ALL, AWAY, ELSEWHERE, GAS, LOTS, Hall, ladder, rests
from tests.helpers.faults import FlakyRpc


@pytest.fixture
def hall(session: Session) -> Hall:
    return Hall(session)


# --- the line -------------------------------------------------------------------------------------


def test_line__ticket_that_is_ready__is_paid_once(hall: Hall) -> None:
    keeper = hall.clerk()
    hall.session.withdraw(hall.trader("alice"), "100")
    hall.session.withdraw(hall.trader("bob"), "200")
    assert hall.run(keeper, 3) == 1
    assert hall.said()[-1] == ("left", "the head of the line waits")
    hall.ripe()
    assert hall.run(keeper, 3) == 1
    assert hall.done() == ["released"]
    assert hall.remote.queue.ask("owed") == 0
    assert hall.money(hall.trader("alice").owner.address) == 100 * 10**6
    assert hall.differ() == []


def test_line__hold_whose_delay_is_over__is_admitted_then_paid(hall: Hall) -> None:
    keeper, alice = hall.clerk(), hall.trader("alice")
    hall.guard("alice", 3_600)
    hall.remote.positions.transact(
        alice.owner, "requestWithdrawal", alice.account, AWAY, 10**8, [], gas=GAS
    )
    hall.node.warp(hall.node.time() + 3_590)
    hall.run(keeper, 2)
    assert hall.done() == []
    hall.node.warp(hall.node.time() + 10)
    assert hall.run(keeper, 2) == 1
    hall.ripe()
    assert hall.run(keeper, 2) == 1
    assert hall.done() == ["admitted", "released"]
    assert hall.money() == 10**8


# --- forced requests ------------------------------------------------------------------------------


def test_forced_withdrawal__nobody_else_acts__is_served_after_the_window_and_paid(
    hall: Hall,
) -> None:
    hall.trade()
    request, keeper = hall.force("alice", "forceWithdrawal", AWAY, 10**9), hall.clerk()
    hall.node.warp(hall.node.time() + hall.window - 60)
    hall.run(keeper, 2)
    assert hall.done() == []
    hall.node.warp(hall.node.time() + 60)
    assert hall.run(keeper, 2) == 1
    assert hall.status(request) == "served"
    hall.ripe()
    assert hall.run(keeper, 2) == 1
    assert hall.done() == ["withdrew", "released"]
    assert hall.money() == 10**9
    assert hall.remote.desk.ask("creditOf", hall.trader("dave").owner.address) > 0
    assert hall.differ() == []


def test_forced_withdrawal__of_more_than_can_be_spared__is_served_in_parts_worth_a_call(
    hall: Hall,
) -> None:
    hall.trade()
    request = hall.force("alice", "forceWithdrawal", AWAY, ALL)
    keeper = hall.operators()
    hall.live(0)
    hall.run(keeper, 4)
    assert hall.done() == ["withdrew"]
    # Now what is freed is less than it is worth.
    hall.live(hall.window)
    spare = hall.remote.lens.ask("accountOf", hall.account("alice"))[-1]
    assert spare < 0  # funding was charged
    hall.session.devnet.deposit(hall.trader("alice").owner, hall.account("alice"), 5 - spare)
    hall.run(hall.clerk(least=6), 3)
    told = hall.said()
    assert ("left", "too little to spare") in told
    assert ("withdrew", "it was forced") not in told
    hall.run(hall.clerk(least=5), 2)
    assert hall.done() == ["withdrew"]
    assert hall.status(request) == "pending"


def test_forced_close__fund_with_money__is_served_before_it_counts_as_ignored(hall: Hall) -> None:
    hall.trade()
    hall.endow_fund(50_000 * 10**6)
    request, keeper = hall.force("alice", "forceClose", 1, LOTS), hall.clerk()
    hall.live(hall.window - 60)
    hall.run(keeper, 3)
    assert hall.done() == []
    hall.live(60)
    assert hall.run(keeper, 3) == 1
    assert hall.done() == ["closed"]
    assert (hall.status(request), hall.size("alice")) == ("served", 0)
    hall.live(hall.window)
    assert not hall.remote.desk.ask("isIgnored", request)
    assert hall.differ() == []


def test_forced_close__fees_would_do__are_collected_and_the_fund_takes_it(hall: Hall) -> None:
    hall.trade()
    # The fund's margin for a lot is 3, and the fees are 42: enough for some lots.
    request, keeper = hall.force("alice", "forceClose", 1, LOTS), hall.clerk()
    hall.live(hall.window)
    hall.patient(keeper)
    assert hall.done() == ["collected fees", "closed"]
    assert 0 < hall.size("alice") < LOTS
    assert hall.status(request) == "pending"
    assert hall.differ() == []


def test_forced_close__signed_orders_of_a_file__take_it_without_a_fund(
    hall: Hall, tmp_path: Path
) -> None:
    hall.trade()
    file = tmp_path / "orders"
    stranger = rests(hall, "alice")[1]
    order, said = rests(hall, lots=LOTS // 4)
    file.write_bytes(b"\n".join([b"}{ broken", stranger, ladder(hall), said]))
    request, keeper = hall.force("alice", "forceClose", 1, LOTS), hall.clerk(orders=from_file(file))
    hall.live(hall.window)
    hall.run(keeper, 3)
    assert hall.done() == ["closed"]
    assert (hall.status(request), hall.size("carol")) == ("served", LOTS)
    told = hall.remote.lens.ask("orderStatus", order.account, False, order.nonce)
    assert told[1] == LOTS // 4
    assert hall.differ() == []


def test_forced_requests__with_the_operators_key__are_served_at_once_on_his_book(
    hall: Hall,
) -> None:
    hall.trade()
    hall.session.order(hall.trader("carol"), "buy", "0.6", "60000")
    hall.session.order(hall.trader("dave"), "buy", "0.6", "59900")
    close = hall.force("alice", "forceClose", 1, LOTS)
    withdrawal = hall.force("bob", "forceWithdrawal", AWAY, 10**9)
    keeper = hall.operators(from_engine(hall.session.engine))
    hall.live(0)
    hall.run(keeper, 4)
    assert hall.done() == ["closed", "withdrew"]
    assert [hall.status(one) for one in (close, withdrawal)] == ["served", "served"]
    assert (hall.size("carol"), hall.size("dave")) == (600, 400)
    assert hall.differ() == []


def test_forced_close__came_about_elsewhere__is_acknowledged(hall: Hall) -> None:
    hall.trade()
    request, keeper = hall.force("alice", "forceClose", 1, LOTS), hall.clerk()
    for size in ("0.4", "0.6"):
        hall.session.order(hall.trader("carol"), "buy", size, "60000")
        hall.session.order(hall.trader("alice"), "sell", size, "60000")
        hall.session.settle()
        hall.node.warp(hall.node.time() + 20)
        hall.run(keeper, 3)
        assert hall.done() == ["acknowledged"]
    assert hall.status(request) == "served"


def test_forced_close__nobody_can_take_it__alarms_in_time_and_serves_the_others(
    hall: Hall,
) -> None:
    hall.trade()
    close = hall.force("alice", "forceClose", 1, LOTS)
    withdrawal, keeper = hall.force("bob", "forceWithdrawal", AWAY, 10**9), hall.clerk()
    hall.live(hall.window)
    # The fund takes a few lots, for which the fees suffice.
    hall.patient(keeper)
    told = hall.said()
    assert ("left", "nobody can take over what is to be closed") in told
    assert (hall.status(close), hall.status(withdrawal)) == ("pending", "served")
    hall.live(hall.window // 2)
    hall.run(keeper, 2)
    assert ("alarm", "nobody can take over what is to be closed") in hall.said()


def test_forced_withdrawal__node_refuses_it__rests_and_the_others_are_served(hall: Hall) -> None:
    hall.guard("alice", 0, ELSEWHERE)
    refused = hall.force("alice", "forceWithdrawal", AWAY, 10**9)
    served = hall.force("bob", "forceWithdrawal", AWAY, 10**9)
    keeper = hall.clerk()
    hall.node.warp(hall.node.time() + hall.window)
    hall.run(keeper, 4)
    notes = [note for note in hall.notes if "refused" in note.values]
    assert len(notes) == 1
    assert "Guard_DestinationRefused" in str(notes[0])
    assert (hall.status(refused), hall.status(served)) == ("pending", "served")


def test_forced_withdrawal__no_block_has_room_for_the_call__rests_and_the_others_are_served(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = (hall.force(w, "forceWithdrawal", AWAY, 10**9) for w in ("alice", "bob"))
    keeper = hall.clerk()
    hall.node.warp(hall.node.time() + hall.window)
    with monkeypatch.context() as patch:
        # The node's own refusal, not the contract's.
        patch.setattr(serving, "WITHDRAW_GAS", 10**10)
        with pytest.raises(NodeRefusedError):
            keeper.act(cast(Decision, keeper.decide(hall.clock.now())))
    decision = cast(Decision, keeper.decide(hall.clock.now()))
    assert decision.values["request"] == second
    keeper.act(decision)
    assert (hall.status(first), hall.status(second)) == ("pending", "served")


# --- restarts and rivals --------------------------------------------------------------------------


def forced(hall: Hall) -> int:
    """A forced withdrawal whose window is over."""
    hall.clerk().act(first_look(hall))
    request = hall.force("alice", "forceWithdrawal", AWAY, 10**9)
    hall.node.warp(hall.node.time() + hall.window)
    return request


def first_look(hall: Hall) -> Decision:
    decision = hall.clerk().decide(hall.clock.now())
    assert decision is not None
    return decision


def test_restart__killed_between_decide_and_act__the_next_acts_once(hall: Hall) -> None:
    request, dead = forced(hall), hall.clerk()
    decision = dead.decide(hall.clock.now())
    assert decision is not None
    before = hall.sent()
    hall.run(hall.clerk(), 3)
    assert hall.done() == ["withdrew"]
    assert (hall.status(request), hall.sent()) == ("served", before + 1)
    with pytest.raises(ContractRevert, match="Request_NotPending"):
        dead.act(decision)
    assert hall.sent() == before + 1


def test_restart__killed_before_the_receipt__the_next_finds_it_done(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    request, dead = forced(hall), hall.clerk()
    monkeypatch.setattr(dead.station.wallet.sender, "wait", kill)
    with pytest.raises(Killed):
        hall.run(dead)
    hall.node.mine()
    before = hall.sent()
    hall.said()
    hall.run(hall.clerk(), 2)
    assert hall.done() == []
    assert (hall.status(request), hall.sent()) == ("served", before)


def test_rivals__both_decide_at_once__one_acts_and_the_other_goes_on(hall: Hall) -> None:
    request, one, other = forced(hall), hall.clerk("dave"), hall.clerk("carol")
    decisions = [keeper.decide(hall.clock.now()) for keeper in (one, other)]
    assert decisions[0] is not None
    assert decisions[1] is not None
    one.act(decisions[0])
    before = hall.sent("carol")
    with pytest.raises(ContractRevert, match="Request_NotPending"):
        other.act(decisions[1])
    assert (hall.status(request), hall.sent("carol")) == ("served", before)
    hall.said()
    hall.run(other, 2)
    assert hall.done() == []


@pytest.mark.parametrize("at", range(0, 20, 2))
def test_node_error__at_any_message__is_served_once_all_the_same(hall: Hall, at: int) -> None:
    request, rpc = forced(hall), FlakyRpc(hall.node.rpc.url)
    keeper, before = hall.shaky(rpc), hall.sent()
    first = rpc.count
    rpc.breaks = lambda count: count == first + at
    hall.run(keeper, 4)
    hall.node.mine()
    hall.run(keeper, 2)
    assert (hall.status(request), hall.sent()) == ("served", before + 1)
    assert keeper.station.docket.requests == {}
    assert keeper.station.mirror.differences() == []


def test_rollback__of_a_request__it_is_nobodys(anvil: Anvil, hall: Hall) -> None:
    hall.clerk().act(first_look(hall))
    snapshot = anvil.rpc.call("evm_snapshot")
    hall.force("alice", "forceWithdrawal", AWAY, 10**9)
    hall.node.warp(hall.node.time() + hall.window)
    keeper = hall.clerk()
    assert keeper.decide(hall.clock.now()) is not None
    anvil.rpc.call("evm_revert", snapshot)
    hall.said()
    hall.run(keeper)
    assert keeper.station.docket.requests == {}
    assert hall.done() == []


# --- the end --------------------------------------------------------------------------------------


def silence(hall: Hall, keeper: ExitClerk, more: Callable[[], object] = lambda: None) -> None:
    """Nobody but the keeper does anything, until the liveness window is over."""
    hall.run(keeper)
    assert ("looked", "the next batch is not noted") in hall.said()
    due = hall.node.time() + int(hall.remote.hatch.ask("LIVENESS"))
    hall.node.warp(due - int(hall.remote.watch.ask("GRACE")) - 30)
    while hall.node.time() < due:
        hall.run(keeper, 2)
        hall.node.warp(min(hall.node.time() + 200, due))


def test_silence__nobody_settles__is_noted_and_beaten_and_ends_in_an_alarm(hall: Hall) -> None:
    keeper = hall.clerk()
    silence(hall, keeper)
    assert 0 < hall.remote.hatch.ask("freezableAt") <= hall.node.time()
    hall.said()
    hall.run(keeper)
    assert ("alarm", "no batch lands: anybody may freeze the venue") in hall.said()
    assert hall.remote.hatch.ask("count")[0] == 0


def test_silence__batches_land__is_noted_anew_only_now_and_then(hall: Hall) -> None:
    keeper = hall.clerk()
    hall.run(keeper, 2)
    hall.trade()
    assert hall.run(keeper, 2) == 0
    hall.node.warp(hall.node.time() + 3_600)
    assert hall.run(keeper, 2) == 1
    assert hall.remote.hatch.ask("silence")[0] == hall.session.gate.venue.tally.number


def test_end__told_to_freeze__freezes_and_tallies_to_the_end_past_a_kill(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    hall.trade()
    hall.session.withdraw(hall.trader("carol"), "100")
    keeper = hall.clerk(freezes=True)
    silence(hall, keeper)
    hall.run(keeper)
    assert hall.remote.hatch.ask("count")[0] > 0
    # A page of two, and the process ends after the first of them.
    monkeypatch.setattr("penstock.follow.escape.PAGE", 2)
    wallet = keeper.station.wallet
    calls: Iterator[Callable[..., Receipt]] = iter([wallet.perform, kill])
    monkeypatch.setattr(wallet, "perform", lambda *call: next(calls)(*call))
    with pytest.raises(Killed):
        hall.run(keeper)
    assert hall.remote.hatch.ask("count")[2] == 2
    hall.said()
    hall.run(hall.clerk("bob"), 3)
    assert hall.done() == ["tallied"]
    _, accounts, counted, _ = hall.remote.hatch.ask("count")
    assert accounts == counted == 4
    assert hall.remote.hatch.ask("pot")[0] > 0
    assert hall.remote.queue.ask("owed") == 0
    assert hall.differ() == []


def test_end__close_that_was_ignored__freezes_only_who_is_told_to(hall: Hall) -> None:
    hall.trade()
    hall.force("alice", "forceClose", 1, LOTS)
    hall.live(2 * hall.window)
    hall.patient(hall.clerk())
    assert ("alarm", "a close was ignored: anybody may freeze the venue") in hall.said()
    assert hall.remote.hatch.ask("count")[0] == 0
    hall.said()
    hall.run(hall.clerk(freezes=True), 4)
    assert hall.done() == ["froze", "tallied"]

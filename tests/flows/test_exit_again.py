"""Asking again: the same wish is one exit, another is another, and each is told apart.

├── request ............. while it is queued; when it was released; a day later; with --again
├── request all ......... again with nothing left; again with new money
├── request to L1 ....... when it was bridged, and when it was paid there
├── force withdrawal .... a number waits and all is wanted; the same number; after it was served
├── force close ......... some lots wait and all are wanted; after it was served
├── carry ............... what was revoked is not carried, and said not to be
└── eta ................. before asking: delay, those ahead, bucket, guard; after the end
"""

from penstock.follow.forced import EVERYTHING
from penstock.follow.reports import moment
from penstock.follow.requests import WITHDRAWABLE
from penstock.settings import DEFAULTS
from penstock.wire import decode_withdrawal
from tests.flows.leaver import (
    DELAY,
    DEPOSIT,
    LIVENESS,
    RECIPIENT,
    WINDOW,
    Leaver,
    RollupLeaver,
)
from tests.flows.test_exit_commands import endow, fresh_after

DAY = 86_400
REQUEST = ("request", 600, "--account", 1)


def held_by(leaver: Leaver, account: int) -> int:
    """What an account has left in the venue."""
    return int(leaver.venue.remote.lens.ask("accountOf", account)[WITHDRAWABLE])


def test_request__the_same_again__is_the_same_exit_for_a_day(plain: Leaver) -> None:
    assert "ticket 1: queued" in plain.step(*REQUEST, key="owner ann").said
    queued = plain.step(*REQUEST, key="owner ann")
    assert (queued.code, "done already: ticket 1: queued" in queued.said) == (0, True), queued
    plain.pass_time(DELAY)
    plain.step("release", "--ticket", 1)
    paid = plain.step(*REQUEST, key="owner ann")
    assert (paid.code, "done already: ticket 1: released" in paid.said) == (0, True), paid
    assert "nothing was sent; to ask for as much once more, add --again" in paid.said
    assert held_by(plain, 1) == DEPOSIT - 600_000_000


def test_request__once_more__is_asked_for_or_taken_for_new_after_a_day(plain: Leaver) -> None:
    small = ("request", 100, "--account", 1)
    plain.step(*small, key="owner ann")
    second = plain.step(*small, "--again", key="owner ann").said
    assert "under way already: ticket 1: queued" in second
    assert "new: ticket 2: queued" in second
    plain.pass_time(DELAY)
    plain.step("release", "--ticket", 2)
    plain.pass_time(DAY - 60)
    assert "done already: ticket 2" in plain.step(*small, key="owner ann").said
    plain.pass_time(60)
    assert plain.step(*small, key="owner ann").said.startswith("ticket 3: queued")
    assert held_by(plain, 1) == DEPOSIT - 300_000_000


def test_request__another_recipient_or_amount__is_another_exit(plain: Leaver) -> None:
    plain.step(*REQUEST, key="owner ann")
    other = plain.step("request", 300, "--account", 1, key="owner ann").said
    assert "new: ticket 2: queued, 300" in other
    there = ("request", 100, "--account", 1, "--to", RECIPIENT)
    assert "new: ticket 3: queued, 100" in plain.step(*there, key="owner ann").said


def test_request__all_again__takes_what_is_new_and_nothing_twice(plain: Leaver) -> None:
    everything = ("request", "all", "--account", 1)
    plain.step(*everything, key="owner ann")
    plain.pass_time(DELAY)
    plain.step("release", "--ticket", 1)
    again = plain.step(*everything, key="owner ann")
    assert (again.code, "done already: ticket 1: released" in again.said) == (0, True), again
    plain.venue.deposit(plain.venue.trader("ann", 1).owner, 1, DEPOSIT)
    assert plain.step(*everything, key="owner ann").said.startswith("ticket 2: queued, 1,000")
    assert held_by(plain, 1) == 0


def test_request__to_l1__is_the_same_exit_when_bridged_and_when_final(rollup: RollupLeaver) -> None:
    asked, ticket = (*REQUEST, "--to-l1"), ("--ticket", 1)
    rollup.step(*asked, key="owner ann")
    rollup.pass_time(DELAY)
    for step in ("release", "send"):
        rollup.step(step, *ticket)
    assert "done already: ticket 1: bridged" in rollup.step(*asked, key="owner ann").said
    rollup.await_output(*ticket)
    rollup.step("prove", *ticket)
    rollup.pass_time(WINDOW)
    assert "ticket 1: final" in rollup.step("finalise", *ticket).said
    assert "done already: ticket 1: final" in rollup.step(*asked, key="owner ann").said
    rollup.pass_time(DAY)
    new = rollup.step("request", 300, "--account", 1, "--to-l1", key="owner ann").said
    assert new.startswith("ticket 2: queued")


# --- forced ---------------------------------------------------------------------------------------


def force(leaver: Leaver, amount: object, *more: str) -> str:
    words = ("force", "withdrawal", amount, "--account", 1, *more)
    return leaver.step(*words, key="owner ann").said


def test_force_withdrawal__all_while_a_part_waits__asks_for_all(plain: Leaver) -> None:
    assert "request 1: requested, 10.000000" in force(plain, 10)
    asked = force(plain, "all")
    assert "under way already: request 1: requested, 10.000000" in asked
    assert "new: request 2: requested, all" in asked
    stored = plain.venue.remote.desk.ask("paymentOf", 2)
    assert stored[1] == EVERYTHING
    assert force(plain, "all").startswith("done already: request 2: requested, all")
    assert force(plain, 10).startswith("done already: request 1: requested, 10")
    assert "new: request 3: requested, 11.000000" in force(plain, 11)


def test_force_withdrawal__served__is_not_forced_twice(plain: Leaver) -> None:
    force(plain, 10)
    plain.venue.live(plain.venue.chain.time() + DEFAULTS.settlement_window)
    assert "ticket 1: queued, 10" in plain.step("execute", "--request", 1).said
    assert force(plain, 10).startswith("done already: ticket 1: queued, 10")
    plain.pass_time(DELAY)
    plain.step("release", "--ticket", 1)
    assert force(plain, 10).startswith("done already: ticket 1: released, 10")
    assert "request 2: requested, 10" in force(plain, 10, "--again")
    assert plain.venue.remote.desk.ask("requestCount") == 2


def test_force_withdrawal__dropped__is_asked_for_anew(plain: Leaver) -> None:
    force(plain, 10)
    plain.venue.remote.desk.transact(plain.venue.trader("ann", 1).owner, "drop", 1)
    assert force(plain, 10).startswith("request 2: requested, 10")


def test_force_close__all_while_a_part_waits__asks_for_all(trading: Leaver) -> None:
    part, rest = (("force", "close", "BTC-PERP", size, "--account", 1) for size in ("0.1", "all"))
    trading.step(*part, key="owner alice")
    asked = trading.step(*rest, key="owner alice").said
    assert "under way already: request 1: requested, 100 lots" in asked
    assert "new: request 2: requested, 1,000 lots" in asked
    assert "done already: request 2" in trading.step(*rest, key="owner alice").said
    assert "done already: request 1" in trading.step(*part, key="owner alice").said
    endow(trading)
    fresh_after(trading, DEFAULTS.settlement_window)
    assert "request 2: served" in trading.step("execute", "--request", 2).said
    assert "done already: request 2: served" in trading.step(*rest, key="owner alice").said


# --- signed ---------------------------------------------------------------------------------------


def test_carry__revoked__is_refused_in_its_own_words(plain: Leaver) -> None:
    file = plain.folder / "withdrawal.json"
    words = ("request", 9, "--account", 1, "--signed", file)
    plain.step(*words, key="owner ann")
    nonce = decode_withdrawal(file.read_bytes()).withdrawal.nonce
    plain.venue.remote.desk.transact(plain.venue.trader("ann", 1).owner, "revoke", 1, nonce)
    for done in (plain.step("carry", file), plain.step(*words, key="owner ann")):
        assert (done.code, "was revoked by its owner" in done.said) == (1, True), done
    assert held_by(plain, 1) == DEPOSIT


# --- before asking --------------------------------------------------------------------------------


def test_eta__empty_line__is_the_delay_and_then_the_truth(plain: Leaver) -> None:
    told = plain.run("eta", 600)
    assert told.code == 0, told
    assert "600.000000 asked for now: promised by" in told.said
    assert told.said.count("(in 300 s)") == 2
    assert "its delay until" in told.said
    assert "those ahead" not in told.said
    assert plain.run("eta", "all").code == 2
    assert "1,000.000000 asked" in plain.run("eta", "all", "--account", 1).said


def test_eta__line_and_bucket__are_told_and_kept(narrow: Leaver) -> None:
    half = DEPOSIT * 30 // 10**6
    narrow.step("request", half, "--account", 1, key="owner ann")
    told = narrow.run("eta", 5_000).said
    for words in ("its delay until", "those ahead of it, 1 ticket with 30,000.000000,", "bucket"):
        assert words in told
    promised = narrow.venue.remote.queue.ask("eta", 5_000_000_000)
    narrow.step("request", 5_000, "--account", 1, "--to", RECIPIENT, key="owner ann")
    assert narrow.venue.remote.queue.ask("etaOf", 2) == promised
    assert moment(promised, 0).split(" UTC")[0] in told


def test_eta__guarded_account__adds_what_it_is_held_for(plain: Leaver) -> None:
    owner, queue = plain.venue.trader("ann", 1).owner, plain.venue.remote.queue
    queue.transact(owner, "announceGuard", 1, 600, [])
    told = plain.run("eta", 5, "--account", 1).said
    assert "the extra delay of its account: 600 s before that" in told


def test_eta__frozen__says_that_nothing_is_issued(plain: Leaver) -> None:
    plain.step("freeze")
    plain.venue.live(plain.venue.chain.time() + LIVENESS)
    plain.step("freeze")
    told = plain.run("eta", 5)
    assert (told.code, "issues no tickets" in told.said) == (1, True), told

"""`penstock exit` from the outside: each step in its time, from any machine, and twice.

├── to L1 ............... asked here, gone on with elsewhere; each step too early, in time, again
├── on L2 ............... delay, page, paid; the door's steps are refused
├── held ................ too early, admitted, and found by its old number
├── aside ............... the token refuses the recipient, claimed later
├── signed .............. into a file once, carried once by anybody
├── forced from L1 ...... while the sequencer is down
├── forced close ........ executed by anybody against the fund
├── statement ........... rebuilt from events; a word that differs is named
├── frozen .............. looked, silent, frozen, tallied, escaped
├── a mistake ........... one sentence, and what to do
└── live ................ until it is there
"""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace as changed

from penstock.anvil import Anvil
from penstock.devnet import balance_of
from penstock.follow.terminal import KEY_VARIABLE
from penstock.localvenue import LocalVenue
from penstock.messages import Order
from penstock.remote import Contract, RpcDeployer
from penstock.settings import DEFAULTS
from penstock.signing import keccak
from penstock.wire import encode_order
from tests.flows.leaver import (
    DELAY,
    DEPOSIT,
    LATER,
    LIVENESS,
    RECIPIENT,
    WINDOW,
    Done,
    Leaver,
    RollupLeaver,
    on_rollup,
)


@pytest.fixture
def quiet(tmp_path: Path) -> Iterator[RollupLeaver]:
    """The same, frozen after an hour of silence."""
    with on_rollup(tmp_path, changed(DEFAULTS, liveness=LIVENESS)) as leaver:
        leaver.venue.open(["ann"], DEPOSIT)
        yield leaver


@pytest.fixture
def odd(anvil: Anvil, tmp_path: Path) -> Leaver:
    """A venue whose token can refuse somebody."""
    deployer = LocalVenue.start(anvil, DEFAULTS).operator
    token = RpcDeployer(deployer).create("OddTokenMock")
    venue = LocalVenue.start(anvil, DEFAULTS, token)
    venue.open(["ann", "ben"], DEPOSIT)
    return Leaver(venue, tmp_path, "--rpc", anvil.url)


def endow(leaver: Leaver) -> None:
    """Give the insurance fund money of its own."""
    carol = leaver.venue.trader("carol", 3).owner
    leaver.venue.deposit(carol, 0, 10**11)


def fresh_after(leaver: Leaver, seconds: int) -> None:
    """Let seconds pass while the chain lives, and have the marks fresh at their end."""
    venue = leaver.venue
    venue.live(venue.chain.time() + seconds)
    for spec in venue.remote.system.markets:
        mark = int(venue.remote.index.ask("marketOf", spec.market)[0])
        venue.post(spec.market, [mark] * len(venue.publishers))
    venue.refresh()


def statement(leaver: Leaver, account: int) -> dict[str, Any]:
    """What an account has, exactly."""
    found: dict[str, Any] = json.loads(leaver.run("statement", "--account", account, "--json").said)
    return found


def balance(leaver: Leaver, address: str) -> int:
    return int(leaver.venue.remote.token.ask("balanceOf", address))


def late(done: Done, words: str) -> bool:
    """Whether a command's time has not come, and it says why."""
    return done.code == LATER and words in done.said


# --- to L1 ----------------------------------------------------------------------------------------


def test_exit__to_l1__goes_on_from_any_machine(rollup: RollupLeaver) -> None:
    asked = rollup.step("request", 600, "--account", 1, "--to-l1", key="owner ann")
    assert (asked.code, "ticket 1: queued, 600" in asked.said) == (0, True), asked
    again = rollup.step("request", 600, "--account", 1, "--to-l1", key="owner ann")
    assert "done already: ticket 1: queued" in again.said
    ticket = ("--ticket", 1)
    assert late(rollup.step("release", *ticket), "waits for its delay")
    rollup.pass_time(DELAY)
    released = rollup.elsewhere("release", *ticket, "--development", "passer-by")
    assert (released.code, "ticket 1: at the door" in released.said) == (0, True), released
    assert released.said.endswith("next: send, by anyone, now")
    assert "done already: ticket 1: at the door" in rollup.step("release", *ticket).said
    assert late(rollup.step("prove", *ticket), "next: send")
    assert "bridged" in rollup.step("send", *ticket).said
    assert late(rollup.step("prove", *ticket), "an output on L1 that covers it")
    rollup.await_output(*ticket)
    assert "proven" in rollup.elsewhere("prove", *ticket, "--development", "passer-by").said
    assert late(rollup.step("finalise", *ticket), "the challenge window")
    rollup.pass_time(WINDOW)
    assert rollup.elsewhere("finalise", *ticket, "--development", "passer-by").code == 0
    for name in ("finalise", "prove"):
        assert "done already: ticket 1: final" in rollup.run(name, *ticket).said
    owner = rollup.venue.trader("ann", 1).owner.address
    assert balance_of(rollup.net.l1, rollup.venue.collateral.l1, owner) == 600_000_000
    assert "ticket 1: final" in rollup.run("watch", *ticket).said


def test_watch__door_of_a_stranger__is_known_by_its_name_or_once_it_was_sent(
    rollup: RollupLeaver,
) -> None:
    rollup.step("request", 5, "--account", 1, "--to-l1", RECIPIENT, key="owner ann")
    rollup.pass_time(DELAY)
    assert "released" in rollup.step("release", "--ticket", 1).said
    assert "not at a door" in rollup.step("send", "--ticket", 1).said
    named = ("--ticket", 1, "--l1-recipient", RECIPIENT)
    assert rollup.step("send", *named).code == 0
    (found,) = rollup.ask("--ticket", 1)["exits"]
    assert (found["l1_recipient"], found["progress"]["stage"]) == (RECIPIENT, "bridged")
    assert rollup.run("watch", "--account", 1, "--once").said.startswith("ticket 1: bridged")


def test_force__sequencer_down__is_made_on_l1_and_executed_by_anybody(rollup: RollupLeaver) -> None:
    rollup.net.sequencer.pause()
    made = rollup.step("force", "withdrawal", "all", "--account", 2, "--from-l1", key="owner ben")
    assert (made.code, "request 1: requested" in made.said) == (0, True), made
    rollup.net.sequencer.resume()
    again = rollup.step("force", "withdrawal", "all", "--account", 2, key="owner ben")
    assert "done already: request 1" in again.said
    assert late(rollup.step("execute", "--request", 1), "the operator's window")
    rollup.pass_time(DEFAULTS.settlement_window)
    assert (
        "ticket 1: queued"
        in rollup.elsewhere("execute", "--request", 1, "--development", "passer-by").said
    )
    assert "done already: ticket 1" in rollup.step("execute", "--request", 1).said
    rollup.pass_time(DELAY)
    assert "released" in rollup.step("release", "--request", 1).said
    assert balance(rollup, rollup.venue.trader("ben", 2).owner.address) == DEPOSIT
    rollup.net.sync()
    assert rollup.net.verify().agrees


# --- on L2 ----------------------------------------------------------------------------------------


def test_exit__on_l2__is_paid_after_its_delay(plain: Leaver) -> None:
    plain.step("request", 1, "--account", 2, key="owner ben")
    plain.step("request", "all", "--account", 1, "--to", RECIPIENT, key="owner ann")
    looked = plain.run("watch", "--account", 1, "--once").said
    assert f"ticket 2: queued, 1,000.000000 to {RECIPIENT}, 1 ahead" in looked
    again = plain.step("request", "all", "--account", 1, "--to", RECIPIENT, key="owner ann")
    assert "done already: ticket 2" in again.said
    plain.pass_time(DELAY)
    assert plain.step("release", "--ticket", 2).code == 0
    assert balance(plain, RECIPIENT) == DEPOSIT
    assert "nothing is under way" in plain.run("watch", "--account", 1, "--once").said
    assert plain.step("claim", "--ticket", 2).said.startswith("done already: ticket 2: released")
    assert "is paid on L2, not at a door" in plain.step("send", "--ticket", 2).said


def test_admit__guarded_account__waits_and_keeps_its_number(plain: Leaver) -> None:
    owner, queue = plain.venue.trader("ann", 1).owner, plain.venue.remote.queue
    queue.transact(owner, "announceGuard", 1, 600, [])
    held = plain.step("request", 7, "--account", 1, key="owner ann")
    assert "hold 1: held, 7.000000" in held.said
    assert late(plain.step("admit", "--hold", 1), "the extra delay of its account")
    plain.pass_time(600)
    assert "ticket 1: queued" in plain.step("admit", "--account", 1).said
    assert plain.step("admit", "--hold", 1).said.startswith("done already: ticket 1: queued")
    assert [one["name"] for one in plain.ask("--account", 1)["exits"]] == ["ticket 1"]


def test_carry__signed_withdrawal__is_carried_once_by_anybody(plain: Leaver) -> None:
    file = plain.folder / "withdrawal.json"
    words = ("request", 9, "--account", 1, "--signed", file)
    assert "belongs to" in plain.step(*words, key="owner ben").said
    assert "requested" in plain.step(*words, key="owner ann").said
    assert plain.step(*words, key="owner ann").said.startswith("done already")
    other = plain.step("request", 8, "--account", 1, "--signed", file, key="owner ann")
    assert (other.code, "holds another withdrawal" in other.said) == (1, True)
    assert "ticket 1: queued" in plain.step("carry", file).said
    assert plain.step("carry", file).said.startswith("done already: ticket 1")


def test_carry__after_its_deadline__is_refused(plain: Leaver) -> None:
    file = plain.folder / "withdrawal.json"
    words = ("request", 9, "--account", 1, "--signed", file, "--lasting", 60)
    plain.step(*words, key="owner ann")
    plain.pass_time(3_600)
    done = plain.step("carry", file)
    assert (done.code, "could be carried until" in done.said) == (1, True)


def test_claim__recipient_was_refused__is_paid_later_or_elsewhere(odd: Leaver) -> None:
    remote, operator = odd.venue.remote, odd.venue.operator
    token = Contract(remote.rpc, "OddTokenMock", remote.token.address)
    recipient = odd.venue.trader("ben", 2).owner
    for amount in (5, 6):
        to = ("--to", recipient.address)
        odd.step("request", amount, "--account", 1, *to, key="owner ann")
    token.transact(operator, "setBlocked", recipient.address, True)
    odd.pass_time(DELAY)
    done = odd.step("release", "--ticket", 2)
    assert (done.code, "ticket 2: aside" in done.said) == (0, True)
    refused = odd.step("claim", "--ticket", 1)
    assert (refused.code, "who may claim it with --to" in refused.said) == (1, True)
    elsewhere = ("claim", "--ticket", 1, "--to", RECIPIENT)
    assert "Vault_CallerNotRecipient" in odd.step(*elsewhere).said
    assert "released" in odd.step(*elsewhere, key="owner ben").said
    assert balance(odd, RECIPIENT) == 5_000_000
    token.transact(operator, "setBlocked", recipient.address, False)
    assert "ticket 2: released" in odd.step("claim", "--ticket", 2).said
    assert odd.step("claim", "--ticket", 2).said.startswith("done already")


def test_release__line_longer_than_the_bucket__pays_in_part_and_says_when(narrow: Leaver) -> None:
    half = DEPOSIT * 30
    narrow.step("request", half // 10**6, "--account", 1, "--to", RECIPIENT, key="owner ann")
    narrow.pass_time(DELAY)
    found = narrow.step("release", "--ticket", 1)
    assert late(found, "the outflow bucket")
    paid = balance(narrow, RECIPIENT)
    assert 0 < paid < half
    (told,) = narrow.ask("--ticket", 1)["exits"]
    assert told["ticket"]["left"] == half - paid
    narrow.venue.chain.warp(told["progress"]["eta"])
    assert "released" in narrow.step("release", "--ticket", 1).said
    assert balance(narrow, RECIPIENT) == half


# --- closes, and what an account has --------------------------------------------------------------


def test_force_close__nobody_serves_it__is_executed_against_the_fund(trading: Leaver) -> None:
    close = ("force", "close", "BTC-PERP", "0.4", "--account", 1)
    assert (
        "request 1: requested, 400 lots of market 1 left"
        in trading.step(*close, key="owner alice").said
    )
    assert "done already: request 1" in trading.step(*close, key="owner alice").said
    assert late(trading.step("execute", "--request", 1), "the operator's window")
    endow(trading)
    fresh_after(trading, DEFAULTS.settlement_window)
    part = trading.step("execute", "--request", 1, "--by-fund", 100)
    assert late(part, "request 1: executable, 300 lots of market 1 left")
    assert "request 1: served" in trading.step("execute", "--request", 1).said
    assert trading.step("execute", "--request", 1).said.startswith("done already: request 1")
    assert trading.venue.remote.lens.ask("positionOf", 1, 1)[0] == 600


def test_execute__with_resting_orders__fills_them_at_their_price(trading: Leaver) -> None:
    close = ("force", "close", "BTC-PERP", "0.3", "--account", 1)
    trading.step(*close, key="owner alice")
    fresh_after(trading, DEFAULTS.settlement_window)
    venue, file = trading.venue, trading.folder / "orders"
    carol, expiry = venue.trader("carol", 3), venue.chain.time() + 60
    lines = []
    for slot, size in ((200, 200), (201, 500)):
        order = Order(3, 1, True, False, False, False, 599_500, size, expiry, slot << 32 | 1)
        lines.append(encode_order(carol.signer.sign_order(venue.domain, order)))
    file.write_bytes(b"\n".join(lines))
    done = trading.step("execute", "--request", 1, "--orders", file)
    assert (done.code, "request 1: served" in done.said) == (0, True), done
    lens = venue.remote.lens
    assert [lens.ask("positionOf", account, 1)[0] for account in (1, 3)] == [700, 300]
    found = trading.run("statement", "--account", 3)
    assert found.code == 0, found


def test_freeze__for_a_request_that_was_ignored__shares_by_equity(trading: Leaver) -> None:
    trading.step("force", "close", "BTC-PERP", "all", "--account", 1, key="owner alice")
    freeze = ("freeze", "--request", 1)
    assert late(trading.step(*freeze), "the operator's window")
    trading.venue.live(trading.venue.chain.time() + 2 * DEFAULTS.settlement_window)
    assert "request 1: ignored" in trading.run("watch", "--request", 1, "--once").said
    assert trading.step(*freeze).said.startswith("the venue: frozen")
    before = statement(trading, 1)
    assert (before["is_frozen"], before["markets"], before["differences"]) == (True, [1], [])
    assert trading.step("tally").code == 0
    after = statement(trading, 1)
    assert (after["share"], after["differences"]) == (before["share"], [])
    paid = ("escape", "--account", 1, "--to", RECIPIENT)
    assert "account 1: paid" in trading.step(*paid, key="owner alice").said
    assert balance(trading, RECIPIENT) == after["share"] > 0
    assert statement(trading, 2)["differences"] == []


def test_statement__account_with_all_of_it__is_what_the_chain_says(trading: Leaver) -> None:
    trading.step("request", 10, "--account", 1, key="owner alice")
    owner, queue = trading.venue.trader("alice", 1).owner, trading.venue.remote.queue
    queue.transact(owner, "announceGuard", 1, 60, [])
    trading.step("request", 20, "--account", 1, key="owner alice")
    found = statement(trading, 1)
    assert found["differences"] == []
    assert [(one["name"], one["left"]) for one in found["owed"]] == [
        ("ticket 1", 10_000_000), ("hold 1", 20_000_000),
    ]  # fmt: skip
    assert [(one["market"], one["size"]) for one in found["holdings"]] == [(1, 1_000)]
    assert found["claim"] == found["share"] == found["equity"]
    page = trading.elsewhere("statement", "--account", 1).said
    for words in ("Account 1", "BTC-PERP", "ticket 1", "If the venue were frozen now", "markets"):
        assert words in page
    assert "every word is the chain's" in page


def test_statement__chain_with_another_word__names_it(trading: Leaver) -> None:
    vault, rpc = trading.venue.remote.vault, trading.venue.chain.rpc
    booked = f"{int(vault.ask('booked')):#066x}"
    places = [f"{slot:#066x}" for slot in range(4)]
    asked = [("eth_getStorageAt", (vault.address, place, "latest")) for place in places]
    place = places[rpc.batch(asked).index(booked)]
    rpc.call("anvil_setStorageAt", vault.address, place, f"{int(booked, 16) + 1:#066x}")
    trading.venue.chain.mine()
    done = trading.run("statement", "--account", 1)
    assert (done.code, "what the vault has booked" in done.said) == (1, True)


# --- the end of a venue ---------------------------------------------------------------------------


def test_freeze_tally_escape__silent_venue__pays_everybody(plain: Leaver) -> None:
    chain, watch = plain.venue.chain, plain.venue.remote.watch
    assert late(plain.step("tally"), "the venue: live")
    assert late(plain.step("freeze"), "the venue: silent")
    plain.venue.live(chain.time() + LIVENESS)
    assert plain.step("freeze").said.startswith("the venue: frozen, 0 of 2 accounts counted")
    assert plain.step("freeze").said.startswith("done already: the venue: frozen")
    assert late(plain.step("escape", "--account", 1, key="owner ann"), "next: tally")
    assert plain.step("tally").said.startswith("the venue: tallied")
    assert plain.step("tally").said.startswith("done already: the venue: tallied")
    to = ("--account", 1, "--to", RECIPIENT)
    assert "account 1: paid" in plain.step("escape", *to, key="owner ann").said
    assert plain.step("escape", *to, key="owner ann").said.startswith("done already")
    assert balance(plain, RECIPIENT) == DEPOSIT
    assert (
        "account 2: tallied, a share of 1,000" in plain.run("watch", "--account", 2, "--once").said
    )
    assert watch.ask("graceEndsAt") <= chain.time()


def test_escape__through_a_door__goes_on_to_l1(quiet: RollupLeaver) -> None:
    net, watch = quiet.net, quiet.venue.remote.watch
    quiet.step("freeze")
    quiet.pass_time(LIVENESS)
    assert late(quiet.step("freeze"), "the grace after an outage")
    for _ in range(2):
        quiet.pass_time(DEFAULTS.grace // 2)
        watch.transact(quiet.venue.operator, "beat")
    assert "frozen" in quiet.step("freeze").said
    assert "tallied" in quiet.step("tally").said
    leaving = ("escape", "--account", 1, "--to-l1")
    assert "account 1: at the door" in quiet.step(*leaving, key="owner ann").said
    account = ("--account", 1)
    assert "bridged" in quiet.step("send", *account).said
    quiet.await_output(*account)
    assert "proven" in quiet.step("prove", *account).said
    quiet.pass_time(WINDOW)
    assert "account 1: final" in quiet.step("finalise", *account).said
    owner = quiet.venue.trader("ann", 1).owner.address
    assert balance_of(net.l1, quiet.venue.collateral.l1, owner) == DEPOSIT


def test_freeze__after_an_outage__waits_for_the_grace(plain: Leaver) -> None:
    plain.step("freeze")
    plain.pass_time(LIVENESS)
    assert late(plain.step("freeze"), "the grace after an outage")
    plain.venue.live(plain.venue.chain.time() + DEFAULTS.grace)
    assert plain.step("freeze").code == 0


# --- mistakes, and the live line ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("watch", "--ticket", 9), 1, "there is no ticket 9"),
        (("watch", "--hold", 9), 1, "there is no hold 9"),
        (("watch", "--request", 9), 1, "there is no request 9"),
        (("watch", "--account", 9), 1, "there is no account 9"),
        (("watch",), 2, "name one of --ticket"),
        (("release", "--ticket", 9), 1, "there is no ticket 9"),
        (("request", "x", "--account", 1), 1, "is neither a number nor"),
        (("request", "1"), 2, "name the --account"),
        (("request", "1", "--account", 1, "--to-l1"), 1, "has no doors to L1"),
        (("request", "1", "--account", 1), 1, f"{KEY_VARIABLE} is not set"),
        (("carry", "/nowhere"), 1, "cannot be read"),
        (("force", "withdrawal", 1, "--account", 1, "--from-l1"), 1, "name the devnet"),
        (("force", "close", "DOGE", 1, "--account", 1), 1, "names no market"),
    ],
)
def test_exit__a_mistake__says_it_in_a_sentence(
    plain: Leaver, words: tuple[Any, ...], code: int, told: str
) -> None:
    done = plain.run(*words)
    assert (done.code, told in done.said) == (code, True), done


def test_request__key_in_the_environment__signs_and_is_not_shown(plain: Leaver) -> None:
    secret = keccak(b"penstock devnet owner ann").hex()
    done = plain.run("request", 1, "--account", 1, **{KEY_VARIABLE: "0x" + secret})
    assert (done.code, "ticket 1: queued" in done.said) == (0, True), done
    assert secret not in done.said


def test_watch__until_it_is_there__ends_by_itself(plain: Leaver) -> None:
    plain.step("request", 5, "--account", 1, key="owner ann")
    command = plain.command("watch", "--ticket", 1, "--pause", "0.05")
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as watching:
        plain.pass_time(DELAY)
        plain.step("release", "--ticket", 1)
        said, _ = watching.communicate(timeout=120)
    assert watching.returncode == 0
    assert "ticket 1: released" in said


def test_request__too_much__names_the_error_and_the_way_on(plain: Leaver) -> None:
    done = plain.step("request", 5_000, "--account", 1, key="owner ann")
    assert (done.code, "Withdrawal_ExceedsWithdrawable" in done.said) == (1, True)
    assert "penstock exit statement" in done.said

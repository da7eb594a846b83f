"""`penstock keep` and `penstock risk` from the outside: they do one thing, or say what to do.

keep
├── every keeper, once          a line for its decision
├── liquidations                the account's own key takes over, a stranger's does not
├── exits                       serves what waits, by anybody
├── prices from a file          posts what publishers appended, past lines that cannot be read
├── a key in the environment, or in an encrypted file
└── no key, no venue, no prices, a stranger's account     one sentence
risk
├── account, market             tables
└── unknown account or market   one sentence
"""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from eth_account import Account

from penstock.anvil import Anvil
from penstock.cli import main
from penstock.console import Session
from penstock.deployment import Deployment
from penstock.keepers.cli import KEY_VARIABLE
from penstock.messages import Report
from penstock.signing import keccak
from penstock.wire import encode_report
from tests.flows.bench import BANKRUPT, NEEDY, fall, lend, needy


class Desk:
    """A venue on file, and the command."""

    def __init__(self, session: Session, anvil: Anvil, folder: Path) -> None:
        self.session, self.url = session, anvil.url
        self.file = folder / "deployment.json"
        self.folder = folder
        Deployment.of(anvil.rpc, session.devnet.remote.system).write(self.file)

    def call(self, *words: object, **settings: str) -> Result:
        """Call `penstock` with the venue's place, in an environment with these variables."""
        place = ("--rpc", self.url, "--deployment", self.file)
        named = [str(word) for word in (*words[:2], *place, *words[2:])]
        return CliRunner().invoke(main, named, env=settings)

    def keep(self, name: str, *words: object, key: str = "keeper", steps: int = 1) -> Result:
        """Let a keeper look so often, with a known key."""
        return self.call("keep", name, "--development", key, "--steps", steps, *words)


@pytest.fixture
def desk(session: Session, anvil: Anvil, tmp_path: Path) -> Desk:
    return Desk(session, anvil, tmp_path)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("prices", ["--price", "BTC-PERP=60000"]),
        ("funding", []),
        ("liquidations", ["--ether", "3000", "--floor", "1.5"]),
        ("deleveraging", []),
        ("fees", ["--ether", "3000"]),
        ("exits", ["--least", "2.5"]),
    ],
)
def test_keep__each_keeper_once__says_what_it_did_or_left(
    desk: Desk, name: str, words: list[str]
) -> None:
    done = desk.keep(name, *words)
    assert done.exit_code == 0, done.output
    assert all(line.startswith("time=") for line in done.output.splitlines())
    assert f"keeper={name} did=" in done.output


def test_keep_liquidations__by_an_owner__takes_over(desk: Desk) -> None:
    bench = needy(desk.session)
    done = desk.keep("liquidations", "--account", bench.account("dave"), key="owner dave")
    assert 'did="took over" why="it pays"' in done.output
    assert bench.size("dave") > 0


def test_keep_liquidations__by_a_stranger__is_told_so(desk: Desk) -> None:
    bench = needy(desk.session)
    done = desk.keep("liquidations", "--account", bench.account("dave"))
    assert "did=failed" in done.output
    assert "Liquidation_CallerNotTaker" in done.output
    assert bench.size("dave") == 0


def test_keep_prices__from_a_file__posts_what_can_be_read(desk: Desk) -> None:
    devnet, file = desk.session.devnet, desk.folder / "reports"
    report = Report(1, 612_340, devnet.chain.time())
    signed = [publisher.sign_report(devnet.feed_domain, report) for publisher in devnet.publishers]
    lines = [b"}{ broken", *(encode_report(one) for one in signed), b'{"report": 7}']
    file.write_bytes(b"\n".join(lines))
    done = desk.keep("prices", "--reports", file)
    assert 'did="posted prices"' in done.output
    assert devnet.remote.index.ask("marketOf", 1)[0] == 612_340


def test_keep_exits__by_a_stranger__serves_what_waits(desk: Desk) -> None:
    session, lines = desk.session, desk.folder / "orders"
    lines.write_bytes(b"")
    session.withdraw(session.traders[0], "100")
    session.devnet.chain.warp(session.devnet.chain.time() + 300)
    done = desk.keep("exits", "--orders", lines, steps=3)
    assert 'did=released why="the bucket lasts"' in done.output
    assert 'did=looked why="the next batch is not noted"' in done.output
    assert session.devnet.remote.queue.ask("owed") == 0


def test_keep__key_in_the_environment__pays_the_gas(desk: Desk) -> None:
    lend(desk.session)
    secret = keccak(b"penstock devnet operator").hex()
    done = desk.call("keep", "fees", "--steps", 1, **{KEY_VARIABLE: "0x" + secret})
    assert 'did="collected fees"' in done.output
    assert secret not in done.output


def test_keep__key_in_an_encrypted_file__pays_the_gas(desk: Desk) -> None:
    lend(desk.session)
    file = desk.folder / "account.json"
    secret = keccak(b"penstock devnet operator")
    file.write_text(json.dumps(Account.encrypt(secret, "open", kdf="pbkdf2", iterations=2)))
    words = ["keep", "fees", "--rpc", desk.url, "--deployment", str(desk.file), "--steps", "1"]
    done = CliRunner().invoke(main, [*words, "--keyfile", str(file)], input="open\n")
    assert 'did="collected fees"' in done.output
    shut = CliRunner().invoke(main, [*words, "--keyfile", str(file)], input="wrong\n")
    assert "cannot be opened" in shut.output
    assert shut.exit_code == 1


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("keep", "fees"), f"{KEY_VARIABLE} is not set"),
        (("keep", "prices", "--development", "keeper"), "name --reports FILE"),
        (("keep", "prices", "--development", "x", "--price", "DOGE=1"), "names no market"),
        (("keep", "prices", "--development", "x", "--price", "BTC-PERP=x"), "is no number"),
        (("keep", "prices", "--development", "x", "--reports", "/nowhere", "--steps", "1"),
         "cannot be read"),
        (("keep", "exits", "--development", "x", "--orders", "/nowhere"), "cannot be read"),
        (("keep", "fees", "--url", "http://127.0.0.1:9"), "name another one with --url"),
        (("risk", "account", "99"), "Account_NotRegistered(99)"),
        (("risk", "market", "DOGE"), "there are BTC-PERP, ETH-PERP"),
        (("risk", "market", "BTC-PERP", "--price", "1.23"), "price"),
        (("risk", "market", "BTC-PERP", "--price", "abc"), "'--price': abc"),
    ],
)  # fmt: skip
def test_command__with_a_mistake__says_it_in_a_sentence(
    desk: Desk, words: tuple[str, ...], told: str
) -> None:
    done = desk.call(*words)
    assert done.exit_code != 0
    assert told in done.output
    assert "Traceback" not in done.output


def test_risk__account_and_market__show_tables(desk: Desk) -> None:
    bench = lend(desk.session)
    fall(desk.session, NEEDY)
    account = desk.call("risk", "account", bench.account("alice")).output
    assert "Risk of account 1" in account
    assert "BTC-PERP" in account
    market = desk.call("risk", "market", "BTC-PERP").output
    for title in ("Insurance fund", "shorts in profit", "if the mark jumped"):
        assert title in market
    at_prices = desk.call("risk", "market", "BTC-PERP", "--price", "54321.5", "--price", "1").output
    assert "54,321.5" in at_prices
    assert "-3.69 %" in at_prices
    assert "54,321.5" not in market


def test_console__risk_verbs__show_themselves(session: Session) -> None:
    bench = lend(session)
    fall(session, BANKRUPT)
    shown = repr(session.risk(bench.trader("alice")))
    assert "Risk of alice, account 1" in shown
    assert "margin ratio" in shown
    assert "+0 %" in repr(session.stress())
    assert "54,321.5" in repr(session.stress(price="54321.5"))
    assert "shorts in profit" in repr(session.ranks())

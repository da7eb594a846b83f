"""Every script shows its help, imports without effects, and says what is wrong in a sentence.

├── all                                 --help, importing does nothing
├── crash, demo, replay                 tables; a taken port is named
├── deploy                              dry run, JSON, descriptor
├── settle                              next, simulate, send, orders; a foreign descriptor is named
└── bench                               writes its JSON
"""

import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from penstock.anvil import Anvil
from penstock.batch import encode
from penstock.console import Session
from penstock.deployment import Deployment
from penstock.localvenue import Trader, signer_of
from penstock.messages import Order
from penstock.operations import KEY_VARIABLE
from penstock.units import UINT32_MAX
from penstock.wire import encode_order
from scripts import bench, crash, demo, powers, replay, settle

ROOT = Path(__file__).resolve().parents[2]
NAMES = sorted(path.stem for path in (ROOT / "scripts").glob("*.py"))
DATA = ROOT / "tests" / "data"
IMPORT = """
import socket, subprocess, sys
import ape.api, ape.cli, Crypto.Cipher.AES  # these look around when they are imported
def no(*_, **__): raise SystemExit("a script did something when it was imported")
socket.socket.connect = subprocess.Popen.__init__ = no
import importlib; importlib.import_module(sys.argv[1])
"""


def run(script: object, *words: object) -> Result:
    return CliRunner().invoke(script.cli, [str(word) for word in words])  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", NAMES)
def test_script__imported__does_nothing(name: str) -> None:
    command = [sys.executable, "-c", IMPORT, f"scripts.{name}"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr


@pytest.mark.parametrize("name", NAMES)
def test_script__help__is_there(name: str) -> None:
    command = [sys.executable, "-c", f"from scripts.{name} import cli; cli(['--help'])"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert "Usage:" in done.stdout


def test_demo__small__shows_the_tables() -> None:
    done = run(demo, "--rounds", 3, "--takes", 8)
    assert done.exit_code == 0, done.output
    for words in ("fills settled", "Withdrawals", "Statement of bob", "Checked against the chain"):
        assert words in done.output


@pytest.mark.parametrize("where", [(), ("--plain",)])
def test_crash__small__tells_who_bore_it_and_draws(tmp_path: Path, where: tuple[str, ...]) -> None:
    place = tmp_path / "crash.png"
    done = run(crash, "--small", "--notes", "--plot", place, *where)
    assert done.exit_code == 0, done.output
    assert "Who bore it" in done.output
    assert ("Checked between the chains" in done.output) == (not where)
    assert "keeper=deleveraging did=deleveraged" in done.output
    assert place.stat().st_size > 10_000


def test_demo__port_taken__is_named() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = run(demo, "--port", port)
    assert done.exit_code == 1
    assert f"port {port} is taken by another program" in done.output


def test_replay__sample__shows_the_tables() -> None:
    done = run(replay, DATA / "lobster.csv", "--accounts", 8)
    assert done.exit_code == 0, done.output
    assert "fills skipped" in done.output
    assert "Throughput" in done.output


def test_bench__one__writes_json(tmp_path: Path) -> None:
    place = tmp_path / "bench.json"
    assert run(bench, "signing", "--out", place).exit_code == 0
    measures = json.loads(place.read_text())
    assert {"name", "value", "unit", "goal", "met"} == set(measures[0])


def test_bench__unknown__is_named() -> None:
    done = run(bench, "nothing")
    assert done.exit_code == 2
    assert "there is no benchmark nothing" in done.output


def ape_run(*words: object) -> "subprocess.CompletedProcess[str]":
    command = [str(Path(sys.executable).parent / "ape"), "run", *map(str, words)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_deploy__json__writes_a_descriptor(tmp_path: Path) -> None:
    place = tmp_path / "deployment.json"
    where = ("--account", "TEST::0", "--network", "::foundry")
    done = ape_run("deploy", *where, "--json", "--out", place)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == json.loads(place.read_text())


def test_deploy__dry_run__sends_nothing(tmp_path: Path) -> None:
    place = tmp_path / "deployment.json"
    where = ("--account", "TEST::0", "--network", "::foundry")
    done = ape_run("deploy", *where, "--dry-run", "--out", place)
    assert done.returncode == 0, done.stderr
    assert "nothing was sent" in done.stdout
    assert not place.exists()


def test_deploy__bad_address__is_named() -> None:
    where = ("--account", "TEST::0", "--network", "::foundry")
    done = ape_run("deploy", *where, "--dry-run", "--operator", "0x00")
    assert done.returncode == 1
    assert "operator is 0x00" in done.stderr


@pytest.fixture
def descriptor(session: Session, tmp_path: Path) -> Path:
    """The venue of the session, on file."""
    place = tmp_path / "deployment.json"
    Deployment.of(session.devnet.chain.rpc, session.devnet.remote.system).write(place)
    return place


def test_powers__of_a_venue__says_who_can_stop_an_exit(descriptor: Path, session: Session) -> None:
    where = ("--url", session.devnet.chain.rpc.url, "--deployment", descriptor)
    done = run(powers, *where)
    assert done.exit_code == 0, done.output
    assert done.output.splitlines()[-1] == "who can stop an exit: nobody"
    rows = json.loads(run(powers, *where, "--json").output)["rows"]
    assert {row["function"] for row in rows if row["role"] == "Manager.GUARDIAN"} == {"pause"}


@pytest.fixture
def operator_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """The operator's key, where the script looks for it."""
    secret = signer_of("operator")._key.secret
    monkeypatch.setenv(KEY_VARIABLE, "0x" + secret.hex())


def on(session: Session, descriptor: Path, *words: object) -> Result:
    url = session.devnet.chain.rpc.url
    return run(settle, "--url", url, "--deployment", descriptor, *words)


def test_settle__batch_file__is_simulated_and_sent_once(
    session: Session, descriptor: Path, operator_key: None, tmp_path: Path
) -> None:
    alice, bob, *_ = session.traders
    session.order(alice, "buy", "0.1", "60000")
    session.order(bob, "sell", "0.1")
    file = tmp_path / "batch.hex"
    file.write_text(encode(session.submitter.prepare()[0]).hex())
    assert on(session, descriptor, "next").output == "1\n"
    told = "SETTLED: 100 lots of market 1 at 600000, accounts 1 and 2\n"
    assert on(session, descriptor, "simulate", file).output == told
    assert on(session, descriptor, "send", file).output.startswith("settled in 0x")
    again = on(session, descriptor, "send", file)
    assert (again.exit_code, again.output) == (1, "Error: Batch_NumberWrong(1, 2)\n")


def line(session: Session, trader: Trader, buy: bool) -> str:
    order = Order(trader.account, 1, buy, False, False, False, 600_000, 5, UINT32_MAX, 1)
    return encode_order(trader.signer.sign_order(session.devnet.domain, order)).decode()


def test_settle__signed_orders__are_matched_and_settled(
    session: Session, descriptor: Path, operator_key: None, tmp_path: Path
) -> None:
    alice, bob, *_ = session.traders
    session.price("60000")
    file = tmp_path / "orders.jsonl"
    file.write_text("\n".join([line(session, alice, True), line(session, bob, False), ""]))
    done = on(session, descriptor, "orders", file)
    assert done.output.startswith("batch 1: 1 fills, 0 skipped, "), done.output


def test_settle__without_a_key__says_where_to_put_it(
    session: Session, descriptor: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv(KEY_VARIABLE, raising=False)
    file = tmp_path / "batch.hex"
    file.write_text("00" * 19)
    done = on(session, descriptor, "send", file)
    assert done.exit_code == 1
    assert f"{KEY_VARIABLE} is not set" in done.output


def test_settle__chain_started_anew__descriptor_is_refused(descriptor: Path) -> None:
    with Anvil(start=1_900_000_000) as other:
        done = run(settle, "--url", other.url, "--deployment", descriptor, "next")
    assert done.exit_code == 1
    assert "ape run deploy" in done.output


def test_settle__no_node__names_the_url(descriptor: Path) -> None:
    done = run(settle, "--url", "http://127.0.0.1:9", "--deployment", descriptor, "next")
    assert done.exit_code == 1
    assert "no node answers at http://127.0.0.1:9" in done.output

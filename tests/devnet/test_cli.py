"""The command line against a devnet in a process of its own, in virtual time."""

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from penstock.cli import main
from penstock.devnet import ETHER
from penstock.devnet.client import read_descriptor
from penstock.devnet.errors import ControlError

UP = [sys.executable, "-c", "from penstock.cli import main; main()", "devnet", "up"]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The descriptor of a running devnet; the process ends by SIGTERM."""
    path = tmp_path_factory.mktemp("cli") / "devnet.json"
    options = ["--virtual", "--json", "--l1-port", "0", "--l2-port", "0", "--descriptor", str(path)]
    with subprocess.Popen([*UP, *options], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["l2"]["chain_id"] == 901
        yield path
        process.terminate()
        assert process.wait(10) == 0
    assert not path.exists()


def devnet(place: Path, *words: str) -> Result:
    """Run one command."""
    return CliRunner().invoke(main, ["devnet", *words, "--descriptor", str(place)])


def answer(place: Path, *words: str) -> dict[str, Any]:
    """What a command that must go well prints."""
    result = devnet(place, *words)
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.output)
    return found


def test_status__of_a_running_devnet__shows_both_chains_and_every_part(place: Path) -> None:
    found = answer(place, "status")
    assert found["l2"]["origin"] <= found["l1"]["block"]
    assert found["running"] == {"sequencer": True, "batcher": True, "proposer": True}


def test_deposit_and_withdraw__through_all_steps__pays_on_l1(place: Path) -> None:
    assert answer(place, "deposit", "1.5")["succeeded"]
    to = "0x" + "ab" * 20
    hash = answer(place, "withdraw", "0.25", "--to", to)["hash"]
    refused = devnet(place, "withdraw", hash, "--finalize")
    assert (refused.exit_code, "is not proven" in refused.output) == (1, True)
    answer(place, "step", "12")
    assert answer(place, "withdraw", hash, "--prove")["status"] == "proven"
    answer(place, "warp", "3600")
    assert answer(place, "withdraw", hash)["status"] == "ready"
    assert answer(place, "withdraw", hash, "--finalize")["paid"]
    url = read_descriptor(place).l1.url
    question = {"jsonrpc": "2.0", "id": 1, "method": "eth_getBalance", "params": [to, "latest"]}
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(url, json.dumps(question).encode(), headers)
    with urllib.request.urlopen(request) as response:
        assert int(json.load(response)["result"], 16) == ETHER // 4


def test_pause__and_off__switches_a_part(place: Path) -> None:
    answer(place, "pause", "sequencer")
    assert not answer(place, "status")["running"]["sequencer"]
    answer(place, "pause", "sequencer", "--off")
    assert answer(place, "status")["running"]["sequencer"]


def test_reorg_and_verify__afterwards__agree(place: Path) -> None:
    answer(place, "step", "8")
    answer(place, "reorg", "2")
    answer(place, "step", "4")
    assert answer(place, "verify")["agrees"]
    assert answer(place, "costs")["paid"] > 0


def test_dump__and_up_with_load__goes_on(place: Path, tmp_path: Path) -> None:
    saved = tmp_path / "saved.json"
    answer(place, "dump", str(saved))
    other = tmp_path / "other.json"
    options = ["--load", str(saved), "--l1-port", "0", "--l2-port", "0", "--descriptor", str(other)]
    with subprocess.Popen([*UP, *options], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert "ethereum:devnet-l1" in process.stdout.readline()
        assert answer(other, "verify")["agrees"]
        process.terminate()


def test_up__with_proofs_by_games__has_a_factory_of_games_and_no_oracle(tmp_path: Path) -> None:
    place = tmp_path / "games.json"
    ports = ["--l1-port", "0", "--l2-port", "0", "--descriptor", str(place)]
    times = ["--window", "20", "--maturity", "9", "--finality", "5"]
    command = [*UP, "--virtual", "--json", "--proofs", "games", *times, *ports]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        addresses = json.loads(process.stdout.readline())["addresses"]
        assert ("games" in addresses, "oracle" in addresses) == (True, False)
        hash = answer(place, "withdraw", "0.25")["hash"]
        answer(place, "step", "12")
        proven = answer(place, "withdraw", hash, "--prove")
        answer(place, "warp", str(proven["earliest"] - proven["now"]))
        assert answer(place, "withdraw", hash, "--finalize")["paid"]
        process.terminate()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("reorg", "9999"), "are possible"),
        (("deposit", "0.0000000000000000001"), "not a whole number of wei"),
        (("deposit", "much"), "'much' is no number"),
        (("deposit", "1", "--account", "77"), "cannot be done so"),
        (("withdraw", "0x" + "12" * 32), "is not in the L2 chain"),
        (("deposit", "99999999"), "wei on L1"),
    ],
)
def test_command__that_cannot_be_done__says_why_in_a_sentence(
    place: Path, words: tuple[str, ...], told: str
) -> None:
    result = devnet(place, *words)
    assert result.exit_code != 0
    assert told in result.output
    assert "Traceback" not in result.output


def test_status__without_a_devnet__says_how_to_start_one(tmp_path: Path) -> None:
    result = devnet(tmp_path / "none.json", "status")
    assert result.exit_code == 1
    assert "penstock devnet up" in result.output


def test_read_descriptor__of_another_file__says_so(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text("{}")
    with pytest.raises(ControlError, match="no descriptor of a devnet"):
        read_descriptor(path)


def test_control__asked_by_a_web_page__refuses(place: Path) -> None:
    request = urllib.request.Request(read_descriptor(place).control, b'{"do": "status"}')
    with pytest.raises(OSError, match="415"):
        urllib.request.urlopen(request)

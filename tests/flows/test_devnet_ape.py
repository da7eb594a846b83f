"""ape on a devnet that runs beside it: both chains by their names, and a venue with bridged money.

├── console on L2              reads blocks, deposits among them; changes nothing
├── console on both chains     one within the other, in one process
├── ape test on L2              the same test as on anvil
├── deploy --bridged           the collateral is a token of L1; L1 rebuilds what was deployed
└── no devnet there            a sentence, nothing sent
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from penstock.devnet import Descriptor
from penstock.devnet.client import ask, read_descriptor

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
BOTH = (
    "from ape import networks; a = networks.parse_network_choice('{l1}'); "
    "first = a.__enter__().chain_id; a.__exit__(None); print('chains', first, chain.chain_id)"
)


def run(*command: str) -> "subprocess.CompletedProcess[str]":
    """Run one of the project's commands from its root."""
    return subprocess.run(
        [str(BIN / command[0]), *command[1:]],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where a devnet on free ports, in real time, has written its descriptor."""
    path = tmp_path_factory.mktemp("devnet") / "devnet.json"
    ports = ("--l1-port", "0", "--l2-port", "0", "--json")
    command = [str(BIN / "penstock"), "devnet", "up", *ports, "--descriptor", str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        # The descriptor is printed when the devnet is up.
        assert json.loads(child.stdout.readline())
        yield path
        child.terminate()


@pytest.fixture(scope="module")
def found(place: Path) -> Descriptor:
    return read_descriptor(place)


def choice(found: Descriptor, layer: str) -> str:
    """How ape names a chain of this devnet, with the port that it has."""
    side = found.l1 if layer == "l1" else found.l2
    return f"{side.network}:{side.url}"


def test_console__on_l2__reads_deposits(found: Descriptor) -> None:
    code = "print('kind', type(chain.blocks[2].transactions[0]).__name__)"
    done = run("ape", "console", "--network", choice(found, "l2"), "-c", code)
    assert "kind SystemTransaction" in done.stdout, done.stdout + done.stderr


def test_console__both_chains__meets_each(found: Descriptor) -> None:
    code = BOTH.format(l1=choice(found, "l1"), l2=choice(found, "l2"))
    done = run("ape", "console", "--network", choice(found, "l2"), "-c", code)
    assert "chains 900 901" in done.stdout, done.stdout + done.stderr


def test_ape_test__on_l2__deploys_and_passes(found: Descriptor) -> None:
    chosen = ("tests/onchain/feed/test_on_ape.py", "-k", "quorum", "-q")
    done = run("ape", "test", *chosen, "--network", choice(found, "l2"))
    assert "1 passed" in done.stdout, done.stdout + done.stderr


def test_deploy__bridged__has_a_token_of_l1_and_can_be_rebuilt(
    place: Path, found: Descriptor, tmp_path: Path
) -> None:
    out = tmp_path / "deployment.json"
    here = ("--network", choice(found, "l2"), "--account", "TEST::0", "--out", str(out))
    done = run("ape", "run", "deploy", *here, "--bridged", "--descriptor", str(place))
    assert done.returncode == 0, done.stdout + done.stderr
    token = json.loads(out.read_text())["system"]["token"]
    code = f"print('bridge', Contract('{token}', abi={ABI!r}).BRIDGE())"
    asked = run("ape", "console", "--network", choice(found, "l2"), "-c", code)
    assert "bridge 0x4200000000000000000000000000000000000010" in asked.stdout, asked.stderr
    assert ask(place, "verify")["agrees"]


ABI = [
    {
        "type": "function",
        "name": "BRIDGE",
        "inputs": [],
        "outputs": [{"name": "", "type": "address"}],
        "stateMutability": "view",
    }
]


def test_deploy__bridged_without_a_devnet__says_so(tmp_path: Path) -> None:
    missing = tmp_path / "devnet.json"
    account = ("--account", "TEST::0")
    done = run("ape", "run", "deploy", *account, "--bridged", "--descriptor", str(missing))
    assert done.returncode == 1
    assert "no devnet was started here" in done.stdout + done.stderr

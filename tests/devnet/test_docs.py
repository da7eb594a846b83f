"""docs/devnet.md is true: its stories run, its commands and modules exist, its versions are so."""

import re
from pathlib import Path

import pytest

from penstock import devnet as package
from penstock.devnet import Devnet
from penstock.devnet.cli import devnet as group

PAGE = (Path(__file__).parents[2] / "docs" / "devnet.md").read_text()
FOLDER = Path(package.__file__ or "").parent


STORIES = re.findall(r"```python\n(.*?)```", PAGE, re.S)


def test_page__its_story__runs_as_it_stands(capsys: pytest.CaptureFixture[str]) -> None:
    exec(STORIES[0], {})
    assert int(capsys.readouterr().out) > 6 * 86_400


def test_page__its_story_of_a_false_claim__runs_as_it_stands() -> None:
    exec(STORIES[1], {})
    assert len(STORIES) == 2


def test_page__every_command__exists_with_its_options() -> None:
    lines = re.findall(r"^penstock devnet (\w+)([^#\n]*)", PAGE, re.M)
    assert {name for name, _ in lines} <= set(group.commands)
    options = set(
        re.findall(
            r"(?<!`)--(prove|finalize|off|load|virtual|blobs|proofs|window|maturity|finality)\b",
            PAGE,
        )
    )
    known = {o for c in group.commands.values() for p in c.params for o in p.opts}
    assert {f"--{option}" for option in options} <= known


def test_page__every_module__exists_and_every_one_is_in_the_table() -> None:
    table = PAGE[PAGE.index("| module | noun |") :]
    named = set(re.findall(r"`(\w+)`", table[: table.index("\n\n")]))
    assert named == {path.stem for path in FOLDER.glob("*.py")} - {"__init__"}


def test_page__every_call_of_a_devnet__exists(devnet: Devnet) -> None:
    table = PAGE[PAGE.index("| call |") :]
    rows = re.findall(r"^\| (`.*?) \|", table[: table.index("\n\n")], re.M)
    names = {re.split(r"[.(]", word)[-1 if word.startswith("Devnet.") else 0] or "start"
             for row in rows for word in re.findall(r"`([\w.]+)", row)}  # fmt: skip
    assert {name for name in names if not hasattr(devnet, name)} == set()


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("OptimismPortal", "portal"),
        ("L2OutputOracle", "oracle"),
        ("SystemConfig", "system"),
        ("SuperchainConfig", "superchain"),
        ("L1CrossDomainMessenger", "messenger"),
        ("L1StandardBridge", "bridge"),
        ("OptimismMintableERC20Factory", "factory"),
    ],
)
def test_page__version_of_a_contract__is_its_own(devnet: Devnet, name: str, field: str) -> None:
    version = devnet.l1.read(getattr(devnet.addresses, field), name, "version")
    assert f"{name} {version}" in PAGE

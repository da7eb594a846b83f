"""The front door is true: its commands, files and figures exist."""

import json
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()


def test_readme__length__is_a_front_door() -> None:
    assert len(README.splitlines()) <= 150


def test_readme__every_make_target__exists() -> None:
    makefile = (ROOT / "Makefile").read_text()
    named = set(re.findall(r"\bmake ([a-z-]+)", README))
    assert named
    assert {name for name in named if not re.search(rf"^{name}:", makefile, re.M)} == set()


def test_readme__every_path__exists() -> None:
    named = set(re.findall(r"(?:tests|docs|contracts|penstock|scripts)/[\w./-]*\w", README))
    assert named
    assert {name for name in named if not (ROOT / name).exists()} == set()


def test_readme__every_script__exists() -> None:
    named = set(re.findall(r"ape run ([a-z]+)", README))
    assert {name for name in named if not (ROOT / "scripts" / f"{name}.py").is_file()} == set()


def test_readme__gas_of_a_single_fill__is_the_committed_one() -> None:
    table = json.loads((ROOT / "tests" / "gas" / "gas.json").read_text())
    assert f"| {table['gas']['settle: a single fill']:,} |" in README

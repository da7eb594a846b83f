"""The console's verbs work as the README shows, on anvil; elsewhere it says what to do."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
STORY = """
order(alice, "buy", "0.5", "60000"); order(bob, "sell", "0.2"); done = settle()
progress = venue.lens.progress()
print("position", position(alice).size, "book", book()[0].size, "next", progress.number)
print("funding", warp(3600) and position(alice).funding, "ticket", withdraw(carol, "100"))
wait = eta("100"); print("wait", wait)
print("paid", warp(wait) and release(), "left", account(carol).equity)
"""
STOP = """
order(alice, "buy", "0.3", "60000"); sold = order(bob, "sell", "0.3")
bid = order(bob, "buy", "0.3", "59800")
held = order(alice, "sell", "0.3", reduce_only=True, stop="59900")[0]
print(held.what, held.note)
price("59950"); print("waits", len(book()))
price("59900"); print("stopped", len(book())); done = settle()
print("position", position(alice).size)
"""


def console(network: str, code: str) -> "subprocess.CompletedProcess[str]":
    ape = str(Path(sys.executable).parent / "ape")
    command = [ape, "console", "--network", network, "-c", code]
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
    )


def told(code: str) -> list[str]:
    """What a session on anvil prints, ape's own words left out."""
    done = console("::foundry", code)
    assert done.returncode == 0, done.stdout + done.stderr
    return [line for line in done.stdout.splitlines() if not line.startswith("INFO")]


def test_console__on_anvil__tells_the_whole_story() -> None:
    assert told(STORY) == [
        "position 0.200 book 0.300 next 2",
        "funding -0.150000 ticket 1",
        "wait 300",
        "paid 100.000000 left 99900.000000",
    ]


def test_console__a_stop__is_filled_when_the_mark_is_there() -> None:
    assert told(STOP) == [
        "waiting for a mark at or below 59900.0",
        "waits 1",
        "stopped 0",
        "position 0.000",
    ]


def test_console__on_ape_own_chain__says_what_to_use() -> None:
    done = console("::test", "print('alive')")
    assert "use anvil: `--network ::foundry`" in done.stdout
    assert "alive" in done.stdout

"""`penstock exit`: each command a process of its own, which knows only what is on file.

to L1
├── each step in its time ............ done once; the next time it says so and ends with 0
├── each step before its time ........ says when and what blocks, ends with 3
└── a ticket that is paid on L2 ...... has no way to L1
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from penstock.devnet import balance_of
from tests.flows.leaver import DEPOSIT, LATER, WINDOW, RollupLeaver, on_rollup


@pytest.fixture
def rollup(tmp_path: Path) -> Iterator[RollupLeaver]:
    with on_rollup(tmp_path) as leaver:
        leaver.venue.open(["ann", "ben"], DEPOSIT)
        yield leaver


def test_exit__from_a_request_to_l1__goes_on_from_any_machine(rollup: RollupLeaver) -> None:
    net, queue = rollup.net, rollup.venue.remote.queue
    recipient = "0x" + "a1" * 20
    asked = rollup.step("request", 600, "--account", 1, "--to-l1", recipient, key="owner ann")
    assert (asked.code, "ticket 1: queued" in asked.said) == (0, True), asked
    ticket: tuple[object, ...] = ("--ticket", 1, "--l1-recipient", recipient)
    early = rollup.step("push", *ticket)
    assert (early.code, "waits for its delay" in early.said) == (LATER, True), early
    net.warp(int(queue.ask("delay")))
    assert rollup.step("push", *ticket).code == 0
    assert "done already: ticket 1: at the door" in rollup.step("push", *ticket).said
    assert rollup.run("prove", *ticket).code == LATER
    sent = rollup.step("send", *ticket)
    assert (sent.code, "bridged" in sent.said) == (0, True), sent
    ticket = ("--ticket", 1)
    early = rollup.run("prove", *ticket)
    assert (early.code, "that no output on L1 covers it" in early.said) == (LATER, True), early
    while "now" not in rollup.run("watch", "--once", *ticket).said:
        net.sync()
    assert rollup.run("prove", *ticket).code == 0
    early = rollup.run("finalise", *ticket)
    assert (early.code, "the challenge window" in early.said) == (LATER, True), early
    net.warp(WINDOW)
    assert rollup.run("finalise", *ticket).code == 0
    for name in ("finalise", "prove"):
        assert "done already: ticket 1: final" in rollup.run(name, *ticket).said
    assert balance_of(net.l1, rollup.venue.collateral.l1, recipient) == 600_000_000
    assert "final" in rollup.run("watch", *ticket).said

"""Starting and ending: what a fresh devnet is, what it refuses, and that nothing is left behind."""

import json
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from penstock.devnet import ETHER, Config, Descriptor, Devnet, FeeCurve
from penstock.devnet import process as processes
from penstock.devnet.errors import (
    AnvilBehaviourError,
    AnvilMissingError,
    AnvilVersionError,
    ConfigError,
    PortTakenError,
)
from penstock.devnet.predeploys import BRIDGE, MESSENGER, PROXY_ADMIN, predeploy
from penstock.devnet.selftest import self_test
from tests.devnet.world import check_ether, check_verified
from tests.helpers.processes import alive, wait_for_end

# A shell that starts tests in the background lets them ignore Ctrl-C; the program does not.
PARENT = """
import signal, sys
from penstock.devnet import Config, Devnet
signal.signal(signal.SIGINT, signal.default_int_handler)
net = Devnet.start(Config(accounts=0))
print(net.descriptor.l1.pid, net.descriptor.l2.pid, flush=True)
sys.stdin.read()
"""


def test_start__with_the_defaults__funds_ten_accounts_through_the_portal(devnet: Devnet) -> None:
    assert len(devnet.accounts) == 10
    assert devnet.l2.balance(devnet.accounts[9].address) == 1_000 * ETHER
    check_ether(devnet)


def test_start__of_two_devnets__they_do_not_meet() -> None:
    with Devnet.start(Config(accounts=1)) as one, Devnet.start(Config(accounts=1)) as two:
        assert len({one.l1.url, one.l2.url, two.l1.url, two.l2.url}) == 4
        one.deposit_eth(one.accounts[0], 1)
        assert two.l2.balance(one.accounts[0].address) == two.config.balance
        check_verified(two)


def test_descriptor__written_and_read__is_the_same(devnet: Devnet, tmp_path: Path) -> None:
    path = tmp_path / "folder" / "devnet.json"
    devnet.descriptor.write(path)
    found = json.loads(path.read_text())
    assert found["l1"]["network"] == "ethereum:devnet-l1"
    assert found["l2"]["network"] == "optimism:devnet-l2"
    assert found["contracts"] == "@eth-optimism/contracts-bedrock 0.17.3"
    assert found["predeploys"]["bridge"] == BRIDGE
    assert len(found["accounts"]) == 10
    assert isinstance(devnet.descriptor, Descriptor)


@pytest.mark.parametrize("number", [0x07, 0x0F, 0x10, 0x11, 0x12, 0x15, 0x16, 0x18, 0x19, 0x1A])
def test_genesis__every_predeploy__answers_and_is_behind_the_admin(
    devnet: Devnet, number: int
) -> None:
    slot = "0xb53127684a568b3173ae13b9f8a6016e243e63b6e8ee1178d6a717850b5d6103"
    found = devnet.l2.rpc.call("eth_getStorageAt", predeploy(number), slot, "latest")
    assert int(found, 16) == int(PROXY_ADMIN, 16)
    if number != 0x18:
        assert devnet.l2.read(predeploy(number), "GasPriceOracle", "version")


@pytest.mark.parametrize(
    ("name", "field", "getter"),
    [
        ("OptimismPortal", "portal", "l2Oracle"),
        ("L1StandardBridge", "bridge", "messenger"),
        ("L1CrossDomainMessenger", "messenger", "portal"),
    ],
)
def test_deploy__every_contract__knows_the_proxies_of_the_others(
    devnet: Devnet, name: str, field: str, getter: str
) -> None:
    address = getattr(devnet.addresses, field)
    target = {"l2Oracle": "oracle"}.get(getter, getter)
    assert devnet.l1.read(address, name, getter) == getattr(devnet.addresses, target)


def test_genesis__the_messenger__talks_to_its_twin_alone(devnet: Devnet) -> None:
    twin = devnet.l2.read(MESSENGER, "L2CrossDomainMessenger", "otherMessenger")
    assert twin == devnet.addresses.messenger


@pytest.mark.parametrize("field", ["l1_port", "l2_port"])
def test_start__on_a_taken_port__names_it_and_leaves_nothing_running(field: str) -> None:
    before = set(processes._children)
    with socket.socket() as taken:
        taken.bind((processes.HOST, 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(PortTakenError, match=f"port {port} is taken"):
            Devnet.start(Config(**{field: port}))
    assert set(processes._children) == before


def test_start__without_anvil__says_where_it_was_looked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("shutil.which", lambda *_, **__: None)
    with pytest.raises(AnvilMissingError, match="neither beside this Python nor on the path"):
        Devnet.start()


def test_start__with_another_anvil__names_both_versions(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    other = tmp_path / "anvil"
    other.write_text("#!/bin/sh\necho 'anvil Version: 1.9.0-stable'\n")
    other.chmod(0o755)
    monkeypatch.setattr(processes, "find_anvil", lambda: str(other))
    with pytest.raises(AnvilVersionError) as caught:
        Devnet.start()
    assert (caught.value.found, caught.value.wanted) == ("1.9.0", "1.7.1")


def test_self_test__on_a_chain_that_charges_other_fees__names_what_differs(
    devnet: Devnet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("penstock.devnet.engine.DENOMINATOR", 50)
    rollup, origin = devnet.node.rollup, devnet.blocks[-1].origin
    with pytest.raises(AnvilBehaviourError, match="the base fee follows another rule"):
        self_test(devnet.l2.rpc, rollup, origin)


@pytest.mark.parametrize(
    ("config", "field"),
    [
        (Config(l2_block=0), "l2_block"),
        (Config(l1_block=1, l2_block=2), "l1_block"),
        (Config(window=0), "window"),
        (Config(accounts=11), "accounts"),
        (Config(history=3), "history"),
        (Config(base_fee_scalar=2**32), "base_fee_scalar"),
        (Config(l1_base_fee=FeeCurve(())), "l1_base_fee"),
        (Config(l1_base_fee=FeeCurve(((5, 1), (5, 2)))), "l1_base_fee"),
        (Config(blob_base_fee=FeeCurve(((0, 0),))), "blob_base_fee"),
    ],
)
def test_check__of_settings_that_cannot_be__names_the_field(config: Config, field: str) -> None:
    with pytest.raises(ConfigError) as caught:
        config.check()
    assert caught.value.field == field


def test_close__twice__is_as_good_as_once() -> None:
    net = Devnet.start(Config(accounts=0))
    pids = [net.descriptor.l1.pid, net.descriptor.l2.pid]
    net.close()
    net.close()
    assert [alive(pid) for pid in pids] == [False, False]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL, signal.SIGINT])
def test_end__of_the_program_by_a_signal__takes_both_chains_with_it(number: int) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PARENT],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as parent:
        assert parent.stdout is not None
        pids = [int(word) for word in parent.stdout.readline().split()]
        assert [alive(pid) for pid in pids] == [True, True]
        parent.send_signal(number)
        parent.wait(10)
    wait_for_end(pids)


def test_real_time__a_block_a_second__comes_without_being_asked_for() -> None:
    with Devnet.start(Config(clock="real", accounts=1)) as net:
        start = net.blocks[-1].number
        while net.blocks[-1].number < start + 2:
            net.check()
        assert net.deposit_eth(net.accounts[0], 1).succeeded
        net.warp(3_600)
        check_verified(net)

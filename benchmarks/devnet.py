"""The rollup devnet: how soon it is up, and how long the ways between its chains take.

Virtual time: what is measured is work, never waiting. Imports are done before; the best of a few
tries counts where a machine that is busy otherwise would be measured instead.
"""

import time
from collections.abc import Callable

from benchmarks.measure import Measure
from penstock.devnet import ETHER, Config, Devnet
from penstock.devnet.accounts import Transaction
from penstock.devnet.hashing import hexed

TRIES = 3
DEPOSITS = 20
BLOCKS, TRANSFERS = 10, 100


def run() -> list[Measure]:
    """Measure one devnet from its start to its verification."""
    up = min(_seconds(lambda: Devnet.start().close()) for _ in range(TRIES))
    with Devnet.start(Config(window=604_800)) as net:
        deposit = min(
            _seconds(lambda: net.deposit_eth(net.accounts[0], 1)) for _ in range(DEPOSITS)
        )
        whole = min(_seconds(lambda: _there_and_back(net)) for _ in range(TRIES))
        gas, whole_gas = _gas_per_byte(net)
        _fill(net)
        start = time.perf_counter()
        report = net.verify()
        rate = report.transactions / (time.perf_counter() - start)
    if not report.agrees:
        raise AssertionError(report.detail)
    return [
        Measure("devnet up, after imports", up, "s", "≤ 2", up <= 2),
        Measure("devnet: deposit seen on L2", deposit * 1e3, "ms", "≤ 20", deposit <= 0.02),
        Measure("devnet: deposit, withdraw, prove, finalise", whole, "s", "≤ 1", whole <= 1),
        Measure("devnet: verifier, every hash equal", rate, "transactions/s", "≥ 300", rate >= 300),
        Measure("devnet: L1 gas per posted byte", gas, "gas", "≤ 40", gas <= 40),
        Measure("devnet: the same with 21,000 a transaction", whole_gas, "gas", "", None),
    ]


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _there_and_back(net: Devnet) -> None:
    alice, bob = net.accounts[:2]
    net.deposit_eth(alice, ETHER)
    net.l2.send(alice, bob.address, value=1)
    found = net.withdrawal(net.withdraw_eth(alice, ETHER))
    while found.status == "waiting":
        net.sync()
    found.prove()
    net.warp(net.config.window)
    found.finalize()


def _gas_per_byte(net: Devnet) -> tuple[float, float]:
    """Of a full frame that nothing compresses: for its bytes alone, and for the transaction."""
    net.sync()
    alice = net.accounts[0]
    nonce = net.l2.nonce(alice.address)
    for place in range(3):
        prime, base = 2**256 - 189, 5 + 2 * place
        data = b"".join(pow(base, n + 200, prime).to_bytes(32, "big") for n in range(1_200))
        net.l2.send(alice, alice.address, data, gas=3_000_000, nonce=nonce + place)
    net.step()
    net.sync()
    batch = max(net.costs().batches, key=lambda one: one.size)
    return (batch.gas - 21_000) / batch.size, batch.gas / batch.size


def _fill(net: Devnet) -> None:
    """Blocks of transfers."""
    bob = net.accounts[1]
    first = net.l2.nonce(bob.address)
    for block in range(BLOCKS):
        for place in range(TRANSFERS):
            nonce = first + block * TRANSFERS + place
            transfer = Transaction(901, nonce, 21_000, net.accounts[2].address, b"", 1, 10**10)
            net.l2.rpc.call("eth_sendRawTransaction", hexed(transfer.sign(bob)))
        net.step()
    net.sync()
    net.sync()

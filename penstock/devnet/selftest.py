"""Edge: three blocks that show whether this anvil behaves as the node needs it.

    1  the same list gives the same block by the pool and by replacement
    2  two deposits of one sender go into one block; the base fee follows the rule
    3  a value that nobody can pay is left out by anvil, and its twin fails but mints

Everything is turned back afterwards.
"""

from typing import Final

from penstock.devnet.config import ETHER, Rollup
from penstock.devnet.deposits import Deposit, Origin, attributes
from penstock.devnet.engine import Engine, next_base_fee
from penstock.devnet.errors import AnvilBehaviourError, DivergenceError, NodeRefusedError
from penstock.devnet.predeploys import GAS_ORACLE, ZERO
from penstock.devnet.rpc import Rpc

_SOMEBODY: Final = "0x" + "5e" * 20
_PRICE: Final = "0x519b4bd3"
"""Selector of `l1BaseFee()`."""


def self_test(rpc: Rpc, rollup: Rollup, origin: Origin) -> None:
    """Raise AnvilBehaviourError at the first thing that is different."""
    mark = rpc.call("evm_snapshot")
    try:
        _try(rpc, rollup, origin)
    except (DivergenceError, NodeRefusedError) as error:
        raise AnvilBehaviourError("a block could not be built", error) from error
    finally:
        rpc.call("evm_revert", mark)


def _try(rpc: Rpc, rollup: Rollup, origin: Origin) -> None:
    engine = Engine(rpc)
    first = [attributes(rollup, origin, 1), _deposit(1, 0)]
    time = engine.head.time + rollup.l2_block
    mark = rpc.call("evm_snapshot")
    pooled = engine.build(time, first, ()).header
    # NOTE: only here: a replaced block leaves anvil's own idea of the next fee behind.
    _check_fee(rpc, engine)
    rpc.call("evm_revert", mark)
    engine.refresh()
    replaced = engine._by_reorg(time, first, ()).header
    if pooled != replaced:
        raise AnvilBehaviourError("two ways gave two blocks", f"{pooled} and {replaced}")
    engine.build(time + 1, [attributes(rollup, origin, 2), _deposit(2, 0), _deposit(3, 0)], ())
    built = engine.build(time + 2, [attributes(rollup, origin, 3), _deposit(4, 100 * ETHER)], ())
    if built.deposits[1].value or rpc.number("eth_getBalance", _SOMEBODY, "latest") != 4:
        raise AnvilBehaviourError("a deposit that cannot be paid was not replaced by its twin", 4)
    price = int(rpc.call("eth_call", {"to": GAS_ORACLE, "data": _PRICE}, "latest"), 16)
    if price != origin.base_fee or not rpc.number("eth_getBalance", ZERO, "latest"):
        raise AnvilBehaviourError("a call without sender does not see the L1 base fee", price)


def _check_fee(rpc: Rpc, engine: Engine) -> None:
    found = int(rpc.call("eth_getBlockByNumber", "pending", False)["baseFeePerGas"], 16)
    if found != next_base_fee(engine.head):
        detail = f"{found} instead of {next_base_fee(engine.head)}"
        raise AnvilBehaviourError("the base fee follows another rule", detail)


def _deposit(number: int, value: int) -> Deposit:
    source = number.to_bytes(32, "big")
    return Deposit(source, _SOMEBODY, ZERO, 1, value, 100_000, b"")

"""What the tests build, and the sums that must hold on every devnet."""

import gzip
import json
from typing import Any

import pytest

from penstock.devnet import Chain, Devnet, Key, Token, Withdrawal, balance_of
from penstock.devnet.chain import Receipt
from penstock.devnet.errors import WindowOpenError
from penstock.devnet.hashing import raw
from penstock.devnet.messages import messages_between
from penstock.devnet.predeploys import MESSAGE_PASSER, ZERO

STORE = bytes.fromhex("60003560005500")
"""Code that puts the first word of its calldata into slot 0."""
REJECT = bytes.fromhex("fe")
ANSWER = bytes.fromhex("602a60005260206000f3")
"""Code that returns 42."""
COUNT = bytes.fromhex("5f54600101805f555f35905500")
"""Code that counts its calls in slot 0, and keeps the first word of the n-th in slot n."""


def shut_until(time: int) -> bytes:
    """Code that fails before a time in seconds, and then does as COUNT."""
    # time, now, less than: jump to the end, which undoes the call.
    head = b"\x63" + time.to_bytes(4, "big") + b"\x42\x10\x60" + bytes([10 + len(COUNT)]) + b"\x57"
    return head + COUNT + b"\x5b\x5f\x5f\xfd"


def creation(code: bytes) -> bytes:
    """What deploys some code."""
    return bytes([0x60, len(code), 0x60, 12, 0x60, 0, 0x39, 0x60, len(code), 0x60, 0, 0xF3]) + code


def noise(words: int, seed: int = 0) -> bytes:
    """Bytes that nothing compresses, always the same."""
    prime = 2**256 - 189
    return b"".join(pow(5 + 2 * seed, n + 200, prime).to_bytes(32, "big") for n in range(words))


def counted(chain: Chain, target: str) -> list[int]:
    """What COUNT was called with, in order."""
    return [word(chain, target, 1 + call) for call in range(word(chain, target))]


def deploy(net: Devnet, chain: Chain, key: Key, code: bytes) -> str:
    """Put code onto either chain."""
    hash = chain.send(key, "", creation(code))
    net.sync()
    return landed(chain, hash).created


def landed(chain: Chain, hash: str) -> Receipt:
    """The receipt of a transaction that must be in a block."""
    receipt = chain.receipt(hash)
    assert receipt is not None, f"{hash} is in no block"
    return receipt


def word(chain: Chain, address: str, slot: int = 0) -> int:
    """A storage slot."""
    return chain.rpc.number("eth_getStorageAt", address, hex(slot), "latest")


def provable(net: Devnet, hash: str) -> Withdrawal:
    """A withdrawal, after the chains went on until an output covers it."""
    found = net.withdrawal(hash)
    for _ in range(3 * net.config.output_interval):
        if found.status == "provable":
            return found
        net.sync()
    raise AssertionError(f"still {found.status}")


def proven(net: Devnet, hash: str) -> Withdrawal:
    """A withdrawal that waits for the end of its window."""
    found = provable(net, hash)
    found.prove()
    return found


def ripen(net: Devnet, found: Withdrawal) -> None:
    """Let time pass until a proven withdrawal can be paid, and no longer."""
    earliest = found.earliest
    assert earliest is not None
    net.warp(max(0, earliest - net.node.next_time()))
    assert found.status == "ready"


def paid(net: Devnet, hash: str) -> Withdrawal:
    """A withdrawal that is final."""
    found = proven(net, hash)
    ripen(net, found)
    assert found.finalize().succeeded
    return found


def check_first_second(net: Devnet, found: Withdrawal) -> None:
    """A proven withdrawal is paid at the second that `earliest` names, and not one before."""
    earliest = found.earliest
    assert earliest is not None
    net.warp(earliest - net.node.state.now - 2 * net.config.l2_block)
    with pytest.raises(WindowOpenError) as caught:
        found.finalize()
    assert (caught.value.earliest, caught.value.now) == (earliest, earliest - 1)
    net.step()
    receipt = found.finalize().receipt
    assert int(net.l1.block(receipt.block)["timestamp"], 16) == earliest
    assert found.earliest is None


def l2_supply(net: Devnet) -> int:
    """All ether on L2, in wei, without the zero address's and what left through the passer."""
    dumped: dict[str, Any] = json.loads(gzip.decompress(raw(net.l2.rpc.call("anvil_dumpState"))))
    accounts = dumped["accounts"].items()
    away = {ZERO, MESSAGE_PASSER}
    return sum(int(a["balance"], 16) for name, a in accounts if name.lower() not in away)


def under_way(net: Devnet) -> int:
    """Wei that left L2 and is not paid on L1 yet."""
    messages = messages_between(net.l2.rpc, 1, net.blocks[-1].number)
    found = [net.withdrawal_of(message, 1) for message in messages]
    return sum(one.message.value for one in found if one.status != "final")


def check_ether(net: Devnet) -> None:
    """Portal ether = L2 supply + what is under way."""
    assert net.l1.balance(net.addresses.portal) == l2_supply(net) + under_way(net)


def check_tokens(net: Devnet, token: Token, under_way: int = 0) -> None:
    """Tokens locked on L1 = tokens on L2 + what is under way."""
    supply = int(net.l2.read(token.l2, "MockERC20", "totalSupply"))
    assert balance_of(net.l1, token.l1, net.addresses.bridge) == supply + under_way


def check_verified(net: Devnet) -> None:
    """L1 alone gives every block up to the safe head, and that is nearly all of them."""
    net.sync()
    net.sync()
    report = net.verify()
    assert report.agrees, report.detail
    assert report.ignored == ()
    assert report.blocks == net.safe

"""What the portal itself refuses of a withdrawal, asked past the devnet's own checks (WDQ-14)

proof
├── a second one ................ refused, whoever brings it, and the first wait goes on
├── by a stranger ............... counts as the owner's would, and pays the recipient alone
├── of an output that is not .... refused: a root of zeros, another root, an index beyond the last
payment
└── a second one ................ refused, and nobody is paid again
"""

from collections.abc import Sequence

import pytest

from penstock.devnet import Devnet, Key
from penstock.devnet.abi import contract
from penstock.devnet.errors import CallRevertedError
from penstock.devnet.hashing import raw
from penstock.devnet.withdrawals import Withdrawal
from tests.devnet.world import provable, ripen

STRANGER = "0x" + "77" * 20
AMOUNT = 6


def proof(
    found: Withdrawal, root: Sequence[bytes] | None = None, index: int | None = None
) -> bytes:
    """The call that proves it, with the output's parts or its index replaced."""
    place, output, shown = found._provable(None)
    parts = output.claimed
    true = bytes(32), raw(parts.state_root), raw(parts.storage_root), raw(parts.block_hash)
    return contract(found.ledger.portal).encode(
        "proveWithdrawalTransaction",
        found.message.fields,
        place if index is None else index,
        tuple(root or true),
        [raw(node) for node in shown.nodes],
    )


def send(devnet: Devnet, who: Key, data: bytes) -> None:
    """Send it to the portal."""
    devnet.l1.send(who, devnet.addresses.portal, data)
    devnet.sync()


def test_wdq_14__proven_again_at_the_portal__is_refused_whoever_asks(
    devnet: Devnet, alice: Key, bob: Key
) -> None:
    found = provable(devnet, devnet.withdraw_eth(alice, AMOUNT, STRANGER))
    data = proof(found)
    send(devnet, alice, data)
    earliest = found.earliest
    for who in (alice, bob):
        with pytest.raises(CallRevertedError, match="already been proven"):
            devnet.l1.send(who, devnet.addresses.portal, data)
    assert found.earliest == earliest


def test_wdq_14__proven_by_a_stranger__pays_the_recipient_and_nobody_else(
    devnet: Devnet, alice: Key, bob: Key
) -> None:
    found = provable(devnet, devnet.withdraw_eth(alice, AMOUNT, STRANGER))
    send(devnet, bob, proof(found))
    ripen(devnet, found)
    assert found.finalize().succeeded
    assert devnet.l1.balance(STRANGER) == AMOUNT


def test_wdq_14__paid_again_at_the_portal__is_refused(devnet: Devnet, alice: Key, bob: Key) -> None:
    found = provable(devnet, devnet.withdraw_eth(alice, AMOUNT, STRANGER))
    send(devnet, alice, proof(found))
    ripen(devnet, found)
    data = contract(found.ledger.portal).encode(
        "finalizeWithdrawalTransaction", found.message.fields
    )
    assert found.finalize().succeeded
    for who in (alice, bob):
        with pytest.raises(CallRevertedError, match="already been finalized"):
            devnet.l1.send(who, devnet.addresses.portal, data)
    assert devnet.l1.balance(STRANGER) == AMOUNT


@pytest.mark.parametrize("root", [[bytes(32)] * 4, [bytes(32), *[b"\x01" * 32] * 3]])
def test_wdq_14__root_of_zeros_or_of_nobody__is_refused_by_the_portal(
    devnet: Devnet, alice: Key, root: list[bytes]
) -> None:
    found = provable(devnet, devnet.withdraw_eth(alice, AMOUNT, STRANGER))
    with pytest.raises(CallRevertedError, match="invalid output root proof"):
        devnet.l1.send(alice, devnet.addresses.portal, proof(found, root))


def test_wdq_14__output_beyond_the_last__is_refused(devnet: Devnet, alice: Key) -> None:
    found = provable(devnet, devnet.withdraw_eth(alice, AMOUNT, STRANGER))
    beyond = proof(found, index=len(devnet.node.state.outputs))
    # Solidity's own refusal: an index that the oracle's list does not have.
    with pytest.raises(CallRevertedError, match=r"Panic\(50\)"):
        devnet.l1.send(alice, devnet.addresses.portal, beyond)
    found.prove()

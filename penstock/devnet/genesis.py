"""Block 0 of L2: proxies, code and storage of the predeployed contracts (pure).

No account but the zero address owns ether here. Whatever exists on L2 was deposited on L1, so the
portal's ether and the supply of L2 can be compared to the wei.
"""

from typing import Any, Final

from penstock.devnet.abi import contract
from penstock.devnet.config import L2_GAS_LIMIT, Rollup
from penstock.devnet.hashing import hexed, keccak
from penstock.devnet.predeploys import (
    BASE_FEE_VAULT,
    BRIDGE,
    GAS_ORACLE,
    L1_BLOCK,
    L1_FEE_VAULT,
    MESSAGE_PASSER,
    MESSENGER,
    PROXY_ADMIN,
    REJECTOR,
    SEQUENCER_VAULT,
    TOKEN_FACTORY,
    ZERO,
    implementation,
)

CALLER_FUNDS: Final = 2**128
"""NOTE: anvil charges the L1 fee in `eth_call` too; without a sender the zero address pays."""
_IMPLEMENTATION_SLOT: Final = int.from_bytes(keccak(b"eip1967.proxy.implementation"), "big") - 1
_ADMIN_SLOT: Final = int.from_bytes(keccak(b"eip1967.proxy.admin"), "big") - 1
_NO_SENDER: Final = 0xDEAD
"""What the messenger reads as "no message is being relayed"."""
_TO_L1: Final = 0
_VAULT_MINIMUM: Final = 10 * 10**18


def genesis(rollup: Rollup, owner: str) -> dict[str, Any]:
    """The file that anvil is started with."""
    return {
        "config": {"chainId": rollup.l2_chain},
        "timestamp": hex(rollup.l2_time),
        "gasLimit": hex(L2_GAS_LIMIT),
        "baseFeePerGas": hex(rollup.l2_base_fee),
        "coinbase": SEQUENCER_VAULT,
        "difficulty": "0x0",
        "mixHash": "0x" + "00" * 32,
        "nonce": "0x0",
        "extraData": "0x",
        "alloc": allocations(rollup, owner),
    }


def allocations(rollup: Rollup, owner: str) -> dict[str, Any]:
    """Every account of block 0."""
    found: dict[str, Any] = {
        ZERO: {"balance": hex(CALLER_FUNDS)},
        REJECTOR: {"balance": "0x0", "code": "0xfe"},
    }
    for address, (name, storage) in _contracts(rollup, owner).items():
        number = int(address, 16) & 0xFFFF
        code = implementation(number)
        slots = {**storage, _IMPLEMENTATION_SLOT: int(code, 16), _ADMIN_SLOT: int(PROXY_ADMIN, 16)}
        found[address] = _account(contract("Proxy").runtime(), slots)
        found[code] = _account(_code(name, owner), _sealed(storage))
    return found


def _contracts(rollup: Rollup, owner: str) -> dict[str, tuple[str, dict[int, int]]]:
    """Name, and storage behind the proxy, by address."""
    scalars = rollup.base_fee_scalar << 96 | rollup.blob_base_fee_scalar << 64
    other_messenger, other_bridge = int(rollup.l1_messenger, 16), int(rollup.l1_bridge, 16)
    return {
        # `_initialized` sits behind the 20 bytes of a spacer.
        MESSENGER: (
            "L2CrossDomainMessenger",
            {0: 1 << 160, 204: _NO_SENDER, 207: other_messenger},
        ),
        # Ecotone and Fjord.
        GAS_ORACLE: ("GasPriceOracle", {0: 0x0101}),
        BRIDGE: ("L2StandardBridge", {0: 1, 3: int(MESSENGER, 16), 4: other_bridge}),
        TOKEN_FACTORY: ("OptimismMintableERC20Factory", {0: 1, 1: int(BRIDGE, 16)}),
        L1_BLOCK: ("L1Block", {3: scalars}),
        MESSAGE_PASSER: ("L2ToL1MessagePasser", {}),
        PROXY_ADMIN: ("ProxyAdmin", {0: int(owner, 16)}),
        SEQUENCER_VAULT: ("SequencerFeeVault", {}),
        BASE_FEE_VAULT: ("BaseFeeVault", {}),
        L1_FEE_VAULT: ("L1FeeVault", {}),
    }


def _code(name: str, owner: str) -> bytes:
    if name.endswith("Vault"):
        return contract(name).runtime(_VAULT_MINIMUM, int(owner, 16), _TO_L1)
    return contract(name).runtime()


def _sealed(storage: dict[int, int]) -> dict[int, int]:
    """Only the mark of being initialised, so that nobody initialises the code itself."""
    return {0: storage[0]} if storage.get(0) else {}


def _account(code: bytes, slots: dict[int, int]) -> dict[str, Any]:
    storage = {f"0x{slot:064x}": f"0x{value:064x}" for slot, value in slots.items()}
    return {"balance": "0x0", "code": hexed(code), "storage": storage}

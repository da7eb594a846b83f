"""Addresses that every chain of this kind shares (pure)."""

from typing import Final


def predeploy(number: int) -> str:
    """Where a predeployed contract's proxy is on L2."""
    return f"0x42{number:038x}"


def implementation(number: int) -> str:
    """Where the code behind a predeployed proxy is."""
    return f"0x{'c0d3' * 9}{number:04x}"


MESSENGER: Final = predeploy(0x07)
GAS_ORACLE: Final = predeploy(0x0F)
BRIDGE: Final = predeploy(0x10)
SEQUENCER_VAULT: Final = predeploy(0x11)
TOKEN_FACTORY: Final = predeploy(0x12)
L1_BLOCK: Final = predeploy(0x15)
MESSAGE_PASSER: Final = predeploy(0x16)
PROXY_ADMIN: Final = predeploy(0x18)
BASE_FEE_VAULT: Final = predeploy(0x19)
L1_FEE_VAULT: Final = predeploy(0x1A)

ZERO: Final = "0x" + "00" * 20
ATTRIBUTES_SENDER: Final = "0xdeaddeaddeaddeaddeaddeaddeaddeaddead0001"
REJECTOR: Final = "0xfe" + "00" * 18 + "fe"
"""Its code is one invalid instruction: a call to it fails and burns all its gas."""
ALIAS: Final = 0x1111000000000000000000000000000000001111


def aliased(l1_contract: str) -> str:
    """Whom a call of an L1 contract comes from on L2."""
    return f"0x{(int(l1_contract, 16) + ALIAS) % 2**160:040x}"

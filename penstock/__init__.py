"""Perpetual futures: matched off-chain, settled on-chain in batches."""

from penstock.errors import PenstockError
from penstock.messages import (
    Cancel,
    Fill,
    Ladder,
    Order,
    Report,
    Side,
    SignedCancel,
    SignedLadder,
    SignedOrder,
    SignedReport,
    Verdict,
)
from penstock.units import MarketSpec

__all__ = [
    "Cancel",
    "Fill",
    "Ladder",
    "MarketSpec",
    "Order",
    "PenstockError",
    "Report",
    "Side",
    "SignedCancel",
    "SignedLadder",
    "SignedOrder",
    "SignedReport",
    "Verdict",
]

"""Perpetual futures: matched off-chain, settled on-chain in batches."""

from penstock.commands import SelfTrade
from penstock.engine import Engine
from penstock.errors import PenstockError
from penstock.events import (
    Accepted,
    Cancelled,
    CancelReason,
    Expired,
    Rejected,
    RejectReason,
    Trimmed,
)
from penstock.gate import Gate, OpenGate, PositionGate
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
from penstock.signing import Domain, Signer
from penstock.units import MarketSpec

__all__ = [
    "Accepted",
    "Cancel",
    "CancelReason",
    "Cancelled",
    "Domain",
    "Engine",
    "Expired",
    "Fill",
    "Gate",
    "Ladder",
    "MarketSpec",
    "OpenGate",
    "Order",
    "PenstockError",
    "PositionGate",
    "RejectReason",
    "Rejected",
    "Report",
    "SelfTrade",
    "Side",
    "SignedCancel",
    "SignedLadder",
    "SignedOrder",
    "SignedReport",
    "Signer",
    "Trimmed",
    "Verdict",
]

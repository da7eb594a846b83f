"""Perpetual futures: matched off-chain, settled on-chain in batches."""

from penstock.commands import Direction, SelfTrade
from penstock.engine import Engine
from penstock.errors import PenstockError
from penstock.events import (
    Accepted,
    Cancelled,
    CancelReason,
    Expired,
    LiquidationSlowed,
    Rejected,
    RejectReason,
    Triggered,
    Trimmed,
    Waiting,
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
    SignedWithdrawal,
    Verdict,
    Withdrawal,
)
from penstock.pace import Pace
from penstock.signing import Domain, Signer
from penstock.units import MarketSpec

__all__ = [
    "Accepted",
    "Cancel",
    "CancelReason",
    "Cancelled",
    "Direction",
    "Domain",
    "Engine",
    "Expired",
    "Fill",
    "Gate",
    "Ladder",
    "LiquidationSlowed",
    "MarketSpec",
    "OpenGate",
    "Order",
    "Pace",
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
    "SignedWithdrawal",
    "Signer",
    "Triggered",
    "Trimmed",
    "Verdict",
    "Waiting",
    "Withdrawal",
]

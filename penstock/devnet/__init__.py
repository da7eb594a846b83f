"""A rollup on one machine: L1, L2, bridge, batches, proofs and outages, of two anvils and Python.

It needs nothing of the venue. It is a model with the real contracts of the OP Stack, not an OP
Stack node: see docs/devnet.md for what it is not.
"""

from penstock.devnet.accounts import Key
from penstock.devnet.bridge import Arrival, Token, balance_of
from penstock.devnet.chain import Chain, Receipt
from penstock.devnet.config import ETHER, GWEI, Config, FeeCurve, constant
from penstock.devnet.costs import Costs
from penstock.devnet.descriptor import Descriptor
from penstock.devnet.errors import DevnetError
from penstock.devnet.messages import Message
from penstock.devnet.net import Devnet
from penstock.devnet.verifier import Report
from penstock.devnet.withdrawals import Payout, Status, Withdrawal

__all__ = [
    "ETHER",
    "GWEI",
    "Arrival",
    "Chain",
    "Config",
    "Costs",
    "Descriptor",
    "Devnet",
    "DevnetError",
    "FeeCurve",
    "Key",
    "Message",
    "Payout",
    "Receipt",
    "Report",
    "Status",
    "Token",
    "Withdrawal",
    "balance_of",
    "constant",
]

"""Orders for engine tests, unsigned: the engine is handed what was verified before."""

from typing import Any

from penstock.messages import Order, SignedOrder

SIGNATURE = bytes(64)
NOW = 100


def resting(account: int, side: str, price: int, size: int, **other: Any) -> SignedOrder:
    """Build a resting order in slot 0, epoch 1, unless told otherwise."""
    nonce = other.pop("slot", 0) << 32 | other.pop("epoch", 1)
    return order(account, side, price, size, nonce=nonce, **other)


def immediate(account: int, side: str, price: int, size: int, **other: Any) -> SignedOrder:
    """Build an immediate order with number 1, unless told otherwise."""
    return order(account, side, price, size, immediate=True, **other)


def order(account: int, side: str, price: int, size: int, **other: Any) -> SignedOrder:
    """Build any order of market 1."""
    fields: dict[str, Any] = {
        "market": 1,
        "immediate": False,
        "post_only": False,
        "reduce_only": False,
        "expiry": NOW + 50,
        "nonce": 1,
    }
    fields |= other
    return SignedOrder(
        Order(account=account, buy=side == "buy", price=price, size=size, **fields), SIGNATURE
    )

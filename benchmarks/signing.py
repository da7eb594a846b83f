"""A signed order from JSON to its signer's address, beside the bare recovery of a public key."""

from collections.abc import Callable
from random import Random
from statistics import median
from time import process_time
from typing import Final

from coincurve import PublicKey

from benchmarks.measure import Measure
from penstock.messages import Order
from penstock.signing import Domain, Signer, recover
from penstock.wire import decode_order, encode_order

ORDERS: Final = 400
PASSES: Final = 15
GOAL: Final = 1.3
DOMAIN: Final = Domain(31337, bytes(19) + b"\x07")


def run() -> list[Measure]:
    """Time both in turns over the same orders; the ratio is the median of the passes' ratios."""
    texts = _texts()
    full = [_full_signature(text) for text in texts]
    wholes: list[float] = []
    bares: list[float] = []
    for _ in range(PASSES):
        wholes.append(_time(lambda: [_verify(text) for text in texts]))
        bares.append(_time(lambda: [_bare(*pair) for pair in full]))
    ratio = median(whole / bare for whole, bare in zip(wholes, bares, strict=True))
    return [
        Measure("bare recovery of a public key", median(bares), "µs CPU", "", None),
        Measure("signed order: decode, digest, recover", median(wholes), "µs CPU", "", None),
        Measure("signed order / bare recovery", ratio, "×", f"≤ {GOAL}", ratio <= GOAL),
    ]


def _verify(text: bytes) -> bytes:
    signed = decode_order(text)
    return recover(DOMAIN.order_digest(signed.order), signed.signature)


def _bare(digest: bytes, signature: bytes) -> PublicKey:
    return PublicKey.from_signature_and_message(signature, digest, hasher=None)


def _texts() -> list[bytes]:
    rng = Random(1)
    signers = [Signer(rng.randbytes(32)) for _ in range(8)]
    return [
        encode_order(rng.choice(signers).sign_order(DOMAIN, _order(rng))) for _ in range(ORDERS)
    ]


def _order(rng: Random) -> Order:
    return Order(
        account=rng.randint(1, 10_000),
        market=rng.randint(1, 20),
        buy=rng.random() < 0.5,
        immediate=False,
        post_only=rng.random() < 0.5,
        reduce_only=False,
        price=rng.randint(1, 10**6),
        size=rng.randint(1, 10**4),
        expiry=2_000_000_000,
        nonce=rng.getrandbits(40),
    )


def _full_signature(text: bytes) -> tuple[bytes, bytes]:
    """Digest and 65-byte signature, as the bare recovery wants them."""
    signed = decode_order(text)
    compact = signed.signature
    full = compact[:32] + bytes([compact[32] & 0x7F]) + compact[33:] + bytes([compact[32] >> 7])
    return DOMAIN.order_digest(signed.order), full


def _time(work: Callable[[], object]) -> float:
    start = process_time()
    work()
    return (process_time() - start) / ORDERS * 1e6

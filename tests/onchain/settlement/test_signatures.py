"""Compact signatures in every form that 64 bytes can take: one verdict off-chain and on-chain.

any compact signature of an order
├── s in the upper half                 recovers as its low twin does, and both fill one order
├── r or s zero, r of no point, r ≥ n   SignatureError, BadSignature
└── r + n, s + n                        never stand for r and s

Signatures are made from their numbers. Whoever one recovers becomes the trading key, so that a form
is refused for itself and not because it recovers somebody else.
"""

from hypothesis import given
from hypothesis import strategies as st

from penstock.messages import Fill, Order, Side, SignedOrder, Verdict
from penstock.signing import recover
from tests.helpers.twin import DONE, address_text, undoing
from tests.onchain.settlement.desk import OK, Desk
from tests.vectors.signatures import (
    ABOVE,
    N,
    compact,
    high,
    is_on_curve,
    low,
    parities,
    points,
    refused,
)

WRONG = (Verdict.BAD_SIGNATURE, Side.MAKER)
FULL = (Verdict.OVERFILL, Side.MAKER)


def trusting(desk: Desk, signature: bytes) -> Order:
    """An order of account 2 whose trading key is whoever the signature recovers."""
    order = desk.rest(size=10).order
    signer = int.from_bytes(recover(desk.domain.order_digest(order), signature), "big")
    model = desk.model
    done = desk.owner_does(
        "setSigner", lambda: model.set_signer(2, signer), 2, address_text(signer)
    )
    assert done is DONE
    return order


@given(points, high, parities, st.integers(1, 9))
@undoing
def test_sig_4__high_s_twin__fills_what_is_left_of_the_order_and_no_more(
    desk: Desk, r: int, s: int, parity: int, first: int
) -> None:
    upper, lower = compact(r, s, parity), compact(r, N - s, 1 - parity)
    order = trusting(desk, upper)
    assert recover(desk.domain.order_digest(order), lower) == recover(
        desk.domain.order_digest(order), upper
    )
    one, other = SignedOrder(order, upper), SignedOrder(order, lower)
    assert desk.verdicts(Fill(one, desk.take(), first)) == [OK]
    assert desk.verdicts(Fill(other, desk.take(), 10 - first)) == [OK]
    for twin in (one, other):
        assert desk.verdicts(Fill(twin, desk.take(), 1)) == [FULL]


@given(refused)
@undoing
def test_sig_4__r_or_s_out_of_range__bad_signature(desk: Desk, signature: bytes) -> None:
    garbage = SignedOrder(desk.rest().order, signature)
    assert desk.verdicts(Fill(garbage, desk.take(), 1)) == [WRONG]


@given(st.integers(1, ABOVE - 1).filter(is_on_curve), low, parities)
@undoing
def test_sig_4__r_above_the_order_of_the_curve__is_not_taken_modulo_it(
    desk: Desk, r: int, s: int, parity: int
) -> None:
    order = trusting(desk, compact(r, s, parity))
    raised = SignedOrder(order, compact(r + N, s, parity))
    assert desk.verdicts(Fill(raised, desk.take(), 1)) == [WRONG]
    assert desk.verdicts(Fill(SignedOrder(order, compact(r, s, parity)), desk.take(), 1)) == [OK]


@given(points, st.integers(1, ABOVE - 1), parities)
@undoing
def test_sig_4__s_above_the_order_of_the_curve__is_read_as_another_s(
    desk: Desk, r: int, s: int, parity: int
) -> None:
    order = trusting(desk, compact(r, s, parity))
    raised = SignedOrder(order, compact(r, s + N, 0))
    assert desk.verdicts(Fill(raised, desk.take(), 1)) == [WRONG]
    assert desk.verdicts(Fill(SignedOrder(order, compact(r, s, parity)), desk.take(), 1)) == [OK]

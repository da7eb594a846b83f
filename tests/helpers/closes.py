"""Forced closes on a desk: short words for who asks, and for the orders that take over."""

from hypothesis import strategies as st

from tests.helpers.exits import Taking, execute_close, force_close, pass_window
from tests.helpers.trouble import open_long
from tests.helpers.twin import DONE, Outcome
from tests.helpers.venue import OPERATOR
from tests.onchain.settlement.desk import Desk

LOTS = st.integers(1, 100)
SIDES = st.sampled_from((100, -100))
NONCE = 7 << 32 | 1
"""Of a bid: slot 0 is where the tests' fills rest."""


def asked(desk: Desk, size: int = 100, lots: int = 0) -> int:
    """Account 1 has a position and asks to be out of it, or of some lots; returns the fee."""
    open_long(desk, size)
    fee = desk.exits.fee(desk.now)
    assert force_close(desk, lots=lots or abs(size)) is DONE
    return fee


def bid(desk: Desk, lots: int = 100, account: int = 3, *, sells: bool = False, **o: int) -> Taking:
    """A resting order that takes lots of a long position over (of a short one, when it sells)."""
    fields = {"size": lots, "slot": NONCE >> 32} | o
    return Taking(desk.rest(account, buy=not sells, **fields), lots)  # type: ignore[arg-type]


def wait(desk: Desk, request: int = 1, windows: int = 1, late: int = 0) -> None:
    """Go to the end of a request's windows, and some seconds further; the marks are fresh again."""
    pass_window(desk, request, windows, late)
    desk.marks(desk.model.market(1).mark, desk.model.market(2).mark)


def close(desk: Desk, *makers: Taking, by_fund: int = 0) -> Outcome:
    """Have the operator execute request 1."""
    return execute_close(desk, 1, *makers, by_fund=by_fund, sender=OPERATOR)

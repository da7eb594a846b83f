"""ticket(id), aheadOf(id)

unknown ... all zero
(the other answers are checked where the line changes)
"""

from hypothesis import given
from hypothesis import strategies as st

from tests.helpers.actors import Actor
from tests.helpers.venue import make_queue

UNKNOWN = 0
ALICE = Actor("alice").address


@given(number=st.integers(0, 2**64 - 1))
def test_ticket__unknown__is_zero(number: int) -> None:
    queue = make_queue()
    assert queue.call("ticket", number) == (0, "0x" + "00" * 20, 0, 0, UNKNOWN)
    assert queue.call("aheadOf", number) == (0, 0)

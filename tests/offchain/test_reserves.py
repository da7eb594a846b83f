"""What owners asked for is gone for the gate: no withdrawal makes an honest batch skip.

reserves
├── hold, pay, release      each request counts once, by its name
└── of                      the sum of an account
gate
├── whatever it lets pass   settles, whenever the withdrawals leave in between
├── raises                  refused where margin and what was asked for are not both there
├── lowers                  never refused for what cannot leave anyway
└── withdrawable            what the venue says after the fills, less what was asked for
a position that is to be closed
├── whatever is placed      it goes towards zero and never beyond
├── matched before          settles
└── written down as closed  may be opened again
"""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.engine import Engine
from penstock.events import RejectReason
from penstock.liquidations import weigh
from penstock.messages import Order, Side, Verdict
from penstock.reserves import Reserves
from penstock.risk import RiskGate
from penstock.venue import Venue
from penstock.views import account_of
from tests.helpers.model import LOT, MARK, START, cross, model_venue, order, settle, verdicts
from tests.offchain.test_risk import place_all, signed_sides

DEPOSIT = 10**7
AMOUNTS = st.integers(1, 2 * DEPOSIT)


def withdraw_all(venue: Venue, asked: dict[int, int]) -> None:
    """Execute what was asked for, as far as each account can spare it."""
    for account, amount in asked.items():
        spare = weigh(venue, account, None, START).withdrawable
        if spare > 0:
            venue.request_withdrawal(account, min(amount, spare), START, forced=True)


@given(
    st.lists(signed_sides, max_size=25),
    st.lists(signed_sides, max_size=25),
    st.dictionaries(st.integers(1, 4), AMOUNTS),
    st.data(),
)
@settings(max_examples=300)
def test_gate__withdrawals_leave_at_any_moment__everything_settles(
    before: list[Order], after: list[Order], asked: dict[int, int], data: st.DataObject
) -> None:
    venue = model_venue(marks=(MARK, MARK), deposit=DEPOSIT)
    gate, numbers = RiskGate(venue, START), dict[int, int]()
    engine = Engine(gate, venue.markets)
    settle(venue, *place_all(engine, before, numbers))
    gate.settled(len(gate.pending))
    for account, amount in asked.items():
        venue.reserves.hold(account, account, amount)
    gate.rebase()
    fills = place_all(engine, after, numbers)
    # An immediate order fills in one batch: between two batches there is another taker.
    ends = [i for i in range(1, len(fills)) if fills[i].taker != fills[i - 1].taker]
    split = data.draw(st.sampled_from([0, *ends, len(fills)]))
    records = settle(venue, *fills[:split])
    withdraw_all(venue, asked)
    records += settle(venue, *fills[split:])
    assert {record.verdict for record in records} <= {Verdict.SETTLED}


@given(asked=st.integers(0, DEPOSIT), size=st.integers(1, 4_000))
def test_admit__raises_exposure__only_with_what_was_not_asked_for(asked: int, size: int) -> None:
    venue = model_venue(deposit=DEPOSIT)
    venue.reserves.hold(1, 1, asked)
    gate = RiskGate(venue, START)
    need = size * LOT * 5 // 100 + -(-size * LOT * 500 // 10**6)
    reason = gate.admit(order(size=size, immediate=True))
    refused = RejectReason.BELOW_INITIAL_MARGIN
    assert reason == (None if need + asked <= DEPOSIT else refused)


@given(asked=AMOUNTS, size=st.integers(1, 3_000))
def test_admit__lowers_exposure__whatever_was_asked_for(asked: int, size: int) -> None:
    venue = model_venue(deposit=DEPOSIT)
    assert verdicts(venue, cross(size=size))[0][0] is Verdict.SETTLED
    venue.reserves.hold(1, 1, asked)
    gate = RiskGate(venue, START)
    closing = order(buy=False, immediate=True, reduce_only=True, size=size, nonce=2)
    assert gate.admit(closing) is None


@given(
    st.lists(
        st.tuples(
            st.sampled_from(("hold", "pay", "release")),
            st.integers(1, 5),
            st.integers(1, 3),
            st.integers(0, 100),
        ),
        max_size=30,
    )
)
def test_reserves__any_history__sums_what_is_still_asked_for(
    steps: list[tuple[str, int, int, int]],
) -> None:
    reserves, model = Reserves(), dict[int, tuple[int, int]]()
    for step, name, account, amount in steps:
        if step == "hold":
            reserves.hold(name, account, amount)
            model[name] = (account, amount)
        elif step == "pay":
            reserves.pay(name, amount)
            if name in model:
                model[name] = (model[name][0], max(0, model[name][1] - amount))
        else:
            reserves.release(name)
            model.pop(name, None)
    for account in range(1, 4):
        expected = sum(amount for who, amount in model.values() if who == account)
        assert reserves.of(account) == expected


@given(st.lists(signed_sides, max_size=25), st.integers(0, DEPOSIT))
def test_withdrawable__fills_that_wait__is_what_the_venue_says_after_them(
    orders: list[Order], asked: int
) -> None:
    venue = model_venue(marks=(MARK, MARK), deposit=DEPOSIT)
    venue.reserves.hold(1, 1, asked)
    gate, numbers = RiskGate(venue, START), dict[int, int]()
    fills = place_all(Engine(gate, venue.markets), orders, numbers)
    found = [gate.withdrawable(account) for account in range(1, 5)]
    settle(venue, *fills)
    said = [account_of(venue, account, START).withdrawable for account in range(1, 5)]
    assert found == [said[0] - asked, *said[1:]]


@given(st.lists(signed_sides, max_size=25), st.lists(signed_sides, max_size=25))
def test_gate__close_is_pending__the_position_only_falls(
    before: list[Order], after: list[Order]
) -> None:
    venue = model_venue(marks=(MARK, MARK))
    gate, numbers = RiskGate(venue, START), dict[int, int]()
    engine = Engine(gate, venue.markets)
    fills = place_all(engine, before, numbers)
    venue.reserves.close(7, 1, 1)
    # What was matched before is not taken back: its other side did nothing.
    assert gate.rebase() == []
    sizes = [gate.position(1, 1)]
    for one in after:
        fills += place_all(engine, [one], numbers)
        sizes.append(gate.position(1, 1))
    assert all(0 <= b <= a or a <= b <= 0 for a, b in pairwise(sizes))
    assert {record.verdict for record in settle(venue, *fills)} <= {Verdict.SETTLED}


def test_admit__close_is_pending__refuses_what_raises_or_turns_and_takes_the_rest() -> None:
    venue = model_venue(marks=(MARK, MARK))
    assert verdicts(venue, cross(size=10))[0][0] is Verdict.SETTLED
    gate = RiskGate(venue, START)
    venue.reserves.close(7, 1, 1)
    assert gate.admit(order(buy=True, size=1, nonce=5 << 32 | 1)) is RejectReason.CLOSE_PENDING
    sells = order(buy=False, size=11, nonce=5 << 32 | 1)
    assert gate.admit(sells) is RejectReason.CLOSE_PENDING
    assert gate.admit(order(buy=False, size=10, nonce=5 << 32 | 1)) is None
    # What reduces only is cut to the position.
    cut = order(buy=False, size=11, reduce_only=True, nonce=5 << 32 | 1)
    assert gate.admit(cut) is None
    buyer = order(3, size=11, immediate=True, nonce=9)
    assert gate.check(sells, buyer, 11) == (Verdict.REDUCE_ONLY, Side.MAKER)
    assert gate.check(sells, buyer, 10) is None
    # Other markets and other accounts go on.
    assert gate.admit(order(market=2, size=1, nonce=5 << 32 | 1)) is None
    assert gate.admit(order(2, buy=False, size=1, nonce=5 << 32 | 1)) is None
    venue.reserves.release(7)
    assert gate.admit(order(buy=True, size=1, nonce=5 << 32 | 1)) is None

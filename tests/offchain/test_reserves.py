"""What owners asked for is gone for the gate: no withdrawal makes an honest batch skip.

reserves
├── hold, pay, release      each request counts once, by its name
└── of                      the sum of an account
gate
├── whatever it lets pass   settles, whenever the withdrawals leave in between
├── raises                  refused where margin and what was asked for are not both there
└── lowers                  never refused for what cannot leave anyway
"""

from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.engine import Engine
from penstock.events import RejectReason
from penstock.liquidations import weigh
from penstock.messages import Order, Verdict
from penstock.reserves import Reserves
from penstock.risk import RiskGate
from penstock.venue import Venue
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

"""What the reference model says of a batch.

settle        every verdict, in its order; what is written, and what is not
conservation  Σ size = 0; Σ equity + fees + tickets = deposits less dust, at any prices
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.accounts import Position, Settings
from penstock.builder import build
from penstock.margin import lot_margin_up
from penstock.messages import Cancel, Side, SignedCancel, Verdict
from penstock.refusals import Refusal, Refused
from penstock.units import UINT32_MAX, fee_up
from penstock.venue import Venue
from penstock.views import (
    NonceStatus,
    account_of,
    order_status,
    words,
)
from tests.helpers.model import (
    DEPOSIT,
    LOT,
    MARK,
    OK,
    SIGNATURE,
    START,
    UNIT,
    cross,
    fill,
    model_venue,
    order,
    settle,
    verdicts,
)

prices = st.integers(1, UINT32_MAX)


# --- settle ---------------------------------------------------------------------------------------


def test_settle__a_first_fill__moves_notional_and_fees_exactly() -> None:
    venue = model_venue()
    assert verdicts(venue, cross(size=3, price=MARK + 1)) == [OK]
    notional = 3 * (MARK + 1) * UNIT
    taker_fee, maker_fee = fee_up(notional, 500), fee_up(notional, 200)
    index = venue.markets[1].index
    assert venue.accounts[1].positions[1] == Position(3, -notional - taker_fee, index)
    assert venue.accounts[2].positions[1] == Position(-3, notional - maker_fee, index)
    assert (venue.tally.number, venue.fees) == (2, taker_fee + maker_fee)


def test_settle__wrong_batch_number__is_refused() -> None:
    venue = model_venue()
    batch = build(2, [cross()], (), lambda account: ())
    with pytest.raises(Refused) as raised:
        venue.settle(batch, START)
    assert (raised.value.refusal, raised.value.values) == (Refusal.NUMBER, (2, 1))


def test_settle__unlisted_market__is_refused() -> None:
    with pytest.raises(Refused) as raised:
        settle(model_venue(), cross(market=2))
    assert (raised.value.refusal, raised.value.values) == (Refusal.NOT_LISTED, (2,))


@pytest.mark.parametrize(
    ("maker", "taker", "size", "verdict", "side"),
    [
        ({}, {}, 1, *OK),
        ({"expiry": START}, {"expiry": START}, 1, *OK),
        ({"expiry": START - 1}, {}, 1, Verdict.EXPIRED, Side.MAKER),
        ({}, {"expiry": START - 1}, 1, Verdict.EXPIRED, Side.TAKER),
        ({"expiry": START - 1}, {"expiry": START - 1}, 1, Verdict.EXPIRED, Side.MAKER),
        ({"account": 77}, {}, 1, Verdict.BAD_SIGNATURE, Side.MAKER),
        ({}, {"immediate": True, "nonce": 0}, 1, Verdict.SPENT, Side.TAKER),
        ({}, {}, 0, Verdict.SIZE_ZERO, Side.NONE),
        ({}, {"market": 2}, 1, Verdict.MARKET_MISMATCH, Side.NONE),
        ({"buy": True}, {}, 1, Verdict.SAME_SIDE, Side.NONE),
        ({"account": 1, "nonce": 2}, {}, 1, Verdict.SELF_TRADE, Side.NONE),
        ({"immediate": True}, {}, 1, Verdict.MAKER_IMMEDIATE, Side.NONE),
        ({}, {"post_only": True}, 1, Verdict.TAKER_POST_ONLY, Side.NONE),
        ({"price": MARK + 1}, {}, 1, Verdict.NOT_CROSSING, Side.NONE),
        ({"price": 4_750}, {}, 1, *OK),
        ({"price": 4_749}, {}, 1, Verdict.OUTSIDE_BAND, Side.NONE),
        ({"price": 5_250}, {"price": 5_251}, 1, *OK),
        ({"price": 5_251}, {"price": 5_251}, 1, Verdict.OUTSIDE_BAND, Side.NONE),
        ({}, {}, 10, Verdict.OVERFILL, Side.MAKER),
        ({"size": 10}, {}, 10, Verdict.OVERFILL, Side.TAKER),
        ({"reduce_only": True}, {}, 1, Verdict.REDUCE_ONLY, Side.MAKER),
        ({}, {"reduce_only": True}, 1, Verdict.REDUCE_ONLY, Side.TAKER),
    ],
)
def test_settle__one_rule_broken__skips_the_fill_with_its_verdict(
    maker: dict[str, int], taker: dict[str, int], size: int, verdict: Verdict, side: Side
) -> None:
    venue = model_venue(marks=(MARK, MARK))
    resting = order(**{"account": 2, "buy": False, "size": 9} | maker)  # type: ignore[arg-type]
    taking = order(**{"account": 1, "size": 9} | taker)  # type: ignore[arg-type]
    before = words(venue)
    batch = build(1, [fill(resting, taking, size)], (), lambda account: ())
    assert [(r.verdict, r.side) for r in venue.settle(batch, START)] == [(verdict, side)]
    if verdict is not Verdict.SETTLED:
        after = words(venue)
        assert after.pop(("tally", 0, 0)) != before.pop(("tally", 0, 0))
        assert after == before


def test_settle__recovered_signer_is_not_the_key__is_a_bad_signature() -> None:
    for wrong in (0, 999):
        venue = model_venue()
        assert [r.verdict for r in settle(venue, cross(), recovered=[wrong, 1_002])] == [1]
        assert [r.side for r in settle(venue, cross(), recovered=[1_001, wrong])] == [Side.MAKER]
        assert [r.verdict for r in settle(venue, cross(), recovered=[1_001, 1_002])] == [0]


def test_settle__an_open_position_left_out__disables_that_account_only() -> None:
    venue = model_venue(accounts=4, marks=(MARK, MARK))
    settle(venue, cross(market=2), cross(3, 4))
    fills = [cross(nonce=2), cross(3, 4, nonce=2)]
    batch = build(2, fills, (), lambda account: ())
    found = [(r.verdict, r.side) for r in venue.settle(batch, START)]
    assert found == [(Verdict.INCOMPLETE_ACCOUNT, Side.MAKER), OK]


def test_settle__a_partial_fill__is_remembered_for_the_next_batch() -> None:
    venue = model_venue()
    maker = order(2, buy=False, size=9)
    for number, (size, expected) in enumerate([(5, 0), (4, 0), (1, Verdict.OVERFILL)], 1):
        taker = order(1, immediate=True, size=9, nonce=number)
        assert verdicts(venue, fill(maker, taker, size))[0][0] == expected
    assert order_status(venue, 2, False, maker.nonce) == (NonceStatus.LIVE, 9)


def test_settle__a_higher_epoch_filled__replaces_the_lower_one() -> None:
    venue = model_venue()
    low, high = (order(2, buy=False, size=9, nonce=7 << 32 | epoch) for epoch in (3, 4))
    takers = [order(1, immediate=True, size=9, nonce=n) for n in (1, 2, 3)]
    assert verdicts(venue, fill(high, takers[0], 2), fill(low, takers[1], 2)) == [OK, OK]
    assert venue.accounts[2].slots == {7: (4, 2)}
    assert verdicts(venue, fill(low, takers[2], 2)) == [(Verdict.REPLACED, Side.MAKER)]


def test_settle__an_immediate_order__fills_in_one_batch_only() -> None:
    venue = model_venue()
    taker = order(1, immediate=True, size=9, nonce=5)
    makers = [order(s, buy=False, size=9) for s in (2, 3)]
    assert verdicts(venue, *(fill(maker, taker, 2) for maker in makers)) == [OK, OK]
    assert verdicts(venue, fill(makers[0], taker, 2)) == [(Verdict.SPENT, Side.TAKER)]
    assert order_status(venue, 1, True, 5) == (NonceStatus.SPENT, 0)
    assert order_status(venue, 1, True, 6) == (NonceStatus.LIVE, 0)


def test_settle__a_skipped_immediate_order__is_not_burnt() -> None:
    venue = model_venue()
    taker = order(1, immediate=True, size=9, nonce=5)
    assert verdicts(venue, fill(order(2, buy=False), taker, 2))[0][0] == Verdict.OVERFILL
    assert verdicts(venue, fill(order(2, buy=False, size=9), taker, 2)) == [OK]


def test_settle__a_carried_cancel__leaves_the_fills_before_it() -> None:
    venue = model_venue()
    maker, taker = order(2, buy=False, size=9), order(1, immediate=True, size=9)
    cancels = [SignedCancel(Cancel(2, maker.nonce), SIGNATURE)]
    batch = build(1, [fill(maker, taker, 2)], cancels, lambda account: ())
    assert [r.verdict for r in venue.settle(batch, START)] == [Verdict.SETTLED]
    assert order_status(venue, 2, False, maker.nonce) == (NonceStatus.CANCELLED, 0)
    taker = order(1, immediate=True, size=9, nonce=2)
    assert verdicts(venue, fill(maker, taker, 2)) == [(Verdict.CANCELLED, Side.MAKER)]


def test_settle__a_cancel_of_another_signer__is_passed_over() -> None:
    venue = model_venue()
    batch = build(1, [], [SignedCancel(Cancel(2, 9), SIGNATURE)], lambda account: ())
    assert venue.settle(batch, START, recovered=[1_001]) == []
    assert venue.accounts[2].slots == {}


def test_settle__equity_equal_to_initial_margin__settles_and_one_unit_less_does_not() -> None:
    # A buy at the mark costs the fee only, so deposit − fee must reach the margin.
    size, needed = 100, 100 * lot_margin_up(MARK, UNIT, 500) + fee_up(100 * LOT, 500)
    for deposit, expected in (
        (needed, OK),
        (needed - 1, (Verdict.BELOW_INITIAL_MARGIN, Side.TAKER)),
    ):
        venue = model_venue()
        poor = venue.register(signer=7)
        venue.deposit(poor, deposit)
        assert verdicts(venue, cross(poor, 2, size)) == [expected]
        assert account_of(venue, poor, START).free_collateral == (0 if expected == OK else deposit)


def test_settle__below_margin__may_lower_exposure_but_not_flip() -> None:
    venue = model_venue(deposit=30_000_000)
    settle(venue, cross(1, 2, size=10_000))
    venue.refresh(1, 4_900, START + 1, START + 1)
    assert account_of(venue, 1, START + 1).free_collateral < 0
    flip, lower = cross(2, 1, 20_000, 4_900, nonce=2), cross(2, 1, 10_000, 4_900, nonce=3)
    expected = [(Verdict.BELOW_INITIAL_MARGIN, Side.MAKER), OK]
    assert verdicts(venue, flip, lower, now=START + 1) == expected


def test_settle__lowering_that_leaves_a_hole__is_bankrupt() -> None:
    venue = model_venue(deposit=50_000_000)
    settle(venue, cross(1, 2, size=15_000))
    venue.refresh(1, 4_000, START + 1, START + 1)
    worse, better = cross(2, 1, 10, 3_999, nonce=2), cross(2, 1, 10, 4_001, nonce=3)
    assert account_of(venue, 1, START + 1).equity < 0
    bankrupt = (Verdict.BANKRUPT, Side.MAKER)
    assert verdicts(venue, worse, better, now=START + 1) == [bankrupt] * 2


def test_settle__stale_mark__settles_only_what_lowers_exposure() -> None:
    venue = model_venue()
    settle(venue, cross(size=5))
    now = START + 61
    raising, lowering = cross(3, 4, nonce=2), cross(2, 1, 5, nonce=2)
    assert verdicts(venue, raising, now=now - 1) == [OK]
    assert verdicts(venue, raising, lowering, now=now) == [(Verdict.SPENT, Side.TAKER), OK]
    raising = cross(3, 4, nonce=3)
    assert verdicts(venue, raising, now=now) == [(Verdict.STALE_PRICE, Side.MAKER)]


def test_settle__a_stale_mark_of_another_listed_market__stops_the_account() -> None:
    venue = model_venue(marks=(MARK, MARK))
    settle(venue, cross(market=2))
    now = START + 100
    venue.refresh(1, MARK, now, now)
    assert verdicts(venue, cross(1, 3, nonce=2), now=now) == [(Verdict.STALE_PRICE, Side.TAKER)]
    assert verdicts(venue, cross(4, 3, nonce=2), now=now) == [OK]


def test_settle__one_market_too_many__is_refused_until_one_is_closed() -> None:
    venue = model_venue(marks=(MARK,) * 3, settings=Settings(max_markets=2))
    settle(venue, cross(market=1), cross(market=2, nonce=2))
    opening = cross(1, 3, market=3, nonce=3)
    assert verdicts(venue, opening) == [(Verdict.TOO_MANY_MARKETS, Side.TAKER)]
    # A position that is closed but not swept still counts.
    settle(venue, cross(2, 1, market=1, nonce=4))
    assert verdicts(venue, opening) == [(Verdict.TOO_MANY_MARKETS, Side.TAKER)]
    venue.sweep(1, 1)
    assert verdicts(venue, opening) == [OK]


def test_settle__funding_due__is_charged_on_the_old_size() -> None:
    venue = model_venue()
    settle(venue, cross(size=5))
    before = venue.accounts[1].positions[1]
    now = START + 3_600
    venue.refresh(1, MARK, now, now)
    settle(venue, cross(size=95, nonce=2), now=now)
    moved = venue.markets[1].index - before.snapshot
    paid = 95 * LOT + fee_up(95 * LOT, 500) - (-5 * moved >> 32)
    assert venue.accounts[1].positions[1].quote == before.quote - paid
    assert moved > 0


def test_settle__a_position_at_rest__is_not_written() -> None:
    venue = model_venue(marks=(MARK, MARK))
    settle(venue, cross(market=2))
    now = START + 3_600
    for market in (1, 2):
        venue.refresh(market, MARK, now, now)
    before = words(venue)["position", 1, 2]
    assert verdicts(venue, cross(nonce=2), now=now) == [OK]
    assert words(venue)["position", 1, 2] == before


def test_simulate__any_batch__changes_nothing() -> None:
    venue = model_venue()
    before = words(venue)
    batch = build(1, [cross()], (), lambda account: ())
    now = START + 7_200
    assert venue.simulate(batch, now)[0].verdict == Verdict.STALE_PRICE
    assert words(venue) == before


# --- conservation ---------------------------------------------------------------------------------

trades = st.tuples(
    st.integers(1, 4),
    st.integers(1, 4),
    st.integers(1, 2),
    st.integers(1, 3_000),
    st.integers(-60, 60),
)
steps = st.lists(
    st.one_of(trades, st.tuples(st.integers(1, 9_000), st.integers(-400, 400))), max_size=25
)
STALE_NEVER = Settings(max_price_age=10**6, band_bps=9_000)


def play(venue: Venue, history: list[tuple[int, ...]]) -> tuple[int, int]:
    """Settle fills one by one and let time and marks move; returns the time and touches."""
    now, touches = START, 0
    for number, step in enumerate(history, 1):
        if len(step) == 2:
            now += step[0]
            for market in venue.markets.values():
                venue.refresh(market.market, max(1, market.mark + step[1]), now, now)
            continue
        buyer, seller, market_, size, off = step
        if buyer != seller:
            found = cross(buyer, seller, size, MARK + off, number, market_)
            touches += 2 * (verdicts(venue, found, now=now) == [OK])
    return now, touches


@given(steps)
def test_sizes__any_history__add_up_to_zero_in_every_market(history: list[tuple[int, ...]]) -> None:
    venue = model_venue(marks=(MARK, MARK), settings=STALE_NEVER)
    play(venue, history)
    for market in venue.markets:
        held = (account.positions.get(market) for account in venue.accounts.values())
        assert sum(position.size for position in held if position is not None) == 0


@given(steps, prices)
def test_money__any_history__is_conserved_up_to_dust_in_the_venues_favour(
    history: list[tuple[int, ...]], mark: int
) -> None:
    """Σ equity + fees + tickets = deposits − dust, 0 ≤ dust < touches + open positions + 1.

    Proof. A fill moves its notional from one quote to another and its fees to the market: nothing
    is lost. Sizes add up to zero in a market while its index moves, so exact funding adds up to
    zero as well. A position receives the floor of what is exact, once for each touch and once for
    being open now; each floor loses less than one unit, and only to the venue. The value of sizes
    at the mark adds up to zero at any mark.
    """
    venue = model_venue(marks=(MARK, MARK), settings=STALE_NEVER)
    now, touches = play(venue, history)
    for account in venue.accounts.values():
        spare = account_of(venue, account.account, now).withdrawable
        if spare > 1:
            venue.request_withdrawal(account.account, spare // 2, now)
    venue.refresh(1, mark, now + 1, now + 1)
    equity = sum(account_of(venue, a, now + 1).equity for a in venue.accounts)
    owed = equity + venue.fees + sum(amount for _, amount in venue.tickets)
    open_positions = sum(len(account.open_markets) for account in venue.accounts.values())
    assert 0 <= 4 * DEPOSIT - owed < touches + open_positions + 1


@given(steps)
def test_margin__any_history__never_rises_above_equity_by_a_fill(
    history: list[tuple[int, ...]],
) -> None:
    venue = model_venue(marks=(MARK, MARK), settings=STALE_NEVER, deposit=10**7)
    for length in range(len(history)):
        step = history[length]
        before = {a: account_of(venue, a, START) for a in venue.accounts}
        sizes = {a: _exposure(venue, a) for a in venue.accounts}
        if len(step) == 5 and step[0] != step[1]:
            found = cross(step[0], step[1], step[3], MARK + step[4], length + 1, step[2])
            settle(venue, found)
        for account in venue.accounts:
            seen = account_of(venue, account, START)
            raised = _exposure(venue, account) > sizes[account]
            assert seen.free_collateral >= 0 or not raised, (before[account], seen)


def _exposure(venue: Venue, account: int) -> int:
    return sum(abs(position.size) for position in venue.accounts[account].positions.values())

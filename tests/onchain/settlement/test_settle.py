"""settle(batch): who may, when, and the verdict of every fill

caller is not the operator, silence too short . Batch_CallerNotOperator
number is not the next ........................ Batch_NumberWrong
a market is not listed ........................ Market_NotListed
legal fill .................................... both positions, fees, slot or nonce
illegal fill .................................. verdict with its side, nothing else changes
    1 BadSignature · 2 Expired · 3 IncompleteAccount · 4 Replaced · 5 Cancelled · 6 Spent
    7 SizeZero · 8 MarketMismatch · 9 SameSide · 10 SelfTrade · 11 MakerImmediate
    12 TakerPostOnly · 13 NotCrossing · 14 OutsideBand · 15 Overfill · 16 ReduceOnly
    17 TooManyMarkets · 18 Bankrupt · 19 StalePrice · 20 BelowInitialMargin
"""

from hypothesis import given
from hypothesis import strategies as st

from penstock.batch import encode
from penstock.builder import build
from penstock.messages import Fill, Side, SignedOrder, Verdict
from tests.helpers.revm import reverts
from tests.helpers.trouble import allow_markets
from tests.helpers.twin import DONE, trading_key, undoing
from tests.helpers.venue import OPERATOR, STRANGER
from tests.onchain.settlement.desk import DEPOSIT, LOT, MARK, OK, SIGNS, SIZES, UNIT, Desk

MAKER, TAKER = Side.MAKER, Side.TAKER
SIDES = st.sampled_from([MAKER, TAKER])
PARTNERS = {MAKER: 2, TAKER: 1}


# --- the batch ------------------------------------------------------------------------------------


@given(silence=st.integers(0, 86_399))
@undoing
def test_settle__stranger_before_the_silence_is_long_enough__reverts(
    desk: Desk, silence: int
) -> None:
    settled_at = desk.model.tally.settled_at
    desk.chain.time = settled_at + silence
    raw = encode(desk.batch())
    with reverts(
        "Batch_CallerNotOperator", STRANGER.address, OPERATOR.address, settled_at + 86_400
    ):
        desk.venue.positions.transact("settle", raw, sender=STRANGER.address)


@given(late=st.integers(0, 10**6))
@undoing
def test_settle__stranger_after_the_silence__settles(desk: Desk, late: int) -> None:
    desk.chain.time = desk.model.tally.settled_at + 86_400 + late
    desk.marks(500_000, 300_000)
    assert desk.settle(desk.batch(desk.cross()), sender=STRANGER.address) is DONE
    assert desk.size(1) == 10


@undoing
def test_settle__stranger_settles_nothing__reverts(desk: Desk) -> None:
    desk.chain.time = desk.model.tally.settled_at + 86_400
    raw = encode(desk.batch())
    with reverts("Batch_NothingSettled", 1):
        desk.venue.positions.transact("settle", raw, sender=STRANGER.address)


@given(waited=st.integers(1, 86_399))
@undoing
def test_settle__operator_settles_nothing__leaves_the_silence_as_it_was(
    desk: Desk, waited: int
) -> None:
    began = desk.model.tally.settled_at
    desk.chain.time = began + waited
    assert desk.settle(desk.batch()) is DONE
    assert desk.venue.lens.call("progress")[1] == began


@given(number=st.integers(0, 2**48 - 1).filter(lambda n: n != 1))
@undoing
def test_settle__number_is_not_the_next__reverts(desk: Desk, number: int) -> None:
    batch = desk.batch(desk.cross(), number=number)
    for function in ("settle", "simulate"):
        with reverts("Batch_NumberWrong", number, 1):
            desk.venue.positions.transact(function, encode(batch), sender=OPERATOR.address)


@given(market=st.integers(3, 2**16 - 1))
@undoing
def test_settle__market_not_listed__reverts(desk: Desk, market: int) -> None:
    batch = desk.batch(desk.cross(market=market))
    assert desk.settle(batch) == ("Market_NotListed", (market,))
    with reverts("Market_NotListed", market):
        desk.venue.positions.call("simulate", encode(batch))


@undoing
def test_settle__nothing_in_it__counts(desk: Desk) -> None:
    assert desk.verdicts() == []
    assert desk.venue.lens.call("progress")[0] == 2


# --- legal fills ----------------------------------------------------------------------------------


@given(size=SIZES, ticks=st.integers(-1_000, 1_000), buys=SIGNS)
@undoing
def test_settle__legal_fill__moves_lots_cash_and_fees(
    desk: Desk, size: int, ticks: int, buys: bool
) -> None:
    sign, price = (1 if buys else -1), MARK + ticks
    assert desk.verdicts(desk.cross(size=sign * size, price=price)) == [OK]
    notional = price * size * UNIT
    # Account 1 takes when it buys, and rests when it sells.
    fees = -(-notional * 500 // 10**6), -(-notional * 200 // 10**6)
    own, other = fees if buys else fees[::-1]
    assert (desk.size(1), desk.size(2)) == (sign * size, -sign * size)
    assert desk.equity(1) == DEPOSIT - sign * size * ticks * UNIT - own
    assert desk.equity(2) == DEPOSIT + sign * size * ticks * UNIT - other
    assert desk.venue.lens.call("progress")[2] == sum(fees)


@given(size=SIZES, part=st.integers(1, 1_000))
@undoing
def test_settle__resting_order_in_two_batches__remembers_what_was_filled(
    desk: Desk, size: int, part: int
) -> None:
    part = min(part, size)
    maker = desk.rest(size=size)
    assert desk.verdicts(Fill(maker, desk.take(size=size), part)) == [OK]
    left = size - part
    assert desk.venue.lens.call("orderStatus", 2, False, 1) == (0, part)
    fills = [Fill(maker, desk.take(size=size), left + 1)]
    assert desk.verdicts(*fills) == [(Verdict.OVERFILL, MAKER)]
    if left:
        assert desk.verdicts(Fill(maker, desk.take(size=size), left)) == [OK]


@given(size=SIZES, seed=st.integers(0, 2**31))
@undoing
def test_settle__ladder__each_level_has_its_own_slot(desk: Desk, size: int, seed: int) -> None:
    levels = [(MARK + (seed >> i) % 8, size) for i in range(5)]
    asks = desk.ladder(2, levels, slot=seed % 251, epoch=seed % 1_000 + 1)
    fills = [Fill(ask, desk.take(size=size, price=MARK + 8), size) for ask in reversed(asks)]
    assert desk.verdicts(*fills[:3]) == [OK] * 3
    assert desk.verdicts(*[Fill(f.maker, desk.take(price=MARK + 8), 1) for f in fills]) == [
        *[(Verdict.OVERFILL, MAKER)] * 3,
        *[OK] * 2,
    ]


@given(order=st.permutations(range(4)))
@undoing
def test_settle__immediate_orders_of_one_account__any_order_within_a_batch(
    desk: Desk, order: list[int]
) -> None:
    takers = [desk.take(number=10 + i) for i in range(4)]
    fills = [Fill(desk.rest(slot=i), takers[i], 1 + i) for i in order]
    assert desk.verdicts(*fills) == [OK] * 4
    assert desk.model.accounts[1].nonce == 13


# --- verdicts of an order alone -------------------------------------------------------------------


def one(desk: Desk, side: Side, maker: SignedOrder, taker: SignedOrder) -> Verdict:
    """Settle one fill that must be skipped on this side; its bystander in the batch settles."""
    before = desk.model.accounts[PARTNERS[side]].word
    bystander = desk.cross(3, 4, 2)
    (found, fine) = desk.verdicts(Fill(maker, taker, 1), bystander)
    assert fine == OK
    assert found[1] == side
    assert desk.model.accounts[PARTNERS[side]].word == before
    return found[0]


@given(side=SIDES, name=st.text(max_size=5))
@undoing
def test_settle__signed_by_another_key__bad_signature(desk: Desk, side: Side, name: str) -> None:
    wrong = trading_key("wrong " + name)
    keys = {side: wrong}
    maker, taker = desk.rest(key=keys.get(MAKER)), desk.take(key=keys.get(TAKER))
    assert one(desk, side, maker, taker) is Verdict.BAD_SIGNATURE


@given(side=SIDES, late=st.integers(1, 10**6))
@undoing
def test_settle__after_the_expiry_second__expired(desk: Desk, side: Side, late: int) -> None:
    expiry = {side: desk.now - late}
    maker = desk.rest(expiry=expiry.get(MAKER, desk.now))
    taker = desk.take(expiry=expiry.get(TAKER, desk.now))
    assert one(desk, side, maker, taker) is Verdict.EXPIRED


@given(side=SIDES)
@undoing
def test_settle__open_position_left_out__incomplete_account(desk: Desk, side: Side) -> None:
    desk.trade(5, market=2)
    account = PARTNERS[side]
    fill = desk.cross()

    def open_markets(number: int) -> list[int]:
        return [] if number == account else desk.model.accounts[number].open_markets

    assert desk.settle(build(2, [fill], [], open_markets)) is DONE
    assert (desk.settled()[0].verdict, desk.settled()[0].side) == (Verdict.INCOMPLETE_ACCOUNT, side)
    desk.compare()


@given(epoch=st.integers(2, 2**32 - 1), older=st.integers(0, 2**32 - 1))
@undoing
def test_settle__slot_holds_a_higher_epoch__replaced(desk: Desk, epoch: int, older: int) -> None:
    assert desk.verdicts(desk.cross(epoch=epoch)) == [OK]
    maker = desk.rest(epoch=older % epoch)
    assert one(desk, MAKER, maker, desk.take()) is Verdict.REPLACED


@given(floor=st.integers(0, 2**32 - 1), below=st.integers(0, 2**32 - 1))
@undoing
def test_settle__epoch_at_or_below_the_floor__replaced(desk: Desk, floor: int, below: int) -> None:
    assert desk.cancel_all(2, floor, 0) is DONE
    maker = desk.rest(epoch=below % (floor + 1))
    assert one(desk, MAKER, maker, desk.take()) is Verdict.REPLACED


@given(slot=st.integers(0, 255), epoch=st.integers(0, 2**32 - 1))
@undoing
def test_settle__cancelled_epoch__cancelled(desk: Desk, slot: int, epoch: int) -> None:
    assert desk.cancel(2, [slot << 32 | epoch]) is DONE
    maker = desk.rest(slot=slot, epoch=epoch)
    assert one(desk, MAKER, maker, desk.take()) is Verdict.CANCELLED


@given(number=st.integers(1, 2**32 - 1), below=st.integers(0, 2**32 - 1))
@undoing
def test_settle__number_not_above_the_nonce__spent(desk: Desk, number: int, below: int) -> None:
    assert desk.verdicts(Fill(desk.rest(), desk.take(number=number), 1)) == [OK]
    taker = desk.take(number=below % (number + 1))
    assert one(desk, TAKER, desk.rest(slot=9), taker) is Verdict.SPENT


# --- verdicts of a pair ---------------------------------------------------------------------------


def pair(desk: Desk, maker: SignedOrder, taker: SignedOrder, size: int = 1) -> Verdict:
    """Settle one fill that must be skipped and is nobody's fault."""
    ((verdict, side),) = desk.verdicts(Fill(maker, taker, size))
    assert side is Side.NONE
    return verdict


@undoing
def test_settle__no_lots__size_zero(desk: Desk) -> None:
    assert pair(desk, desk.rest(), desk.take(), 0) is Verdict.SIZE_ZERO


@undoing
def test_settle__orders_of_two_markets__market_mismatch(desk: Desk) -> None:
    assert pair(desk, desk.rest(), desk.take(market=2)) is Verdict.MARKET_MISMATCH


@given(buy=SIGNS)
@undoing
def test_settle__both_on_one_side__same_side(desk: Desk, buy: bool) -> None:
    assert pair(desk, desk.rest(buy=buy), desk.take(buy=buy)) is Verdict.SAME_SIDE


@undoing
def test_settle__both_of_one_account__self_trade(desk: Desk) -> None:
    assert pair(desk, desk.rest(1), desk.take(1)) is Verdict.SELF_TRADE


@undoing
def test_settle__maker_is_immediate__maker_immediate(desk: Desk) -> None:
    assert pair(desk, desk.take(2, buy=False), desk.take()) is Verdict.MAKER_IMMEDIATE


@undoing
def test_settle__taker_is_post_only__taker_post_only(desk: Desk) -> None:
    taker = desk.rest(1, buy=True, post_only=True)
    assert pair(desk, desk.rest(), taker) is Verdict.TAKER_POST_ONLY


@given(buy=SIGNS, worse=st.integers(1, 10_000))
@undoing
def test_settle__price_worse_than_the_takers_limit__not_crossing(
    desk: Desk, buy: bool, worse: int
) -> None:
    limit = MARK - worse if buy else MARK + worse
    maker, taker = desk.rest(buy=not buy), desk.take(buy=buy, price=limit)
    assert pair(desk, maker, taker) is Verdict.NOT_CROSSING


@given(buy=SIGNS, mark=st.integers(100, 10**6), beyond=st.integers(0, 5))
@undoing
def test_settle__price_about_the_edge_of_the_band__outside_or_settled(
    desk: Desk, buy: bool, mark: int, beyond: int
) -> None:
    desk.pass_time(300)
    assert desk.refresh(1, mark) is DONE
    at = desk.model.markets[1].mark
    high, low = at * 10_500 // 10_000, -(-at * 9_500 // 10_000)
    price = high + beyond if buy else low - beyond
    fill = desk.cross(size=1 if buy else -1, price=price)
    expected = (Verdict.OUTSIDE_BAND, Side.NONE) if beyond else OK
    assert desk.verdicts(fill) == [expected]


@given(side=SIDES, size=st.integers(1, 1_000), more=st.integers(1, 1_000))
@undoing
def test_settle__more_than_is_left__overfill(desk: Desk, side: Side, size: int, more: int) -> None:
    sizes = {side: size}
    maker = desk.rest(size=sizes.get(MAKER, 5_000))
    taker = desk.take(size=sizes.get(TAKER, 5_000))
    assert desk.verdicts(Fill(maker, taker, size + more)) == [(Verdict.OVERFILL, side)]


# --- verdicts of a side ---------------------------------------------------------------------------


@given(side=SIDES, held=st.integers(0, 20), buys=SIGNS)
@undoing
def test_settle__reduce_only__never_opens_adds_or_flips(
    desk: Desk, side: Side, held: int, buys: bool
) -> None:
    sign = 1 if buys else -1
    if held:
        desk.trade(-sign * held)
    flagged = {side: True}
    maker = desk.rest(2, buy=not buys, slot=9, reduce_only=flagged.get(MAKER, False))
    taker = desk.take(1, buy=buys, reduce_only=flagged.get(TAKER, False))
    expected = OK if held >= 10 else (Verdict.REDUCE_ONLY, side)
    assert desk.verdicts(Fill(maker, taker, 10)) == [expected]


@given(side=SIDES)
@undoing
def test_settle__one_market_beyond_the_limit__too_many_markets(desk: Desk, side: Side) -> None:
    allow_markets(desk, 1)
    partner = {MAKER: (3, 2), TAKER: (1, 3)}[side]
    assert desk.verdicts(desk.cross(*partner)) == [OK]
    fill = desk.cross(market=2, price=300_000)
    assert desk.verdicts(fill) == [(Verdict.TOO_MANY_MARKETS, side)]


@given(fall=st.integers(1, 100))
@undoing
def test_settle__closing_what_is_in_debt__bankrupt(desk: Desk, fall: int) -> None:
    desk.trade(1_900)
    for _ in range(4):
        desk.pass_time(60)
        desk.refresh(1, desk.model.markets[1].mark * 92 // 100)
    mark = desk.model.markets[1].mark
    assert desk.equity(1) < 0
    # However good the price: a debt without a position could be laid on nobody.
    fills = desk.cross(3, 1, 10, price=mark - fall), desk.cross(3, 1, 10, price=mark * 104 // 100)
    assert desk.verdicts(*fills) == [(Verdict.BANKRUPT, MAKER)] * 2


@given(side=SIDES, age=st.integers(0, 5))
@undoing
def test_settle__mark_about_its_age_limit__stale_only_beyond_and_only_for_more_exposure(
    desk: Desk, side: Side, age: int
) -> None:
    # The other side has something to lower, and may at any mark.
    desk.verdicts(desk.cross(3, 2) if side is TAKER else desk.cross(1, 3))
    desk.pass_time(60 + age)
    fill = desk.cross(1, 3) if side is TAKER else desk.cross(3, 2)
    expected = (Verdict.STALE_PRICE, side) if age else OK
    assert desk.verdicts(fill) == [expected]


@given(side=SIDES, lots=st.integers(1, 3))
@undoing
def test_settle__about_initial_margin__below_only_with_one_lot_more(
    desk: Desk, side: Side, lots: int
) -> None:
    margin, fee = LOT * 500 // 10_000, LOT * (500 if side is TAKER else 200) // 10**6
    poor = desk.register(trading_key("poor"))
    assert desk.deposit(poor, lots * (margin + fee)) is DONE
    partners = {MAKER: (1, poor), TAKER: (poor, 2)}[side]
    below = (Verdict.BELOW_INITIAL_MARGIN, side)
    assert desk.verdicts(desk.cross(*partners, size=lots + 1)) == [below]
    assert desk.verdicts(desk.cross(*partners, size=lots)) == [OK]
    assert desk.verdicts(desk.cross(*partners, size=1)) == [below]


# --- carried cancels ------------------------------------------------------------------------------


@given(slot=st.integers(0, 255), good=SIGNS)
@undoing
def test_settle__carried_cancel__kills_after_the_fills_if_its_signature_is_right(
    desk: Desk, slot: int, good: bool
) -> None:
    maker = desk.rest(slot=slot)
    cancel = desk.cancel_order(2, slot, 1, None if good else trading_key("wrong"))
    assert desk.verdicts(Fill(maker, desk.take(), 3), cancels=[cancel]) == [OK]
    expected = (Verdict.CANCELLED, MAKER) if good else OK
    assert desk.verdicts(Fill(maker, desk.take(), 3)) == [expected]


@undoing
def test_settle__unregistered_account__bad_signature(desk: Desk) -> None:
    maker = desk.rest(9, key=trading_key("nobody"))
    batch = build(1, [Fill(maker, desk.take(), 1)], [], lambda _: ())
    assert desk.settle(batch) is DONE
    assert (desk.settled()[0].verdict, desk.settled()[0].side) == (Verdict.BAD_SIGNATURE, MAKER)
    desk.compare()

"""setLimits(market, limits), and what limits do to fills

caller is not the governor ......... AccessManagedUnauthorized
market not listed .................. Market_NotListed
tier above the cap ................. Market_LimitsInconsistent
a number that is not round ......... Bound_NotRepresentable
otherwise .......................... in force at once, exactly; a smaller tier along a line in a day
a change on the way ................ a new way from where the tier stands
tiers:         each lot of tier k needs k initial margins, to the lot
cap:           a position ends with its eighth tier; one beyond it may only shrink
open interest: counted after every kind of fill; a batch may not leave more than the cap, unless it
               leaves less than before
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.accounts import RAMP
from penstock.errors import LimitError
from penstock.limits import CAP_MANTISSA, MOST_TIER, TIER_MANTISSA, Limits, pack_bound, weighted
from penstock.messages import Fill, Side, Verdict
from penstock.units import div_up
from tests.helpers.actors import Actor
from tests.helpers.amounts import PEOPLE
from tests.helpers.revm import reverts
from tests.helpers.trouble import seen, set_tier
from tests.helpers.twin import DONE, undoing
from tests.helpers.venue import GOVERNOR
from tests.onchain.settlement.desk import DEPOSIT, LOT, MARK, OK, SIGNS, Desk

MAKER, TAKER = Side.MAKER, Side.TAKER
TOO_LARGE = Verdict.POSITION_TOO_LARGE
WIDE = 80_000_000
TIERS = st.integers(1, 100)
ROUND_TIER = st.tuples(st.integers(1, TIER_MANTISSA), st.integers(0, 7)).map(
    lambda pair: pair[0] * 10 ** pair[1]
)
ROUND = st.tuples(st.integers(1, CAP_MANTISSA), st.integers(0, 7))


def tier_of(desk: Desk) -> int:
    """The tier of market 1 that is in force."""
    word = desk.word("market", 1, 0) >> 59
    return int((word >> 3 & TIER_MANTISSA) * 10 ** (word & 7))


def enrich(desk: Desk) -> None:
    """Margin for whatever the tiers allow."""
    for account in (1, 2, 3, 4):
        assert desk.deposit(account, 10**6 * DEPOSIT // 10**3) is DONE


# --- the call -------------------------------------------------------------------------------------


@given(who=PEOPLE)
@undoing
def test_set_limits__not_the_governor__reverts(desk: Desk, who: Actor) -> None:
    with reverts("AccessManagedUnauthorized", who.address):
        desk.venue.index.transact("setLimits", 1, (1, 1), sender=who.address)


@given(market=st.integers(3, 2**16 - 1))
@undoing
def test_set_limits__market_not_listed__reverts(desk: Desk, market: int) -> None:
    assert desk.set_limits(market, Limits(1, 1)) == ("Market_NotListed", (market,))


@given(cap=st.integers(1, 1_000), more=st.integers(1, 100))
@undoing
def test_set_limits__tier_above_the_cap__reverts(desk: Desk, cap: int, more: int) -> None:
    with reverts("Market_LimitsInconsistent", cap + more, cap):
        desk.venue.index.transact("setLimits", 1, (cap + more, cap), sender=GOVERNOR)


@given(lots=st.one_of(st.integers(0, 2**40 - 1), ROUND.map(lambda m: m[0] * 10 ** m[1])))
@undoing
def test_set_limits__any_number__is_stored_exactly_or_refused(desk: Desk, lots: int) -> None:
    tier = 1 if lots else 0
    try:
        pack_bound("cap", lots, CAP_MANTISSA)
        if not lots:
            raise LimitError("cap", lots, CAP_MANTISSA)
    except LimitError:
        most = CAP_MANTISSA if lots else TIER_MANTISSA
        with reverts("Bound_NotRepresentable", lots, most):
            desk.venue.index.transact("setLimits", 1, (tier, lots), sender=GOVERNOR)
        return
    assert desk.set_limits(1, Limits(tier, lots)) is DONE
    desk.compare()
    word = desk.word("activity", 1, 0) >> 120
    assert (word >> 3 & CAP_MANTISSA) * 10 ** (word & 7) == lots


def test_bound__every_representable_number__is_written_in_one_way() -> None:
    for exponent in range(8):
        for mantissa in range(1, CAP_MANTISSA + 1):
            lots = mantissa * 10**exponent
            word = pack_bound("cap", lots, CAP_MANTISSA)
            assert (word >> 3) * 10 ** (word & 7) == lots
            assert word & 7 == 7 or (word >> 3) % 10


@given(tier=st.tuples(st.integers(1, TIER_MANTISSA), st.integers(0, 7)))
@undoing
def test_set_limits__any_tier__is_read_back_as_what_a_taker_may_have(
    desk: Desk, tier: tuple[int, int]
) -> None:
    lots = tier[0] * 10 ** tier[1]
    set_tier(desk, lots, lots)
    desk.compare()
    word = desk.word("market", 1, 0) >> 59
    assert (word >> 3 & TIER_MANTISSA) * 10 ** (word & 7) == lots


@given(start=ROUND_TIER, end=ROUND_TIER, passed=st.integers(1, 2 * RAMP))
@undoing
def test_set_limits__a_smaller_tier__moves_along_a_line__a_larger_one_acts_at_once(
    desk: Desk, start: int, end: int, passed: int
) -> None:
    set_tier(desk, start, MOST_TIER)
    assert desk.set_limits(1, Limits(end, MOST_TIER)) is DONE
    assert tier_of(desk) == max(start, end)
    desk.chain.time += passed
    assert desk.refresh(1, MARK) is DONE
    desk.compare()
    line = end + div_up(max(0, start - end) * max(0, RAMP - passed), RAMP)
    # Never below the line, and above it by no more than a tier's three digits make it.
    assert line <= tier_of(desk) <= line + (line // 102 if line > end else 0)


@given(first=ROUND_TIER, second=ROUND_TIER, passed=st.integers(1, RAMP), later=st.integers(1, RAMP))
@undoing
def test_set_limits__again_on_the_way__begins_where_the_tier_stands(
    desk: Desk, first: int, second: int, passed: int, later: int
) -> None:
    assert desk.set_limits(1, Limits(first, MOST_TIER)) is DONE
    desk.chain.time += passed
    desk.marks(MARK)
    stood = tier_of(desk)
    assert desk.set_limits(1, Limits(second, MOST_TIER)) is DONE
    assert desk.set_margins(1, 800, 400) is DONE
    assert tier_of(desk) == max(stood, second)
    for _ in range(2):
        desk.chain.time += later
        assert desk.accrue(1) is DONE
        desk.compare()
        assert desk.refresh(1, MARK) is DONE
        desk.compare()
        assert min(stood, second) <= tier_of(desk) <= max(stood, second)


# --- tiers ----------------------------------------------------------------------------------------


@given(tier=TIERS, full=st.integers(0, 7), past=st.integers(-1, 1), buy=SIGNS)
@undoing
def test_settle__about_the_edge_of_a_tier__margin_is_exact(
    desk: Desk, tier: int, full: int, past: int, buy: bool
) -> None:
    size = max(1, tier * full + past)
    set_tier(desk, tier, WIDE)
    enrich(desk)
    desk.trade(size if buy else -size)
    lots = sum(min(tier, max(0, size - tier * k)) * (k + 1) for k in range(9))
    assert seen(desk, 1).initial_margin == lots * LOT // 20
    assert weighted(size, tier) == lots
    desk.compare_views()


@given(tier=TIERS, size=st.integers(1, 800), short=st.integers(-1, 1), buy=SIGNS)
@undoing
def test_settle__margin_for_the_tiers_about_what_there_is__exact(
    desk: Desk, tier: int, size: int, short: int, buy: bool
) -> None:
    size = min(size, 8 * tier)
    set_tier(desk, tier, WIDE)
    enrich(desk)
    fee = size * LOT * 500 // 10**6
    needed = weighted(size, tier) * LOT // 20 + fee
    spare = seen(desk, 1).withdrawable
    assert desk.withdraw(1, spare - needed + short) is DONE
    maker = desk.rest(2, buy=not buy, size=size)
    fill = Fill(maker, desk.take(1, buy=buy, size=size), size)
    poor = (Verdict.BELOW_INITIAL_MARGIN, TAKER)
    assert desk.verdicts(fill) == [poor if short > 0 else OK]


@given(tier=TIERS, past=st.integers(-1, 1), side=st.sampled_from((MAKER, TAKER)))
@undoing
def test_settle__about_the_last_tier__a_lot_beyond_is_too_large(
    desk: Desk, tier: int, past: int, side: Side
) -> None:
    set_tier(desk, tier, WIDE)
    enrich(desk)
    big, partner = 8 * tier + past, max(1, 8 * tier // 2)
    # The other side begins far enough on the other side of zero.
    other = desk.cross(3, 2, partner) if side is TAKER else desk.cross(1, 3, partner)
    assert desk.verdicts(other) == [OK]
    sizes = {TAKER: (1, 3), MAKER: (3, 2)}[side]
    expected = (TOO_LARGE, side) if past > 0 else OK
    assert desk.verdicts(desk.cross(*sizes, big)) == [expected]


@given(tier=TIERS, held=st.integers(1, 800), shrink=st.integers(1, 2_000))
@undoing
def test_settle__position_beyond_a_lowered_cap__may_shrink_and_not_flip_beyond(
    desk: Desk, tier: int, held: int, shrink: int
) -> None:
    enrich(desk)
    desk.trade(held)
    set_tier(desk, tier, WIDE)
    after = held - shrink
    (verdict,) = desk.verdicts(desk.cross(2, 1, shrink))
    too_large = abs(after) > 8 * tier and abs(after) > held
    assert verdict == ((TOO_LARGE, MAKER) if too_large else OK)
    if not too_large:
        assert desk.size(1) == after


@given(tier=TIERS, first=st.integers(-800, 800).filter(bool), second=st.integers(-1_600, 1_600))
@undoing
def test_settle__flips_through_zero__margin_is_that_of_what_is_left(
    desk: Desk, tier: int, first: int, second: int
) -> None:
    set_tier(desk, tier, WIDE)
    enrich(desk)
    desk.verdicts(desk.cross(size=first))
    if second:
        desk.verdicts(desk.cross(size=second))
    size = abs(desk.size(1))
    assert size <= 8 * tier
    assert seen(desk, 1).initial_margin == weighted(size, tier) * LOT // 20
    desk.compare_views()


@given(tier=TIERS, held=st.integers(-400, 400), size=st.integers(1, 800))
@undoing
def test_settle__takers_margin_fails_beyond_the_first_tier__makers_side_is_undone_exactly(
    desk: Desk, tier: int, held: int, size: int
) -> None:
    # The maker's side was applied before the taker's was refused; a second fill of the maker in the
    # same batch sees what the undoing left.
    set_tier(desk, tier, WIDE)
    enrich(desk)
    if held and abs(held) <= 8 * tier:
        assert desk.verdicts(desk.cross(4, 2, size=held)) == [OK]
    spare = seen(desk, 1).withdrawable
    assert desk.withdraw(1, spare - 1) is DONE
    size = min(size, 8 * tier)
    fills = desk.cross(1, 2, size), desk.cross(3, 2, size)
    first, second = desk.verdicts(*fills)
    assert first != OK
    if second == OK:
        expected = held if abs(held) <= 8 * tier else 0
        assert desk.size(2) == -expected - size
    desk.compare_views()


# --- open interest --------------------------------------------------------------------------------


@given(
    trades=st.lists(st.tuples(SIGNS, st.permutations((1, 2, 3)), st.integers(1, 900)), max_size=8)
)
@undoing
def test_settle__any_fills__open_interest_is_the_sum_of_the_longs(
    desk: Desk, trades: list[tuple[bool, list[int], int]]
) -> None:
    fills = [desk.cross(pair[0], pair[1], size if up else -size) for up, pair, size in trades]
    desk.verdicts(*fills)
    longs = sum(max(0, desk.size(account)) for account in (1, 2, 3))
    assert desk.model.market(1).open_interest == longs
    assert desk.word("activity", 1, 0) >> 80 & 2**40 - 1 == longs


@given(cap=st.integers(1, 900), size=st.integers(1, 1_000))
@undoing
def test_settle__about_the_cap__one_lot_beyond_reverts_the_batch(
    desk: Desk, cap: int, size: int
) -> None:
    set_tier(desk, 1 if cap < 100 else 100, cap)
    enrich(desk)
    size = min(size, 8 * desk.model.market(1).listing.limits.tier)
    outcome = desk.settle(desk.batch(desk.cross(size=size)))
    beyond = ("Batch_OpenInterestAboveCap", (1, size, cap))
    assert outcome == (beyond if size > cap else DONE)
    desk.compare()


@given(cap=st.integers(1, 99), size=st.integers(1, 200))
@undoing
def test_settle__cap_lowered_below_what_is_open__only_less_may_be_left(
    desk: Desk, cap: int, size: int
) -> None:
    desk.trade(100)
    set_tier(desk, 50, 5_000)
    set_tier(desk, 1 if cap < 50 else 50, cap)
    assert desk.settle(desk.batch(desk.cross(3, 4, 1))) == (
        ("Batch_OpenInterestAboveCap", (1, 101, cap))
    )
    # Positions may change hands, and shrink.
    assert desk.verdicts(desk.cross(3, 1, 1)) == [OK]
    assert desk.verdicts(desk.cross(2, 1, min(size, 99))) == [OK]
    assert desk.model.market(1).open_interest == 100 - min(size, 99)


@undoing
def test_settle__beyond_the_cap_within_a_batch__what_the_batch_leaves_counts(desk: Desk) -> None:
    set_tier(desk, 100, 100)
    fills = desk.cross(1, 2, 150), desk.cross(2, 1, 60)
    assert desk.verdicts(*fills) == [OK, OK]
    assert desk.model.market(1).open_interest == 90


@undoing
def test_liq_11__tier_lowered__nobody_is_nearer_to_liquidation(desk: Desk) -> None:
    set_tier(desk, 1_000)
    desk.trade(500)
    before = seen(desk, 1)
    assert desk.set_limits(1, Limits(100, 1_000)) is DONE
    # Whatever may be called in the same block changes nothing more.
    desk.venue.index.transact("refresh", [1, 2], sender=GOVERNOR)
    assert seen(desk, 1) == before
    assert desk.venue.lens.call("accountOf", 1)[7:9] == (
        *(before.initial_margin, before.maintenance_margin),
    )
    # Half a day later the tier is 550, and then 325.
    for passed, tiered in ((RAMP // 2, 500), (RAMP // 4, 500 + 500 - 325)):
        desk.chain.time += passed
        desk.marks(MARK, MARK)
        assert seen(desk, 1).initial_margin == tiered * LOT // 20
        assert seen(desk, 1).maintenance_margin == before.maintenance_margin
        desk.compare_views()


@pytest.mark.parametrize("size", [-3, 3])
@undoing
def test_settle__half_a_tier_and_beyond__one_rule_on_both_sides_of_the_shortcut(
    desk: Desk, size: int
) -> None:
    # The contract takes a shortcut while sizes are below half a tier; 3 of 7 are, 4 are not.
    set_tier(desk, 7, WIDE)
    for _ in range(6):
        desk.trade(size)
        lots = weighted(abs(desk.size(1)), 7)
        assert seen(desk, 1).initial_margin == lots * LOT // 20
        desk.compare_views()

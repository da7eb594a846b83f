"""FUN-1: whatever changes a size settles its funding first, and nothing else changes a size

doors of PerpPositions .. all of them are in this file: two change sizes, the others are tried here
paths through the two ... fill as maker or taker, liquidation order, takeover, deleveraging,
                          forced close, each from both sides: old size × what the index moved,
                          rounded down, is in the quote, and the new snapshot is the index of now
a closed position ....... is swept without funding, however long it was closed
"""

from collections.abc import Callable
from dataclasses import astuple
from typing import Final, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.limits import Limits
from penstock.messages import Fill, Verdict
from penstock.units import fee_up
from tests.helpers.escapee import freeze
from tests.helpers.exits import Taking, execute_close, force_close, pass_window
from tests.helpers.liquidator import deleverage, forced, liquidate, take_over
from tests.helpers.trouble import FUND, SIZE, endow, fall, open_long
from tests.helpers.twin import DONE, OWNER, address_text, trading_key, undoing
from tests.onchain.governance.matrix import MATRIX
from tests.onchain.settlement.desk import DEPOSIT, MARK, UNIT, Desk

TAKER_FEE, MAKER_FEE = 500, 200
CHANGE_SIZES: Final = {"settle", "move"}
Deed = Callable[[Desk, int], None]


class Held(NamedTuple):
    """A stored position, as the chain has it."""

    size: int
    quote: int
    snapshot: int


def held(desk: Desk) -> dict[int, Held]:
    """The word of each account in market 1."""
    return {account: _unpacked(desk.word("position", account, 1)) for account in range(5)}


def _unpacked(word: int) -> Held:
    return Held(_signed(word >> 192, 64), _signed(word >> 96, 96), _signed(word, 96))


def _signed(word: int, bits: int) -> int:
    low, span = word % (1 << bits), 1 << bits
    return low - span if low >> bits - 1 else low


def index(desk: Desk) -> int:
    """The stored index of market 1."""
    return _signed(desk.word("market", 1, 0) >> 128, 72)


def cash(desk: Desk, began: int) -> dict[int, int]:
    """What the events since say that each account paid or received, funding left out."""
    sums = dict.fromkeys(range(5), 0)
    for _, log in desk.logs[began:]:
        if log.name == "PositionMoved":
            giver, taker, _, _, paid, penalty = log.arguments
            sums[giver] += paid - penalty
            sums[taker] -= paid
        if log.name == "BatchSettled":
            for record in desk.settled():
                assert record.verdict.moved, record
                worth = record.price * record.size * UNIT
                paid = worth if record.taker_buys else -worth
                forced_ = record.verdict is Verdict.LIQUIDATED
                sums[record.maker] += paid - fee_up(worth, MAKER_FEE)
                sums[record.taker] -= paid + (
                    record.penalty if forced_ else fee_up(worth, TAKER_FEE)
                )
    return sums


# --- paths ----------------------------------------------------------------------------------------


def fill(maker: int, taker: int, sign: int) -> Deed:
    def deed(desk: Desk, lots: int) -> None:
        price = desk.model.market(1).mark
        resting = desk.rest(maker, buy=sign < 0, size=lots, price=price, slot=9, epoch=900)
        order = desk.take(taker, buy=sign > 0, size=lots, price=price)
        assert desk.settle(desk.batch(Fill(resting, order, lots))) is DONE

    return deed


def liquidation_order(desk: Desk, lots: int) -> None:
    price = desk.model.market(1).mark
    maker = desk.rest(3, buy=True, size=lots, price=price, slot=9, epoch=900)
    order = forced(1, buy=False, price=price, size=lots, number=1)
    assert liquidate(desk, Fill(maker, order, lots)) is DONE


def takeover(by: int) -> Deed:
    def deed(desk: Desk, lots: int) -> None:
        assert take_over(desk, 1, by, {1: lots}) is DONE

    return deed


def deleveraging(desk: Desk, lots: int) -> None:
    assert deleverage(desk, 1, 1, [(2, lots)]) is DONE


def forced_close(by_fund: bool) -> Deed:
    def deed(desk: Desk, lots: int) -> None:
        mark = desk.model.market(1).mark
        rests = Taking(desk.rest(2, buy=True, size=lots, price=mark, slot=9, epoch=900), lots)
        assert force_close(desk, 1, 1, lots) is DONE
        pass_window(desk, 1)
        desk.marks(mark, desk.model.market(2).mark)
        makers = () if by_fund else (rests,)
        assert execute_close(desk, 1, *makers, by_fund=lots if by_fund else 0) is DONE

    return deed


class Path(NamedTuple):
    """How sizes change, whose, and how far the mark must have fallen for it (per mille)."""

    deed: Deed
    whose: set[int]
    fallen: int = 0


PATHS: Final = {
    "fill that raises both": Path(fill(2, 1, 1), {1, 2}),
    "fill that lowers both": Path(fill(2, 1, -1), {1, 2}),
    "fill of maker and a newcomer": Path(fill(1, 3, 1), {1, 3}),
    "fill of taker and a newcomer": Path(fill(3, 1, -1), {1, 3}),
    "liquidation order": Path(liquidation_order, {1, 3}, 43),
    "takeover by an account": Path(takeover(3), {1, 3}, 43),
    "takeover by the other side": Path(takeover(2), {1, 2}, 43),
    "takeover by the fund": Path(takeover(FUND), {FUND, 1}, 43),
    "deleveraging": Path(deleveraging, {1, 2}, 80),
    "forced close by an order": Path(forced_close(False), {1, 2}),
    "forced close by the fund": Path(forced_close(True), {FUND, 1}),
}


def let_funding_fall_due(desk: Desk, hours: int, fallen: int) -> None:
    """Let hours pass that nobody accrues to the end, with a mark that is fresh after them."""
    desk.pass_time(60)
    fall(desk, fallen)
    mark = desk.model.market(1).mark
    began = desk.model.market(1).sample.period_start
    desk.pass_time(began + 3_600 * hours - 10 - desk.now)
    desk.marks(mark, 300_000)
    desk.pass_time(20)


@pytest.mark.parametrize("name", PATHS)
@given(hours=st.integers(1, 4), lots=st.integers(1, 100), premium=st.integers(-9_000, 9_000))
@undoing
def test_fun_1__every_path_that_changes_a_size__settles_the_old_size_first(
    desk: Desk, name: str, hours: int, lots: int, premium: int
) -> None:
    path = PATHS[name]
    if not path.fallen:
        # So that funding has either sign; one who is liquidated must only owe what he is made to.
        desk.trade(1, price=MARK + premium)
    open_long(desk, SIZE)
    if name.endswith("by the fund"):
        endow(desk, 10 * DEPOSIT)
    let_funding_fall_due(desk, hours, path.fallen)
    before, old, began = held(desk), index(desk), len(desk.logs)
    path.deed(desk, lots)
    after, new, paid = held(desk), index(desk), cash(desk, began)
    assert new != old
    assert {who for who in after if after[who].size != before[who].size} == path.whose
    for who in path.whose:
        was, now = before[who], after[who]
        due = (-was.size * (new - was.snapshot)) // 2**32
        assert now == (now.size, was.quote + due + paid[who], new)
    assert any(before[who].size and before[who].snapshot != new for who in path.whose)
    assert sum(one.size for one in after.values()) == 0
    desk.compare()


# --- every other door -----------------------------------------------------------------------------


def _refresh(desk: Desk) -> None:
    desk.marks(MARK + 1, 300_000)


def _accrue(desk: Desk) -> None:
    assert desk.accrue(1) is DONE


def _permit(desk: Desk) -> None:
    # NOTE: the permit is spent or false, and the allowance is there: it deposits all the same.
    call = (1, 5, desk.now, 0, bytes(32), bytes(32))
    desk.transact(desk.venue.positions, "depositWithPermit", *call, sender=OWNER.address)


def _fill_order(desk: Desk) -> None:
    # Nothing is said of it here: the desk does.
    with desk.chain.impersonated(desk.venue.desk.address) as who:
        desk.venue.positions.transact("setFilled", 4, 7 << 32 | 1, 5, sender=who)
    assert desk.word("slots", 4, 1) == (1 << 32 | 5) << 192


OTHERS: Final[dict[str, Callable[[Desk], object]]] = {
    "register": lambda desk: desk.register(trading_key("somebody new")),
    "deposit": lambda desk: desk.deposit(1, 5),
    "depositWithPermit": _permit,
    "sweep": lambda desk: desk.sweep(4, 1),
    "collectFees": lambda desk: desk.collect_fees(1),
    "setSigner": lambda desk: desk.set_signer(1, trading_key("another")),
    "requestWithdrawal": lambda desk: desk.withdraw(1, 5),
    "transfer": lambda desk: desk.transfer(1, 4, 5),
    "setFilled": _fill_order,
    "freeze": freeze,
    "cancel": lambda desk: desk.cancel(1, [1]),
    "cancelAll": lambda desk: desk.cancel_all(1, 10**6, 10**6),
    "setMarket": _refresh,
    "beginPeriod": _accrue,
    "setOpenInterestCap": lambda desk: desk.set_limits(1, Limits(100, 500)),
    "setSettings": lambda desk: desk.venue.set_settings(_rules(desk)),
}


def _rules(desk: Desk) -> list[object]:
    operator, *rules = astuple(desk.model.settings)
    return [address_text(operator), *rules[:-1], 1]


def test_fun_1__doors_of_the_positions__are_those_that_are_tried_here() -> None:
    assert set(MATRIX["PerpPositions"]) == CHANGE_SIZES | set(OTHERS)
    assert CHANGE_SIZES.isdisjoint(OTHERS)


@pytest.mark.parametrize("door", OTHERS)
@undoing
def test_fun_1__every_other_door__changes_no_size_and_no_quote_of_an_open_position(
    desk: Desk, door: str
) -> None:
    open_long(desk, 100, account=4, other=3)
    open_long(desk, -100, account=4, other=3)
    open_long(desk, 500)
    let_funding_fall_due(desk, 1, 0)
    before, desk.chain.result = held(desk), None
    OTHERS[door](desk)
    after = held(desk)
    # It did what it is there for: every door says so.
    assert desk.chain.logs() or door == "setFilled"
    closed = {4: before[4]._replace(quote=0)} if door == "sweep" else {}
    assert after == before | closed


@given(hours=st.integers(1, 4), size=st.integers(1, 1_000))
@undoing
def test_fun_1__sweep_of_a_position_closed_long_ago__moves_its_quote_and_no_funding(
    desk: Desk, hours: int, size: int
) -> None:
    open_long(desk, size)
    open_long(desk, -size)
    let_funding_fall_due(desk, hours, 0)
    was, collateral = held(desk)[1], desk.collateral(1)
    assert desk.sweep(1, 1) is DONE
    assert held(desk)[1] == (0, 0, was.snapshot)
    assert desk.collateral(1) == collateral + was.quote
    desk.compare()

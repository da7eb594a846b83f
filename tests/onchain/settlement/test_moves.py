"""move(from, to, market, size, paid, penalty), and what else only Liquidations and the fund may

caller is neither that nor the desk .. Positions_CallerRefused
otherwise ........................... funding applied to both, lots and quote moved, the penalty to
                                      the fees, open markets and open interest counted
load(slot) .......................... any word, to anyone: reading changes nothing
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyrevm import AccountInfo

from penstock.venue import Venue
from tests.helpers.actors import Actor
from tests.helpers.amounts import PEOPLE
from tests.helpers.revm import reverts
from tests.helpers.trouble import fees, open_long, wealth
from tests.helpers.twin import DONE, Outcome, undoing
from tests.helpers.venue import GOVERNOR, OPERATOR
from tests.onchain.settlement.desk import DEPOSIT, LOT, MARK, Desk


@pytest.fixture(scope="module")
def bare() -> Desk:
    """A desk whose `Liquidations` is an account without code: no contract can send."""
    desk = Desk()
    desk.chain.evm.insert_account_info(desk.venue.liquidations.address, AccountInfo(nonce=1))
    return desk


LOTS = st.integers(-1_000, 1_000)
PAID = st.integers(-DEPOSIT, DEPOSIT)


def move(
    desk: Desk, lots: int, paid: int, penalty: int = 0, giver: int = 1, taker: int = 3
) -> Outcome:
    """Have `Liquidations` move, whatever it would say itself."""
    call = (giver, taker, 1, lots, paid, penalty)
    sender = desk.venue.liquidations.address
    model: Venue = desk.model
    return desk.both(
        lambda: desk.transact(desk.venue.positions, "move", *call, sender=sender),
        lambda: model.move(*call, desk.now),
    )


NAMES = st.one_of(
    PEOPLE.map(lambda who: who.address), st.sampled_from((GOVERNOR, OPERATOR.address))
)


@given(who=NAMES)
@undoing
def test_move__neither_liquidations_nor_the_desk__reverts(desk: Desk, who: str) -> None:
    with reverts("Positions_CallerRefused", who):
        desk.venue.positions.transact("move", 1, 2, 1, 1, 0, 0, sender=who)


@given(held=LOTS, own=LOTS, lots=LOTS, paid=PAID, penalty=st.integers(0, 10**6))
@undoing
def test_move__any_lots_between_any_positions__nothing_is_made_or_lost(
    bare: Desk, held: int, own: int, lots: int, paid: int, penalty: int
) -> None:
    if held:
        open_long(bare, held)
    if own:
        open_long(bare, own, account=3, other=4)
    before = wealth(bare, *range(5)) + fees(bare)
    assert move(bare, lots, paid, penalty) is DONE
    bare.compare()
    bare.compare_views()
    sizes = [bare.size(account) for account in (1, 2, 3, 4)]
    assert sum(sizes) == 0
    assert (sizes[0], sizes[2]) == (held - lots, own + lots)
    assert bare.model.market(1).open_interest == sum(max(0, size) for size in sizes)
    assert wealth(bare, *range(5)) + fees(bare) == before


@given(size=st.integers(1, 1_000), hours=st.integers(1, 5), lots=st.integers(1, 1_000))
@undoing
def test_fun_1__move_with_funding_due__old_size_pays_for_the_old_period(
    bare: Desk, size: int, hours: int, lots: int
) -> None:
    open_long(bare, size)
    bare.pass_time(3_600 * hours)
    owed = bare.equity(1)
    assert move(bare, lots, lots * LOT) is DONE
    bare.compare()
    assert bare.equity(1) == owed
    assert bare.model.accounts[3].positions[1].snapshot == bare.model.market(1).index


@given(paid=st.sampled_from((2**95, -(2**95) - 1, 2**96)), lots=st.sampled_from((0, 1)))
@undoing
def test_sol_5__quote_beyond_its_width__reverts_and_does_not_wrap(
    bare: Desk, paid: int, lots: int
) -> None:
    outcome = move(bare, lots, paid)
    assert outcome is not DONE
    assert outcome[0] == "Quantity_OutOfRange"
    bare.compare()


@given(lots=st.sampled_from((2**63, -(2**63) - 1, 2**70)))
@undoing
def test_sol_5__size_beyond_its_width__reverts_and_does_not_wrap(bare: Desk, lots: int) -> None:
    outcome = move(bare, lots, 0)
    assert outcome is not DONE
    assert outcome[0] == "Quantity_OutOfRange"
    bare.compare()


@given(who=PEOPLE, slot=st.integers(0, 2**256 - 1))
@undoing
def test_load__any_slot__reads_and_changes_nothing(desk: Desk, who: Actor, slot: int) -> None:
    assert desk.venue.positions.call("load", slot, sender=who.address) >= 0
    desk.compare()


def test_load__rules_and_tally__are_slots_0_and_1(desk: Desk) -> None:
    words = [desk.venue.positions.call("load", slot) for slot in (0, 1)]
    assert words == [desk.word("rules", 0, 0), desk.word("tally", 0, 0)]
    assert desk.model.market(1).mark == MARK

"""Failures of other venues, by their rows, and what a griefer could try

WDQ-4 ........ operator, governor, publishers and keepers are dead and trading is paused: a user
               with a position leaves with nothing but the own key, within the liveness window
all at once .. an outage on top of it: the grace is waited for, no more
a hook ....... a token that freezes the venue, and has it counted, while a deposit is on its way
WDQ-11 ....... asked for in every way there is, and an escape on top: each is paid once
most markets . an account with a position in each of 127 markets is counted in one transaction
"""

from contextlib import suppress
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from penstock.artifacts import artifacts
from penstock.deploy import Parameters
from penstock.messages import Fill
from tests.helpers.actors import Actor
from tests.helpers.escapee import (
    balance,
    compare,
    escape,
    everybody,
    freeze,
    freeze_silent,
    look,
    tally,
    tally_all,
)
from tests.helpers.exits import execute_withdrawal, force_withdrawal, request, signed_withdrawal
from tests.helpers.revm import Revert, reverts
from tests.helpers.trouble import fall, open_long
from tests.helpers.twin import DONE, OWNER, undoing
from tests.helpers.venue import OPERATOR, PARAMETERS, STRANGER, Venue, isolated, make_venue
from tests.onchain.settlement.desk import DEPOSIT, MARK, MARKS, OK, Desk

USUAL: Final = Parameters(PARAMETERS.markets, outage_after=600, grace=900, withdrawal_delay=300)
"""The windows that a venue has if it says nothing else."""
MOST: Final = 127
DAY: Final = 86_400
BATCH: Final = 32
ALICE: Final = Actor("alice").address


@pytest.fixture(scope="module")
def usual() -> Desk:
    """A desk with the usual windows."""
    return Desk(USUAL)


@given(wait=st.integers(0, 10**6), per_mille=st.integers(-50, 50), paused=st.booleans())
@undoing
def test_wdq_4__everybody_else_is_dead__out_with_the_own_key_within_the_liveness_window(
    usual: Desk, wait: int, per_mille: int, paused: bool
) -> None:
    open_long(usual, 1_000)
    fall(usual, per_mille)
    claim = usual.equity(1)
    if paused:
        assert usual.pause(1, 2) is DONE
    # From here on one owner sends all there is: no price, no batch, no beat of anybody else.
    usual.chain.time += wait
    noticed, me = usual.now, OWNER.address
    live, grace, limit = usual.hatch.liveness, 900, 600
    for at in (0, live - grace, live - grace + limit):
        usual.chain.time = noticed + at
        assert look(usual) is DONE
    usual.chain.time = noticed + live
    assert freeze_silent(usual, sender=me) is DONE
    assert tally(usual, everybody(usual)) is DONE
    before = balance(usual)
    assert escape(usual, 1) is DONE
    assert usual.now == noticed + live == noticed + 259_200
    assert balance(usual) - before == claim
    compare(usual)
    usual.compare()


@given(down=st.integers(601, 10**6))
@undoing
def test_wdq_4__chain_was_down_as_well__out_a_grace_after_it_came_back(
    usual: Desk, down: int
) -> None:
    assert look(usual) is DONE
    usual.chain.time += usual.hatch.liveness - 1 + down
    back = usual.now
    for at in (0, 600):
        usual.chain.time = back + at
        assert look(usual) is DONE
    usual.chain.time = back + 899
    assert freeze_silent(usual) == ("Hatch_GraceLasts", (back + 899, back + 900))
    usual.chain.time = back + 900
    assert freeze_silent(usual) is DONE


# --- WDQ-11 ---------------------------------------------------------------------------------------


@given(
    parts=st.tuples(*[st.integers(1, DEPOSIT // 4)] * 4),
    executed=st.booleans(),
    order=st.permutations(["release", "admit", "escape", "execute"] * 2),
)
@undoing
def test_wdq_11__in_line_held_forced_signed_and_escaping__each_is_paid_once(
    usual: Desk, parts: tuple[int, int, int, int], executed: bool, order: list[str]
) -> None:
    line, held, forced, signed = parts
    queue, before = usual.venue.queue, balance(usual, OWNER.address)
    assert usual.withdraw(1, line) is DONE
    usual.transact(queue, "announceGuard", 1, DAY, [], sender=OWNER.address)
    assert usual.withdraw(1, held) is DONE
    assert force_withdrawal(usual, 1, forced) is DONE
    page = signed_withdrawal(usual, 1, signed)
    assert request(usual, page) is DONE
    if executed:
        assert execute_withdrawal(usual, 1, sender=OPERATOR) is DONE
    freeze(usual)
    tally_all(usual)
    for step in order:
        leave(usual, step)
    usual.chain.time += DAY
    for step in ("admit", "release"):
        usual.chain.time += int(queue.call("delay"))
        leave(usual, step)
    owed = line + held + signed + forced * executed
    assert request(usual, page) == ("Request_NonceUsed", (1, 0))
    assert escape(usual, 1) == ("Hatch_AlreadyPaid", (1,))
    assert balance(usual, OWNER.address) - before == owed
    assert balance(usual) == DEPOSIT - owed
    assert queue.call("owed") == 0
    assert balance(usual, usual.venue.vault.address) == usual.venue.vault.call("booked")
    assert usual.venue.vault.call("booked") == 3 * DEPOSIT
    compare(usual)


def leave(desk: Desk, step: str) -> None:
    """Try one way out for account 1, which may be refused: too early, too late, done already."""
    if step == "escape":
        escape(desk, 1)
    elif step == "execute":
        execute_withdrawal(desk, 1, sender=OPERATOR)
    elif step == "release":
        desk.transact(desk.venue.vault, "release", 10, sender=STRANGER.address)
    else:
        for hold in range(1, 4):
            with suppress(Revert):
                desk.transact(desk.venue.queue, "admit", hold, sender=STRANGER.address)


@pytest.fixture(scope="module")
def hooked() -> Venue:
    """A venue whose token calls back, with 100 of Alice's in account 1, silent for long enough."""
    venue = make_venue(odd_token=True)
    venue.mint(ALICE, 1_000)
    for _ in range(2):
        venue.positions.transact("register", ALICE, sender=ALICE)
    venue.positions.transact("deposit", 1, 100, sender=ALICE)
    venue.hatch.transact("look", sender=STRANGER.address)
    venue.chain.time += int(venue.hatch.call("LIVENESS"))
    venue.watch.transact("beat", sender=STRANGER.address)
    venue.chain.time += int(venue.watch.call("GRACE"))
    return venue


@isolated
def test_deposit__token_freezes_the_venue_meanwhile__is_undone_and_so_is_the_freeze(
    hooked: Venue,
) -> None:
    data = artifacts()["EscapeHatch"].functions["freezeSilent"].encode([])
    hooked.token.transact("setHook", hooked.hatch.address, data, sender=ALICE)
    with reverts("Positions_Frozen"):
        hooked.positions.transact("deposit", 2, 50, sender=ALICE)
    assert hooked.hatch.call("count")[0] == 0
    hooked.token.transact("transfer", ALICE, 0, sender=ALICE)
    assert hooked.hatch.call("count")[0] == hooked.chain.time
    with reverts("Positions_Frozen"):
        hooked.positions.transact("deposit", 2, 50, sender=ALICE)
    assert hooked.token.call("balanceOf", ALICE) == 900


@isolated
def test_deposit__on_its_way_when_the_venue_freezes__leaves_the_tokens_where_they_are(
    hooked: Venue,
) -> None:
    hooked.hatch.transact("freezeSilent", sender=STRANGER.address)
    with reverts("Positions_Frozen"):
        hooked.positions.transact("deposit", 2, 50, sender=ALICE)
    assert hooked.token.call("balanceOf", ALICE) == 900
    hooked.hatch.transact("tally", [1, 2], [[], []], sender=STRANGER.address)
    assert hooked.hatch.call("pot")[1] == 100


def test_tally__account_with_the_most_open_markets__fits_one_transaction() -> None:
    first, names = PARAMETERS.markets[0], [f"M{n}-PERP" for n in range(1, MOST + 1)]
    markets = tuple(structs.replace(first, symbol=name) for name in names)
    desk = Desk(structs.replace(PARAMETERS, markets=markets, max_markets=MOST))
    desk.pass_time(1)
    desk.marks(*MARKS, *[MARK] * (MOST - len(MARKS)))
    for epoch, start in enumerate(range(1, MOST + 1, BATCH), 1):
        at = range(start, min(start + BATCH, MOST + 1))
        assert {verdict for verdict, _ in desk.verdicts(*_fills(desk, at, epoch))} == {OK[0]}
    assert len(desk.model.account(1).open_markets) == MOST
    freeze(desk)
    page = everybody(desk)
    lists = [who for who, _ in page], [list(named) for _, named in page]
    gas = desk.venue.hatch.measure("tally", *lists, sender=STRANGER.address)
    assert gas < 3_000_000
    assert tally(desk, page) is DONE
    assert escape(desk, 1) is DONE
    compare(desk)


def _fills(desk: Desk, markets: range, epoch: int) -> list[Fill]:
    """A lot between accounts 1 and 2 in each of the markets."""
    fills = []
    for slot, market in enumerate(markets):
        price = desk.model.market(market).mark
        maker = desk.rest(slot=slot, epoch=epoch, size=1, price=price, market=market)
        fills.append(Fill(maker, desk.take(size=1, price=price, market=market), 1))
    return fills

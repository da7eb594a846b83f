"""An adapter as the source of a funding index, from the foreign feed to the settled batch

the feed of a market fails ... its mark stays and grows stale; the refresh of others goes on
a batch meets the stale one .. fills that raise exposure there are skipped, the others settle
exits ........................ go on
the feed is back ............. the market is what it was
a price of another second .... becomes the mark, never an older one
"""

from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.messages import Side, Verdict
from tests.helpers.twin import DONE
from tests.helpers.venue import STRANGER
from tests.onchain.adapters.sourced import ChainlinkDesk, PythDesk, Sourced
from tests.onchain.settlement.desk import MARK, MARKS, OK, Desk

DESKS: Final[tuple[type[Sourced], ...]] = (ChainlinkDesk, PythDesk)
STALE = (Verdict.STALE_PRICE, Side.MAKER)
AGE = 60


@pytest.fixture(scope="module")
def desks() -> dict[str, Sourced]:
    return {kind.adapter: kind() for kind in DESKS}


def refresh_all(desk: Desk) -> None:
    """Have a stranger refresh both markets at once, and the model alike."""
    seen = {market: desk.venue.feed.call("latest", market) for market in (1, 2)}
    desk.transact(desk.venue.index, "refresh", [1, 2], sender=STRANGER.address)
    for market, (price, time, clamped) in seen.items():
        desk.model.refresh(market, price, time, desk.now, clamped=clamped)
    desk.compare()


@pytest.mark.parametrize(
    ("adapter", "fault"), [(kind.adapter, fault) for kind in DESKS for fault in kind.faults]
)
def test_ora_10__foreign_feed_fails__its_market_is_skipped_and_the_batch_lives(
    desks: dict[str, Sourced], adapter: str, fault: str
) -> None:
    desk = desks[adapter]
    with desk.undone():
        desk.trade(100)
        desk.pass_time(AGE + 1)
        desk.fail(fault)
        desk.say(2, MARKS[1] + 5, desk.now)
        refresh_all(desk)
        assert [desk.model.market(market).mark for market in (1, 2)] == [MARK, MARKS[1] + 5]
        fills = (
            desk.cross(1, 2, 5),
            desk.cross(2, 1, 40),
            desk.cross(3, 4, 5, price=MARKS[1], market=2),
        )
        assert desk.verdicts(*fills) == [STALE, OK, OK]
        desk.mend()
        assert desk.refresh(1, MARK + 3) is DONE
        assert desk.verdicts(desk.cross(3, 4, 5, price=MARK + 3)) == [OK]


@pytest.mark.parametrize("adapter", [kind.adapter for kind in DESKS])
def test_ora_10__foreign_feed_is_dead__who_has_no_position_leaves_at_once(
    desks: dict[str, Sourced], adapter: str
) -> None:
    desk = desks[adapter]
    with desk.undone():
        desk.trade(100)
        desk.fail(desk.faults[1])
        desk.pass_time(AGE + 1)
        refresh_all(desk)
        assert desk.withdraw(3, 10**6) is DONE
        stale = ("Withdrawal_PriceStale", (1, 1, desk.model.market(1).fresh_until))
        assert desk.withdraw(1, 10**6) == stale
        # Closed against whom it was opened, the account is free.
        assert desk.verdicts(desk.cross(2, 1, 100)) == [OK]
        assert desk.withdraw(1, 10**6) is DONE


@pytest.mark.parametrize("adapter", [kind.adapter for kind in DESKS])
@given(move=st.integers(-50_000, 50_000), older=st.integers(0, 3), later=st.integers(1, AGE))
def test_refresh__foreign_price_of_another_second__is_the_mark_unless_it_is_older(
    desks: dict[str, Sourced], adapter: str, move: int, older: int, later: int
) -> None:
    desk = desks[adapter]
    with desk.undone():
        began = desk.now
        desk.pass_time(later)
        assert desk.refresh(1, MARK + move, began - older + later * (older == 0)) is DONE
        assert desk.model.market(1).mark == (MARK if older else MARK + move)
        assert desk.model.market(1).fresh_until == began + AGE + (0 if older else later)
        desk.compare()

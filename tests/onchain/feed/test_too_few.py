"""ORA-6 from the publishers to the exits: too few of them sign, and the venue gets rid of risk

two of the quorum's three sign .. the feed refuses them, and the mark grows stale
a fill raises exposure .......... skipped: StalePrice
a fill lowers exposure .......... settles
exits ........................... at once without a position, forced with one
a third signs again ............. the market opens
"""

from hypothesis import given
from hypothesis import strategies as st

from penstock.messages import Side, Verdict
from tests.helpers.actors import publishers, sign_report
from tests.helpers.exits import execute_withdrawal, force_withdrawal, pass_window
from tests.helpers.revm import reverts
from tests.helpers.twin import DONE, undoing
from tests.helpers.venue import GOVERNOR, STRANGER
from tests.onchain.settlement.desk import MARK, OK, SIZES, Desk

STALE = (Verdict.STALE_PRICE, Side.MAKER)
AMOUNT = 10**6


def post(desk: Desk, who: list[int], price: int) -> None:
    """Have a stranger carry what some of the publishers sign."""
    signers = [publishers()[place] for place in who]
    reports = [sign_report(desk.venue.domain, one, 1, price, desk.now) for one in signers]
    desk.venue.feed.transact("post", 1, reports, sender=STRANGER.address)


@given(order=st.permutations(range(5)), size=SIZES, part=st.integers(1, 1_000))
@undoing
def test_ora_6__publishers_shrink_to_two__risk_only_falls_and_exits_go_on(
    desk: Desk, order: list[int], size: int, part: int
) -> None:
    desk.trade(size)
    for place in order[3:]:
        name = publishers()[place].address
        desk.venue.feed.transact("removePublisher", name, sender=GOVERNOR)
    desk.pass_time(61)
    with reverts("Feed_QuorumMissed", 2, 3):
        post(desk, order[:2], MARK)
    assert not desk.venue.feed.call("isFresh", 1)
    lowers = desk.cross(2, 1, min(size, part))
    assert desk.verdicts(desk.cross(3, 4, 1), lowers) == [STALE, OK]
    assert desk.withdraw(3, AMOUNT) is DONE
    left = size - min(size, part)
    stale = ("Withdrawal_PriceStale", (1, 1, desk.model.market(1).fresh_until))
    assert desk.withdraw(1, AMOUNT) == (stale if left else DONE)
    assert force_withdrawal(desk, 1, AMOUNT) is DONE
    pass_window(desk, 1)
    assert execute_withdrawal(desk, 1) is DONE
    desk.compare()
    # The third is back.
    post(desk, order[:3], MARK)
    assert desk.enter(1) is DONE
    assert desk.verdicts(desk.cross(3, 4, 1)) == [OK]

"""Accounts in trouble: short words for positions, falling marks, and who has what."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from penstock import views
from penstock.accounts import RAMP
from penstock.limits import Limits
from penstock.views import AccountView
from tests.helpers.twin import DONE
from tests.helpers.venue import OPERATOR
from tests.onchain.settlement.desk import DEPOSIT, MARK, OK, UNIT, Desk

FUND = 0
SIZE = 3_000
"""Account 1 can carry 4,000 lots; with these it is liquidated near −4.3 %, bankrupt near −6.6 %."""

WRONG_MARKETS: Final[Sequence[tuple[list[int], int]]] = (
    ([], 0),
    ([2], 0),
    ([1, 1], 1),
    ([1, 2], 1),
    ([2, 1], 0),
    ([0, 1], 0),
)
"""What is not a list of market 1 alone, and how many open ones each names in their order."""


def move(desk: Desk, mark: int, other: int | None = None) -> None:
    """Give both markets fresh marks a minute later, market 1 another one."""
    desk.pass_time(60)
    desk.marks(mark, desk.model.market(2).mark if other is None else other)


def fall(desk: Desk, per_mille: int) -> None:
    """Let market 1 fall below the first mark (rise, when negative)."""
    move(desk, MARK - MARK * per_mille // 1_000)


def open_long(
    desk: Desk, size: int = SIZE, account: int = 1, other: int = 2, market: int = 1
) -> None:
    """Have an account buy at the mark; a negative size sells."""
    price = desk.model.market(market).mark
    fill = desk.cross(account, other, size, price=price, market=market)
    assert desk.verdicts(fill) == [OK]


def bankrupt(desk: Desk, size: int = SIZE, per_mille: int = 80) -> None:
    """Account 1 is long against account 2 and has lost more than it had."""
    open_long(desk, size)
    fall(desk, per_mille)
    assert desk.equity(1) < 0


def hedge(desk: Desk, left: int) -> None:
    """Account 1 is bankrupt against account 2, which has lost its profit in market 2 again.

    `left` is what account 2 still has, from -400,000,000 quote units on.
    """
    open_long(desk)
    fall(desk, 60)
    assert desk.deposit(4, 20 * DEPOSIT) is DONE
    open_long(desk, 5_000, account=2, other=4, market=2)
    move(desk, MARK * 89 // 100, 246_000)
    assert desk.equity(1) < 0
    assert desk.deposit(2, left - desk.equity(2)) is DONE


def let_stale(desk: Desk, market: int) -> None:
    """Let the mark of one market grow stale; the other gets the same one anew."""
    desk.pass_time(61)
    assert desk.refresh(3 - market, desk.model.market(3 - market).mark) is DONE


def stale_margin(lots: int) -> int:
    """Initial margin of lots of market 2 at its first mark."""
    return lots * 300_000 * UNIT // 20


def deposit_to_maintenance(desk: Desk, elsewhere: int, more: int) -> int:
    """Account 1, with lots of market 2 at a stale mark, gets to its maintenance margin and `more`.

    Of market 1 it has `SIZE`. Returns the margin.
    """
    needed = SIZE * desk.model.market(1).mark * UNIT // 40
    gap = needed - desk.equity(1) - stale_margin(elsewhere)
    assert desk.deposit(1, gap + more) is DONE
    return needed


def after_outage(desk: Desk, per_mille: int, passed: int) -> bool:
    """Account 1 is long, and the mark falls while the chain is down.

    Returns whether the grace is over, so many seconds after the chain came back.
    """
    open_long(desk)
    desk.chain.time += desk.model.watch.limit + 1
    fall(desk, per_mille)
    desk.pass_time(passed)
    desk.marks(desk.model.market(1).mark, desk.model.market(2).mark)
    return passed >= desk.model.watch.grace


def allow_markets(desk: Desk, most: int) -> None:
    """Change how many markets an account may have open."""
    rules = replace(desk.model.settings, max_markets=most)
    limits = (rules.open_after, rules.max_price_age, rules.band_bps, most)
    said = (OPERATOR.address, *limits, rules.discount_share, rules.penalty_share)
    desk.venue.set_settings(said)
    desk.model.settings = rules


def set_tier(desk: Desk, tier: int, cap: int = 10_000) -> None:
    """Give market 1 another tier. Nobody beats for the day that it takes; the grace follows."""
    marks = [market.mark for market in desk.model.markets.values()]
    assert desk.set_limits(1, Limits(tier, cap)) is DONE
    desk.chain.time += RAMP
    desk.marks(*marks)
    desk.pass_time(desk.model.watch.grace)
    desk.marks(*marks)
    assert desk.model.market(1).listing.limits.tier == tier


def endow(desk: Desk, amount: int) -> None:
    """Give the fund money."""
    assert desk.deposit(FUND, amount) is DONE


def spend(desk: Desk, account: int, left: int = 0) -> None:
    """Withdraw what an account can spare, but for a rest."""
    spare = seen(desk, account).withdrawable - left
    assert desk.withdraw(account, spare) is DONE


def seen(desk: Desk, account: int) -> AccountView:
    """An account as the model weighs it; `compare_views` says that the chain does alike."""
    return views.account_of(desk.model, account, desk.now)


def wealth(desk: Desk, *accounts: int) -> int:
    """Equity of a group by the chain's own view."""
    return sum(desk.equity(account) for account in accounts)


def fees(desk: Desk) -> int:
    """What awaits collection, which is the fund's."""
    return int(desk.venue.lens.call("progress")[2])


def covered(desk: Desk) -> int:
    """What the fund paid for bankrupt accounts, by the events."""
    return sum(log.arguments[2] for _, log in desk.logs if log.name == "ShortfallCovered")

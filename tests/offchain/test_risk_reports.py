"""What people are shown of risk is what the model says, in their decimals."""

from decimal import Decimal
from pathlib import Path

from penstock.exposure import account_risk, fund_risk
from penstock.risk_reports import account_page, market_page
from penstock.strategy import ranks
from penstock.stress import stress
from penstock.units import MarketSpec
from penstock.venue import Venue
from tests.helpers.crowds import crowd_venue, fresh, trade
from tests.helpers.model import MARK, START

DATA = Path(__file__).resolve().parents[1] / "data"
NOW = START + 2
SPECS = {
    1: MarketSpec(1, "BTC-PERP", Decimal("0.1"), Decimal(1), 2),
    2: MarketSpec(2, "ETH-PERP", Decimal("0.1"), Decimal(1), 2),
}


def golden(name: str) -> str:
    """What was read once and found right."""
    return (DATA / f"{name}.txt").read_text().rstrip("\n")


def a_day() -> Venue:
    """Account 1 is long against 2 and 3, the mark has risen a little; the fund has 300."""
    venue = crowd_venue(deposit=400_000, cap=25_000)
    venue.accounts[0].credit(30_000)
    trade(venue, 1, 2, 60, MARK - 10)
    trade(venue, 1, 3, 40, MARK)
    for market in (1, 2):
        fresh(venue, market, MARK, START + 1)
    return venue


def test_account_page__of_a_known_day__is_the_one_once_read() -> None:
    page = account_page(account_risk(a_day(), 1, NOW), SPECS, "alice")
    assert repr(page) == golden("risk_account")


def test_account_page__nobody_with_nothing__is_short() -> None:
    shown = repr(account_page(account_risk(a_day(), 5, NOW), SPECS))
    assert shown.splitlines()[0] == "Risk of account 5"
    assert "for ever" in shown


def test_market_page__of_a_known_day__is_the_one_once_read() -> None:
    venue = a_day()
    sides = [ranks(venue, 1, long, NOW) for long in (True, False)]
    page = market_page(fund_risk(venue, NOW), sides, stress(venue, 1, NOW), SPECS[1])
    assert repr(page) == golden("risk_market")


def test_market_page__at_a_price__has_a_row_for_it() -> None:
    told = stress(a_day(), 1, NOW, prices=[4_321])
    page = market_page(fund_risk(a_day(), NOW), [[], []], told, SPECS[1])
    rows = [line for line in repr(page).splitlines() if "432.1" in line]
    assert [row.split()[0] for row in rows] == ["-13.58"]


def test_market_page__many_accounts__are_counted_where_they_are_too_many_to_name() -> None:
    venue = crowd_venue(12, deposit=400_000, cap=0)
    for account in range(1, 7):
        trade(venue, account, account + 6, 100, MARK)
    fresh(venue, 1, MARK, START + 1)
    fresh(venue, 2, MARK, START + 1)
    page = market_page(fund_risk(venue, NOW), [[], []], stress(venue, 1, NOW, [-10]), SPECS[1])
    assert "1, 2, 3, 4 and 2 more" in repr(page)

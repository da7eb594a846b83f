"""Edge: `penstock risk …`: how far an account or a market is from trouble, as the chain has it."""

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import click

from penstock.deployment import Deployment
from penstock.devnet.cli import plainly
from penstock.exposure import account_risk, fund_risk
from penstock.keepers.cli import DESCRIPTOR, NODE
from penstock.mirror import Mirror
from penstock.operations import venue_at
from penstock.remote import Remote
from penstock.risk_reports import Page, account_page, market_page
from penstock.strategy import ranks
from penstock.stress import stress
from penstock.units import to_decimal


@click.group()
def risk() -> None:
    """Liquidation prices, ranks of deleveraging, stress, the insurance fund. Nothing is sent."""


@risk.command()
@click.argument("number", type=int)
@NODE
@DESCRIPTOR
@plainly
def account(*, number: int, url: str, deployment: Path) -> None:
    """Margins and positions of account NUMBER."""
    account_of(venue_at(url, Deployment.read(deployment)), number).print()


@risk.command()
@click.argument("symbol")
@click.option("--price", "prices", type=to_decimal, multiple=True, help="What happens there, too.")
@NODE
@DESCRIPTOR
@plainly
def market(*, symbol: str, prices: tuple[Decimal, ...], url: str, deployment: Path) -> None:
    """Fund, ranks and a jump of the price of market SYMBOL."""
    market_of(venue_at(url, Deployment.read(deployment)), symbol, prices).print()


def account_of(remote: Remote, number: int) -> Page:
    """Risk of an account, read from the chain. Raises Refused when it is not there."""
    mirror = Mirror(remote)
    mirror.follow()
    specs = {spec.market: spec for spec in remote.system.markets}
    return account_page(account_risk(mirror.venue, number, remote.rpc.next_time()), specs)


def market_of(remote: Remote, symbol: str, prices: Sequence[Decimal] = ()) -> Page:
    """Risk of a market, and what would happen at these prices, read from the chain.

    Raises UnknownMarketError, and RoundingError or RangeError for what is no price there.
    """
    spec = remote.system.market(symbol)
    ticks = [spec.to_ticks(price) for price in prices]
    mirror, now = Mirror(remote), remote.rpc.next_time()
    mirror.follow()
    sides = [ranks(mirror.venue, spec.market, long, now) for long in (True, False)]
    told = stress(mirror.venue, spec.market, now, prices=ticks)
    return market_page(fund_risk(mirror.venue, now), sides, told, spec)

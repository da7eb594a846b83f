"""A statement as a person reads it."""

from collections.abc import Mapping
from typing import Final

from rich.table import Table

from penstock.follow.statement import Statement
from penstock.reports import figures, table
from penstock.risk_reports import Page
from penstock.units import MarketSpec, show_quote

Specs = Mapping[int, MarketSpec]
NONE: Final = "none"


def statement_page(found: Statement, specs: Specs, decimals: int) -> Page:
    """Equity, positions, what the queue owes, the share, and where the chain differs."""
    return Page(
        found,
        _account(found, decimals),
        _positions(found, specs, decimals),
        _owed(found, decimals),
        _share(found, decimals),
        _differences(found),
    )


def _account(found: Statement, decimals: int) -> Table:
    title = f"Account {found.account} at block {found.block}, by the events"
    rows = (
        ("collateral", _money(found.collateral, decimals)),
        ("equity", _money(found.equity, decimals)),
        ("can be withdrawn", _money(max(0, found.withdrawable), decimals)),
    )
    return figures(title, rows)


def _positions(found: Statement, specs: Specs, decimals: int) -> Table:
    made = table("Positions", "market", "size", "mark", "value")
    for one in found.holdings:
        spec = specs[one.market]
        size, mark = f"{spec.show_size(one.size):+,}", f"{spec.show_price(one.mark):,}"
        made.add_row(spec.symbol, size, mark, _money(one.value, decimals))
    return made


def _owed(found: Statement, decimals: int) -> Table:
    made = table("On its way", "", "to", "amount", "left")
    for one in found.owed:
        amounts = _money(one.amount, decimals), _money(one.left, decimals)
        made.add_row(one.name, one.recipient, *amounts)
    return made


def _share(found: Statement, decimals: int) -> Table:
    title = "The venue is frozen" if found.is_frozen else "If the venue were frozen now"
    named = ", ".join(map(str, found.markets)) or NONE
    rows = (
        ("claim", _money(found.claim, decimals)),
        ("claims of all accounts", _money(found.claims, decimals)),
        ("what there is to share", _money(found.pot, decimals)),
        ("share", _money(found.share, decimals)),
        ("markets to name", named),
    )
    return figures(title, rows)


def _differences(found: Statement) -> Table:
    rows = [("", one) for one in found.differences] or [("", "every word is the chain's")]
    return figures("Compared with the chain", rows)


def _money(quote: int, decimals: int) -> str:
    return f"{show_quote(quote, decimals):,}"

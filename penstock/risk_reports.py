"""Tables of risk that a person wants to read: an account, a market, ranks, a jump of the price."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Final

from rich.console import Console, Group
from rich.table import Table

from penstock.exposure import AccountRisk, FundRisk, PositionRisk
from penstock.reports import BAD, GOOD, figures, table
from penstock.strategy import Rank
from penstock.stress import Amount, Scenario
from penstock.units import MarketSpec, show_quote

Specs = Mapping[int, MarketSpec]
WIDTH: Final = 120
NONE: Final = "–"
MOST_NAMED: Final = 4
"""Accounts that a cell names; of more it says how many."""
POSITION: Final = (
    *("size", "mark", "value", "liquidation price", "ticks to it", "move to it"),
    *("survives at the funding cap", "rank of deleveraging", "leverage", "score"),
)


class Page:
    """Tables that show themselves where they are looked at; `data` has the exact integers."""

    def __init__(self, data: object, *tables: Table) -> None:
        self.data: Final = data
        self.tables: Final = tables

    def print(self) -> None:
        """Write it to the terminal, in full width: a cell that is cut tells a wrong number."""
        console = Console()
        console.width = max(console.width, WIDTH)
        console.print(self._group())

    def _group(self) -> Group:
        return Group(*(part for made in self.tables for part in (made, "")))

    def __repr__(self) -> str:
        console = Console(width=WIDTH, no_color=True, highlight=False)
        with console.capture() as capture:
            console.print(self._group())
        return "\n".join(line.rstrip() for line in capture.get().splitlines()).rstrip()


def account_page(risk: AccountRisk, specs: Specs, name: str = "") -> Page:
    """Everything about one account."""
    return Page(risk, account_table(risk, specs, name), position_table(risk.positions, specs))


def market_page(
    fund: FundRisk, sides: Sequence[Sequence[Rank]], scenarios: Sequence[Scenario], spec: MarketSpec
) -> Page:
    """Fund, ranks of longs and shorts, and what a jump would do."""
    tables = (fund_table(fund, {spec.market: spec}), *rank_tables(sides, spec))
    return Page((fund, sides, scenarios), *tables, stress_table(scenarios, spec))


def account_table(risk: AccountRisk, specs: Specs, name: str = "") -> Table:
    """Equity and margins."""
    title = f"Risk of {name}, account {risk.account}" if name else f"Risk of account {risk.account}"
    rows = (
        ("equity", _quote(risk.equity, specs)),
        ("initial margin", _quote(risk.initial_margin, specs)),
        ("maintenance margin", _quote(risk.maintenance_margin, specs)),
        ("margin ratio", NONE if risk.ratio is None else f"{_percent(risk.ratio)} of maintenance"),
        ("survives at the funding cap", _periods(risk.periods)),
    )
    return figures(title, rows)


def position_table(positions: Sequence[PositionRisk], specs: Specs) -> Table:
    """A column for each position."""
    made = table("Positions", "", *(specs[one.market].symbol for one in positions))
    columns = [_position_cells(one, specs[one.market], specs) for one in positions]
    for name, *cells in zip(POSITION, *columns, strict=True) if columns else ():
        made.add_row(name, *cells)
    return made


def _position_cells(one: PositionRisk, spec: MarketSpec, specs: Specs) -> tuple[str, ...]:
    price, move, rank = one.liquidation_price, one.move, one.rank
    return (
        f"{spec.show_size(one.size):+,}",
        f"{spec.show_price(one.mark):,}",
        _quote(one.value, specs),
        NONE if price is None else f"{spec.show_price(price):,}",
        NONE if one.distance is None else f"{one.distance:,}",
        NONE if move is None else _percent(move if one.size < 0 else -move, "+"),
        _periods(one.periods),
        NONE if one.place is None else f"{one.place}",
        NONE if rank is None else _number(rank.leverage),
        NONE if rank is None else _number(rank.score),
    )


def rank_tables(sides: Sequence[Sequence[Rank]], spec: MarketSpec) -> list[Table]:
    """Who would be deleveraged first, longs and then shorts."""
    named = zip(("longs", "shorts"), sides, strict=True)
    return [_rank_table(name, ranked, spec) for name, ranked in named]


def _rank_table(name: str, ranked: Sequence[Rank], spec: MarketSpec) -> Table:
    title = f"{spec.symbol}: {name} in profit, by rank"
    made = table(title, "rank", "account", "size", "profit", "leverage", "score")
    for place, rank in enumerate(ranked, 1):
        size, profit = f"{spec.show_size(rank.size):+,}", f"{spec.show_quote(rank.profit):,.2f}"
        numbers = _number(rank.leverage), _number(rank.score)
        made.add_row(f"{place}", f"{rank.account}", size, profit, *numbers)
    return made


def fund_table(fund: FundRisk, specs: Specs) -> Table:
    """What the insurance fund has, and what its caps leave; a column for each market."""
    caps = [cap for cap in fund.caps if cap.market in specs]
    made = table("Insurance fund", "", *(specs[cap.market].symbol for cap in caps))
    totals = (
        ("collateral", fund.collateral),
        ("spare", fund.spare),
        ("reserve", fund.reserve),
        ("uncollected fees", fund.uncollected),
    )
    for name, quote in totals:
        made.add_row(name, _quote(quote, specs))
    made.add_row("loss cap", *(_quote(cap.cap, specs) for cap in caps))
    made.add_row("paid lately", *(_quote(cap.paid, specs) for cap in caps))
    made.add_row("own position", *(f"{specs[c.market].show_size(c.size):+,}" for c in caps))
    made.add_row("left of the cap", *(_quote(cap.left, specs) for cap in caps))
    made.add_row("can pay now", *(_quote(cap.capacity, specs) for cap in caps))
    return made


def stress_table(scenarios: Iterable[Scenario], spec: MarketSpec) -> Table:
    """A row for each move: who falls, what is lacking, who bears it."""
    columns = ("mark", "liquidatable", "bankrupt", "shortfall", "fund", "others", "nobody's", "")
    made = table(f"{spec.symbol}: if the mark jumped", "move", *columns, "who gives up profit")
    made.columns[-1].no_wrap = False
    for one in scenarios:
        amounts = (one.shortfall, one.covered, one.borne, one.nobodys)
        shown = [f"{spec.show_quote(amount):,.2f}" for amount in amounts]
        made.add_row(
            f"{one.move:+} %" if isinstance(one.move, int) else _percent(one.move / 100, "+"),
            f"{spec.show_price(one.mark):,}",
            _names(one.liquidatable),
            _names([lack.account for lack in one.bankrupt]),
            *shown,
            BAD if one.nobodys else GOOD,
            _amounts(one.bearers, spec),
        )
    return made


def _quote(amount: int, specs: Specs) -> str:
    """Money to the cent; rounded for the eye only."""
    decimals = next(iter(specs.values())).decimals
    return f"{show_quote(amount, decimals):,.2f}"


def _number(value: Fraction) -> str:
    return f"{Decimal(value.numerator) / Decimal(value.denominator):,.3f}"


def _percent(value: Fraction, sign: str = "") -> str:
    number = Decimal(100 * value.numerator) / Decimal(value.denominator)
    return f"{number:{sign},.2f} %"


def _periods(count: int | None) -> str:
    return "for ever" if count is None else f"{count:,} funding periods"


def _names(accounts: Sequence[int]) -> str:
    return _listed([str(account) for account in accounts])


def _amounts(amounts: Sequence[Amount], spec: MarketSpec) -> str:
    return _listed([f"{one.account}: {spec.show_quote(one.quote):,.2f}" for one in amounts])


def _listed(told: Sequence[str]) -> str:
    rest = len(told) - MOST_NAMED
    return (", ".join(told[:MOST_NAMED]) or NONE) + (f" and {rest} more" if rest > 0 else "")

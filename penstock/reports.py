"""Tables that a person wants to read: what a run did, what must hold, one trader's statement."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Final

from rich.console import Group
from rich.table import Table
from rich.text import Text

from penstock.invariants import Check
from penstock.ledger import Ledger
from penstock.replay import Outcome as ReplayOutcome
from penstock.simulation import Outcome
from penstock.stages import NAMES, Stages
from penstock.units import show_quote

GOOD: Final = Text("✓", style="bold green")
BAD: Final = Text("✗", style="bold red")


def money(quote: int) -> str:
    """Show quote units of a 6-decimals token, to the cent; rounded for the eye only."""
    return f"{show_quote(quote):,.2f}"


def table(title: str, *columns: str, header: bool = True) -> Table:
    """A plain table; the first column is text, the others are figures."""
    made = Table(title=title, title_justify="left", show_header=header, box=None, pad_edge=False)
    made.title_style = "bold"
    for number, column in enumerate(columns):
        made.add_column(column, justify="left" if number == 0 else "right", no_wrap=True)
    return made


def show(outcome: Outcome) -> Group:
    """Everything that the demo ends with."""
    trader = outcome.statement_of
    tables = (
        summary(outcome),
        payments(outcome),
        statement(outcome.ledger, trader.name, trader.account, outcome.equity),
        invariants(outcome.checks),
    )
    return Group(*(part for made in tables for part in ("", made)))


def figures(title: str, rows: Iterable[tuple[str, str]]) -> Table:
    """Names and values, a row each."""
    made = table(title, "", "", header=False)
    for name, value in rows:
        made.add_row(name, value)
    return made


def summary(outcome: Outcome) -> Table:
    """The run in figures."""
    return figures("Settled", _figures(outcome))


def _figures(outcome: Outcome) -> Iterable[tuple[str, str]]:
    ledger, stages = outcome.ledger, outcome.stages
    paid, received = ledger.funding_totals()
    refused = ", ".join(
        f"{count} {reason.name.lower().replace('_', ' ')}"
        for reason, count in sorted(outcome.rejections.items())
    )
    periods = max(terms.accruals for terms in ledger.markets.values())
    return (
        ("signed orders", f"{outcome.orders:,}"),
        ("cancels", f"{outcome.cancels:,}"),
        ("refused before matching", refused or "none"),
        ("fills settled", f"{ledger.fills:,}"),
        ("fills skipped", f"{ledger.skipped + outcome.dropped}"),
        ("batches", f"{ledger.batches}"),
        ("gas per fill", f"{outcome.gas_per_fill:,.0f}"),
        ("bytes per fill", f"{outcome.bytes_per_fill:,.1f}"),
        ("notional traded", money(ledger.volume)),
        ("fees", money(ledger.fees)),
        ("funding periods charged", f"{periods} in {outcome.seconds / 3600:.1f} h of chain time"),
        ("last funding rates, per 8 h", ", ".join(_rates(ledger))),
        ("funding paid", f"{show_quote(paid):,.6f}"),
        ("funding received", f"{show_quote(received):,.6f}"),
        ("decode + verify + match", f"{stages.path_rate:,.0f} orders/s on this machine"),
        ("build + settle", f"{_settle_rate(outcome):,.0f} fills/s on this machine"),
    )


def _rates(ledger: Ledger) -> Iterable[str]:
    for terms in ledger.markets.values():
        if terms.rates:
            yield f"{terms.symbol} {Decimal(terms.rates[-1]).scaleb(-7):+.4f} %"


def _settle_rate(outcome: Outcome) -> float:
    seconds = outcome.stages.seconds["build"] + outcome.stages.seconds["settle"]
    return outcome.ledger.fills / seconds if seconds else 0.0


def payments(outcome: Outcome) -> Table:
    """Withdrawals, from asking to money."""
    made = table("Withdrawals", "who", "ticket", "amount", "waited", "paid")
    for payment in outcome.payments:
        mark = GOOD if payment.paid else BAD
        amount, waited = money(payment.amount), f"{payment.waited} s"
        made.add_row(payment.name, f"{payment.ticket}", amount, waited, mark)
    return made


def statement(ledger: Ledger, name: str, account: int, equity: int) -> Table:
    """One trader's trades, fees, funding and profit, a column for each market."""
    markets = ledger.markets
    made = table(
        f"Statement of {name}, account {account}", "", *(m.symbol for m in markets.values())
    )
    lines = [ledger.line(account, market) for market in markets]
    profits = [ledger.profit(account, market) for market in markets]
    made.add_row("trades", *(f"{line.trades}" for line in lines))
    made.add_row("volume", *(money(line.volume) for line in lines))
    made.add_row("position, lots", *(f"{line.size:+,}" for line in lines))
    made.add_row("PnL at the mark, before costs", *(money(profit.gross) for profit in profits))
    made.add_row("fees", *(money(-profit.fees) for profit in profits))
    made.add_row("funding", *(money(profit.funding) for profit in profits))
    made.add_row("net", *(money(profit.net) for profit in profits))
    deposit, taken = ledger.deposits.get(account, 0), ledger.withdrawals.get(account, 0)
    adds_up = deposit - taken + sum(profit.net for profit in profits) == equity
    made.add_row("deposited, withdrawn", money(deposit), money(-taken))
    made.add_row("equity on the chain", money(equity), GOOD if adds_up else BAD)
    return made


def invariants(checks: Iterable[Check], title: str = "Checked against the chain") -> Table:
    """What must always hold."""
    made = Table(title=title, title_justify="left", box=None, pad_edge=False)
    made.show_header, made.title_style = False, "bold"
    for check in checks:
        made.add_row(GOOD if check.holds else BAD, check.name, Text(check.detail, style="dim"))
    return made


def show_replay(outcome: ReplayOutcome) -> Group:
    """What became of a recording, and where the time went."""
    made = figures("Replayed", _replay_figures(outcome))
    return Group("", made, "", throughput(outcome.stages))


def _replay_figures(outcome: ReplayOutcome) -> Iterable[tuple[str, str]]:
    yield "records", f"{outcome.records:,}"
    for kind, count in sorted(outcome.kinds.items()):
        yield f"  {kind.name.lower()}", f"{count:,}"
    for reason, count in sorted(outcome.rejections.items()):
        yield f"refused: {reason.name.lower().replace('_', ' ')}", f"{count:,}"
    yield "self-trades prevented", f"{outcome.self_trades:,}"
    yield "fills settled", f"{outcome.ledger.fills:,}"
    yield "fills skipped", f"{outcome.skipped:,}"
    yield "batches", f"{len(outcome.settlements):,}"
    yield "gas per fill", f"{outcome.gas_per_fill:,.0f}"
    yield "bytes per fill", f"{outcome.bytes_per_fill:,.1f}"
    yield "storage words that differ", f"{outcome.differences:,}"


def throughput(stages: Stages) -> Table:
    """Messages a second in each stage, on one core of this machine."""
    made = table("Throughput on this machine", "stage", "count", "seconds", "per second")
    for name in NAMES:
        count, seconds = stages.counts[name], stages.seconds[name]
        made.add_row(name, f"{count:,}", f"{seconds:.2f}", f"{stages.rate(name):,.0f}")
    return made

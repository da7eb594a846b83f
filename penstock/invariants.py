"""Edge: what must always hold, checked against the chain's own storage."""

from typing import Final, NamedTuple

from penstock.ledger import Ledger
from penstock.mirror import Mirror
from penstock.remote import Remote
from penstock.submitter import Submitter
from penstock.units import show_quote
from penstock.views import words

EQUITY: Final = 6
"""Place of the equity in what `accountOf` returns."""


class Check(NamedTuple):
    """One invariant, whether it holds, and the figures that decide it."""

    name: str
    holds: bool
    detail: str


class Custody(NamedTuple):
    """What the vault holds, and what it owes, in quote units."""

    held: int
    equity: int
    tickets: int
    fees: int

    @property
    def dust(self) -> int:
        """What rounding left in the vault; never negative."""
        return self.held - self.equity - self.tickets - self.fees


def custody(remote: Remote) -> Custody:
    """Read what the vault holds and owes. Account 0 is the venue's own."""
    accounts = range(int(remote.positions.ask("accountCount")) + 1)
    views = remote.lens.ask_many([("accountOf", account) for account in accounts])
    return Custody(
        held=remote.token.ask("balanceOf", remote.vault.address),
        equity=sum(view[EQUITY] for view in views),
        tickets=remote.queue.ask("owed"),
        fees=remote.lens.ask("progress")[2],
    )


def check_all(submitter: Submitter, ledger: Ledger) -> list[Check]:
    """Check everything. Nothing may be pending."""
    return [*check_books(submitter, ledger), _batches(submitter.mirror.remote, ledger)]


def check_books(submitter: Submitter, ledger: Ledger) -> list[Check]:
    """Check what holds even where the chain skipped fills. Nothing may be pending."""
    mirror = submitter.mirror
    checks = [_sizes(mirror.remote, market, ledger) for market in ledger.markets]
    checks += [_custody(mirror.remote, ledger), _funding(ledger), _view(mirror), _gate(submitter)]
    return [*checks, _statements(mirror, ledger)]


def _sizes(remote: Remote, market: int, ledger: Ledger) -> Check:
    accounts = range(int(remote.positions.ask("accountCount")) + 1)
    words = remote.lens.ask_many([("positionWord", a, market) for a in accounts])
    sizes = [_signed(word >> 192, 64) for word in words]
    longs, total = sum(size for size in sizes if size > 0), sum(sizes)
    name = f"Σ size in {ledger.markets[market].symbol} = 0"
    return Check(name, total == 0, f"{longs:,} lots long, {longs - total:,} short")


def _custody(remote: Remote, ledger: Ledger) -> Check:
    """Each touch of a position leaves less than a unit, and so does each that is to come."""
    found, bound = custody(remote), ledger.touches + len(ledger.lines)
    detail = f"{show_quote(found.held):,.2f} held, {found.dust} units of dust, at most {bound}"
    return Check("vault = equity + tickets + fees + dust", 0 <= found.dust <= bound, detail)


def _funding(ledger: Ledger) -> Check:
    paid, received = ledger.funding_totals()
    bound = ledger.touches + len(ledger.lines)
    detail = f"{paid - received} units more paid, at most {bound}"
    return Check("funding paid ≥ funding received", 0 <= paid - received <= bound, detail)


def _view(mirror: Mirror) -> Check:
    count, wrong = len(words(mirror.venue)), mirror.differences()
    detail = f"{count:,} storage words equal" if not wrong else f"{len(wrong)} of {count} differ"
    return Check("engine's view = contract's", not wrong, detail)


def _gate(submitter: Submitter) -> Check:
    venue, gate = submitter.mirror.venue, submitter.gate
    pairs = [(a.account, m) for a in venue.accounts.values() for m in a.positions]
    held = [venue.accounts[account].positions[market].size for account, market in pairs]
    same = held == [gate.position(*pair) for pair in pairs] and not submitter.pending
    return Check("nothing waits unsettled", same, f"{len(pairs)} positions compared")


def _statements(mirror: Mirror, ledger: Ledger) -> Check:
    words = mirror.remote.lens.ask_many([("positionWord", *pair) for pair in ledger.lines])
    quotes = [_signed(word >> 96, 96) for word in words]
    same = quotes == [line.quote for line in ledger.lines.values()]
    return Check("statements = storage", same, f"{len(quotes)} lines to the last unit")


def _batches(remote: Remote, ledger: Ledger) -> Check:
    settled = remote.lens.ask("progress")[0] - 1
    same = settled == ledger.batches and not ledger.skipped
    detail = f"{settled} batches, {ledger.fills:,} fills, {ledger.skipped} skipped"
    return Check("each fill settled, none skipped", same, detail)


def _signed(word: int, bits: int) -> int:
    value = word & ((1 << bits) - 1)
    return value - (1 << bits) if value >> (bits - 1) else value

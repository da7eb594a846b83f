"""Edge: everybody out of a venue whose operator has vanished; nothing here needs him.

force      who is not in line forces a withdrawal, who has a position a close
execute    after the window anybody queues what the forced withdrawals ask for
freeze     after twice the window a close that nobody served is ignored: anybody freezes
tally      anybody counts all accounts, page by page
escape     every owner takes the share; the tickets are paid without the bucket
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final, TypeVar

from penstock import escape
from penstock.bankrun.audit import Audit
from penstock.bankrun.line import PAGE, Line
from penstock.bankrun.plan import CALM, PARAMETERS, SHARE
from penstock.bankrun.shares import Share, check_shares, ratio_price, shares
from penstock.bankrun.trading import Trading
from penstock.crash.plan import MARKET
from penstock.invariants import Check
from penstock.localvenue import Call, Trader
from penstock.remote import read_logs
from penstock.units import show_quote

Item = TypeVar("Item")
FEE: Final = PARAMETERS.request_fee_cap
"""What a forced request comes with; what it costs less is credited."""
TALLY_PAGE: Final = 50
GAS: Final = 1_500_000


class Exodus:
    """What people do from the second on at which the operator is gone."""

    def __init__(
        self, trading: Trading, line: Line, audit: Audit, close_round: Callable[[str], object]
    ) -> None:
        self.trading: Final = trading
        self.line: Final = line
        self.audit: Final = audit
        self.venue: Final = line.venue
        self.close_round: Final = close_round
        self.withdrawals: Final[dict[int, Trader]] = {}
        self.closes: Final[dict[int, Trader]] = {}
        self.paid: Final[dict[int, int]] = {}
        """Shares by account."""
        self.hatch: escape.Hatch = escape.Hatch()
        """The model's tally."""

    def run(self, waiting: Sequence[Trader], *, insolvent: bool) -> list[Share]:
        """Bring everybody out; `waiting` have not asked yet."""
        self.force(waiting)
        self.wait(PARAMETERS.settlement_window, "forced")
        self.execute()
        self.wait(PARAMETERS.settlement_window, "ignored")
        if insolvent:
            self.sink()
        self.freeze()
        self.wait(PARAMETERS.withdrawal_delay, "frozen")
        self.tally()
        self.escape()
        return self.conclude()

    # Before the freeze.

    def force(self, waiting: Sequence[Trader]) -> None:
        """File closes for who has a position, and withdrawals for who has none and did not ask."""
        desk, size = self.venue.remote.desk, self.trading.size
        held = [one for one in self.trading.named("trader") if size(one)]
        closes: list[tuple[Trader, Call]] = [
            (one, (desk, "forceClose", (one.account, MARKET, abs(size(one))))) for one in held
        ]
        free = [one for one in waiting if not size(one)]
        places = zip(free, self.line.recipients(free), strict=True)
        asked: list[tuple[Trader, Call]] = [
            (one, (desk, "forceWithdrawal", (one.account, to, 2**128))) for one, to in places
        ]
        self.closes.update(self._file(closes))
        self.withdrawals.update(self._file(asked))

    def _file(self, calls: Sequence[tuple[Trader, Call]]) -> Iterator[tuple[int, Trader]]:
        """File requests and say their numbers."""
        wanted = [(trader.owner, call) for trader, call in calls]
        receipts = self.venue.together(wanted, value=FEE)
        for (trader, _), receipt in zip(calls, receipts, strict=True):
            yield _argument(receipt.logs, ("CloseForced", "WithdrawalForced")), trader

    def execute(self) -> None:
        """Have a stranger queue what forced withdrawals ask for."""
        desk, stranger = self.venue.remote.desk, self.line.pusher.owner
        for page in pages(sorted(self.withdrawals), PAGE):
            calls: list[Call] = [(desk, "executeWithdrawal", (number, [])) for number in page]
            self.venue.together([(stranger, call) for call in calls])
        self.line.carried()

    def wait(self, seconds: int, phase: str) -> None:
        """Let time pass; somebody beats and pushes, nobody else does anything."""
        chain, end = self.venue.chain, self.venue.chain.time() + seconds
        while chain.time() < end:
            chain.warp(min(chain.time() + CALM, end))
            self.venue.remote.watch.transact(self.line.pusher.owner, "beat")
            self.line.push()
            self.close_round(phase)
            self.audit.check()

    def sink(self) -> None:
        """Have the price fall so far that a tenth of all claims is not there.

        Nobody liquidates; publishers go on, and anybody carries what they sign.
        """
        stranger = self.line.pusher.owner
        self.venue.refresh(stranger)
        self.trading.submitter.follow()
        price = ratio_price(self.trading.model, MARKET, SHARE)
        self.trading.publish_exactly([price] * 4, stranger)
        self.close_round("sunk")
        self.audit.check()

    def freeze(self) -> None:
        """Have a stranger freeze the venue because of a close that nobody served."""
        desk = self.venue.remote.desk
        answers = desk.ask_many([("isIgnored", number) for number in self.closes])
        ignored = [number for number, yes in zip(self.closes, answers, strict=True) if yes]
        self._stranger("freezeIgnored", ignored[0])
        self.trading.submitter.follow()

    # After it.

    def tally(self) -> None:
        """Have a stranger count everybody, and have the model do the same."""
        venue, now = self.trading.model, self.venue.chain.time()
        everybody = list(escape.plan(venue).items())
        for page in pages(everybody, TALLY_PAGE):
            self._stranger("tally", [who for who, _ in page], [list(m) for _, m in page])
        self.hatch = escape.Hatch(frozen_at=now, accounts=len(everybody))
        escape.tally(self.hatch, venue, everybody, now)

    def escape(self) -> None:
        """Have every owner with a claim take the share."""
        hatch, venue = self.venue.remote.hatch, self.trading.model
        due = {one.account for one in shares(venue, self.hatch, {}) if one.due}
        leaving = [one for one in self.trading.traders.values() if one.account in due]
        for group in pages(leaving, TALLY_PAGE):
            places = zip(group, self.line.recipients(group), strict=True)
            calls: list[tuple[Trader, Call]] = [
                (one, (hatch, "escape", (one.account, to, self._markets(one))))
                for one, to in places
            ]
            receipts = self.venue.together([(one.owner, call) for one, call in calls])
            for one, receipt in zip(group, receipts, strict=True):
                self.paid[one.account] = _argument(receipt.logs, ("Escaped",), 2)
            self.line.push()
            self.close_round("escape")
            self.audit.check_escape(sum(self.paid.values()))

    def conclude(self) -> list[Share]:
        """Hold every share against the model, and the chain's tally too."""
        found, remote = shares(self.trading.model, self.hatch, self.paid), self.venue.remote
        pot, claims = remote.hatch.ask("pot")[1], remote.hatch.ask("count")[3]
        same = (pot, claims) == (self.hatch.pot, self.hatch.claims)
        said = f"{show_quote(pot):,.2f} for {show_quote(claims):,.2f} of claims"
        tally = Check("tally = model's, in any order of pages", same, said)
        self.audit.take([tally, *check_shares(self.hatch, found), *self.audit.last])
        return found

    def _markets(self, trader: Trader) -> list[int]:
        return self.trading.model.account(trader.account).open_markets

    def _stranger(self, function: str, *values: object) -> None:
        owner = self.line.pusher.owner
        self.venue.remote.hatch.transact(owner, function, *values, gas=GAS)


def pages(items: Sequence[Item], size: int) -> Iterator[Sequence[Item]]:
    """Cut into pages."""
    return (items[start : start + size] for start in range(0, len(items), size))


def _argument(logs: Iterable[dict[str, Any]], names: Sequence[str], place: int = 0) -> int:
    """An argument of the first event that has one of these names."""
    found = next(log for log in read_logs(logs, {}) if log.name in names)
    return int(found.arguments[place])

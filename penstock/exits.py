"""Exits that somebody else carries: signed requests, forced withdrawals, forced closes.

Twin of ExitDesk (docs/exits.md). Operations change the desk and the venue as the contract does, or
raise Refused and change nothing. Signatures enter as recovered signers; addresses are integers,
times seconds, fees wei.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from penstock.closes import Closing, Maker, check_fresh
from penstock.forced import NO_REQUEST, Request, Status, check_open
from penstock.liquidations import adopt, trial_of, weigh
from penstock.messages import Withdrawal
from penstock.refusals import Refusal, Refused
from penstock.units import INT56_MAX
from penstock.venue import VENUE_ACCOUNT, Venue
from penstock.views import account_of

ONE: Final = 2**32
"""Pressure of one request."""
HALF_LIFE: Final = 3_600
"""Seconds within which pressure halves."""
DOUBLING: Final = 32
"""Requests that double the fee."""


def decayed(pressure: int, passed: int) -> int:
    """What is left of pressure after some seconds."""
    halvings, rest = divmod(passed, HALF_LIFE)
    left = pressure >> halvings
    return left - left * rest // (2 * HALF_LIFE)


def fee_of(base: int, cap: int, pressure: int) -> int:
    """What the next request costs."""
    doublings, rest = divmod(pressure, DOUBLING * ONE)
    whole = base << min(doublings, 96)
    return min(cap, whole + whole * rest // (DOUBLING * ONE))


@dataclass(slots=True)
class ExitDesk:
    """Requests, fees and used numbers of one desk."""

    window: int
    base_fee: int
    fee_cap: int
    pressure: int = 0
    """As of `seen_at`."""
    seen_at: int = 0
    requests: dict[int, Request] = field(default_factory=dict)
    credits: dict[int, int] = field(default_factory=dict)
    used: set[tuple[int, int]] = field(default_factory=set)

    # Signed requests.

    def request(
        self,
        venue: Venue,
        withdrawal: Withdrawal,
        signer: int,
        owner: int,
        now: int,
        markets: Sequence[int] | None = None,
    ) -> None:
        """Carry a signed withdrawal: `signer` signed it, `owner` owns the account."""
        account, nonce = withdrawal.account, withdrawal.nonce
        if now > withdrawal.deadline:
            raise Refused(Refusal.REQUEST_EXPIRED, account, nonce, withdrawal.deadline)
        if account == VENUE_ACCOUNT or account not in venue.accounts:
            raise Refused(Refusal.DESK_ACCOUNT, account)
        if signer != owner:
            raise Refused(Refusal.REQUEST_SIGNATURE, account, nonce, owner)
        self._check_unused(account, nonce)
        trial = trial_of(venue, [account])
        check_fresh(account, weigh(trial, account, markets, now, Refusal.DESK_INCOMPLETE), now)
        trial.request_withdrawal(account, withdrawal.amount, now, markets)
        adopt(venue, trial)
        self.used.add((account, nonce))

    def revoke(self, account: int, nonce: int) -> None:
        """Make a number unusable."""
        self._check_unused(account, nonce)
        self.used.add((account, nonce))

    def _check_unused(self, account: int, nonce: int) -> None:
        if (account, nonce) in self.used:
            raise Refused(Refusal.REQUEST_USED, account, nonce)

    # Fees.

    def fee(self, now: int) -> int:
        """What a forced request costs now."""
        return fee_of(self.base_fee, self.fee_cap, decayed(self.pressure, now - self.seen_at))

    def collect(self, creditor: int) -> int:
        """Pay a credit out."""
        amount = self.credits.pop(creditor, 0)
        if not amount:
            raise Refused(Refusal.DESK_NOTHING, creditor)
        return amount

    def _credit(self, creditor: int, amount: int) -> None:
        if amount:
            self.credits[creditor] = self.credits.get(creditor, 0) + amount

    # Forced requests.

    def force_withdrawal(
        self, venue: Venue, account: int, amount: int, owner: int, paid: int, now: int
    ) -> int:
        """File a forced withdrawal and return its number."""
        _check_account(venue, account)
        if amount == 0:
            raise Refused(Refusal.DESK_AMOUNT)
        most = min(amount, INT56_MAX)
        return self._file(venue, Request(account, owner, now, 0, amount=most), paid, now)

    def force_close(
        self, venue: Venue, account: int, market: int, lots: int, owner: int, paid: int, now: int
    ) -> int:
        """File a forced close and return its number."""
        _check_account(venue, account)
        held = venue.account(account).position(market).size
        if not 0 < lots <= abs(held):
            raise Refused(Refusal.DESK_LOTS, account, market, lots, abs(held))
        mark = venue.market(market).mark
        asked = Request(account, owner, now, 0, market, mark, held=held, left=lots)
        return self._file(venue, asked, paid, now)

    def _file(self, venue: Venue, asked: Request, paid: int, now: int) -> int:
        if not venue.settings.operator:
            raise Refused(Refusal.DESK_FROZEN)
        fee = self.fee(now)
        if paid < fee:
            raise Refused(Refusal.DESK_FEE, paid, fee)
        self._credit(asked.owner, paid - fee)
        self.pressure, self.seen_at = decayed(self.pressure, now - self.seen_at) + ONE, now
        number = len(self.requests) + 1
        self.requests[number] = replace(asked, fee=fee)
        return number

    def drop(self, venue: Venue, request: int, now: int) -> None:
        """Have the owner take a request back; the fee is the operator's, but of a late close."""
        asked = self._pending(request)
        operator = venue.settings.operator
        self.requests[request] = replace(asked, status=Status.DROPPED)
        if asked.market:
            self._pay(request, operator, asked.fee, now)
        else:
            self._credit_part(request, operator or asked.owner, asked.fee)

    def is_overdue(self, asked: Request, now: int) -> bool:
        """Whether the time to serve a request is over."""
        return now >= asked.requested_at + 2 * self.window

    def progress(self, venue: Venue, request: int) -> Request:
        """A forced close as it is now."""
        asked = self.requests.get(request, NO_REQUEST)
        return asked.progressed(venue.held(asked.account).position(asked.market).size)

    def is_ignored(self, venue: Venue, request: int, now: int) -> bool:
        """Whether a close was left undone while it could be served, of an account not bankrupt."""
        asked = self.requests.get(request, NO_REQUEST)
        if asked.status is not Status.PENDING or not asked.market:
            return False
        if now < self._ignored_from(venue, asked) or self.progress(venue, request).left == 0:
            return False
        return account_of(venue, asked.account, now).equity >= 0

    def acknowledge(self, venue: Venue, requests: Sequence[int], now: int) -> None:
        """Write down how far closes came by what happened elsewhere."""
        for request in requests:
            asked = self.requests.get(request, NO_REQUEST)
            if asked.status is Status.PENDING and asked.market:
                self._keep(request, self.progress(venue, request), venue.settings.operator, now)

    def execute_withdrawal(
        self,
        venue: Venue,
        request: int,
        sender: int,
        now: int,
        markets: Sequence[int] | None = None,
    ) -> int:
        """Queue what the account can spare, as far as it was asked for; return the amount."""
        asked = self._executable(venue, request, sender, now, close=False)
        trial = trial_of(venue, [asked.account])
        spare = weigh(trial, asked.account, markets, now, Refusal.DESK_INCOMPLETE).withdrawable
        if spare <= 0:
            raise Refused(Refusal.REQUEST_NOTHING, request, asked.account, spare)
        amount = min(asked.amount, spare)
        trial.request_withdrawal(asked.account, amount, now, markets, forced=True)
        adopt(venue, trial)
        self._pay(request, sender, asked.fee, now)
        rest = asked.amount - amount if venue.accounts[asked.account].open_markets else 0
        kept = replace(self.requests[request], amount=rest if rest else asked.amount)
        self.requests[request] = kept if rest else replace(kept, status=Status.SERVED)
        return amount

    def execute_close(
        self,
        venue: Venue,
        request: int,
        makers: Sequence[Maker],
        by_fund: int,
        sender: int,
        now: int,
        markets: Sequence[int] | None = None,
    ) -> None:
        """Close against resting orders, then against the fund; all or nothing."""
        asked = self._executable(venue, request, sender, now, close=True)
        trial = trial_of(venue, [asked.account, *(maker.order.account for maker in makers)])
        progressed, opens = self.progress(trial, request), self._open_from(asked)
        closing = Closing(trial, request, progressed, opens, now, markets)
        for maker in makers:
            closing.fill(maker)
        if by_fund:
            closing.hand_to_fund(by_fund)
        adopt(venue, trial)
        left, done = closing.asked.left, closing.done
        if left and done:
            self._pay(request, sender, asked.fee * done // (left + done), now)
        kept = replace(closing.asked, fee=self.requests[request].fee)
        self._keep(request, kept, sender, now)

    def _pending(self, request: int) -> Request:
        asked = self.requests.get(request, NO_REQUEST)
        if asked.status is not Status.PENDING:
            raise Refused(Refusal.REQUEST_NOT_PENDING, request, asked.status)
        return asked

    def _executable(
        self, venue: Venue, request: int, sender: int, now: int, *, close: bool
    ) -> Request:
        asked = self._pending(request)
        if bool(asked.market) != close:
            raise Refused(Refusal.REQUEST_KIND, request)
        if sender != venue.settings.operator:
            check_open(request, self._open_from(asked), now)
        return asked

    def _open_from(self, asked: Request) -> int:
        return asked.requested_at + self.window

    def _ignored_from(self, venue: Venue, asked: Request) -> int:
        paused_until = venue.market(asked.market).interim.paused_until
        return asked.ignored_from(self.window, paused_until)

    def _keep(self, request: int, kept: Request, by: int, now: int) -> None:
        if kept.left == 0:
            self._serve(request, by, now)
        elif kept.left != self.requests[request].left:
            self.requests[request] = kept

    def _serve(self, request: int, by: int, now: int) -> None:
        self._pay(request, by, self.requests[request].fee, now)
        self.requests[request] = replace(self.requests[request], status=Status.SERVED)

    def _pay(self, request: int, by: int, part: int, now: int) -> None:
        asked = self.requests[request]
        returned = not by or self.is_overdue(asked, now)
        self._credit_part(request, asked.owner if returned else by, part)

    def _credit_part(self, request: int, to: int, part: int) -> None:
        asked = self.requests[request]
        self.requests[request] = replace(asked, fee=asked.fee - part)
        self._credit(to, part)


def _check_account(venue: Venue, account: int) -> None:
    if account == VENUE_ACCOUNT or account not in venue.accounts:
        raise Refused(Refusal.DESK_ACCOUNT, account)

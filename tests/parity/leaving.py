"""Ways out of a random history while the venue lives: in line, held, signed, forced.

Whole windows pass, makers come for closes, tickets are paid, the gate is shut now and then.
"""

from collections.abc import Callable
from typing import Final

from penstock import views
from penstock.forced import Request, Status
from penstock.messages import Order
from tests.helpers import exits, liquidator
from tests.helpers.actors import Actor
from tests.helpers.exits import Taking
from tests.helpers.revm import Revert
from tests.helpers.twin import DONE, OWNER, Outcome
from tests.helpers.venue import OPERATOR, STRANGER
from tests.parity.distress import FUND
from tests.parity.history import FIRST_PRICES, MARKETS, History

FAR: Final = 2**32 - 1
EXTRA_DELAY: Final = 900


class Leaving:
    """The exits of one history; one account more, `guarded`, has an extra delay and no position."""

    def __init__(self, history: History) -> None:
        self.history: Final = history
        twin = history.twin
        self.guarded: Final = twin.register(history.keys[0])
        assert twin.deposit(self.guarded, 10**9) is DONE
        guard: tuple[object, ...] = (self.guarded, EXTRA_DELAY, [])
        twin.transact(twin.venue.queue, "announceGuard", *guard, sender=OWNER.address)
        self.carried: int = 0
        """Numbers of signed withdrawals that were drawn."""

    def begin(self) -> None:
        """Give everybody money and most a position, so that there is something to leave."""
        twin = self.history.twin
        for account in self.history.accounts:
            twin.deposit(account, 10**9)
        self.pass_window()
        for _ in range(10):
            self.history.settle()

    def actions(self) -> tuple[tuple[str, Callable[[], Outcome], int], ...]:
        """What may be done, and how often in comparison."""
        return (
            ("carry", self.carry, 3),
            ("hold", self.hold, 2),
            ("admit", self.admit, 3),
            ("force", self.force_withdrawal, 3),
            ("force close", self.force_close, 5),
            ("execute", self.execute_withdrawal, 3),
            ("execute close", self.execute_close, 6),
            ("acknowledge", self.acknowledge, 2),
            ("drop", self.drop, 1),
            ("release", self.release, 4),
            ("gate", self.shut_gate, 4),
            ("window", self.pass_window, 3),
            ("trade", self.history.settle, 5),
        )

    def draw(self) -> tuple[str, Callable[[], Outcome]]:
        """Choose what is done next."""
        named = self.actions()
        name, action, _ = self.history.rng.choices(named, [weight for *_, weight in named])[0]
        return name, action

    def step(self) -> Outcome:
        """Do one of them."""
        name, action = self.draw()
        outcome = action()
        self.history.outcomes[f"{name}: {outcome[0] if outcome else 'done'}"] += 1
        return outcome

    # In line and held.

    def carry(self) -> Outcome:
        """Have somebody carry a signed withdrawal, rarely one that was carried before."""
        rng, twin = self.history.rng, self.history.twin
        account = self._leaver()
        self.carried += rng.random() < 0.9
        amount = self._part(account)
        signed = exits.signed_withdrawal(twin, account, amount, nonce=self.carried)
        return exits.request(twin, signed, sender=rng.choice((OPERATOR, STRANGER)))

    def hold(self) -> Outcome:
        """Ask for money of the guarded account."""
        self.history.twin.deposit(self.guarded, 10**8)
        return self.history.twin.withdraw(self.guarded, self._part(self.guarded))

    def admit(self) -> Outcome:
        """Admit a hold, whether its time has come or not."""
        held = sum(log.name == "TicketHeld" for _, log in self.history.twin.logs)
        hold = self.history.rng.randint(max(1, held - 5), held + 1)
        return self._send("queue", "admit", hold)

    def release(self) -> Outcome:
        """Pay tickets that are ready."""
        return self._send("vault", "release", self.history.rng.randint(1, 5))

    def shut_gate(self) -> Outcome:
        """Name the account that is worst off, mostly after a jump that the fund cannot pay for."""
        twin, accounts, rng = self.history.twin, self.history.accounts, self.history.rng
        if rng.random() < 0.7:
            spare = views.account_of(twin.model, FUND, twin.now).withdrawable
            liquidator.withdraw_from_fund(twin, max(1, spare))
            for _ in range(rng.randint(1, 3)):
                self.history.distress.crash()
        worst = min(accounts, key=lambda a: views.account_of(twin.model, a, twin.now).equity)
        return self._send("queue", "shutGate", worst, twin.model.account(worst).open_markets)

    def _send(self, part: str, function: str, *arguments: object) -> Outcome:
        """Have a stranger send what the model of a venue has no part in."""
        twin = self.history.twin
        contract = getattr(twin.venue, part)
        try:
            twin.transact(contract, function, *arguments, sender=STRANGER.address)
        except Revert as refused:
            return refused.name, ()
        return DONE

    # Forced.

    def force_withdrawal(self) -> Outcome:
        """Ask for what nobody can leave undone."""
        account = self._leaver()
        return exits.force_withdrawal(self.history.twin, account, self._part(account))

    def force_close(self) -> Outcome:
        """Ask to be out of a position, or of a part of it."""
        twin, rng = self.history.twin, self.history.rng
        open_ = [a for a in self.history.accounts if twin.model.account(a).open_markets]
        account = rng.choice(open_ or self.history.accounts)
        market = rng.choice(twin.model.account(account).open_markets or MARKETS)
        size = abs(twin.model.account(account).position(market).size)
        lots = rng.choice((size, rng.randint(1, max(1, size)), size + 1))
        return exits.force_close(twin, account, market, lots)

    def execute_withdrawal(self) -> Outcome:
        """Execute a request that waits, mostly a withdrawal."""
        twin = self.history.twin
        return exits.execute_withdrawal(twin, self._pick(close=False), sender=self._executor())

    def execute_close(self) -> Outcome:
        """Execute a close against makers about the mark, or the fund, or both."""
        twin, rng = self.history.twin, self.history.rng
        request = self._pick(close=True)
        asked = twin.exits.requests.get(request)
        if not asked or not asked.market:
            return exits.execute_close(twin, request, sender=self._executor())
        left = twin.exits.progress(twin.model, request).left
        makers = [self._maker(asked, max(1, left // 2)) for _ in range(rng.choice((0, 1, 1, 2)))]
        by_fund = left // rng.choice((1, 2, 10)) if not makers or rng.random() < 0.2 else 0
        if by_fund and rng.random() < 0.5:
            twin.deposit(FUND, 10**9)
        return exits.execute_close(twin, request, *makers, by_fund=by_fund, sender=self._executor())

    def acknowledge(self) -> Outcome:
        """Write down how far some close came."""
        return exits.acknowledge(self.history.twin, self._pick(close=True))

    def drop(self) -> Outcome:
        """Take a request back."""
        return exits.drop(self.history.twin, self._pick(close=self.history.rng.random() < 0.5))

    def pass_window(self) -> Outcome:
        """Let a half or a whole settlement window pass; all marks are fresh after it."""
        twin = self.history.twin
        self.history.idle(twin.exits.window // self.history.rng.choice((1, 2)))
        for market in MARKETS:
            twin.refresh(market, twin.model.market(market).mark or FIRST_PRICES[market - 1])
        return DONE

    def _maker(self, asked: Request, lots: int) -> Taking:
        """Somebody's resting order that takes lots over, at the mark or a little beyond."""
        twin, rng = self.history.twin, self.history.rng
        account = rng.choice(self.history.accounts)
        mark, buys = twin.model.market(asked.market).mark, asked.held > 0
        price = max(1, mark + rng.choice((0, 0, 1, -1, 3)))
        flags = (buys, False, False, False)
        nonce = self.history.resting_nonce(200)
        order = Order(account, asked.market, *flags, price, lots, FAR, nonce)
        return Taking(twin.keys[account].sign_order(twin.domain, order), lots)

    def _pick(self, *, close: bool) -> int:
        """A request that waits, mostly of the kind; rarely any number."""
        twin, rng = self.history.twin, self.history.rng
        waits = [
            number
            for number, asked in twin.exits.requests.items()
            if asked.status is Status.PENDING and bool(asked.market) is close
        ]
        if not waits or rng.random() < 0.05:
            return rng.randint(1, len(twin.exits.requests) + 1)
        return rng.choice(waits)

    def _leaver(self) -> int:
        return self.history.rng.choice((*self.history.accounts, self.guarded, self.guarded))

    def _executor(self) -> Actor:
        return self.history.rng.choice((OPERATOR, STRANGER))

    def _part(self, account: int) -> int:
        """A little, a part, all that can be spared, or more."""
        twin, rng = self.history.twin, self.history.rng
        spare = max(1, views.account_of(twin.model, account, twin.now).withdrawable)
        return rng.choice((1, rng.randint(1, spare), spare // 3 or 1, spare, spare + 1))

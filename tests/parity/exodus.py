"""The end of a random history: somebody freezes it, strangers count it, everybody leaves.

People leave in every way before it (`leaving`), and S8 is checked after each step (`line`). While
the end goes on the history goes on as well: it draws what it always draws, and what the freeze
forbids is refused alike by chain and model.
"""

from collections.abc import Sequence
from random import Random
from typing import Final

from penstock import escape as model
from penstock import views
from tests.helpers import escapee, exits, liquidator
from tests.helpers.twin import DONE, Outcome, Twin
from tests.helpers.venue import STRANGER
from tests.parity.distress import FUND
from tests.parity.history import MARKETS, History
from tests.parity.leaving import Leaving
from tests.parity.line import Line


class Exodus:
    """The way out of one history; `history.outcomes` counts what was met."""

    def __init__(self, history: History, leaving: Leaving | None = None) -> None:
        self.history: Final = history
        self.leaving: Final = leaving or Leaving(history)
        self.line: Final = Line(history.twin)
        self.left: list[list[tuple[int, Sequence[int]]]] = []
        """Pages that were made and not sent yet."""

    @property
    def twin(self) -> Twin:
        return self.history.twin

    @property
    def rng(self) -> Random:
        return self.history.rng

    def live(self, steps: int) -> None:
        """Let the history go on, with somebody who looks and tries to freeze too early."""
        self.leaving.begin()
        for _ in range(steps):
            kind = self.rng.random()
            if kind < 0.03:
                self._count("look", escapee.look(self.twin))
            elif kind < 0.04:
                self._count("freeze", self._freeze())
            elif kind < 0.05:
                self._count("tally", escapee.tally(self.twin, []))
            elif kind < 0.6:
                self.leaving.step()
            else:
                self.history.step()
            self.line.check()

    def end(self) -> None:
        """Bring about the freeze, in a ruin or through an outage now and then."""
        if self.rng.random() < 0.5:
            self._ruin()
        if self.rng.random() < 0.3:
            self._ask_in_vain()
        while not self.twin.hatch.frozen_at:
            assert escapee.look(self.twin) is DONE
            if self.rng.random() < 0.2:
                self.twin.chain.time += self.rng.randint(600, 10**5)
            else:
                escapee.stay_up(self.twin, self.rng.randint(1, 2 * 10**5))
            self._count("freeze", self._freeze())

    def _ask_in_vain(self) -> None:
        """Ask to be out of positions, and freeze when nobody has closed them in two windows."""
        last = len(self.twin.exits.requests)
        for account in self.history.accounts:
            for market in self.twin.model.account(account).open_markets[:1]:
                self._count("ask", exits.force_close(self.twin, account, market))
        escapee.stay_up(self.twin, 2 * self.twin.exits.window)
        for request in range(last + 1, len(self.twin.exits.requests) + 1):
            self._count("freeze", escapee.freeze_ignored(self.twin, request))

    def _ruin(self) -> None:
        """Let the governor empty the fund, and markets jump with nobody there to liquidate."""
        for market in MARKETS:
            self.twin.collect_fees(market)
        spare = views.account_of(self.twin.model, FUND, self.twin.now).withdrawable
        self._count("fund", liquidator.withdraw_from_fund(self.twin, max(1, spare)))
        for _ in range(5):
            self._count("crash", self.history.distress.crash())

    def leave(self) -> None:
        """Count everybody and pay everybody, in a random order, with all else in between."""
        while not self.twin.hatch.fixed_at or self.rng.random() < 0.95:
            name, action = self.rng.choice(
                (
                    ("tally", self.tally),
                    ("tally", self.tally),
                    ("escape", self.escape),
                    ("escape", self.escape),
                    ("residual", self.residual),
                    ("release", self.release),
                    ("look", lambda: escapee.look(self.twin)),
                    ("freeze", self._freeze),
                    ("admit", self.leaving.admit),
                    ("step", self._step),
                    ("step", self._leave),
                )
            )
            self._count(name, action())
            self.line.check()

    def finish(self) -> None:
        """Pay whoever is not paid yet: shares, tickets, and what nobody claims."""
        for account, markets in escapee.everybody(self.twin):
            escapee.escape(self.twin, account, markets)
        self.residual()
        self.twin.chain.time += 10**6
        self._pay_queue()
        self.line.check()

    def _pay_queue(self) -> None:
        """Admit every hold, pay every ticket, claim what was set aside."""
        queue, vault = self.twin.venue.queue, self.twin.venue.vault
        for hold, claim in self.line.holds.items():
            if claim.left:
                self.twin.transact(queue, "admit", hold, sender=STRANGER.address)
        self.twin.chain.time += self.history.twin.venue.queue.call("delay")
        self.twin.transact(vault, "release", 10**4, sender=STRANGER.address)
        self.line.check()
        for ticket, claim in self.line.tickets.items():
            if claim.left:
                self.twin.transact(vault, "claim", ticket, sender=STRANGER.address)

    def tally(self) -> Outcome:
        """Send a page, made lately or long ago, sometimes with a mistake in it."""
        rng = self.rng
        if not self.left:
            self.left = escapee.pages(self.twin, rng)
        page = list(rng.choice(self.left))
        if rng.random() < 0.3:
            newcomer = len(self.twin.model.accounts) - 1
            page.append((rng.choice((0, 1, 2, newcomer)), rng.sample(MARKETS, rng.randint(0, 3))))
        outcome = escapee.tally(self.twin, page)
        if rng.random() < 0.3:
            self.left = []
        return outcome

    def escape(self) -> Outcome:
        """Have somebody leave, paid before or not."""
        if self.rng.random() < 0.05:
            self.history.register()
        account = self.rng.choice(self.history.accounts)
        markets = self.rng.choice((None, None, MARKETS, self.rng.sample(MARKETS, 2)))
        return escapee.escape(self.twin, account, markets)

    def residual(self) -> Outcome:
        """Have the governor take what nobody claims."""
        return escapee.withdraw_residual(self.twin)

    def release(self) -> Outcome:
        """Pay tickets that are ready."""
        vault, count = self.twin.venue.vault, self.rng.randint(1, 5)
        self.twin.transact(vault, "release", count, sender=STRANGER.address)
        return DONE

    def _freeze(self) -> Outcome:
        if self.rng.random() < 0.5:
            last = len(self.twin.exits.requests)
            return escapee.freeze_ignored(self.twin, self.rng.randint(0, last + 1))
        return escapee.freeze_silent(self.twin)

    def _step(self) -> Outcome:
        self.history.step()
        return DONE

    def _leave(self) -> Outcome:
        self.leaving.step()
        return DONE

    def _count(self, name: str, outcome: Outcome) -> None:
        self.history.outcomes[f"{name}: {outcome[0] if outcome else 'done'}"] += 1


def claims(twin: Twin) -> dict[int, int]:
    """What each account claims by the frozen words."""
    return {who: model.claim(twin.model, who, named) for who, named in escapee.everybody(twin)}

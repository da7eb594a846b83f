"""The end of a random history: somebody freezes it, strangers count it, everybody leaves.

While that goes on the history goes on as well: it draws what it always draws, and what the freeze
forbids is refused alike by chain and model.
"""

from collections.abc import Callable, Sequence
from random import Random
from typing import Final

from penstock import escape as model
from penstock import views
from tests.helpers import escapee, exits, liquidator
from tests.helpers.twin import DONE, Outcome, Twin
from tests.helpers.venue import STRANGER
from tests.parity.distress import FUND
from tests.parity.history import MARKETS, History


class Exodus:
    """The way out of one history; `history.outcomes` counts what was met."""

    def __init__(self, history: History) -> None:
        self.history: Final = history
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
        for _ in range(steps):
            kind = self.rng.random()
            if kind < 0.05:
                self._count("look", escapee.look(self.twin))
            elif kind < 0.1:
                self._count("freeze", self._freeze())
            elif kind < 0.11:
                self._count("tally", escapee.tally(self.twin, []))
            elif kind < 0.2:
                self._count("force", self.force())
            else:
                self.history.step()

    def end(self) -> None:
        """Bring about the freeze, in a ruin or through an outage now and then."""
        if self.rng.random() < 0.5:
            self._ruin()
        while not self.twin.hatch.frozen_at:
            assert escapee.look(self.twin) is DONE
            if self.rng.random() < 0.2:
                self.twin.chain.time += self.rng.randint(600, 10**5)
            else:
                escapee.stay_up(self.twin, self.rng.randint(1, 2 * 10**5))
            self._count("freeze", self._freeze())

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
                    ("step", self._step),
                    ("force", self.force),
                )
            )
            self._count(name, action())

    def finish(self) -> None:
        """Pay whoever is not paid yet: shares, tickets, and what nobody claims."""
        for account, markets in escapee.everybody(self.twin):
            escapee.escape(self.twin, account, markets)
        self.residual()
        self.twin.chain.time += 10**6
        while self.release() is DONE and self.twin.venue.queue.call("owed"):
            pass

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

    def force(self) -> Outcome:
        """File a forced request, execute one, or take one back."""
        rng, twin = self.rng, self.twin
        account = rng.choice(self.history.accounts)
        market = rng.choice(twin.model.account(account).open_markets or [1])
        size = abs(twin.model.account(account).position(market).size)
        request = rng.randint(1, len(twin.exits.requests) + 1)
        actions: tuple[Callable[[], Outcome], ...] = (
            lambda: exits.force_withdrawal(twin, account, 10 ** rng.randint(3, 10)),
            lambda: exits.force_close(twin, account, market, rng.randint(1, max(1, size))),
            lambda: exits.execute_withdrawal(twin, request),
            lambda: exits.execute_close(twin, request, by_fund=rng.randint(0, size)),
            lambda: exits.acknowledge(twin, request),
            lambda: exits.drop(twin, request),
        )
        return rng.choice(actions)()

    def _freeze(self) -> Outcome:
        if self.rng.random() < 0.5:
            last = len(self.twin.exits.requests)
            return escapee.freeze_ignored(self.twin, self.rng.randint(0, last + 1))
        return escapee.freeze_silent(self.twin)

    def _step(self) -> Outcome:
        self.history.step()
        return DONE

    def _count(self, name: str, outcome: Outcome) -> None:
        self.history.outcomes[f"{name}: {outcome[0] if outcome else 'done'}"] += 1


def claims(twin: Twin) -> dict[int, int]:
    """What each account claims by the frozen words."""
    return {who: model.claim(twin.model, who, named) for who, named in escapee.everybody(twin)}

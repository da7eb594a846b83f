"""What goes wrong in a random history: prices jump, accounts are liquidated in every way."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from penstock import views
from penstock.messages import Fill, Order, SignedOrder
from tests.helpers import liquidator
from tests.helpers.twin import Outcome

if TYPE_CHECKING:
    from tests.parity.history import History

FUND: Final = 0
FAR: Final = 2**32 - 1


class Distress:
    """The accounts of a history in trouble, and what is done to them."""

    def __init__(self, history: "History") -> None:
        self.history: Final = history
        self.urgent: int = 0
        """How many of the next steps are about those in trouble."""

    @property
    def actions(self) -> tuple[tuple[str, Callable[[], Outcome]], ...]:
        """What is done about those in trouble."""
        named = ("take_over", self.take_over), ("deleverage", self.deleverage)
        return (*named, ("settle", self.history.settle))

    def crash(self) -> Outcome:
        """Let one market jump against somebody, often right after he took out what he could.

        The chain was up, and all marks are fresh but, now and then, one of another market. Orders
        at the old price are not tried again.
        """
        twin, rng = self.history.twin, self.history.rng
        victim = rng.choice((self._victim(), self._victim(), *self.history.accounts, FUND))
        spare = views.account_of(twin.model, victim, twin.now).withdrawable
        open_markets = twin.model.account(victim).open_markets
        if spare > 0 and open_markets and victim != FUND and rng.random() < 0.8:
            twin.withdraw(victim, spare)
        chosen = rng.choice(open_markets or [1, 2, 3])
        silent = rng.choice((1, 2, 3)) if rng.random() < 0.2 else chosen
        twin.chain.time += rng.choice((1, 10, 60)) if silent == chosen else 61
        self.urgent, outcome = rng.randint(2, 8), None
        book = self.history.book
        self.history.book = [signed for signed in book if signed.order.market != chosen]
        for market, listed in twin.model.markets.items():
            if market == silent != chosen:
                continue
            price = self._jump(victim, market) if market == chosen else listed.mark
            # Prices stay where a tick is small and a lot is worth something.
            least = self.history.first_price(market) // (3 if listed.mark else 1)
            outcome = twin.refresh(market, max(least, price))
        return outcome

    def _jump(self, victim: int, market: int) -> int:
        """A mark about the victim's liquidation price, at it or beyond; or anywhere near."""
        rng, twin = self.history.rng, self.history.twin
        mark = twin.model.market(market).mark
        price = views.liquidation_price(twin.model, victim, market, twin.now)
        against = 1 if self._size(victim, market) < 0 else -1
        beyond = rng.choice((0, 0, 10, 10, 30, 60))
        if price is None or not mark // 2 < price < 2 * mark or rng.random() < 0.1:
            return mark + against * mark * rng.choice((-60, 20, 40)) // 1_000
        return price + against * (price * beyond // 1_000 - rng.choice((0, 1)))

    def take_over(self) -> Outcome:
        """Have another account, or the fund, take over what is in trouble."""
        rng, twin = self.history.rng, self.history.twin
        account = self._victim()
        by = rng.choice([FUND, FUND, *self.history.accounts])
        held = twin.model.account(account)
        lots = {m: self._part(abs(held.positions[m].size)) for m in held.open_markets}
        markets = held.open_markets if rng.random() < 0.95 else rng.sample((1, 2, 3), 2)
        by_markets = rng.sample((1, 2, 3), 2) if rng.random() < 0.03 else None
        return liquidator.take_over(twin, account, by, lots, markets=markets, by_markets=by_markets)

    def deleverage(self) -> Outcome:
        """Close what is bankrupt against whoever is on the other side."""
        rng, twin = self.history.rng, self.history.twin
        account = rng.choice((FUND, self._victim(), self._victim()))
        held = twin.model.account(account)
        market = rng.choice(held.open_markets or [1])
        size = held.positions[market].size if market in held.positions else 0
        lots, left = [], abs(size)
        for other in rng.sample(self.history.accounts, 3):
            own = self._size(other, market)
            if own * size < 0 or rng.random() < 0.1:
                lots.append((other, max(0, min(left, self._part(abs(own))))))
                left -= lots[-1][1]
        lots.sort(reverse=rng.random() < 0.3)
        return liquidator.deleverage(twin, account, market, lots)

    def govern_fund(self) -> Outcome:
        """Move the fund's caps, its reserve and its money."""
        rng, twin = self.history.rng, self.history.twin
        kind = rng.randrange(4)
        if kind == 0:
            return liquidator.set_loss_cap(twin, rng.choice((1, 2, 3)), 10 ** rng.randint(2, 9))
        if kind == 1:
            return liquidator.set_reserve(twin, rng.choice((0, 10**6, 10**9)))
        if kind == 2:
            return twin.deposit(FUND, 10 ** rng.randint(5, 9))
        return liquidator.withdraw_from_fund(twin, rng.choice((1, 10**5, 10**9)))

    def fills(self, pool: list[SignedOrder]) -> list[Fill]:
        """Liquidation orders of a batch, each against an order of somebody else."""
        rng = self.history.rng
        found = []
        for _ in range(rng.choice((0, 0, 1, 3))):
            account = rng.choice((FUND, *[self._victim()] * 4))
            market = rng.choice(self.history.twin.model.account(account).open_markets or [1])
            size = self._size(account, market) or 1
            buy = size < 0 if rng.random() < 0.97 else size > 0
            mark = self.history.twin.model.market(market).mark
            price = max(1, mark + rng.randint(-mark // 70 - 1, mark // 70 + 1))
            number, lots = rng.randint(1, 2_000), self._part(abs(size))
            order = liquidator.forced(
                account, buy=buy, price=price, size=lots, number=number, market=market,
                expiry=FAR if rng.random() < 0.95 else 1,
            )  # fmt: skip
            pool.append(order)
            found.append(Fill(self._maker(order.order), order, min(lots, 2**32 - 1)))
        return found

    def _maker(self, forced: Order) -> SignedOrder:
        """A resting order that the liquidation crosses."""
        rng, twin = self.history.rng, self.history.twin
        account = rng.choice([a for a in self.history.accounts if a != forced.account])
        step = rng.choice((0, 0, 0, 1)) * (1 if forced.buy else -1)
        order = Order(
            *(account, forced.market, not forced.buy, False, False, False),
            *(max(0, forced.price - step), forced.size, FAR, self.history.resting_nonce(200)),
        )
        return self.history.signed(order, twin.keys[account])

    def _victim(self) -> int:
        """Mostly the account that is worst off."""
        rng, twin = self.history.rng, self.history.twin
        if rng.random() < 0.1:
            return rng.choice([*self.history.accounts, FUND])
        seen = {a: views.account_of(twin.model, a, twin.now) for a in self.history.accounts}
        held = [a for a in seen if seen[a].maintenance_margin]
        return min(held, key=lambda a: seen[a].equity / seen[a].maintenance_margin, default=FUND)

    def _part(self, lots: int) -> int:
        """All, a part, nothing, or more than there is."""
        rng = self.history.rng
        if lots and rng.random() < 0.4:
            return rng.randint(1, lots)
        return rng.choice((lots, lots, lots, lots // 2, 0, lots + 1))

    def _size(self, account: int, market: int) -> int:
        position = self.history.twin.model.account(account).positions.get(market)
        return position.size if position else 0

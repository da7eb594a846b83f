"""Random histories of a small venue: everything that can be done to it, faults on purpose.

The history is drawn from a seed, and it draws what to do next from what the model holds, so that
most of it is nearly legal: prices near the mark, nonces near the floors, sizes near the limits.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from decimal import Decimal
from random import Random
from typing import Final

from penstock import views
from penstock.batch import Batch
from penstock.builder import BuildError, build, split
from penstock.deploy import MarketParameters, Parameters
from penstock.funding import Terms
from penstock.limits import Limits
from penstock.messages import Cancel, Fill, Ladder, Order, SignedCancel, SignedLadder, SignedOrder
from penstock.signing import Signer
from penstock.units import UINT32_MAX
from tests.helpers.liquidator import with_forced
from tests.helpers.twin import Outcome, Twin, trading_key
from tests.parity.distress import Distress

PARAMETERS: Final = Parameters(
    markets=(
        MarketParameters(
            *("BTC-PERP", Decimal("0.1"), Decimal("0.001"), 500, 250, 500, 200),
            interval=15,
            tier=9_000,
            open_interest_cap=200_000,
            loss_cap=10**8,
        ),
        MarketParameters("ETH-PERP", Decimal("0.01"), Decimal("0.01"), 1000, 500, 333, 77),
        MarketParameters(
            *("SOL-PERP", Decimal("0.01"), Decimal("0.1"), 700, 333, 500, 0),
            interval=20,
            interest=-33_333,
            tier=300,
            open_interest_cap=3_000,
            loss_cap=10**6,
        ),
    ),
    max_price_age=600,
    outage_after=600,
    grace=60,
    max_speed_ppm=1_000_000,
    max_report_age=3_600,
    max_markets=2,
)
FIRST_PRICES: Final = (1_000, 200_000, 3_000)
MARKETS: Final = (1, 2, 3)
ACCOUNTS: Final = 5
GARBAGE: Final = bytes(64)


class History:
    """One venue and its random life; `outcomes` counts what was met.

    On a venue of somebody else the history opens accounts of its own and keeps to them.
    """

    def __init__(self, seed: int, twin: Twin | None = None) -> None:
        self.rng: Random = Random(seed)
        self.twin: Final = twin or Twin(PARAMETERS)
        self.outcomes: Final[Counter[str]] = Counter()
        self.keys: Final = [trading_key(str(i)) for i in range(8)]
        self.epoch = 3
        self.focus = 1
        """The market of most orders of a batch: an account has room in two only."""
        self.book: list[SignedOrder] = []
        self.accounts: Final = [self._open() for _ in range(ACCOUNTS)]
        self.distress: Final = Distress(self)

    def first_price(self, market: int) -> int:
        """About where a market begins."""
        return FIRST_PRICES[market - 1]

    def _open(self) -> int:
        return self.twin.register(self.rng.choice(self.keys))

    def step(self) -> None:
        """Do one random thing to both sides."""
        rng, distress = self.rng, self.distress
        self.epoch += rng.random() < 0.3
        if distress.urgent:
            distress.urgent -= 1
            return self._do(*rng.choice(distress.actions))
        name, action = rng.choices(
            (
                ("settle", self.settle),
                ("deposit", self.deposit),
                ("withdraw", self.withdraw),
                ("sweep", self.sweep),
                ("cancel", self.cancel),
                ("cancel_all", self.cancel_all),
                ("collect_fees", self.twin.collect_fees),
                ("set_signer", self.rotate),
                ("register", self.register),
                ("pass_time", self.pass_time),
                ("beat", self.twin.beat),
                ("pause", self.pause),
                ("set_margins", self.set_margins),
                ("set_fees", self.set_fees),
                ("set_terms", self.set_terms),
                ("set_limits", self.set_limits),
                ("transfer", self.transfer),
                ("crash", self.distress.crash),
                ("take_over", self.distress.take_over),
                ("deleverage", self.distress.deleverage),
                ("fund", self.distress.govern_fund),
            ),
            (55, 16, 8, 5, 4, 2, 1, 1, 0.2, 12, 1, 0.5, 1, 0.5, 0.5, 1, 4, 8, 10, 6, 2),
        )[0]
        self._do(name, action)

    def _do(self, name: str, action: Callable[[], Outcome]) -> None:
        outcome = action()
        self.outcomes[f"{name}: {outcome[0] if outcome else 'done'}"] += 1

    # Accounts.

    def register(self) -> Outcome:
        """Open one account more."""
        self.accounts.append(self._open())
        return None

    def deposit(self) -> Outcome:
        """Pay in, sometimes nothing, sometimes to nobody."""
        account = self.rng.choice([*self.accounts, *self.accounts, *self.accounts, 999])
        amount = self.rng.choice((0, 1, 10**6, 10**7, *[10**8] * 4, 10**9, 2**55))
        return self.twin.deposit(account, amount)

    def withdraw(self) -> Outcome:
        """Ask for little, for all, or for one unit more than all."""
        account, model = self.rng.choice(self.accounts), self.twin.model
        most = max(1, views.account_of(model, account, self.twin.now).withdrawable)
        amount = self.rng.choice((0, 1, 10**5, 10**8, most, most + 1))
        markets = model.account(account).open_markets
        if self.rng.random() < 0.2:
            markets = self.rng.sample(MARKETS, self.rng.randint(0, 3))
            markets = [market for market in markets if market in MARKETS]
        return self.twin.withdraw(account, amount, markets)

    def transfer(self) -> Outcome:
        """Give collateral away, sometimes to the fund, sometimes to nobody."""
        account, model = self.rng.choice(self.accounts), self.twin.model
        most = max(1, views.account_of(model, account, self.twin.now).withdrawable)
        to = self.rng.choice([*self.accounts, *self.accounts, 0, 999])
        return self.twin.transfer(account, to, self.rng.choice((0, 1, 10**6, most // 2, most + 1)))

    def sweep(self) -> Outcome:
        """Sweep whatever there is or is not."""
        return self.twin.sweep(self.rng.choice([*self.accounts, 0]), self.rng.choice(MARKETS))

    def cancel(self) -> Outcome:
        """Cancel a few nonces on the chain."""
        nonces = [self.resting_nonce(6) for _ in range(self.rng.randint(0, 3))]
        return self.twin.cancel(self.rng.choice(self.accounts), nonces)

    def cancel_all(self) -> Outcome:
        """Raise the floors, sometimes by nothing, sometimes downwards."""
        account = self.rng.choice(self.accounts)
        number = max(0, self.twin.model.account(account).nonce + self.rng.randint(-1, 3))
        return self.twin.cancel_all(account, max(0, self.epoch - self.rng.randint(1, 6)), number)

    def rotate(self) -> Outcome:
        """Give an account another trading key."""
        return self.twin.set_signer(self.rng.choice(self.accounts), self.rng.choice(self.keys))

    # Time and prices.

    def pass_time(self) -> Outcome:
        """Let time pass; most markets get a new price, rarely one far away."""
        rng = self.rng
        seconds = rng.choice((0, 1, 1, 5, 30, 30, 100, 300, 700, 1_200, 4_000, 30_000))
        self.idle(seconds)
        outcome: Outcome = None
        for market in MARKETS:
            if rng.random() < 0.7:
                last = self.twin.model.market(market).mark or FIRST_PRICES[market - 1]
                width = last // rng.choice((40, 40, 40, 40, 6)) + 1
                price = max(1, last + rng.randint(-width, width))
                outcome = self.twin.refresh(market, price, self.twin.now - rng.choice((0, 0, 5)))
            elif rng.random() < 0.3:
                outcome = self.twin.accrue(market)
        return outcome

    def idle(self, seconds: int) -> None:
        """Let time pass; the chain is mostly up."""
        while seconds > 600 and self.rng.random() < 0.99:
            self.twin.chain.time += 600
            self.twin.beat()
            seconds -= 600
        self.twin.chain.time += seconds

    # What the governor and the guardian do.

    def pause(self) -> Outcome:
        """Pause a market; rarely after so long that another pause may begin, mostly to its end."""
        if self.rng.random() < 0.2:
            self.twin.chain.time += 9 * 86_400
        outcome = self.twin.pause(self.rng.choice(MARKETS))
        if self.rng.random() < 0.8:
            self.idle(86_400)
        return outcome

    def set_margins(self) -> Outcome:
        """Move margins up or down, sometimes while they move."""
        maintenance = self.rng.randint(100, 600)
        initial = maintenance + self.rng.randint(1, 500)
        return self.twin.set_margins(self.rng.choice(MARKETS), initial, maintenance)

    def set_limits(self) -> Outcome:
        """Move the tiers, and the cap about what is open."""
        market, rng = self.rng.choice(MARKETS), self.rng
        tier = rng.choice((1, 30, 300, 3_000, 9_000, 9_000))
        near = self.twin.model.market(market).open_interest // 10 * 10
        cap = rng.choice((10_000, 200_000, max(tier, min(near, 80_000) // 100 * 100)))
        return self.twin.set_limits(market, Limits(tier, max(tier, cap)))

    def set_fees(self) -> Outcome:
        """Change fees."""
        taker, maker = self.rng.randint(0, 700), self.rng.randint(0, 300)
        return self.twin.set_fees(self.rng.choice(MARKETS), taker, maker)

    def set_terms(self) -> Outcome:
        """Change the cadence and the bounds of funding in the middle of a period."""
        cap = self.rng.choice((7_500_000, 1_000_000))
        terms = Terms(self.rng.randint(-cap, cap), cap, self.rng.randint(0, cap), cap // 3)
        interval = self.rng.choice((15, 20, 60, 240))
        return self.twin.set_terms(self.rng.choice(MARKETS), interval, terms)

    # Batches.

    def settle(self) -> Outcome:
        """Settle a batch of good and bad fills."""
        outcome = self.twin.settle(self.batch())
        if outcome is None:
            self.outcomes.update(record.verdict.name for record in self.twin.settled())
        return outcome

    def batch(self) -> Batch:
        """Draw a batch that the builder can write."""
        while True:
            try:
                return self._draw_batch()
            except BuildError:
                continue

    def _draw_batch(self) -> Batch:
        rng = self.rng
        self.focus = rng.choice((1, 1, 1, 2, 2, 3))
        pool = rng.sample(self.book, min(len(self.book), 6))
        pool += [self._order(rng.choice(self.accounts)) for _ in range(rng.randint(1, 8))]
        for _ in range(2):
            if rng.random() < 0.4:
                pool += self._ladder(rng.choice(self.accounts)).levels()
        fills = [self._fill(pool) for _ in range(rng.randint(0, 12))]
        fills += self.distress.fills(pool)
        self.book = [*self.book, *(one for one in pool if one.signature != GARBAGE)][-40:]
        cancels = [self._cancel() for _ in range(rng.choice((0, 0, 0, 1, 2)))]
        parts = split(fills, self._open_markets) or [[]]
        number = self.twin.model.tally.number if rng.random() < 0.98 else 77
        return with_forced(build(number, parts[0], cancels, self._open_markets))

    def _open_markets(self, account: int) -> Sequence[int]:
        markets = self.twin.model.account(account).open_markets
        return markets if self.rng.random() < 0.97 else markets[1:]

    def _fill(self, pool: list[SignedOrder]) -> Fill:
        rng = self.rng
        maker = rng.choice(pool)
        if rng.random() < 0.25 or maker.order.immediate:
            return Fill(maker, rng.choice(pool), rng.choice((0, 1, 2, 50)))
        taker = self._answer(maker.order)
        pool.append(taker)
        size = min(taker.order.size, maker.order.size)
        return Fill(maker, taker, size if rng.random() < 0.9 else rng.randint(0, 9))

    def _answer(self, maker: Order) -> SignedOrder:
        """An order of somebody else that the maker's crosses."""
        rng = self.rng
        account = rng.choice([other for other in self.accounts if other != maker.account])
        immediate = rng.random() < 0.6
        number = self.twin.model.account(account).nonce + rng.randint(1, 5)
        order = Order(
            account=account,
            market=maker.market,
            buy=not maker.buy,
            immediate=immediate,
            post_only=False,
            reduce_only=rng.random() < 0.1,
            price=maker.price,
            size=rng.choice((1, 7, 100, 1_000, maker.size, maker.size, maker.size)),
            expiry=self.twin.now + 1_000,
            nonce=number if immediate else self.resting_nonce(200),
        )
        return self.signed(order, self.twin.keys[account])

    def _order(self, account: int) -> SignedOrder:
        """An order about the mark with now and then something wrong with it."""
        rng = self.rng
        market = self.focus if rng.random() < 0.9 else rng.choice(MARKETS)
        mark = self.twin.model.market(market).mark or FIRST_PRICES[market - 1]
        # A lot of market 2 needs as much margin as hundreds of the others.
        weight = 50 if market == 2 else 1
        width = mark // 15 + 1 if rng.random() < 0.1 else 3
        immediate = rng.random() < 0.4
        number = self.twin.model.account(account).nonce + rng.randint(0, 3)
        order = Order(
            account=account,
            market=market,
            buy=rng.random() < 0.5,
            immediate=immediate,
            post_only=not immediate and rng.random() < 0.1,
            reduce_only=rng.random() < 0.15,
            price=max(0, mark + rng.randint(-width, width)),
            size=rng.choice((1, 5, 50, *[1_000, 5_000] * 2, 20_000, UINT32_MAX)) // weight or 1,
            expiry=self.twin.now + rng.choice((-1, 0, 10, *[100_000] * 20)),
            nonce=number if immediate else self.resting_nonce(6),
        )
        key = self.twin.keys[account] if rng.random() < 0.95 else rng.choice(self.keys)
        return self.signed(order, key)

    def signed(self, order: Order, key: Signer) -> SignedOrder:
        """A signed order; now and then the signature is nobody's."""
        # NOTE: `sign_order` would refuse what is wrong on purpose.
        garbage = self.rng.random() < 0.02
        return SignedOrder(
            order, GARBAGE if garbage else key.sign(self.twin.domain.order_digest(order))
        )

    def _ladder(self, account: int) -> SignedLadder:
        rng = self.rng
        market, levels = min(2, self.focus), rng.randint(1, 3)
        mark = self.twin.model.market(market).mark or FIRST_PRICES[market - 1]
        ladder = Ladder(
            account=account,
            market=market,
            buy=rng.random() < 0.5,
            post_only=rng.random() < 0.2,
            reduce_only=rng.random() < 0.1,
            expiry=self.twin.now + 10_000,
            nonce=self.resting_nonce(4),
            prices=tuple(mark + i for i in range(levels)),
            sizes=tuple(rng.randint(1, 300) for _ in range(levels)),
        )
        return self.twin.keys[account].sign_ladder(self.twin.domain, ladder)

    def _cancel(self) -> SignedCancel:
        rng = self.rng
        account = rng.choice(self.accounts)
        cancel = Cancel(account, self.resting_nonce(6))
        key = self.twin.keys[account] if rng.random() < 0.8 else rng.choice(self.keys)
        return key.sign_cancel(self.twin.domain, cancel)

    def resting_nonce(self, slots: int) -> int:
        """A nonce near the epochs of now in one of the first slots."""
        epoch = max(0, self.epoch + self.rng.randint(-4, 2))
        return self.rng.randrange(slots) << 32 | epoch

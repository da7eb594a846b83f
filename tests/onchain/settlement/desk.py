"""A twin with funded accounts and fresh marks, and short words for orders signed with real keys."""

from collections.abc import Sequence
from itertools import count

from hypothesis import strategies as st

from penstock.deploy import Parameters
from penstock.messages import Cancel, Fill, Ladder, Order, Side, SignedCancel, SignedOrder, Verdict
from penstock.signing import Signer
from tests.helpers.twin import DONE, Twin, trading_key
from tests.helpers.venue import PARAMETERS

ACCOUNTS = (1, 2, 3, 4)
MARKS = (500_000, 300_000)
UNIT = 100
MARK = MARKS[0]
LOT = MARK * UNIT
DEPOSIT = 10**10
"""2,000 lots at initial margin."""
FAR = 2**32 - 1
OK = (Verdict.SETTLED, Side.NONE)
SIZES = st.integers(1, 1_000)
SIGNS = st.booleans()


class Desk(Twin):
    """Accounts 1 to 4 hold `DEPOSIT` each; both markets stand at `MARKS`."""

    def __init__(self, parameters: Parameters = PARAMETERS, *, odd_token: bool = False) -> None:
        super().__init__(parameters, odd_token=odd_token)
        for name in "abcd":
            account = self.register(trading_key(name))
            assert self.deposit(account, DEPOSIT) is DONE
        self.marks(*MARKS)
        self._numbers = count(1)

    def marks(self, *prices: int) -> None:
        """Give every market a mark of now."""
        for market, price in enumerate(prices, 1):
            assert self.refresh(market, price) is DONE

    def pass_time(self, seconds: int) -> None:
        """Let time pass; marks age. Somebody beats often enough: the chain was up."""
        limit = self.model.watch.limit
        for _ in range((seconds - 1) // limit):
            self.chain.time += limit
            assert self.beat() is DONE
            seconds -= limit
        self.chain.time += seconds

    def sign(self, order: Order, key: Signer | None = None) -> SignedOrder:
        """Sign whatever it is, by the account's key or by another one."""
        signer = key or self.keys[order.account]
        return SignedOrder(order, signer.sign(self.domain.order_digest(order)))

    def rest(
        self,
        account: int = 2,
        *,
        buy: bool = False,
        size: int = 10,
        price: int = MARK,
        market: int = 1,
        slot: int = 0,
        epoch: int = 1,
        expiry: int = FAR,
        post_only: bool = False,
        reduce_only: bool = False,
        key: Signer | None = None,
    ) -> SignedOrder:
        """A signed resting order."""
        flags = (buy, False, post_only, reduce_only)
        order = Order(account, market, *flags, price, size, expiry, slot << 32 | epoch)
        return self.sign(order, key)

    def take(
        self,
        account: int = 1,
        *,
        buy: bool = True,
        size: int = 10,
        price: int = MARK,
        market: int = 1,
        number: int | None = None,
        expiry: int = FAR,
        reduce_only: bool = False,
        key: Signer | None = None,
    ) -> SignedOrder:
        """A signed immediate order with a number of its own."""
        nonce = next(self._numbers) if number is None else number
        order = Order(account, market, buy, True, False, reduce_only, price, size, expiry, nonce)
        return self.sign(order, key)

    def cross(
        self,
        buyer: int = 1,
        seller: int = 2,
        size: int = 10,
        price: int = MARK,
        market: int = 1,
        epoch: int | None = None,
    ) -> Fill:
        """The seller rests, the buyer takes; a negative size means the other way round."""
        if size < 0:
            buyer, seller, size = seller, buyer, -size
        epoch = next(self._numbers) if epoch is None else epoch
        maker = self.rest(seller, epoch=epoch, size=size, price=price, market=market)
        return Fill(maker, self.take(buyer, size=size, price=price, market=market), size)

    def ladder(
        self, account: int, levels: Sequence[tuple[int, int]], *, slot: int = 0, epoch: int = 1
    ) -> list[SignedOrder]:
        """The levels of a signed ladder of asks: pairs of price and size."""
        prices, sizes = zip(*levels, strict=True)
        nonce = slot << 32 | epoch
        ladder = Ladder(account, 1, False, False, False, FAR, nonce, prices, sizes)
        return self.keys[account].sign_ladder(self.domain, ladder).levels()

    def cancel_order(
        self, account: int, slot: int, epoch: int, key: Signer | None = None
    ) -> SignedCancel:
        """A signed cancel."""
        signer = key or self.keys[account]
        return signer.sign_cancel(self.domain, Cancel(account, slot << 32 | epoch))

    def verdicts(
        self, *fills: Fill, cancels: Sequence[SignedCancel] = ()
    ) -> list[tuple[Verdict, Side]]:
        """Settle fills as the next batch, compare all words, return what was said of each."""
        return [(record.verdict, record.side) for record in self.run(*fills, cancels=cancels)]

    def trade(self, size: int, *, market: int = 1, price: int | None = None) -> None:
        """Let account 1 buy from account 2 (or sell, when negative) at the mark."""
        at = self.model.market(market).mark if price is None else price
        assert self.verdicts(self.cross(size=size, price=at, market=market)) == [OK]

    def size(self, account: int, market: int = 1) -> int:
        """The chain's size of a position."""
        return int(self.venue.lens.call("positionOf", account, market)[0])

    def collateral(self, account: int) -> int:
        """The chain's collateral of an account."""
        return int(self.venue.lens.call("accountOf", account)[5])

    def equity(self, account: int) -> int:
        """The chain's equity of an account."""
        return int(self.venue.lens.call("accountOf", account)[6])

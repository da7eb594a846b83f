"""The reference model: the contracts' state and arithmetic, pure and equal to the last unit.

Operations have the contracts' names and refuse what the contracts refuse. Who may call is left to
the contracts; signatures enter as recovered signers, so the model needs no cryptography. Addresses
are integers, times are seconds and are passed in.

    Refused     ValueError  see `refusals`
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from penstock import funding
from penstock.accounts import Account, Position, Settings, Tally, check_collateral
from penstock.batch import Batch
from penstock.fund import Fund
from penstock.margin import Holding
from penstock.markets import Markets
from penstock.messages import IMMEDIATE
from penstock.records import FillRecord
from penstock.refusals import Refusal, Refused
from penstock.reserves import Reserves
from penstock.settlement import Level, Work, work
from penstock.units import INT56_MAX, UINT32_MAX
from penstock.watch import Watch

VENUE_ACCOUNT: Final = 0


class Venue(Markets):
    """Markets, accounts, tickets, the fund's books, tally, watch and settings of one deployment."""

    __slots__ = (
        "accounts",
        "deposited",
        "fund",
        "reserves",
        "tally",
        "tickets",
    )

    def __init__(
        self, settings: Settings | None = None, now: int = 0, watch: Watch | None = None
    ) -> None:
        super().__init__(settings or Settings(), watch or Watch(last=now))
        self.tally: Tally = Tally(settled_at=now)
        self.fund: Fund = Fund()
        self.accounts: dict[int, Account] = {VENUE_ACCOUNT: Account(VENUE_ACCOUNT, 0)}
        self.tickets: list[tuple[int, int]] = []
        """Account and amount of every withdrawal, in the order of the queue."""
        self.deposited: int = 0
        """Sum of all deposits."""
        self.reserves: Final = Reserves()
        """What withdrawals that were signed or forced are going to take."""

    # The end; see `escape`.

    def freeze(self) -> None:
        """End the venue: no fill settles any more, no market and no balance moves."""
        self.frozen = True
        self.settings = replace(self.settings, operator=0)

    @property
    def unpromised(self) -> int:
        """What the vault holds beyond what the queue owes."""
        return self.deposited - sum(amount for _, amount in self.tickets)

    # Accounts.

    def register(self, signer: int) -> int:
        """Open an account and return its number."""
        if signer == 0:
            raise Refused(Refusal.SIGNER_ZERO)
        number = len(self.accounts)
        self.accounts[number] = Account(number, signer)
        return number

    def held(self, account: int) -> Account:
        """An account as its words have it; one that is not registered has nothing."""
        return self.accounts.get(account) or Account(account, 0)

    def account(self, account: int) -> Account:
        """Look an account up."""
        if account not in self.accounts:
            raise Refused(Refusal.NOT_REGISTERED, account)
        return self.accounts[account]

    def set_signer(self, account: int, signer: int) -> None:
        """Replace the trading key; orders of the old key are dead."""
        if signer == 0:
            raise Refused(Refusal.SIGNER_ZERO)
        if account == VENUE_ACCOUNT:
            raise Refused(Refusal.NOT_REGISTERED, account)
        self.account(account).signer = signer

    def deposit(self, account: int, amount: int) -> None:
        """Add collateral."""
        credited = self.account(account)
        _check_amount(amount)
        self._check_not_frozen()
        credited.credit(amount)
        self.deposited += amount

    def request_withdrawal(
        self,
        account: int,
        amount: int,
        now: int,
        markets: Sequence[int] | None = None,
        *,
        forced: bool = False,
    ) -> None:
        """Sweep closed positions, debit the account and queue a ticket.

        `markets` names every open position, as in the contract's call; left out, it does. A forced
        exit does not wait for a price.
        """
        self._debit(account, amount, now, markets, strict=not forced)
        self.tickets.append((account, amount))

    def transfer(
        self, account: int, to: int, amount: int, now: int, markets: Sequence[int] | None = None
    ) -> None:
        """Give collateral to another account, under the rules of a withdrawal."""
        self._check_not_frozen()
        credited = self.account(to)
        # The insurance fund does not wait for a price when it covers.
        self._debit(account, amount, now, markets, strict=account != VENUE_ACCOUNT)
        credited.credit(amount)

    def _debit(
        self,
        account: int,
        amount: int,
        now: int,
        markets: Sequence[int] | None,
        *,
        strict: bool,
    ) -> None:
        _check_amount(amount)
        held = self.account(account)
        markets = held.open_markets if markets is None else markets
        collateral, backing = self._sweep_and_back(held, markets, now, strict=strict)
        if collateral + backing < amount:
            raise Refused(Refusal.EXCEEDS, account, amount, collateral + backing)
        if self.frozen:
            # The queue says so, and not the accounts.
            raise Refused(Refusal.QUEUE_CLOSED)
        for market in markets:
            if held.positions[market].size:
                self.accrue(market, now)
            else:
                held.positions[market].quote = 0
        held.collateral = collateral - amount

    def _sweep_and_back(
        self, held: Account, markets: Sequence[int], now: int, *, strict: bool
    ) -> tuple[int, int]:
        """Collateral with closed positions swept; min(0, value) − initial margin of the open ones.

        Profit of an open position is margin, not money.
        """
        collateral, backing = held.collateral, 0
        for market in each_open(held, markets, Refusal.INCOMPLETE):
            position = held.positions[market]
            if position.size == 0:
                collateral = check_collateral(collateral + position.quote)
            else:
                if self.market(market).due(now):
                    self._check_not_frozen()
                priced = self.priced(market, now)
                if strict and now > priced.marked_until:
                    refused = (held.account, market, priced.marked_until)
                    raise Refused(Refusal.STALE, *refused)
                backing += min(0, priced.worth(position)) - priced.initial(position.size)
        return collateral, backing

    def sweep(self, account: int, market: int) -> None:
        """Turn a closed position's quote into collateral; the word keeps its snapshot."""
        held = self.held(account)
        position = held.position(market)
        if position.size != 0 or not position.is_open:
            raise Refused(Refusal.NOT_CLOSED, account, market, position.size)
        held.credit(position.quote)
        position.quote = 0

    def cancel(self, account: int, nonces: Iterable[int]) -> None:
        """Kill resting orders: each epoch named and all below it in its slot."""
        held = self.account(account)
        for nonce in nonces:
            held.kill(nonce)

    def cancel_all(self, account: int, epoch_floor: int, nonce: int) -> None:
        """Kill every order up to the floors."""
        held = self.account(account)
        if epoch_floor < held.floor or nonce < held.nonce:
            raise Refused(Refusal.FLOOR, account, held.floor, held.nonce)
        held.floor, held.nonce, held.floored = epoch_floor, nonce, True

    @property
    def fees(self) -> int:
        """Fees of all markets that await collection."""
        return sum(market.fees for market in self.markets.values())

    def collect_fees(self, market: int) -> int:
        """Move a market's fees to the venue's own account and return how much."""
        charged = self.market(market)
        amount = min(charged.fees, INT56_MAX)
        self.accounts[VENUE_ACCOUNT].credit(amount)
        charged.fees -= amount
        return amount

    # Positions that change hands, and orders that are filled, outside of a batch.

    def set_filled(self, account: int, nonce: int, filled: int) -> None:
        """Say how much of a resting order is filled."""
        self.account(account).slots[nonce >> 32] = (nonce & UINT32_MAX, filled)

    def move(
        self, giver: int, taker: int, market: int, lots: int, paid: int, penalty: int, now: int
    ) -> None:
        """Move signed lots, and `paid` the other way; the giver pays `penalty` to the fees.

        Funding that is due is accrued first. `liquidations` decides who may.
        """
        self._check_not_frozen()
        self.accrue(market, now)
        listed, grown = self.markets[market], 0
        sides = ((giver, -lots, paid - penalty), (taker, lots, -paid))
        changed = [self._changed(account, market, *side) for account, *side in sides]
        for (account, *_), (before, after) in zip(sides, changed, strict=True):
            self.accounts[account].positions[market] = after
            grown += abs(after.size) - abs(before.size)
        listed.open_interest += grown // 2
        listed.fees += penalty

    def _changed(
        self, account: int, market: int, lots: int, received: int
    ) -> tuple[Position, Position]:
        """A position before and after lots and quote are added to it, its funding applied."""
        index = self.markets[market].index
        before = self.account(account).position(market)
        after = Position(before.size + lots, before.quote_down(index) + received, index)
        after.check()
        return before, after

    # Settlement.

    def simulate(
        self, batch: Batch, now: int, recovered: Sequence[int] | None = None
    ) -> list[FillRecord]:
        """Return the records that `settle` would emit, and change nothing."""
        return self._work(batch, now, recovered).records

    def settle(
        self, batch: Batch, now: int, recovered: Sequence[int] | None = None
    ) -> list[FillRecord]:
        """Settle the next batch and return the record of each fill.

        `recovered` is the signer of each signature in the order of the batch (cancels first), 0
        for none; left out, every signature is right. Raises Refused, or RangeError where a word
        would overflow; nothing has changed then.
        """
        self._check_not_frozen()
        done = self._work(batch, now, recovered)
        positions = [(holding, _written(holding)) for holding in done.holdings if holding.traded]
        self._check_open_interest(done)
        for market in batch.markets:
            self.accrue(market, now)
        self._write(done, positions)
        self._carry_cancels(batch, recovered)
        self._sample(done, now)
        # Only a settled fill breaks the silence after which anyone may settle.
        traded = any(record.verdict.moved for record in done.records)
        settled_at = now if traded else self.tally.settled_at
        self.tally = Tally(self.tally.number + 1, settled_at)
        return done.records

    def _work(self, batch: Batch, now: int, recovered: Sequence[int] | None) -> Work:
        if batch.number != self.tally.number:
            raise Refused(Refusal.NUMBER, batch.number, self.tally.number)
        return work(self, batch, now, recovered)

    def _write(self, done: Work, positions: Sequence[tuple[Holding, Position]]) -> None:
        """Write what traded, and nothing else: a position at rest keeps its snapshot."""
        for holding, position in positions:
            account = self.accounts[holding.standing.account]
            account.positions[holding.market.market] = position
            account.nonce = holding.standing.nonce
        for level in done.levels:
            if level.filled and not level.flags & IMMEDIATE:
                _fill_slot(self.accounts[level.holding.standing.account], level)

    def _check_open_interest(self, done: Work) -> None:
        """A batch may not leave more lots open than the cap, unless they become fewer."""
        for priced in done.markets:
            market = self.markets[priced.market]
            found, limits = market.open_interest + priced.grown, market.listing.limits
            if priced.grown > 0 and found > limits.open_interest_cap:
                cap = limits.open_interest_cap
                raise Refused(Refusal.OPEN_INTEREST, priced.market, found, cap)

    def _carry_cancels(self, batch: Batch, recovered: Sequence[int] | None) -> None:
        for i, cancel in enumerate(batch.cancels):
            account = self.accounts.get(batch.accounts[cancel.account].account)
            if account is None or account.signer == 0:
                continue
            if recovered is None or recovered[i] == account.signer:
                account.kill(cancel.nonce)

    def _sample(self, done: Work, now: int) -> None:
        for priced in done.markets:
            market = self.markets[priced.market]
            market.fees += priced.fees
            market.open_interest += priced.grown
            if priced.volume:
                latest = funding.premium(priced.volume, priced.value, priced.mark)
                market.sample = funding.sampled(market.sample, latest, now)


def each_open(held: Account, markets: Sequence[int], refusal: Refusal) -> Iterator[int]:
    """Go through `markets`, which must name every open position of an account, ascending."""
    open_markets = held.open_markets
    for named, market in enumerate(markets):
        ascends = named == 0 or market > markets[named - 1]
        if not ascends or market not in open_markets:
            raise Refused(refusal, held.account, named, len(open_markets))
        yield market
    if len(markets) != len(open_markets):
        raise Refused(refusal, held.account, len(markets), len(open_markets))


def _check_amount(amount: int) -> None:
    if not 0 < amount <= INT56_MAX:
        raise Refused(Refusal.AMOUNT, amount)


def _written(holding: Holding) -> Position:
    """The position as it will be stored. Raises RangeError when it does not fit its word."""
    position = Position(holding.size, holding.quote, holding.market.index)
    position.check()
    return position


def _fill_slot(account: Account, level: Level) -> None:
    """Remember a partial fill; of two epochs of a slot the higher one comes later and stays."""
    slot, epoch = level.nonce >> 32, level.nonce & UINT32_MAX
    highest, filled = account.slots.get(slot, (0, 0))
    account.slots[slot] = (epoch, level.filled + (filled if highest == epoch else 0))

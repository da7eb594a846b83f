"""The reference model: the contracts' state and arithmetic, pure and equal to the last unit.

Operations have the contracts' names and refuse what the contracts refuse. Who may call is left to
the contracts; signatures enter as recovered signers, so the model needs no cryptography. Addresses
are integers, times are seconds and are passed in.

    Refused     ValueError  the contract would revert: names its custom error and the values
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from enum import StrEnum
from typing import Final

from penstock import funding
from penstock.accounts import (
    Account,
    Interim,
    Listing,
    Market,
    Position,
    Settings,
    Tally,
    check_collateral,
)
from penstock.batch import Batch
from penstock.errors import PenstockError
from penstock.fund import Fund
from penstock.limits import Limits
from penstock.margin import Holding, Priced
from penstock.messages import IMMEDIATE
from penstock.records import FillRecord
from penstock.reserves import Reserves
from penstock.settlement import Level, Work, work
from penstock.units import INT56_MAX, UINT32_MAX
from penstock.watch import Watch

VENUE_ACCOUNT: Final = 0
PAUSE: Final = 24 * 60 * 60
"""Seconds that a pause of the guardian lasts."""
REST: Final = 7 * 24 * 60 * 60
"""Seconds from the end of a pause until the next may begin."""


class Refusal(StrEnum):
    """The contracts' custom errors that a well-meant call can meet."""

    NOT_LISTED = "Market_NotListed"
    NOT_REGISTERED = "Account_NotRegistered"
    SIGNER_ZERO = "Account_SignerZero"
    AMOUNT = "Collateral_AmountOutOfRange"
    INCOMPLETE = "Withdrawal_PositionsIncomplete"
    STALE = "Withdrawal_PriceStale"
    EXCEEDS = "Withdrawal_ExceedsWithdrawable"
    NOT_CLOSED = "Position_NotClosed"
    FLOOR = "Floor_NotRaised"
    NUMBER = "Batch_NumberWrong"
    OPEN_INTEREST = "Batch_OpenInterestAboveCap"
    LIQUIDATION_GRACE = "Liquidation_GracePeriod"
    LIQUIDATION_PAIR = "Liquidation_PairRefused"
    LIQUIDATION_SOUND = "Liquidation_AccountSound"
    LIQUIDATION_INCOMPLETE = "Liquidation_PositionsIncomplete"
    LIQUIDATION_STALE = "Liquidation_PriceStale"
    LOTS_TOO_MANY = "Liquidation_LotsTooMany"
    MORE_THAN_NEEDED = "Liquidation_MoreThanNeeded"
    KEEPS_POSITION = "Liquidation_BankruptKeepsPosition"
    TAKER_BELOW_MARGIN = "Liquidation_TakerBelowMargin"
    TAKER_TOO_LARGE = "Liquidation_TakerTooLarge"
    TAKER_TOO_MANY_MARKETS = "Liquidation_TakerTooManyMarkets"
    NOT_BANKRUPT = "Deleverage_NotBankrupt"
    FUND_CAN_CARRY = "Deleverage_FundCanCarry"
    NOT_ASCENDING = "Deleverage_CounterpartiesNotAscending"
    NOT_OPPOSITE = "Deleverage_NotOpposite"
    NOT_IN_PROFIT = "Deleverage_NotInProfit"
    SHARE_EXCEEDED = "Deleverage_ShareExceeded"
    LOSS_CAP = "Fund_LossCapReached"
    RESERVE = "Fund_ReserveNotLeft"
    RESTING = "Pause_Resting"
    FROZEN = "Positions_Frozen"
    HATCH_FROZEN = "Hatch_AlreadyFrozen"
    HATCH_GRACE = "Hatch_GraceLasts"
    HATCH_NOT_NOTED = "Hatch_NumberNotNoted"
    HATCH_TOO_SHORT = "Hatch_SilenceTooShort"
    HATCH_NOT_IGNORED = "Hatch_RequestNotIgnored"
    HATCH_NOT_FROZEN = "Hatch_NotFrozen"
    HATCH_COMPLETE = "Hatch_TallyComplete"
    HATCH_UNTALLIED = "Hatch_TallyIncomplete"
    HATCH_NO_SHARE = "Hatch_AccountWithoutShare"
    HATCH_NOT_ASCENDING = "Hatch_MarketsNotAscending"
    HATCH_INCOMPLETE = "Hatch_PositionsIncomplete"
    HATCH_PAID = "Hatch_AlreadyPaid"
    HATCH_NOTHING = "Hatch_NothingToPay"
    QUEUE_CLOSED = "Queue_Closed"
    NOT_ASIDE = "Queue_TicketNotAside"
    NOT_CLAIMABLE = "Queue_TicketNotClaimable"
    HOLD_UNKNOWN = "Hold_Unknown"
    HOLD_NOT_OVER = "Hold_NotOver"
    DESTINATION = "Guard_DestinationRefused"
    GUARD_NOT_ANNOUNCED = "Guard_NotAnnounced"
    GUARD_NOT_APPLICABLE = "Guard_NotApplicable"
    GATE_RESTING = "Gate_Resting"
    DESK_FROZEN = "Desk_Frozen"
    DESK_ACCOUNT = "Desk_AccountRefused"
    DESK_OWNER = "Desk_CallerNotOwner"
    DESK_RECIPIENT = "Desk_RecipientZero"
    DESK_AMOUNT = "Desk_AmountZero"
    DESK_LOTS = "Desk_LotsOutOfRange"
    DESK_FEE = "Desk_FeeTooLow"
    DESK_NOTHING = "Desk_NothingToCollect"
    DESK_INCOMPLETE = "Desk_PositionsIncomplete"
    DESK_STALE = "Desk_PriceStale"
    DESK_BANKRUPT = "Desk_Bankrupt"
    DESK_HELD = "Desk_MarketHeld"
    DESK_TOO_LARGE = "Desk_PositionTooLarge"
    DESK_TOO_MANY = "Desk_TooManyMarkets"
    DESK_MARGIN = "Desk_BelowMargin"
    REQUEST_EXPIRED = "Request_Expired"
    REQUEST_SIGNATURE = "Request_SignatureWrong"
    REQUEST_USED = "Request_NonceUsed"
    REQUEST_NOT_PENDING = "Request_NotPending"
    REQUEST_KIND = "Request_KindWrong"
    REQUEST_EARLY = "Request_TooEarly"
    REQUEST_NOTHING = "Request_NothingToSpare"
    CLOSE_NOTHING = "Close_NothingLeft"
    CLOSE_LOTS = "Close_LotsOutOfRange"
    CLOSE_SELF = "Close_SelfTrade"
    CLOSE_SIDE = "Close_SameSide"
    CLOSE_PRICE = "Close_PriceOutsideBand"
    CLOSE_LOSS_CAP = "Close_LossCapReached"
    ORDER_SIGNATURE = "Order_SignatureWrong"
    ORDER_EXPIRED = "Order_Expired"
    ORDER_REPLACED = "Order_Replaced"
    ORDER_OVERFILL = "Order_Overfill"
    ORDER_REDUCE_ONLY = "Order_ReduceOnly"


class Refused(PenstockError, ValueError):
    """The contract would revert with `refusal` and `values`; nothing changed."""

    def __init__(self, refusal: Refusal, *values: int) -> None:
        self.refusal: Final = refusal
        self.values: Final = values
        super().__init__(f"{refusal}({', '.join(map(str, values))})")


class Venue:
    """Markets, accounts, tickets, the fund's books, tally, watch and settings of one deployment."""

    __slots__ = (
        "accounts",
        "deposited",
        "frozen",
        "fund",
        "markets",
        "paused_until",
        "reserves",
        "settings",
        "tally",
        "tickets",
        "watch",
    )

    def __init__(
        self, settings: Settings | None = None, now: int = 0, watch: Watch | None = None
    ) -> None:
        self.settings: Settings = settings or Settings()
        self.tally: Tally = Tally(settled_at=now)
        self.watch: Watch = watch or Watch(last=now)
        self.fund: Fund = Fund()
        self.paused_until: int = 0
        """First second after the guardian's latest pause."""
        self.markets: dict[int, Market] = {}
        self.accounts: dict[int, Account] = {VENUE_ACCOUNT: Account(VENUE_ACCOUNT, 0)}
        self.tickets: list[tuple[int, int]] = []
        """Account and amount of every withdrawal, in the order of the queue."""
        self.deposited: int = 0
        """Sum of all deposits."""
        self.reserves: Final = Reserves()
        """What withdrawals that were signed or forced are going to take."""
        self.frozen: bool = False
        """Whether the venue is over."""

    # The end; see `escape`.

    def freeze(self) -> None:
        """End the venue: no fill settles any more, no market and no balance moves."""
        self.frozen = True
        self.settings = replace(self.settings, operator=0)

    def _check_not_frozen(self) -> None:
        if self.frozen:
            raise Refused(Refusal.FROZEN)

    @property
    def unpromised(self) -> int:
        """What the vault holds beyond what the queue owes."""
        return self.deposited - sum(amount for _, amount in self.tickets)

    # Markets.

    def list_market(self, listing: Listing, now: int) -> int:
        """List a market and return its number."""
        self._check_not_frozen()
        number = len(self.markets) + 1
        self.markets[number] = Market(number, listing, funding.Sample())
        self.markets[number].begin(0, now, self.watch)
        return number

    def refresh(
        self, market: int, price: int, time: int, now: int, *, clamped: bool = False
    ) -> None:
        """Beat, accrue at the old mark, then take the source's price; margins move on."""
        self._check_still(market, price, time, now, clamped)
        self.beat(now)
        self.accrue(market, now)
        self._take_price(self.markets[market], price, time, now, clamped)

    def _check_still(self, market: int, price: int, time: int, now: int, clamped: bool) -> None:
        """A refresh of a frozen venue is good as long as it changes nothing."""
        if not self.frozen:
            return
        self.accrue(market, now)
        refreshed = replace(self.markets[market])
        self._take_price(refreshed, price, time, now, clamped)
        if refreshed != self.markets[market]:
            raise Refused(Refusal.FROZEN)

    def _take_price(self, listed: Market, price: int, time: int, now: int, clamped: bool) -> None:
        listed.listing = listed.interim.applied(listed.listing, now)
        # Without a price the mark grows stale; what held the market may go on until there is one.
        if price and time >= listed.time:
            listed.held = clamped or now < listed.interim.paused_until
        if price and time > listed.time:
            listed.mark, listed.time = price, time
            listed.fresh_until = min(time + self.settings.max_price_age, UINT32_MAX)

    def beat(self, now: int) -> None:
        """Say that the chain is alive."""
        self.watch = self.watch.beat(now)

    def accrue(self, market: int, now: int) -> None:
        """Charge the funding that is due in a market."""
        listed = self.market(market)
        if listed.due(now):
            self._check_not_frozen()
        listed.accrue(now, self.watch)

    def market(self, market: int) -> Market:
        """Look a market up."""
        if market not in self.markets:
            raise Refused(Refusal.NOT_LISTED, market)
        return self.markets[market]

    def _changeable(self, market: int) -> Market:
        listed = self.market(market)
        self._check_not_frozen()
        return listed

    def seen(self, market: int, now: int) -> Market:
        """A market with the funding that is due at `now`."""
        return self.market(market).seen(now, self.watch)

    def priced(self, market: int, now: int) -> Priced:
        """Price a market as a batch would find it at `now`."""
        seen = self.seen(market, now)
        return Priced.of(seen, seen.index, self.settings)

    def predicted_rate(self, market: int, now: int) -> int:
        """Rate at which the running period would close if nothing more were settled in it."""
        # A period that is due is over: the running one has no sample yet.
        return self.seen(market, now).rate_at_close()

    # What the governor and the guardian may do to a market.

    def set_margins(self, market: int, initial_bps: int, maintenance_bps: int, now: int) -> None:
        """Move margins: down at once, up along a line within a day."""
        listed = self._changeable(market)
        listed.interim = Interim(
            (listed.listing.initial_bps, initial_bps),
            (listed.listing.maintenance_bps, maintenance_bps),
            now,
            listed.interim.paused_until,
        )
        listed.listing = listed.interim.applied(listed.listing, now)

    def set_fees(self, market: int, taker_fee: int, maker_fee: int) -> None:
        """Change fees at once."""
        listed = self._changeable(market)
        listed.listing = replace(listed.listing, taker_fee=taker_fee, maker_fee=maker_fee)

    def set_limits(self, market: int, limits: Limits) -> None:
        """Replace the limits of a market at once."""
        listed = self._changeable(market)
        listed.listing = replace(listed.listing, limits=limits)

    def set_terms(self, market: int, interval: int, terms: funding.Terms, now: int) -> None:
        """End the running period on the old terms and begin one on the new; minutes."""
        listed = self._changeable(market)
        self.accrue(market, now)
        listed.close(now, self.watch)
        listed.listing = replace(listed.listing, interval=interval, terms=terms)
        # A rate beyond a new cap is not where the next one steps from.
        last = funding.clamp(listed.sample.last_rate, terms.cap)
        listed.sample = listed.sample._replace(last_rate=last)
        listed.begin(now, now, self.watch)

    def pause(self, markets: Sequence[int], now: int) -> None:
        """Hold markets until the end of the pause that lasts, or of a new one."""
        rests_until = self.paused_until + REST
        lasts = now < self.paused_until
        if not lasts and self.paused_until and now < rests_until:
            raise Refused(Refusal.RESTING, now, rests_until)
        listed = [self._changeable(market) for market in markets]
        self.paused_until = self.paused_until if lasts else now + PAUSE
        for market in listed:
            market.held = True
            market.interim = replace(market.interim, paused_until=self.paused_until)

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
        self._debit(account, amount, now, markets, forced=forced)
        self.tickets.append((account, amount))

    def transfer(
        self, account: int, to: int, amount: int, now: int, markets: Sequence[int] | None = None
    ) -> None:
        """Give collateral to another account, under the rules of a withdrawal."""
        self._check_not_frozen()
        credited = self.account(to)
        self._debit(account, amount, now, markets)
        credited.credit(amount)

    def _debit(
        self,
        account: int,
        amount: int,
        now: int,
        markets: Sequence[int] | None,
        *,
        forced: bool = False,
    ) -> None:
        _check_amount(amount)
        held = self.account(account)
        markets = held.open_markets if markets is None else markets
        # Nor does the fund when it covers.
        strict = not forced and account != VENUE_ACCOUNT
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
            if priced.volume:
                market = self.markets[priced.market]
                latest = funding.premium(priced.volume, priced.value, priced.mark)
                market.sample = funding.sampled(market.sample, latest, now)
                market.fees += priced.fees
                market.open_interest += priced.grown


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

"""What `settle` does with a batch: orders are checked, fills are weighed one by one and applied.

Twin of docs/batch.md, "Order of work and verdicts". `work` reads the venue and changes nothing;
`Venue.settle` writes what it returns.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from penstock.accounts import CANCELLED, Account
from penstock.batch import Batch, FillEntry, OrderEntry
from penstock.liquidation import (
    is_liquidatable,
    is_stale,
    is_within,
    stale_margin,
    weigh_forced,
)
from penstock.margin import Holding, Priced, Standing, cash, hold, raised, trade, weigh
from penstock.messages import (
    BUY,
    IMMEDIATE,
    LIQUIDATION,
    POST_ONLY,
    REDUCE_ONLY,
    Side,
    Verdict,
)
from penstock.records import FillRecord
from penstock.units import UINT32_MAX

if TYPE_CHECKING:
    from penstock.venue import Venue

Fault: TypeAlias = tuple[Verdict, Side]
LEGAL: Fault = (Verdict.SETTLED, Side.NONE)


@dataclass(slots=True)
class Level:
    """A fillable order while its batch is worked on."""

    holding: Holding
    flags: int
    nonce: int
    price: int
    left: int
    status: Verdict
    filled: int = 0

    @property
    def forced(self) -> bool:
        """Whether it is a liquidation order."""
        return bool(self.flags & LIQUIDATION)


@dataclass(slots=True)
class Work:
    """A batch worked through in memory."""

    markets: list[Priced]
    standings: list[Standing]
    holdings: list[Holding]
    levels: list[Level] = field(default_factory=list)
    records: list[FillRecord] = field(default_factory=list)

    def held_by(self, standing: Standing) -> list[Holding]:
        """The positions of one account."""
        return [holding for holding in self.holdings if holding.standing is standing]


def work(venue: "Venue", batch: Batch, now: int, recovered: Sequence[int] | None) -> Work:
    """Work a well-formed batch through at time `now`, without changing the venue.

    `recovered` is the signer of each signature in the order of the batch, 0 for none; left out,
    every signature is right. Raises Refused for a market that is not listed.
    """
    markets = [venue.priced(market, now) for market in batch.markets]
    done = Work(markets, [], [])
    for entry in batch.accounts:
        _load_account(done, venue.held(entry.account), entry.markets, venue.settings.max_markets)
    signers = recovered[len(batch.cancels) :] if recovered is not None else None
    for i, order in enumerate(batch.orders):
        if order.flags & LIQUIDATION:
            _load_forced(done, venue, order, now)
        else:
            _load_order(done, venue, order, signers[i] if signers is not None else None, now)
    for fill in batch.fills:
        _fill(done, fill, venue.settings.max_markets, now)
    return done


def _load_account(done: Work, account: Account, markets: Sequence[int], limit: int) -> None:
    """Take up an account; positions that the batch may open are counted as it names them."""
    open_markets = account.open_markets
    count, room = len(open_markets), max(0, limit - len(open_markets))
    standing = Standing(account.account, account.collateral, opened=count, nonce=account.nonce)
    supplied = set()
    for index in markets:
        market = done.markets[index]
        standing.fresh_until = min(standing.fresh_until, market.fresh_until)
        holding = hold(standing, market, account.positions.get(market.market))
        if holding.empty:
            holding.barred = room == 0
            room = max(0, room - 1)
        done.holdings.append(holding)
        supplied.add(market.market)
    standing.named = supplied.issuperset(open_markets)
    standing.complete = account.signer != 0 and standing.named
    done.standings.append(standing)


def _load_order(
    done: Work, venue: "Venue", order: OrderEntry, signer: int | None, now: int
) -> None:
    holding = done.holdings[order.position]
    standing = holding.standing
    account = venue.accounts.get(standing.account)
    common = _order_verdict(account, standing, order.expiry, signer, now)
    for k, (price, size) in enumerate(order.levels):
        nonce = order.nonce + (k << 32)
        status, left = common, size
        if account is not None and common is Verdict.SETTLED:
            status, left = _nonce_state(account, bool(order.flags & IMMEDIATE), nonce, size)
            if status is Verdict.SETTLED and holding.barred:
                status = Verdict.TOO_MANY_MARKETS
        done.levels.append(Level(holding, order.flags, nonce, price, left, status))


def _order_verdict(
    account: Account | None, standing: Standing, expiry: int, signer: int | None, now: int
) -> Verdict:
    """Checks 1 to 3; `signer` None stands for the right one."""
    key = account.signer if account is not None else 0
    if key == 0 or (signer is not None and signer != key):
        return Verdict.BAD_SIGNATURE
    if now > expiry:
        return Verdict.EXPIRED
    return Verdict.SETTLED if standing.complete else Verdict.INCOMPLETE_ACCOUNT


def _nonce_state(account: Account, immediate: bool, nonce: int, size: int) -> tuple[Verdict, int]:
    """Checks 4 to 6: whether a nonce is live, and how much of `size` is left."""
    if immediate:
        return (Verdict.SETTLED if nonce > account.nonce else Verdict.SPENT), size
    slot, epoch = nonce >> 32, nonce & UINT32_MAX
    highest, filled = account.slots.get(slot, (0, 0))
    if highest > epoch or (account.floored and epoch <= account.floor):
        return Verdict.REPLACED, 0
    if highest < epoch:
        return Verdict.SETTLED, size
    if filled == CANCELLED:
        return Verdict.CANCELLED, 0
    return Verdict.SETTLED, max(0, size - filled)


def _fill(done: Work, fill: FillEntry, limit: int, now: int) -> None:
    """Settle or skip one fill, and record it."""
    maker, taker = done.levels[fill.maker], done.levels[fill.taker]
    before = taker.holding.quote
    fault = _pair_fault(maker, taker, fill.size)
    if fault is LEGAL:
        if taker.forced:
            fault = _liquidate(done, maker, taker, fill.size, limit, now)
        else:
            fault = _trade(maker, taker, fill.size, limit, now)
    done.records.append(_record(maker, taker, fill.size, fault, before))


def _pair_fault(maker: Level, taker: Level, size: int) -> Fault:
    """Checks 1 to 15: the two orders alone, before margin."""
    if maker.status is not Verdict.SETTLED:
        return maker.status, Side.MAKER
    if taker.status is not Verdict.SETTLED:
        return taker.status, Side.TAKER
    verdict = _match_verdict(maker, taker, size)
    if verdict is not Verdict.SETTLED:
        return verdict, Side.NONE
    if size > maker.left:
        return Verdict.OVERFILL, Side.MAKER
    if size > taker.left:
        return Verdict.OVERFILL, Side.TAKER
    return LEGAL


def _match_verdict(maker: Level, taker: Level, size: int) -> Verdict:
    """Checks 7 to 14: whether the orders may meet at all."""
    market = maker.holding.market
    rules = (
        (size == 0, Verdict.SIZE_ZERO),
        (market is not taker.holding.market, Verdict.MARKET_MISMATCH),
        ((maker.flags ^ taker.flags) & BUY == 0, Verdict.SAME_SIDE),
        (maker.holding.standing is taker.holding.standing, Verdict.SELF_TRADE),
        (maker.flags & IMMEDIATE != 0, Verdict.MAKER_IMMEDIATE),
        (taker.flags & POST_ONLY != 0, Verdict.TAKER_POST_ONLY),
        (not _crosses(maker.price, taker), Verdict.NOT_CROSSING),
        (not market.low <= maker.price <= market.high, Verdict.OUTSIDE_BAND),
    )
    return next((verdict for broken, verdict in rules if broken), Verdict.SETTLED)


def _crosses(price: int, taker: Level) -> bool:
    return price <= taker.price if taker.flags & BUY else price >= taker.price


def _trade(maker: Level, taker: Level, size: int, limit: int, now: int) -> Fault:
    """Checks 16 to 21; applies the fill to both sides, or to none."""
    market = maker.holding.market
    bought = size if taker.flags & BUY else -size
    sides = (
        (maker, Side.MAKER, -bought, cash(maker.price, -bought, market, maker=True)),
        (taker, Side.TAKER, bought, cash(maker.price, bought, market, maker=False)),
    )
    for level, side, lots, _ in sides:
        if market.is_too_large(level.holding.size, level.holding.size + lots):
            return Verdict.POSITION_TOO_LARGE, side
    for level, side, lots, paid in sides:
        reduce_only = bool(level.flags & REDUCE_ONLY)
        verdict = weigh(level.holding, lots, paid, reduce_only, limit, now)
        if verdict is not Verdict.SETTLED:
            return verdict, side
    for level, _, lots, paid in sides:
        market.raised += raised(level.holding.size, lots)
        trade(level.holding, lots, paid)
        level.left -= size
        level.filled += size
        # What one side pays for its lots the other receives: the fees are what is left.
        market.fees += paid
    if taker.flags & IMMEDIATE:
        standing = taker.holding.standing
        standing.nonce = max(standing.nonce, taker.nonce)
    market.settled += size
    market.volume += size
    market.value += size * maker.price
    return LEGAL


# Liquidation orders.


def _load_forced(done: Work, venue: "Venue", order: OrderEntry, now: int) -> None:
    """Take up a liquidation order, which needs no signature but a reason."""
    holding = done.holdings[order.position]
    ((price, size),) = order.levels
    status = _forced_status(done, venue, order, now)
    done.levels.append(Level(holding, order.flags, order.nonce, price, size, status))


def _forced_status(done: Work, venue: "Venue", order: OrderEntry, now: int) -> Verdict:
    holding = done.holdings[order.position]
    standing, market = holding.standing, holding.market
    own = done.held_by(standing)
    if now > order.expiry:
        return Verdict.EXPIRED
    if not standing.named:
        return Verdict.INCOMPLETE_ACCOUNT
    if is_stale(market, now):
        return Verdict.STALE_PRICE
    if standing.account and not venue.watch.is_calm(now):
        return Verdict.GRACE_PERIOD
    if standing.account and not is_liquidatable(own, standing.equity, now):
        return Verdict.NOT_LIQUIDATABLE
    within = is_within(order.levels[0][0], bool(order.flags & BUY), market)
    return Verdict.SETTLED if within else Verdict.OUTSIDE_BAND


def _liquidate(done: Work, maker: Level, taker: Level, size: int, limit: int, now: int) -> Fault:
    """Fill a liquidation order; applies the fill to both sides, or to none."""
    market = taker.holding.market
    bought = size if taker.flags & BUY else -size
    reduce_only = bool(maker.flags & REDUCE_ONLY)
    sides = maker.holding, taker.holding
    stale = stale_margin(done.held_by(taker.holding.standing), now)
    weighed = weigh_forced(*sides, maker.price, bought, reduce_only, limit, now, stale)
    paid, verdict, side = weighed
    if verdict is not Verdict.SETTLED:
        return verdict, side
    market.raised += raised(maker.holding.size, -bought)
    trade(maker.holding, -bought, paid.maker)
    trade(taker.holding, bought, paid.taker)
    for level in (maker, taker):
        level.left -= size
    maker.filled += size
    market.fees += sum(paid)
    # No sample of the premium: neither volume nor value.
    market.settled += size
    return Verdict.LIQUIDATED, Side.NONE


def _record(maker: Level, taker: Level, size: int, fault: Fault, before: int) -> FillRecord:
    """Write the record; of a liquidation it says the penalty, and no number of the taker."""
    forced = fault[0] is Verdict.LIQUIDATED
    bought = size if taker.flags & BUY else -size
    paid = before - taker.holding.quote
    penalty = paid - maker.price * bought * maker.holding.market.unit if forced else 0
    return FillRecord(
        maker=maker.holding.standing.account,
        taker=taker.holding.standing.account,
        market=maker.holding.market.market,
        price=maker.price,
        size=size,
        maker_nonce=maker.nonce,
        taker_nonce=0 if forced else taker.nonce,
        maker_flags=maker.flags,
        taker_immediate=bool(taker.flags & IMMEDIATE),
        verdict=fault[0],
        side=fault[1],
        penalty=penalty,
    )

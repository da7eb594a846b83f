"""Takeover, cover and deleveraging of accounts below their maintenance margin.

Twin of Liquidations and of what InsuranceFund pays. The functions change the venue as the contracts
do, or raise Refused and change nothing. Who may call is left to the contract.
"""

from collections.abc import Iterable, Sequence
from copy import copy
from dataclasses import replace
from typing import Final, NamedTuple

from penstock.accounts import Account
from penstock.limits import MOST_TIERS
from penstock.liquidation import fewer_up, is_needed, part_up
from penstock.margin import Priced, Weight
from penstock.refusals import Refusal, Refused
from penstock.units import div_up
from penstock.venue import VENUE_ACCOUNT, Venue, each_open
from penstock.views import account_of

SHARE: Final = 10
"""How many times its pro-rata share a counterparty may have to give up."""


def weigh(
    venue: Venue,
    account: int,
    markets: Sequence[int] | None,
    now: int,
    incomplete: Refusal = Refusal.LIQUIDATION_INCOMPLETE,
) -> Weight:
    """Weigh an account, funding accrued. `markets` must name every open position, ascending.

    Left out, it does; otherwise `incomplete` is what is refused. A position whose mark is stale
    counts in favour of an account that is to be liquidated (`Weight.judged`).
    """
    held = venue.held(account)
    found, named = Weight(held.collateral), held.open_markets if markets is None else markets
    for market in each_open(held, named, incomplete):
        venue.accrue(market, now)
        position, priced = held.positions[market], venue.priced(market, now)
        found.add(position, priced, stale=now > priced.marked_until)
    return found


def _check_held(venue: Venue, account: int, markets: Iterable[int], now: int) -> None:
    """Each of these positions that has a size must have a fresh mark."""
    for market in markets:
        if venue.accounts[account].positions[market].size:
            _check_fresh(account, venue.priced(market, now), now)


def _check_fresh(account: int, priced: Priced, now: int) -> None:
    """Lots move only at a fresh mark."""
    if now > priced.marked_until:
        raise Refused(Refusal.LIQUIDATION_STALE, account, priced.market, priced.marked_until)


def take_over(
    venue: Venue,
    account: int,
    by: int,
    lots: dict[int, int],
    now: int,
    *,
    markets: Sequence[int] | None = None,
    by_markets: Sequence[int] | None = None,
) -> int:
    """Take over at most so many lots by market, all or nothing; return what the fund paid.

    Where fewer bring the account back to its initial margin, fewer move. The lists of open markets
    are the accounts' own when they are left out; `by_markets` may name others besides.
    """
    trial = trial_of(venue, (account, by))
    shortfall = _take_over(trial, account, by, lots, now, markets, by_markets)
    adopt(venue, trial)
    return shortfall


def trial_of(venue: Venue, accounts: Iterable[int]) -> Venue:
    """The venue once more: what a liquidation of these accounts may change is copied."""
    trial = copy(venue)
    named = {VENUE_ACCOUNT, *accounts} & venue.accounts.keys()
    trial.accounts = venue.accounts | {number: _copied(venue.accounts[number]) for number in named}
    trial.markets = {number: replace(market) for number, market in venue.markets.items()}
    trial.fund = replace(venue.fund, losses=dict(venue.fund.losses))
    return trial


def _copied(held: Account) -> Account:
    positions = {market: replace(position) for market, position in held.positions.items()}
    return replace(held, positions=positions, slots=dict(held.slots))


def adopt(venue: Venue, trial: Venue) -> None:
    """Make a trial come true."""
    venue.accounts, venue.markets, venue.fund = trial.accounts, trial.markets, trial.fund


def _take_over(
    venue: Venue,
    account: int,
    by: int,
    lots: dict[int, int],
    now: int,
    markets: Sequence[int] | None,
    by_markets: Sequence[int] | None,
) -> int:
    if not venue.watch.is_calm(now):
        raise Refused(Refusal.LIQUIDATION_GRACE)
    if account in (by, VENUE_ACCOUNT):
        raise Refused(Refusal.LIQUIDATION_PAIR, account, by)
    held = venue.held(account)
    named = held.open_markets if markets is None else markets
    found = weigh(venue, account, named, now)
    _check_held(venue, account, [market for market in named if lots.get(market)], now)
    if found.judged >= found.maintenance:
        refusal = Refusal.LIQUIDATION_SOUND
        raise Refused(refusal, account, found.judged, found.maintenance)
    notionals = [
        _take(venue, found, account, by, market, lots[market], now) if lots.get(market) else 0
        for market in named
    ]
    shortfall = _cover_all(venue, found, account, named, notionals, now)
    _check_taker(venue, by, by_markets, now)
    return shortfall


class _Cost(NamedTuple):
    """What it costs an account that lots are taken over from it, quote units."""

    notional: int
    discount: int
    penalty: int
    rise: int
    """By how much its initial margin rises: not above zero."""


def _take(
    venue: Venue, found: Weight, account: int, by: int, market: int, lots: int, now: int
) -> int:
    priced = venue.priced(market, now)
    size = venue.accounts[account].positions[market].size
    if lots > abs(size):
        raise Refused(Refusal.LOTS_TOO_MANY, account, market, lots, abs(size))
    lots, cost = _fit(found, priced, size, lots)
    if not lots:
        return 0
    found.equity -= cost.discount + cost.penalty
    found.initial += cost.rise
    found.notional -= cost.notional
    moved = -lots if size < 0 else lots
    paid = moved * priced.lot_value - cost.discount
    venue.move(account, by, market, moved, paid, cost.penalty, now)
    after, cap = abs(venue.accounts[by].positions[market].size), MOST_TIERS * priced.tier
    if after > cap:
        raise Refused(Refusal.TAKER_TOO_LARGE, by, market, after, cap)
    return cost.notional


def _fit(found: Weight, priced: Priced, size: int, lots: int) -> tuple[int, _Cost]:
    """How many of these lots are needed, and what they cost.

    So no deposit in front of a takeover does more than it adds.
    """
    before = found.excess
    if before >= 0:
        return 0, _Cost(0, 0, 0, 0)
    while True:
        cost = _cost(found.equity, priced, size, lots)
        after = before - cost.discount - cost.penalty - cost.rise
        if is_needed(lots, before, after):
            return lots, cost
        lots = fewer_up(lots, before, after)


def _cost(equity: int, priced: Priced, size: int, lots: int) -> _Cost:
    """Discount and penalty come out of what the account still has."""
    left, notional = max(0, equity), lots * priced.lot_value
    discount = min(part_up(notional, priced.discount_ppm), left)
    penalty = min(part_up(notional, priced.penalty_ppm), left - discount)
    rise = priced.initial(abs(size) - lots) - priced.initial(size)
    return _Cost(notional, discount, penalty, rise)


def _cover_all(
    venue: Venue,
    found: Weight,
    account: int,
    markets: Sequence[int],
    notionals: Sequence[int],
    now: int,
) -> int:
    """Have the fund pay what a bankrupt account lacks, counted to its markets by notional."""
    if found.judged >= 0:
        return 0
    for market in markets:
        left = abs(venue.accounts[account].positions[market].size)
        if left:
            raise Refused(Refusal.KEEPS_POSITION, account, market, left)
    cover(venue, account, _split(-found.equity, markets, notionals), now)
    return -found.equity


def _split(shortfall: int, markets: Sequence[int], notionals: Sequence[int]) -> dict[int, int]:
    """Count a shortfall to markets by notional, to the unit."""
    parts, total = {}, sum(notionals)
    for market, notional in zip(markets, notionals, strict=True):
        parts[market] = shortfall if total == notional else shortfall * notional // total
        total -= notional
        shortfall -= parts[market]
    return parts


def _check_taker(venue: Venue, by: int, markets: Sequence[int] | None, now: int) -> None:
    held = venue.account(by)
    named = held.open_markets if markets is None else markets
    _check_ascending(held, named)
    # Others than the open ones may be named: a deposit can leave one of them untouched.
    named = [market for market in named if market in held.open_markets]
    found = weigh(venue, by, named, now)
    _check_held(venue, by, named, now)
    if found.equity < found.initial:
        raise Refused(Refusal.TAKER_BELOW_MARGIN, by, found.equity, found.initial)
    most = venue.settings.max_markets
    if len(named) > most:
        raise Refused(Refusal.TAKER_TOO_MANY_MARKETS, by, len(named), most)


def _check_ascending(held: Account, markets: Sequence[int]) -> None:
    """Each market may be named once, after those with a smaller number."""
    open_markets = held.open_markets
    for place in range(1, len(markets)):
        if markets[place] <= markets[place - 1]:
            counted = sum(market in open_markets for market in markets[:place])
            values = held.account, counted, len(open_markets)
            raise Refused(Refusal.LIQUIDATION_INCOMPLETE, *values)


# The fund.


def spare(venue: Venue, now: int) -> int:
    """What the fund can spare, as its withdrawals have it: without the profit of open positions."""
    return account_of(venue, VENUE_ACCOUNT, now).withdrawable


def loss_left(venue: Venue, market: int, now: int) -> int:
    """What the loss cap of a market leaves, the fund's own loss there counted."""
    position, loss = venue.account(VENUE_ACCOUNT).position(market), venue.fund.loss(market)
    return loss.cap - loss.counted(now) + min(0, venue.priced(market, now).worth(position))


def capacity(venue: Venue, market: int, now: int) -> int:
    """What the fund can pay for a market now."""
    return max(0, min(spare(venue, now), loss_left(venue, market, now)))


def withdraw(venue: Venue, amount: int, now: int) -> None:
    """Queue a payment of what the fund has beyond its reserve."""
    left, reserve = spare(venue, now), venue.fund.reserve
    if left < amount + reserve:
        raise Refused(Refusal.RESERVE, amount, left, reserve)
    venue.request_withdrawal(VENUE_ACCOUNT, amount, now)


def cover(venue: Venue, account: int, amounts: dict[int, int], now: int) -> None:
    """Pay what a bankrupt account lacks, counted to the markets given."""
    for market, amount in amounts.items():
        if not amount:
            continue
        left = loss_left(venue, market, now)
        if left < amount:
            raise Refused(Refusal.LOSS_CAP, market, amount, max(0, left))
        venue.fund.pay(market, amount, now)
    total = sum(amounts.values())
    if total:
        venue.transfer(VENUE_ACCOUNT, account, total, now)


# Deleveraging.


def deleverage(
    venue: Venue,
    account: int,
    market: int,
    lots: Sequence[tuple[int, int]],
    now: int,
    *,
    markets: Sequence[int] | None = None,
) -> tuple[int, int]:
    """Close lots of a bankrupt position against counterparties, all or nothing.

    Return what the fund paid and what the counterparties gave up.
    """
    trial = trial_of(venue, (account, *(counterparty for counterparty, _ in lots)))
    done = _deleverage(trial, account, market, lots, now, markets)
    adopt(venue, trial)
    return done


def _deleverage(
    venue: Venue,
    account: int,
    market: int,
    lots: Sequence[tuple[int, int]],
    now: int,
    markets: Sequence[int] | None,
) -> tuple[int, int]:
    if not venue.watch.is_calm(now):
        raise Refused(Refusal.LIQUIDATION_GRACE)
    held = venue.held(account)
    found = weigh(venue, account, markets, now)
    venue.accrue(market, now)
    priced, total = venue.priced(market, now), sum(amount for _, amount in lots)
    size = held.position(market).size
    if total > abs(size):
        raise Refused(Refusal.LOTS_TOO_MANY, account, market, total, abs(size))
    _check_fresh(account, priced, now)
    if account == VENUE_ACCOUNT and (left := loss_left(venue, market, now)) < 0:
        # Within the cap the fund is an account like any other.
        found = Weight(left, notional=abs(size) * priced.lot_value)
    if found.judged >= 0:
        raise Refused(Refusal.NOT_BANKRUPT, account, market, found.judged)
    notional = total * priced.lot_value
    shortfall = div_up(-found.judged * notional, found.notional) if notional else 0
    covered = 0
    if account != VENUE_ACCOUNT:
        covered = _cover_part(venue, found, account, market, shortfall, now)
    _close_all(venue, account, priced, size, lots, shortfall - covered, now)
    return covered, shortfall - covered


def _cover_part(
    venue: Venue, found: Weight, account: int, market: int, shortfall: int, now: int
) -> int:
    """Have the fund pay what it can; if it can take the whole account over, it must."""
    if _can_carry(venue, found, account, now):
        raise Refused(Refusal.FUND_CAN_CARRY, account, market, -found.equity)
    covered = min(shortfall, capacity(venue, market, now))
    if covered:
        cover(venue, account, {market: covered}, now)
    return covered


def _can_carry(venue: Venue, found: Weight, account: int, now: int) -> bool:
    """Whether the fund could take a bankrupt account over whole, and pay what it lacks.

    With a stale mark neither goes: such a position does not move.
    """
    if found.stale_margin:
        return False
    left = spare(venue, now) + found.equity
    if left < 0 or not _is_within_caps(venue, found, account, now):
        return False
    held, fund = venue.accounts[account], venue.account(VENUE_ACCOUNT)
    if weigh(venue, VENUE_ACCOUNT, fund.open_markets, now).stale_margin:
        return False
    moving = [market for market in held.open_markets if held.positions[market].size]
    for market in moving:
        priced, size = venue.priced(market, now), fund.position(market).size
        after = size + held.positions[market].size
        if abs(after) > MOST_TIERS * priced.tier:
            return False
        left -= priced.initial(after) - priced.initial(size)
    open_markets = {*fund.open_markets, *moving}
    return left >= 0 and len(open_markets) <= venue.settings.max_markets


def _is_within_caps(venue: Venue, found: Weight, account: int, now: int) -> bool:
    """Whether every loss cap leaves room for its market's part of what the account lacks."""
    positions = venue.accounts[account].positions
    markets = venue.accounts[account].open_markets
    notionals = [abs(positions[m].size) * venue.priced(m, now).lot_value for m in markets]
    parts = _split(-found.equity, markets, notionals)
    return all(not part or loss_left(venue, m, now) >= part for m, part in parts.items())


def _close_all(
    venue: Venue,
    account: int,
    priced: Priced,
    size: int,
    lots: Sequence[tuple[int, int]],
    borne: int,
    now: int,
) -> None:
    """Close against each counterparty; what they bear together goes by lots."""
    # No lots at all are refused with the first counterparty.
    total, done = max(1, sum(amount for _, amount in lots)), 0
    interest = venue.market(priced.market).open_interest
    for place, (counterparty, amount) in enumerate(lots):
        if place and counterparty <= lots[place - 1][0]:
            raise Refused(Refusal.NOT_ASCENDING, place)
        part = div_up(borne * (done + amount), total) - div_up(borne * done, total)
        done += amount
        own = _check_counterparty(venue, counterparty, priced, size, amount, part)
        most = div_up(SHARE * own * abs(size), interest)
        if amount > most:
            raise Refused(Refusal.SHARE_EXCEEDED, counterparty, priced.market, amount, most)
        _check_solvent(venue, counterparty, priced.market, part, now)
        moved = -amount if size < 0 else amount
        paid = moved * priced.lot_value + part
        venue.move(account, counterparty, priced.market, moved, paid, 0, now)


def _check_counterparty(
    venue: Venue, counterparty: int, priced: Priced, size: int, amount: int, part: int
) -> int:
    """Check that it may give up `amount` lots; return how many it has."""
    position = venue.held(counterparty).position(priced.market)
    own = position.size
    if amount == 0 or amount > abs(own) or (own < 0) == (size < 0):
        raise Refused(Refusal.NOT_OPPOSITE, counterparty, priced.market, own, amount)
    value = priced.worth(position)
    if value <= 0 or part * abs(own) > value * amount:
        raise Refused(Refusal.NOT_IN_PROFIT, counterparty, priced.market, value, part)
    return abs(own)


def _check_solvent(venue: Venue, counterparty: int, market: int, part: int, now: int) -> None:
    """What it gives up must not leave it bankrupt: the debt would only change its holder."""
    equity = account_of(venue, counterparty, now).equity
    if equity < part:
        raise Refused(Refusal.EQUITY_TOO_SMALL, counterparty, market, equity, part)

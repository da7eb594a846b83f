"""Which lots to take over, and from whom to take them when nobody can (pure).

    score = profit share · leverage = (value / notional of the position) · (Σ notional / equity)

Everything is tried on the model first, on a venue narrowed to the accounts that take part: what is
proposed here the contracts accept in the same second and state.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Final

from msgspec import Struct

from penstock import liquidations
from penstock.accounts import Account
from penstock.errors import RangeError
from penstock.liquidations import SHARE, weigh
from penstock.margin import Priced, Weight
from penstock.refusals import Refusal, Refused
from penstock.units import div_up
from penstock.venue import VENUE_ACCOUNT, Venue

MOST_COUNTERPARTIES: Final = 40
"""Of one deleveraging, so that its gas stays far below a block's; the rest comes with the next."""


class Takeover(Struct, frozen=True):
    """Positions of `account` for `by` to take over: the arguments of the contract's call."""

    account: int
    by: int
    markets: tuple[int, ...]
    """Every open market of the account, ascending."""
    lots: tuple[int, ...]
    """Lots that move in each, without sign; 0 for none. When it is carried out, fewer move where
    fewer suffice by then."""
    by_markets: tuple[int, ...]
    """Open markets of `by` afterwards, ascending."""
    gain: int
    """By how much the equity of `by` rises at the marks, quote units; negative when the fund pays
    more than it receives."""
    shortfall: int
    """What the fund pays for the account, quote units."""


class Deleveraging(Struct, frozen=True):
    """Lots of a bankrupt position to close against others: the arguments of the contract's call."""

    account: int
    market: int
    markets: tuple[int, ...]
    """Every open market of the account, ascending."""
    lots: tuple[tuple[int, int], ...]
    """Counterparty and lots, ascending by account."""
    covered: int
    """What the fund pays, quote units."""
    borne: int
    """What the counterparties give up together, quote units."""


class Rank(Struct, frozen=True):
    """A position as deleveraging sees it."""

    account: int
    size: int
    """Lots, signed."""
    profit: int
    """Value at the mark, funding applied, quote units; above zero."""
    notional: int
    """Of this position, quote units."""
    equity: int
    """Of the whole account, quote units: nobody gives up more."""
    leverage: Fraction
    """Notional of all positions of the account over its equity."""
    score: Fraction
    """Profit over notional, times leverage: the highest gives up its position first."""


def narrow(venue: Venue, accounts: Iterable[int], now: int) -> Venue:
    """A venue of these accounts alone, without their order slots, funding accrued; cheap to copy.

    NOTE: it shares positions and markets with the original. Only functions that work on a copy of
    their own (`liquidations.take_over`, `liquidations.deleverage`) may change it; weighing accrues,
    which does nothing here in the same second.
    """
    shell = Venue(venue.settings, watch=venue.watch)
    shell.fund, shell.tally, shell.paused_until = venue.fund, venue.tally, venue.paused_until
    shell.markets = {market: venue.seen(market, now) for market in venue.markets}
    named = {VENUE_ACCOUNT, *accounts}
    shell.accounts = {n: _bare(venue.accounts[n]) for n in sorted(named) if n in venue.accounts}
    return shell


def _bare(held: Account) -> Account:
    return Account(held.account, held.signer, held.collateral, positions=held.positions)


def with_fees(venue: Venue, now: int) -> Venue:
    """The venue as if all its fees had been collected for the fund; the original stays."""
    rich = narrow(venue, venue.accounts, now)
    rich.accounts[VENUE_ACCOUNT].credit(venue.fees)
    return rich


# Who is in need.


def weighed(venue: Venue, account: int, now: int) -> Weight:
    """Weigh an account at the marks of `now`, the last ones where they are stale."""
    return _weighed(narrow(venue, (account,), now), account, now)


def _weighed(stage: Venue, account: int, now: int) -> Weight:
    return weigh(stage, account, stage.account(account).open_markets, now)


def in_need(venue: Venue, now: int) -> list[tuple[int, Weight]]:
    """Accounts below maintenance margin that hold something, the least equity first.

    Left out is account 0, whose positions are nobody's to take over. Positions whose mark is stale
    count in favour of their account.
    """
    stage = narrow(venue, venue.accounts, now)
    held = (n for n, account in stage.accounts.items() if n and account.open_markets)
    found = ((number, _weighed(stage, number, now)) for number in held)
    needy = [(n, w) for n, w in found if w.judged < w.maintenance]
    return sorted(needy, key=lambda pair: (pair[1].judged - pair[1].maintenance, pair[0]))


# Takeover.


def take_over(venue: Venue, account: int, by: int, now: int) -> Takeover | None:
    """Choose the lots that `by` should take over: as many as are needed and as it can carry.

    Two ways are tried, the largest position alone and one market after the other; the one that
    gains `by` more is returned. A bankrupt account goes whole or not at all. None when the rules or
    the margin of `by` allow nothing; where the mark is stale nothing is taken.
    """
    stage = narrow(venue, (account, by), now)
    if account == by or by not in stage.accounts:
        return None
    found = _weighed(stage, account, now)
    markets = stage.account(account).open_markets
    whole = {m: abs(stage.accounts[account].positions[m].size) for m in markets}
    if found.judged < 0:
        return _proposal(stage, account, by, whole, now)
    moving = [market for market in markets if now <= stage.market(market).fresh_until]
    sized = [market for market in moving if whole[market]]
    largest = sorted(sized, key=lambda m: -whole[m] * stage.priced(m, now).lot_value)[:1]
    tried = [_grow(stage, account, by, whole, order, now) for order in (largest, sized)]
    plans = [_proposal(stage, account, by, lots, now) for lots in tried if lots]
    return max((plan for plan in plans if plan), key=lambda plan: plan.gain, default=None)


def _grow(
    stage: Venue, account: int, by: int, whole: dict[int, int], order: Sequence[int], now: int
) -> dict[int, int]:
    """Take from one market after the other as many lots as are accepted."""
    lots: dict[int, int] = {}
    for market in order:

        def accepted(count: int, market: int = market) -> bool:
            return _try(stage, account, by, {**lots, market: count}, now) is not None

        most = most_accepted(whole[market], accepted)
        if most:
            lots[market] = most
    return lots


def most_accepted(most: int, accepted: Callable[[int], bool]) -> int:
    """The largest count up to `most` that is accepted, 0 for none; found by halving.

    What is accepted is taken to be a range from 1 on. Where it is not, a smaller count is found,
    and an accepted one all the same.
    """
    if most == 0 or not accepted(1):
        return 0
    if accepted(most):
        return most
    good, bad = 1, most
    while bad - good > 1:
        middle = (good + bad) // 2
        good, bad = (middle, bad) if accepted(middle) else (good, middle)
    return good


def _try(
    stage: Venue, account: int, by: int, lots: dict[int, int], now: int
) -> tuple[Venue, int] | None:
    """The venue after a takeover, and what the fund paid; None when the model refuses."""
    trial = narrow(stage, stage.accounts, now)
    try:
        shortfall = liquidations.take_over(trial, account, by, lots, now)
    except (Refused, RangeError):
        return None
    return trial, shortfall


def _proposal(
    stage: Venue, account: int, by: int, lots: dict[int, int], now: int
) -> Takeover | None:
    done = _try(stage, account, by, lots, now)
    if done is None:
        return None
    after, shortfall = done
    markets = stage.account(account).open_markets
    before, left = stage.accounts[account].positions, after.accounts[account].position
    by_markets = after.account(by).open_markets
    gain = weigh(after, by, by_markets, now).equity
    gain -= weigh(stage, by, stage.account(by).open_markets, now).equity
    # What is asked for beyond the needed lots stays.
    named = tuple(abs(before[market].size - left(market).size) for market in markets)
    return Takeover(account, by, tuple(markets), named, tuple(by_markets), gain, shortfall)


# Deleveraging.


def ranks(venue: Venue, market: int, long: bool, now: int) -> list[Rank]:
    """Positions of one side in profit, in the order in which deleveraging closes them.

    An account without equity is left out: it has nothing to give up.
    """
    priced = venue.priced(market, now)
    found = []
    for held in venue.accounts.values():
        position = held.position(market)
        if position.size == 0 or (position.size > 0) != long:
            continue
        if priced.worth(position) > 0 and (rank := _rank(venue, held, priced, now)):
            found.append(rank)
    return sorted(found, key=lambda rank: (-rank.score, rank.account))


def _rank(venue: Venue, held: Account, priced: Priced, now: int) -> Rank | None:
    position, found = held.positions[priced.market], Weight(held.collateral)
    for market in held.open_markets:
        found.add(held.positions[market], venue.priced(market, now))
    if found.equity <= 0:
        return None
    profit, own = priced.worth(position), abs(position.size) * priced.lot_value
    leverage = Fraction(found.notional, found.equity)
    score = Fraction(profit, own) * leverage
    return Rank(held.account, position.size, profit, own, found.equity, leverage, score)


def deleverage(
    venue: Venue, account: int, market: int, now: int, most: int = MOST_COUNTERPARTIES
) -> Deleveraging | None:
    """Choose counterparties for a bankrupt position, or for one of the fund (account 0).

    They are chosen in the order of `ranks`, at most `most` of them, each with no more than its
    share and than its equity can bear, and named by account; whose profit does not reach for the
    price is passed over. None when the model refuses: the account is not bankrupt, the fund can
    carry it, or nobody is there.
    """
    held = venue.account(account)
    position = held.position(market)
    if position.size == 0:
        return None
    ranked = [r for r in ranks(venue, market, position.size < 0, now) if r.account != account]
    bounds: dict[int, int] = {}
    while lots := shares(ranked, position.size, venue.market(market).open_interest, bounds, most):
        stage = narrow(venue, (account, *(counterparty for counterparty, _ in lots)), now)
        try:
            paid = liquidations.deleverage(stage, account, market, lots, now)
        except RangeError:
            return None
        except Refused as refused:
            if refused.refusal is Refusal.NOT_IN_PROFIT:
                ranked = _without(ranked, refused.values[0])
            elif refused.refusal is Refusal.EQUITY_TOO_SMALL:
                who, _, equity, borne = refused.values
                bounds[who] = dict(lots)[who] * max(0, equity) // max(1, borne)
            else:
                return None
        else:
            return Deleveraging(account, market, tuple(held.open_markets), tuple(lots), *paid)
    return None


def shares(
    ranked: Sequence[Rank], size: int, open_interest: int, bounds: Mapping[int, int], most: int
) -> list[tuple[int, int]]:
    """Spread a position over `most` counterparties in their order, none above its bound.

    The bound is SHARE times the part of the open interest that the whole position is, or the one
    named, if that is smaller. Returned by account.
    """
    left = abs(size)
    chosen: list[tuple[int, int]] = []
    for rank in ranked:
        own = abs(rank.size)
        lots = min(left, own, div_up(SHARE * own * abs(size), open_interest))
        lots = min(lots, bounds.get(rank.account, lots))
        if lots and len(chosen) < most:
            chosen.append((rank.account, lots))
            left -= lots
    return sorted(chosen)


def _without(ranked: Sequence[Rank], account: int) -> list[Rank]:
    """Leave out a counterparty whose profit is too small, and those whose profit is smaller."""
    edge = next(Fraction(r.profit, abs(r.size)) for r in ranked if r.account == account)
    return [r for r in ranked if Fraction(r.profit, abs(r.size)) > edge]

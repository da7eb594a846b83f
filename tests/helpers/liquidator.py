"""Liquidation on a twin: takeovers, deleveraging, the fund's doors, and liquidation orders.

Each function goes to chain and model, as the operations of `Twin` do, and returns the outcome.
"""

from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import replace

from penstock import liquidations
from penstock.batch import FORCED, Batch, OrderEntry
from penstock.messages import (
    BUY,
    LIQUIDATION,
    SIGNATURE_BYTES,
    Fill,
    Order,
    SignedCancel,
    SignedOrder,
)
from penstock.refusals import Refused
from tests.helpers.actors import Actor
from tests.helpers.twin import DONE, OWNER, Outcome, Twin
from tests.helpers.venue import GOVERNOR

UNSIGNED = bytes(SIGNATURE_BYTES)
FAR = 2**32 - 1

Lots = dict[int, int]
"""Lots by market."""


def take_over(
    twin: Twin,
    account: int,
    by: int,
    lots: Lots,
    *,
    markets: Sequence[int] | None = None,
    by_markets: Sequence[int] | None = None,
    sender: Actor = OWNER,
) -> Outcome:
    """Have an account take over; without lists the open markets are named."""
    named = _open(twin, account) if markets is None else list(markets)
    after = _open_after(twin, account, by, lots) if by_markets is None else list(by_markets)
    sizes = [lots.get(market, 0) for market in named]
    call = (account, by, named, sizes, after)
    contract = twin.venue.liquidations
    return twin.both(
        lambda: twin.transact(contract, "takeOver", *call, sender=sender.address),
        lambda: liquidations.take_over(
            twin.model, account, by, lots, twin.now, markets=named, by_markets=after
        ),
    )


def deleverage(
    twin: Twin,
    account: int,
    market: int,
    lots: Sequence[tuple[int, int]],
    *,
    markets: Sequence[int] | None = None,
) -> Outcome:
    """Close a bankrupt position against counterparties: pairs of account and lots."""
    named = _open(twin, account) if markets is None else list(markets)
    call = (account, market, named, [who for who, _ in lots], [many for _, many in lots])
    contract = twin.venue.liquidations
    return twin.both(
        lambda: twin.transact(contract, "deleverage", *call, sender=OWNER.address),
        lambda: liquidations.deleverage(twin.model, account, market, lots, twin.now, markets=named),
    )


def _open(twin: Twin, account: int) -> list[int]:
    held = twin.model.accounts.get(account)
    return held.open_markets if held else []


def _open_after(twin: Twin, account: int, by: int, lots: Lots) -> list[int]:
    """Where the taker has positions afterwards, as far as somebody could know before."""
    trial = deepcopy(twin.model)
    try:
        liquidations.take_over(trial, account, by, lots, twin.now)
    except Refused:
        taken = {market for market, many in lots.items() if many}
        return sorted(taken.union(_open(twin, by)))
    return trial.account(by).open_markets


# The fund's doors.


def set_loss_cap(twin: Twin, market: int, cap: int) -> Outcome:
    """Replace the loss cap of a market."""
    return _fund_does(twin, "setLossCap", lambda: twin.model.fund.set_cap(market, cap), market, cap)


def set_reserve(twin: Twin, reserve: int) -> Outcome:
    """Replace the reserve."""

    def model() -> None:
        twin.model.fund.reserve = reserve

    return _fund_does(twin, "setReserve", model, reserve)


def withdraw_from_fund(twin: Twin, amount: int) -> Outcome:
    """Queue a payment out of the fund to the owner of all accounts."""
    return _fund_does(
        twin,
        "withdraw",
        lambda: liquidations.withdraw(twin.model, amount, twin.now),
        *(OWNER.address, amount),
    )


def _fund_does(
    twin: Twin, function: str, model: Callable[[], object], *arguments: object
) -> Outcome:
    contract = twin.venue.fund
    return twin.both(lambda: twin.transact(contract, function, *arguments, sender=GOVERNOR), model)


# Liquidation orders.


def forced(
    account: int,
    *,
    buy: bool,
    price: int,
    size: int,
    number: int,
    market: int = 1,
    expiry: int = FAR,
) -> SignedOrder:
    """A liquidation order: the operator's, for an account that does not sign."""
    order = Order(account, market, buy, True, False, True, price, size, expiry, number)
    return SignedOrder(order, UNSIGNED)


def with_forced(batch: Batch) -> Batch:
    """Flag the orders of a batch that `forced` made."""
    return replace(batch, orders=tuple(map(_flagged, batch.orders)))


def _flagged(entry: OrderEntry) -> OrderEntry:
    unsigned = entry.signature == UNSIGNED
    if unsigned and entry.flags | LIQUIDATION | BUY == FORCED | BUY:
        return entry._replace(flags=entry.flags | LIQUIDATION)
    return entry


def liquidate(twin: Twin, *fills: Fill, cancels: Sequence[SignedCancel] = ()) -> Outcome:
    """Settle a batch with liquidation orders as the next one, and compare everything."""
    outcome = twin.settle(with_forced(twin.batch(*fills, cancels=cancels)))
    if outcome is DONE:
        twin.compare()
    return outcome

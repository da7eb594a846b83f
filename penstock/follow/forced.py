"""Edge: requests that nobody can leave undone: made from L2 or from L1, executed by anybody."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from msgspec import Struct

from penstock.follow.calls import STEP_GAS, Call, Caller
from penstock.follow.deposit import Portal
from penstock.follow.facts import ExitError, Reader
from penstock.follow.progress import MOST, Exit, Forced, is_recent
from penstock.messages import Order, SignedOrder
from penstock.remote import read_logs
from penstock.sender import Receipt

FORCE_GAS: Final = 500_000
EXECUTE_GAS: Final = 5_000_000
EVERYTHING: Final = 2**55 - 1
"""More than any account has: all that it can spare when the request is executed."""


class Demand(Struct, frozen=True):
    """What is to be forced: a withdrawal in quote units, or lots of a market."""

    account: int
    market: int
    amount: int
    """Of all: what there is now."""
    recipient: str = ""
    is_all: bool = False
    """Whether it is all that is held, or that can be spared when the request is executed."""

    def is_met_by(self, forced: Forced) -> bool:
        """Whether a request is just this one: it waits, or was served.

        A number is met by a request for that number, and all by one that leaves nothing out. Some
        of either may be gone already.
        """
        wanted = self.account, self.market, self.recipient
        same = (forced.account, forced.market, forced.recipient) == wanted
        if not same or forced.status == "dropped":
            return False
        if not self.is_all:
            return forced.asked == self.amount
        if forced.status == "served":
            # What came since is not in it.
            return not self.amount and (forced.is_close or forced.asked >= MOST)
        return forced.left >= (self.amount if forced.is_close else MOST)


def met(reader: Reader, demand: Demand) -> Exit | None:
    """A request that is this one already: it is under way, or ended of late."""
    now = reader.now()
    known = (reader.of_request(number) for number in reversed(reader.forced_by(demand.account)))
    mine = (one for one in known if one.forced is not None and demand.is_met_by(one.forced))
    return next((one for one in mine if is_recent(one, now)), None)


def force(caller: Caller, demand: Demand) -> Exit:
    """Make the request on L2. What is paid beyond the fee is credited."""
    (contract, function, arguments, gas), fee = call_of(caller.reader, demand)
    receipt = caller.send(contract, function, arguments, gas, fee)
    return caller.reader.of_request(number_in(receipt))


def force_from_l1(portal: Portal, demand: Demand) -> Exit:
    """Make it on L1, while no sequencer may take transactions."""
    reader = portal.reader
    (contract, function, arguments, gas), fee = call_of(reader, demand)
    data = contract.encode(function, *arguments)
    return reader.of_request(number_in(portal.send(contract.address, data, gas, fee)))


def call_of(reader: Reader, demand: Demand) -> tuple[Call, int]:
    """The call that asks for it, and the most that it costs: the fee moves until it is there."""
    desk = reader.remote.desk
    fee = int(desk.ask("FEE_CAP"))
    if demand.market:
        close = (demand.account, demand.market, demand.amount)
        return (desk, "forceClose", close, FORCE_GAS), fee
    amount = EVERYTHING if demand.is_all else demand.amount
    payment = (demand.account, demand.recipient, amount)
    return (desk, "forceWithdrawal", payment, FORCE_GAS), fee


def number_in(receipt: Receipt) -> int:
    """Number of the request that a transaction made."""
    made = [
        log
        for log in read_logs(receipt.logs, {})
        if log.name in ("WithdrawalForced", "CloseForced")
    ]
    if not made:
        raise ExitError(f"transaction {receipt.hash} made no forced request")
    return int(made[0].arguments[0])


def execution(
    reader: Reader, forced: Forced, orders: Sequence[SignedOrder] = (), by_fund: int | None = None
) -> Call:
    """The call that executes a request; of a close, against orders, or else the insurance fund."""
    markets = reader.markets_of(forced.account)
    desk, number = reader.remote.desk, forced.number
    if not forced.is_close:
        return desk, "executeWithdrawal", (number, markets), EXECUTE_GAS
    makers = list(counterparties(reader, forced, orders))
    rest = (0 if orders else forced.left) if by_fund is None else by_fund
    if not makers and not rest:
        return desk, "acknowledge", ([number],), STEP_GAS
    return desk, "executeClose", (number, markets, makers, rest), EXECUTE_GAS


def counterparties(
    reader: Reader, forced: Forced, orders: Iterable[SignedOrder]
) -> Iterator[tuple[object, ...]]:
    """What each resting order can take of a close, in their order, until nothing is left of it."""
    left, seen = forced.left, dict[int, list[int]]()
    for signed in orders:
        order, account = signed.order, signed.order.account
        filled = int(reader.remote.lens.ask("orderStatus", account, False, order.nonce)[1])
        lots = min(left, order.size - filled)
        if order.market != forced.market or lots <= 0:
            continue
        markets = seen.get(account) or reader.markets_of(account)
        # Whoever took some has a position there when the next of his orders is filled.
        seen[account] = sorted({*markets, order.market})
        left -= lots
        yield resting(order), lots, markets, 0, b"", signed.signature


def resting(order: Order) -> tuple[object, ...]:
    """An order as the desk takes it."""
    kind = (order.account, order.buy, order.post_only, order.reduce_only)
    return (*kind, order.price, order.size, order.expiry, order.nonce)

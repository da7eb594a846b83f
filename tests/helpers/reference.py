"""A matcher that is obviously right: one list of orders, searched from end to end every time.

It shares messages, events, commands and the gate with the engine, and nothing else.
"""

from copy import deepcopy
from dataclasses import dataclass, field

from penstock.commands import (
    Command,
    Group,
    Place,
    PlaceLadder,
    RaiseFloor,
    Refresh,
    SelfTrade,
    Withdraw,
    WithdrawAll,
)
from penstock.events import (
    Accepted,
    Cancelled,
    CancelReason,
    Event,
    Expired,
    Rejected,
    RejectReason,
    Trimmed,
)
from penstock.gate import Gate
from penstock.messages import Cancel, Fill, Order, Side, SignedLadder, SignedOrder

CANCELLED = 2**32 - 1


@dataclass
class Entry:
    """A resting order, its lots left and when it came."""

    signed: SignedOrder
    left: int
    came: int

    @property
    def order(self) -> Order:
        """The order itself."""
        return self.signed.order


@dataclass
class Reference:
    """Books, slots and numbers in the plainest form."""

    gate: Gate
    markets: list[int]
    resting: list[Entry] = field(default_factory=list)
    slots: dict[tuple[int, int], tuple[int, int]] = field(default_factory=dict)
    """(account, slot) to (epoch, filled)."""
    numbers: dict[int, int] = field(default_factory=dict)
    floors: dict[int, int] = field(default_factory=dict)
    owners: dict[int, int] = field(default_factory=dict)
    came: int = 0
    out: list[Event] = field(default_factory=list)

    def execute(self, command: Command) -> list[Event]:
        """Carry out a command and return its events."""
        self.out = []
        self._expire(command.now)
        match command:
            case Place(order=signed, all_or_none=all_or_none, self_trade=mode):
                self._place(command.now, signed, all_or_none, mode)
            case PlaceLadder(ladder=ladder, self_trade=mode):
                self._place_ladder(command.now, ladder, mode)
            case Withdraw(cancel=cancel):
                self._cancel(cancel)
            case WithdrawAll(account=account):
                self._cancel_all(account, CANCELLED)
            case RaiseFloor(account=account, floor=floor):
                self._raise_floor(command)
                self._cancel_all(account, floor)
            case Group(account=account, owner=owner):
                self.owners[account] = self._owner(owner)
            case Refresh(account=account, market=market):
                self._trim(account, market)
        return self.out

    def _place_ladder(self, now: int, ladder: SignedLadder, mode: SelfTrade) -> None:
        """Refuse a ladder of which one slot has seen a higher epoch, or place level by level."""
        if any(order.epoch < self._seen(order)[0] for order in ladder.ladder.levels()):
            stale = RejectReason.STALE_EPOCH
            self.out += [Rejected(level, stale) for level in ladder.levels()]
            return
        for level in ladder.levels():
            self._place(now, level, False, mode)

    def _seen(self, order: Order) -> tuple[int, int]:
        return self.slots.get((order.account, order.slot), (0, 0))

    def _place(self, now: int, signed: SignedOrder, all_or_none: bool, mode: SelfTrade) -> None:
        reason = self._refuse(now, signed.order, all_or_none)
        if reason is None:
            reason = self.gate.admit(signed.order)
        if reason is None and signed.order.post_only and self._crossed(signed.order):
            reason = RejectReason.WOULD_CROSS
        if reason is None and all_or_none and not self._fills_whole(signed, mode):
            reason = RejectReason.WOULD_NOT_FILL
        if reason is not None:
            self.out.append(Rejected(signed, reason))
            return
        self._enter(signed, mode)

    def _enter(self, signed: SignedOrder, mode: SelfTrade) -> None:
        order = signed.order
        left = self._available(order)
        if order.immediate:
            self.numbers[order.account] = order.nonce
        else:
            self._make_room(signed)
            epoch, filled = self._seen(order)
            kept = filled if epoch == order.epoch else 0
            self.slots[order.account, order.slot] = (order.epoch, kept)
        self.out.append(Accepted(signed, left))
        left, stopped = self._match(signed, left, mode)
        if order.immediate and left and not stopped:
            self.out.append(Cancelled(signed, left, CancelReason.IMMEDIATE))
        elif left and not stopped:
            self.came += 1
            self.resting.append(Entry(signed, left, self.came))

    def _make_room(self, signed: SignedOrder) -> None:
        """Take out what shares a slot with the accepted paper; a ladder holds all its slots."""
        for entry in sorted(self.resting, key=lambda entry: entry.order.slot):
            if paper(entry.signed) != paper(signed) and shares(entry.signed, signed):
                self._take_out(entry, CancelReason.REPLACED)
        for order in covered(signed):
            if self._seen(order)[0] < order.epoch:
                self.slots[order.account, order.slot] = (order.epoch, 0)

    def _refuse(self, now: int, order: Order, all_or_none: bool) -> RejectReason | None:
        if order.market not in self.markets:
            return RejectReason.UNKNOWN_MARKET
        if order.expiry < now:
            return RejectReason.EXPIRED
        if order.immediate:
            if order.nonce <= self.numbers.get(order.account, 0):
                return RejectReason.STALE_NUMBER
        elif all_or_none:
            return RejectReason.NOT_IMMEDIATE
        else:
            reason = self._refuse_epoch(order)
            if reason is not None:
                return reason
        if self._unfilled(order) <= 0:
            return RejectReason.NOTHING_LEFT
        if order.reduce_only and self._available(order) < (order.size if all_or_none else 1):
            return RejectReason.WOULD_NOT_REDUCE
        return None

    def _refuse_epoch(self, order: Order) -> RejectReason | None:
        epoch, filled = self.slots.get((order.account, order.slot), (0, 0))
        nonces = {(e.order.account, e.order.nonce) for e in self.resting}
        if order.epoch < epoch:
            return RejectReason.STALE_EPOCH
        if (order.account, order.nonce) in nonces:
            return RejectReason.DUPLICATE
        if order.epoch == epoch and filled == CANCELLED:
            return RejectReason.CANCELLED_EPOCH
        if order.epoch <= self.floors.get(order.account, -1):
            return RejectReason.BELOW_FLOOR
        return None

    def _unfilled(self, order: Order) -> int:
        epoch, filled = self.slots.get((order.account, order.slot), (0, 0))
        counted = not order.immediate and epoch == order.epoch
        return order.size - (filled if counted else 0)

    def _available(self, order: Order) -> int:
        left = self._unfilled(order)
        return min(left, self._reducible(order)) if order.reduce_only else left

    def _reducible(self, order: Order) -> int:
        position = self.gate.position(order.account, order.market)
        return max(0, -position if order.buy else position)

    def _owner(self, account: int) -> int:
        return self.owners.get(account, account)

    def _crossed(self, order: Order) -> list[Entry]:
        """Everything that the order could meet, best price first, oldest first."""
        opposite = [
            entry
            for entry in self.resting
            if entry.order.market == order.market and entry.order.buy != order.buy
        ]
        if order.buy:
            found = [entry for entry in opposite if entry.order.price <= order.price]
            return sorted(found, key=lambda entry: (entry.order.price, entry.came))
        found = [entry for entry in opposite if entry.order.price >= order.price]
        return sorted(found, key=lambda entry: (-entry.order.price, entry.came))

    def _fills_whole(self, signed: SignedOrder, mode: SelfTrade) -> bool:
        # The plainest way to know: let it happen to a copy of the world.
        left, _ = deepcopy(self)._match(signed, signed.order.size, mode)
        return left == 0

    def _match(self, signed: SignedOrder, left: int, mode: SelfTrade) -> tuple[int, bool]:
        taker = signed.order
        while left and (crossed := self._crossed(taker)):
            entry = crossed[0]
            size = min(left, entry.left)
            if self._owner(entry.order.account) == self._owner(taker.account):
                if mode in (SelfTrade.CANCEL_OLDEST, SelfTrade.CANCEL_BOTH):
                    self._take_out(entry, CancelReason.SELF_TRADE)
                if mode in (SelfTrade.CANCEL_NEWEST, SelfTrade.CANCEL_BOTH):
                    self.out.append(Cancelled(signed, left, CancelReason.SELF_TRADE))
                    return left, True
                continue
            fault = self.gate.check(entry.order, taker, size)
            if fault is None:
                self._fill(entry, signed, size)
                left -= size
                continue
            verdict, side = fault
            if side != Side.MAKER:
                self.out.append(Cancelled(signed, left, CancelReason.ILLEGAL, verdict))
                return left, True
            self.resting.remove(entry)
            self.out.append(Cancelled(entry.signed, entry.left, CancelReason.ILLEGAL, verdict))
        return left, False

    def _fill(self, entry: Entry, signed: SignedOrder, size: int) -> None:
        self.gate.apply(entry.order, signed.order, size)
        self.out.append(Fill(entry.signed, signed, size))
        entry.left -= size
        if not entry.left:
            self.resting.remove(entry)
        for order in (entry.order, signed.order):
            if not order.immediate:
                epoch, filled = self.slots[order.account, order.slot]
                self.slots[order.account, order.slot] = (epoch, filled + size)
            self._trim(order.account, order.market)

    def _trim(self, account: int, market: int) -> None:
        for entry in list(self.resting):
            order = entry.order
            if (order.account, order.market) != (account, market) or not order.reduce_only:
                continue
            most = self._reducible(order)
            if not most:
                self._take_out(entry, CancelReason.REDUCED)
            elif most < entry.left:
                entry.left = most
                self.out.append(Trimmed(entry.signed, most))

    def _cancel(self, cancel: Cancel) -> None:
        if cancel.epoch < self.slots.get((cancel.account, cancel.slot), (0, 0))[0]:
            self.out.append(Rejected(cancel, RejectReason.STALE_EPOCH))
            return
        for entry in list(self.resting):
            if (entry.order.account, entry.order.slot) == (cancel.account, cancel.slot):
                self._take_out(entry, CancelReason.REQUESTED)
        self.slots[cancel.account, cancel.slot] = (cancel.epoch, CANCELLED)

    def _raise_floor(self, command: RaiseFloor) -> None:
        account = command.account
        self.floors[account] = max(command.floor, self.floors.get(account, 0))
        self.numbers[account] = max(command.number, self.numbers.get(account, 0))

    def _cancel_all(self, account: int, epoch: int) -> None:
        for entry in sorted(self.resting, key=lambda entry: entry.order.slot):
            if entry.order.account == account and entry.order.epoch <= epoch:
                self._take_out(entry, CancelReason.CANCELLED_ALL)

    def _expire(self, now: int) -> None:
        for entry in list(self.resting):
            if entry.order.expiry < now:
                self.resting.remove(entry)
                self.out.append(Expired(entry.signed, entry.left))

    def _take_out(self, entry: Entry, reason: CancelReason) -> None:
        self.resting.remove(entry)
        self.out.append(Cancelled(entry.signed, entry.left, reason))


def paper(signed: SignedOrder) -> SignedOrder | SignedLadder:
    """What carries the signature."""
    return signed.ladder or signed


def covered(signed: SignedOrder) -> list[Order]:
    """All levels of an order's ladder, or the order alone."""
    return signed.ladder.ladder.levels() if signed.ladder is not None else [signed.order]


def shares(one: SignedOrder, other: SignedOrder) -> bool:
    """Whether the papers of two resting orders have a slot in common."""
    first, second = ({(o.account, o.slot) for o in covered(each)} for each in (one, other))
    return not first.isdisjoint(second)

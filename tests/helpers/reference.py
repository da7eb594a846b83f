"""A matcher that is obviously right: one list of orders, searched from end to end every time.

It shares messages, events, commands and the gate with the engine, and nothing else.
"""

from copy import deepcopy
from dataclasses import dataclass, field

from penstock.commands import (
    Command,
    Direction,
    Group,
    Liquidate,
    Mark,
    Place,
    PlaceLadder,
    PlaceTrigger,
    RaiseFloor,
    Refresh,
    SelfTrade,
    TriggerCommand,
    Withdraw,
    WithdrawAll,
    WithdrawTrigger,
)
from penstock.events import (
    Accepted,
    Cancelled,
    CancelReason,
    Event,
    Expired,
    LiquidationSlowed,
    Rejected,
    RejectReason,
    Triggered,
    Trimmed,
    Waiting,
)
from penstock.gate import Gate
from penstock.messages import Cancel, Fill, Order, Side, SignedLadder, SignedOrder
from penstock.pace import Pace

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
class Wait(Entry):
    """An order that waits for a mark."""

    command: PlaceTrigger

    def is_met(self, mark: int) -> bool:
        """Whether the mark is at or beyond the trigger price."""
        price = self.command.trigger_price
        above = self.command.direction == Direction.AT_OR_ABOVE
        return mark >= price if above else mark <= price


@dataclass
class Reference:
    """Books, slots and numbers in the plainest form."""

    gate: Gate
    markets: list[int]
    max_waiting: int = 32
    pace: Pace = field(default_factory=Pace)
    liquidated: list[tuple[int, int, int]] = field(default_factory=list)
    forced: int = 0
    """Liquidation orders so far, refused ones included."""
    """Market, second, lots."""
    resting: list[Entry] = field(default_factory=list)
    waiting: list[Wait] = field(default_factory=list)
    marks: dict[int, int] = field(default_factory=dict)
    slots: dict[tuple[int, int], tuple[int, int]] = field(default_factory=dict)
    """(account, slot) to (epoch, filled)."""
    numbers: dict[int, int] = field(default_factory=dict)
    floors: dict[int, int] = field(default_factory=dict)
    owners: dict[int, int] = field(default_factory=dict)
    came: int = 0
    now: int = 0
    out: list[Event] = field(default_factory=list)

    def execute(self, command: Command) -> list[Event]:
        """Carry out a command and return its events."""
        self.out, self.now = [], command.now
        self._expire(command.now)
        match command:
            case Place(order=signed, all_or_none=all_or_none, self_trade=mode):
                self._place(command.now, signed, all_or_none, mode)
            case PlaceLadder(ladder=ladder, self_trade=mode):
                self._place_ladder(command.now, ladder, mode)
            case PlaceTrigger() | Mark() | WithdrawTrigger() | Liquidate():
                self._execute_other(command)
            case Withdraw(cancel=cancel):
                self._cancel(cancel)
            case WithdrawAll(account=account):
                self._cancel_all(account, CANCELLED, CANCELLED)
            case RaiseFloor(account=account, floor=floor, number=number):
                self._raise_floor(command)
                self._cancel_all(account, floor, number)
            case Group(account=account, owner=owner):
                self.owners[account] = self._owner(owner)
            case Refresh(account=account, market=market):
                self._trim(account, market)
        return self.out

    def _execute_other(self, command: TriggerCommand | Liquidate) -> None:
        match command:
            case PlaceTrigger():
                self._place_trigger(command)
            case Mark(market=market, mark=mark):
                self._mark(market, mark)
            case WithdrawTrigger(account=account, number=number):
                self._cancel_numbers(account, number, number, CancelReason.REQUESTED)
            case Liquidate():
                self._liquidate(command)

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

    def _place_trigger(self, command: PlaceTrigger) -> None:
        signed, order = command.order, command.order.order
        left = self._unfilled(order)
        wait = Wait(signed, left, self.came + 1, command)
        reason = self._refuse(command.now, order, command.all_or_none and not order.immediate)
        if reason is None and order.key in [w.order.key for w in self.waiting]:
            reason = RejectReason.DUPLICATE
        mark = self.marks.get(order.market)
        if reason is None and mark is not None and wait.is_met(mark):
            self._let_go(wait, mark)
            return
        if reason is None and self._is_full(order):
            reason = RejectReason.TOO_MANY_TRIGGERS
        if reason is not None:
            self.out.append(Rejected(signed, reason))
            return
        if not order.immediate:
            self._make_room(signed)
        self.came += 1
        self.waiting.append(wait)
        self.out.append(Waiting(signed, left, command.trigger_price, command.direction))

    def _is_full(self, order: Order) -> bool:
        """Whether the account has all waiting that it may, not counting what this replaces."""
        mine = [wait.order for wait in self.waiting if wait.order.account == order.account]
        same = [o for o in mine if not o.immediate and not order.immediate and o.slot == order.slot]
        return len(mine) - len(same) >= self.max_waiting

    def _mark(self, market: int, mark: int) -> None:
        self.marks[market] = mark
        while met := [w for w in self.waiting if w.order.market == market and w.is_met(mark)]:
            wait = min(met, key=_turn)
            self.waiting.remove(wait)
            self._let_go(wait, mark)

    def _let_go(self, wait: Wait, mark: int) -> None:
        command = wait.command
        self.out.append(Triggered(wait.signed, mark))
        self._place(self.now, wait.signed, command.all_or_none, command.self_trade)

    def _liquidate(self, command: Liquidate) -> None:
        account, market = command.account, command.market
        position = self.gate.position(account, market)
        self.forced += 1
        number = CANCELLED - self.forced
        wanted = min(command.lots, abs(position)) if position else command.lots
        size = min(wanted, self._allowed(market))
        flags = (position < 0, True, False, True)
        tail = (CANCELLED, number, True)
        whole = Order(account, market, *flags, command.price, wanted, *tail)
        reason = self._refuse(command.now, whole, False) or self.gate.admit_liquidation(whole)
        if reason is not None:
            self.out.append(Rejected(SignedOrder(whole, bytes(64)), reason))
            return
        self._clear(account, market)
        if size:
            order = Order(account, market, *flags, command.price, size, *tail)
            self._enter(SignedOrder(order, bytes(64)), SelfTrade.CANCEL_OLDEST)
            mine = [e for e in self.out if isinstance(e, Fill) and e.taker.order == order]
            self.liquidated.append((market, command.now, sum(fill.size for fill in mine)))
        if size < wanted:
            seconds = range(command.now, command.now + self.pace.interval + 1)
            until = next(second for second in seconds if self._allowed(market, second))
            self.out.append(LiquidationSlowed(account, market, wanted - size, until))

    def _allowed(self, market: int, now: int | None = None) -> int:
        """Lots that the pace leaves for one second."""
        first = (self.now if now is None else now) - self.pace.interval
        recent = [lots for m, second, lots in self.liquidated if m == market and second > first]
        return self.pace.lots - sum(recent)

    def _clear(self, account: int, market: int) -> None:
        """End what rests in the market, and all else that is not reduce-only."""
        mine = [e for e in [*self.resting, *self.waiting] if e.order.account == account]
        for entry in sorted(mine, key=lambda e: (e.order.immediate, e.order.nonce)):
            rests_here = not isinstance(entry, Wait) and entry.order.market == market
            if rests_here or not entry.order.reduce_only:
                self._take_out(entry, CancelReason.LIQUIDATED)

    def _enter(self, signed: SignedOrder, mode: SelfTrade) -> None:
        order = signed.order
        left = self._available(order)
        if order.liquidation:
            pass
        elif order.immediate:
            self.numbers[order.account] = order.nonce
            self._cancel_numbers(order.account, 0, order.nonce, CancelReason.REPLACED)
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
        for entry in sorted(self._in_slots(), key=lambda entry: entry.order.slot):
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
        nonces = {(e.order.account, e.order.nonce) for e in self._in_slots()}
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
        for wait in list(self.waiting):
            order = wait.order
            mine = (order.account, order.market) == (account, market) and order.reduce_only
            if mine and not self._reducible(order):
                self._take_out(wait, CancelReason.REDUCED)

    def _cancel(self, cancel: Cancel) -> None:
        if cancel.epoch < self.slots.get((cancel.account, cancel.slot), (0, 0))[0]:
            self.out.append(Rejected(cancel, RejectReason.STALE_EPOCH))
            return
        for entry in self._in_slots():
            if (entry.order.account, entry.order.slot) == (cancel.account, cancel.slot):
                self._take_out(entry, CancelReason.REQUESTED)
        self.slots[cancel.account, cancel.slot] = (cancel.epoch, CANCELLED)

    def _raise_floor(self, command: RaiseFloor) -> None:
        account = command.account
        self.floors[account] = max(command.floor, self.floors.get(account, 0))
        self.numbers[account] = max(command.number, self.numbers.get(account, 0))

    def _cancel_all(self, account: int, epoch: int, number: int) -> None:
        for entry in sorted(self._in_slots(), key=lambda entry: entry.order.slot):
            if entry.order.account == account and entry.order.epoch <= epoch:
                self._take_out(entry, CancelReason.CANCELLED_ALL)
        self._cancel_numbers(account, 0, number, CancelReason.CANCELLED_ALL)

    def _cancel_numbers(self, account: int, first: int, last: int, why: CancelReason) -> None:
        """End the immediate orders that wait under these numbers."""
        for wait in sorted(self.waiting, key=lambda wait: wait.order.nonce):
            order = wait.order
            if order.account == account and order.immediate and first <= order.nonce <= last:
                self._take_out(wait, why)

    def _expire(self, now: int) -> None:
        for entry in [*self.resting, *self.waiting]:
            if entry.order.expiry < now:
                self._forget(entry)
                self.out.append(Expired(entry.signed, entry.left))

    def _in_slots(self) -> list[Entry]:
        """What rests, and what waits and will rest."""
        return [*self.resting, *(wait for wait in self.waiting if not wait.order.immediate)]

    def _take_out(self, entry: Entry, reason: CancelReason) -> None:
        self._forget(entry)
        self.out.append(Cancelled(entry.signed, entry.left, reason))

    def _forget(self, entry: Entry) -> None:
        if isinstance(entry, Wait):
            self.waiting.remove(entry)
        else:
            self.resting.remove(entry)


def _turn(wait: Wait) -> tuple[bool, int, int]:
    """Whose turn it is: rising before falling, the nearest trigger, the first come."""
    price = wait.command.trigger_price
    falls = wait.command.direction == Direction.AT_OR_BELOW
    return falls, -price if falls else price, wait.came


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

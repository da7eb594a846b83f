"""A taker meets the orders of one book side: fills, self-trades, all-or-none (pure)."""

from collections.abc import Iterable
from typing import Final

from penstock.book import BookSide, Slot, remove
from penstock.commands import SelfTrade
from penstock.events import Cancelled, CancelReason, Event, Trimmed
from penstock.gate import Gate
from penstock.messages import Fill, Order, Side, SignedOrder, Verdict
from penstock.triggers import is_waiting, place


class Matcher:
    """Price-time matching under a gate, and what fills do to reduce-only orders that rest.

    A resting reduce-only order is never larger than the position it lowers: whenever a position
    shrinks, its reduce-only orders shrink with it, so that none of their fills is ever skipped.
    One that waits for a mark keeps its size, but goes when there is nothing left to lower.
    """

    __slots__ = ("_gate", "_owners", "_reducing")

    def __init__(self, gate: Gate) -> None:
        self._gate: Final = gate
        self._owners: Final[dict[int, int]] = {}
        self._reducing: Final[dict[int, dict[int, Slot]]] = {}

    def group(self, account: int, owner: int) -> None:
        """Treat `account` and account number `owner` as one owner."""
        self._owners[account] = self._owners.get(owner, owner)

    def watch(self, slot: Slot, order: Order) -> None:
        """Keep a reduce-only order that rests from now on no larger than its position."""
        key = order.account << 16 | order.market
        self._reducing.setdefault(key, {})[place(order)] = slot

    def match(
        self,
        side: BookSide,
        limit: int,
        signed: SignedOrder,
        left: int,
        mode: SelfTrade,
        out: list[Event],
    ) -> tuple[int, Cancelled | None]:
        """Fill `left` lots of a taker. Returns what is left, and its end if something ended it."""
        gate = self._gate
        taker = signed.order
        level = side.top
        while left and level is not None and level.key <= limit:
            slot = level.head
            assert slot is not None, "the best level holds an order"
            maker = slot.signed.order
            size = left if left < slot.left else slot.left
            if maker.account == taker.account or (self._owners and self._is_one(maker, taker)):
                stop = self._meet_oneself(slot, signed, left, mode, out)
                if stop is not None:
                    return left, stop
            elif (fault := gate.check(maker, taker, size)) is None:
                gate.apply(maker, taker, size)
                out.append(Fill(slot.signed, signed, size))
                left -= size
                slot.left -= size
                slot.filled += size
                if not slot.left:
                    remove(slot)
                if self._reducing:
                    self.trim(maker.account, maker.market, out)
                    self.trim(taker.account, taker.market, out)
            elif fault[1] == Side.MAKER:
                self._drop(slot, CancelReason.ILLEGAL, fault[0], out)
            else:
                return left, Cancelled(signed, left, CancelReason.ILLEGAL, fault[0])
            level = side.top
        return left, None

    def _meet_oneself(
        self, slot: Slot, signed: SignedOrder, left: int, mode: SelfTrade, out: list[Event]
    ) -> Cancelled | None:
        if mode != SelfTrade.CANCEL_NEWEST:
            self._drop(slot, CancelReason.SELF_TRADE, Verdict.SETTLED, out)
        if mode != SelfTrade.CANCEL_OLDEST:
            return Cancelled(signed, left, CancelReason.SELF_TRADE)
        return None

    def _drop(self, slot: Slot, reason: CancelReason, verdict: Verdict, out: list[Event]) -> None:
        remove(slot)
        out.append(Cancelled(slot.signed, slot.left, reason, verdict))

    def _is_one(self, maker: Order, taker: Order) -> bool:
        """Say whether one owner is behind both orders."""
        owners = self._owners
        return owners.get(maker.account, maker.account) == owners.get(taker.account, taker.account)

    def is_fillable(self, side: BookSide, limit: int, taker: Order, mode: SelfTrade) -> bool:
        """Say whether `match` would fill the whole size, without a trace of having asked."""
        dropped: list[Slot] = []
        while True:
            plan = self._plan(side, limit, taker, mode, dropped)
            if not plan:
                return False
            fault = self._gate.rehearse(taker, [(slot.signed.order, size) for slot, size in plan])
            if fault is None:
                return True
            index, (_, whose) = fault
            if whose != Side.MAKER:
                return False
            # Matching would cancel this maker and go on to the next one.
            dropped.append(plan[index][0])

    def _plan(
        self, side: BookSide, limit: int, taker: Order, mode: SelfTrade, dropped: list[Slot]
    ) -> list[tuple[Slot, int]]:
        """List the fills of the whole size, or nothing when the book cannot fill it."""
        plan: list[tuple[Slot, int]] = []
        traded: dict[int, int] = {}
        left = taker.size
        for slot in side.queue(limit):
            maker = slot.signed.order
            if slot in dropped:
                continue
            if self._is_one(maker, taker):
                if mode == SelfTrade.CANCEL_OLDEST:
                    continue
                break
            size = min(left, slot.left)
            if maker.reduce_only:
                # The maker's position shrinks with every planned fill, as it would in matching.
                size = min(size, self.reducible(maker) - traded.get(maker.account, 0))
            if size > 0:
                plan.append((slot, size))
                traded[maker.account] = traded.get(maker.account, 0) + size
                left -= size
            if not left:
                return plan
        return []

    def reducible(self, order: Order) -> int:
        """Lots by which a reduce-only order could lower its account's position; at least zero."""
        position = self._gate.position(order.account, order.market)
        return max(0, -position if order.buy else position)

    def trim(self, account: int, market: int, out: list[Event]) -> None:
        """Let no reduce-only order that rests be larger than the position it may lower."""
        key = account << 16 | market
        resting = self._reducing.get(key)
        if resting is None:
            return
        for number, slot in list(resting.items()):
            order = slot.signed.order
            # Slots that were emptied or used otherwise since are forgotten here and not earlier.
            if slot.level is None or not order.reduce_only or order.market != market:
                del resting[number]
                continue
            most = self.reducible(order)
            if not most:
                self._drop(slot, CancelReason.REDUCED, Verdict.SETTLED, out)
                del resting[number]
            elif most < slot.left and not is_waiting(slot):
                slot.left = most
                out.append(Trimmed(slot.signed, most))
        if not resting:
            del self._reducing[key]


def end(slots: Iterable[Slot], reason: CancelReason, out: list[Event]) -> None:
    """End what rests or waits in these slots, if anything does."""
    for slot in slots:
        if slot.level is not None:
            remove(slot)
            out.append(Cancelled(slot.signed, slot.left, reason))

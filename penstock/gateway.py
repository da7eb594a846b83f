"""The way in: JSON of signed messages → decode → signer checked → engine (pure).

A message that is not readable raises `DecodeError` or a `FieldError`, as `wire` does; one that is
readable and not signed by the account's trading key is `Rejected` with `BAD_SIGNATURE`.
"""

from time import perf_counter
from typing import Final

from penstock.commands import SelfTrade
from penstock.engine import Engine
from penstock.errors import SignatureError
from penstock.events import Event, Rejected, RejectReason
from penstock.risk import RiskGate
from penstock.signing import Domain, recover
from penstock.stages import Stages
from penstock.wire import decode_cancel, decode_ladder, decode_order, decode_trigger


class Gateway:
    """Takes messages off the wire, verifies them and hands them to the engine."""

    def __init__(
        self, engine: Engine, gate: RiskGate, domain: Domain, stages: Stages | None = None
    ) -> None:
        self.engine: Final = engine
        self.gate: Final = gate
        self.domain: Final = domain
        self.stages: Final = stages or Stages()

    def advance(self, now: int) -> list[Event]:
        """Let time pass for gate and engine, and tell the engine the marks of the gate's venue.

        Orders that waited for a mark are placed. Pending fills that grew illegal stay the caller's.
        """
        self.gate.advance(now)
        events = self.engine.advance(now)
        listed = self.gate.venue.markets
        for number in self.engine.markets():
            if number in listed and listed[number].mark:
                events += self.engine.mark(number, listed[number].mark, now)
        return events

    def place(
        self,
        data: bytes,
        now: int,
        all_or_none: bool = False,
        self_trade: SelfTrade = SelfTrade.CANCEL_OLDEST,
    ) -> list[Event]:
        """Take an order."""
        start = perf_counter()
        signed = decode_order(data)
        decoded = perf_counter()
        order = signed.order
        known = self._is_signed(order.account, self.domain.order_digest(order), signed.signature)
        verified = perf_counter()
        if known:
            events = self.engine.place(signed, now, all_or_none, self_trade)
        else:
            events = [Rejected(signed, RejectReason.BAD_SIGNATURE)]
        self._charge(start, decoded, verified)
        return events

    def place_trigger(
        self,
        data: bytes,
        now: int,
        all_or_none: bool = False,
        self_trade: SelfTrade = SelfTrade.CANCEL_OLDEST,
    ) -> list[Event]:
        """Take an order that waits for a mark. The signature is the order's, without the mark."""
        start = perf_counter()
        signed, price, direction = decode_trigger(data)
        decoded = perf_counter()
        order = signed.order
        known = self._is_signed(order.account, self.domain.order_digest(order), signed.signature)
        verified = perf_counter()
        if not known:
            events: list[Event] = [Rejected(signed, RejectReason.BAD_SIGNATURE)]
        # The engine asks the gate when the order is let go; strangers are not to wait until then.
        elif order.account not in self.gate.venue.accounts:
            events = [Rejected(signed, RejectReason.UNKNOWN_ACCOUNT)]
        else:
            options = (all_or_none, self_trade)
            events = self.engine.place_trigger(signed, price, direction, now, *options)
        self._charge(start, decoded, verified)
        return events

    def place_ladder(self, data: bytes, now: int) -> list[Event]:
        """Take a ladder: one signature for all its levels."""
        start = perf_counter()
        signed = decode_ladder(data)
        decoded = perf_counter()
        digest = self.domain.ladder_digest(signed.ladder)
        known = self._is_signed(signed.ladder.account, digest, signed.signature)
        verified = perf_counter()
        if known:
            events = self.engine.place_ladder(signed, now)
        else:
            events = [Rejected(level, RejectReason.BAD_SIGNATURE) for level in signed.levels()]
        self._charge(start, decoded, verified)
        return events

    def cancel(self, data: bytes, now: int) -> list[Event]:
        """Take a cancel."""
        start = perf_counter()
        signed = decode_cancel(data)
        decoded = perf_counter()
        digest = self.domain.cancel_digest(signed.cancel)
        known = self._is_signed(signed.cancel.account, digest, signed.signature)
        verified = perf_counter()
        if known:
            events = self.engine.cancel(signed.cancel, now)
        else:
            events = [Rejected(signed.cancel, RejectReason.BAD_SIGNATURE)]
        self._charge(start, decoded, verified)
        return events

    def _is_signed(self, account: int, digest: bytes, signature: bytes) -> bool:
        held = self.gate.venue.accounts.get(account)
        try:
            signer = recover(digest, signature)
        except SignatureError:
            return False
        # An account that does not exist is the engine's to refuse, with its own reason.
        return held is None or held.signer == int.from_bytes(signer, "big")

    def _charge(self, start: float, decoded: float, verified: float) -> None:
        add = self.stages.add
        add("decode", decoded - start)
        add("verify", verified - decoded)
        add("match", perf_counter() - verified)

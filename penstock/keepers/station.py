"""Edge: where a keeper stands: its view of the chain, its wallet, and where its notes go."""

import time
from typing import Final

from penstock.keepers.docket import Docket
from penstock.keepers.keeper import Decision
from penstock.keepers.notes import ALARM, Note, Sink, Value
from penstock.keepers.wallet import Wallet
from penstock.mirror import Mirror, RolledBackError
from penstock.remote import Contract, Log, Remote
from penstock.rpc import Rpc, RpcError
from penstock.venue import Venue


class Station:
    """What keepers share. Several may share one, in one thread; the mirror is the station's own."""

    def __init__(self, mirror: Mirror, wallet: Wallet, sink: Sink) -> None:
        self.mirror: Final = mirror
        self.wallet: Final = wallet
        self.sink: Final = sink
        self.docket: Docket = Docket()
        """What waits at the desk, as the newest block has it, if nobody else follows the mirror."""

    @property
    def remote(self) -> Remote:
        """The contracts."""
        return self.mirror.remote

    def look(self) -> Venue:
        """The venue as the newest block has it. Raises RpcError, MirrorError."""
        self.docket.take(self._follow())
        return self.mirror.venue

    def _follow(self) -> list[Log]:
        """What is new; all of it once more when the chain was rolled back."""
        try:
            try:
                return self.mirror.follow()
            except RolledBackError:
                self._rewind()
                return self.mirror.follow()
        except RpcError:
            # Some events of a block may have been taken up and others not: begin again.
            self._rewind()
            raise

    def _rewind(self) -> None:
        self.mirror.rewind()
        self.docket = Docket()

    def carry_out(self, keeper: str, decision: Decision, now: int) -> None:
        """Send the calls of a decision one after the other, and note it."""
        gas = 0
        for call in decision.calls:
            contract: Contract = getattr(self.remote, call.contract)
            gas += self.wallet.perform(contract, call.function, call.arguments, call.gas).gas
        values = {**decision.values, "gas": gas}
        self.sink(Note(now, keeper, decision.did, decision.why, values))

    def leave(self, keeper: str, now: int, why: str, **values: Value) -> None:
        """Note why nothing was done."""
        self.sink(Note(now, keeper, "left", why, values))

    def call(self, keeper: str, now: int, why: str, **values: Value) -> None:
        """Call a person."""
        self.sink(Note(now, keeper, ALARM, why, values))


class Post:
    """A keeper's place at a station: what all of them have in common."""

    name: str = "keeper"

    def __init__(self, station: Station) -> None:
        self.station: Final = station
        self._now: int = 0

    def act(self, decision: Decision) -> None:
        """Send what was decided, and note it. Raises what `Wallet.perform` does."""
        self.station.carry_out(self.name, decision, self._now)

    def look(self, now: int) -> Venue:
        """The venue as the newest block has it."""
        self._now = now
        return self.station.look()

    def in_grace(self, venue: Venue, now: int, **values: Value) -> bool:
        """Whether nobody may be liquidated, by the model or the contract; if so, note it.

        The contract may ask an uptime feed too.
        """
        if venue.watch.is_calm(now) and self.station.remote.watch.ask("isCalm"):
            return False
        self.left("grace after an outage", **values, ends_at=venue.watch.grace_ends_at(now))
        return True

    def left(self, why: str, **values: Value) -> None:
        """Note why nothing was done."""
        self.station.leave(self.name, self._now, why, **values)

    def alarm(self, why: str, **values: Value) -> None:
        """Call a person: nothing was done, and somebody must see to it."""
        self.station.call(self.name, self._now, why, **values)


class ChainClock:
    """The chain's time, and the machine's patience."""

    def __init__(self, rpc: Rpc) -> None:
        self.rpc: Final = rpc

    def now(self) -> int:
        """Time of the next block, in seconds."""
        return self.rpc.next_time()

    def wait(self, seconds: float) -> None:
        """Do nothing; the loop asks for this after an error, and when there was nothing to do."""
        time.sleep(seconds)  # a node does not call a keeper when something changes

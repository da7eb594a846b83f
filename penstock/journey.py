"""Edge: one trader's way out of the venue, down to money on L1, with the sequencer stopped midway.

request   from L1 through the portal, while no sequencer takes transactions
release   the venue's queue pays on L2, after its delay
bridge    tokens are burned on L2
prove     L1 is shown that L2 burned them
finalise  after the challenge window, L1 pays
"""

from collections.abc import Callable
from typing import Final

from msgspec import Struct

from penstock.devnet import ETHER, Key, Withdrawal, balance_of
from penstock.localvenue import Trader
from penstock.rollup import RollupVenue

REQUEST_GAS: Final = 1_000_000
WITHDRAWABLE: Final = 10
"""Place of what a withdrawal may take in what `accountOf` returns."""
OUTAGE: Final = 30
"""L2 blocks that the sequencer stands still."""


class Stop(Struct, frozen=True):
    """One stop of the way: what happened, seconds after the way began, and L1 gas if any."""

    what: str
    after: int
    gas: int = 0


class Journey(Struct, frozen=True):
    """The whole way. Amounts are quote units."""

    name: str
    forced: int
    """Asked for from L1 during the outage."""
    burned: int
    """Sent over the bridge: what the venue had paid before, and the forced request."""
    paid: int
    """What arrived on L1."""
    stops: list[Stop]

    @property
    def complete(self) -> bool:
        """Whether all that was burned on L2 was paid on L1."""
        return self.forced > 0 and self.paid == self.burned


class Traveller:
    """Takes a trader to L1, stop by stop."""

    def __init__(self, venue: RollupVenue, trader: Trader) -> None:
        self.venue: Final = venue
        self.net: Final = venue.net
        self.trader: Final = trader
        self.key: Final[Key] = venue.owner_key(trader.name)
        self.began: Final = venue.chain.time()
        self.stops: Final[list[Stop]] = []

    def travel(self, progress: Callable[[str], object] = lambda what: None) -> Journey:
        """Go all the way. `progress` is told of each stop as it is reached."""
        self._tell = progress
        self._pay_for_l1()
        forced = self._force()
        self._release()
        burned, withdrawal = self._burn()
        self._prove(withdrawal)
        self._finalise(withdrawal)
        paid = balance_of(self.net.l1, self.venue.collateral.l1, self.key.address)
        return Journey(self.trader.name, forced, burned, paid, self.stops)

    def _stop(self, what: str, gas: int = 0) -> None:
        self.stops.append(Stop(what, self.venue.chain.time() - self.began, gas))
        self._tell(what)

    def _pay_for_l1(self) -> None:
        """Give the trader ether on L1, where nobody is paid in tokens."""
        self.net.l1.send(self.venue.rollup.treasury, self.key.address, value=10 * ETHER)
        self.net.sync()

    def _force(self) -> int:
        """Stop the sequencer, and ask for all that the account can spare through L1."""
        remote, account = self.venue.remote, self.trader.account
        spare = int(remote.lens.ask("accountOf", account)[WITHDRAWABLE])
        markets = list(remote.lens.ask("openMarketsOf", account))
        owner = self.key.address
        call = remote.positions.encode("requestWithdrawal", account, owner, spare, markets)
        self.net.sequencer.pause()
        self._stop("sequencer stops")
        arrival = self.net.force(self.key, remote.positions.address, call, gas=REQUEST_GAS)
        self._stop("request forced from L1" if arrival.succeeded else "request refused")
        self.net.step(OUTAGE)
        self.net.sequencer.resume()
        self._stop("sequencer goes on")
        return spare if arrival.succeeded else 0

    def _release(self) -> None:
        remote, chain = self.venue.remote, self.venue.chain
        chain.warp(chain.time() + int(remote.queue.ask("delay")))
        remote.vault.transact(self.venue.operator, "release", 1)
        self._stop("queue pays on L2")

    def _burn(self) -> tuple[int, Withdrawal]:
        token, owner = self.venue.collateral, self.key.address
        amount = balance_of(self.net.l2, token.l2, owner)
        hash = self.net.withdraw_erc20(self.key, token, amount)
        self._stop("tokens burned on L2")
        return amount, self.net.withdrawal(hash)

    def _prove(self, withdrawal: Withdrawal) -> None:
        while withdrawal.status == "waiting":
            self.net.sync()
        self._stop("output proposed on L1")
        self._stop("proven on L1", withdrawal.prove().gas)

    def _finalise(self, withdrawal: Withdrawal) -> None:
        earliest = withdrawal.earliest
        assert earliest is not None, "it was proven a moment ago"
        self.net.warp(max(0, earliest - self.net.node.next_time()))
        self._stop("challenge window over")
        self._stop("paid on L1", withdrawal.finalize().receipt.gas)

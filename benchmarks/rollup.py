"""The venue on the rollup: collateral from L1, a trade on L2, and all of it back on L1.

Virtual time: what is measured is work. The devnet runs and the venue is deployed before; on the way
out the sequencer stands still for thirty blocks, as in the demo.
"""

import time

from benchmarks.measure import Measure
from penstock.batch import encode
from penstock.builder import build
from penstock.devnet import Config, Devnet
from penstock.journey import Journey, Traveller
from penstock.localvenue import Trader
from penstock.messages import Fill, Order, SignedOrder
from penstock.rollup import RollupVenue
from penstock.settings import DEFAULTS
from penstock.submitter import SETTLE_GAS

DEPOSIT = 10**10
PRICE, SIZE = 600_000, 5
FAR = 2**32 - 1
TRIES = 3


def run() -> list[Measure]:
    """Go the whole way with fresh traders, a few times."""
    with Devnet.start(Config(window=604_800)) as net:
        venue = RollupVenue.launch(net, DEFAULTS)
        best = min(_seconds(venue, number) for number in range(1, TRIES + 1))
        net.sync()
        report = net.verify()
    if not report.agrees:
        raise AssertionError(report.detail)
    name = "rollup: deposit, trade, withdraw, prove, finalise"
    return [Measure(name, best, "s", "≤ 1", best <= 1)]


def _seconds(venue: RollupVenue, number: int) -> float:
    venue.post(1, [PRICE] * 3)
    venue.refresh()
    start = time.perf_counter()
    journey = _whole_way(venue, number)
    taken = time.perf_counter() - start
    if not journey.complete:
        raise AssertionError(f"{journey.paid} of {journey.burned} arrived on L1")
    return taken


def _whole_way(venue: RollupVenue, number: int) -> Journey:
    maker, taker = venue.open([f"maker {number}", f"taker {number}"], DEPOSIT)
    pair = _sign(venue, maker, resting=True), _sign(venue, taker, resting=False)
    raw = encode(build(number, [Fill(*pair, SIZE)], (), lambda _: ()))
    venue.remote.positions.transact(venue.operator, "settle", raw, gas=SETTLE_GAS)
    return Traveller(venue, taker).travel()


def _sign(venue: RollupVenue, trader: Trader, *, resting: bool) -> SignedOrder:
    flags = (not resting, not resting, False, False)
    order = Order(trader.account, 1, *flags, PRICE, SIZE, FAR, 1)
    return trader.signer.sign_order(venue.domain, order)

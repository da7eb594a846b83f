"""Edge: the demo on a rollup: the simulated venue on L2, one trader's way to L1, and what L1 says.

Everything follows from the plan's seed, the hashes of both chains included.
"""

from collections.abc import Callable
from typing import Final

from msgspec import Struct

from penstock.devnet import Config, Costs, Devnet, Report
from penstock.invariants import Check
from penstock.journey import Journey, Traveller
from penstock.rollup import RollupVenue
from penstock.rollup_checks import backed, collateral, rebuilt
from penstock.settings import read_parameters
from penstock.simulation import Outcome, Plan, Simulation
from penstock.units import show_quote

WINDOW: Final = 7 * 86_400
"""Challenge window in seconds, a week as on the rollups that people use."""
BATCH_INTERVAL: Final = 10
"""L1 blocks between two posted batches."""
SETTINGS: Final = Config(window=WINDOW, batch_interval=BATCH_INTERVAL)


class RollupOutcome(Struct, frozen=True):
    """What happened on both chains."""

    venue: Outcome
    journey: Journey
    costs: Costs
    report: Report
    locked: int
    """Collateral that the bridge holds on L1, in quote units."""
    supply: int
    """Collateral that exists on L2, in quote units."""

    @property
    def checks(self) -> list[Check]:
        """What must hold between the chains."""
        journey = self.journey
        paid = f"{show_quote(journey.paid):,.2f} of {show_quote(journey.burned):,.2f} paid"
        arrived = Check(f"{journey.name} is paid on L1", journey.complete, paid)
        return [rebuilt(self.report), backed(self.locked, self.supply), arrived]

    @property
    def holds(self) -> bool:
        """Whether everything is as it must be."""
        return self.venue.holds and all(check.holds for check in self.checks)


class RollupDemo:
    """The venue on a devnet that the caller started."""

    def __init__(self, net: Devnet, plan: Plan) -> None:
        self.net: Final = net
        self.venue: Final = RollupVenue.launch(net, read_parameters())
        self.simulation: Final = Simulation(self.venue, plan)

    def run(
        self,
        progress: Callable[[int], object] = lambda done: None,
        stopped: Callable[[str], object] = lambda what: None,
    ) -> RollupOutcome:
        """Trade, leave, and have L1 prove all of it."""
        outcome = self.simulation.run(progress)
        leaver = self.simulation.leaver
        journey = Traveller(self.venue, leaver).travel(stopped)
        self.net.sync()
        stopped("rebuilding L2 from L1")
        locked, supply = collateral(self.venue)
        return RollupOutcome(
            venue=outcome,
            journey=journey,
            costs=self.net.costs(),
            report=self.net.verify(),
            locked=locked,
            supply=supply,
        )

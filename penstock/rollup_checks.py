"""What must hold between the chains of a rollup that a venue is on."""

from penstock.devnet import Report, balance_of
from penstock.invariants import Check
from penstock.rollup import RollupVenue
from penstock.units import show_quote


def check_chains(venue: RollupVenue) -> list[Check]:
    """Have L1 say everything that L2 says, and check it. Time passes, because L1 makes a block."""
    venue.net.sync()
    return [rebuilt(venue.net.verify()), backed(*collateral(venue))]


def collateral(venue: RollupVenue) -> tuple[int, int]:
    """What the bridge holds on L1, and what exists on L2, in quote units."""
    net, token = venue.net, venue.collateral
    supply = int(net.l2.read(token.l2, "MockERC20", "totalSupply"))
    return balance_of(net.l1, token.l1, net.addresses.bridge), supply


def rebuilt(report: Report) -> Check:
    """Whether L1 alone gives every block of L2."""
    said = f"{report.blocks} blocks, {report.transactions} transactions, every hash equal"
    return Check("L2 = L2 rebuilt from L1", report.agrees, said if report.agrees else str(report))


def backed(locked: int, supply: int) -> Check:
    """Whether every token on L2 has one on L1, with none under way."""
    return Check("locked on L1 = supply on L2", locked == supply, f"{show_quote(locked):,.2f}")

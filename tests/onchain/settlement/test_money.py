"""SOL-4: the contracts count a token of 6, 8 or 18 decimals as the vectors do

any scale ............. notional, fees, margins, index and funding of a trade, to the unit
a token of 18 decimals  more than 56 bits of collateral is refused, never wrapped
"""

import json
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from penstock.deploy import MarketParameters
from tests.helpers.twin import DONE
from tests.helpers.venue import PARAMETERS
from tests.onchain.settlement.desk import OK, Desk
from tests.vectors import money

VECTORS: list[dict[str, Any]] = json.loads(money.FILE.read_text())
SCALES = sorted({(v["decimals"], v["tick"], v["lot"]) for v in VECTORS})
ENDOWMENT = 10**16


def desk_of(decimals: int, tick: str, lot: str) -> Desk:
    """A venue with one market of that scale, whose funding is its interest."""
    market = MarketParameters(
        *("X-PERP", Decimal(tick), Decimal(lot), 500, 250, 500, 200),
        interest=100_000,
        # No premium of the vectors lasts long enough to be more than this.
        damp=7_500_000,
    )
    other = PARAMETERS.markets[1] if decimals == 6 else replace(market, symbol="Y-PERP")
    desk = Desk(replace(PARAMETERS, markets=(market, other), decimals=decimals))
    for account in (1, 2):
        assert desk.deposit(account, ENDOWMENT) is DONE
    return desk


@pytest.mark.parametrize("scale", SCALES)
def test_sol_4__any_scale__the_chain_counts_what_the_vector_says(
    scale: tuple[int, str, str],
) -> None:
    desk = desk_of(*scale)
    for vector in VECTORS:
        if (vector["decimals"], vector["tick"], vector["lot"]) == scale:
            with desk.undone():
                check(desk, vector)


def check(desk: Desk, vector: dict[str, Any]) -> None:
    """Trade once, let a period end, and read everything off the chain."""
    lots, lens = vector["lots"], desk.venue.lens
    before = desk.equity(1), desk.equity(2)
    fill = desk.cross(1, 2, lots, price=vector["ticks"])
    assert desk.verdicts(fill) == [OK]
    assert lens.call("accountOf", 1)[7:9] == (vector["initial"], vector["maintenance"])
    fees = vector["takerFee"], vector["makerFee"]
    assert lens.call("progress")[2] == sum(fees)
    index = desk.venue.index.call("marketOf", 1)[5]
    desk.pass_time(3_600)
    assert desk.accrue(1) is DONE
    assert desk.venue.index.call("marketOf", 1)[5] - index == vector["indexMove"]
    assert desk.venue.index.call("marketOf", 1)[3] == vector["unit"]
    for account, side in ((1, "long"), (2, "short")):
        assert lens.call("positionOf", account, 1)[2] == vector[f"{side}Funding"]
        assert desk.equity(account) - before[account - 1] == vector[f"{side}Value"]
    desk.compare()
    desk.compare_views()


def test_sol_4__a_hundredth_of_a_token_of_18_decimals__more_than_56_bits_are_refused() -> None:
    desk = desk_of(18, "0.000001", "0.000001")
    held = desk.collateral(1)
    room = 2**55 - 1 - held
    assert desk.deposit(1, 10**17)[0] == "Collateral_AmountOutOfRange"  # type: ignore[index]
    assert desk.deposit(1, room + 1) is not DONE
    assert desk.collateral(1) == held
    assert desk.deposit(1, room) is DONE
    assert desk.collateral(1) == 2**55 - 1
    desk.compare()

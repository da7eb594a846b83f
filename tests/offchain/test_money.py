"""SOL-4: money of tokens with 6, 8 and 18 decimals, against numbers worked out from decimals"""

import json
from decimal import Decimal
from typing import Any

import pytest

from penstock import funding
from penstock.margin import lot_margin_up
from penstock.units import MarketSpec, fee_up
from tests.vectors import money

VECTORS: list[dict[str, Any]] = json.loads(money.FILE.read_text())


def spec_of(vector: dict[str, Any]) -> MarketSpec:
    tick, lot = Decimal(vector["tick"]), Decimal(vector["lot"])
    return MarketSpec(1, "X-PERP", tick, lot, vector["decimals"])


def test_sol_4__the_file__is_what_its_program_writes_and_has_every_scale() -> None:
    assert money.vectors() == VECTORS
    assert {vector["decimals"] for vector in VECTORS} == {6, 8, 18}


@pytest.mark.parametrize("vector", VECTORS)
def test_sol_4__any_scale__model_counts_what_the_vector_says(vector: dict[str, Any]) -> None:
    spec, lots = spec_of(vector), vector["lots"]
    notional = spec.notional(vector["ticks"], lots)
    move = funding.index_move(100_000, money.MARK, spec.unit, 3_600)
    seen = {
        "unit": spec.unit,
        "notional": notional,
        "takerFee": fee_up(notional, 500),
        "makerFee": fee_up(notional, 200),
        "initial": lots * lot_margin_up(money.MARK, spec.unit, 500),
        "maintenance": lots * lot_margin_up(money.MARK, spec.unit, 250),
        "indexMove": move,
        "longFunding": funding.received_down(lots, move, 0),
        "shortFunding": funding.received_down(-lots, move, 0),
    }
    assert seen == {name: vector[name] for name in seen}


@pytest.mark.parametrize("vector", VECTORS)
def test_sol_4__any_scale__decimals_of_a_person_come_back(vector: dict[str, Any]) -> None:
    spec = spec_of(vector)
    price, size = spec.show_price(vector["ticks"]), spec.show_size(vector["lots"])
    assert (spec.to_ticks(price), spec.to_lots(size)) == (vector["ticks"], vector["lots"])
    assert spec.to_quote(price * size) == vector["notional"]

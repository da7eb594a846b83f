"""ADM-3: what is stored lies where it lay, in the version before and in this one

slots ........ of every contract of a venue, as the compiler tells, are those of layout.json
bits ......... of each packed word, told by a venue of the model whose every field differs, are
               those of layout.json; parity holds the chain to the model's words

`PENSTOCK_LAYOUT=update pytest tests/onchain/deploy/test_layout.py` writes layout.json anew: for a
venue that is deployed anew, never for one that is to be read by both versions.
"""

import json
import os
from pathlib import Path
from typing import Final, TypeAlias

import pytest

from penstock.accounts import Account, Interim, Listing, Market, Position, Settings
from penstock.fund import Loss
from penstock.funding import Sample, Terms
from penstock.limits import Limits
from penstock.venue import Venue
from penstock.views import words
from penstock.watch import Watch
from tests.onchain.deploy.layouts import DEPLOYED, layouts
from tests.onchain.governance.matrix import MATRIX

Table: TypeAlias = dict[str, dict[str, list[str]]]

FILE: Final = Path(__file__).with_name("layout.json")
HINT: Final = "storage lies elsewhere than before; see the head of this file"


def packed() -> dict[str, list[str]]:
    """Each kind of packed word of a venue in which no two fields are alike."""
    terms, limits = Terms(-0x11121314, 0x21222324, 0x31323334, 0x41424344), Limits(700, 9_000)
    listing = Listing(0x515253, 0x1111, 0x2222, 0x1234, 0x2345, 0x234, terms, limits)
    sample = Sample(-0x61626364, 0x71727374, 0x7A727374, -0x3A3B3C, -0x4A4B4C4D4E, 0x5152)
    market = Market(1, listing, sample, mark=0x81828384, time=0x7A7B7C7D, index=-0x91929394959697)
    market.fresh_until = 0xA1A2A3A4
    market.held, market.open_interest, market.fees = True, 0x2122232425, 0x313233343536373839
    market.interim = Interim(
        *((0x1001, 0x1002), (0x1003, 0x1004), 0x1A1B1C1D, 0x2A2B2C2D),
        *((713, 291_000), 0x3A3B3C3D),
    )
    account = Account(1, signer=0xA1 << 152 | 0xA2, collateral=-0xB1B2B3B4B5, nonce=0xC1C2C3C4)
    account.floor, account.floored = 0xD1D2D3D4, True
    account.positions[1] = Position(-0xE1E2E3E4E5, -0xF1F2F3F4F5F6, -0x919293949597)
    account.slots.update({4: (0x11, 0x12), 5: (0x21, 0x22), 6: (0x31, 0x32), 7: (0x41, 0x42)})
    rules = Settings(0xA3 << 152 | 0xA4, 0x41424345, 0x51525354, 0x0203, 0x04, 0x05, 0x06)
    venue = Venue(rules, 0x71727374, Watch(1, 2, 0x31323334, 0x41424344, 0x51525354, 0x61626364))
    venue.tally.number, venue.tally.settled_at = 0x0102030405, 0x61626365
    venue.markets[1], venue.accounts[1] = market, account
    venue.fund.losses[1], venue.fund.reserve = Loss(0x111213141516, 0x212223242526, 0x31), 0x99
    found = {f"{kind} {a} {b}": word for (kind, a, b), word in words(venue).items() if word}
    return {name: [f"{word:#066x}"] for name, word in sorted(found.items())}


@pytest.fixture(scope="module")
def told() -> Table:
    """How it is now; written down when that is asked for."""
    table = {"slots": layouts(), "bits": packed()}
    if os.environ.get("PENSTOCK_LAYOUT") == "update":
        FILE.write_text(json.dumps(table, indent=2) + "\n")
    return table


@pytest.fixture(scope="module")
def table() -> Table:
    """How it was."""
    found: Table = json.loads(FILE.read_text())
    return found


@pytest.mark.parametrize("contract", DEPLOYED)
def test_adm_3__slots_of_a_contract__are_those_of_the_version_before(
    told: Table, table: Table, contract: str
) -> None:
    assert told["slots"][contract] == table["slots"][contract], HINT


def test_adm_3__bits_of_every_packed_word__are_those_of_the_version_before(
    told: Table, table: Table
) -> None:
    assert told["bits"] == table["bits"], HINT
    kinds = {name.split()[0] for name in told["bits"]}
    assert kinds == {
        *("account", "activity", "course", "floor", "interim", "loss", "market", "position"),
        *("reserve", "rules", "slots", "tally", "watch"),
    }


def test_adm_3__table__has_every_contract_that_somebody_can_change(table: Table) -> None:
    assert set(MATRIX) <= set(table["slots"]) == set(DEPLOYED)


def test_adm_3__slots__of_what_is_read_through_load_are_in_the_table(table: Table) -> None:
    names = [row.split()[1] for row in table["slots"]["PerpPositions"] if row[0].isdigit()]
    assert names[:8] == [
        *("_rules", "_tally", "_markets", "_activities"),
        *("_accounts", "_positions", "_slots", "_epochFloors"),
    ]

"""FUN-2: funding is rounded at each settling, against the account and by less than a unit

settled each minute ... no account has more than is exact, none lacks a unit for each settling, and
                        the pool keeps what is between; `make deep` goes on two hundred times longer
"""

import os
from fractions import Fraction
from typing import Final

from msgspec.structs import replace
from pyrevm import AccountInfo

from penstock.artifacts import artifact
from tests.helpers.venue import PARAMETERS, STRANGER
from tests.onchain.attacks.test_paths import held, index
from tests.onchain.settlement.desk import ACCOUNTS, MARK, OK, Desk

ROUNDS: Final = 200_000 if os.environ.get("PENSTOCK_FUZZ") == "deep" else 1_000


def test_fun_2__settled_every_minute__less_than_a_unit_each_and_for_the_pool() -> None:
    market = replace(PARAMETERS.markets[0], interval=1, interest=99_991)
    desk = Desk(replace(PARAMETERS, markets=(market, PARAMETERS.markets[1])))
    fills = [desk.cross(1, 2, 7), desk.cross(3, 2, 999), desk.cross(4, 1, -5)]
    assert desk.verdicts(*fills) == [OK] * 3
    before, began = held(desk), index(desk)
    assert [before[account].size for account in ACCOUNTS] == [12, -1_006, 999, -5]
    # Lots of nothing change hands: both sides are settled, and nothing else happens to them.
    desk.chain.evm.insert_account_info(desk.venue.liquidations.address, AccountInfo(nonce=1))
    move = artifact("PerpPositions").functions["move"]
    pairs = [move.encode((giver, taker, 1, 0, 0, 0)) for giver, taker in ((1, 2), (3, 4))]
    sender, to = desk.venue.liquidations.address, desk.venue.positions.address
    for number in range(ROUNDS):
        desk.chain.time += 60
        desk.venue.post(1, (MARK + number % 97,) * 3, desk.chain.time)
        desk.venue.index.transact("refresh", [1], sender=STRANGER.address)
        for pair in pairs:
            desk.chain.send(sender, to, pair)
    after, moved = held(desk), index(desk) - began
    assert moved > ROUNDS << 32
    for account in ACCOUNTS:
        size, quote, snapshot = before[account]
        exact = quote + Fraction(-size * moved, 1 << 32)
        assert after[account] == (size, after[account].quote, snapshot + moved)
        assert 0 <= exact - after[account].quote < ROUNDS
    kept = sum(before[account].quote - after[account].quote for account in ACCOUNTS)
    assert 0 < kept < len(ACCOUNTS) * ROUNDS

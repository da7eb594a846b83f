"""What a chain says of funding, read back row by row.

log → row → index
├── two periods with fills     rates, premiums and indices are the model's
└── a period without a price   has no row
"""

from itertools import pairwise

from penstock import funding
from penstock.console import Session
from penstock.funding import FIRST_INDEX, index_move
from penstock.funding_history import FundingRow, funding_rows
from tests.flows.test_price_to_funding import hold

HOUR = 3_600


def rows(session: Session, market: int | None = 1) -> list[FundingRow]:
    """Everything that the chain has said so far."""
    return list(funding_rows(session.devnet.remote.logs(0), market))


def test_funding_rows__periods_with_fills__are_what_was_charged(session: Session) -> None:
    hold(session, "60120")
    for _ in range(3):
        session.warp(HOUR)
    listed = session.submitter.mirror.venue.market(1)
    terms, unit = listed.listing.terms, listed.listing.unit
    found = rows(session)
    assert len(found) == 3
    assert found[-1].index == listed.index
    assert [row.premium > 0 for row in found] == [True, False, False]
    for before, row in pairwise([FundingRow(1, 0, 0, 0, 0, 0, 0, FIRST_INDEX, 0), *found]):
        assert row.start % HOUR == 0
        assert row.end - row.start == HOUR
        assert row.rate == funding.rate(row.premium, before.rate, terms)
        assert row.interest == terms.interest
        assert row.index - before.index == index_move(row.rate, row.mark, unit, row.charged)


def test_funding_rows__hours_without_a_price__have_none(session: Session) -> None:
    hold(session, "60000")
    session.warp(5 * HOUR)
    session.warp(HOUR)
    assert len({row.start for row in rows(session)}) == len(rows(session)) == 2
    assert {row.market for row in rows(session, None)} == {1, 2}

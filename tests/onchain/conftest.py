"""One desk for all tests of trading, liquidation and the fund; `undoing` puts it back."""

import pytest

from tests.onchain.settlement.desk import Desk


@pytest.fixture(scope="session")
def desk() -> Desk:
    """Four funded accounts, two markets at their marks, and a fund that holds nothing."""
    return Desk()

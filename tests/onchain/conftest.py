"""One desk for all tests of settlement; `undoing` puts it back."""

import pytest

from tests.onchain.settlement.desk import Desk


@pytest.fixture(scope="session")
def desk() -> Desk:
    """Four funded accounts, two markets at their marks."""
    return Desk()

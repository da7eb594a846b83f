"""Random use of the whole system; the invariants are checked after every batch (README.md)."""

import os

from hypothesis import HealthCheck, settings

from tests.invariant.machine import Venue

DEEP = os.environ.get("PENSTOCK_FUZZ") == "deep"

TestVenue = Venue.TestCase
TestVenue.settings = settings(
    deadline=None,
    max_examples=400 if DEEP else 20,
    stateful_step_count=200 if DEEP else 40,
    suppress_health_check=list(HealthCheck),
)

"""Strategies for amounts, times and people."""

from hypothesis import strategies as st

from tests.helpers.actors import Actor

UINT128_MAX = 2**128 - 1

# What one ticket or deposit may be; small and huge ones are as likely as those between.
AMOUNTS = st.one_of(st.integers(1, 1_000), st.integers(1, 10**15), st.integers(1, 2**120))
NAMES = st.sampled_from(["alice", "bob", "carol", "dave"])
PEOPLE = NAMES.map(Actor)
ACCOUNTS = st.integers(1, 2**32 - 1)

"""Strategies for amounts, times and people."""

from hypothesis import strategies as st

from tests.helpers.actors import Actor

UINT128_MAX = 2**128 - 1

# What one ticket or deposit may be; small and huge ones are as likely as those between. Collateral
# has 56 bits, one of them its sign.
AMOUNTS = st.one_of(st.integers(1, 1_000), st.integers(1, 10**12), st.integers(1, 2**55 - 1))
NAMES = st.sampled_from(["alice", "bob", "carol", "dave"])
PEOPLE = NAMES.map(Actor)
ACCOUNTS = st.integers(1, 2**32 - 1)

"""Compact signatures (EIP-2098) made from their numbers, whoever they recover."""

from typing import Final

from hypothesis import strategies as st

N: Final = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
"""Order of the curve."""
P: Final = 2**256 - 2**32 - 977
"""Order of the field."""
ABOVE: Final = 2**256 - N
"""As many numbers from `N` on fit 32 bytes."""


def is_on_curve(x: int) -> bool:
    """Whether a point has this abscissa: Euler's criterion on x³ + 7."""
    return pow(x**3 + 7, (P - 1) // 2, P) == 1


def compact(r: int, s: int, parity: int) -> bytes:
    """Write a signature; the parity takes the highest bit of s."""
    return r.to_bytes(32, "big") + (s | parity << 255).to_bytes(32, "big")


parities = st.integers(0, 1)
points = st.integers(1, N - 1).filter(is_on_curve)
low = st.integers(1, N // 2)
high = st.integers(N // 2 + 1, 2**255 - 1)
"""Upper half of s, as far as 255 bits hold it."""
_nowhere = st.integers(1, N - 1).filter(lambda x: not is_on_curve(x))
refused = st.one_of(
    st.builds(compact, st.just(0), low, parities),
    st.builds(compact, points, st.just(0), parities),
    st.builds(compact, _nowhere, low, parities),
    st.builds(compact, st.integers(N, 2**256 - 1), low, parities),
)
"""r zero, s zero, r of no point, r not below the order of the curve."""

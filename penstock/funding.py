"""Funding: premium → average → rate → index → payment, one function per term.

    premium  p = (Σ size·price − volume·m) / (volume·m), clamped to ±5 %
    average  a = Σ p·held / I, time without a sample counts as zero
    aim      r' = clamp(a + clamp(interest − a, ±damp), ±cap), per 8 hours
    rate     r = r_last + clamp(r' − r_last, ±step)
    index   += r · m · unit · c · 2^32 / 8 h
    received = ⌊ −size · (index − snapshot) / 2^32 ⌋

`m` is the mark in ticks, `I` the interval in seconds, `held` the seconds that a sample counts,
`c` the seconds of the period in which the chain was up, `r_last` the rate charged last. Rates are
parts of 10^9. Divisions truncate towards zero: longs and shorts read one index, so that favours
neither. Only the payment touches money, and it rounds down on both signs.
"""

from typing import NamedTuple

SCALE = 10**9
PREMIUM_CLAMP = 50_000_000
MAX_HOLD = 15 * 60
RATE_PERIOD = 8 * 60 * 60
INDEX_SHIFT = 32
FIRST_INDEX = 1 << INDEX_SHIFT


class Terms(NamedTuple):
    """What a market charges, in parts of 10^9 per 8 hours."""

    interest: int = 100_000
    cap: int = 7_500_000
    damp: int = 500_000
    step: int = 3_750_000
    """Largest change of the rate from one charged period to the next."""


class Sample(NamedTuple):
    """The premium samples of the running period, and the rate of the last one."""

    last_rate: int = 0
    period_start: int = 0
    sampled_at: int = 0
    premium: int = 0
    weighted: int = 0
    charged_before: int = 0
    """First minutes of the period that were charged on other terms."""


def truncated(numerator: int, denominator: int) -> int:
    """Divide towards zero, as the contract does; the denominator is positive."""
    quotient = abs(numerator) // denominator
    return quotient if numerator >= 0 else -quotient


def clamp(value: int, bound: int) -> int:
    """Return `value`, but not beyond ±`bound`."""
    return max(-bound, min(bound, value))


def premium(volume: int, value: int, mark: int) -> int:
    """p = (Σ size·price − volume·m) · 10^9 / (volume·m), truncated, clamped to ±5 %.

    `value` is Σ size·price over the settled fills; neither volume nor mark is zero.
    """
    at_mark = volume * mark
    return clamp(truncated((value - at_mark) * SCALE, at_mark), PREMIUM_CLAMP)


def weighted_until(sample: Sample, time: int) -> int:
    """Σ p·held up to `time`; the latest sample counts for 15 minutes at most."""
    return sample.weighted + sample.premium * min(time - sample.sampled_at, MAX_HOLD)


def sampled(sample: Sample, latest: int, now: int) -> Sample:
    """Let the sample before count until now, and `latest` from now on."""
    weighted = weighted_until(sample, now)
    return sample._replace(sampled_at=now, premium=latest, weighted=weighted)


def average(weighted: int, interval: int) -> int:
    """a = weighted / I, truncated."""
    return truncated(weighted, interval)


def rate(average_: int, last: int, terms: Terms) -> int:
    """r = last + clamp(r' − last, ±step) with r' = clamp(a + clamp(interest − a, ±damp), ±cap)."""
    aim = clamp(average_ + clamp(terms.interest - average_, terms.damp), terms.cap)
    return last + clamp(aim - last, terms.step)


def index_move(rate_: int, mark: int, unit: int, charged: int) -> int:
    """What `charged` seconds at `rate_` add to the index: r · m · unit · c · 2^32 / 8 h."""
    per_lot = (mark * unit * charged) << INDEX_SHIFT
    return truncated(rate_ * per_lot, RATE_PERIOD * SCALE)


def received_down(size: int, index: int, snapshot: int) -> int:
    """⌊ −size · (index − snapshot) / 2^32 ⌋: a payer pays up, a receiver receives down."""
    return (-size * (index - snapshot)) >> INDEX_SHIFT


def period_start(now: int, interval: int) -> int:
    """Return the first second of the aligned period that holds `now`."""
    return now - now % interval

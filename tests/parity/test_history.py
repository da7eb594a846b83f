"""Python model == contract after every step of random histories.

every step ...... both allow it, or both refuse it with one error and the same values; every storage
                  word of the model is the chain's
every batch ..... what both simulate comes true; the records of the event are the model's
now and then .... every view answers what the model's does
at the end ...... the chain holds no word besides those of the model
all together .... every verdict and every refusal was met
"""

import os
from collections import Counter
from functools import lru_cache

import pytest

from penstock.messages import Verdict
from penstock.refusals import Refusal
from tests.parity.history import History

DEEP = os.environ.get("PENSTOCK_FUZZ") == "deep"
SEEDS = range(40 if DEEP else 12)
STEPS = 5_000 if DEEP else 500
VIEWS_EVERY = 25
# Met in calls that a history does not make: it registers real keys and trades listed markets. With
# five accounts nobody is a small part of a market, and nobody can carry more than eight tiers.
# Hardly anybody loses in one market just what he gained in another: the accounts of
# tests/invariant/entangled.py do. The desk, the queue and the end of a venue have own histories.
ELSEWHERE = {
    refusal
    for refusal in Refusal
    if refusal.startswith(("Positions_", "Hatch_", "Queue_", "Hold_", "Guard_", "Gate_"))
    or refusal.startswith(("Desk_", "Request_", "Close_", "Order_"))
} | {
    Refusal.SIGNER_ZERO,
    Refusal.NOT_LISTED,
    Refusal.SHARE_EXCEEDED,
    Refusal.EQUITY_TOO_SMALL,
    Refusal.TAKER_TOO_LARGE,
}


@lru_cache(maxsize=len(SEEDS))
def lived(seed: int) -> Counter[str]:
    """Live a history through and return what was met."""
    history = History(seed)
    for step in range(STEPS):
        history.step()
        history.twin.compare()
        if step % VIEWS_EVERY == 0:
            history.twin.compare_views()
    history.twin.compare_storage()
    return history.outcomes


@pytest.mark.parametrize("seed", SEEDS)
def test_history__random_steps__model_equals_chain_after_each(seed: int) -> None:
    assert sum(lived(seed).values()) >= STEPS


def test_history__all_seeds_together__meet_every_verdict_and_refusal() -> None:
    met = sum((lived(seed) for seed in SEEDS), Counter[str]())
    assert [verdict.name for verdict in Verdict if not met[verdict.name]] == []
    errors = {name.split(": ")[1] for name in met if ": " in name}
    assert {str(refusal) for refusal in set(Refusal) - ELSEWHERE} - errors == set()

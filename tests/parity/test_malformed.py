"""Python's `decode` refuses exactly what the contract reverts as malformed.

bytes changed, cut or added ... `decode` refuses and the contract reverts with the error of that
                                rule, or both read it and settle the same
"""

import os
from collections import Counter
from random import Random

import pytest

from penstock.artifacts import ContractRevert as Revert
from penstock.batch import HEADER_BYTES, Batch, BatchMalformed, decode, encode
from penstock.messages import SIGNATURE_BYTES
from tests.helpers.twin import Twin, outcome_of
from tests.helpers.venue import OPERATOR
from tests.parity.history import History

DEEP = os.environ.get("PENSTOCK_FUZZ") == "deep"
SEEDS = range(20 if DEEP else 2)
TRIES = 5_000 if DEEP else 1_000
NUMBER_BYTES = 6

# A ladder that runs past slot 255 is too rare to be met by chance.
ERRORS = {
    "Batch_TooShort",
    "Batch_OrderTableLength",
    "Batch_MarketsNotAscending",
    "Batch_AccountsNotAscending",
    "Batch_OrdersNotAscending",
    "Batch_MarketIndexWrong",
    "Batch_PositionCountWrong",
    "Batch_LevelCountWrong",
    "Batch_FlagsMalformed",
    "Batch_NonceMalformed",
    "Batch_PositionOutOfRange",
    "Batch_CancelOutOfRange",
    "Batch_FillOutOfRange",
}


def spoil(rng: Random, batch: Batch) -> bytes:
    """Change one or two bytes of a batch; now and then cut it or add to it."""
    raw = bytearray(encode(batch))
    signatures = SIGNATURE_BYTES * (len(batch.orders) + len(batch.cancels))
    for _ in range(rng.randint(1, 2)):
        first, last = NUMBER_BYTES, HEADER_BYTES
        if rng.random() < 0.8:
            first, last = HEADER_BYTES - 1, len(raw) - signatures
        at = rng.randrange(first, last)
        near = (raw[at] ^ 1, (raw[at] + 1) & 255)
        raw[at] = rng.choice((0, 1, 2, 3, *near, rng.randrange(256)))
    if rng.random() < 0.1:
        del raw[rng.randrange(NUMBER_BYTES, len(raw) + 1) :]
    if rng.random() < 0.1:
        raw += bytes(rng.randint(1, 3))
    return bytes(raw)


def check(twin: Twin, raw: bytes) -> str:
    """Assert that decode and contract agree; return the contract's answer."""
    batch = read(raw)
    seen = outcome_of(lambda: twin.venue.positions.transact("settle", raw, sender=OPERATOR.address))
    if batch is None:
        # Of two faults each side may meet another one first.
        assert seen is not None, raw.hex()
        assert seen[0].startswith("Batch_") or seen[0] == "Market_NotListed", raw.hex()
        return seen[0]
    signers = twin.signers(batch)
    expected = outcome_of(lambda: twin.model.settle(batch, twin.now, signers))
    assert seen == expected, raw.hex()
    twin.compare()
    return seen[0] if seen else "settled"


def read(raw: bytes) -> Batch | None:
    """Decode, or None for what Python calls malformed."""
    try:
        return decode(raw)
    except BatchMalformed:
        return None


@pytest.mark.parametrize("seed", SEEDS)
def test_settle__spoiled_batches__refused_by_decode_exactly_where_the_contract_reverts(
    seed: int,
) -> None:
    history, rng, met = History(1_000 + seed), Random(seed), Counter[str]()
    for _ in range(60):
        history.step()
    for _ in range(TRIES):
        batch = history.batch()
        if batch.number == history.twin.model.tally.number:
            with history.twin.undone():
                met[check(history.twin, spoil(rng, batch))] += 1
    assert ERRORS - set(met) == set()
    assert met["settled"] > TRIES // 20


@pytest.mark.parametrize("length", range(HEADER_BYTES + 1))
def test_settle__shorter_than_a_header__both_refuse(length: int) -> None:
    twin = Twin()
    raw = bytes(5) + b"\x01" + bytes(HEADER_BYTES - NUMBER_BYTES)
    if length == HEADER_BYTES:
        assert decode(raw) == Batch(1)
        assert check(twin, raw) == "settled"
        return
    assert check(twin, raw[:length]) == "Batch_TooShort"
    with pytest.raises(Revert, match="Batch_TooShort"):
        twin.venue.positions.call("simulate", raw[:length])

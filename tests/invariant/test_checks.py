"""Every invariant's check fails when its invariant is broken, and names it."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from penstock.messages import Side, Verdict
from penstock.records import FillRecord
from penstock.risk import RiskGate
from penstock.signing import keccak
from tests.invariant import checks
from tests.invariant.auditor import Auditor
from tests.invariant.state import Held, Ledger, Level, Market, State, levels, read
from tests.onchain.settlement.desk import Desk

ONE = 2**32
MARKET = Market(mark=100, unit=10, funding=3 * ONE, initial_bps=500, taker_fee=500, maker_fee=200)
MARKS = {1: 100}
BUY, NOW = 1, 2


def sound() -> State:
    """Two accounts, long and short; the long has paid two units a lot since its touch."""
    positions = {(1, 1): Held(5, -5_000, ONE), (2, 1): Held(-5, 5_000, ONE), (0, 1): Held(0, 0, 0)}
    return State({0: 0, 1: 9_000, 2: 9_000}, positions, {1: MARKET}, 7, 20, 18_027)


def record(size: int = 1, price: int = 100) -> FillRecord:
    """Account 1 buys from account 2."""
    return FillRecord(2, 1, 1, price, size, 1, 1, 0, True, Verdict.SETTLED, Side.NONE)


MAKER = Level(2, 1, 0, 1, 100, 10, True)
TAKER = Level(1, 1, BUY | NOW, 1, 100, 10, True)


def obey(
    *fills: tuple[Level, Level, FillRecord], number: int = 1, ledger: Ledger | None = None
) -> None:
    """Check fills of one batch."""
    checks.orders_obeyed(ledger or Ledger(), number, fills)


def test_checks__sound_state__pass() -> None:
    state, ledger = sound(), Ledger()
    checks.sizes_balance(state)
    checks.vault_covers(state, ledger, MARKS)
    checks.vault_covers(state, ledger, {1: 999_999})
    checks.funding_balances(state, ledger)
    obey((MAKER, TAKER, record(10)))
    assert checks.margin_holds(state, after(state, record()), [record()]).traded == {(1, 1), (2, 1)}


def after(state: State, *records: FillRecord) -> State:
    """The state that settled fills make."""
    replay = checks.Replay(state)
    for one in records:
        replay.fill(one)
    return replace(
        state, positions={**state.positions, **{p: replay.positions[p] for p in replay.traded}}
    )


def test_s1__a_lot_out_of_nothing__is_caught() -> None:
    state = sound()
    state.positions[2, 1] = Held(-4, 5_000, ONE)
    with pytest.raises(AssertionError, match="S1: sizes of market 1 add up to 1"):
        checks.sizes_balance(state)


@pytest.mark.parametrize(("tokens", "lack"), [(18_026, 1), (0, 18_027)])
def test_s2__a_token_missing__is_caught(tokens: int, lack: int) -> None:
    with pytest.raises(AssertionError, match=f"S2: the vault lacks {lack}"):
        checks.vault_covers(replace(sound(), tokens=tokens), Ledger(), MARKS)


def test_s2__more_left_over_than_roundings__is_caught() -> None:
    with pytest.raises(AssertionError, match="S2: 3 is more than the dust of 2 roundings"):
        checks.vault_covers(replace(sound(), tokens=18_030), Ledger(), MARKS)


@pytest.mark.parametrize(("had", "has"), [(10, 9), (0, -1), (5, -400)])
def test_s2__debt_that_found_another_holder__is_caught(had: int, has: int) -> None:
    # Account 1 is worth ten less than its collateral.
    before = replace(sound(), collateral={0: 0, 1: had, 2: 9_000})
    later = replace(before, collateral={0: 0, 1: has, 2: 9_000})
    with pytest.raises(AssertionError, match=f"S2: 1 had {had - 10}, and {has - 10} now"):
        checks.nobody_ruined(before, later)
    checks.nobody_ruined(later, before)
    elsewhere = replace(later, markets={1: MARKET._replace(mark=99)})
    checks.nobody_ruined(before, elsewhere)


def test_s3__raised_below_initial_margin__is_caught() -> None:
    state = replace(sound(), collateral={0: 0, 1: 300, 2: 9_000})
    with pytest.raises(AssertionError, match="S3: 1 has 289 and needs 300"):
        checks.margin_holds(state, state, [record()])


def test_s3__a_skipped_fill_that_left_something_behind__is_caught() -> None:
    state = sound()
    skipped = record()._replace(verdict=Verdict.OVERFILL)
    with pytest.raises(AssertionError, match=r"S3: position \(1, 1\) is not what its fills made"):
        checks.margin_holds(state, after(state, record()), [skipped])


def test_s4__filled_beyond_the_signed_size_over_two_batches__is_caught() -> None:
    ledger = Ledger()
    obey((MAKER, TAKER, record(6)), ledger=ledger)
    with pytest.raises(AssertionError, match=r"S4: \(2, False, 1\) filled 11 of 10"):
        obey((MAKER, TAKER._replace(nonce=2), record(5)), number=2, ledger=ledger)


def test_s5__immediate_order_in_two_batches__is_caught() -> None:
    ledger = Ledger()
    obey((MAKER, TAKER, record(1)), ledger=ledger)
    with pytest.raises(AssertionError, match=r"S5: \(1, True, 1\) filled in {1, 2}"):
        obey((MAKER, TAKER, record(1)), number=2, ledger=ledger)


@pytest.mark.parametrize(
    ("maker", "taker", "price", "said"),
    [
        (MAKER._replace(price=101), TAKER, 101, "is worse than the taker's 100"),
        (MAKER, TAKER, 99, "is not at the maker's 100"),
        (MAKER._replace(signed=False), TAKER, 100, "was not signed by both"),
        (MAKER, TAKER._replace(signed=False), 100, "was not signed by both"),
        (MAKER._replace(flags=BUY), TAKER._replace(flags=NOW, price=101), 100, "worse than"),
    ],
)
def test_s6__a_price_nobody_signed__is_caught(
    maker: Level, taker: Level, price: int, said: str
) -> None:
    with pytest.raises(AssertionError, match=f"S6: .* {said}"):
        obey((maker, taker, record(1, price)))


@pytest.mark.parametrize(
    ("ledger", "said"),
    [
        (Ledger(received=1), "S7: received 11, but only 10 was paid"),
        (Ledger(paid=3), "S7: 3 lost in 2 roundings"),
    ],
)
def test_s7__funding_made_or_lost__is_caught(ledger: Ledger, said: str) -> None:
    with pytest.raises(AssertionError, match=said):
        checks.funding_balances(sound(), ledger)


# --- the same on a venue whose model or chain is falsified ----------------------------------------


def falsify_equity(desk: Desk) -> None:
    desk.model.accounts[1].collateral += 1


def falsify_size(desk: Desk) -> None:
    desk.model.accounts[1].positions[1].size += 1


@pytest.mark.parametrize("falsify", [falsify_equity, falsify_size])
def test_s11__engine_sees_something_else__is_caught(falsify: Callable[[Desk], None]) -> None:
    desk = Desk()
    desk.trade(5)
    auditor = Auditor(desk)
    auditor.check_gate(RiskGate(desk.model, desk.now))
    falsify(desk)
    with pytest.raises(AssertionError, match="S11: 1"):
        auditor.check_gate(RiskGate(desk.model, desk.now))


def test_auditor__a_model_that_forgets_a_fee__is_caught() -> None:
    desk = Desk()
    auditor = Auditor(desk)
    assert auditor.settle(desk.batch(desk.cross())) is None
    desk.model.markets[1].fees -= 1
    with pytest.raises(AssertionError, match="activity 1 0: chain"):
        auditor.check()


def test_auditor__tokens_that_left_the_vault__are_caught() -> None:
    desk = Desk()
    token, vault = desk.venue.token.address, desk.venue.vault.address
    slot = int.from_bytes(keccak(bytes(12) + bytes.fromhex(vault[2:]) + bytes(32)), "big")
    desk.chain.evm.insert_account_storage(token, slot, 4 * 10**10 - 3)
    with pytest.raises(AssertionError, match="S2: the vault lacks 3"):
        Auditor(desk).check()


def test_levels__an_order_signed_by_another__is_not_signed() -> None:
    desk = Desk()
    fill = desk.cross()
    fill = type(fill)(desk.rest(key=desk.keys[3]), fill.taker, 1)
    taker, maker = levels(desk, desk.batch(fill))
    assert (taker.signed, maker.signed) == (True, False)
    assert read(desk).tokens == 4 * 10**10

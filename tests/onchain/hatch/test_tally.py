"""tally, shareOf, residual

not frozen ................. Hatch_NotFrozen
complete ................... Hatch_TallyComplete
lists uneven ............... Hatch_PageUneven
account 0, or a new one .... Hatch_AccountWithoutShare
markets not ascending ...... Hatch_MarketsNotAscending
an open one left out ....... Hatch_PositionsIncomplete
counted already ............ passed over, in one page and across pages
more markets than open ..... counts alike
the last account ........... fixes the pot: what the vault holds beyond the tickets
"""

from itertools import pairwise
from random import Random

from hypothesis import assume, given
from hypothesis import strategies as st

from penstock import escape as model
from tests.helpers.escapee import (
    compare,
    escape,
    everybody,
    freeze,
    held,
    last,
    pages,
    tally,
    tally_all,
)
from tests.helpers.revm import reverts
from tests.helpers.trouble import FUND, bankrupt, endow, open_long
from tests.helpers.twin import DONE, Twin, trading_key, undoing
from tests.helpers.venue import STRANGER
from tests.onchain.settlement.desk import DEPOSIT, Desk

SEEDS = st.integers(0, 2**32 - 1)


def lived(desk: Desk, per_mille: int = 80) -> None:
    """Account 1 has less than nothing, account 2 won it; 3 and 4 have positions of their own."""
    open_long(desk, 100, 3, 4, 2)
    bankrupt(desk, per_mille=per_mille)


@undoing
def test_tally__not_frozen__reverts(desk: Desk) -> None:
    assert tally(desk, []) == ("Hatch_NotFrozen", ())


@undoing
def test_tally__complete__reverts(desk: Desk) -> None:
    freeze(desk)
    tally_all(desk)
    assert tally(desk, []) == ("Hatch_TallyComplete", (4,))
    compare(desk)


@given(accounts=st.integers(0, 4), lists=st.integers(0, 4))
@undoing
def test_tally__lists_uneven__reverts(desk: Desk, accounts: int, lists: int) -> None:
    assume(accounts != lists)
    freeze(desk)
    nothing: list[int] = []
    page = list(range(1, accounts + 1)), [nothing] * lists
    with reverts("Hatch_PageUneven", accounts, lists):
        desk.venue.hatch.transact("tally", *page, sender=STRANGER.address)


@given(account=st.one_of(st.just(0), st.integers(5, 2**32 - 1)))
@undoing
def test_tally__account_without_share__reverts(desk: Desk, account: int) -> None:
    freeze(desk)
    assert tally(desk, [(account, [])]) == ("Hatch_AccountWithoutShare", (account, 4))


@undoing
def test_tally__account_registered_meanwhile__has_no_share(desk: Desk) -> None:
    freeze(desk)
    assert tally(desk, everybody(desk)[:2]) is DONE
    newcomer = desk.register(trading_key("newcomer"))
    assert tally(desk, [(newcomer, [])]) == ("Hatch_AccountWithoutShare", (newcomer, 4))
    tally_all(desk)
    assert escape(desk, newcomer) == ("Hatch_AccountWithoutShare", (newcomer, 4))
    desk.compare()


@given(named=st.lists(st.integers(0, 5), max_size=4), account=st.integers(1, 4))
@undoing
def test_tally__any_markets_named__counts_all_open_or_reverts(
    desk: Desk, named: list[int], account: int
) -> None:
    open_long(desk, 10, 1, 2, 1)
    open_long(desk, 10, 2, 3, 2)
    freeze(desk)
    outcome, held_markets = tally(desk, [(account, named)]), {1: {1}, 2: {1, 2}, 3: {2}, 4: set()}
    ascends = all(a < b for a, b in pairwise(named))
    refusal = "Hatch_PositionsIncomplete" if ascends else "Hatch_MarketsNotAscending"
    good = ascends and held_markets[account] <= set(named)
    assert (outcome and outcome[0]) == (DONE if good else refusal)
    compare(desk)


@given(seed=SEEDS, per_mille=st.integers(0, 150))
@undoing
def test_tally__random_pages_with_repetitions__same_claims_and_pot(
    desk: Desk, seed: int, per_mille: int
) -> None:
    lived(desk, per_mille) if per_mille > 70 else open_long(desk)
    rng = Random(seed)
    freeze(desk)
    claims = sum(model.claim(desk.model, *entry) for entry in everybody(desk))
    for page in pages(desk, rng):
        again = rng.sample(everybody(desk), rng.randint(0, 4))
        mixed = [*page, *again, *page]
        rng.shuffle(mixed)
        if desk.hatch.fixed_at:
            assert tally(desk, page) == ("Hatch_TallyComplete", (4,))
            break
        assert tally(desk, mixed) is DONE
    tally_all(desk) if not desk.hatch.fixed_at else None
    assert desk.venue.hatch.call("count")[3] == claims
    assert desk.venue.hatch.call("pot") == (desk.now, held(desk))
    assert last(desk, "PotFixed").arguments == (held(desk), claims)
    compare(desk)


def test_tally__no_accounts__an_empty_page_fixes_the_pot() -> None:
    twin = Twin()
    freeze(twin)
    assert tally(twin, []) is DONE
    assert twin.venue.hatch.call("pot") == (twin.now, 0)
    compare(twin)


@given(lots=st.integers(1, 1_000))
@undoing
def test_tally__swept_between_making_and_sending_a_page__counts_alike(
    desk: Desk, lots: int
) -> None:
    desk.trade(lots)
    desk.trade(-lots)
    freeze(desk)
    page = everybody(desk)
    assert dict(page)[1] == [1]
    with desk.undone():
        assert tally(desk, page) is DONE
        claims = desk.hatch.claims
    assert desk.sweep(1, 1) is DONE
    assert tally(desk, page) is DONE
    assert desk.hatch.claims == claims
    compare(desk)
    desk.compare()


@given(money=st.integers(1, DEPOSIT), ready=st.booleans(), between=st.booleans())
@undoing
def test_tally__tickets_paid_before_or_after__same_pot(
    desk: Desk, money: int, ready: bool, between: bool
) -> None:
    endow(desk, DEPOSIT)
    assert desk.withdraw(1, money) is DONE
    freeze(desk)
    if ready:
        desk.chain.time += 10**6
    if between:
        desk.venue.vault.transact("release", 10, sender=STRANGER.address)
    tally_all(desk)
    assert desk.venue.hatch.call("pot")[1] == 5 * DEPOSIT - money
    assert desk.venue.hatch.call("residual") == DEPOSIT
    compare(desk)


@given(gift=st.integers(1, 10**12))
@undoing
def test_tally__tokens_given_to_the_vault__are_no_part_of_the_pot(desk: Desk, gift: int) -> None:
    vault = desk.venue.vault.address
    desk.venue.token.transact("mint", vault, gift, sender=STRANGER.address)
    freeze(desk)
    tally_all(desk)
    assert desk.venue.hatch.call("pot")[1] == 4 * DEPOSIT


@given(passed=st.integers(0, 10**7))
@undoing
def test_share_of__whenever__marks_and_funding_are_those_of_the_freeze(
    desk: Desk, passed: int
) -> None:
    lived(desk)
    freeze(desk)
    tally_all(desk)
    before = [desk.venue.hatch.call("shareOf", *entry) for entry in everybody(desk)]
    desk.chain.time += passed
    after = [desk.venue.hatch.call("shareOf", *entry) for entry in everybody(desk)]
    expected = [model.share_of(desk.hatch, desk.model, *e) for e in everybody(desk)]
    assert before == after == expected


@undoing
def test_share_of__not_tallied__reverts(desk: Desk) -> None:
    freeze(desk)
    assert tally(desk, everybody(desk)[:3]) is DONE
    for view, arguments in (("shareOf", (1, [])), ("residual", ())):
        with reverts("Hatch_TallyIncomplete", 3, 4):
            desk.venue.hatch.call(view, *arguments)


@undoing
def test_tally__account_zero__is_not_counted(desk: Desk) -> None:
    endow(desk, DEPOSIT)
    freeze(desk)
    tally_all(desk)
    assert desk.hatch.claims == 4 * DEPOSIT
    assert desk.venue.hatch.call("isCounted", FUND) is False

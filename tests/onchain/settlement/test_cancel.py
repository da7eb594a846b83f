"""cancel(account, nonces), cancelAll(account, epochFloor, nonce), sweep, collectFees(market)

cancel:       caller neither owner nor key . Account_CallerNotOwnerOrSigner
              epoch or a lower one ......... dead; a higher one in the slot lives
cancelAll:    caller neither owner nor key . Account_CallerNotOwnerOrSigner
              a floor would go down ........ Floor_NotRaised
              otherwise .................... resting epochs and numbers up to the floors die
sweep:        has a size, or is empty ...... Position_NotClosed
              otherwise .................... quote becomes collateral, by anyone
collectFees:  .............................. fees become collateral of account 0, by anyone
"""

from hypothesis import given
from hypothesis import strategies as st

from penstock.messages import Fill, Side, Verdict
from tests.helpers.actors import Actor
from tests.helpers.amounts import PEOPLE
from tests.helpers.revm import reverts
from tests.helpers.twin import DONE, OWNER, address_text, undoing
from tests.helpers.venue import STRANGER
from tests.onchain.settlement.desk import DEPOSIT, OK, SIZES, Desk

EPOCHS = st.integers(0, 2**32 - 1)
SLOTS = st.integers(0, 255)
OTHERS = PEOPLE.filter(lambda actor: actor != OWNER)


@given(who=OTHERS)
@undoing
def test_cancel__neither_owner_nor_key__reverts(desk: Desk, who: Actor) -> None:
    with reverts("Account_CallerNotOwnerOrSigner", 1, who.address):
        desk.venue.positions.transact("cancel", 1, [1], sender=who.address)
    with reverts("Account_CallerNotOwnerOrSigner", 1, who.address):
        desk.venue.positions.transact("cancelAll", 1, 1, 1, sender=who.address)


@undoing
def test_cancel__by_another_accounts_key__reverts(desk: Desk) -> None:
    key = address_text(desk.keys[2].address)
    with reverts("Account_CallerNotOwnerOrSigner", 1, key):
        desk.venue.positions.transact("cancel", 1, [1], sender=key)


@given(slot=SLOTS, epoch=EPOCHS)
@undoing
def test_cancel__by_the_trading_key__kills(desk: Desk, slot: int, epoch: int) -> None:
    key, nonce = address_text(desk.keys[1].address), slot << 32 | epoch
    desk.transact(desk.venue.positions, "cancel", 1, [nonce], sender=key)
    assert desk.logs[-1][1].arguments == (1, nonce)
    desk.model.cancel(1, [nonce])
    desk.compare()


@given(slot=SLOTS, cancelled=EPOCHS, used=EPOCHS)
@undoing
def test_cancel__an_epoch__kills_it_and_lower_ones_only(
    desk: Desk, slot: int, cancelled: int, used: int
) -> None:
    assert desk.cancel(2, [slot << 32 | cancelled]) is DONE
    status = {True: Verdict.REPLACED, False: Verdict.SETTLED}[used < cancelled]
    expected = (Verdict.CANCELLED if used == cancelled else status).value
    ((verdict, _),) = desk.verdicts(Fill(desk.rest(slot=slot, epoch=used), desk.take(), 1))
    assert verdict == expected


@given(slot=SLOTS, epochs=st.lists(EPOCHS, min_size=2, max_size=2, unique=True))
@undoing
def test_cancel__lower_than_the_slots_epoch__changes_nothing(
    desk: Desk, slot: int, epochs: list[int]
) -> None:
    low, high = sorted(epochs)
    maker = desk.rest(slot=slot, epoch=high)
    assert desk.verdicts(Fill(maker, desk.take(), 1)) == [OK]
    events = len(desk.logs)
    assert desk.cancel(2, [slot << 32 | low]) is DONE
    assert len(desk.logs) == events
    assert desk.verdicts(Fill(maker, desk.take(), 1)) == [OK]


@given(floor=EPOCHS, number=EPOCHS, epoch=EPOCHS, used=EPOCHS)
@undoing
def test_cancel_all__floors__kill_all_at_or_below(
    desk: Desk, floor: int, number: int, epoch: int, used: int
) -> None:
    assert desk.cancel_all(1, floor, number) is DONE
    assert desk.logs[-1][1].arguments == (1, floor, number)
    maker, taker = desk.rest(1, epoch=epoch), desk.take(1, number=used)
    replaced, spent = (Verdict.REPLACED, Side.MAKER), (Verdict.SPENT, Side.TAKER)
    assert desk.verdicts(Fill(maker, desk.take(2), 1)) == [OK if epoch > floor else replaced]
    fill = Fill(desk.rest(slot=9), taker, 1)
    assert desk.verdicts(fill) == [OK if used > number else spent]


@given(floors=st.tuples(EPOCHS, EPOCHS), tried=st.tuples(EPOCHS, EPOCHS))
@undoing
def test_cancel_all__a_floor_goes_down__reverts(
    desk: Desk, floors: tuple[int, int], tried: tuple[int, int]
) -> None:
    assert desk.cancel_all(1, *floors) is DONE
    down = tried[0] < floors[0] or tried[1] < floors[1]
    expected = ("Floor_NotRaised", (1, *floors)) if down else DONE
    assert desk.cancel_all(1, *tried) == expected
    desk.compare()


@given(size=SIZES, gain=st.integers(-1_000, 1_000))
@undoing
def test_sweep__closed_position__moves_quote_and_keeps_equity_and_snapshot(
    desk: Desk, size: int, gain: int
) -> None:
    desk.trade(size)
    desk.trade(-size, price=500_000 + gain)
    equity, snapshot = desk.equity(1), desk.model.accounts[1].positions[1].snapshot
    assert desk.sweep(1, 1) is DONE
    assert desk.collateral(1) == desk.equity(1) == equity
    assert desk.word("position", 1, 1) == snapshot != 0
    assert desk.venue.lens.call("openMarketsOf", 1) == ()
    assert desk.sweep(1, 1) == ("Position_NotClosed", (1, 1, 0))
    desk.compare()


@given(size=SIZES, account=st.sampled_from((1, 2)))
@undoing
def test_sweep__open_position__reverts_with_its_size(desk: Desk, size: int, account: int) -> None:
    desk.trade(size)
    held = size if account == 1 else -size
    assert desk.sweep(account, 1) == ("Position_NotClosed", (account, 1, held))


@given(account=st.integers(0, 2**32 - 1), market=st.integers(0, 2**16 - 1))
@undoing
def test_sweep__nothing_there__reverts(desk: Desk, account: int, market: int) -> None:
    assert desk.sweep(account, market) == ("Position_NotClosed", (account, market, 0))


@given(sizes=st.lists(SIZES, max_size=3))
@undoing
def test_collect_fees__by_a_stranger__credits_account_0(desk: Desk, sizes: list[int]) -> None:
    for size in sizes:
        desk.trade(size if desk.size(1) <= 0 else -size)
    fees = desk.model.fees
    collected = desk.transact(desk.venue.positions, "collectFees", 1, sender=STRANGER.address)
    assert collected == fees == desk.collateral(0) == desk.model.collect_fees(1)
    total = sum(desk.equity(account) for account in (0, 1, 2))
    assert total == 2 * DEPOSIT
    desk.compare()

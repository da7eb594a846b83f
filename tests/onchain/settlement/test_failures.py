"""Failures of other venues, by the names of the list: signatures, order limits, batches.

A digest is made by eth-account's encoder wherever a test is about digests.
"""

from random import Random

import pytest
from eth_account.messages import encode_typed_data
from hypothesis import given
from hypothesis import strategies as st
from msgspec import to_builtins

from penstock import views
from penstock.batch import encode
from penstock.builder import build
from penstock.messages import Fill, Order, Side, SignedOrder, Verdict
from penstock.records import decode_records
from penstock.signing import Domain
from tests.helpers.actors import Actor
from tests.helpers.revm import START, Log, reverts
from tests.helpers.twin import (
    DONE,
    address_text,
    listing_of,
    outcome_of,
    trading_key,
    undoing,
)
from tests.helpers.venue import OPERATOR, STRANGER
from tests.onchain.settlement.desk import DEPOSIT, FAR, MARK, OK, SIZES, UNIT, Desk
from tests.onchain.settlement.replay import Replay, replay
from tests.parity.history import PARAMETERS, History
from tests.vectors.make import TYPES, digest

MAKER, TAKER = Side.MAKER, Side.TAKER
WRONG = (Verdict.BAD_SIGNATURE, MAKER)
TRADER = Actor("trader with a wallet")


def fields_of(order: Order) -> dict[str, object]:
    """An order as a wallet shows it: what is signed, and no more."""
    fields: dict[str, object] = to_builtins(order)
    assert list(fields) == [name for _, name in TYPES["Order"]]
    return fields


# --- SIG ------------------------------------------------------------------------------------------


@given(chain_id=st.integers(1, 2**64).filter(lambda n: n != 31_337))
@undoing
def test_sig_1__order_for_another_chain__bad_signature(desk: Desk, chain_id: int) -> None:
    order = desk.rest().order
    other = Domain(chain_id, desk.venue.positions.address)
    signed = SignedOrder(order, desk.keys[2].sign(other.order_digest(order)))
    assert desk.verdicts(Fill(signed, desk.take(), 1)) == [WRONG]


@pytest.mark.parametrize("chain_id", [1, 10, 2**63])
def test_sig_1__chain_forks_to_another_id__old_orders_die_and_new_ones_live(
    desk: Desk, chain_id: int
) -> None:
    fork = desk.chain.fork(chain_id).at("PerpPositions", desk.venue.positions.address)
    own = encode(desk.batch(desk.cross()))
    (record,) = decode_records(fork.call("simulate", own))
    assert (record.verdict, record.side) == WRONG
    domain = Domain(chain_id, fork.address)
    pair = (desk.rest().order, desk.take().order)
    maker, taker = (SignedOrder(o, desk.keys[o.account].sign(domain.order_digest(o))) for o in pair)
    (record,) = decode_records(fork.call("simulate", encode(desk.batch(Fill(maker, taker, 1)))))
    assert record.verdict is Verdict.SETTLED
    assert fork.call("domainSeparator") == domain.separator


@given(name=st.text(max_size=5))
@undoing
def test_sig_1__order_for_another_venue__bad_signature(desk: Desk, name: str) -> None:
    order, other = desk.rest().order, Domain(desk.chain.chain_id, Actor(name).address)
    signed = SignedOrder(order, desk.keys[2].sign(other.order_digest(order)))
    assert desk.verdicts(Fill(signed, desk.take(), 1)) == [WRONG]


@given(slot=st.integers(0, 255), epoch=st.integers(0, 2**32 - 1))
@undoing
def test_sig_3__order_shown_as_cancel_and_cancel_as_order__neither_counts(
    desk: Desk, slot: int, epoch: int
) -> None:
    signed = desk.rest(slot=slot, epoch=epoch)
    cancel = desk.cancel_order(2, slot, epoch)
    swapped = SignedOrder(signed.order, cancel.signature)
    forged = type(cancel)(cancel.cancel, signed.signature)
    assert desk.verdicts(Fill(swapped, desk.take(), 1), cancels=[forged]) == [WRONG]
    assert desk.verdicts(Fill(signed, desk.take(), 1)) == [OK]


@undoing
def test_sig_3__ladder_of_one_level_shown_as_order__bad_signature(desk: Desk) -> None:
    (level,) = desk.ladder(2, [(MARK, 10)])
    alone = SignedOrder(level.order, level.signature)
    assert desk.verdicts(Fill(alone, desk.take(), 1)) == [WRONG]
    assert desk.verdicts(Fill(level, desk.take(), 1)) == [OK]


@pytest.mark.parametrize("seed", range(8))
def test_sig_4__random_orders_signed_over_an_independent_digest__all_recover(
    desk: Desk, seed: int
) -> None:
    rng, fills = Random(seed), []
    with desk.undone():
        for slot in range(128):
            maker, taker = _random_order(rng, slot, False), _random_order(rng, slot, True)
            fills.append(Fill(_wallet_signed(desk, maker), _wallet_signed(desk, taker), 1))
        records = desk.simulate(desk.batch(*fills))
    assert len(records) == 128
    assert [record for record in records if record.verdict is Verdict.BAD_SIGNATURE] == []


def _random_order(rng: Random, place: int, taker: bool) -> Order:
    resting = not taker or rng.random() < 0.5
    epoch = rng.choice((0, 1, 2**32 - 1, rng.getrandbits(32)))
    word = (0, 1, 2**32 - 1, rng.getrandbits(32))
    return Order(
        account=1 if taker else 2,
        market=rng.choice((1, 2)),
        buy=rng.random() < 0.5,
        immediate=not resting,
        post_only=resting and rng.random() < 0.5,
        reduce_only=rng.random() < 0.5,
        price=rng.choice(word),
        size=rng.choice(word),
        expiry=rng.choice(word),
        nonce=place << 32 | epoch if resting else place,
    )


def _wallet_signed(desk: Desk, order: Order) -> SignedOrder:
    made = digest("Order", fields_of(order), desk.chain.chain_id, desk.venue.positions.address)
    return SignedOrder(order, desk.keys[order.account].sign(bytes.fromhex(made[2:])))


@undoing
def test_sig_4__a_wallet_signs_and_the_chain_settles(desk: Desk) -> None:
    order = desk.rest().order
    domain = {
        "name": "Penstock",
        "version": "1",
        "chainId": desk.chain.chain_id,
        "verifyingContract": desk.venue.positions.address,
    }
    types = {"Order": [{"type": kind, "name": name} for kind, name in TYPES["Order"]]}
    signed = TRADER.account.sign_message(encode_typed_data(domain, types, fields_of(order)))
    compact = signed.r.to_bytes(32, "big") + (signed.s | (signed.v - 27) << 255).to_bytes(32, "big")
    desk.model.set_signer(2, int(TRADER.address, 16))
    owner = desk.venue.positions.call("ownerOf", 2)
    desk.venue.positions.transact("setSigner", 2, TRADER.address, sender=owner)
    assert desk.verdicts(Fill(SignedOrder(order, compact), desk.take(), 1)) == [OK]


@given(signature=st.one_of(st.just(bytes(64)), st.binary(min_size=64, max_size=64)))
@undoing
def test_sig_6__garbage_signature__bad_signature_even_for_nobody(
    desk: Desk, signature: bytes
) -> None:
    garbage = SignedOrder(desk.rest().order, signature)
    assert desk.verdicts(Fill(garbage, desk.take(), 1)) == [WRONG]
    nobody = SignedOrder(Order(77, 1, False, False, False, False, MARK, 9, FAR, 1), signature)
    batch = build(2, [Fill(nobody, desk.take(), 1)], [], lambda _: ())
    assert desk.simulate(batch)[0][9:11] == WRONG


@given(flags=st.integers(32, 255))
@undoing
def test_sig_7__unknown_flag_bits__malformed(desk: Desk, flags: int) -> None:
    batch = desk.batch(desk.cross())
    raw = bytearray(encode(batch))
    at = len(raw) - 2 * 64 - 8 - 2 * 20 + 2
    assert raw[at] == batch.orders[0].flags
    raw[at] |= flags & 0xE0
    with reverts("Batch_FlagsMalformed", 0, raw[at]):
        desk.venue.positions.transact("settle", bytes(raw), sender=OPERATOR.address)


@given(bit=st.integers(0, 20 * 8 - 1))
@undoing
def test_sig_7__any_bit_of_an_order_flipped__no_other_order_settles(desk: Desk, bit: int) -> None:
    fill = desk.cross()
    batch = desk.batch(fill)
    raw = bytearray(encode(batch))
    at = len(raw) - 2 * 64 - 8 - 20 + bit // 8
    raw[at] ^= 1 << bit % 8
    answers: list[bytes] = []
    refused = outcome_of(lambda: answers.append(desk.venue.positions.call("simulate", bytes(raw))))
    if refused is not None:
        assert refused[0].startswith("Batch_")
        return
    assert decode_records(answers[0])[0].verdict is not Verdict.SETTLED


@undoing
def test_sig_7__signature_in_its_other_form__same_fill_key(desk: Desk) -> None:
    maker = desk.rest(size=10)
    s = int.from_bytes(maker.signature[32:], "big")
    order_n = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
    low, parity = s % 2**255, s >> 255
    flipped = order_n - low
    # A high s needs its top bit for the parity: the compact form has no second encoding.
    assert flipped >> 255 == 0 or parity in (0, 1)
    other = maker.signature[:32] + (flipped % 2**255 | (1 - parity) << 255).to_bytes(32, "big")
    twin = SignedOrder(maker.order, other)
    assert desk.verdicts(Fill(maker, desk.take(), 10)) == [OK]
    ((verdict, _),) = desk.verdicts(Fill(twin, desk.take(), 1))
    assert verdict in (Verdict.OVERFILL, Verdict.BAD_SIGNATURE)


@undoing
def test_sig_9__key_rotated_between_match_and_settlement__skipped(desk: Desk) -> None:
    fill = desk.cross()
    batch = desk.batch(fill)
    assert desk.set_signer(2, trading_key("rotated")) is DONE
    assert desk.settle(batch) is DONE
    assert desk.settled()[0][9:11] == (Verdict.BAD_SIGNATURE, MAKER)


@given(ahead=st.integers(-2, 2))
@undoing
def test_sig_10__expiry_about_now__same_answer_in_batch_and_model(desk: Desk, ahead: int) -> None:
    desk.pass_time(30)
    maker = desk.rest(expiry=desk.now + ahead)
    expected = OK if ahead >= 0 else (Verdict.EXPIRED, MAKER)
    assert desk.verdicts(Fill(maker, desk.take(), 1)) == [expected]


@undoing
def test_sig_10__expires_while_the_batch_waits__skipped_and_the_rest_settles(desk: Desk) -> None:
    dying = Fill(desk.rest(expiry=desk.now + 5), desk.take(), 1)
    batch = desk.batch(dying, desk.cross(3, 4))
    desk.pass_time(6)
    assert desk.settle(batch) is DONE
    assert [r.verdict for r in desk.settled()] == [Verdict.EXPIRED, Verdict.SETTLED]


# --- ORD ------------------------------------------------------------------------------------------


@undoing
def test_ord_2__same_fields_other_slot_account_or_market__keys_of_their_own(desk: Desk) -> None:
    makers = [
        desk.rest(2, slot=0, epoch=0),
        desk.rest(2, slot=1, epoch=0),
        desk.rest(3, slot=0, epoch=0),
        desk.rest(3, slot=1, epoch=0, market=2, price=300_000),
    ]
    fills = [Fill(m, desk.take(price=m.order.price, market=m.order.market), 10) for m in makers]
    assert desk.verdicts(*fills) == [OK] * 4
    again = [Fill(f.maker, desk.take(price=f.price, market=f.maker.order.market), 1) for f in fills]
    assert desk.verdicts(*again) == [(Verdict.OVERFILL, MAKER)] * 4


@pytest.mark.parametrize("everything", [False, True])
def test_ord_3__cancel_on_chain_before_the_batch__dead_at_once(
    desk: Desk, everything: bool
) -> None:
    with desk.undone():
        batch = desk.batch(desk.cross(epoch=5))
        outcome = desk.cancel_all(2, 5, 0) if everything else desk.cancel(2, [5])
        assert outcome is DONE
        assert desk.settle(batch) is DONE
        expected = Verdict.REPLACED if everything else Verdict.CANCELLED
        assert desk.settled()[0][9:11] == (expected, MAKER)


@given(size=SIZES, ticks=st.integers(-500, 500))
@undoing
def test_ord_5__fees__never_above_the_listed_rate_by_a_whole_unit(
    desk: Desk, size: int, ticks: int
) -> None:
    price = MARK + ticks
    assert desk.verdicts(desk.cross(size=size, price=price)) == [OK]
    notional = size * price * UNIT
    fees = desk.venue.lens.call("progress")[2]
    assert notional * 700 <= fees * 10**6 < notional * 700 + 2 * 10**6


@given(sizes=st.lists(st.integers(1, 12), min_size=2, max_size=6))
@undoing
def test_ord_6__reduce_only_after_the_position_shrank_in_the_batch__never_flips(
    desk: Desk, sizes: list[int]
) -> None:
    desk.trade(10)
    fills = [
        Fill(
            desk.rest(1, size=n, slot=i, reduce_only=True),
            desk.take(3 + i % 2, size=n),
            n,
        )
        for i, n in enumerate(sizes)
    ]
    left, expected = 10, []
    for n in sizes:
        expected.append(OK if n <= left else (Verdict.REDUCE_ONLY, MAKER))
        left -= n if n <= left else 0
    assert desk.verdicts(*fills) == expected
    assert desk.size(1) == left >= 0


@given(parts=st.lists(st.integers(1, 3), min_size=2, max_size=40), price=st.integers(1, 50))
@undoing
def test_ord_8__many_dust_fills__never_better_than_one(
    desk: Desk, parts: list[int], price: int
) -> None:
    desk.pass_time(1)
    for _ in range(12):
        desk.pass_time(300)
        desk.refresh(1, price)
    price = desk.model.markets[1].mark
    whole = _pay(desk, [sum(parts)], price)
    assert all(split <= one for split, one in zip(_pay(desk, parts, price), whole, strict=True))


def _pay(desk: Desk, parts: list[int], price: int) -> tuple[int, int]:
    with desk.undone():
        maker = desk.rest(size=1_000, price=price)
        taker = desk.take(size=1_000, price=price)
        assert desk.verdicts(*[Fill(maker, taker, part) for part in parts]) == [OK] * len(parts)
        return desk.equity(1), desk.equity(2)


@undoing
def test_ord_9__other_market_same_side_or_swapped_roles__rejected(desk: Desk) -> None:
    fills = [
        Fill(desk.rest(2, slot=1), desk.take(market=2), 1),
        Fill(desk.rest(2, slot=2, buy=True), desk.take(), 1),
        Fill(desk.take(1), desk.rest(2, slot=3), 1),
    ]
    expected = [Verdict.MARKET_MISMATCH, Verdict.SAME_SIDE, Verdict.MAKER_IMMEDIATE]
    assert [verdict for verdict, _ in desk.verdicts(*fills)] == expected


@undoing
def test_ord_12__operator_leaves_numbers_out__allowed_and_seen_in_the_events(desk: Desk) -> None:
    late, early = desk.take(number=5), desk.take(number=9)
    assert desk.verdicts(Fill(desk.rest(slot=1), early, 1)) == [OK]
    assert desk.verdicts(Fill(desk.rest(slot=2), late, 1)) == [(Verdict.SPENT, TAKER)]
    assert [record.taker_nonce for record in desk.settled()] == [5]


# --- BAT ------------------------------------------------------------------------------------------


def bad_fill(desk: Desk, kind: int) -> Fill:
    """A fill with one fault."""
    wrong = trading_key("wrong")
    return [
        Fill(desk.rest(2, slot=200, key=wrong), desk.take(), 1),
        Fill(desk.rest(2, slot=200, expiry=desk.now - 1), desk.take(), 1),
        Fill(desk.rest(2, slot=200), desk.take(1, price=MARK - 1), 1),
        Fill(desk.rest(2, slot=200, size=2**31), desk.take(size=2**31), 2**31),
        Fill(desk.rest(2, slot=200, price=MARK * 2), desk.take(price=MARK * 2), 1),
        Fill(desk.rest(2, slot=200), desk.take(), 11),
    ][kind]


@pytest.mark.parametrize("kind", range(6))
def test_bat_1__one_bad_item_among_two_hundred__it_alone_is_skipped_without_residue(
    desk: Desk, kind: int
) -> None:
    with desk.undone():
        good = [
            Fill(desk.rest(2, slot=i, size=2), desk.take(1 + 2 * (i % 2), size=2), 1 + i % 2)
            for i in range(199)
        ]
        bad, place = bad_fill(desk, kind), Random(kind).randrange(200)
        verdicts = desk.verdicts(*good[:place], bad, *good[place:])
        skipped = [i for i, verdict in enumerate(verdicts) if verdict != OK]
        assert skipped == [place]
        words = {k: w for k, w in views.words(desk.model).items() if k[0] != "account"}
    with desk.undone():
        assert desk.verdicts(*good) == [OK] * 199
        assert {k: w for k, w in views.words(desk.model).items() if k[0] != "account"} == words


@undoing
def test_bat_2__user_changes_state_after_simulation__skip_with_a_bounded_loss(desk: Desk) -> None:
    batch = desk.batch(*[Fill(desk.rest(2, slot=i), desk.take(), 1) for i in range(50)])
    raw = encode(batch)
    clean = desk.venue.positions.measure("settle", raw, sender=OPERATOR.address)
    assert desk.cancel_all(2, 1, 0) is DONE
    assert {record.verdict for record in desk.simulate(batch)} == {Verdict.REPLACED}
    wasted = desk.venue.positions.measure("settle", raw, sender=OPERATOR.address)
    assert wasted < clean
    assert wasted // 50 < 20_000


@undoing
def test_bat_4__same_fill_twice__the_second_overfills(desk: Desk) -> None:
    fill = desk.cross()
    twice = [Fill(fill.maker, fill.taker, 10)] * 2
    assert desk.verdicts(*twice) == [OK, (Verdict.OVERFILL, MAKER)]


@pytest.mark.parametrize("number", [0, 1, 3, 2**48 - 1])
def test_bat_4__same_number_twice_gap_or_older__reverts(desk: Desk, number: int) -> None:
    with desk.undone():
        assert desk.settle(desk.batch()) is DONE
        outcome = desk.settle(desk.batch(desk.cross(), number=number))
        assert outcome == ("Batch_NumberWrong", (number, 2))
        desk.compare()


@undoing
def test_bat_5__a_stranger_copies_the_calldata_first__rejected(desk: Desk) -> None:
    raw, until = encode(desk.batch(desk.cross())), desk.model.tally.settled_at + 86_400
    with reverts("Batch_CallerNotOperator", STRANGER.address, OPERATOR.address, until):
        desk.venue.positions.transact("settle", raw, sender=STRANGER.address)
    assert desk.settle(desk.batch(desk.cross())) is DONE


@undoing
def test_bat_7__every_account_new_and_everything_cold__below_half_a_block(desk: Desk) -> None:
    fills = []
    for i in range(200):
        maker, taker = (desk.register(trading_key(f"cold {i} {side}")) for side in "mt")
        for account in (maker, taker):
            assert desk.deposit(account, DEPOSIT) is DONE
        fills.append(Fill(desk.rest(maker), desk.take(taker), 1))
    raw = encode(desk.batch(*fills))
    gas = desk.venue.positions.measure("settle", raw, sender=OPERATOR.address)
    assert gas // 200 < 120_000
    assert gas < 30_000_000


@pytest.mark.parametrize("seed", range(3))
def test_bat_8__replay_of_all_events__exact_storage(seed: int) -> None:
    history = History(500 + seed)
    twin = history.twin
    # Deployment happened before anybody listened: its events are read from the parameters.
    rules = twin.model.settings
    first = Replay(settled_at=twin.model.tally.settled_at)
    said = (address_text(rules.operator), rules.open_after, rules.max_price_age)
    limits = (rules.band_bps, rules.max_markets, rules.discount_share, rules.penalty_share)
    first.apply(START, Log("", "SettingsChanged", ((*said, *limits),)))
    first.apply(START, Log("", "WatchStarted", (twin.model.watch.limit, 900, "")))
    for number, market in enumerate(PARAMETERS.markets, 1):
        m = market
        margins = (m.initial_bps, m.maintenance_bps)
        terms = (m.interval, m.interest, m.cap, m.damp, m.step)
        bounds = (m.tier, m.open_interest_cap)
        listing = (listing_of(m).unit, *margins, m.taker_fee, m.maker_fee, terms, bounds)
        first.apply(START, Log("", "MarketListed", (number, market.symbol, listing)))
        first.apply(START, Log("", "LossCapChanged", (number, m.loss_cap)))
    for _ in range(250):
        history.step()
    done = replay(twin.logs, first)
    assert done.words() == views.words(twin.model)
    twin.compare()
    twin.compare_storage()

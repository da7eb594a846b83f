"""What the keeper of exits finds due, without a chain: the model accepts what it proposes.

docket
├── filed, progressed, paid, served, dropped    what is pending, as far as it is written down
├── held, admitted                              holds by their number
└── unknown numbers                             are passed over
rests       longer each time up to a bound; forgotten when nothing of the name is left
orders
├── of a file                                   orders and levels of ladders, past broken lines
├── of an engine                                what rests there, with what is left of it
└── of no file                                  one sentence
close
├── any crowd                                   is accepted as proposed, and no lot more by the fund
├── several orders                              the best price first; those that do not fit left out
├── an order that is filled in part             for what is left of it
├── one maker twice                             its second order names the market, too
├── an order that takes all                     nothing is left for the others
├── a stale mark                                left, by name
├── before the window                           not by a stranger; by the operator, without the fund
├── poor fund, fees that would do               collects them
└── nobody                                      left; an alarm from the middle of the last window on
withdraw    what can be spared, from `least` on while positions are open
acknowledge only what came further than is written down
admit       those whose time has come, the oldest first
release     tickets that are paid in full; of a large one a tenth at least
look        at first, every 72nd of the window, and towards the end of a silence
"""

from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.closes import Maker
from penstock.engine import Engine
from penstock.exits import ExitDesk
from penstock.follow.calls import PAGE
from penstock.forced import Request, Status
from penstock.gate import PositionGate
from penstock.keepers import serving
from penstock.keepers.closing import Asker, Close, plan
from penstock.keepers.docket import Docket
from penstock.keepers.keeper import Decision
from penstock.keepers.makers import (
    Offer,
    OrdersMissingError,
    from_engine,
    from_file,
    none,
    row,
    signer_of,
)
from penstock.keepers.rests import FIRST, Rests
from penstock.keepers.serving import Left, Line, Silence
from penstock.localvenue import signer_of as key_of
from penstock.messages import Ladder, Order, SignedLadder, SignedOrder
from penstock.refusals import Refused
from penstock.signing import Domain
from penstock.venue import Venue
from penstock.views import words
from penstock.watch import Watch
from penstock.wire import encode_ladder, encode_order
from tests.helpers.crowds import crowd_venue, crowds, fresh, trade
from tests.helpers.model import FAR, MARK, START, UNIT, order
from tests.helpers.orders import NOW as NOW_ENGINE
from tests.helpers.orders import immediate, resting

NOW: Final = START + 2
WINDOW: Final = 1_000
AMOUNT: Final = 10**6
STRANGER: Final = 99
OPERATOR: Final = 1
DOMAIN: Final = Domain(1, "0x" + "11" * 20)


class Happened(NamedTuple):
    """An event, as the mirror hands it on."""

    name: str
    arguments: tuple[Any, ...]
    time: int = START


def asker(address: int = STRANGER, now: int = NOW) -> Asker:
    return Asker(address, now, WINDOW, DOMAIN)


def asked(account: int = 1, held: int = 100, left: int = 0, at: int = NOW - WINDOW) -> Request:
    """A close whose window is just over, unless it was filed later."""
    return Request(account, 0, at, 0, 1, MARK, held=held, left=left or abs(held))


def offer(account: int, price: int = MARK, size: int = 50, **more: Any) -> Offer:
    """An order that the account's own key signed."""
    said = order(account, price=price, size=size, **more)
    return Offer(key_of(f"trader {account}").sign_order(DOMAIN, said), size)


def long_venue(lots: int = 100, fund: int = 0) -> Venue:
    """Account 1 is long against account 2; all others are free, and sign with keys that exist."""
    venue = crowd_venue(deposit=10**7)
    for account in range(1, 6):
        address = key_of(f"trader {account}").address
        venue.set_signer(account, int.from_bytes(address, "big"))
    venue.accounts[0].credit(fund)
    trade(venue, 1, 2, lots, MARK)
    fresh(venue, 1, MARK, START + 1)
    fresh(venue, 2, MARK, START + 1)
    return venue


def enact(venue: Venue, request: Request, close: Close, who: Asker, more: int = 0) -> Request:
    """Do on the venue what was proposed, with more lots for the fund; return what is left."""
    desk = ExitDesk(WINDOW, 0, 0, requests={1: request})
    makers = [_maker(venue, each) for each in close.makers]
    by_fund, named = close.by_fund + more, close.markets
    desk.execute_close(venue, 1, makers, by_fund, who.address, who.now, markets=named)
    return desk.requests[1]


def _maker(venue: Venue, said: tuple[Any, ...]) -> Maker:
    """A row of the call, as the contract reads it."""
    (account, buy, post, reduce, price, size, expiry, nonce), lots, markets, *_ = said
    read = Order(account, 1, buy, False, post, reduce, price, size, expiry, nonce)
    return Maker(read, lots, venue.accounts[account].signer, markets)


# --- docket ---------------------------------------------------------------------------------------


def test_docket__requests__are_pending_as_far_as_it_is_written_down() -> None:
    docket = Docket()
    docket.take(
        [
            Happened("CloseForced", (1, 7, 2, 50, MARK), START + 5),
            Happened("WithdrawalForced", (2, 8, "0x", 900)),
            Happened("CloseProgressed", (1, 20)),
            Happened("WithdrawalExecuted", (2, 31, 300)),
            Happened("CloseForced", (3, 7, 2, 50, MARK)),
            Happened("WithdrawalForced", (4, 8, "0x", 900)),
            Happened("RequestServed", (3, 7)),
            Happened("RequestDropped", (4, 8)),
        ]
    )
    assert docket.closes == {1: Request(7, 0, START + 5, 0, 2, MARK, left=20)}
    assert docket.withdrawals == {2: Request(8, 0, START, 0, amount=600)}


def test_docket__holds__wait_until_they_are_admitted() -> None:
    docket = Docket()
    docket.take([Happened("TicketHeld", (n, 7, "0x", 5, START + n)) for n in (1, 2)])
    docket.take([Happened("TicketAdmitted", (1, 9, "0x", 5, START))])
    assert docket.holds == {2: START + 2}


def test_docket__unknown_numbers_and_other_events__are_passed_over() -> None:
    docket = Docket()
    names = ("CloseProgressed", "WithdrawalExecuted", "RequestServed", "TicketAdmitted", "Beat")
    docket.take(
        Happened(name, (5, 1, 2)[: 2 if name == "CloseProgressed" else 3]) for name in names
    )
    assert (docket.requests, docket.holds) == ({}, {})


# --- rests ----------------------------------------------------------------------------------------


def test_rests__again_and_again__are_longer_up_to_a_bound() -> None:
    rests = Rests(longest=4 * FIRST)
    assert [rests.put("it", 100) - 100 for _ in range(5)] == [10, 20, 40, 40, 40]
    assert rests.holds("it", 139)
    assert not rests.holds("it", 140)
    assert not rests.holds("another", 0)


def test_rests__of_what_is_gone__are_forgotten() -> None:
    rests = Rests()
    rests.put("a", 0)
    rests.put("b", 0)
    rests.keep({"b", "c"})
    assert rests.put("a", 0) == FIRST
    assert rests.put("b", 0) == 2 * FIRST


# --- orders ---------------------------------------------------------------------------------------


def test_orders__of_a_file__are_orders_and_levels_past_broken_lines(tmp_path: Path) -> None:
    key, single = key_of("trader 3"), offer(3).signed
    message = Ladder(3, 1, True, False, False, FAR, 5 << 32 | 1, (MARK, MARK - 1), (10, 20))
    ladder = SignedLadder(message, key.sign(DOMAIN.ladder_digest(message)))
    file = tmp_path / "orders"
    file.write_bytes(
        b"\n".join([b'{"ladder": 7}', encode_order(single), b"", encode_ladder(ladder)])
    )
    found = list(from_file(file)())
    assert [one.signed for one in found] == [single, *ladder.levels()]
    assert [one.lots for one in found] == [50, 10, 20]
    owner = int.from_bytes(key.address, "big")
    assert {signer_of(DOMAIN, one.signed) for one in found} == {owner}
    said, lots, markets, level, levels, signature = row(found[2].signed, 7, (1, 2))
    assert said == (3, True, False, False, 0, 0, FAR, 5 << 32 | 1)
    assert (lots, markets, level, signature) == (7, [1, 2], 1, ladder.signature)
    assert levels == b"".join(n.to_bytes(4, "big") for n in (MARK, 10, MARK - 1, 20))


def test_orders__signature_that_is_none__is_nobodys() -> None:
    assert signer_of(DOMAIN, SignedOrder(order(3), b"\xff" * 64)) == 0


def test_orders__of_no_file__are_told_missing(tmp_path: Path) -> None:
    with pytest.raises(OrdersMissingError, match="cannot be read"):
        from_file(tmp_path / "nowhere")()


def test_orders__of_an_engine__are_what_rests_with_what_is_left_of_it() -> None:
    engine = Engine(PositionGate(), [1, 2])
    assert list(none()) == list(from_engine(engine)()) == []
    bid, ask = resting(3, "buy", MARK, 30), resting(4, "sell", MARK + 1, 20)
    for signed in (bid, ask, immediate(5, "sell", MARK, 10)):
        engine.place(signed, NOW_ENGINE)
    assert list(from_engine(engine)()) == [Offer(bid, 20), Offer(ask, 20)]


# --- close ----------------------------------------------------------------------------------------


@given(crowds(), st.integers(1, 5), st.booleans())
def test_close__any_crowd__is_accepted_as_proposed(venue: Venue, account: int, mine: bool) -> None:
    held = venue.account(account).position(1).size
    if not held:
        return
    before, who = words(venue), asker(OPERATOR if mine else STRANGER)
    request = asked(account, held)
    close = plan(venue, 1, request, [], who)
    assert words(venue) == before
    if close is None:
        with pytest.raises(Refused):
            enact(
                venue, request, Close(1, tuple(venue.account(account).open_markets), (), 0, 1), who
            )
        return
    if close.by_fund < request.left:
        with pytest.raises(Refused):
            enact(deepcopy(venue), request, close, who, more=1)
    done = enact(venue, request, close, who)
    assert (done.status is Status.SERVED) == (close.by_fund == request.left)


def test_close__several_orders__the_best_price_first_and_what_does_not_fit_left_out() -> None:
    venue = long_venue()
    offers = [
        offer(3, MARK - 50, 30),
        offer(4, MARK, 40),
        offer(1, MARK, 100, nonce=5),  # the account's own
        offer(5, MARK, 100, buy=False),
        offer(5, MARK, 100, market=2),
        offer(5, MARK // 2, 100),  # too far from the mark
        Offer(SignedOrder(order(5), bytes(64)), 100),
    ]
    close = plan(venue, 1, asked(at=NOW - 1), offers, asker(OPERATOR))
    assert close is not None
    assert [(said[0][0], said[1]) for said in close.makers] == [(4, 40), (3, 30)]  # type: ignore[index]
    assert (close.by_orders, close.by_fund, close.markets) == (70, 0, (1,))
    assert enact(venue, asked(at=NOW - 1), close, asker(OPERATOR)).left == 30


def test_close__order_that_is_filled_in_part__for_what_is_left_of_it() -> None:
    venue = long_venue()
    venue.set_filled(3, 1, 15)
    close = plan(venue, 1, asked(), [offer(3, size=50)], asker())
    assert close is not None
    assert close.by_orders == 35


def test_close__one_maker_twice__its_second_order_names_the_market() -> None:
    venue = long_venue()
    offers = [offer(3, MARK, 30, nonce=1 << 32 | 1), offer(3, MARK - 1, 30, nonce=2 << 32 | 1)]
    close = plan(venue, 1, asked(), offers, asker())
    assert close is not None
    assert [said[2] for said in close.makers] == [[], [1]]
    assert enact(venue, asked(), close, asker()).left == 40


def test_close__before_the_window__only_by_the_operator_and_without_the_fund() -> None:
    venue, early = long_venue(fund=10**9), asked(at=NOW - WINDOW + 1)
    assert serving.close(venue, 1, early, [offer(3)], asker()) is None
    found = serving.close(venue, 1, early, [offer(3)], asker(OPERATOR))
    assert isinstance(found, Decision)
    assert (found.values["orders"], found.values["fund"]) == (50, 0)
    late = serving.close(venue, 1, asked(), [offer(3)], asker())
    assert isinstance(late, Decision)
    assert (late.values["orders"], late.values["fund"]) == (50, 50)


def test_close__order_that_takes_all__leaves_nothing_for_the_others_and_the_fund() -> None:
    venue = long_venue(fund=10**9)
    offers = [offer(3, MARK, 100), offer(4, MARK - 1, 100)]
    close = plan(venue, 1, asked(), offers, asker())
    assert close is not None
    assert (close.by_orders, close.by_fund, len(close.makers)) == (100, 0, 1)
    assert enact(venue, asked(), close, asker()).status is Status.SERVED


def test_close__stale_mark__is_left_whatever_fees_there_are() -> None:
    venue = long_venue(fund=10**9)
    venue.markets[1].fresh_until, venue.markets[1].fees = NOW - 1, 10**9
    found = serving.close(venue, 1, asked(), [offer(3)], asker())
    assert isinstance(found, Left)
    assert found.values["refused"] == f"Desk_PriceStale(1, 1, {NOW - 1})"


def test_close__poor_fund_and_fees_that_would_do__collects_them() -> None:
    venue = long_venue()
    venue.markets[1].fees = 100 * MARK * UNIT
    before = words(venue)
    found = serving.close(venue, 1, asked(), [], asker())
    assert isinstance(found, Decision)
    assert (found.did, [call.arguments for call in found.calls]) == ("collected fees", [(1,)])
    assert words(venue) == before
    venue.collect_fees(1)
    assert isinstance(serving.close(venue, 1, asked(), [], asker()), Decision)


@pytest.mark.parametrize("late", [WINDOW // 2 - 1, WINDOW // 2])
def test_close__nobody_takes_it__is_left_with_an_alarm_in_time(late: int) -> None:
    venue = long_venue()
    found = serving.close(venue, 1, asked(at=NOW - WINDOW - late), [], asker())
    assert isinstance(found, Left)
    assert found.is_alarming == (late == WINDOW // 2)
    assert str(found.values["refused"]).startswith("Desk_BelowMargin(0, ")
    assert found.values["ignored_at"] == NOW + WINDOW - late


# --- withdraw -------------------------------------------------------------------------------------


def withdrawal(account: int, amount: int = AMOUNT, at: int = NOW - WINDOW) -> Request:
    return Request(account, 0, at, 0, amount=amount)


def test_withdraw__before_the_window__only_by_the_operator() -> None:
    venue, early = long_venue(), withdrawal(3, at=NOW - WINDOW + 1)
    assert serving.withdraw(venue, 2, early, asker(), 0) is None
    found = serving.withdraw(venue, 2, early, asker(OPERATOR), 0)
    assert isinstance(found, Decision)
    assert found.calls[0].arguments == (2, [])


def test_withdraw__nothing_to_spare__is_left() -> None:
    venue = long_venue()
    venue.accounts[1].collateral = 0
    found = serving.withdraw(venue, 2, withdrawal(1), asker(), 0)
    assert isinstance(found, Left)
    assert found.why == "nothing to spare"


@pytest.mark.parametrize(
    ("account", "amount", "served"), [(1, 10**9, False), (1, 99, True), (3, 10**9, True)]
)
def test_withdraw__little_to_spare__waits_only_while_it_may_become_more(
    account: int, amount: int, served: bool
) -> None:
    venue = long_venue()
    venue.accounts[account].collateral += 100 - _spare(venue, account)
    found = serving.withdraw(venue, 2, withdrawal(account, amount), asker(), least=101)
    assert isinstance(found, Decision) == served
    assert isinstance(
        serving.withdraw(venue, 2, withdrawal(account, amount), asker(), 100), Decision
    )


def _spare(venue: Venue, account: int) -> int:
    found = serving.withdraw(venue, 2, withdrawal(account), asker(), 0)
    assert found is not None
    return int(found.values["spare"])


# --- the line and the hatch -----------------------------------------------------------------------


def test_acknowledge__closes__only_those_that_came_further() -> None:
    closes = {n: asked(held=10 * n) for n in (1, 2, 3)}
    standing = {n: replace(closes[n], left=left) for n, left in ((1, 10), (2, 5), (3, 0))}
    left = serving.further(closes, standing)
    found = serving.acknowledge(left)
    assert found is not None
    assert (left, found.calls[0].arguments) == ({2: 5, 3: 0}, ([2, 3],))
    assert serving.acknowledge(serving.further(closes, closes)) is None


def test_acknowledge__hundreds_at_once__a_page_that_fits_any_block() -> None:
    closes = {n: asked(held=1) for n in range(1, 301)}
    done = {n: replace(one, left=0) for n, one in closes.items()}
    found = serving.acknowledge(serving.further(closes, done))
    assert found is not None
    assert found.calls[0].arguments == (list(range(1, PAGE + 1)),)
    assert found.calls[0].gas < 2**23


def test_close__orders_that_hide_a_real_one__are_passed_over() -> None:
    venue = long_venue()
    badly = [Offer(SignedOrder(order(3, price=MARK + n), bytes(64)), 50) for n in range(200)]
    crumbs = [offer(4, MARK + n, 1, nonce=n) for n in range(1, 20)]
    offers = [*badly, *crumbs, offer(5, MARK, 100)]
    close = plan(venue, 1, asked(at=NOW - 1), offers, asker(OPERATOR))
    assert close is not None
    assert [(said[0][0], said[1]) for said in close.makers] == [(5, 100)]  # type: ignore[index]


def test_admit__holds__those_whose_time_has_come_the_oldest_first() -> None:
    found = serving.admit({1: NOW, 2: NOW - 5, 3: NOW + 1}, NOW)
    assert [number for number, _ in found] == [2, 1]
    assert [decision.calls[0].arguments for _, decision in found] == [(2,), (1,)]


@pytest.mark.parametrize(
    ("line", "count"),
    [
        (Line(4, 9, (0, 0, 4, 3, 3)), 2),
        (Line(4, 6, (0, 0)), 2),
        (Line(4, 6, (1, 1)), 0),
        (Line(4, 6, (4,), amount=100, part=10), 1),
        (Line(4, 6, (4,), amount=100, part=9), 0),
        (Line(4, 6, (4,), amount=100), 0),
    ],
)
def test_release__line__is_paid_as_far_as_the_bucket_lasts(line: Line, count: int) -> None:
    found = serving.release(line)
    assert isinstance(found, Decision if count else Left)
    if isinstance(found, Decision):
        assert found.calls[0].arguments == (count,)
    else:
        assert found.values["for"] == ("delay" if line.obstacles[0] == 1 else "bucket")


def test_release__no_line__nothing() -> None:
    assert serving.release(Line(4, 4)) is None
    assert list(serving.page(4, 6)) == [4, 5]
    assert len(serving.page(1, 10**6)) == 25


LIVENESS: Final = 7_200


@pytest.mark.parametrize(
    ("noted", "since", "beaten", "looks"),
    [
        (0, 0, NOW, True),  # nobody ever looked
        (4, NOW - 99, NOW, False),
        (4, NOW - 100, NOW, True),
        (5, NOW - 5_699, START - 999, False),
        (5, NOW - 5_700, NOW - 301, True),
        (5, NOW - 5_700, NOW - 300, False),
        (5, NOW - 9_999, NOW - 301, True),
    ],
)
def test_look__batch_five_is_next__notes_and_beats_in_time(
    noted: int, since: int, beaten: int, looks: bool
) -> None:
    watch = Watch(limit=600, grace=900, last=beaten)
    found = serving.look(Silence(5, noted, since, LIVENESS), watch, NOW)
    assert (found is not None) == looks

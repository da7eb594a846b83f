"""requestWithdrawal(account, recipient, amount, markets)

caller is not the owner ................. Account_CallerNotOwner, the trading key included
recipient is zero or the vault .......... Withdrawal_RecipientRefused
amount zero or beyond int56 ............. Collateral_AmountOutOfRange
markets do not name every open position . Withdrawal_PositionsIncomplete
an open position has no fresh mark ...... Withdrawal_PriceStale
more than can be spared ................. Withdrawal_ExceedsWithdrawable
otherwise ............................... debited, closed positions swept, a ticket
    profit of an open position .......... backs nothing
    loss of an open position ............ counts in full
"""

from hypothesis import given
from hypothesis import strategies as st

from penstock import views
from penstock.deploy import ZERO_ADDRESS
from tests.helpers.actors import Actor
from tests.helpers.amounts import PEOPLE
from tests.helpers.revm import reverts
from tests.helpers.twin import DONE, OWNER, address_text, undoing
from tests.helpers.venue import PARAMETERS
from tests.onchain.settlement.desk import ACCOUNTS, DEPOSIT, LOT, SIZES, Desk

MOST = 2**55 - 1


@given(account=st.sampled_from(ACCOUNTS), amount=st.integers(1, DEPOSIT))
@undoing
def test_request_withdrawal__no_positions__debits_and_queues(
    desk: Desk, account: int, amount: int
) -> None:
    assert desk.withdraw(account, amount) is DONE
    issued, ready_at = desk.logs[-1][1], desk.now + PARAMETERS.withdrawal_delay
    assert issued.name == "TicketIssued"
    assert issued.arguments == (1, account, OWNER.address, amount, ready_at)
    assert desk.collateral(account) == DEPOSIT - amount
    assert desk.venue.queue.call("owed") == amount
    assert desk.withdraw(account, DEPOSIT) == (
        "Withdrawal_ExceedsWithdrawable",
        (account, DEPOSIT, DEPOSIT - amount),
    )
    desk.compare()


@given(who=PEOPLE.filter(lambda actor: actor != OWNER))
@undoing
def test_request_withdrawal__not_the_owner__reverts(desk: Desk, who: Actor) -> None:
    with reverts("Account_CallerNotOwner", 1, who.address, OWNER.address):
        desk.venue.positions.transact(
            "requestWithdrawal", 1, who.address, 1, [], sender=who.address
        )


@undoing
def test_request_withdrawal__by_the_trading_key__reverts(desk: Desk) -> None:
    key = address_text(desk.keys[1].address)
    with reverts("Account_CallerNotOwner", 1, key, OWNER.address):
        desk.venue.positions.transact("requestWithdrawal", 1, key, 1, [], sender=key)


@undoing
def test_request_withdrawal__to_nobody_or_the_vault__reverts(desk: Desk) -> None:
    for recipient in (ZERO_ADDRESS, desk.venue.vault.address):
        with reverts("Withdrawal_RecipientRefused", recipient):
            desk.venue.positions.transact(
                "requestWithdrawal", 1, recipient, 1, [], sender=OWNER.address
            )


@given(amount=st.one_of(st.just(0), st.integers(MOST + 1, 2**256 - 1)))
@undoing
def test_request_withdrawal__amount_out_of_range__reverts(desk: Desk, amount: int) -> None:
    assert desk.withdraw(1, amount) == ("Collateral_AmountOutOfRange", (amount,))


@given(markets=st.lists(st.integers(0, 4), max_size=4).filter(lambda m: m != [1, 2]))
@undoing
def test_request_withdrawal__markets_not_the_open_ones__reverts(
    desk: Desk, markets: list[int]
) -> None:
    desk.trade(1)
    desk.trade(1, market=2)
    outcome = desk.withdraw(1, 1, markets)
    named = [m for i, m in enumerate(markets) if markets[: i + 1] in ([1], [2], [1, 2])]
    assert outcome == ("Withdrawal_PositionsIncomplete", (1, len(named), 2))


@given(size=SIZES, age=st.integers(60, 200))
@undoing
def test_request_withdrawal__mark_about_its_age_limit__stale_beyond(
    desk: Desk, size: int, age: int
) -> None:
    desk.trade(size)
    published = desk.now
    desk.pass_time(age)
    expected = ("Withdrawal_PriceStale", (1, 1, published + 60)) if age > 60 else DONE
    assert desk.withdraw(1, 1) == expected


@given(size=SIZES, buys=st.booleans(), move=st.integers(-100, 100))
@undoing
def test_request_withdrawal__open_position__takes_all_but_margin_and_loss_and_no_profit(
    desk: Desk, size: int, buys: bool, move: int
) -> None:
    desk.trade(size if buys else -size)
    desk.pass_time(30)
    desk.marks(500_000 + 500 * move, 300_000)
    view = views.account_of(desk.model, 1, desk.now)
    mark = 500_000 + 500 * move
    assert view.initial_margin == size * -(-mark * 100 * 500 // 10_000)
    assert view.withdrawable <= DEPOSIT - view.initial_margin
    assert view.withdrawable <= view.equity - view.initial_margin
    most = view.withdrawable
    over = ("Withdrawal_ExceedsWithdrawable", (1, most + 1, most))
    assert desk.withdraw(1, most + 1) == over
    assert desk.withdraw(1, most) is DONE
    desk.compare()
    assert desk.withdraw(1, 1) == ("Withdrawal_ExceedsWithdrawable", (1, 1, 0))


@given(size=SIZES, gain=st.integers(-100, 100))
@undoing
def test_request_withdrawal__closed_position__is_swept_and_counts_in_full(
    desk: Desk, size: int, gain: int
) -> None:
    desk.trade(size)
    desk.trade(-size, price=500_000 + gain)
    equity = desk.equity(1)
    desk.pass_time(3_600)
    assert desk.withdraw(1, equity) is DONE
    assert desk.collateral(1) == 0
    swept = [log for _, log in desk.logs if log.name == "PositionSwept"]
    assert [log.arguments for log in swept] == [(1, 1, equity - DEPOSIT)]
    desk.compare()


@given(amounts=st.lists(st.integers(1, LOT), min_size=1, max_size=5))
@undoing
def test_request_withdrawal__several__tickets_in_order_and_paid_after_the_delay(
    desk: Desk, amounts: list[int]
) -> None:
    for amount in amounts:
        assert desk.withdraw(1, amount) is DONE
    assert desk.model.tickets == [(1, amount) for amount in amounts]
    desk.pass_time(300)
    before = desk.venue.token.call("balanceOf", OWNER.address)
    assert desk.venue.vault.transact("release", 10, sender=OWNER.address) == sum(amounts)
    assert desk.venue.token.call("balanceOf", OWNER.address) == before + sum(amounts)

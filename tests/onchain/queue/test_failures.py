"""What went wrong in other venues' queues, tried on bucket, holds and gate."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.helpers.actors import Actor
from tests.helpers.revm import reverts
from tests.helpers.trouble import bankrupt, spend
from tests.helpers.twin import DONE, OWNER, undoing
from tests.helpers.venue import STRANGER, Custody, Venue, isolated, make_custody
from tests.onchain.settlement.desk import MARK, Desk

ALICE, BOB, MALLORY = (Actor(name).address for name in ("alice", "bob", "mallory"))
PAID, ASIDE = 3, 4
FLOOR, DAY, DELAY = 10**10, 86_400, 300
TERMS = (FLOOR, 1_000, DAY)
WHALES = st.integers(2 * FLOOR, 30 * FLOOR)
SMALL = st.integers(1, 10**9)


@pytest.fixture(scope="module")
def narrow() -> Custody:
    """The narrowest bucket, and a token with habits."""
    return make_custody(odd_token=True, terms=TERMS)


@given(whale=WHALES, small=SMALL, habit=st.sampled_from(["setBlocked", "setBurnsGas"]))
@isolated
def test_wdq_1__head_larger_than_the_bucket_refuses_its_money__those_behind_do_not_wait_for_it(
    narrow: Custody, whale: int, small: int, habit: str
) -> None:
    narrow.fund(whale + small)
    narrow.owe(MALLORY, whale)
    narrow.owe(BOB, small)
    narrow.token.transact(habit, MALLORY, True, sender=MALLORY)
    narrow.pass_delay()
    narrow.release()
    assert narrow.queue.call("ticket", 1)[4] == ASIDE
    # A window later at the latest: what the bucket had was tried on the head.
    narrow.chain.time += DAY
    assert narrow.release() == small
    assert narrow.balance(BOB) == small
    assert narrow.queue.call("owed") == narrow.vault.call("booked") == whale


@given(whales=st.lists(WHALES, min_size=1, max_size=4), pause=st.integers(1, 3 * DAY))
@isolated
def test_wdq_1__refused_on_purpose__no_more_leaves_than_through_two_buckets(
    narrow: Custody, whales: list[int], pause: int
) -> None:
    # Whoever controls an address that the token blocks might hope to get round the bucket.
    narrow.fund(sum(whales))
    for whale in whales:
        narrow.owe(MALLORY, whale)
    narrow.token.transact("setBlocked", MALLORY, True, sender=MALLORY)
    narrow.pass_delay()
    start, most = narrow.chain.time, narrow.queue.call("outflow")[3]
    for _ in range(8):
        narrow.release()
        for number in range(1, len(whales) + 1):
            aside = narrow.queue.call("ticket", number)[4] == ASIDE
            if aside and narrow.queue.call("claimableFrom", number) <= narrow.chain.time:
                narrow.vault.transact("claimTo", number, BOB, sender=MALLORY)
        passed = narrow.chain.time - start
        assert narrow.balance(BOB) <= 2 * most * (DAY + passed) // DAY
        narrow.chain.time += pause


@given(whale=WHALES)
@isolated
def test_wdq_2__set_aside_in_part__claimed_early_twice_or_by_another__is_refused(
    narrow: Custody, whale: int
) -> None:
    narrow.fund(whale)
    narrow.owe(ALICE, whale)
    narrow.token.transact("setBlocked", ALICE, True, sender=ALICE)
    narrow.pass_delay()
    narrow.release()
    narrow.token.transact("setBlocked", ALICE, False, sender=ALICE)
    narrow.chain.time = due = int(narrow.queue.call("claimableFrom", 1))
    narrow.chain.time -= 1
    with reverts("Queue_TicketNotClaimable", 1, due):
        narrow.vault.transact("claim", 1, sender=ALICE)
    narrow.chain.time = due
    with reverts("Vault_CallerNotRecipient", 1, BOB, ALICE):
        narrow.vault.transact("claimTo", 1, BOB, sender=BOB)
    narrow.vault.transact("claim", 1, sender=BOB)
    with reverts("Queue_TicketNotAside", 1, PAID):
        narrow.vault.transact("claim", 1, sender=ALICE)
    assert narrow.balance(ALICE) == whale


@given(count=st.integers(0, 20), whale=st.integers(20 * FLOOR, 50 * FLOOR))
@isolated
def test_wdq_7__released_as_often_as_one_likes__what_was_told_is_kept(
    narrow: Custody, count: int, whale: int
) -> None:
    narrow.fund(whale)
    narrow.owe(ALICE, whale)
    told = narrow.queue.call("etaOf", 1)
    narrow.pass_delay()
    for _ in range(count):
        narrow.release()
        narrow.chain.time += (told - narrow.chain.time) // 2
    narrow.chain.time = told
    narrow.release()
    assert narrow.balance(ALICE) == whale


@given(spam=st.lists(SMALL, max_size=8), behind=st.lists(SMALL, max_size=8))
@isolated
def test_wdq_7__spam_behind_and_ahead__costs_others_what_it_takes_out_and_no_more(
    narrow: Custody, spam: list[int], behind: list[int]
) -> None:
    narrow.fund(40 * FLOOR)
    for amount in spam:
        narrow.owe(MALLORY, amount)
    mine = narrow.owe(ALICE, FLOOR)
    told = narrow.queue.call("etaOf", mine)
    for amount in behind:
        narrow.owe(MALLORY, amount)
    assert narrow.queue.call("etaOf", mine) == told
    assert narrow.queue.call("aheadOf", mine) == (len(spam), sum(spam))


@given(amount=st.integers(1, 10**9), per_mille=st.integers(70, 90))
@undoing
def test_wdq_11__liquidated_while_queued__is_paid_its_ticket_once(
    desk: Desk, amount: int, per_mille: int
) -> None:
    assert desk.withdraw(1, amount) is DONE
    assert desk.withdraw(1, amount) is DONE
    bankrupt(desk, per_mille=per_mille)
    desk.pass_time(DELAY)
    desk.marks(desk.model.market(1).mark, MARK)
    before = desk.venue.token.call("balanceOf", OWNER.address)
    for _ in range(2):
        desk.venue.vault.transact("release", 10, sender=STRANGER.address)
    assert desk.venue.token.call("balanceOf", OWNER.address) == before + 2 * amount
    assert desk.venue.queue.call("owed") == 0


@given(blocks=st.integers(1, 200), whale=WHALES)
@isolated
def test_wdq_13__blocks_pass_without_time__nothing_flows_in(
    narrow: Custody, blocks: int, whale: int
) -> None:
    narrow.fund(whale)
    narrow.owe(ALICE, whale)
    narrow.pass_delay()
    narrow.release()
    now, left = narrow.chain.time, narrow.queue.call("leftOf", 1)
    for _ in range(blocks):
        narrow.chain.time = now
    assert narrow.release() == 0
    assert narrow.queue.call("leftOf", 1) == left


@given(amount=SMALL)
@isolated
def test_wdq_16__recipient_is_a_contract_that_takes_no_calls__is_paid_or_names_another(
    odd_custody: Custody, amount: int
) -> None:
    # A token needs nothing of its recipient; the queue itself can be one.
    odd_custody.fund(2 * amount)
    odd_custody.owe(odd_custody.queue.address, amount)
    odd_custody.owe(ALICE, amount)
    odd_custody.token.transact("setBlocked", ALICE, True, sender=ALICE)
    odd_custody.pass_delay()
    assert odd_custody.release() == amount
    assert odd_custody.balance(odd_custody.queue.address) == amount
    odd_custody.vault.transact("claimTo", 2, BOB, sender=ALICE)
    assert odd_custody.balance(BOB) == amount


@given(amount=st.integers(1, 10**9))
@undoing
def test_wdq_17__account_that_left__keeps_working_and_nothing_sticks(
    desk: Desk, amount: int
) -> None:
    spend(desk, 1)
    assert desk.equity(1) == 0
    assert desk.transfer(2, 1, amount) is DONE
    assert desk.deposit(1, amount) is DONE
    assert desk.equity(1) == 2 * amount
    spend(desk, 1)
    desk.pass_time(DELAY)
    desk.venue.vault.transact("release", 10, sender=STRANGER.address)
    assert (desk.equity(1), desk.venue.queue.call("owed")) == (0, 0)


@given(who=st.sampled_from([ALICE, STRANGER.address]), amount=st.integers(1, 10**9))
@isolated
def test_wdq_17__exit_or_guard_of_the_funds_account__is_refused(
    inhabited: Venue, who: str, amount: int
) -> None:
    fund = inhabited.fund.address
    with reverts("Account_CallerNotOwner", 0, who, fund):
        inhabited.positions.transact("requestWithdrawal", 0, who, amount, [], sender=who)
    with reverts("Guard_CallerNotOwner", 0, who, fund):
        inhabited.queue.transact("announceGuard", 0, 86_400, [who], sender=who)

"""What went wrong in other venues, tried on vault and queue."""

from collections import deque

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.helpers.actors import Actor
from tests.helpers.amounts import AMOUNTS, NAMES
from tests.helpers.revm import CODEC, Contract, artifacts, reverts
from tests.helpers.venue import STRANGER, Custody, isolated

PAID, ASIDE = 3, 4
ONE = 10**18
ALICE, BOB = Actor("alice").address, Actor("bob").address


def state_of(custody: Custody) -> tuple[object, ...]:
    """Everything that vault and queue say of money."""
    tail = custody.queue.call("tail")
    return (
        custody.vault.call("booked"),
        custody.balance(custody.vault.address),
        custody.queue.call("owed"),
        custody.queue.call("head"),
        [custody.queue.call("ticket", number) for number in range(1, tail)],
    )


@given(amount=st.integers(10_000, 10**15), fee=st.integers(1, 10_000))
@isolated
def test_vlt_1__fee_on_transfer__is_refused_at_the_door(
    odd_custody: Custody, amount: int, fee: int
) -> None:
    odd_custody.mint(ALICE, amount)
    odd_custody.token.transact("setFees", fee, 0, sender=ALICE)
    with reverts("Vault_AmountNotReceived", amount, amount - amount * fee // 10_000):
        odd_custody.take(ALICE, amount)
    assert odd_custody.vault.call("booked") == odd_custody.balance(odd_custody.vault.address) == 0


@given(amount=st.integers(10, 10**12), rate=st.integers(1, ONE - ONE // 5))
@isolated
def test_vlt_2__rebase_down__nobody_fills_the_hole(
    odd_custody: Custody, amount: int, rate: int
) -> None:
    odd_custody.fund(amount)
    odd_custody.mint(ALICE, 5 * amount)
    odd_custody.token.transact("setRate", rate, sender=ALICE)
    left = odd_custody.balance(odd_custody.vault.address)
    assert left < amount
    with reverts("Vault_BalanceBelowBooked", left, amount):
        odd_custody.take(ALICE, 1)


@given(amount=st.integers(1, 10**12), more=st.integers(1, 10**12))
@isolated
def test_vlt_2__rebase_up_or_donation__is_credited_to_nobody(
    odd_custody: Custody, amount: int, more: int
) -> None:
    odd_custody.fund(amount)
    odd_custody.token.transact("mint", odd_custody.vault.address, more, sender=ALICE)
    odd_custody.fund(amount)
    assert odd_custody.vault.call("booked") == 2 * amount
    assert odd_custody.balance(odd_custody.vault.address) == 2 * amount + more


@given(amount=AMOUNTS)
@isolated
def test_vlt_4__token_blocks_the_recipient__only_that_claim_waits(
    odd_custody: Custody, amount: int
) -> None:
    odd_custody.fund(2 * amount)
    for who in (ALICE, BOB):
        odd_custody.owe(who, amount)
    odd_custody.token.transact("setBlocked", ALICE, True, sender=ALICE)
    odd_custody.pass_delay()
    assert odd_custody.release() == amount
    assert odd_custody.balance(BOB) == amount
    # What it is owed neither grows nor shrinks while it waits.
    odd_custody.chain.time += 10**7
    odd_custody.token.transact("setBlocked", ALICE, False, sender=ALICE)
    odd_custody.vault.transact("claim", 1, sender=STRANGER.address)
    assert odd_custody.balance(ALICE) == amount


@given(count=st.integers(1, 5))
@isolated
def test_vlt_4__token_pauses_or_blocks_the_vault__everything_is_claimed_later(
    odd_custody: Custody, count: int
) -> None:
    odd_custody.fund(7 * count)
    tickets = [odd_custody.owe(ALICE, 7) for _ in range(count)]
    odd_custody.pass_delay()
    odd_custody.token.transact("setPaused", True, sender=ALICE)
    assert odd_custody.release() == 0
    odd_custody.token.transact("setPaused", False, sender=ALICE)
    for ticket in tickets:
        odd_custody.vault.transact("claim", ticket, sender=STRANGER.address)
    assert odd_custody.balance(ALICE) == 7 * count


def zero_call(contract: str, function: str) -> bytes:
    """A call with plausible arguments: ones where numbers are, Bob where addresses are."""
    called = artifacts()[contract].functions[function]
    plain: dict[str, object] = {"address": BOB, "bool": True, "bytes": b"", "string": ""}
    arguments = [
        ()
        if kind.endswith("[]")
        else (1,) * (kind.count(",") + 1)
        if kind[0] == "("
        else plain.get(kind, 1)
        for kind in called.inputs
    ]
    return called.selector + CODEC.encode(called.inputs, arguments)


CHANGING = [
    (contract, entry["name"])
    for contract in ("CollateralVault", "WithdrawalQueue")
    for entry in artifacts()[contract].abi
    if entry["type"] == "function" and entry["stateMutability"] == "nonpayable"
]


@pytest.mark.parametrize(("contract", "function"), CHANGING)
@isolated
def test_vlt_5__token_hook_reenters_any_door__changes_nothing(
    odd_custody: Custody, contract: str, function: str
) -> None:
    odd_custody.fund(100)
    odd_custody.mint(ALICE, 100)
    for _ in range(3):
        odd_custody.owe(ALICE, 10)
    odd_custody.pass_delay()
    target: Contract = odd_custody.vault if contract == "CollateralVault" else odd_custody.queue

    def outcome() -> tuple[object, ...]:
        odd_custody.take(ALICE, 50)
        odd_custody.release(2)
        return state_of(odd_custody)

    with odd_custody.chain.undone():
        expected = outcome()
    hook = (target.address, zero_call(contract, function))
    odd_custody.token.transact("setHook", *hook, sender=ALICE)
    assert outcome() == expected
    assert odd_custody.token.call("hookSucceeded") is False


@isolated
def test_vlt_5__views_during_a_payment__are_consistent(odd_custody: Custody) -> None:
    odd_custody.fund(100)
    odd_custody.owe(ALICE, 40)
    odd_custody.pass_delay()
    views = [(odd_custody.vault, "booked", 60), (odd_custody.queue, "owed", 0)]
    for contract, view, expected in views:
        hook = (contract.address, artifacts()[contract.name].functions[view].selector)
        with odd_custody.chain.undone():
            odd_custody.token.transact("setHook", *hook, sender=ALICE)
            odd_custody.release()
            assert int.from_bytes(odd_custody.token.call("hookAnswer")) == expected


@given(amount=st.sampled_from([0, 2**256 - 1]))
@isolated
def test_vlt_7__deposit_of_nothing_or_everything__is_refused(custody: Custody, amount: int) -> None:
    custody.mint(ALICE, 100)
    error = ("ERC20InsufficientBalance", ALICE, 100, amount) if amount else ("Vault_AmountZero",)
    with reverts(*error):
        custody.take(ALICE, amount)


@given(gift=st.integers(1, 10**18), amount=st.integers(1, 10**12))
@isolated
def test_vlt_8__gift_before_the_first_deposit__takes_no_unit_from_it(
    custody: Custody, gift: int, amount: int
) -> None:
    custody.mint(ALICE, gift)
    custody.token.transact("transfer", custody.vault.address, gift, sender=ALICE)
    custody.mint(BOB, amount)
    custody.take(BOB, amount)
    assert custody.vault.call("booked") == amount
    custody.owe(BOB, amount)
    custody.pass_delay()
    assert custody.release() == amount
    assert custody.balance(BOB) == amount


@given(amount=AMOUNTS, habits=st.lists(st.sampled_from([0, 1]), min_size=1, max_size=4))
@isolated
def test_vlt_10__token_is_upgraded_midway__what_is_booked_stays_and_is_paid(
    odd_custody: Custody, amount: int, habits: list[int]
) -> None:
    odd_custody.fund(amount)
    odd_custody.owe(ALICE, amount)
    odd_custody.pass_delay()
    odd_custody.token.transact("setAnswer", 2, sender=ALICE)
    assert odd_custody.release() == 0
    for habit in habits:
        odd_custody.token.transact("setAnswer", habit, sender=ALICE)
        assert odd_custody.vault.call("booked") == amount
    odd_custody.vault.transact("claim", 1, sender=ALICE)
    assert odd_custody.balance(ALICE) == amount


def test_vlt_11__standing_approvals__the_vault_cannot_even_name_one() -> None:
    code = artifacts()["CollateralVault"].code
    # approve, increaseAllowance, permit, setApprovalForAll, approveAndCall
    for selector in ("095ea7b3", "39509351", "d505accf", "a22cb465", "cae9ca51"):
        assert bytes.fromhex(selector) not in code


@given(amount=AMOUNTS)
@isolated
def test_wdq_2__claimed_twice_early_or_by_another__is_refused(
    odd_custody: Custody, amount: int
) -> None:
    odd_custody.fund(2 * amount)
    odd_custody.owe(ALICE, amount)
    odd_custody.pass_delay()
    odd_custody.chain.time -= 1
    assert odd_custody.release() == 0
    odd_custody.chain.time += 1
    odd_custody.token.transact("setBlocked", ALICE, True, sender=ALICE)
    odd_custody.release()
    with reverts("Vault_CallerNotRecipient", 1, BOB, ALICE):
        odd_custody.vault.transact("claimTo", 1, BOB, sender=BOB)
    odd_custody.token.transact("setBlocked", ALICE, False, sender=ALICE)
    odd_custody.vault.transact("claim", 1, sender=BOB)
    with reverts("Queue_TicketNotAside", 1, PAID):
        odd_custody.vault.transact("claim", 1, sender=BOB)
    assert (odd_custody.balance(ALICE), odd_custody.balance(BOB)) == (amount, 0)


STEPS = st.one_of(
    st.tuples(st.just("owe"), NAMES, st.integers(1, 10**9)),
    st.tuples(st.just("block"), NAMES, st.just(0)),
    st.tuples(st.just("unblock"), NAMES, st.just(0)),
    st.tuples(st.just("release"), st.just(""), st.integers(0, 4)),
    st.tuples(st.just("claim"), st.just(""), st.integers(1, 12)),
    st.tuples(st.just("wait"), st.just(""), st.integers(0, 400)),
)


@given(steps=st.lists(STEPS, max_size=25))
@isolated
def test_wdq_11__any_history__pays_each_ticket_once_and_in_order(
    odd_custody: Custody, steps: list[tuple[str, str, int]]
) -> None:
    odd_custody.fund(10**12)
    model = Line()
    for kind, name, number in steps:
        who = Actor(name).address
        if kind == "owe":
            model.owe(odd_custody.owe(who, number), who, number, odd_custody.chain.time + 300)
        elif kind in ("block", "unblock"):
            odd_custody.token.transact("setBlocked", who, kind == "block", sender=who)
            model.blocked = model.blocked | {who} if kind == "block" else model.blocked - {who}
        elif kind == "wait":
            odd_custody.chain.time += number
        elif kind == "release":
            assert odd_custody.release(number) == model.release(number, odd_custody.chain.time)
        elif model.claim(number):
            odd_custody.vault.transact("claim", number, sender=STRANGER.address)
    assert odd_custody.vault.call("booked") == 10**12 - sum(model.paid.values())
    assert odd_custody.queue.call("owed") == model.owed()
    for who, amount in model.paid.items():
        assert odd_custody.balance(who) == amount


class Line:
    """What vault and queue should do, in the fewest words."""

    def __init__(self) -> None:
        self.line: deque[tuple[int, str, int, int]] = deque()
        self.aside: dict[int, tuple[str, int]] = {}
        self.blocked: set[str] = set()
        self.paid: dict[str, int] = {}

    def owe(self, ticket: int, who: str, amount: int, ready_at: int) -> None:
        self.line.append((ticket, who, amount, ready_at))

    def owed(self) -> int:
        in_line = sum(amount for _, _, amount, _ in self.line)
        return in_line + sum(amount for _, amount in self.aside.values())

    def release(self, count: int, now: int) -> int:
        paid = 0
        while count and self.line and self.line[0][3] <= now:
            count -= 1
            ticket, who, amount, _ = self.line.popleft()
            if who in self.blocked:
                self.aside[ticket] = (who, amount)
            else:
                self.paid[who] = self.paid.get(who, 0) + amount
                paid += amount
        return paid

    def claim(self, ticket: int) -> bool:
        if ticket not in self.aside or self.aside[ticket][0] in self.blocked:
            return False
        who, amount = self.aside.pop(ticket)
        self.paid[who] = self.paid.get(who, 0) + amount
        return True


@given(blocks=st.integers(1, 200))
@isolated
def test_wdq_13__blocks_pass_without_time__makes_nobody_ready(
    custody: Custody, blocks: int
) -> None:
    custody.fund(5)
    custody.owe(ALICE, 5)
    now = custody.chain.time
    for _ in range(blocks):
        custody.chain.time = now
    assert custody.release() == 0
    custody.chain.time = now + 300
    assert custody.release() == 5

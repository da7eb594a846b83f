"""Any history of queue and vault: contracts and model agree, and every unit is somewhere

requests, holds, admissions, releases, payments in part, recipients who cannot be paid, claims,
deposits, guards, other terms and delays, gates, a freeze, time

invariants    paid + owed = pushed, for each ticket and for all       booked = taken − paid
              no view says anything else than the model
              an eta once told is kept, unless a gate was shut or other terms were set since
"""

from collections.abc import Callable
from typing import NamedTuple

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from penstock.outflow import Outflow
from penstock.queue import Aside, Guard, Queue, Status
from penstock.refusals import Refused
from tests.helpers.actors import Actor
from tests.helpers.amounts import NAMES
from tests.helpers.revm import Contract, Revert, RevmChain, artifacts
from tests.helpers.venue import GOVERNOR, STRANGER, Custody

DELAY, DAY = 300, 86_400
ALICE = Actor("alice").address
PAYER = Actor("somebody with money").address
TERMS = st.tuples(
    st.integers(10**10, 10**11),
    st.sampled_from([1_000, 2_500, 10_000]),
    st.sampled_from([60, 3_600, DAY]),
)
SIZES = st.one_of(st.integers(1, 10**9), st.integers(10**9, 10**11), st.integers(1, 10**12))
NUMBERS = st.integers(0, 12)
ACCOUNTS = st.integers(1, 3)
EXTRA_DELAYS = st.sampled_from([0, 0, 600, 2 * DAY])
LISTS = st.sampled_from([(), ("bob",), ("bob", "carol")])
BANKRUPT = 2**216 - 2**160
"""An account word with a collateral of −1."""


class Promise(NamedTuple):
    """An eta that was told."""

    ticket: int
    second: int


def deployed(terms: tuple[int, int, int]) -> tuple[Custody, Contract]:
    """Vault and queue, and the contract that speaks for all others."""
    chain = RevmChain()
    deployer = chain.deployer()
    manager = deployer.create("Manager", GOVERNOR)
    parts, token = (
        deployer.create(*made) for made in (("QueuePartsMock", ALICE), ("OddTokenMock",))
    )
    vault, queue = (deployer.predict(offset) for offset in range(2))
    deployer.create("CollateralVault", token, parts, queue, parts)
    deployer.create("WithdrawalQueue", (vault, *[parts] * 4), manager, DELAY, terms)
    names = (("OddTokenMock", token), ("WithdrawalQueue", queue), ("CollateralVault", vault))
    return Custody(chain, *(chain.at(*name) for name in names)), chain.at("QueuePartsMock", parts)


def number_of(address: str) -> int:
    return int(address, 16)


def outcome_of(act: Callable[[], object]) -> tuple[str, tuple[object, ...]] | None:
    """Name and values of the error that undid an act, None when it was done."""
    try:
        act()
    except Refused as error:
        return str(error.refusal), error.values
    except Revert as error:
        return error.name, tuple(number_of(v) if isinstance(v, str) else v for v in error.arguments)
    return None


class QueueAndVault(RuleBasedStateMachine):
    """Drives both; `blocked` are those whom the token refuses."""

    @initialize(terms=TERMS, funds=st.integers(10**9, 10**13))
    def begin(self, terms: tuple[int, int, int], funds: int) -> None:
        self.custody, self.parts = deployed(terms)
        self.model = Queue(Outflow(*terms), DELAY)
        self.taken = self.pushed = 0
        self.blocked: set[int] = set()
        self.paid: list[tuple[int, int]] = []
        self.promises: list[Promise] = []
        self.deposit(funds)

    @property
    def now(self) -> int:
        return self.custody.chain.time

    def both(self, send: Callable[[], object], model: Callable[[], object]) -> bool:
        """Do it on the chain and in the model, or in neither; return whether it was done."""
        seen, expected = outcome_of(send), outcome_of(model)
        assert seen == expected
        return seen is None

    def relay(self, contract: Contract, function: str, *arguments: object) -> None:
        """Have all other parts call a contract."""
        data = artifacts()[contract.name].functions[function].encode(arguments)
        self.parts.transact("relay", contract.address, data, sender=STRANGER.address)

    def ask(self, function: str, *arguments: object, sender: str = STRANGER.address) -> None:
        self.custody.queue.transact(function, *arguments, sender=sender)

    # Requests and holds.

    @rule(account=ACCOUNTS, name=NAMES, amount=SIZES)
    def request(self, account: int, name: str, amount: int) -> None:
        who, queue = Actor(name).address, self.custody.queue
        told, number, held = self.model.eta(amount, self.now), self.model.tail, self.model.last_hold
        assert queue.call("eta", amount) == told
        done = self.both(
            lambda: self.relay(queue, "push", account, who, amount),
            lambda: self.model.push(account, number_of(who), amount, self.now),
        )
        if done:
            self.pushed += amount
        if done and self.model.last_hold == held:
            self.promises.append(Promise(number, told))

    @rule(hold=NUMBERS)
    def admit(self, hold: int) -> None:
        self.both(lambda: self.ask("admit", hold), lambda: self.model.admit(hold, self.now))

    @rule(account=ACCOUNTS, extra_delay=EXTRA_DELAYS, names=LISTS, act=st.sampled_from("aap"))
    def change_guard(
        self, account: int, extra_delay: int, names: tuple[str, ...], act: str
    ) -> None:
        people = [Actor(name).address for name in names]
        guard = Guard(extra_delay, frozenset(map(number_of, people)))
        function = "announceGuard" if act == "a" else "applyGuard"
        does = self.model.announce_guard if act == "a" else self.model.apply_guard
        self.both(
            lambda: self.ask(function, account, extra_delay, people, sender=ALICE),
            lambda: does(account, guard, self.now),
        )

    @rule(account=ACCOUNTS)
    def withdraw_guard_change(self, account: int) -> None:
        self.both(
            lambda: self.ask("withdrawGuardChange", account, sender=ALICE),
            lambda: self.model.withdraw_guard_change(account),
        )

    # The way out.

    @rule(seconds=st.one_of(st.integers(0, 600), st.integers(0, 3 * DAY)))
    def wait(self, seconds: int) -> None:
        self.custody.chain.time += seconds

    @rule(amount=SIZES)
    def deposit(self, amount: int) -> None:
        self.custody.mint(PAYER, amount)
        self.relay(self.custody.vault, "take", PAYER, amount)
        self.model.booked += amount
        self.taken += amount

    @rule(name=NAMES, blocked=st.booleans())
    def block(self, name: str, blocked: bool) -> None:
        who = Actor(name).address
        self.custody.token.transact("setBlocked", who, blocked, sender=who)
        one = {number_of(who)}
        self.blocked = self.blocked | one if blocked else self.blocked - one

    def pays(self, recipient: int, _: int) -> bool:
        return recipient not in self.blocked

    @rule(count=st.integers(0, 4))
    def release(self, count: int) -> None:
        expected = self.model.release(count, self.now, self.pays)
        went = [(payment.ticket, payment.amount) for payment in expected if payment.went]
        assert self.custody.release(count) == sum(amount for _, amount in went)
        names = ("PaymentFailed", "TicketPaid")
        said = [log for log in self.custody.chain.logs() if log.name in names]
        assert [(log.name, log.arguments) for log in said] == [
            (names[p.went], (p.ticket, f"0x{p.recipient:040x}", p.amount)) for p in expected
        ]
        self.paid += went

    def can_be_paid(self, number: int) -> bool:
        """Whether the token and the vault would let a claim through."""
        aside = self.model.asides.get(number, Aside(0, 0))
        recipient = self.model.tickets[number].recipient if aside.amount else 0
        return self.pays(recipient, 0) and aside.amount <= self.model.booked

    @rule(number=NUMBERS)
    def claim(self, number: int) -> None:
        if not self.can_be_paid(number):
            return
        amount, vault = self.model.left_of(number), self.custody.vault
        done = self.both(
            lambda: vault.transact("claim", number, sender=STRANGER.address),
            lambda: self.model.claim(number, self.now),
        )
        if done:
            self.paid.append((number, amount))

    # Governor, gate and the end.

    @rule(terms=TERMS)
    def set_outflow(self, terms: tuple[int, int, int]) -> None:
        self.ask("setOutflow", terms, sender=GOVERNOR)
        self.model.outflow.set_terms(*terms)
        self.promises.clear()

    @rule(delay=st.integers(60, DAY))
    def set_delay(self, delay: int) -> None:
        self.ask("setDelay", delay, sender=GOVERNOR)
        self.model.delay = delay

    @rule()
    def shut_gate(self) -> None:
        self.parts.transact("set", BANKRUPT, 0, sender=STRANGER.address)
        if self.both(lambda: self.ask("shutGate", 1, []), lambda: self.model.shut_gate(self.now)):
            self.promises.clear()

    @precondition(lambda self: self.model.tail > 6)
    @rule()
    def lift(self) -> None:
        self.relay(self.custody.queue, "lift")
        self.model.lift()

    # What always holds.

    @invariant()
    def every_unit_is_somewhere(self) -> None:
        paid = sum(amount for _, amount in self.paid)
        assert self.custody.queue.call("owed") == self.model.owed == self.pushed - paid
        assert self.custody.vault.call("booked") == self.model.booked == self.taken - paid
        for number, ticket in self.model.tickets.items():
            had = sum(amount for paid_for, amount in self.paid if paid_for == number)
            assert had + self.model.left_of(number) == ticket.amount

    @invariant()
    def every_view_says_what_the_model_says(self) -> None:
        queue, model = self.custody.queue, self.model
        assert (queue.call("head"), queue.call("tail")) == (model.head, model.tail)
        for number in range(max(0, model.head - 1), model.tail + 1):
            assert queue.call("ticket", number)[4] == model.status_of(number, self.now)
            assert queue.call("etaOf", number) == model.eta_of(number, self.now)
            assert queue.call("obstacleOf", number) == model.obstacle_of(number, self.now)
            assert queue.call("leftOf", number) == model.left_of(number)
            assert queue.call("claimableFrom", number) == model.claimable_from(number)

    @invariant()
    def promises_are_kept(self) -> None:
        """A release now, which is undone, leaves nobody in line who was promised to be paid."""
        due = {promise.ticket for promise in self.promises if promise.second <= self.now}
        with self.custody.chain.undone():
            if due:
                self.custody.release(50)
            for number in due:
                status = self.custody.queue.call("ticket", number)[4]
                assert status in (Status.PAID, Status.ASIDE)


QueueAndVault.TestCase.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
TestQueueAndVault = QueueAndVault.TestCase

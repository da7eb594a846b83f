"""The exit desk on a twin: each function goes to contract and model and returns the outcome.

Not to be taken for `Desk`, the twin with funded accounts on which tests trade.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from penstock.closes import Maker
from penstock.forced import Request, Status
from penstock.messages import Ladder, SignedOrder, SignedWithdrawal, Withdrawal
from penstock.signing import Domain, Signer, recover
from tests.helpers.actors import Actor
from tests.helpers.twin import DONE, OWNER, Outcome, Twin
from tests.helpers.venue import OPERATOR, STRANGER

FAR = 2**32 - 1
WEALTH = 10**24
OWNER_KEY = Signer(bytes(OWNER.account.key))
assert OWNER_KEY.address == bytes.fromhex(OWNER.address[2:])


def number(who: Actor | str) -> int:
    """An address as the model has it."""
    return int(who.address if isinstance(who, Actor) else who, 16)


def cap(twin: Twin) -> int:
    """The highest fee, which is always enough."""
    return twin.exits.fee_cap


def now_open(twin: Twin, account: int) -> list[int]:
    """Markets in which an account has a position."""
    return twin.model.held(account).open_markets


# Signed requests.


def desk_domain(twin: Twin) -> Domain:
    """What owners sign under."""
    return Domain(twin.chain.chain_id, twin.venue.desk.address)


def signed_withdrawal(
    twin: Twin,
    account: int = 1,
    amount: int = 10**6,
    *,
    nonce: int = 0,
    deadline: int = FAR,
    recipient: str = OWNER.address,
    key: Signer = OWNER_KEY,
) -> SignedWithdrawal:
    """A withdrawal with the owner's signature, or with another one."""
    withdrawal = Withdrawal(account, recipient, amount, nonce, deadline)
    return SignedWithdrawal(withdrawal, key.sign(desk_domain(twin).withdrawal_digest(withdrawal)))


def row(withdrawal: Withdrawal) -> tuple[object, ...]:
    """A withdrawal as the contract takes it."""
    w = withdrawal
    return w.account, w.recipient, w.amount, w.nonce, w.deadline


def request(
    twin: Twin,
    signed: SignedWithdrawal,
    *,
    markets: Sequence[int] | None = None,
    sender: Actor = STRANGER,
) -> Outcome:
    """Have somebody carry a withdrawal."""
    withdrawal, signature = signed.withdrawal, signed.signature
    named = now_open(twin, withdrawal.account) if markets is None else list(markets)
    digest = desk_domain(twin).withdrawal_digest(withdrawal)
    signer = int.from_bytes(recover(digest, signature), "big")
    return twin.both(
        lambda: _send(twin, "request", row(withdrawal), named, signature, sender=sender),
        lambda: twin.exits.request(
            twin.model, withdrawal, signer, number(OWNER), twin.now, markets=named
        ),
    )


def revoke(twin: Twin, account: int, nonce: int) -> Outcome:
    """Have the owner make a number unusable."""
    return twin.both(
        lambda: _send(twin, "revoke", account, nonce, sender=OWNER),
        lambda: twin.exits.revoke(account, nonce),
    )


# Forced requests.


def force_withdrawal(
    twin: Twin, account: int = 1, amount: int = 10**6, *, paid: int | None = None
) -> Outcome:
    """Have the owner file a forced withdrawal to himself."""
    value = cap(twin) if paid is None else paid
    call = (account, OWNER.address, amount)
    return twin.both(
        lambda: _send(twin, "forceWithdrawal", *call, sender=OWNER, value=value),
        lambda: twin.exits.force_withdrawal(
            twin.model, account, amount, number(OWNER), value, twin.now
        ),
    )


def force_close(
    twin: Twin, account: int = 1, market: int = 1, lots: int = 1, *, paid: int | None = None
) -> Outcome:
    """Have the owner file a forced close."""
    value = cap(twin) if paid is None else paid
    call = (account, market, lots)
    return twin.both(
        lambda: _send(twin, "forceClose", *call, sender=OWNER, value=value),
        lambda: twin.exits.force_close(twin.model, *call, number(OWNER), value, twin.now),
    )


def drop(twin: Twin, request: int) -> Outcome:
    """Have the owner take a request back."""
    return twin.both(
        lambda: _send(twin, "drop", request, sender=OWNER),
        lambda: twin.exits.drop(twin.model, request, twin.now),
    )


def acknowledge(twin: Twin, *requests: int) -> Outcome:
    """Have a stranger write down how far closes came."""
    return twin.both(
        lambda: _send(twin, "acknowledge", requests, sender=STRANGER),
        lambda: twin.exits.acknowledge(twin.model, requests, twin.now),
    )


def execute_withdrawal(
    twin: Twin,
    request: int = 1,
    *,
    sender: Actor = STRANGER,
    markets: Sequence[int] | None = None,
) -> Outcome:
    """Have somebody execute a forced withdrawal."""
    named = _named(twin, request, markets)
    return twin.both(
        lambda: _send(twin, "executeWithdrawal", request, named, sender=sender),
        lambda: twin.exits.execute_withdrawal(
            twin.model, request, number(sender), twin.now, markets=named
        ),
    )


@dataclass(frozen=True)
class Taking:
    """Lots that a resting order is to take; `markets` are its account's open ones if left out."""

    signed: SignedOrder
    lots: int
    markets: tuple[int, ...] | None = None


def execute_close(
    twin: Twin,
    request: int,
    *makers: Taking,
    by_fund: int = 0,
    sender: Actor = STRANGER,
    markets: Sequence[int] | None = None,
) -> Outcome:
    """Have somebody close against resting orders, then against the fund."""
    named = _named(twin, request, markets)
    listed = [_listed(twin, makers, i) for i in range(len(makers))]
    rows = [_row(taking, open_) for taking, open_ in zip(makers, listed, strict=True)]
    theirs = [
        Maker(t.signed.order, t.lots, _signer(twin, t.signed), open_)
        for t, open_ in zip(makers, listed, strict=True)
    ]
    return twin.both(
        lambda: _send(twin, "executeClose", request, named, rows, by_fund, sender=sender),
        lambda: twin.exits.execute_close(
            twin.model, request, theirs, by_fund, number(sender), twin.now, markets=named
        ),
    )


def collect(twin: Twin, who: Actor) -> Outcome:
    """Have somebody collect his credit."""
    return twin.both(
        lambda: _send(twin, "collect", who.address, sender=who),
        lambda: twin.exits.collect(number(who)),
    )


def pass_window(twin: Twin, request: int, windows: int = 1, more: int = 0) -> None:
    """Go to the end of so many windows after a request, and some seconds further."""
    start = twin.exits.requests[request].requested_at
    twin.chain.time = start + windows * twin.exits.window + more


def age_mark(twin: Twin, late: int) -> Outcome:
    """Let market 1's mark be so late, when positive; return what account 1 meets for it."""
    until = twin.model.market(1).fresh_until
    twin.chain.time = until + late
    return ("Desk_PriceStale", (1, 1, until)) if late > 0 else DONE


def status(twin: Twin, request: int = 1) -> Status:
    """How far a forced request has come, by the contract."""
    return Status(twin.venue.desk.call("requestOf", request)[2])


def is_ignored(twin: Twin, request: int) -> bool:
    """Whether contract and model say that a close was ignored."""
    seen = bool(twin.venue.desk.call("isIgnored", request))
    assert seen == twin.exits.is_ignored(twin.model, request, twin.now)
    return seen


def compare_exits(twin: Twin) -> None:
    """Assert that the contract's desk is the model's, to the last wei."""
    contract, model = twin.venue.desk, twin.exits
    assert contract.call("requestCount") == len(model.requests)
    assert contract.call("requestFee") == model.fee(twin.now)
    for request, asked in model.requests.items():
        _compare(twin, request, asked)
    for who in (OWNER, OPERATOR, STRANGER):
        assert contract.call("creditOf", who.address) == model.credits.get(number(who), 0)
    owed = sum(model.credits.values()) + sum(asked.fee for asked in model.requests.values())
    assert twin.chain.evm.get_balance(contract.address) == owed


def _compare(twin: Twin, request: int, asked: Request) -> None:
    contract = twin.venue.desk
    head = (asked.account, asked.market, asked.status, asked.requested_at, asked.mark, asked.fee)
    assert contract.call("requestOf", request) == head
    if asked.market and asked.status is Status.PENDING:
        close = twin.exits.progress(twin.model, request)
        assert contract.call("closeOf", request) == (close.held, close.left)
        is_ignored(twin, request)
    elif not asked.market:
        assert contract.call("paymentOf", request) == (OWNER.address, asked.amount)


def _send(twin: Twin, function: str, *arguments: object, sender: Actor, value: int = 0) -> int:
    twin.chain.evm.set_balance(sender.address, WEALTH)
    contract = twin.venue.desk
    return twin.transact(contract, function, *arguments, sender=sender.address, value=value)


def _named(twin: Twin, request: int, markets: Sequence[int] | None) -> list[int]:
    if markets is not None:
        return list(markets)
    asked = twin.exits.requests.get(request)
    return now_open(twin, asked.account) if asked else []


def _listed(twin: Twin, makers: Sequence[Taking], place: int) -> list[int]:
    """Open markets of a maker, those counted that it opens in the same call before."""
    taking = makers[place]
    if taking.markets is not None:
        return list(taking.markets)
    account = taking.signed.order.account
    before = {t.signed.order.market for t in makers[:place] if t.signed.order.account == account}
    return sorted(before.union(now_open(twin, account)))


def _row(taking: Taking, markets: Sequence[int]) -> tuple[object, ...]:
    signed, order = taking.signed, taking.signed.order
    flags = (order.account, order.buy, order.post_only, order.reduce_only)
    if signed.ladder is None:
        said = (*flags, order.price, order.size, order.expiry, order.nonce)
        return said, taking.lots, markets, 0, b"", signed.signature
    ladder = signed.ladder.ladder
    said = (*flags, 0, 0, ladder.expiry, ladder.nonce)
    return said, taking.lots, markets, order.slot - ladder.slot, _levels(ladder), signed.signature


def _levels(ladder: Ladder) -> bytes:
    pairs = zip(ladder.prices, ladder.sizes, strict=True)
    return b"".join(p.to_bytes(4, "big") + s.to_bytes(4, "big") for p, s in pairs)


def _signer(twin: Twin, signed: SignedOrder) -> int:
    domain = twin.domain
    digest = (
        domain.ladder_digest(signed.ladder.ladder)
        if signed.ladder
        else domain.order_digest(signed.order)
    )
    return int.from_bytes(recover(digest, signed.signature), "big")

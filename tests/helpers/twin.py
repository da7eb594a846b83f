"""A venue on a chain in the process and its reference model, driven in step.

Every operation goes to both. Both allow it, or both refuse it with the same error and the same
values; after it `compare` finds every storage word of the chain in the model, and no other.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from copy import deepcopy
from functools import wraps
from typing import Final, ParamSpec, TypeAlias

from penstock import views
from penstock.accounts import Listing, Settings
from penstock.artifacts import ContractRevert as Revert
from penstock.artifacts import artifacts
from penstock.batch import Batch, OrderEntry, decode, encode
from penstock.builder import build
from penstock.deploy import ZERO_ADDRESS, MarketParameters, Parameters
from penstock.errors import RangeError, SignatureError
from penstock.escape import Hatch
from penstock.exits import ExitDesk
from penstock.funding import Terms
from penstock.limits import Limits
from penstock.messages import LADDER, Cancel, Fill, Ladder, Order, SignedCancel
from penstock.records import FillRecord, decode_records
from penstock.refusals import Refused
from penstock.signing import Domain, Signer, keccak, recover
from penstock.venue import Venue as Model
from penstock.watch import Watch
from tests.helpers.actors import Actor
from tests.helpers.revm import Contract, Log
from tests.helpers.venue import GOVERNOR, OPERATOR, PARAMETERS, Venue, make_venue

P = ParamSpec("P")
Outcome: TypeAlias = tuple[str, tuple[int, ...]] | None
"""Name and values of the error that undid an operation, None when it was done."""

OWNER: Final = Actor("alice")
DONE: Final = None
_WIDTHS: Final = {"collateral": 56, "size": 64, "quote": 96, "fees": 80}


def trading_key(name: str) -> Signer:
    """A trading key made from a name."""
    return Signer(keccak(f"penstock trading key {name}".encode()))


def address_text(address: bytes | int) -> str:
    """An address as the chain's codec returns it."""
    return f"0x{address:040x}" if isinstance(address, int) else "0x" + address.hex()


class Twin:
    """The chain's venue and the model's; `keys` are the trading keys of the accounts."""

    def __init__(self, parameters: Parameters = PARAMETERS, *, odd_token: bool = False) -> None:
        self.venue: Final[Venue] = self._deploy(parameters, odd_token=odd_token)
        self.chain: Final = self.venue.chain
        self.domain: Final = Domain(self.chain.chain_id, self.venue.positions.address)
        self.model: Model = _model(parameters, self.chain.time)
        self.hatch: Hatch = Hatch(parameters.liveness)
        fees = parameters.request_fee, parameters.request_fee_cap
        self.exits: ExitDesk = ExitDesk(parameters.settlement_window, *fees)
        self.keys: dict[int, Signer] = {}
        self.logs: list[tuple[int, Log]] = []
        """Every event since deployment, with the time of its block."""
        self.venue.mint(OWNER.address, 10**18)

    def _deploy(self, parameters: Parameters, *, odd_token: bool) -> Venue:
        return make_venue(parameters, odd_token=odd_token)

    @property
    def now(self) -> int:
        """The time of the chain, which is also the model's."""
        return self.chain.time

    @contextmanager
    def undone(self) -> Iterator[None]:
        """Undo at the end what happens to chain and model."""
        kept = deepcopy((self.model, self.hatch, self.exits)), dict(self.keys), len(self.logs)
        with self.chain.undone():
            try:
                yield
            finally:
                (self.model, self.hatch, self.exits), self.keys = kept[0], kept[1]
                del self.logs[kept[2] :]

    # Operations.

    def transact(
        self, contract: Contract, function: str, *arguments: object, sender: str, value: int = 0
    ) -> int:
        """Send to the chain alone, and keep the events."""
        answer = contract.transact(function, *arguments, sender=sender, value=value)
        self.logs += [(self.now, log) for log in self.chain.logs()]
        return int(answer) if isinstance(answer, int) else 0

    def both(self, chain: Callable[[], object], model: Callable[[], object]) -> Outcome:
        """Do it on the chain and in the model; assert that they agree."""
        seen, expected = outcome_of(chain), outcome_of(model)
        assert seen == expected, f"chain {seen}, model {expected}"
        return seen

    def owner_does(self, function: str, model: Callable[[], object], *arguments: object) -> Outcome:
        """Have the owner of all accounts call `PerpPositions`."""
        positions = self.venue.positions
        return self.both(
            lambda: self.transact(positions, function, *arguments, sender=OWNER.address), model
        )

    def register(self, key: Signer) -> int:
        """Open an account and return its number."""
        positions, name = self.venue.positions, address_text(key.address)
        seen = self.transact(positions, "register", name, sender=OWNER.address)
        assert seen == self.model.register(int.from_bytes(key.address, "big"))
        self.keys[seen] = key
        return seen

    def set_signer(self, account: int, key: Signer) -> Outcome:
        """Rotate a trading key."""
        signer = int.from_bytes(key.address, "big")
        outcome = self.owner_does(
            "setSigner",
            lambda: self.model.set_signer(account, signer),
            account,
            address_text(signer),
        )
        self.keys[account] = key
        return outcome

    def deposit(self, account: int, amount: int) -> Outcome:
        """Pay collateral in."""
        return self.owner_does(
            "deposit", lambda: self.model.deposit(account, amount), account, amount
        )

    def withdraw(self, account: int, amount: int, markets: Sequence[int] | None = None) -> Outcome:
        """Request a withdrawal; without `markets` the open ones are named."""
        named = self.model.account(account).open_markets if markets is None else list(markets)
        return self.owner_does(
            "requestWithdrawal",
            lambda: self.model.request_withdrawal(account, amount, self.now, named),
            *(account, OWNER.address, amount, named),
        )

    def transfer(
        self, account: int, to: int, amount: int, markets: Sequence[int] | None = None
    ) -> Outcome:
        """Give collateral to another account; without `markets` the open ones are named."""
        named = self.model.account(account).open_markets if markets is None else list(markets)
        return self.owner_does(
            "transfer",
            lambda: self.model.transfer(account, to, amount, self.now, named),
            *(account, to, amount, named),
        )

    def sweep(self, account: int, market: int) -> Outcome:
        """Turn a closed position's quote into collateral."""
        return self.owner_does("sweep", lambda: self.model.sweep(account, market), account, market)

    def cancel(self, account: int, nonces: Sequence[int]) -> Outcome:
        """Kill resting orders."""
        return self.owner_does(
            "cancel", lambda: self.model.cancel(account, nonces), account, nonces
        )

    def cancel_all(self, account: int, floor: int, nonce: int) -> Outcome:
        """Kill every order up to the floors."""
        return self.owner_does(
            "cancelAll",
            lambda: self.model.cancel_all(account, floor, nonce),
            *(account, floor, nonce),
        )

    def collect_fees(self, market: int = 1) -> Outcome:
        """Move a market's fees to account 0."""
        return self.owner_does("collectFees", lambda: self.model.collect_fees(market), market)

    def accrue(self, market: int) -> Outcome:
        """Charge the funding that is due."""
        index = self.venue.index
        return self.both(
            lambda: self.transact(index, "accrue", market, sender=OWNER.address),
            lambda: self.model.accrue(market, self.now),
        )

    def refresh(self, market: int, price: int, time: int | None = None) -> Outcome:
        """Publish a price and let it become the mark; what the feed refuses changes nothing."""
        try:
            self.venue.post(market, (price,) * 3, self.now if time is None else time)
        except Revert as refused:
            return refused.name, ()
        return self.enter(market)

    def enter(self, market: int) -> Outcome:
        """Let what the source has to say become the mark."""
        mark, published, clamped = self.venue.feed.call("latest", market)
        index = self.venue.index
        return self.both(
            lambda: self.transact(index, "refresh", [market], sender=OWNER.address),
            lambda: self.model.refresh(market, mark, published, self.now, clamped=clamped),
        )

    # What the governor and the guardian do.

    def index_does(self, function: str, model: Callable[[], object], *arguments: object) -> Outcome:
        """Have the governor, who is also the guardian, call `FundingIndex`."""
        index = self.venue.index
        return self.both(lambda: self.transact(index, function, *arguments, sender=GOVERNOR), model)

    def set_margins(self, market: int, initial_bps: int, maintenance_bps: int) -> Outcome:
        """Move margins."""
        margins = (market, initial_bps, maintenance_bps)
        return self.index_does(
            "setMargins", lambda: self.model.set_margins(*margins, self.now), *margins
        )

    def set_fees(self, market: int, taker_fee: int, maker_fee: int) -> Outcome:
        """Change fees."""
        fees = (market, taker_fee, maker_fee)
        return self.index_does("setFees", lambda: self.model.set_fees(*fees), *fees)

    def set_limits(self, market: int, limits: Limits) -> Outcome:
        """Replace the limits."""
        return self.index_does(
            "setLimits",
            lambda: self.model.set_limits(market, limits, self.now),
            *(market, tuple(limits)),
        )

    def set_terms(self, market: int, interval: int, terms: Terms) -> Outcome:
        """Change the terms of funding; minutes."""
        return self.index_does(
            "setTerms",
            lambda: self.model.set_terms(market, interval, terms, self.now),
            *(market, (interval, *terms)),
        )

    def pause(self, *markets: int) -> Outcome:
        """Pause markets."""
        return self.index_does("pause", lambda: self.model.pause(markets, self.now), markets)

    def beat(self) -> Outcome:
        """Say that the chain is alive."""
        watch = self.venue.watch
        return self.both(
            lambda: self.transact(watch, "beat", sender=OWNER.address),
            lambda: self.model.beat(self.now),
        )

    # Batches.

    def batch(
        self,
        *fills: Fill,
        cancels: Sequence[SignedCancel] = (),
        number: int | None = None,
    ) -> Batch:
        """Build the next batch, with every open position of its accounts."""
        at = self.model.tally.number if number is None else number
        return build(at, fills, cancels, lambda a: self.model.account(a).open_markets)

    def simulate(self, batch: Batch) -> list[FillRecord]:
        """Ask chain and model what `settle` would do."""
        seen = decode_records(self.venue.positions.call("simulate", encode(batch)))
        assert list(seen) == self.model.simulate(batch, self.now, self.signers(batch))
        return list(seen)

    def settle(self, batch: Batch, sender: str = OPERATOR.address) -> Outcome:
        """Settle on both sides; what was simulated before must come true."""
        raw, signers = encode(batch), self.signers(batch)
        assert decode(raw) == batch
        positions, records = self.venue.positions, None
        if batch.number == self.model.tally.number and self._is_listed(batch):
            records = self.simulate(batch)
        outcome = self.both(
            lambda: self.transact(positions, "settle", raw, sender=sender),
            lambda: self.model.settle(batch, self.now, signers),
        )
        assert outcome or self.settled() == records
        return outcome

    def run(self, *fills: Fill, cancels: Sequence[SignedCancel] = ()) -> list[FillRecord]:
        """Settle fills as the next batch, compare everything, return the records."""
        assert self.settle(self.batch(*fills, cancels=cancels)) is DONE
        self.compare()
        return self.settled()

    def settled(self) -> list[FillRecord]:
        """The records of the batch settled last."""
        log = next(log for _, log in reversed(self.logs) if log.name == "BatchSettled")
        return list(decode_records(log.arguments[1]))

    def signers(self, batch: Batch) -> list[int]:
        """Who signed each cancel and order, 0 where nobody can be recovered."""
        places = batch.positions
        digests = [
            self.domain.cancel_digest(Cancel(batch.accounts[c.account].account, c.nonce))
            for c in batch.cancels
        ]
        digests += [_digest(self.domain, entry, *places[entry.position]) for entry in batch.orders]
        signatures = [entry.signature for entry in batch.cancels]
        signatures += [entry.signature for entry in batch.orders]
        return [_recovered(*pair) for pair in zip(digests, signatures, strict=True)]

    def _is_listed(self, batch: Batch) -> bool:
        return all(market in self.model.markets for market in batch.markets)

    # Comparison.

    def compare(self) -> None:
        """Assert that every storage word of the model is the chain's."""
        for (kind, a, b), word in views.words(self.model).items():
            seen = self.word(kind, a, b)
            assert seen == word, f"{kind} {a} {b}: chain {seen:#066x}, model {word:#066x}"

    def compare_storage(self) -> None:
        """Assert that the chain has no word but those of the model; slot numbers do not matter."""
        storages = self.chain._storages()
        words = views.words(self.model)
        manager = int(self.venue.system.manager, 16)
        count = len(self.model.accounts) - 1
        fund = int(self.venue.system.fund, 16)
        owners = [fund, count] + [int(OWNER.address, 16)] * count
        ours = {"course", "interim", "watch", "loss", "reserve"}
        held = [word for key, word in words.items() if key[0] not in ours]
        seen = Counter(storages[self.venue.positions.address].values())
        assert seen == Counter(held + owners)
        courses = [word for key, word in words.items() if key[0] in ("course", "interim")]
        # The manager's address, then a flag of its contract that is never set outside of a call.
        heads = [self.model.paused_until << 168 | manager, len(self.model.markets)]
        assert Counter(storages[self.venue.index.address].values()) == Counter(courses + heads)
        books = [word for key, word in words.items() if key[0] in ("loss", "reserve")]
        assert Counter(storages[self.venue.fund.address].values()) == Counter([*books, manager])
        watch = self.model.watch
        outages = [len(watch.outages), *(outage.word for outage in watch.outages)]
        kept = [word for word in (watch.word, *outages) if word]
        assert Counter(storages[self.venue.watch.address].values()) == Counter(kept)

    def compare_views(self) -> None:
        """Assert that the chain's views answer what the model's do."""
        for account in list(self.model.accounts)[1:]:
            self._compare_account(account)
        for market in self.model.markets:
            rate = self.venue.index.call("predictedRate", market)
            assert rate == self.model.predicted_rate(market, self.now)
            word = self.venue.index.call("peek", market)
            index = (word >> 128) % 2**72
            assert index == self.model.priced(market, self.now).index % 2**72

    def _compare_account(self, account: int) -> None:
        lens, held = self.venue.lens, self.model.account(account)
        seen = lens.call("accountOf", account)
        signer = address_text(held.signer)
        head = (OWNER.address, signer, held.nonce, held.floor, len(held.open_markets))
        assert seen == head + views.account_of(self.model, account, self.now)
        assert list(lens.call("openMarketsOf", account)) == held.open_markets
        for market in self.model.markets:
            expected = views.position_of(self.model, account, market, self.now)
            price = expected.liquidation_price or 0
            assert lens.call("positionOf", account, market) == (*expected[:5], price)
        for slot, (epoch, _) in held.slots.items():
            for nonce in (slot << 32 | epoch, slot << 32 | epoch + 1):
                status = views.order_status(self.model, account, False, nonce)
                assert lens.call("orderStatus", account, False, nonce) == status

    def word(self, kind: str, a: int, b: int) -> int:
        """One storage word of the chain, by its name in docs/storage.md."""
        lens, index, fund = self.venue.lens, self.venue.index, self.venue.fund
        if kind == "reserve":
            return self._read(fund, "reserve")[0]
        if kind == "loss":
            return self._read(fund, "lossWord", a)[0]
        if kind == "course":
            return views.course_word(index.call("marketOf", a))
        if kind == "interim":
            return views.interim_word(self._read(index, "interimOf", a))
        if kind == "watch":
            return views.watch_word(self._read(self.venue.watch, "beats"))
        reader, arguments = {
            "tally": ("tallyWord", ()),
            "rules": ("rulesWord", ()),
            "account": ("accountWord", (a,)),
            "position": ("positionWord", (a, b)),
            "slots": ("slotsWord", (a, 4 * b)),
            "floor": ("epochFloor", (a,)),
            "market": ("marketWord", (a,)),
            "activity": ("activityWord", (a,)),
        }[kind]
        return self._read(lens, reader, *arguments)[0]

    def _read(self, contract: Contract, function: str, *arguments: int) -> list[int]:
        # NOTE: past the codec, which takes longer than the call.
        selector = artifacts()[contract.name].functions[function].selector
        data = selector + b"".join(argument.to_bytes(32, "big") for argument in arguments)
        answer = self.chain.evm.message_call(ZERO_ADDRESS, contract.address, data)
        return [int.from_bytes(answer[i : i + 32], "big") for i in range(0, len(answer), 32)]


def undoing(test: Callable[P, None]) -> Callable[P, None]:
    """Undo, after each run of a test, what it did to the twins it was given."""

    @wraps(test)
    def isolated(*args: P.args, **kwargs: P.kwargs) -> None:
        with ExitStack() as stack:
            for value in (*args, *kwargs.values()):
                if isinstance(value, Twin):
                    stack.enter_context(value.undone())
            test(*args, **kwargs)

    return isolated


def listing_of(market: MarketParameters, decimals: int = 6) -> Listing:
    """A market as the model lists it."""
    m = market
    terms = Terms(m.interest, m.cap, m.damp, m.step)
    unit = int(m.tick * m.lot * 10**decimals)
    margins, fees = (m.initial_bps, m.maintenance_bps), (m.taker_fee, m.maker_fee)
    limits = Limits(m.tier, m.open_interest_cap)
    return Listing(unit, *margins, *fees, m.interval, terms, limits)


def _model(p: Parameters, now: int) -> Model:
    operator = int(OPERATOR.address, 16)
    limits = (p.open_after, p.max_price_age, p.band_bps, p.max_markets)
    rules = Settings(operator, *limits, p.discount_share, p.penalty_share)
    model = Model(rules, now, Watch(p.outage_after, p.grace, now))
    for market in p.markets:
        number = model.list_market(listing_of(market, p.decimals), now)
        model.fund.set_cap(number, market.loss_cap)
    return model


def outcome_of(call: Callable[[], object]) -> Outcome:
    """Do something on either side; return the error that undid it."""
    try:
        call()
    except Revert as error:
        return error.name, error.arguments
    except Refused as error:
        return str(error.refusal), error.values
    except RangeError as error:
        bits = _WIDTHS[error.field]
        return "Quantity_OutOfRange", (int(str(error.value)), bits)
    return DONE


def _digest(domain: Domain, entry: OrderEntry, account: int, market: int) -> bytes:
    flags, expiry, nonce = entry.flags, entry.expiry, entry.nonce
    buy, immediate, post_only, reduce_only = (bool(flags & bit) for bit in (1, 2, 4, 8))
    if flags & LADDER:
        prices, sizes = zip(*entry.levels, strict=True)
        kind = (buy, post_only, reduce_only)
        return domain.ladder_digest(Ladder(account, market, *kind, expiry, nonce, prices, sizes))
    ((price, size),) = entry.levels
    signs = (buy, immediate, post_only, reduce_only)
    return domain.order_digest(Order(account, market, *signs, price, size, expiry, nonce))


def _recovered(digest: bytes, signature: bytes) -> int:
    try:
        return int.from_bytes(recover(digest, signature), "big")
    except SignatureError:
        return 0

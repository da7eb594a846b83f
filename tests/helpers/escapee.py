"""The way out of a frozen venue, on a twin: each function goes to chain and model.

Like the operations of `Twin` they return the outcome; `compare` holds the hatch's words together.
"""

from collections.abc import Mapping, Sequence
from random import Random
from typing import Final

from eth_utils.crypto import keccak

from penstock import escape as model
from penstock.escape import Page
from tests.helpers.actors import Actor
from tests.helpers.exits import is_ignored
from tests.helpers.revm import Log
from tests.helpers.twin import DONE, OWNER, Outcome, Twin
from tests.helpers.venue import GOVERNOR, STRANGER

SLOTS: Final[Mapping[str, int]] = {"silence": 0, "count": 1, "pot": 2, "counted": 3, "paid": 4}
"""Where the hatch keeps its words; see docs/storage.md."""
RECIPIENT: Final = Actor("recipient").address
PAGE: Final = 50


# When the venue is over.


def look(twin: Twin) -> Outcome:
    """Have a stranger note the number of the next batch."""
    hatch = twin.venue.hatch
    return twin.both(
        lambda: twin.transact(hatch, "look", sender=STRANGER.address),
        lambda: model.look(twin.hatch, twin.model, twin.now),
    )


def freeze_silent(twin: Twin, sender: str = STRANGER.address) -> Outcome:
    """Freeze because of silence."""
    hatch = twin.venue.hatch
    return twin.both(
        lambda: twin.transact(hatch, "freezeSilent", sender=sender),
        lambda: model.freeze_silent(twin.hatch, twin.model, twin.now),
    )


def freeze_ignored(twin: Twin, request: int) -> Outcome:
    """Freeze because of a forced request; the desk says whether it was ignored."""
    hatch, ignored = twin.venue.hatch, is_ignored(twin, request)
    return twin.both(
        lambda: twin.transact(hatch, "freezeIgnored", request, sender=STRANGER.address),
        lambda: model.freeze_ignored(twin.hatch, twin.model, request, ignored, twin.now),
    )


def stay_up(twin: Twin, seconds: int) -> None:
    """Let time pass while the chain is up: somebody beats often enough."""
    limit = twin.model.watch.limit
    while seconds > limit:
        twin.chain.time += limit
        assert twin.beat() is DONE
        seconds -= limit
    twin.chain.time += seconds


def freeze(twin: Twin) -> None:
    """Freeze after as much silence as it takes."""
    assert look(twin) is DONE
    stay_up(twin, twin.hatch.liveness)
    assert twin.beat() is DONE
    if not twin.model.watch.is_calm(twin.now):
        stay_up(twin, twin.model.watch.grace)
    assert freeze_silent(twin) is DONE


# What everybody has.


def tally(twin: Twin, page: Page) -> Outcome:
    """Count a page of accounts, each with the markets that are named."""
    accounts, markets = [who for who, _ in page], [list(named) for _, named in page]
    return twin.both(
        lambda: twin.transact(
            twin.venue.hatch, "tally", accounts, markets, sender=STRANGER.address
        ),
        lambda: model.tally(twin.hatch, twin.model, page, twin.now),
    )


def everybody(twin: Twin) -> list[tuple[int, Sequence[int]]]:
    """A page of all who have a share, with their open markets."""
    last = twin.hatch.accounts
    return [(who, markets) for who, markets in model.plan(twin.model).items() if who <= last]


def pages(twin: Twin, rng: Random) -> list[list[tuple[int, Sequence[int]]]]:
    """Everybody in a random order, cut at random places."""
    left, cut = everybody(twin), []
    rng.shuffle(left)
    while left:
        size = rng.randint(1, len(left))
        cut.append(left[:size])
        left = left[size:]
    return cut


def tally_all(twin: Twin) -> None:
    """Count everybody who is not counted yet."""
    for start in range(0, max(1, len(everybody(twin))), PAGE):
        assert tally(twin, everybody(twin)[start : start + PAGE]) is DONE


def escape(
    twin: Twin,
    account: int,
    markets: Sequence[int] | None = None,
    *,
    recipient: str = RECIPIENT,
    sender: str = OWNER.address,
) -> Outcome:
    """Pay an account its share; without `markets` the open ones are named."""
    named = _named(twin, account) if markets is None else list(markets)
    call = (account, recipient, named)
    return twin.both(
        lambda: twin.transact(twin.venue.hatch, "escape", *call, sender=sender),
        lambda: model.escape(twin.hatch, twin.model, account, named),
    )


def withdraw_residual(twin: Twin, recipient: str = RECIPIENT) -> Outcome:
    """Have the governor take what no account claims."""
    return twin.both(
        lambda: twin.transact(twin.venue.fund, "withdrawResidual", recipient, sender=GOVERNOR),
        lambda: model.pay_residual(twin.hatch),
    )


def _named(twin: Twin, account: int) -> list[int]:
    held = twin.model.accounts.get(account)
    return held.open_markets if held else []


# What is seen.


def compare(twin: Twin) -> None:
    """Assert that every word of the hatch is the model's."""
    for name, word in twin.hatch.words.items():
        seen = stored(twin, name)
        assert seen == word, f"{name}: chain {seen:#x}, model {word:#x}"


def stored(twin: Twin, name: str) -> int:
    """A word of the hatch: `count`, or of a bitmap `paid 0`."""
    kind, *place = name.split()
    slot = SLOTS[kind]
    if place:
        slot = int.from_bytes(keccak(int(place[0]).to_bytes(32, "big") + slot.to_bytes(32, "big")))
    return int(twin.chain.evm.storage(twin.venue.hatch.address, slot))


def balance(twin: Twin, who: str = RECIPIENT) -> int:
    """Tokens that somebody holds."""
    return int(twin.venue.token.call("balanceOf", who))


def held(twin: Twin) -> int:
    """Tokens in the vault beyond what the queue owes."""
    vault, queue = twin.venue.vault, twin.venue.queue
    return balance(twin, vault.address) - int(queue.call("owed"))


def last(twin: Twin, name: str) -> Log:
    """The latest event of a name."""
    return next(log for _, log in reversed(twin.logs) if log.name == name)

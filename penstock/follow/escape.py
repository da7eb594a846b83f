"""Edge: the end of a venue and the way out: note the silence, freeze, tally, take the share."""

from collections.abc import Iterator, Sequence
from typing import Final

from penstock.follow.calls import STEP_GAS, Call
from penstock.follow.facts import Reader

PAGE: Final = 50
"""Accounts that one transaction counts."""
ACCOUNT_GAS: Final = 60_000
MARKET_GAS: Final = 12_000
"""For one more market that is named."""


def look(reader: Reader) -> Call:
    """Note the number of the next batch, and that the chain lives."""
    return reader.remote.hatch, "look", (), STEP_GAS


def freeze(reader: Reader, request: int | None) -> Call:
    """Freeze because of silence, or because of a request that was ignored."""
    if request is None:
        return reader.remote.hatch, "freezeSilent", (), STEP_GAS
    return reader.remote.hatch, "freezeIgnored", (request,), STEP_GAS


def tally_pages(reader: Reader) -> Iterator[Call]:
    """Calls that count whoever is not counted yet."""
    left = uncounted(reader)
    for start in range(0, len(left), PAGE):
        page = left[start : start + PAGE]
        markets = named(reader, page)
        gas = STEP_GAS + sum(ACCOUNT_GAS + MARKET_GAS * len(each) for each in markets)
        yield reader.remote.hatch, "tally", (page, markets), gas


def uncounted(reader: Reader) -> list[int]:
    """Accounts with a share that nobody counted."""
    hatch = reader.remote.hatch
    accounts = range(1, int(hatch.ask("count")[1]) + 1)
    found: list[int] = []
    for start in range(0, len(accounts), PAGE):
        part = accounts[start : start + PAGE]
        told = hatch.ask_many([("isCounted", account) for account in part])
        found += [account for account, done in zip(part, told, strict=True) if not done]
    return found


def named(reader: Reader, accounts: Sequence[int]) -> list[list[int]]:
    """The open markets of each account."""
    asked = [("openMarketsOf", account) for account in accounts]
    return [list(markets) for markets in reader.remote.lens.ask_many(asked)]


def escape(reader: Reader, account: int, recipient: str) -> Call:
    """Have an account paid its share."""
    arguments = (account, recipient, reader.markets_of(account))
    return reader.remote.hatch, "escape", arguments, STEP_GAS

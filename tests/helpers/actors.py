"""People with keys, made from their names, so that every run meets the same ones."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_account.signers.local import LocalAccount
from eth_utils.crypto import keccak


@dataclass(frozen=True)
class Actor:
    """Somebody with a key. `address` is lower-case, as the codecs return it."""

    name: str

    @cached_property
    def account(self) -> LocalAccount:
        key: LocalAccount = Account.from_key(keccak(text=f"penstock test actor {self.name}"))
        return key

    @cached_property
    def address(self) -> str:
        return str(self.account.address).lower()


@lru_cache(maxsize=1)
def publishers() -> tuple[Actor, ...]:
    """Five publishers of prices."""
    return tuple(Actor(f"publisher {number}") for number in range(5))


@dataclass(frozen=True)
class Feed:
    """The EIP-712 domain of one `PriceFeed`."""

    chain_id: int
    address: str
    version: str = "1"


REPORT_TYPES = {
    "Report": [
        {"name": "market", "type": "uint16"},
        {"name": "price", "type": "uint32"},
        {"name": "time", "type": "uint32"},
    ]
}

# price, time, r, vs: the struct that `post` takes.
Report = tuple[int, int, bytes, bytes]


def sign_report(feed: Feed, publisher: Actor, market: int, price: int, time: int) -> Report:
    """Sign as a wallet would: by eth-account, which knows nothing of our hashing."""
    domain = {
        "name": "Penstock",
        "version": feed.version,
        "chainId": feed.chain_id,
        "verifyingContract": feed.address,
    }
    message = {"market": market, "price": price, "time": time}
    signed = publisher.account.sign_message(encode_typed_data(domain, REPORT_TYPES, message))
    vs = signed.s | (signed.v - 27) << 255
    return price, time, signed.r.to_bytes(32, "big"), vs.to_bytes(32, "big")


def sign_reports(
    feed: Feed, market: int, prices: Sequence[int], times: int | Sequence[int]
) -> list[Report]:
    """One report of each of the first publishers, in the order that `post` wants them."""
    seen = [times] * len(prices) if isinstance(times, int) else times
    signed = [
        sign_report(feed, publisher, market, price, time)
        for publisher, price, time in zip(publishers(), prices, seen, strict=False)
    ]
    return sorted(signed, key=lambda report: report[0])

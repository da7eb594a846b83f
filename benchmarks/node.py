"""A whole venue on an anvil of its own, for measuring gas as a node charges it.

Every slot and account is cold when a transaction begins; nobody needs a key to send. `gas` of a
receipt counts 21,000, calldata with its floor, execution and refunds.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from penstock.anvil import Anvil
from penstock.artifacts import CODEC, artifact
from penstock.batch import Batch, encode
from penstock.deploy import (
    Abi,
    MarketParameters,
    Parameters,
    Parties,
    created_address,
    deploy,
)
from penstock.messages import Report
from penstock.records import FillRecord, decode_records
from penstock.rpc import Rpc
from penstock.signing import Domain, Signer, keccak
from penstock.system import System

GOVERNOR: Final = "0x" + "11" * 20
OPERATOR: Final = "0x" + "22" * 20
TRADER: Final = "0x" + "33" * 20
CALL_GAS: Final = 50_000_000
FIVE: Final = tuple(Signer(bytes(31) + bytes([i + 1])) for i in range(5))
PUBLISHERS: Final = FIVE[:3]
TIER: Final = 10_000
"""Lots of a tier; a cap on open interest is in force, too."""
PRICES: Final = (50_000, 30_000)


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a transaction cost, and what it said."""

    gas: int
    contract: str
    logs: list[dict[str, Any]]


class Node:
    """Sends for anybody; a `penstock.deploy.Deployer` for the governor."""

    def __init__(self, rpc: Rpc) -> None:
        self.rpc: Final = rpc
        rpc.call("anvil_autoImpersonateAccount", True)
        # NOTE: what reaches anvil's pool while it mines the nonce before can wait there for ever.
        rpc.call("evm_setAutomine", False)

    def send(self, sender: str, to: str | None, data: bytes, value: int = 0) -> Receipt:
        """Send, and wait for the receipt. Raises ContractRevert."""
        return self.send_all(sender, [(to, data)], value)[0]

    def send_all(
        self, sender: str, calls: Sequence[tuple[str | None, bytes]], value: int = 0
    ) -> list[Receipt]:
        """Send in one message, each with so much ether; nonces keep the order."""
        first = int(self.rpc.call("eth_getTransactionCount", sender, "latest"), 16)
        most = CALL_GAS if len(calls) == 1 else CALL_GAS // 100
        sent = [
            {**_call(sender, *call, most, value), "nonce": hex(n)}
            for n, call in enumerate(calls, first)
        ]
        hashes = self.rpc.batch([("eth_sendTransaction", [one]) for one in sent])
        receipts = self._mine(hashes)
        for (to, data), receipt in zip(calls, receipts, strict=True):
            if receipt["status"] != "0x1":
                self.rpc.call("eth_call", _call(sender, to, data, CALL_GAS, value), "latest")
                raise AssertionError(f"{receipt} failed, and succeeds when it is asked again")
        return [
            Receipt(int(r["gasUsed"], 16), str(r["contractAddress"]), r["logs"]) for r in receipts
        ]

    def _mine(self, hashes: Sequence[str]) -> list[dict[str, Any]]:
        """Make blocks until all transactions are in one; return the receipts."""
        for _ in range(len(hashes) + 1):
            self.rpc.call("evm_mine")
            receipts = self.rpc.batch([("eth_getTransactionReceipt", [one]) for one in hashes])
            if all(receipts):
                return receipts
        raise AssertionError(f"{len(hashes)} transactions do not fit as many blocks")

    @property
    def address(self) -> str:
        return GOVERNOR

    def abi(self, contract: str) -> Abi:
        return artifact(contract).abi

    def predict(self, offset: int) -> str:
        count = int(self.rpc.call("eth_getTransactionCount", GOVERNOR, "latest"), 16)
        return created_address(GOVERNOR, count + offset)

    def create(self, contract: str, *arguments: object) -> str:
        made = artifact(contract)
        return self.send(
            GOVERNOR, None, made.code + CODEC.encode(made.constructor, arguments)
        ).contract

    def transact(self, address: str, contract: str, function: str, *arguments: object) -> object:
        return self.send(GOVERNOR, address, calldata(contract, function, *arguments))


def calldata(contract: str, function: str, *arguments: object) -> bytes:
    """Calldata of one call."""
    return artifact(contract).functions[function].encode(arguments)


def _call(sender: str, to: str | None, data: bytes, gas: int, value: int = 0) -> dict[str, str]:
    call = {"from": sender, "data": "0x" + data.hex(), "gas": hex(gas), "gasPrice": "0x0"}
    if value:
        call["value"] = hex(value)
    return call if to is None else {**call, "to": to}


def listing(*symbols: str) -> Parameters:
    """A venue with markets of one kind, whose marks stay fresh for a day."""
    return Parameters(
        markets=tuple(
            MarketParameters(
                *(symbol, Decimal("0.1"), Decimal("0.001"), 500, 300, 500, 200),
                tier=TIER,
                open_interest_cap=100 * TIER,
            )
            for symbol in symbols
        ),
        max_report_age=3_600,
        max_price_age=86_400,
        outage_after=86_400,
    )


class Site:
    """A deployed venue with prices; accounts are opened and funded as they are asked for."""

    parameters: Parameters = listing("BTC-PERP", "ETH-PERP")
    first_prices: tuple[int, ...] = PRICES
    """By market from 1, ticks."""

    def __init__(self, anvil: Anvil) -> None:
        self.anvil: Final = anvil
        self.node: Final = Node(anvil.rpc)
        names = tuple("0x" + publisher.address.hex() for publisher in PUBLISHERS)
        parties = Parties(operator=OPERATOR, publishers=names)
        self.system: Final[System] = deploy(self.node, self.parameters, parties)
        chain_id = int(anvil.rpc.call("eth_chainId"), 16)
        self.domain: Final = Domain(chain_id, self.system.positions)
        self._feed: Final = Domain(chain_id, self.system.feed)
        self.keys: Final[dict[int, Signer]] = {}
        self.call("CollateralTokenMock", "mint", TRADER, 10**18)
        self.call("CollateralTokenMock", "approve", self.system.vault, 2**255)
        self.prices: list[int] = list(self.first_prices)
        """What orders are drawn at, by market from 1, ticks."""
        for market, price in enumerate(self.prices, 1):
            self.post(market, price)
        self.call("FundingIndex", "refresh", list(range(1, len(self.prices) + 1)))

    def call(
        self,
        contract: str,
        function: str,
        *arguments: object,
        sender: str = TRADER,
        value: int = 0,
    ) -> Receipt:
        """Call a contract of the venue."""
        data = calldata(contract, function, *arguments)
        return self.node.send(sender, self.system.places[contract], data, value)

    def post(self, market: int, price: int) -> Receipt:
        """Publish one price, signed by a quorum."""
        report = Report(market, price, self.anvil.time())
        return self.call("PriceFeed", "post", market, _rows(PUBLISHERS, self._feed, report))

    def post_five(self, market: int, price: int) -> Receipt:
        """Publish a second price to a feed of five publishers, all of whom must sign."""
        names = tuple("0x" + publisher.address.hex() for publisher in FIVE)
        feed = self.node.create(
            "PriceFeed", self.system.manager, names, len(FIVE), 3_600, 1_000_000
        )
        domain = Domain(self.domain.chain_id, feed)
        for _ in range(2):
            self.anvil.warp(self.anvil.time() + 10)
            rows = _rows(FIVE, domain, Report(market, price, self.anvil.time()))
            receipt = self.node.send(TRADER, feed, calldata("PriceFeed", "post", market, rows))
        return receipt

    def open_accounts(self, count: int, deposit: int = 10**12) -> list[int]:
        """Register and fund accounts with keys of their own; return their numbers."""
        first = len(self.keys) + 1
        numbers = list(range(first, first + count))
        for number in numbers:
            self.keys[number] = Signer(keccak(f"penstock benchmark key {number}".encode()))
        calls: list[tuple[str | None, bytes]] = []
        for number in numbers:
            signer = "0x" + self.keys[number].address.hex()
            calls.append((self.system.positions, calldata("PerpPositions", "register", signer)))
            paid = calldata("PerpPositions", "deposit", number, deposit)
            calls.append((self.system.positions, paid))
        self.node.send_all(TRADER, calls)
        return numbers

    def settle(self, batch: Batch) -> tuple[int, int, tuple[FillRecord, ...]]:
        """Settle; return gas, bytes of calldata, and the records of the fills."""
        data = calldata("PerpPositions", "settle", encode(batch))
        receipt = self.node.send(OPERATOR, self.system.positions, data)
        (packed,) = CODEC.decode(["bytes"], bytes.fromhex(receipt.logs[-1]["data"][2:]))
        return receipt.gas, len(data), decode_records(packed)


def _rows(publishers: Sequence[Signer], feed: Domain, report: Report) -> list[tuple[Any, ...]]:
    """The report as `post` takes it, from each publisher."""
    return [publisher.sign_report(feed, report).row for publisher in publishers]


@contextmanager
def site(kind: type[Site] = Site) -> Iterator[Site]:
    """A fresh venue on a fresh anvil, which ends with the block."""
    with Anvil() as anvil:
        yield kind(anvil)

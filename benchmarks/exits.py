"""Gas of the way out on a real node: a request, a release, and what a long line costs.

The long line stands in a queue and a vault of their own, filled by a contract that speaks for
`PerpPositions`; its code is the venue's.
"""

from typing import Final, NamedTuple

from benchmarks.measure import Measure
from benchmarks.node import TRADER, Node, Site, calldata, site
from penstock.artifacts import artifact

AMOUNT: Final = 10**6
PAGE: Final = 50
SHORT, LONG = 10, 10_000
"""Tickets in line."""
FILL: Final = 250
"""Tickets that one transaction issues."""
TERMS: Final = (10**12, 2_500, 86_400)
DELAY: Final = 300
NOISE: Final = 100
"""What other numbers in calldata and storage may cost."""


class Lined(NamedTuple):
    """Gas with a line of some length: a release of its head, and the views of its last ticket."""

    release: int
    eta: int
    ask: int


class Line:
    """A queue and a vault whose tickets are issued by the hundred."""

    def __init__(self, node: Node) -> None:
        self.node: Final = node
        manager = node.create("Manager", node.address)
        self.parts: Final = node.create("QueuePartsMock", TRADER)
        token = node.create("CollateralTokenMock")
        self.vault, self.queue = (node.predict(offset) for offset in range(2))
        node.create("CollateralVault", token, self.parts, self.queue, self.parts)
        node.create("WithdrawalQueue", (self.vault, *[self.parts] * 4), manager, DELAY, TERMS)
        node.send(TRADER, token, calldata("CollateralTokenMock", "mint", TRADER, 10**18))
        node.send(TRADER, token, calldata("CollateralTokenMock", "approve", self.vault, 2**255))
        self.repeat(self.vault, calldata("CollateralVault", "take", TRADER, 10**15), 1)

    def repeat(self, target: str, data: bytes, count: int) -> None:
        """Have the parts call somebody, so many times."""
        self.node.send(
            TRADER, self.parts, calldata("QueuePartsMock", "repeat", target, data, count)
        )

    def grow(self, count: int) -> None:
        """Issue tickets, each to the same recipient."""
        data = calldata("WithdrawalQueue", "push", 1, TRADER, AMOUNT)
        for begun in range(0, count, FILL):
            self.repeat(self.queue, data, min(FILL, count - begun))

    def release(self, count: int = 1) -> int:
        """Gas of a release."""
        return self.node.send(TRADER, self.vault, calldata("CollateralVault", "release", count)).gas

    def gas_of(self, function: str, *arguments: object) -> int:
        """Gas of a view, without what every transaction pays."""
        call = {
            "to": self.queue,
            "data": "0x" + calldata("WithdrawalQueue", function, *arguments).hex(),
        }
        return int(self.node.rpc.call("eth_estimateGas", call, "latest"), 16)


def lined(venue: Site, line: Line, count: int) -> Lined:
    """Lengthen the line to so many tickets and measure."""
    (head,) = _ask(line, "head")
    (tail,) = _ask(line, "tail")
    line.grow(count - (tail - head))
    venue.anvil.warp(venue.anvil.time() + DELAY)
    last = _ask(line, "tail")[0] - 1
    views = line.gas_of("etaOf", last), line.gas_of("eta", AMOUNT)
    return Lined(line.release(), *views)


def _ask(line: Line, function: str) -> tuple[int, ...]:
    called = artifact("WithdrawalQueue").functions[function]
    call = {"to": line.queue, "data": "0x" + called.encode(()).hex()}
    answer = bytes.fromhex(line.node.rpc.call("eth_call", call, "latest")[2:])
    return (int(called.decode(answer)),)


def measure() -> dict[str, int]:
    """Gas of each operation, by name."""
    with site() as venue:
        gas = _requests(venue)
        line = Line(venue.node)
        line.release()
        short, long = (lined(venue, line, count) for count in (SHORT, LONG))
    return gas | {
        "release: the head of 10": short.release,
        "release: the head of 10,000": long.release,
        "etaOf: the last of 10": short.eta,
        "etaOf: the last of 10,000": long.eta,
        "eta: before asking, 10 in line": short.ask,
        "eta: before asking, 10,000 in line": long.ask,
    }


def _requests(venue: Site) -> dict[str, int]:
    """On the venue itself: an account without a guard, then with one."""
    (fresh,) = venue.open_accounts(1)
    # The first ticket of all would pay for words that every later one finds.
    _request(venue, fresh)
    plain = _request(venue, fresh)
    venue.anvil.warp(venue.anvil.time() + DELAY)
    venue.call("CollateralVault", "release", 1)
    released = venue.call("CollateralVault", "release", 1).gas
    page = _page(venue, fresh)
    guard = venue.call("WithdrawalQueue", "announceGuard", fresh, 0, [TRADER]).gas
    confined = _request(venue, fresh)
    venue.call("WithdrawalQueue", "announceGuard", fresh, 60, [TRADER])
    _request(venue, fresh)
    held = _request(venue, fresh)
    venue.anvil.warp(venue.anvil.time() + 60)
    admitted = venue.call("WithdrawalQueue", "admit", 1).gas
    return {
        "requestWithdrawal: one more": plain,
        "release: one ticket": released,
        "release: a page of 50": page,
        "announceGuard: one destination": guard,
        "requestWithdrawal: to a listed destination": confined,
        "requestWithdrawal: held": held,
        "admit": admitted,
    }


def _request(venue: Site, account: int, recipient: str = TRADER) -> int:
    return venue.call("PerpPositions", "requestWithdrawal", account, recipient, AMOUNT, []).gas


def _page(venue: Site, account: int) -> int:
    """Gas of a page of tickets, each to somebody who had no tokens before."""
    for number in range(1, PAGE + 1):
        _request(venue, account, "0x" + f"{number:02x}" * 20)
    venue.anvil.warp(venue.anvil.time() + DELAY)
    return venue.call("CollateralVault", "release", PAGE).gas


def run() -> list[Measure]:
    """Measure the way out."""
    gas = measure()
    request, one = gas["requestWithdrawal: one more"], gas["release: one ticket"]
    short, long = gas["release: the head of 10"], gas["release: the head of 10,000"]
    soon, late = gas["etaOf: the last of 10"], gas["etaOf: the last of 10,000"]
    each = round(gas["release: a page of 50"] / PAGE)
    same = f"= {short:,}, as with 10", abs(long - short) <= NOISE
    told = f"= {soon:,}, as with 10", abs(late - soon) <= NOISE
    before, after = gas["eta: before asking, 10 in line"], gas["eta: before asking, 10,000 in line"]
    asked = f"= {before:,}, as with 10", abs(after - before) <= NOISE
    return [
        Measure("gas of a withdrawal request", request, "gas", "≤ 90,000", request <= 90_000),
        Measure("gas of a release, one ticket", one, "gas", "≤ 80,000", one <= 80_000),
        Measure("gas per ticket, a page of 50", each, "gas", "≤ 45,000", each <= 45_000),
        Measure("gas of the next release, 10,000 in line", long, "gas", *same),
        Measure("gas of `etaOf`, the last of 10,000 in line", late, "gas", *told),
        Measure("gas of `eta`, before asking, 10,000 in line", after, "gas", *asked),
        Measure("gas of a request that is held", gas["requestWithdrawal: held"], "gas", "", None),
        Measure("gas of admitting a hold", gas["admit"], "gas", "", None),
    ]

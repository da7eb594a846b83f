"""Gas of signed and forced requests, on a real node.

    request   a signed withdrawal, carried alone and in a page of ten
    forced    a withdrawal and a close, filed, and executed once the window is over
    close     against one resting order, against five, and against the fund

All accounts have traded in one market before. Every word is cold when a transaction begins.
"""

from typing import Final

from benchmarks.gas import EXPIRY, Cases
from benchmarks.measure import Measure
from benchmarks.node import FIVE, site
from penstock.messages import Fill, SignedOrder, Withdrawal
from penstock.signing import Domain

OWNER: Final = FIVE[4]
PLACE: Final = "0x" + OWNER.address.hex()
PAGE, MAKERS, LOTS = 10, 5, 10
AMOUNT: Final = 10**6


class Forced(Cases):
    """One owner with a key of its own has the accounts that leave."""

    def prepare(self) -> tuple[int, list[int]]:
        """Open an account, have it trade with makers, and endow the fund; return their numbers."""
        site = self.site
        makers = site.open_accounts(MAKERS)
        (leaver,) = self._open()
        site.anvil.fund(PLACE)
        site.call("PerpPositions", "deposit", 0, 10**12)
        for maker in makers:
            self._settle([Fill(self._rest(maker, 1, False, 0, LOTS), self._buy(leaver), LOTS)])
        return leaver, makers

    def _open(self) -> list[int]:
        number = len(self.site.keys) + 1
        self.site.keys[number] = FIVE[3]
        self.site.call("PerpPositions", "register", "0x" + FIVE[3].address.hex(), sender=PLACE)
        self.site.call("PerpPositions", "deposit", number, 10**12)
        return [number]

    def _buy(self, account: int) -> SignedOrder:
        return self._take(account, 1, True, LOTS)

    def signed(self, account: int, nonce: int) -> tuple[object, ...]:
        """A signed withdrawal, as the desk takes it."""
        domain = Domain(self.site.domain.chain_id, self.site.system.desk)
        withdrawal = Withdrawal(account, PLACE, AMOUNT, nonce, EXPIRY)
        signature = OWNER.sign_withdrawal(domain, withdrawal).signature
        return (account, PLACE, AMOUNT, nonce, EXPIRY), [1], signature

    def bid(self, maker: int) -> tuple[object, ...]:
        """A resting order that takes lots over, as the desk takes it."""
        signed = self._rest(maker, 1, True, 0, LOTS)
        o = signed.order
        said = (o.account, o.buy, o.post_only, o.reduce_only, o.price, o.size, o.expiry, o.nonce)
        return said, LOTS, [1], 0, b"", signed.signature

    def force(self, function: str, *arguments: object) -> int:
        """File a forced request; return its gas."""
        cap = self.site.parameters.request_fee_cap
        return self.site.call("ExitDesk", function, *arguments, sender=PLACE, value=cap).gas

    def pass_window(self) -> None:
        """Let the window of the latest request pass; the mark is fresh again."""
        node = self.site.anvil
        node.warp(node.time() + self.site.parameters.settlement_window)
        self.site.post(1, self.site.prices[0])
        self.site.call("FundingIndex", "refresh", [1])


def measure() -> dict[str, int]:
    """Run everything on a node of its own; gas of the calls by their names."""
    with site() as venue:
        forced = Forced(venue)
        leaver, makers = forced.prepare()
        return _signed(forced, leaver) | _forced(forced, leaver, makers)


def _signed(forced: Forced, leaver: int) -> dict[str, int]:
    call = forced.site.call
    # The first number of a word is dearer than the others.
    call("ExitDesk", "request", *forced.signed(leaver, 0))
    alone = call("ExitDesk", "request", *forced.signed(leaver, 1)).gas
    page = [forced.signed(leaver, nonce) for nonce in range(2, 2 + PAGE)]
    return {
        "request: signed, one position": alone,
        f"carry: {PAGE} signed requests": call("ExitDesk", "carry", page).gas,
    }


def _forced(forced: Forced, leaver: int, makers: list[int]) -> dict[str, int]:
    call = forced.site.call
    forced.force("forceWithdrawal", leaver, PLACE, AMOUNT)
    gas = {"forceWithdrawal": forced.force("forceWithdrawal", leaver, PLACE, AMOUNT)}
    lots = LOTS * MAKERS
    gas["forceClose"] = forced.force("forceClose", leaver, 1, lots)
    forced.pass_window()
    gas["executeWithdrawal: one position"] = call("ExitDesk", "executeWithdrawal", 1, [1]).gas
    one = [forced.bid(makers[0])]
    gas["executeClose: one order, a part"] = call("ExitDesk", "executeClose", 3, [1], one, 0).gas
    by_fund = call("ExitDesk", "executeClose", 3, [1], [], LOTS).gas
    gas["executeClose: by the fund, a part"] = by_fund
    rest = [forced.bid(maker) for maker in makers[2:]]
    gas[f"executeClose: {len(rest)} orders, the rest"] = call(
        "ExitDesk", "executeClose", 3, [1], rest, 0
    ).gas
    return gas


def run() -> list[Measure]:
    """Measure everything."""
    return [Measure(f"gas of {name}", gas, "gas", "", None) for name, gas in measure().items()]

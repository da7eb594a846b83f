"""Edge: what somebody asks for: how much, from which account, to whom, on L2 or by a door to L1."""

import secrets
from decimal import Decimal
from typing import Final

from msgspec import Struct, structs

from penstock.errors import NumberError
from penstock.follow.calls import Call
from penstock.follow.facts import ExitError, Reader
from penstock.follow.progress import Exit, is_recent
from penstock.messages import SignedWithdrawal, Withdrawal
from penstock.signing import Domain, Signer
from penstock.units import to_decimal, to_quote

CARRY_GAS: Final = 2_000_000
NONCE_BITS: Final = 63
ALL: Final = "all"
OWNER: Final = "owner"
WITHDRAWABLE: Final = 10
"""Place of what a withdrawal may take in what `accountOf` returns."""


class Wish(Struct, frozen=True):
    """A withdrawal that is wanted; the amount in quote units."""

    account: int
    recipient: str
    amount: int
    is_all: bool = False
    """Whether it is all that there is now."""

    @property
    def parts(self) -> tuple[int, str, int]:
        """Account, recipient, amount."""
        return self.account, self.recipient, self.amount

    def is_met_by(self, exit: Exit) -> bool:
        """Whether an exit is just this one.

        What is asked for is debited at once, so all is met by any exit once nothing is left.
        """
        part = exit.ticket or exit.hold
        if part is None or (part.account, part.recipient) != self.parts[:2]:
            return False
        return self.amount == (0 if self.is_all else part.amount)


def recipient_of(reader: Reader, account: int, to: str | None, to_l1: str | None) -> str:
    """Who is to be paid on L2: an address, the owner, or somebody's door to L1."""
    if to_l1 is None:
        return (to or reader.owner_of(account)).lower()
    if to is not None:
        raise ExitError("name --to or --to-l1, not both: a door pays on L1")
    doors = reader.remote.doors
    if doors is None:
        raise ExitError("this venue has no doors to L1: its collateral did not come over a bridge")
    target = reader.owner_of(account) if to_l1 == OWNER else to_l1
    return str(doors.ask("doorOf", target))


def sign(reader: Reader, signer: Signer, wish: Wish, lasting: int) -> SignedWithdrawal:
    """A withdrawal that anybody may carry within so many seconds. Raises ExitError."""
    owner = reader.owner_of(wish.account)
    if owner != "0x" + signer.address.hex():
        raise ExitError(f"account {wish.account} belongs to {owner}: sign with its key")
    domain = Domain(int(reader.remote.rpc.call("eth_chainId"), 16), reader.remote.system.desk)
    return sign_wish(domain, signer, wish, reader.now() + lasting)


def sign_wish(domain: Domain, owner: Signer, wish: Wish, deadline: int) -> SignedWithdrawal:
    """A wish with a number that nobody used, signed under the exit desk's domain."""
    nonce = secrets.randbits(NONCE_BITS)
    return owner.sign_withdrawal(domain, Withdrawal(*wish.parts, nonce, deadline))


def carriage(reader: Reader, signed: SignedWithdrawal) -> Call:
    """The call that carries it."""
    markets = reader.markets_of(signed.withdrawal.account)
    arguments = (structs.astuple(signed.withdrawal), markets, signed.signature)
    return reader.remote.desk, "request", arguments, CARRY_GAS


def amount_of(reader: Reader, account: int, text: str, decimals: int) -> int:
    """How much: a number, or all that a withdrawal may take now."""
    if text == ALL:
        return max(0, int(reader.remote.lens.ask("accountOf", account)[WITHDRAWABLE]))
    return to_quote(decimal_of(text), decimals)


def decimal_of(text: str) -> Decimal:
    """A number as a person writes it. Raises ExitError."""
    try:
        return to_decimal(text)
    except NumberError:
        raise ExitError(f"{text!r} is neither a number nor {ALL!r}") from None


def met(reader: Reader, wish: Wish) -> Exit | None:
    """An exit that is this one already: it is under way, or ended of late."""
    now = reader.now()
    mine = (one for one in reversed(reader.ever_of(wish.account)) if wish.is_met_by(one))
    return next((one for one in mine if is_recent(one, now)), None)

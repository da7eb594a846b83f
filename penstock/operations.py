"""Edge: what an operator does by hand: look, simulate a batch, send one, settle signed orders."""

from collections.abc import Iterable
from typing import Final

from penstock.batch import decode
from penstock.deployment import Deployment
from penstock.engine import Engine
from penstock.errors import DecodeError
from penstock.events import Rejected
from penstock.gateway import Gateway
from penstock.keys import signer_from_environment
from penstock.messages import Fill
from penstock.mirror import Mirror
from penstock.records import FillRecord, decode_records
from penstock.remote import Remote, connect
from penstock.risk import RiskGate
from penstock.rpc import Rpc
from penstock.sender import Receipt, Sender
from penstock.submitter import SETTLE_GAS, Settlement, Submitter

KEY_VARIABLE: Final = "PENSTOCK_OPERATOR_KEY"
LEAD: Final = 30


def venue_at(url: str, deployment: Deployment) -> Remote:
    """Connect to a venue, after making sure that it is the one on file."""
    rpc = Rpc(url)
    return connect(rpc, deployment.check(rpc).system)


def operator_of(remote: Remote) -> Sender:
    """Sign with the key in the environment. Raises KeyMissingError or KeyFormatError."""
    return Sender(remote.rpc, signer_from_environment(KEY_VARIABLE, "the operator's"))


def read_batch(text: str) -> bytes:
    """Read a batch written as hex, and make sure that the contract could. Raises DecodeError."""
    try:
        data = bytes.fromhex("".join(text.split()).removeprefix("0x"))
    except ValueError as error:
        raise DecodeError("batch file", f"it must be hex digits ({error})") from error
    decode(data)
    return data


def next_number(remote: Remote) -> int:
    """Number of the next batch."""
    return int(remote.lens.ask("progress")[0])


def simulate(remote: Remote, data: bytes) -> tuple[FillRecord, ...]:
    """What the chain would say of a batch now. Raises ContractRevert."""
    return decode_records(remote.positions.ask("simulate", data))


def send(remote: Remote, data: bytes) -> Receipt:
    """Settle a batch. Raises ContractRevert."""
    return remote.positions.transact(operator_of(remote), "settle", data, gas=SETTLE_GAS)


def settle_orders(remote: Remote, lines: Iterable[str]) -> tuple[list[Settlement], list[Rejected]]:
    """Match signed orders, one JSON object a line, and settle the fills they make."""
    mirror = Mirror(remote)
    mirror.follow()
    now = remote.rpc.next_time()
    gate = RiskGate(mirror.venue, now, LEAD)
    gateway = Gateway(Engine(gate, sorted(mirror.venue.markets)), gate, mirror.domain)
    submitter = Submitter(mirror, gate, operator_of(remote))
    refused = []
    for line in filter(str.strip, lines):
        events = gateway.place(line.encode(), now)
        submitter.take(event for event in events if isinstance(event, Fill))
        refused += [event for event in events if isinstance(event, Rejected)]
    return submitter.settle(), refused

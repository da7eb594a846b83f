"""Edge: where signed prices come from: a file that publishers append to, or keys that all know.

ReportsMissingError  FileNotFoundError  there is no such file
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from penstock.errors import PenstockError
from penstock.keepers.prices import Source
from penstock.localvenue import PUBLISHERS, signer_of
from penstock.messages import Report, SignedReport
from penstock.remote import Remote
from penstock.signing import Domain
from penstock.wire import decode_report

TAIL: Final = 64 * 1024
"""Bytes at the end of a file that are looked at: some hundred reports."""


class ReportsMissingError(PenstockError, FileNotFoundError):
    """There is no file of reports."""

    def __init__(self, path: Path) -> None:
        self.path: Final = path
        super().__init__(
            f"{path} cannot be read; name the file that the publishers append their reports to, "
            f"one JSON object a line"
        )


def from_file(path: Path) -> Source:
    """Read the last reports of a file anew each time. Raises ReportsMissingError when asked."""

    def read() -> Iterator[SignedReport]:
        try:
            with path.open("rb") as file:
                file.seek(max(0, path.stat().st_size - TAIL))
                lines = file.read().splitlines()
        except OSError:
            raise ReportsMissingError(path) from None
        return _decoded(lines)

    return read


def _decoded(lines: list[bytes]) -> Iterator[SignedReport]:
    for line in lines:
        try:
            yield decode_report(line)
        except ValueError:
            # The first line may be cut; one publisher's mistake must not silence the others.
            continue


def from_known_keys(remote: Remote, prices: Mapping[int, int]) -> Source:
    """Sign the same prices, ticks by market, with the development publishers' keys each time."""
    domain = Domain(int(remote.rpc.call("eth_chainId"), 16), remote.system.feed)
    signers = [signer_of(f"publisher {n}") for n in range(PUBLISHERS)]

    def sign() -> list[SignedReport]:
        time = remote.rpc.next_time()
        reports = [Report(market, price, time) for market, price in prices.items()]
        return [signer.sign_report(domain, report) for signer in signers for report in reports]

    return sign

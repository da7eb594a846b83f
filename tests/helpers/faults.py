"""A connection to a real node that breaks when it is told to."""

from collections.abc import Callable
from typing import Any

from penstock.rpc import NodeUnreachableError, Rpc


class FlakyRpc(Rpc):
    """Breaks at the messages, counted from 0, for which `breaks` says so."""

    def __init__(self, url: str, breaks: Callable[[int], bool] = lambda count: False) -> None:
        super().__init__(url)
        self.breaks = breaks
        self.count = 0

    def _post(self, body: bytes) -> Any:
        self.count += 1
        if self.breaks(self.count - 1):
            raise NodeUnreachableError(self.url, "it was told to break")
        return super()._post(body)

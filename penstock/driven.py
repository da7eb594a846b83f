"""Edge: a node of a devnet, which makes a block when somebody waits for a receipt."""

from collections.abc import Callable, Sequence
from typing import Any, Final

from penstock.rpc import Request, Rpc

RECEIPT: Final = "eth_getTransactionReceipt"


class DrivenRpc(Rpc):
    """A chain of a devnet. Asking for a receipt in vain makes a block."""

    def __init__(self, url: str, step: Callable[[], object]) -> None:
        super().__init__(url)
        self._step: Final = step

    def batch(self, requests: Sequence[Request]) -> list[Any]:
        """Ask; where a receipt is missing, let a block be made and ask again."""
        answers = super().batch(requests)
        asked = zip(requests, answers, strict=True)
        if any(method == RECEIPT and answer is None for (method, _), answer in asked):
            self._step()
            answers = super().batch(requests)
        return answers

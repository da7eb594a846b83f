"""Edge: JSON-RPC over one kept-alive connection: one call, calls in order, or calls at once.

NOTE: anvil runs the elements of a JSON-RPC batch concurrently. `together` is for questions and for
orders whose sequence does not matter; everything else is a `call` of its own.
"""

import json
from collections.abc import Sequence
from threading import Lock
from typing import Any, Final, TypeAlias
from urllib.parse import urlsplit

from penstock.devnet.abi import explain
from penstock.devnet.errors import NodeDeadError, NodeRefusedError
from penstock.devnet.wire import Wire

Request: TypeAlias = tuple[str, Sequence[object]]
"""A method and its parameters."""

TIMEOUT: Final = 60.0
_REVERTED: Final = 3


class Rpc:
    """One connection to one node."""

    def __init__(self, url: str, timeout: float = TIMEOUT) -> None:
        self.url: Final = url
        place = urlsplit(url)
        self._turn: Final = Lock()
        self._wire: Final = Wire(place.hostname or "", place.port or 80, timeout)

    def call(self, method: str, *parameters: object) -> Any:
        """Ask one thing. Raises NodeDeadError, NodeRefusedError or CallRevertedError."""
        return _result(method, self._post(method, _question(0, method, parameters)))

    def number(self, method: str, *parameters: object) -> int:
        """Ask for one hexadecimal quantity."""
        return int(self.call(method, *parameters), 16)

    def together(self, requests: Sequence[Request]) -> list[Any]:
        """Ask many things at once, in no order of execution; answers stand as the questions do.

        Raises for the first answer that is an error, after the node has worked on all of them.
        """
        return [
            _result(request[0], answer)
            for request, answer in zip(requests, self._ask(requests), strict=True)
        ]

    def attempt(self, requests: Sequence[Request]) -> list[Any]:
        """Ask many things at once; an answer that is an error becomes None."""
        return [answer.get("result") for answer in self._ask(requests)]

    def close(self) -> None:
        """Drop the connection; the next call opens another."""
        self._wire.close()

    def _ask(self, requests: Sequence[Request]) -> list[Any]:
        if not requests:
            return []
        body = [_question(number, *request) for number, request in enumerate(requests)]
        answers = self._post(requests[0][0], body)
        if not isinstance(answers, list):
            return [answers for _ in requests]
        return sorted(answers, key=lambda answer: int(answer["id"]))

    def _post(self, method: str, question: object) -> Any:
        body = json.dumps(question).encode()
        with self._turn:
            return self._exchange(method, body)

    def _exchange(self, method: str, body: bytes) -> Any:
        """Send once. A connection that the node closed while it was idle is opened again."""
        again = self._wire.idle
        try:
            return json.loads(self._wire.exchange(body))
        except ConnectionError as error:
            # NOTE: only a connection that was idle is tried again: the node cannot have heard.
            if again:
                return self._exchange(method, body)
            raise NodeDeadError(self.url, method, error) from error
        except (OSError, ValueError) as error:
            raise NodeDeadError(self.url, method, error) from error


def _question(number: int, method: str, parameters: Sequence[object]) -> dict[str, object]:
    return {"jsonrpc": "2.0", "id": number, "method": method, "params": list(parameters)}


def _result(method: str, answer: dict[str, Any]) -> Any:
    error = answer.get("error")
    if error is None:
        return answer["result"]
    code, message, data = (
        int(error.get("code", 0)),
        str(error.get("message", "")),
        error.get("data"),
    )
    if code == _REVERTED or "revert" in message.lower():
        found = data if isinstance(data, str) and data.startswith("0x") else "0x"
        raise explain(bytes.fromhex(found[2:]))
    raise NodeRefusedError(method, code, message)

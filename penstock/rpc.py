"""Edge: JSON-RPC over one kept-alive HTTP connection, single or in batches; nothing else.

    RpcError                  the node did not do what was asked
    ├── NodeUnreachableError  ConnectionError  nobody answers at the url
    └── NodeRefusedError      RuntimeError     the node answered with an error of its own

A call that the contract undid raises `ContractRevert` with the contract's error and its values.
"""

import json
from collections.abc import Sequence
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any, Final, TypeAlias
from urllib.parse import urlsplit

from penstock.artifacts import decode_revert
from penstock.errors import PenstockError

Request: TypeAlias = tuple[str, Sequence[object]]
"""A method and its parameters."""

TIMEOUT: Final = 30.0
_HEADERS: Final = {"Content-Type": "application/json"}


class RpcError(PenstockError):
    """The node did not do what was asked."""


class NodeUnreachableError(RpcError, ConnectionError):
    """Nobody answers at the url."""

    def __init__(self, url: str, detail: object) -> None:
        self.url: Final = url
        super().__init__(
            f"no node answers at {url} ({detail}); start it, or name another one with --url"
        )


class NodeRefusedError(RpcError, RuntimeError):
    """The node answered with an error of its own, not of a contract."""

    def __init__(self, method: str, code: int, message: str) -> None:
        self.method: Final = method
        self.code: Final = code
        self.message: Final = message
        super().__init__(f"the node refused {method}: {message} (code {code})")


class Rpc:
    """One connection to one node."""

    def __init__(self, url: str, timeout: float = TIMEOUT) -> None:
        self.url: Final = url
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or parts.hostname is None:
            raise NodeUnreachableError(url, "a url looks like http://127.0.0.1:8545")
        make = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        self._connection: Final = make(parts.hostname, parts.port, timeout=timeout)
        self._path: Final = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self._id = 0

    def call(self, method: str, *parameters: object) -> Any:
        """Ask one thing. Raises RpcError, or ContractRevert."""
        return self.batch([(method, parameters)])[0]

    def batch(self, requests: Sequence[Request]) -> list[Any]:
        """Ask many things in one message; answers come in the order of the questions.

        Raises for the first answer that is an error, after the node has seen all of them.
        """
        if not requests:
            return []
        first = self._id + 1
        self._id += len(requests)
        body = [
            {"jsonrpc": "2.0", "id": number, "method": method, "params": list(parameters)}
            for number, (method, parameters) in enumerate(requests, first)
        ]
        answer = self._post(json.dumps(body[0] if len(body) == 1 else body).encode())
        answers = answer if isinstance(answer, list) else [answer]
        if len(answers) != len(requests):
            raise self._refused("batch", answers[0])
        answers.sort(key=lambda one: int(one["id"]))
        pairs = zip(requests, answers, strict=True)
        return [self._result(method, one) for (method, _), one in pairs]

    def next_time(self) -> int:
        """Time of the next block, in seconds."""
        return int(self.call("eth_getBlockByNumber", "pending", False)["timestamp"], 16)

    def close(self) -> None:
        """Drop the connection; the next call opens another."""
        self._connection.close()

    def _post(self, body: bytes) -> Any:
        """Send once. A connection that the node closed while it was idle is opened again."""
        for last in (False, True):
            try:
                self._connection.request("POST", self._path, body, _HEADERS)
                response = self._connection.getresponse()
                return json.loads(response.read())
            except (HTTPException, OSError, ValueError) as error:
                self._connection.close()
                # NOTE: only a dead idle connection is tried again; asking twice must be harmless.
                if last or not isinstance(error, HTTPException | ConnectionResetError):
                    raise NodeUnreachableError(self.url, error) from error
        raise AssertionError("unreachable")

    def _result(self, method: str, answer: dict[str, Any]) -> Any:
        if "error" in answer:
            raise self._refused(method, answer)
        return answer["result"]

    def _refused(self, method: str, answer: dict[str, Any]) -> Exception:
        error = answer.get("error") or {}
        code, message = int(error.get("code", 0)), str(error.get("message", "no reason given"))
        data = error.get("data")
        if code == 3 or "revert" in message.lower():
            found = data if isinstance(data, str) and data.startswith("0x") else "0x"
            return decode_revert(bytes.fromhex(found[2:]))
        return NodeRefusedError(method, code, message)

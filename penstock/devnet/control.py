"""Edge: what can be asked of a devnet in another process, and the small server that listens.

A question is JSON, {"do": "warp", "with": {"seconds": 3600}}, posted to the url that stands in the
descriptor. Amounts and times are whole numbers: wei, token units, seconds.
"""

import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final, TypeAlias

import msgspec

from penstock.devnet.errors import ControlError
from penstock.devnet.net import Devnet
from penstock.devnet.process import HOST
from penstock.devnet.switches import Switch
from penstock.devnet.withdrawals import Withdrawal
from penstock.errors import PenstockError

Answer: TypeAlias = dict[str, Any]
_JSON: Final = "application/json"
_LONGEST: Final = 65_536


def status(net: Devnet) -> Answer:
    """Where both chains and the parts of the node are."""
    net.check()
    head = net.blocks[-1]
    return {
        "l1": {"block": net.l1.height(), "url": net.l1.url},
        "l2": {"block": head.number, "origin": head.origin.number, "url": net.l2.url},
        "time": net.node.state.now,
        "safe": net.safe,
        "outputs": [output.block for output in net.node.state.outputs if output.l1_block][-1:],
        "running": {name: switch.running for name, switch in _switches(net).items()},
        "waiting": len(net.node.state.waiting),
        "dropped": net.node.state.dropped,
    }


def deposit(net: Devnet, account: int, amount: int, to: str = "") -> Answer:
    """Move wei from a development account to L2."""
    arrival = net.deposit_eth(net.accounts[account], amount, to)
    return {"l1": arrival.l1.hash, "l2": arrival.l2.hash, "succeeded": arrival.succeeded}


def withdraw(net: Devnet, account: int, amount: int, to: str = "") -> Answer:
    """Start to move wei from a development account back to L1."""
    return {"hash": net.withdraw_eth(net.accounts[account], amount, to)}


def withdrawal(net: Devnet, hash: str, index: int = 0) -> Answer:
    """Where a withdrawal is, and when it can be paid."""
    return _about(net, net.withdrawal(hash, index))


def prove(net: Devnet, hash: str, index: int = 0) -> Answer:
    """Prove a withdrawal on L1."""
    found = net.withdrawal(hash, index)
    found.prove()
    return _about(net, found)


def finalize(net: Devnet, hash: str, index: int = 0) -> Answer:
    """Have a proven withdrawal paid on L1."""
    found = net.withdrawal(hash, index)
    payout = found.finalize()
    return {**_about(net, found), "paid": payout.succeeded, "l1": payout.receipt.hash}


def token(net: Devnet, account: int, name: str, symbol: str, decimals: int, amount: int) -> Answer:
    """Make a token on L1 with its representation on L2, and bridge `amount` to an account."""
    owner = net.accounts[account]
    made = net.bridge.create_token(owner, name, symbol, decimals)
    if amount:
        net.bridge.mint(owner, made, owner.address, amount)
        net.deposit_erc20(owner, made, amount)
    return {"l1": made.l1, "l2": made.l2}


def pause(net: Devnet, part: str) -> Answer:
    """Switch the sequencer, the batcher or the proposer off."""
    _switch(net, part).pause()
    return {part: False}


def resume(net: Devnet, part: str) -> Answer:
    """Switch it on again."""
    _switch(net, part).resume()
    return {part: True}


def reorg(net: Devnet, depth: int, replay: bool = False) -> Answer:
    """Replace the last L1 blocks."""
    net.l1_reorg(depth, replay=replay)
    return status(net)


def step(net: Devnet, count: int = 1) -> Answer:
    """Let L2 blocks pass."""
    net.step(count)
    return status(net)


def warp(net: Devnet, seconds: int) -> Answer:
    """Let time pass at once."""
    net.warp(seconds)
    return status(net)


def verify(net: Devnet) -> Answer:
    """Rebuild L2 from L1 and compare."""
    report = net.verify()
    return {**msgspec.to_builtins(report), "agrees": report.agrees}


def costs(net: Devnet) -> Answer:
    """What was charged on L2 and paid on L1, in wei."""
    found = net.costs()
    return {
        "charged": found.charged,
        "paid": found.paid,
        "gas_per_byte": found.gas_per_byte,
        "blob_gas": found.blob_gas,
    }


def dump(net: Devnet, path: str) -> Answer:
    """Save the devnet."""
    net.dump(path)
    return {"path": path}


_ALL: Final[Mapping[str, Callable[..., Answer]]] = {
    one.__name__: one
    for one in (
        *(costs, deposit, dump, finalize, pause, prove, reorg, resume, status, step, verify),
        *(token, warp, withdraw, withdrawal),
    )
}


def answer(net: Devnet, question: Mapping[str, Any]) -> Answer:
    """Do what is asked. Raises PenstockError."""
    wanted = _ALL.get(str(question.get("do")))
    if wanted is None:
        raise ControlError(f"unknown: {question.get('do')}; known are {', '.join(_ALL)}")
    try:
        return wanted(net, **question.get("with", {}))
    except (TypeError, IndexError) as error:
        raise ControlError(f"{wanted.__name__} cannot be done so: {error}") from error


class Server:
    """Listens on this machine for as long as the devnet runs."""

    def __init__(self, net: Devnet) -> None:
        self._server: Final = ThreadingHTTPServer((HOST, 0), _handler(net))
        self._server.daemon_threads = True
        self.url: Final = f"http://{HOST}:{self._server.server_port}"
        self._thread: Final = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()


def _handler(net: Devnet) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            code, said = _reply(net, self.headers.get("Content-Type", ""), self._body())
            self.send_response(code)
            self.send_header("Content-Type", _JSON)
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, format: str, *arguments: object) -> None:
            """Say nothing: the terminal is the user's."""

        def _body(self) -> bytes:
            return self.rfile.read(min(int(self.headers.get("Content-Length", 0)), _LONGEST))

    return Handler


def _reply(net: Devnet, kind: str, body: bytes) -> tuple[int, bytes]:
    # A web page may post text to this machine, but not this type without being asked first.
    if kind != _JSON:
        return 415, msgspec.json.encode({"error": f"send {_JSON}"})
    try:
        return 200, msgspec.json.encode(answer(net, msgspec.json.decode(body, type=dict)))
    except (PenstockError, msgspec.MsgspecError) as error:
        return 400, msgspec.json.encode({"error": str(error), "kind": type(error).__name__})


def _switches(net: Devnet) -> dict[str, Switch]:
    return {"sequencer": net.sequencer, "batcher": net.batcher, "proposer": net.proposer}


def _switch(net: Devnet, part: str) -> Switch:
    found = _switches(net).get(part)
    if found is None:
        raise ControlError(f"there is no {part}; there are {', '.join(_switches(net))}")
    return found


def _about(net: Devnet, found: Withdrawal) -> Answer:
    return {"status": found.status, "earliest": found.earliest, "now": net.node.next_time()}

"""Edge: an anvil of one's own, started as a child and ended with the block that needs it.

    AnvilError               RuntimeError   the chain cannot be had
    ├── AnvilMissingError    FileNotFoundError
    ├── PortTakenError       OSError
    └── AnvilFailedError                    it ended, or never answered

The chain's clock is part of the experiment: a block is one second after the one before it, unless
`warp` lets time pass. So the same transactions give the same chain on any machine.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, Final, Self

from penstock.errors import PenstockError
from penstock.localchain import LocalChain
from penstock.rpc import NodeUnreachableError, Rpc

HOST: Final = "127.0.0.1"
START: Final = 1_800_000_000
"""Time of the first block, in seconds since 1970: the full hour 2027-01-15 08:00."""
GAS_LIMIT: Final = 60_000_000
PATIENCE: Final = 20.0


class AnvilError(PenstockError, RuntimeError):
    """The local chain cannot be had."""


class AnvilMissingError(AnvilError, FileNotFoundError):
    """There is no anvil on this machine."""

    def __init__(self) -> None:
        super().__init__("anvil is not installed here; run `make setup`, which puts it into .venv")


class PortTakenError(AnvilError, OSError):
    """Somebody else listens on the port."""

    def __init__(self, port: int) -> None:
        self.port: Final = port
        super().__init__(
            f"port {port} is taken by another program; end that one, choose another port, "
            f"or leave the port out to have a free one"
        )


class AnvilFailedError(AnvilError):
    """anvil ended or does not answer."""

    def __init__(self, detail: str) -> None:
        super().__init__(f"anvil did not start: {detail}; run `make doctor`")


class Anvil(LocalChain):
    """A chain for the length of a `with` block. It is ended on any way out, SIGTERM included."""

    def __init__(self, port: int | None = None, start: int = START) -> None:
        self.port: Final = _free_port() if port is None else port
        self.url: Final = f"http://{HOST}:{self.port}"
        super().__init__(Rpc(self.url))
        self._start: Final = start
        self._child: subprocess.Popen[bytes] | None = None
        self._handlers: dict[int, Any] = {}

    @property
    def pid(self) -> int | None:
        """Process of the child, None when it does not run."""
        return self._child.pid if self._child else None

    def __enter__(self) -> Self:
        executable = find_anvil()
        _check_port(self.port)
        self._catch_termination()
        try:
            with _signals_held():
                self._child = _spawn(executable, self.port, self._start)
            self._wait()
            self.steady()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the child, and no other process."""
        self.rpc.close()
        child, self._child = self._child, None
        if child is not None:
            child.terminate()
            try:
                child.wait(5)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
            if child.stderr:
                child.stderr.close()
        while self._handlers:
            signal.signal(*self._handlers.popitem())

    def _wait(self) -> None:
        deadline = time.monotonic() + PATIENCE
        while True:
            assert self._child is not None
            if self._child.poll() is not None:
                raise AnvilFailedError(_last_words(self._child))
            try:
                self.rpc.call("eth_chainId")
            except NodeUnreachableError:
                if time.monotonic() > deadline:
                    raise AnvilFailedError(f"no answer within {PATIENCE:.0f} s") from None
                time.sleep(0.01)  # a node says nothing when it is ready, which takes about 0.1 s
            else:
                return

    def _catch_termination(self) -> None:
        """Let SIGTERM and Ctrl-C end the child first, and then this program by an exception."""
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGTERM, signal.SIGINT):
                self._handlers[number] = signal.signal(number, self._end)

    def _end(self, number: int, frame: FrameType | None) -> None:
        # NOTE: an exception out of a handler can land where it is swallowed, such as a finaliser.
        # With the child gone the next call of the chain ends this program all the same.
        if self._child is not None:
            self._child.kill()
        raise KeyboardInterrupt if number == signal.SIGINT else SystemExit(128 + number)


def find_anvil() -> str:
    """Where anvil is: beside this Python, or on the path. Raises AnvilMissingError."""
    beside = str(Path(sys.executable).parent)
    found = shutil.which("anvil", path=os.pathsep.join((beside, os.environ.get("PATH", ""))))
    if found is None:
        raise AnvilMissingError
    return found


def _spawn(executable: str, port: int, start: int) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [executable, *_options(port, start)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        # A Ctrl-C is for this program, which then ends its child when it is done with it.
        start_new_session=True,
    )


@contextmanager
def _signals_held() -> Iterator[None]:
    """Hold signals back until the child is known: nobody else could end it."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    held: list[int] = []
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = {n: signal.signal(n, lambda number, _: held.append(number)) for n in numbers}
    try:
        yield
    finally:
        for kind, handler in before.items():
            signal.signal(kind, handler)
    for number in held:
        signal.raise_signal(number)


def _options(port: int, start: int) -> list[str]:
    return [
        *("--host", HOST, "--port", str(port), "--hardfork", "prague", "--timestamp", str(start)),
        *("--base-fee", "0", "--gas-limit", str(GAS_LIMIT), "--order", "fifo", "--silent"),
    ]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _check_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            raise PortTakenError(port) from None


def _last_words(child: "subprocess.Popen[bytes]") -> str:
    words = child.stderr.read().decode(errors="replace").strip() if child.stderr else ""
    return words.splitlines()[-1] if words else f"it ended with status {child.returncode}"

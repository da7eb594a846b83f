"""Edge: anvils as children of this program: started together, never left behind.

A child is told by the kernel when its parent is gone (Linux), is ended at the normal exit of this
program and on SIGTERM, and by `close`. It is started in its own session, so that a Ctrl-C reaches
this program first.
"""

import atexit
import contextlib
import ctypes
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from types import FrameType
from typing import Any, Final

from penstock.devnet.errors import (
    AnvilFailedError,
    AnvilMissingError,
    AnvilVersionError,
    NodeDeadError,
    PortTakenError,
)
from penstock.devnet.rpc import Rpc

HOST: Final = "127.0.0.1"
VERSION: Final = "1.7.1"
PATIENCE: Final = 20.0
_POLL: Final = 0.005
_DEATH_SIGNAL: Final = 1
"""PR_SET_PDEATHSIG of prctl."""

_children: Final[set["Process"]] = set()
_previous: Final[dict[int, Any]] = {}


class Process:
    """One anvil. `wait` returns when it answers."""

    def __init__(self, options: Sequence[str], port: int = 0) -> None:
        self.port: Final = _claimed(port)
        self.url: Final = f"http://{HOST}:{self.port}"
        self.rpc: Final = Rpc(self.url)
        words = [find_anvil(), "--host", HOST, "--port", str(self.port), "--silent", *options]
        _watch_signals()
        self._child: Final = _spawn(words)
        _children.add(self)

    @property
    def pid(self) -> int:
        """Process number of the child."""
        return self._child.pid

    @property
    def alive(self) -> bool:
        """Whether the child still runs."""
        return self._child.poll() is None

    def wait(self) -> None:
        """Return when the node answers. Raises AnvilFailedError."""
        deadline = time.monotonic() + PATIENCE
        while True:
            if not self.alive:
                raise AnvilFailedError(self._last_words())
            try:
                self.rpc.call("eth_chainId")
            except NodeDeadError:
                if time.monotonic() > deadline:
                    raise AnvilFailedError(f"no answer within {PATIENCE:.0f} s") from None
                time.sleep(_POLL)  # a node says nothing when it is ready, which takes about 0.1 s
            else:
                return

    def close(self) -> None:
        """End the child, and no other process. A second call does nothing."""
        _children.discard(self)
        self.rpc.close()
        if self.alive:
            # Nothing of a development chain is worth an orderly end, which takes 0.1 s longer.
            self._child.kill()
        self._child.wait()
        if self._child.stderr:
            self._child.stderr.close()

    def _last_words(self) -> str:
        said = self._child.stderr.read().decode(errors="replace") if self._child.stderr else ""
        lines = [line for line in said.splitlines() if line.strip()]
        lines.sort(key=lambda line: line.startswith("error"))
        return lines[-1] if lines else f"it ended with status {self._child.returncode}"


def find_anvil() -> str:
    """Where anvil is: beside this Python, or on the path. Raises AnvilMissingError."""
    beside = str(Path(sys.executable).parent)
    found = shutil.which("anvil", path=os.pathsep.join((beside, os.environ.get("PATH", ""))))
    if found is None:
        raise AnvilMissingError
    return found


@lru_cache(maxsize=1)
def _version(executable: str) -> str:
    said = subprocess.run([executable, "--version"], capture_output=True, text=True, check=False)
    words = said.stdout.split()
    return words[2].split("-")[0] if len(words) > 2 else "of an unknown version"


def check_version() -> None:
    """Raise AnvilVersionError when anvil is not the one that was tried."""
    if (found := _version(find_anvil())) != VERSION:
        raise AnvilVersionError(found, VERSION)


def close_all() -> None:
    """End every child that this program started through here."""
    for child in list(_children):
        child.close()


atexit.register(close_all)


def _claimed(port: int) -> int:
    """The port, or a free one for 0. Raises PortTakenError."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            raise PortTakenError(port) from None
        return int(probe.getsockname()[1])


def _spawn(words: Sequence[str]) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        words,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
        preexec_fn=_die_with_parent if _libc else None,
    )


_libc: Final = ctypes.CDLL(None) if sys.platform == "linux" else None


def _die_with_parent() -> None:
    """Run in the child. NOTE: the kernel means the thread that started it, see `Devnet.start`."""
    if _libc is not None:
        _libc.prctl(_DEATH_SIGNAL, signal.SIGKILL)


def _watch_signals() -> None:
    """Let SIGTERM end the children first; Ctrl-C unwinds `with` blocks and needs no handler."""
    if threading.current_thread() is threading.main_thread() and not _previous:
        _previous[signal.SIGTERM] = signal.signal(signal.SIGTERM, _end)


def _end(number: int, frame: FrameType | None) -> None:
    for child in list(_children):
        with contextlib.suppress(OSError):
            os.kill(child.pid, signal.SIGKILL)
    previous = _previous.get(number)
    if callable(previous):
        previous(number, frame)
    raise SystemExit(128 + number)

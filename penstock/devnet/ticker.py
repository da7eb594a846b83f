"""Edge: real time: a thread that lets the node step when the machine's clock says so."""

import threading
import time
from typing import Final

from penstock.devnet.node import Node


class Ticker:
    """Steps a node until it is stopped. What went wrong is kept in `failure` and ends it."""

    def __init__(self, node: Node) -> None:
        self.node: Final = node
        self.failure: Exception | None = None
        self._ended: Final = threading.Event()
        self._thread: Final = threading.Thread(target=self._run, name="devnet", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End after the step that is being made."""
        self._ended.set()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join()

    def _run(self) -> None:
        interval = self.node.config.l2_block
        while not self._ended.wait(interval - time.time() % interval):
            try:
                self._tick()
            except Exception as error:
                self.failure = error
                return

    def _tick(self) -> None:
        with self.node.turn:
            now = int(time.time()) + self.node.state.warped
            # Whoever asked for something got blocks ahead of the clock; it catches up by waiting.
            if now > self.node.state.now and not self._ended.is_set():
                self.node.step(now)
